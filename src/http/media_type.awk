# Turns mime.types(5) into gperf's input: extension, place of its media type in one string of them all.
# Neither table holds a pointer, so that nothing is relocated when the handler starts. The first type
# that names an extension keeps it; an extension that the last dot of a name cannot lead to is left out.

function charset(type)
{
	return type ~ /^text\// ? "; charset=utf-8" : ""
}

/^[ \t]*#/ || $1 !~ /^[a-zA-Z0-9!#$&^_.+-]+\/[a-zA-Z0-9!#$&^_.+-]+$/ { next }

{
	for (i = 2; i <= NF; i++) {
		extension = tolower($i)
		if (extension !~ /^[a-z0-9+_-]+$/ || extension in type_of)
			continue
		type_of[extension] = $1
		extensions[++count] = extension
	}
}

END {
	if (count == 0) {
		print FILENAME ": names no media type" > "/dev/stderr"
		exit 1
	}
	print "%pic\n%readonly-tables\n%ignore-case\n%compare-lengths\n%struct-type"
	print "%define string-pool-name media_type_extensions"
	print "%define slot-name extension"
	print "%define lookup-function-name media_type_find"
	print "%define hash-function-name media_type_hash"
	print "%{"
	print "#pragma GCC system_header /* a generator's code is not held to our warnings */"
	print "static const char media_types[] ="
	for (i = 1; i <= count; i++) {
		type = type_of[extensions[i]]
		if (type in place)
			continue
		print "\t\"" type charset(type) "\\0\""
		place[type] = length_so_far
		length_so_far += length(type charset(type)) + 1
	}
	print "\t;"
	print "static const struct media_type_entry *media_type_find(const char *, size_t);"
	print "%}"
	print "struct media_type_entry { unsigned short extension; unsigned short type; };"
	print "%%"
	for (i = 1; i <= count; i++)
		printf "\"%s\", %d\n", extensions[i], place[type_of[extensions[i]]]
}

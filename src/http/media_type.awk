# Turns files in the format of mime.types(5) into gperf's input: a name, and the position of its media type in one
# string of all types. Neither table holds a pointer, so nothing is relocated when the handler starts. A name is an
# extension, or "/" and a file name, or a path below /.well-known/. The first type of a name wins. Extensions that do
# not fit after the last dot of a file name are left out.

function charset(type)
{
	return type ~ /^text\// ? "; charset=utf-8" : ""
}

/^[ \t]*#/ || $1 !~ /^[a-zA-Z0-9!#$&^_.+-]+\/[a-zA-Z0-9!#$&^_.+-]+$/ { next }

{
	lines[FILENAME]++
	for (i = 2; i <= NF; i++) {
		name = tolower($i)
		if (name !~ /^([a-z0-9+_-]+|\/[a-z0-9_-]+|\/\.well-known\/[a-z0-9.\/_-]+)$/ || name in type_of)
			continue
		type_of[name] = $1
		names[++count] = name
	}
}

END {
	for (i = 1; i < ARGC; i++)
		if (lines[ARGV[i]] == 0) {
			print ARGV[i] ": contains no media type" > "/dev/stderr"
			exit 1
		}
	print "%pic\n%readonly-tables\n%ignore-case\n%compare-lengths\n%struct-type"
	print "%define string-pool-name media_type_names"
	print "%define slot-name name"
	print "%define lookup-function-name media_type_find"
	print "%define hash-function-name media_type_hash"
	print "%{"
	print "#pragma GCC system_header /* suppresses warnings in generated code */"
	print "static const char media_types[] ="
	for (i = 1; i <= count; i++) {
		type = type_of[names[i]]
		if (type in place)
			continue
		print "\t\"" type charset(type) "\\0\""
		place[type] = length_so_far
		length_so_far += length(type charset(type)) + 1
	}
	print "\t;"
	print "static const struct media_type_entry *media_type_find(const char *, size_t);"
	print "%}"
	print "struct media_type_entry { unsigned short name; unsigned short type; };"
	print "%%"
	for (i = 1; i <= count; i++)
		printf "\"%s\", %d\n", names[i], place[type_of[names[i]]]
}

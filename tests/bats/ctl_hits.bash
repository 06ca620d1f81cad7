# For tests of mayflyctl hits, in addition to helpers.bash: making, damaging and reading counter files. The working
# directory is that of the test, and its counter file is `hits` there.

# shellcheck shell=bash disable=SC2034 # the tests use the variables
export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}

# hits ARGUMENT...: runs mayflyctl hits on the file `hits`, or on the file of a further --hits.
hits() {
	"$CTL" hits --hits hits "$@"
}

# make_hits FILE [COUNT PATH]...: creates a counter file with these counts; paths are as in a URL.
make_hits() {
	local file=$1
	rm -f "$file" && shift
	{ echo 'mayfly-hits 1' && { (($# == 0)) || printf '%s\t%s\n' "$@"; } && printf 'end\t%s\n' $(($# / 2)); } |
		"$CTL" hits import --hits "$file" - >/dev/null
}

# counts [FILE]: prints the counts of the file, `COUNT PATH,COUNT PATH`, sorted by path.
counts() {
	"$CTL" hits --hits "${1:-hits}" --format tsv --sort path 2>/dev/null | tail -n +2 | tr '\t' ' ' | paste -sd ,
}

# complaint STATUS ERROR ARGUMENT...: `hits` must exit with this status and print only this error.
complaint() {
	run "-$1" --separate-stderr hits "${@:3}"
	equal "$stderr" "mayflyctl: $2"
	equal "$output" ''
}

# usage_error COMMAND PROBLEM ARGUMENT...: `hits` must report a usage error in one line that names --help.
usage_error() {
	complaint 100 "$2; see \"mayflyctl $1 --help\"" "${@:3}"
}

# on_terminal COMMAND [COLUMNS]: runs the command on a terminal whose input is standard input. Sets screen.
on_terminal() {
	run -0 script -qec "stty -echo rows 24 cols ${2:-80}; $1" /dev/null
	screen=${output//$'\r'/}
}

# damage_byte OFFSET [FILE]: overwrites one byte of the file.
damage_byte() {
	printf '\x5a' | dd of="${2:-hits}" bs=1 seek="$1" conv=notrunc status=none
}

# The offset of the first record. A record with a path of up to eight bytes has 40 bytes.
records=$((4096 + 8 * 524288))

# All bytes that a path can have, in eight paths, with counts.
all_bytes=() number=0
printf -v bytes '%%%02X' {0..255}
for number in {0..7}; do all_bytes+=("$((number + 1))" "/${bytes:number*96:96}"); done

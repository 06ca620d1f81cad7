# What the tests of mayflyctl hits share, on top of helpers.bash: counter files of the test's own, and asking
# for them. A test's folder is its working directory, and its counter file is `hits` there.

# shellcheck shell=bash disable=SC2034 # what the tests use is not seen here
export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}

# hits ARGUMENT...: mayflyctl hits on the file `hits`; whatever follows --hits holds.
hits() {
	"$CTL" hits --hits hits "$@"
}

# make_hits FILE [COUNT PATH]...: a counter file with these counts; paths as in a URL.
make_hits() {
	local file=$1
	rm -f "$file" && shift
	{ echo 'mayfly-hits 1' && { (($# == 0)) || printf '%s\t%s\n' "$@"; } && printf 'end\t%s\n' $(($# / 2)); } |
		"$CTL" hits import --hits "$file" - >/dev/null
}

# counts [FILE]: what it counts, as `COUNT PATH` words in one line, sorted by path.
counts() {
	"$CTL" hits --hits "${1:-hits}" --format tsv --sort path 2>/dev/null | tail -n +2 | tr '\t' ' ' | paste -sd ,
}

# complaint STATUS ERROR ARGUMENT...: `hits` prints this error, and nothing else.
complaint() {
	run "-$1" --separate-stderr hits "${@:3}"
	equal "$stderr" "mayflyctl: $2"
	equal "$output" ''
}

# usage_error COMMAND PROBLEM ARGUMENT...: a wrong command line, reported in one line that names the help.
usage_error() {
	complaint 100 "$2; see \"mayflyctl $1 --help\"" "${@:3}"
}

# on_terminal COMMAND [COLUMNS]: runs it on a terminal, standard input being what is typed. Sets screen.
on_terminal() {
	run -0 script -qec "stty -echo rows 24 cols ${2:-80}; $1" /dev/null
	screen=${output//$'\r'/}
}

# spoil OFFSET [FILE]: one byte of it.
spoil() {
	printf '\x5a' | dd of="${2:-hits}" bs=1 seek="$1" conv=notrunc status=none
}

# Where the records begin; one of a path of up to eight bytes takes 40 bytes.
records=$((4096 + 8 * 524288))

# Every byte that a path can have, in eight paths.
all_bytes=() number=0
for number in {0..7}; do
	all_bytes+=("$((number + 1))" "/$(printf '%%%02X' $(seq $((number * 32)) $((number * 32 + 31))))")
done

# mayflyctl status and mayflyctl itself: command lines, and a machine without systemd. tests/system/ctl_status.bats
# tests the status of a site.
load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

@test "--help lists the options and explains exit status 1" {
	run -0 "$CTL" status --help
	contains "$output" '--user USER '
	contains "$output" '--json '
	contains "$output" 'Exits with 1 if'
	contains "$("$CTL" --help)" '  status  show whether the site is served'
}

# usage_error COMMAND PROBLEM ARGUMENT...: the command must report a usage error in one line that names --help.
usage_error() {
	run -100 --separate-stderr "$CTL" "$1" "${@:3}"
	equal "$output$stderr" "mayflyctl: $2; see \"mayflyctl $1 --help\""
}

@test "a wrong command line is one error line" {
	usage_error status 'unknown option --nothing' --nothing
	usage_error status 'unknown option -j' --json -jx
	usage_error status 'unexpected argument "x"' x
	usage_error check '--json takes no value' --json=yes
	usage_error check 'unexpected argument "x"' x
	usage_error report 'unknown option -s' --hits h -s
	usage_error report '--since is not earlier than --until' --since now --until yesterday
	run -100 --separate-stderr "$CTL" --nothing
	equal "$output$stderr" 'mayflyctl: unknown option --nothing; see "mayflyctl --help"'
	run -100 --separate-stderr "$CTL" nothing
	equal "$output$stderr" 'mayflyctl: unknown command "nothing"; see "mayflyctl --help"'
}

@test "a misspelt command gets the nearest one as a suggestion" {
	local word
	while read -r word nearest; do
		run -100 --separate-stderr "$CTL" "$word"
		equal "$output$stderr" "mayflyctl: unknown command \"$word\"; did you mean \"$nearest\"?"
	done <<<$'stauts status\nhit hits\nlgo log\nrepot report\nchekc check'
}

@test "a word unlike any command gets no suggestion" {
	local word
	for word in x nothing "$(printf 'a%.0s' {1..60})" ''; do
		run -100 --separate-stderr "$CTL" "$word"
		equal "$output$stderr" "mayflyctl: unknown command \"$word\"; see \"mayflyctl --help\""
	done
}

@test "without a command mayflyctl prints its usage as an error, with -h not" {
	run -0 --separate-stderr "$CTL" -h
	contains "$output" 'Usage: mayflyctl COMMAND'
	equal "$stderr" ''
	equal "$("$CTL" --help)" "$output"
	run -100 --separate-stderr "$CTL"
	equal "$output" ''
	contains "$stderr" 'Usage: mayflyctl COMMAND'
}

# bats test_tags=root
@test "a machine without systemd is one error line" {
	needs_mounts
	# shellcheck disable=SC2016 # the inner shell expands it
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /run && exec "$1" status --json' sh "$CTL"
	equal "$output" ''
	equal "$stderr" 'mayflyctl: systemd is not running on this machine'
}

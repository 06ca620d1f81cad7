# mayflyctl log: its command line, and a machine without a journal. tests/system/ctl_log.bats tests it on a real
# journal.
load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

# usage_error PROBLEM ARGUMENT...: log must report a usage error in one line that names --help.
usage_error() {
	run -100 --separate-stderr "$CTL" log "${@:2}"
	equal "$output" ''
	equal "$stderr" "mayflyctl: $1; see \"mayflyctl log --help\""
}

@test "--help lists each option" {
	local option
	run -0 "$CTL" log --help
	for option in --follow --lines --since --until --status --path --address --user --anonymize --format --json; do
		contains "$output" "$option "
	done
	equal "$("$CTL" log -h)" "$output"
	contains "$("$CTL" --help)" '  log     show the requests in the journal'
}

@test "a wrong command line is one error line" {
	local time="is not a time such as '2026-11-23 08:00:00', yesterday or -1h"
	usage_error 'unknown option --nothing' --nothing
	usage_error 'unknown option -x' -fx
	usage_error 'unknown option -x' -n 3 -xf
	usage_error '--follow takes no value' --follow=3
	usage_error '--anonymize takes no value' --anonymize=yes
	usage_error 'unexpected argument "x"' x
	usage_error '-n requires a value' -fn
	usage_error '--since requires a value' --since
	usage_error '--lines: "x" is neither in 0-999999999 nor all' -n x
	usage_error '--lines: "-1" is neither in 0-999999999 nor all' -n -1
	usage_error '--lines: "" is neither in 0-999999999 nor all' --lines ''
	usage_error "--since: \"noon\" $time" --since noon
	usage_error "--until: \"2026-02-30\" $time" --until 2026-02-30
	usage_error '--address: "localhost" is not an IP address' --address localhost
	usage_error '--address: "192.0.2.0/24" is not an IP address' --address 192.0.2.0/24
	usage_error '--user: "no-such-user" is not a user' --user no-such-user
	usage_error '--format: "xml" is not line, combined or json' --format xml
	usage_error '--since is later than --until' --since now --until -1h
	usage_error '--follow and --until exclude each other' -f --until now
}

@test "a status is a three-digit code or a class" {
	local status
	for status in abc 40 4 4x 4xxx 099 600 6xx 0xx xxx -404 404x 4x4 '' ' 404'; do
		usage_error "--status: \"$status\" is not a three-digit status code or a class such as 4xx" --status "$status"
	done
}

@test "more than 16 addresses are refused" {
	local i values=()
	for i in {1..17}; do values+=(--address "192.0.2.$i"); done
	usage_error '--address: "192.0.2.17" exceeds the limit of 16 addresses' "${values[@]}"
}

# bats test_tags=root
@test "a machine without a journal is one error line" {
	needs_mounts
	# shellcheck disable=SC2016 # the inner shell expands it
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /var/log && mount -t tmpfs none /run && exec "$1" log' sh "$CTL"
	equal "$output" ''
	equal "$stderr" 'mayflyctl: cannot read the journal: no journal on this machine'
}

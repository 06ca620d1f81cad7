# mayflyctl log without a journal: its command line, and a machine that has none. What a real journal
# holds is tests/system/ctl_log.bats' to ask.
load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

# wrong WORDS ARGUMENT...: it is a wrong use, told in one line on standard error.
wrong() {
	run -100 --separate-stderr "$CTL" log "${@:2}"
	equal "$output" ''
	equal "$stderr" "mayflyctl: $1; try --help"
}

@test "--help tells of each option" {
	local option
	run -0 "$CTL" log --help
	for option in --follow --lines --since --until --status --path --address --anonymize --format --json; do
		contains "$output" "$option "
	done
	contains "$("$CTL" --help)" '  log     show the requests that the journal holds'
}

@test "what is wrong with the command line is said" {
	wrong 'log has no option --nothing' --nothing
	wrong 'log has no option -x' -fx
	wrong 'log has no option -x' -n 3 -xf
	wrong 'log: --follow takes no value' --follow=3
	wrong 'log: --anonymize takes no value' --anonymize=yes
	wrong 'log takes no operand: x' x
	wrong 'log: a value is missing behind -fn' -fn
	wrong 'log: a value is missing behind --since' --since
	wrong 'log: x is not a number of lines, or all' -n x
	wrong 'log: -1 is not a number of lines, or all' -n -1
	wrong 'log:  is not a number of lines, or all' --lines ''
	wrong "log: noon is not a time, '2026-11-23 08:00:00', yesterday or -1h say" --since noon
	wrong "log: 2026-02-30 is not a time, '2026-11-23 08:00:00', yesterday or -1h say" --until 2026-02-30
	wrong 'log: 4xx is not a status code, 16 of them at most' --status 4xx
	wrong 'log: 40 is not a status code, 16 of them at most' --status 40
	wrong 'log: localhost is not an IP address, 16 of them at most' --address localhost
	wrong 'log: 192.0.2.0/24 is not an IP address, 16 of them at most' --address 192.0.2.0/24
	wrong 'log: xml is not line, combined or json' --format xml
	wrong '--since is later than --until' --since now --until -1h
	wrong '--follow does not end, so that --until makes no sense with it' -f --until now
}

@test "more values than there is room for are refused" {
	local i values=()
	for i in {1..17}; do values+=(--address "192.0.2.$i"); done
	wrong 'log: 192.0.2.17 is not an IP address, 16 of them at most' "${values[@]}"
	values=()
	for i in {1..17}; do values+=(--status "4$((i + 10))"); done
	wrong 'log: 427 is not a status code, 16 of them at most' "${values[@]}"
}

# bats test_tags=root
@test "a machine that has no journal is one clear line" {
	# shellcheck disable=SC2016 # the inner shell's
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /var/log && mount -t tmpfs none /run && exec "$1" log' sh "$CTL"
	equal "$output" ''
	equal "$stderr" 'mayflyctl: there is no journal on this machine'
}

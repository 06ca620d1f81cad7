# mayflyctl status without systemd: its command line, and a machine that systemd does not run. What it
# says of a site is tests/system/ctl_status.bats' to ask.
load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

@test "--help tells of its option, and when it fails" {
	run -0 "$CTL" status --help
	contains "$output" '--json '
	contains "$output" 'Exits with 1 where'
	contains "$("$CTL" --help)" '  status  show whether the site is served'
}

@test "what is wrong with the command line is said" {
	run -100 --separate-stderr "$CTL" status --nothing
	equal "$output$stderr" 'mayflyctl: status has no option --nothing; try --help'
	run -100 --separate-stderr "$CTL" status --json -jx
	equal "$output$stderr" 'mayflyctl: status has no option -j; try --help'
	run -100 --separate-stderr "$CTL" check --json=yes
	equal "$output$stderr" 'mayflyctl: check: --json takes no value; try --help'
	run -100 --separate-stderr "$CTL" report --hits h -s
	equal "$output$stderr" 'mayflyctl: unknown option -s; see "mayflyctl report --help"'
	run -100 --separate-stderr "$CTL" status x
	equal "$output$stderr" 'mayflyctl: status takes no operand: x; try --help'
}

# bats test_tags=root
@test "a machine that systemd does not run is one clear line" {
	needs_mounts
	# shellcheck disable=SC2016 # the inner shell's
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /run && exec "$1" status --json' sh "$CTL"
	equal "$output" ''
	equal "$stderr" 'mayflyctl: systemd is not running on this machine'
}

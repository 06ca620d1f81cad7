#!/usr/bin/env bats
# `mayflyctl check` and the kernel: what an old Landlock lacks, which strace pretends. The rest of check is
# in tests/system/ctl_check.bats.

load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

# check_with RESULT: check on a kernel whose landlock_create_ruleset(2) has this result, for strace's --inject.
check_with() {
	command -v strace >/dev/null || skip 'strace is missing'
	run strace --quiet=all --output=/dev/null --trace=landlock_create_ruleset \
		--inject=landlock_create_ruleset:"$1" "$CTL" check
}

# notes: the lines of check's output about Landlock.
notes() {
	grep Landlock <<<"$output" || true
}

@test "check names the Landlock ABI and what it lacks" {
	local scopes='abstract Unix sockets and signals (Linux 6.12)'
	local since_4="ioctl on devices (Linux 6.10), $scopes" since_3="TCP (Linux 6.7)"
	check_with retval=1
	equal "$(notes)" \
		"This kernel has Landlock ABI 1, which cannot deny truncating files (Linux 6.2), $since_3, $since_4"
	check_with retval=2
	equal "$(notes)" \
		"This kernel has Landlock ABI 2, which cannot deny truncating files (Linux 6.2), $since_3, $since_4"
	check_with retval=3
	equal "$(notes)" "This kernel has Landlock ABI 3, which cannot deny $since_3, $since_4"
	check_with retval=4
	equal "$(notes)" "This kernel has Landlock ABI 4, which cannot deny $since_4"
	check_with retval=5
	equal "$(notes)" "This kernel has Landlock ABI 5, which cannot deny $scopes"
	check_with retval=6
	equal "$(notes)" ''
	check_with retval=99
	equal "$(notes)" ''
}

@test "check: a kernel without Landlock is a finding" {
	check_with error=EOPNOTSUPP
	equal "$status" 1 'exit status'
	equal "$(notes)" 'Landlock is not available'
	contains "$output" 'lsm='
}

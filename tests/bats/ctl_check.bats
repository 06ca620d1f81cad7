#!/usr/bin/env bats
# `mayflyctl check` on kernels with an old Landlock, which strace simulates. tests/system/ctl_check.bats tests the rest
# of check.

load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
}

# check_with RESULT: runs check with this result of landlock_create_ruleset(2), in the form of strace's --inject.
check_with() {
	command -v strace >/dev/null || skip 'strace is missing'
	run strace --quiet=all --output=/dev/null --trace=landlock_create_ruleset \
		--inject=landlock_create_ruleset:"$1" "$CTL" check
}

# notes: prints the lines of check's output about Landlock.
notes() {
	grep Landlock <<<"$output" || true
}

# expect_note ABI RIGHTS: check must print that with this ABI only seccomp denies these rights.
expect_note() {
	check_with retval="$1"
	equal "$(notes)" "This kernel has Landlock ABI $1, so that only seccomp denies $2"
}

@test "an old Landlock ABI is named, with what it cannot deny" {
	local scopes='abstract Unix sockets and signals (Linux 6.12)'
	local since_4="ioctl on devices (Linux 6.10), $scopes" since_3="TCP (Linux 6.7)"
	local since_2="truncating files (Linux 6.2), $since_3, $since_4"
	expect_note 1 "$since_2"
	expect_note 2 "$since_2"
	expect_note 3 "$since_3, $since_4"
	expect_note 4 "$since_4"
	expect_note 5 "$scopes"
	check_with retval=6
	equal "$(notes)" ''
	check_with retval=99
	equal "$(notes)" ''
}

@test "a kernel without Landlock is a finding" {
	check_with error=EOPNOTSUPP
	refute equal "$status" 0
	equal "$(notes)" 'Landlock is not available'
	contains "$output" 'lsm='
}

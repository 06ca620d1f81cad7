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

# expect_note ABI RIGHTS: check says that a kernel with this ABI leaves these to seccomp.
expect_note() {
	check_with retval="$1"
	equal "$(notes)" "This kernel has Landlock ABI $1, so that only seccomp denies $2"
}

@test "check names the Landlock ABI and what it lacks" {
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

@test "check: a kernel without Landlock is a finding" {
	check_with error=EOPNOTSUPP
	equal "$status" 1 'exit status'
	equal "$(notes)" 'Landlock is not available'
	contains "$output" 'lsm='
}

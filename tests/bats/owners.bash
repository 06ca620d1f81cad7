# For tests in which root works in a directory of another user, who attacks root: the attack, and what must not
# change. A test's directory holds `theirs`, which belongs to the owner, and `roots`, which belongs to root.

# shellcheck shell=bash disable=SC2034 # the tests use the variables
owner=65534 # the account "nobody"
attacker='' # the process of the attack
state=''    # of root's directory before the test

teardown() {
	[[ -z $attacker ]] || { kill "$attacker" && wait "$attacker"; } 2>/dev/null || true
}

# as_owner COMMAND...: runs the command as the owner.
as_owner() {
	setpriv --reuid="$owner" --regid="$owner" --clear-groups "$@"
}

# start_attack COMMAND...: runs the command as the owner until the test ends. (A function in the background would be
# a shell: teardown would kill that shell, but not its command.)
start_attack() {
	setpriv --reuid="$owner" --regid="$owner" --clear-groups timeout 600 "$@" >/dev/null 2>&1 3>&- &
	attacker=$!
}

# attack DIRECTORY COMMANDS: repeats the commands in the directory, as its owner, until the test ends.
attack() {
	start_attack bash -c "while cd '$BATS_TEST_TMPDIR'; do cd '$1' && { $2; }; done"
}

# Prints the state of root's directory.
state_of_roots() {
	find roots -printf '%p %y %i %U %m %s %T@\n' | sort
}

roots_is_unchanged() {
	kill -0 "${attacker:-$$}" || fail 'the attack ended too soon' || return
	equal "$(state_of_roots)" "$state" "root's directory"
}

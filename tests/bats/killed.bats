#!/usr/bin/env bats
# A handler killed at any of its system calls leaves a valid counter file with all earlier hits, and nothing
# that stops the next handler from counting.

load helpers
load counter

setup_file() {
	build_tools hits_dump on_socket
}

setup() {
	make_counted_site
	target=/a.txt
	printf '%s\r\n' "GET $target HTTP/1.0" '' >request
}

# restore_counter: restores the counter file as it was before the handler that is killed.
restore_counter() {
	rm -f "$hits"
	[[ ! -e before ]] || cp --sparse=always before "$hits"
}

# counts_now: prints the records of the counter file; nothing if it does not exist.
counts_now() {
	[[ ! -e $hits ]] || counts
}

# visit: requests the target, and fails if the response is not the file. (Like get, with fewer processes.)
visit() {
	"$MAYFLY" --root "$site" --hits "$hits" <request >response 2>visit.log || return
	[[ $(<response) == 'HTTP/1.1 200 OK'*$'\r\n\r\n'$(<"$site$target") ]] || fail "$(<response)"
}

# kill_at NAME OCCURRENCE: kills a handler at this system call. Afterwards the counts must be those from
# before, or those with its own hit; and the next visit must add exactly one.
kill_at() {
	local left status=0
	restore_counter
	with_strace --trace="$1" --inject="$1:signal=KILL:when=$2"
	"${runner[@]}" "$MAYFLY" --root "$site" --hits "$hits" <request >response 2>killed.log || status=$?
	equal "$status" 137 'exit status' || return
	left=$(counts_now) || return
	[[ $left == "$none" || $left == "$one" ]] || fail "left: $left" || return
	visit || fail "$(<visit.log)" || return
	if [[ $left == "$none" ]]; then left=$one; else left=$two; fi
	equal "$(counts_now)" "$left" counts
}

# kill_at_each_call: starts each time from the present counter file, and kills a handler at each of
# its system calls.
kill_at_each_call() {
	local name occurrence killed=0 none one two
	[[ ! -e $hits ]] || cp --sparse=always "$hits" before
	none=$(counts_now)
	record_calls "$target"
	served "$site$target"
	one=$(counts_now)
	visit
	two=$(counts_now)
	[[ $none != "$one" && $one != "$two" ]]
	while read -r name occurrence; do
		kill_at "$name" "$occurrence" || fail "killed at $name $occurrence" || return
		killed=$((killed + 1))
	done <calls
	echo "killed at $killed system calls"
	((killed > 20))
}

@test "a handler killed while it counts a known resource loses at most its own hit" {
	local path
	for path in /a.txt /sub/ /a.txt / /sub/deep/file.txt; do get "$path"; done
	kill_at_each_call
}

@test "a handler killed while it counts a new resource loses at most its own hit" {
	local path
	for path in / /sub/ / /sub/deep/file.txt; do get "$path"; done
	kill_at_each_call
}

@test "a handler killed while it creates the counter file leaves a valid one" {
	kill_at_each_call
}

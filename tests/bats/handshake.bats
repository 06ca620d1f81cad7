#!/usr/bin/env bats
# mayfly-handshake, which limits the time until the handler has started behind a TLS wrapper. Here other programs take
# the place of the wrapper; tests/system/https.bats has tlswrapper under systemd.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup() {
	make_site
	handshake=${MAYFLY%/*}/mayfly-handshake
}

teardown() {
	stop_server
}

# no_process_is_left: whether the server has no child process: mayfly-handshake's second process is one, too.
no_process_is_left() {
	[[ -z $(children_of "$server_pid") ]]
}

one_process_is_left() {
	[[ $(children_of "$server_pid" | wc -w) == 1 ]]
}

@test "a client that has not finished its handshake in time is disconnected, even if it sends bytes" {
	local begun lasted
	start_command "$handshake" 2 cat
	begun=$(now_ms)
	connect
	(
		trap '' PIPE
		while printf x >&5; do sleep 0.1; done
	) 2>/dev/null 3>&- &
	timeout 60 cat <&5 >"$BATS_TEST_TMPDIR/echo"
	lasted=$(($(now_ms) - begun))
	((lasted >= 1900 && lasted < 15000)) || fail "disconnected after $lasted ms"
	equal "$(tr -d x <"$BATS_TEST_TMPDIR/echo" | wc -c)" 0
	test -s "$BATS_TEST_TMPDIR/echo"
	wait_until no_process_is_left
}

@test "a handler that has started in time serves for longer" {
	# shellcheck disable=SC2016 # the inner shell's words
	start_command "$handshake" 1 sh -c 'sleep 0.1; exec "$@"' sh "$MAYFLY" --root "$site" --keep-alive 50 --log stderr
	connect
	printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n' >&5
	wait_until logged '/a.txt | 127.0.0.1'
	sleep 2
	printf 'GET /sub/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&5
	receive
	equal "$(grep -ac '^HTTP/1.1 200 OK' "$response_file")" 2 responses
	wait_until no_process_is_left
}

@test "when the handler has started, only its process is left, without the pipe" {
	start_command "$handshake" 3600 "$MAYFLY" --root "$site" --keep-alive 50 --log stderr
	connect
	printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n' >&5
	wait_until logged '/a.txt | 127.0.0.1'
	wait_until one_process_is_left
	equal "$(readlink "/proc/$(children_of "$server_pid" | tr -d ' ')/fd/"* | grep -c pipe: || true)" 0 pipes
}

@test "when the wrapper exits, so does the second process, and the connection is closed" {
	local wrapper
	for wrapper in true false '/no/such/program'; do
		start_command "$handshake" 3600 $wrapper
		connect
		timeout 60 cat <&5
		wait_until no_process_is_left
		stop_server
	done
	grep -qx 'mayfly-handshake: /no/such/program: No such file or directory' "$server_log"
}

@test "the wrapper keeps its process id, arguments, environment and exit status" {
	local status=0 wrapper
	# shellcheck disable=SC2016 # the inner shell's words
	A=b "$handshake" 3600 sh -c 'echo "$A $1 $$"; exit 7' sh 'c d' >"$BATS_TEST_TMPDIR/output" &
	wrapper=$!
	wait "$wrapper" || status=$?
	equal "$status/$(<"$BATS_TEST_TMPDIR/output")" "7/b c d $wrapper"
}

@test "without the second process nothing is served" {
	# shellcheck disable=SC2016 # the inner shell's words
	run sh -c 'exec 3>&- 4>&-; ulimit -n 4; exec "$@"' sh "$handshake" 3600 echo served
	equal "$status" 111
	contains "$output" 'mayfly-handshake: cannot start the second process: '
}

# run_with FAULT...: runs mayfly-handshake, some of whose system calls fail, on a connection whose client sends a request.
run_with() {
	status=0
	"$tools/on_socket" "$tools/inject" -1 calls "$@" -- "$handshake" 3600 "$MAYFLY" --root "$site" --log stderr \
		<request >response 2>error || status=$?
}

# bats test_tags=once
@test "a system call that fails is reported, and nothing is served without the time limit" {
	local name number error faults cases=0
	build_tools inject on_socket
	cd "$BATS_TEST_TMPDIR"
	printf 'GET /a.txt HTTP/1.0\r\n\r\n' >request
	run_with
	contains "$(<response)" Hello.
	equal "$status" 0
	cp calls expected
	while read -r name number _; do
		case $name in
		pipe2) faults='EMFILE ENFILE EINVAL' ;;
		fcntl) faults='EBADF EINVAL' ;;
		clone) faults='EAGAIN ENOMEM EINVAL EPERM ENOSPC' ;;
		execve) faults='E2BIG EACCES EIO ELOOP EMFILE ENOENT ENOMEM ENOTDIR EPERM ETXTBSY' ;;
		# The libc falls back, or Linux does not fail them.
		arch_prctl | brk | getrandom | mmap | set_tid_address | rt_sigprocmask) faults= ;;
		*) fail "not in this list: $name" ;;
		esac
		for error in $faults; do
			run_with "$name:$number:$error"
			equal "$status/$(<response)" 111/ "after $name $number $error"
			grep -q '^mayfly-handshake: ..*: ..' error
			cases=$((cases + 1))
		done
	done <expected
	((cases >= 20)) || fail "$cases cases"
	run_with brk:1+:ENOMEM mmap:1+:ENOMEM
	equal "$status/$(<response)" 111/ 'without memory'
	contains "$(<error)" 'mayfly-handshake: cannot start the second process: '
}

@test "--help, --version and wrong arguments" {
	run -0 "$handshake" --help
	contains "$output" 'Usage: mayfly-handshake SECONDS PROGRAM [ARGUMENT]...'
	run -0 "$handshake" --version
	equal "mayfly${output#mayfly-handshake}" "$("$MAYFLY" --version)"
	# shellcheck disable=SC2016 # the inner shell's words
	run -111 sh -c '"$1" --help >/dev/full' sh "$handshake"
	run -100 "$handshake"
	equal "$output" 'mayfly-handshake: SECONDS and PROGRAM are required: see --help'
	run -100 "$handshake" 20
	for seconds in 0 -1 x '' 86401 99999999999999999999; do
		run -100 "$handshake" "$seconds" true
		equal "$output" "mayfly-handshake: $seconds: is not in 1-86400 (seconds)"
	done
}

@test "the handler writes to the descriptor of MAYFLY_HANDSHAKE_FD, and to no other" {
	local value
	exec 7>"$BATS_TEST_TMPDIR/written"
	runner=(env MAYFLY_HANDSHAKE_FD=7)
	get /a.txt
	equal "$(od -An -c "$BATS_TEST_TMPDIR/written")" '  \n'
	for value in 0 1 2 -1 99 x '' 7x 2147483648 18446744073709551623; do
		runner=(env "MAYFLY_HANDSHAKE_FD=$value")
		get /a.txt
		equal "$http_status $body $exit_status" '200 Hello. 0' "with $value"
		equal "$log" '/a.txt | - | - | 200 OK' "log with $value"
	done
	equal "$(wc -c <"$BATS_TEST_TMPDIR/written")" 1
}

@test "the handler serves although mayfly-handshake has exited" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	# shellcheck disable=SC2094 # opened for reading, too, until the other end exists
	exec 6<>"$BATS_TEST_TMPDIR/pipe" 7>"$BATS_TEST_TMPDIR/pipe" 6<&-
	runner=(env MAYFLY_HANDSHAKE_FD=7)
	get /a.txt
	equal "$http_status $exit_status $log" '200 0 /a.txt | - | - | 200 OK'
}

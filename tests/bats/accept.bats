#!/usr/bin/env bats
# mayfly-accept, the parent of handlers on a busy site, on a socket that systemd-socket-activate hands
# over. With systemd itself it is tests/system/busy.bats' to ask.

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump receive_datagrams
	export ACCEPT=${ACCEPT:-${MAYFLY%/*}/mayfly-accept}
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	hits=$BATS_TEST_TMPDIR/hits port=$(free_port)
	# Whoever is held stays held, however slow the machine is.
	accept_options=() handler=("$MAYFLY" --root "$site" --hits "$hits" --log stderr --header-timeout 300)
}

teardown() {
	exec 5<&- 6<&-
	stop_server
}

# Without an address, as here, it listens to IPv4 and IPv6 with one socket.
start() {
	start_superserver env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS \
		"${activate_options[@]}" --listen="$port" \
		"$ACCEPT" "${accept_options[@]}" -- "${handler[@]}" "${more_options[@]}"
}

# handler_script: what is on standard input is run for each connection.
handler_script() {
	{ echo '#!/bin/sh' && cat; } >script
	chmod +x script
	handler=("$PWD/script")
}

# ask_for PATH [ARGUMENT...]: its status, and when to try again: "200 ", "503 5".
ask_for() {
	curl -sS --max-time 60 -o got -w '%{http_code} %header{retry-after}' "${@:2}" "http://127.0.0.1:$port$1"
}

answers() {
	[[ $(ask_for /a.txt) == "$1" ]]
}

# hold DESCRIPTOR: a connection that has a handler, which waits for the rest of the request.
hold() {
	eval "exec $1<>/dev/tcp/127.0.0.1/$port"
	printf 'GET /a.txt HTTP/1.1\r\n' >&"$1"
}

has_handlers() {
	[[ $(children_of "$server_pid" | wc -w) == "$1" ]]
}

# Whether the server's log has at least so many lines that hold this text.
logged_often() {
	(($(grep -cF -- "$2" "$server_log") >= $1))
}

@test "serves and counts" {
	serves_and_counts
}

@test "serves IPv6 too" {
	serves_ipv6
	wait_until logged "/a.txt | ::1 | "
}

# is_listening_at FILE: its socket is in the file system a little earlier.
is_listening_at() {
	grep -q " 00010000 0001 .* $1\$" /proc/net/unix
}

@test "serves on a socket of the file system" {
	server_log=$PWD/server.log
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS --listen="$PWD/socket" \
		"$ACCEPT" -- "${handler[@]}" 2>"$server_log" 3>&- &
	server_pid=$!
	wait_until is_listening_at "$PWD/socket"
	visit --unix-socket socket http://localhost/a.txt
	wait_until logged '/a.txt | - | - | 1'
}

@test "answers a crowd" {
	answers_a_crowd
}

@test "logs the address and the port of the client to standard error" {
	logs_to_stderr
}

@test "sends nothing but responses" {
	sends_nothing_but_responses
	wait_until logged '/missing | 127.0.0.1 | '
	wait_until logged '| 200 OK (hits-not-a-file)'
}

@test "says nothing of a missing root to the client, and tells that a handler failed" {
	says_nothing_of_a_missing_root
	wait_until logged 'mayfly-accept: a handler failed: exit status 102'
}

@test "tells of a handler that was killed, and goes on" {
	handler_script <<<"kill -9 \$\$"
	start
	ask_for / || true
	wait_until logged 'mayfly-accept: a handler failed: signal 9'
	ask_for / || true
	wait_until logged_often 2 'mayfly-accept: a handler failed: signal 9'
}

@test "a handler has the connection, the client's address, and nothing else of its parent's" {
	handler_script <<-'END'
		while read -r line && [ ${#line} -gt 1 ]; do :; done
		printf 'HTTP/1.1 200 OK\r\n\r\n'
		env
		ls -l "/proc/$$/fd"
	END
	activate_options=(--setenv=NOTIFY_SOCKET=/nowhere --setenv=WATCHDOG_USEC=1000000 --setenv=FOO=bar)
	start
	visit_port=$(curl -sS --max-time 60 --interface 127.0.0.9 -o said -w '%{local_port}' "http://127.0.0.1:$port/")
	grep -qx 'REMOTE_ADDR=127.0.0.9' said
	grep -qx "REMOTE_PORT=$visit_port" said
	grep -qx FOO=bar said
	refute grep -E '^(NOTIFY|WATCHDOG|LISTEN)_' said
	# 10 is the shell's own script.
	sed -nE 's/.* ([0-9]) -> (\/|socket).*/\1 \2/p' said >descriptors
	equal "$(<descriptors)" $'0 socket\n1 socket\n2 /' descriptors
}

# (A shell would let all of them in by itself.)
@test "a handler has no signal blocked" {
	handler=(/bin/cat /proc/self/status)
	start
	connect
	timeout 60 cat <&5 >said
	grep -qE '^SigBlk:\s0+$' said
}

@test "one address above its limit is answered 503, others are served, and it is when it has let go" {
	accept_options=(--max-per-source 2)
	start
	hold 5
	hold 6
	wait_until has_handlers 2
	equal "$(ask_for /a.txt)" '503 5'
	equal "$(ask_for /a.txt -I)" '503 5'
	equal "$(ask_for /a.txt --interface 127.0.0.2)" '200 '
	grep -qE 'mayfly-accept: - \| 127\.0\.0\.1 \| [0-9]+ \| 503 Service Unavailable \(too-many-from-source\)$' "$server_log"
	exec 6<&-
	wait_until answers '200 '
}

@test "at the limit in all a crowd waits for its turn, as long as handlers leave" {
	accept_options=(--max-connections 2)
	answers_a_crowd
}

@test "above the limit in all everybody is answered 503, where no handler leaves" {
	accept_options=(--max-connections 1)
	start
	hold 5
	wait_until has_handlers 1
	equal "$(ask_for /a.txt --interface 127.0.0.2)" '503 5'
	wait_until logged '503 Service Unavailable (too-many-connections)'
	# Clients that say nothing, read nothing and stay are not waited for.
	local clients=() client
	for _ in {1..50}; do
		exec {client}<>"/dev/tcp/127.0.0.1/$port"
		clients+=("$client")
	done
	wait_until logged_often 51 '(too-many-connections)'
	printf 'Host: a\r\n\r\n' >&5
	receive
	equal "$http_status" 200
	wait_until answers '200 '
	IFS= read -r -t 60 -u "${clients[0]}" line
	equal "$line" $'HTTP/1.1 503 Service Unavailable\r'
	for client in "${clients[@]}"; do exec {client}<&-; done
}

@test "a program that cannot be executed is answered 503, until it can be" {
	cp "$MAYFLY" later
	handler[0]=$PWD/handler
	start
	equal "$(ask_for /a.txt)" '503 5'
	wait_until logged "mayfly-accept: cannot start $PWD/handler: No such file or directory"
	wait_until logged '503 Service Unavailable (handler-not-started)'
	echo nonsense >handler
	chmod +x handler
	equal "$(ask_for /a.txt)" '503 5'
	wait_until logged "cannot start $PWD/handler: Exec format error"
	mv later handler
	equal "$(ask_for /a.txt)" '200 '
	wait_until has_handlers 0
}

@test "out of descriptors it does not spin, and who waits is served when there are some again" {
	start
	equal "$(ask_for /a.txt)" '200 '
	wait_until has_handlers 0
	# What it holds are 0 to 2, the socket and the signals.
	local begun
	begun=$(now_ms)
	prlimit --pid "$server_pid" --nofile=5:1024
	curl -sS --max-time 300 -o late "http://127.0.0.1:$port/a.txt" 3>&- &
	wait_until logged_often 3 'cannot accept a connection: Too many open files'
	(($(now_ms) - begun > 1500))
	prlimit --pid "$server_pid" --nofile=1024:1024
	wait "$!"
	cmp late "$site/a.txt"
}

# Waits for the end of mayfly-accept, which is to be a good one.
ends_well() {
	local status=0
	wait "$server_pid" || status=$?
	server_pid=
	equal "$status" 0 'exit status'
}

@test "leaves when nobody comes any more" {
	accept_options=(--idle-exit 1)
	start
	visit "http://127.0.0.1:$port/a.txt"
	ends_well
}

@test "does not leave while somebody is being served" {
	accept_options=(--idle-exit 1)
	more_options=(--header-timeout 4)
	start
	hold 5
	receive
	equal "$http_status" 408
	kill -0 "$server_pid"
	ends_well
}

@test "SIGTERM ends it at once, and no handler: who is being served is served to the end" {
	head -c 20000000 /dev/urandom >"$site/big.bin"
	start
	connect
	printf 'GET /big.bin HTTP/1.0\r\n\r\n' >&5
	hold 6
	wait_until has_handlers 2
	kill "$server_pid"
	ends_well
	printf 'Host: a\r\n\r\n' >&6
	timeout 60 cat <&6 >other
	contains "$(<other)" Hello.
	timeout 60 cat <&5 >big
	sed '1,/^\r$/d' big | cmp - "$site/big.bin"
	wait_until logged '/big.bin | 127.0.0.1 |'
}

@test "tells systemd that it is ready, that it is alive, and how things are" {
	"$tools/receive_datagrams" notify 3 >notified 3>&- &
	receiver=$!
	wait_until test -S notify
	activate_options=(--setenv=NOTIFY_SOCKET="$PWD/notify" --setenv=WATCHDOG_USEC=60000000)
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait "$receiver"
	cat notified
	equal "$(head -n 2 notified)" $'READY=1.\nWATCHDOG=1'
	grep -qE '^STATUS=[01] open, of 1024 at most; [01] accepted, 0 refused' notified
}

@test "what is wrong with the command line is said" {
	run -100 --separate-stderr "$ACCEPT" --max-connections 0 -- /bin/true
	equal "$output$stderr" 'mayfly-accept: not an option, or not a value of one: 0; try --help'
	run -100 --separate-stderr "$ACCEPT" --max-per-source=1e3 -- /bin/true
	contains "$stderr" '--max-per-source=1e3'
	run -100 --separate-stderr "$ACCEPT" --idle-exit 16385 -- /bin/true
	contains "$stderr" 16385
	run -100 --separate-stderr "$ACCEPT" --nothing -- /bin/true
	contains "$stderr" --nothing
	run -100 --separate-stderr "$ACCEPT" --idle-exit
	contains "$stderr" --idle-exit
	run -100 --separate-stderr "$ACCEPT" --idle-exit 1
	equal "$stderr" "mayfly-accept: the handler's absolute path is missing; try --help"
	run -100 --separate-stderr "$ACCEPT" -- mayfly
	equal "$stderr" "mayfly-accept: the handler's absolute path is missing; try --help"
}

@test "--help and --version" {
	run -0 "$ACCEPT" --help
	contains "$output" '--max-per-source N '
	run -0 "$ACCEPT" --version
	equal "$output" "mayfly-accept $("$MAYFLY" --version | cut -d ' ' -f 2)"
}

@test "without a socket it has nothing to do" {
	run -111 --separate-stderr "$ACCEPT" -- /bin/true
	equal "$stderr" 'mayfly-accept: systemd has not handed over 1 to 16 listening sockets'
}

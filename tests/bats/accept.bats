#!/usr/bin/env bats
# mayfly-accept, the parent of handlers on a busy site, on a socket that systemd-socket-activate passes. The cases that
# it shares with other super-servers are in superservers.bats; tests/system/busy.bats tests it under systemd.

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
	# The long header timeout keeps held connections open on a slow machine.
	accept_options=() handler=("$MAYFLY" --root "$site" --hits "$hits" --log stderr --header-timeout 300)
}

teardown() {
	exec 5<&- 6<&-
	stop_server
}

# --listen without an address makes one socket for IPv4 and IPv6.
start() {
	start_superserver env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS \
		"${activate_options[@]}" --listen="$port" \
		"$ACCEPT" "${accept_options[@]}" -- "${handler[@]}" "${more_options[@]}"
}

# handler_script: runs the script on standard input for each connection.
handler_script() {
	{ echo '#!/bin/sh' && cat; } >script
	chmod +x script
	handler=("$PWD/script")
}

# ask_for PATH [ARGUMENT...]: requests the path with curl; prints the status and Retry-After:
# "200 ", "503 5".
ask_for() {
	curl -sS --max-time 60 -o got -w '%{http_code} %header{retry-after}' "${@:2}" "http://127.0.0.1:$port$1"
}

# answers RESULT: whether ask_for prints this for /a.txt.
answers() {
	[[ $(ask_for /a.txt) == "$1" ]]
}

# hold DESCRIPTOR: opens a connection whose handler waits for the rest of the request.
hold() {
	eval "exec $1<>/dev/tcp/127.0.0.1/$port"
	printf 'GET /a.txt HTTP/1.1\r\n' >&"$1"
}

# has_handlers COUNT: whether exactly COUNT handlers run.
has_handlers() {
	[[ $(children_of "$server_pid" | wc -w) == "$1" ]]
}

# logged_at_least COUNT TEXT: whether at least COUNT lines of the server's log contain the text.
logged_at_least() {
	(($(grep -cF -- "$2" "$server_log") >= $1))
}

@test "serves on a Unix socket" {
	server_log=$PWD/server.log
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS --listen="$PWD/socket" \
		"$ACCEPT" -- "${handler[@]}" 2>"$server_log" 3>&- &
	server_pid=$!
	wait_until is_listening_at "$PWD/socket"
	visit --unix-socket socket http://localhost/a.txt
	wait_until logged '/a.txt | - | - | 1'
}

@test "serves on each of two sockets" {
	activate_options=(--listen="$PWD/socket")
	start
	wait_until is_listening_at "$PWD/socket"
	for _ in 1 2; do
		visit --unix-socket socket http://localhost/a.txt
		visit "http://127.0.0.1:$port/a.txt"
	done
}

@test "serves on each of 16 sockets, the most that systemd may pass" {
	local number
	for number in {2..16}; do
		activate_options+=(--listen="$PWD/socket$number")
	done
	start
	wait_until is_listening_at "$PWD/socket16"
	visit "http://127.0.0.1:$port/a.txt"
	for number in {2..16}; do
		visit --unix-socket "socket$number" http://localhost/a.txt
	done
}

# logged_handler EXTENDED-REGEX COUNT: whether exactly COUNT lines report this about a handler.
logged_handler() {
	(($(grep -cE "^mayfly-accept: handler [0-9]+: $1\$" "$server_log") == $2))
}

@test "missing root: the client gets 503, the log has the handler's exit status" {
	rm -r "$site"
	start
	equal "$(ask_for /a.txt)" '503 60'
	wait_until logged_handler 'exit status 102' 1
}

@test "killed handler: its signal is logged, and the next client gets another handler" {
	handler_script <<<"kill -9 \$\$"
	start
	ask_for / || true
	wait_until logged_handler 'killed by SIGKILL: Killed' 1
	ask_for / || true
	wait_until logged_handler 'killed by SIGKILL: Killed' 2
}

@test "a handler in an endless loop is killed at its CPU time limit, and the log names the limit" {
	handler_script <<<"ulimit -S -t 1; while :; do :; done"
	start
	ask_for / || true
	wait_until logged_handler 'killed by SIGXCPU: CPU time limit exceeded' 1
	wait_until has_handlers 0
}

@test "a handler older than --handler-lifetime is ended, a younger one is not" {
	accept_options=(--handler-lifetime 8)
	start
	hold 5
	wait_until has_handlers 1
	sleep 7
	hold 6
	receive
	equal "$http_status" '' 'status of the first connection'
	wait_until logged_handler 'ended after 8 s \(--handler-lifetime\)' 1
	refute logged 'killed by'
	printf 'Host: a\r\n\r\n' >&6
	timeout 60 cat <&6 >other
	contains "$(<other)" Hello.
}

@test "a handler inherits the connection and the client's address, and no other descriptor or variable of systemd's" {
	handler_script <<-'END'
		while read -r line && [ ${#line} -gt 1 ]; do :; done
		printf 'HTTP/1.1 200 OK\r\n\r\n'
		env
		ls -l "/proc/$$/fd"
	END
	activate_options=(--setenv=NOTIFY_SOCKET=/nowhere --setenv=WATCHDOG_USEC=1000000 --setenv=FOO=bar)
	start
	visit_port=$(curl -sS --max-time 60 --interface 127.0.0.9 -o body -w '%{local_port}' "http://127.0.0.1:$port/")
	grep -qx 'REMOTE_ADDR=127.0.0.9' body
	grep -qx "REMOTE_PORT=$visit_port" body
	grep -qx FOO=bar body
	refute grep -E '^(NOTIFY|WATCHDOG|LISTEN)_' body
	# Descriptor 10 is the script, which the shell has open.
	sed -nE 's/.* ([0-9]) -> (\/|socket).*/\1 \2/p' body >descriptors
	equal "$(<descriptors)" $'0 socket\n1 socket\n2 /' descriptors
}

# The handler is cat: a shell would unblock all signals itself.
@test "a handler has no signal blocked" {
	handler=(/bin/cat /proc/self/status)
	start
	connect
	timeout 60 cat <&5 >body
	grep -qE '^SigBlk:\s0+$' body
}

@test "an address at its limit gets 503 until it closes a connection; other addresses are served" {
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

@test "at --max-connections clients wait while handlers exit" {
	accept_options=(--max-connections 2)
	answers_a_crowd
}

@test "at --max-connections each client gets 503 if no handler exits" {
	accept_options=(--max-connections 1)
	start
	hold 5
	wait_until has_handlers 1
	equal "$(ask_for /a.txt --interface 127.0.0.2)" '503 5'
	wait_until logged '503 Service Unavailable (too-many-connections)'
	# Clients that send nothing, read nothing and stay connected do not delay others.
	local clients=() client
	for _ in {1..50}; do
		exec {client}<>"/dev/tcp/127.0.0.1/$port"
		clients+=("$client")
	done
	wait_until logged_at_least 51 '(too-many-connections)'
	printf 'Host: a\r\n\r\n' >&5
	receive
	equal "$http_status" 200
	wait_until answers '200 '
	IFS= read -r -t 60 -u "${clients[0]}" line
	equal "$line" $'HTTP/1.1 503 Service Unavailable\r'
	for client in "${clients[@]}"; do exec {client}<&-; done
}

@test "clients get 503 while the handler cannot be executed" {
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

@test "without free descriptors it does not spin; once it has some, it serves the waiting clients" {
	start
	equal "$(ask_for /a.txt)" '200 '
	wait_until has_handlers 0
	# It uses five descriptors: 0 to 2, the socket and the signalfd.
	local begun lasted
	begun=$(now_ms)
	prlimit --pid "$server_pid" --nofile=5:1024
	curl -sS --max-time 300 -o late "http://127.0.0.1:$port/a.txt" 3>&- &
	wait_until logged_at_least 3 'cannot accept a connection: Too many open files'
	lasted=$(($(now_ms) - begun))
	((lasted > 1500 && lasted < 15000)) || fail "three attempts in $lasted ms"
	prlimit --pid "$server_pid" --nofile=1024:1024
	wait "$!"
	cmp late "$site/a.txt"
}

# Waits until mayfly-accept exits. Fails if its exit status is not 0.
exits_with_0() {
	local status=0
	wait "$server_pid" || status=$?
	server_pid=
	equal "$status" 0 'exit status'
}

@test "exits after --idle-exit seconds without a handler" {
	accept_options=(--idle-exit 1)
	start
	visit "http://127.0.0.1:$port/a.txt"
	exits_with_0
}

@test "does not exit while a handler runs" {
	accept_options=(--idle-exit 3)
	more_options=(--header-timeout 7)
	start
	hold 5
	receive
	equal "$http_status" 408
	kill -0 "$server_pid"
	exits_with_0
}

@test "SIGTERM ends the handlers, and then mayfly-accept" {
	local handlers
	handler_script <<<'trap "" TERM; while :; do sleep 600; done' # as a compromised handler could
	start
	connect
	hold 6
	wait_until has_handlers 2
	handlers=$(children_of "$server_pid")
	kill "$server_pid"
	exits_with_0
	# shellcheck disable=SC2086 # a list of numbers
	refute kill -0 $handlers
	refute logged 'killed by'
}

@test "SIGHUP ends mayfly-accept at once but not its handlers: downloads complete" {
	head -c 20000000 /dev/urandom >"$site/big.bin"
	start
	connect
	printf 'GET /big.bin HTTP/1.0\r\n\r\n' >&5
	hold 6
	wait_until has_handlers 2
	kill -HUP "$server_pid"
	exits_with_0
	printf 'Host: a\r\n\r\n' >&6
	timeout 60 cat <&6 >other
	contains "$(<other)" Hello.
	timeout 60 cat <&5 >big
	sed '1,/^\r$/d' big | cmp - "$site/big.bin"
	wait_until logged '/big.bin | 127.0.0.1 |'
}

@test "notifies systemd of its start, its watchdog and its connections" {
	"$tools/receive_datagrams" notify 4 >notified 3>&- &
	receiver=$!
	wait_until test -S notify
	activate_options=(--setenv=NOTIFY_SOCKET="$PWD/notify" --setenv=WATCHDOG_USEC=60000000)
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait "$receiver"
	cat notified
	equal "$(head -n 4 notified)" $'FDSTORE=1\nFDNAME=mayfly-handlers.\nREADY=1.\nWATCHDOG=1'
	grep -qE '^STATUS=[01] open, of 1024 at most; [01] accepted, 0 refused' notified
}

@test "wrong command line: waiting clients get 503, exit status 100" {
	local status=0
	accept_options=(--max-connections 0)
	start
	equal "$(ask_for '/{a,b}.txt' --parallel --parallel-immediate)" '503 5503 5'
	wait "$server_pid" || status=$?
	server_pid=
	equal "$status" 100 'exit status'
	equal "$(grep -c 'max-connections' "$server_log")" 1 'error lines'
	equal "$(grep -c ' | 503 Service Unavailable (options-invalid)$' "$server_log")" 2 'refusals in the log'
}

# Clients come all the time: without any, it exits after a second.
@test "wrong command line: SIGTERM ends mayfly-accept, exit status 0" {
	local visitor status=0
	accept_options=(--max-connections 0)
	start
	while curl -so got --max-time 10 "http://127.0.0.1:$port/"; do :; done 3>&- &
	visitor=$!
	equal "$(ask_for /a.txt)" '503 5'
	kill "$server_pid"
	wait "$server_pid" || status=$?
	server_pid=
	wait "$visitor" || true
	equal "$status" 0 'exit status'
}

@test "--help, --version and --check-config in a service: waiting clients get 503, exit status 100" {
	local action status
	for action in --help --version --check-config; do
		accept_options=("$action") status=0
		start
		equal "$(ask_for /a.txt)" '503 5' 'response'
		wait "$server_pid" || status=$?
		server_pid=
		equal "$status" 100 'exit status'
		equal "$(grep -c '^mayfly-accept: --help, --version and --check-config serve nothing' "$server_log")" 1 'errors in the log'
	done
}

# rejects MESSAGE ARGUMENT...: whether these arguments yield exit status 100 and this message.
rejects() {
	run -100 --separate-stderr "$ACCEPT" "${@:2}"
	equal "$output$stderr" "mayfly-accept: $1" "message for ${*:2}"
}

@test "wrong command line: one message with the option, the value and the range, exit status 100" {
	rejects '--idle-exit: 0 is not in 1-31536000' --idle-exit 0 -- /bin/true
	rejects '--handler-lifetime: 1d is not in 1-31536000' --handler-lifetime 1d -- /bin/true
	rejects '--max-connections: 0 is not in 1-16384' --max-connections 0 -- /bin/true
	rejects '--max-per-source: 1e3 is not in 1-16384' --max-per-source=1e3 -- /bin/true
	rejects '--max-per-source: \x1b[1m is not in 1-16384' --max-per-source=$'\e[1m' -- /bin/true
	rejects 'unknown option --nothing; see --help' --nothing -- /bin/true
	rejects 'unknown option -x; see --help' -x -- /bin/true
	rejects '--help takes no value' --help=1
	rejects '--idle-exit requires a value' --idle-exit
	rejects 'the path of the handler is required; see --help' --idle-exit 1
	rejects 'mayfly is not an absolute path' -- mayfly
}

@test "--help and mayfly-accept(8) describe the same options, --help each in a verb phrase" {
	options_are_documented "$ACCEPT" mayfly-accept.8
}

@test "--version prints the version of the handler" {
	run -0 "$ACCEPT" --version
	equal "$output" "mayfly-accept $("$MAYFLY" --version | cut -d ' ' -f 2)"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run -111 sh -c '"$1" --version >/dev/full' sh "$ACCEPT"
}

# is_refused LISTEN...: connects to the first of the sockets that are passed. The acceptor must exit at once.
is_refused() {
	local got=0 listen=("${@/#/--listen=$PWD/}")
	SYSTEMD_LOG_LEVEL=err timeout 60 systemd-socket-activate --setenv=ASAN_OPTIONS "${activate_options[@]}" \
		"${listen[@]}" "$ACCEPT" -- /bin/true 2>message 3>&- &
	server_pid=$!
	wait_until is_listening_at "$PWD/$1"
	curl -s --max-time 60 --unix-socket "$1" http://localhost/ || true
	wait "$server_pid" || got=$?
	server_pid=
	equal "$got $(<message)" '111 mayfly-accept: systemd must pass 1 to 16 listening sockets'
}

@test "no socket passed, or more than 16: a message, exit status 111" {
	run -111 --separate-stderr "$ACCEPT" -- /bin/true
	equal "$stderr" 'mayfly-accept: systemd must pass 1 to 16 listening sockets'
	# shellcheck disable=SC2016 # expanded by the inner shell
	run -111 --separate-stderr sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$1" -- /bin/true 3</dev/null' sh "$ACCEPT"
	equal "$stderr" 'mayfly-accept: systemd must pass 1 to 16 listening sockets' 'a descriptor that is no socket'
	is_refused {1..17}
	activate_options=(--fdname=mayfly-handlers)
	is_refused socket
}

@test "a child process from before its start is reaped" {
	start_superserver env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS --setenv=SYSTEMD_EXEC_PID=1 \
		--listen="$port" sh -c 'sleep 0.1 & exec "$@"' - "$ACCEPT" -- "${handler[@]}"
	equal "$(ask_for /a.txt)" '200 '
	wait_until has_handlers 0
	equal "$(ask_for /a.txt)" '200 '
}

# waits_for MILLISECONDS: whether mayfly-accept has called poll(2) with this timeout.
waits_for() {
	grep -qE "^poll\(.*POLLIN.*, 2, $1\)" trace
}

@test "it wakes up once per second, or twice per interval of a watchdog that is shorter than two seconds" {
	local patience=30
	command -v strace >/dev/null || skip 'strace is missing'
	printf '#!/bin/sh\nexec strace -D -o trace -e trace=poll %q "$@"\n' "$ACCEPT" >accept
	chmod +x accept
	ACCEPT=$PWD/accept
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait_until waits_for 1000
	stop_server
	activate_options=(--setenv=WATCHDOG_USEC=1000000)
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait_until waits_for 500
}

@test "--check-config checks the other options, and accepts nothing" {
	run -0 --separate-stderr "$ACCEPT" --check-config --idle-exit 5 -- /handler --nothing
	equal "$output/$stderr" 'configuration OK/'
	run -0 --separate-stderr "$ACCEPT" --max-per-source 300 --max-connections 200 --check-config -- /handler
	equal "$output/$stderr" 'configuration OK/mayfly-accept: --max-per-source has no effect above --max-connections'
	rejects '--idle-exit: 0 is not in 1-31536000' --check-config --idle-exit 0 -- /handler
	rejects '--check-config is given twice' --check-config --check-config -- /handler
	rejects '--version cannot be combined with --check-config' --check-config --version -- /handler
	rejects 'the path of the handler is required; see --help' --check-config
}

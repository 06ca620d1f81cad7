#!/usr/bin/env bats
# The command line, the exit status, and the descriptors that the handler starts with: closed ones do no
# harm, and messages for the owner never reach the client.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup() {
	make_site
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	stop_server
}

# runs EXIT_STATUS OPTION...: runs the handler with a request on standard input; its output goes to `out`
# and `err`. It must exit with this status.
runs() {
	local got=0
	timeout 60 "$MAYFLY" "${@:2}" <<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>err 3>&- || got=$?
	equal "$got" "$1" "exit status with ${*:2}"
}

# fails_with EXIT_STATUS WORDS OPTION...: whether the handler exits with this status and prints one line
# with these words, to standard error only.
fails_with() {
	runs "$1" "${@:3}" || return
	local text
	[[ ! -s out ]] || fail "output with ${*:3}: $(<out)" || return
	IFS= read -r -d '' text <err || true
	[[ $text == "mayfly: "*"$2"*$'\n' && ${text%$'\n'} != *$'\n'* ]] || fail "$2 is not in the one line: $text"
}

# checks EXIT_STATUS ERROR OPTION...: --check-config serves nothing, and prints this error, or "configuration OK".
checks() {
	local order
	for order in first last; do
		if [[ $order == first ]]; then runs "$1" --check-config "${@:3}"; else runs "$1" "${@:3}" --check-config; fi || return
		if [[ $2 ]]; then
			equal "$(<out)" '' output && equal "$(<err)" "mayfly: $2" error || return
		else
			equal "$(<out)/$(<err)" 'configuration OK/' || return
		fi
	done
}

# with_stderr_to_client COMMAND...: starts a server whose command has the client also on descriptor 2, as
# with classic inetd, and sends a request. Sets response to everything that the client receives.
with_stderr_to_client() {
	# shellcheck disable=SC2016 # the inner shell's words
	start_command sh -c '"$@" 2>&0; echo "exit status $?" >&2' sh "$@"
	connect
	(printf 'GET /a.txt HTTP/1.0\r\n\r\n' >&5) 2>/dev/null || true # a handler that exits at once has closed it
	timeout 60 cat <&5 >response 2>/dev/null || true
	exec 5>&-
	wait_until logged 'exit status'
	stop_server
}

@test "--help and --version print to standard output with exit status 0" {
	runs 0 --help
	grep -q '^Usage: mayfly --root DIR' out
	equal "$(wc -c <err)" 0
	runs 0 --version
	[[ $(<out) =~ ^mayfly\ [0-9]+\.[0-9]+(\.[0-9]+)?$ ]]
	equal "$(wc -c <err)" 0
	runs 0 --root /nowhere --help
	grep -q '^Usage:' out
	# shellcheck disable=SC2016 # expanded by the inner shell
	run -111 sh -c '"$1" --version >/dev/full' sh "$MAYFLY"
}

@test "--help and mayfly(8) describe the same options, each in a verb phrase" {
	options_are_documented "$MAYFLY" mayfly.8
}

@test "wrong usage prints one line to standard error with exit status 100" {
	fails_with 100 --root
	fails_with 100 --nonsense --nonsense --root "$site"
	fails_with 100 --nonsense --root "$site" --nonsense=1
	fails_with 100 -x --root "$site" -x
	fails_with 100 --root --root
	fails_with 100 --hits --root "$site" --hits
	fails_with 100 --keep-alive --root "$site" --keep-alive
	fails_with 100 --root --root ''
	fails_with 100 --hits --root "$site" --hits ''
	fails_with 100 operand --root "$site" operand
	fails_with 100 operand --root "$site" -- operand
	fails_with 100 --log --root "$site" --log syslog
	fails_with 100 --log --root "$site" --log journal:
	fails_with 100 --log --root "$site" --log journal:../x
	fails_with 100 --log --root "$site" --log stderr:x
	fails_with 100 --index --root "$site" --index ../outside/secret.txt
	fails_with 100 --index --root "$site" --index .secret
	fails_with 100 --index --root "$site" --index ''
}

@test "numbers must be integers in range" {
	local option value
	for option in --header-timeout --send-timeout --keep-alive --keep-alive-time --keep-alive-requests --min-rate; do
		for value in x -1 '' 1.5 1s ' 1' 0x1 99999999999999999999 4294967297; do
			fails_with 100 "$option" --root "$site" "$option" "$value"
		done
	done
	for option in --header-timeout --send-timeout --keep-alive-time --keep-alive-requests; do
		fails_with 100 "$option" --root "$site" "$option" 0
	done
	for option in --header-timeout --send-timeout --keep-alive --keep-alive-time; do
		fails_with 100 "$option: \"" --root "$site" "$option" 86401
		runs 0 --root "$site" "$option" 86400
		runs 0 --root "$site" "$option" 1
	done
	for option in --keep-alive-requests --min-rate; do
		fails_with 100 "$option: \"" --root "$site" "$option" 1000000001
		runs 0 --root "$site" "$option" 1000000000
		runs 0 --root "$site" "$option" 1
	done
	runs 0 --root "$site" --keep-alive 0 --min-rate 0
}

@test "option values may follow a space or an equals sign, in any order" {
	runs 0 --log=off --root="$site"
	grep -q '^HTTP/1.1 200 ' out
	runs 0 --header-timeout 5 --root "$site" --log off
	grep -q '^HTTP/1.1 200 ' out
}

@test "an error message is escaped and fits one line" {
	fails_with 100 '\x1b[31m\x0a' --root "$site" $'--\e[31m\nnext'
	fails_with 100 --nonsense --root "$site" "--nonsense$(printf '%05000d' 0)"
	(($(wc -c <err) < 1024))
	fails_with 102 '\x0a' --root $'/nowhere\n/next'
}

@test "--check-config accepts what the handler can serve with, and serves nothing" {
	checks 0 '' --root "$site"
	checks 0 '' --root "$site" --log journal --hits hits --sandbox require --vhosts --list
	refute test -e hits
	: >hits
	checks 0 '' --root "$site" --hits hits
	checks 0 '' --root "$site" --hits "$BATS_TEST_TMPDIR/hits"
	equal "$(wc -c <hits)" 0 'bytes of the counter file'
	"$MAYFLY" --check-config --root "$site" <&- >out 2>err
	equal "$(<out)/$(<err)" 'configuration OK/'
}

@test "--check-config reports errors to standard error, regardless of --log" {
	checks 100 '--root DIR is required; see --help'
	checks 100 '--header-timeout: "0" is not in 1-86400 (seconds)' --root "$site" --log journal --header-timeout 0
	checks 100 'unknown option --nothing; see --help' --log=off --nothing
	checks 102 'cannot open the root directory /nowhere: No such file or directory' --root /nowhere --log journal
	checks 102 'cannot count hits in /nowhere/hits: hits-missing-folder' --root "$site" --hits /nowhere/hits
	checks 102 "cannot count hits in /$(printf '%076d' 0)...: hits-missing-folder" --root "$site" --hits "/$(printf '%077d' 0)/hits"
	echo text >text
	checks 102 'cannot count hits in text: hits-foreign' --root "$site" --hits text
	mkfifo fifo
	checks 102 'cannot count hits in fifo: hits-not-a-file' --root "$site" --hits fifo
	checks 102 'cannot count hits in text: hits-foreign' --root "$site" --hits text --robots fifo --robots-list nowhere
	runs 100 --check-config --root
	equal "$(<err)" 'mayfly: --root requires a value'
}

# warns WARNING OPTION...: --check-config accepts these options, with this warning.
warns() {
	run -0 --separate-stderr "$MAYFLY" --check-config --root "$site" "${@:2}"
	equal "$output/$stderr" "configuration OK/${1:+mayfly: }$1"
}

@test "--check-config warns of options that are valid, but have no effect or trust all addresses" {
	warns '--keep-alive-time has no effect without --keep-alive' --keep-alive-time 60
	warns '--keep-alive-requests has no effect without --keep-alive' --keep-alive-requests 5 --keep-alive 0
	warns '' --keep-alive-requests 5 --keep-alive-time 60 --keep-alive 5
	warns "--proxy-from has a network of all addresses: any client can claim another's" --proxy-protocol --proxy-from 0.0.0.0/0
	warns "--proxy-from has a network of all addresses: any client can claim another's" --health-path /h --proxy-from ::/0
	warns '' --proxy-protocol --proxy-from 192.0.2.0/24 --proxy-from unix
	mkdir -p "$site/a-directory"
	warns '--index: a-directory is a directory in the root, so it is not served for the root' --index index.html --index a-directory
	warns '' --index a-directory --vhosts
	rmdir "$site/a-directory"
	warns '' --index a-directory
}

# bats test_tags=root
@test "--check-config reports a counter file that its user may not create or write" {
	mkdir closed
	give_ordinary_user_access
	install -m 755 "$MAYFLY" handler
	run -102 --separate-stderr as_ordinary_user ./handler --check-config --root "$site" --hits closed/hits
	equal "$output/$stderr" '/mayfly: cannot count hits in closed/hits: hits-not-permitted'
	install -m 600 /dev/null closed/hits
	run -102 --separate-stderr as_ordinary_user ./handler --check-config --root "$site" --hits closed/hits
	equal "$output/$stderr" '/mayfly: cannot count hits in closed/hits: hits-not-permitted'
}

# A handler with sanitizers, or one that counts branches, has no sandbox (main.c).
# bats test_tags=root,once,uncounted
@test "--check-config reports a required sandbox that the kernel does not have" {
	run -111 --separate-stderr strace -qq -o /dev/null -e inject=landlock_create_ruleset:error=ENOSYS \
		"$MAYFLY" --check-config --root "$site" --sandbox require
	contains "$stderr" 'kernel has no Landlock'
	run -0 --separate-stderr strace -qq -o /dev/null -e inject=landlock_create_ruleset:error=ENOSYS \
		"$MAYFLY" --check-config --root "$site"
	equal "$output" 'configuration OK'
	contains "$stderr" 'kernel has no Landlock'
}

@test "a missing root prints one line to standard error with exit status 102" {
	fails_with 102 /nowhere --root /nowhere
	fails_with 102 a.txt --root "$site/a.txt"
	fails_with 102 fifo --root "$site/fifo"
}

@test "a root that the handler may not enter gets 503, exit status 0" {
	give_ordinary_user_access
	chmod 000 "$site"
	runner=("${ordinary_user[@]}")
	get /a.txt
	is_unavailable
	equal "$exit_status" 0
	contains "$log" '503 Service Unavailable (root-unusable)'
	get /
	is_unavailable
	get /nothing
	is_unavailable
	handler_options=(--vhosts)
	get /a.txt
	is_unavailable
	chmod 755 "$site"
	get /nothing
	equal "$http_status" 404
}

@test "wrong options or a missing root: no response to a pipe" {
	local options
	for options in --nonsense '--root /nowhere'; do
		# shellcheck disable=SC2086 # words of a command line
		equal "$(timeout 60 "$MAYFLY" $options <<<$'GET / HTTP/1.0\r\n\r' 2>err | wc -c)" 0 'bytes of output'
		equal "$(grep -c '^mayfly: ' err)" 1 'error lines'
	done
}

# Makes the following requests come from a client on a socket, as under systemd.
use_socket_client() {
	build_tools on_socket
	runner=("$tools/on_socket")
}

# cannot_serve EXIT_STATUS REASON MESSAGE OPTION...: whether every kind of request gets a 503 and logs this
# reason and this message.
cannot_serve() {
	local request
	handler_options=("${@:4}")
	for request in 'GET /a.txt HTTP/1.1' 'GET /nothing HTTP/1.0' 'OPTIONS * HTTP/1.1' 'BREW / HTTP/1.1' nonsense \
		'GET / HTTP/9.0' "GET /$(printf %020000d 0) HTTP/1.0" $'POST / HTTP/1.1\r\nContent-Length: 30000'; do
		ask "$request" 'Host: localhost' '' "$(printf %030000d 0)"
		equal "$exit_status" "$1" 'exit status' || return
		is_unavailable || return
		contains "$log" "mayfly: $3" || return
		contains "$log" "| 503 Service Unavailable ($2)" || return
		equal "$(wc -l <<<"$log")" 2 'lines of the log' || return
	done
	ask 'HEAD /a.txt HTTP/1.1' 'Host: localhost'
	is_unavailable 0
}

@test "wrong options: a client on a socket gets 503" {
	use_socket_client
	cannot_serve 100 options-invalid 'unknown option --nonsense' --nonsense
	cannot_serve 100 options-invalid '--header-timeout: "0" is not in' --header-timeout 0
	cannot_serve 100 options-invalid '--proxy-protocol requires --proxy-from' --proxy-protocol
	cannot_serve 100 options-invalid '--proxy-from requires --proxy-protocol' --keep-alive 5 --proxy-from 192.0.2.7
}

@test "--help, --version and --check-config in a service: clients get 503, exit status 100" {
	local action error='--help, --version and --check-config serve nothing; remove them'
	use_socket_client
	for action in --help --version --check-config; do
		cannot_serve 100 options-invalid "$error" "$action"
		cannot_serve 100 options-invalid "$error" --keep-alive 5 "$action"
	done
	cannot_serve 100 options-invalid 'unknown option --nonsense' --check-config --nonsense
	handler_options=(--check-config) runner=()
	REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034 ask_raw <<<$'GET /a.txt HTTP/1.0\r\n\r'
	is_unavailable
	REMOTE_HOST=192.0.2.7 ask_raw <<<$'GET /a.txt HTTP/1.0\r\n\r'
	equal "$exit_status $(wc -c <"$response_file")" '100 0' 'exit status, and bytes of a response without a peer'
}

@test "--check-config in a service behind a Unix socket: the client gets 503" {
	local status
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd --listen="$PWD/socket" \
		env -u REMOTE_ADDR -u REMOTE_PORT "$MAYFLY" --root "$site" --check-config >/dev/null 2>log 3>&- &
	server_pid=$!
	wait_until is_listening_at "$PWD/socket"
	status=$(curl -sS --max-time 60 -o page -w '%{http_code}' --unix-socket socket http://localhost/a.txt)
	stop_server
	equal "$status" 503 'status'
	contains "$(<page)" '503 Service Unavailable'
	contains "$(<log)" 'serve nothing; remove them'
}

@test "a parent process that runs commands on a pair of sockets gets the output of --version and --check-config" {
	run_on_socketpair() {
		timeout 60 python3 -c 'if True:
			import socket, subprocess, sys
			ours, its = socket.socketpair()
			subprocess.run(sys.argv[1:], stdin=its, stdout=its)
			its.close()
			sys.stdout.write(ours.makefile().read())' "$@"
	}
	equal "$(run_on_socketpair "$MAYFLY" --check-config --root "$site")" 'configuration OK'
	contains "$(run_on_socketpair "$MAYFLY" --version)" 'mayfly '
}

@test "--check-config rejects a second action, which the options of a service must not have" {
	runs 100 --check-config --root "$site" --check-config
	equal "$(<err)" 'mayfly: --check-config is given twice'
	runs 100 --check-config --root "$site" --version
	equal "$(<err)" 'mayfly: --version cannot be combined with --check-config'
	runs 100 --check-config --help --root "$site"
	equal "$(<err)" 'mayfly: --help cannot be combined with --check-config'
}

@test "no root: a client on a socket gets 503" {
	use_socket_client
	mv "$site" "$site.away"
	cannot_serve 102 root-unusable 'cannot open the root directory'
	cannot_serve 102 root-unusable 'cannot open the root directory' --keep-alive 5 --hits hits --vhosts
	[[ ! -e hits ]]
	echo 'no directory' >"$site"
	cannot_serve 102 root-unusable 'cannot open the root directory'
}

@test "a handler that cannot serve applies the header timeout" {
	start_server --header-timeout 1 --nonsense
	connect
	receive
	is_unavailable
	wait_until logged '| 503 Service Unavailable (options-invalid)'
	connect
	exec 5>&-
	connect
	printf 'GET / HTTP/1.0\r\n\r\n' >&5
	receive
	is_unavailable
	equal "$(grep -c 'options-invalid' "$server_log")" 2 'answers'
}

@test "a client that sends a large body to a handler that cannot serve receives the complete 503" {
	start_server --root /nowhere
	for _ in {1..10}; do
		connect
		{
			printf 'POST /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n'
			head -c 1000000 /dev/zero
		} >&5
		receive
		is_unavailable
	done
}

@test "a handler that cannot serve answers 503 to a front end" {
	export REMOTE_ADDR=192.0.2.1 REMOTE_PORT=80
	local header=$'PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n' proxy=(--proxy-protocol --proxy-from 192.0.2.1)
	mv "$site" "$site.away"
	handler_options=("${proxy[@]}")
	ask_raw <<<"$header"$'GET /a.txt HTTP/1.0\r\n\r'
	is_unavailable
	contains "$log" '/a.txt | 192.0.2.7 | 51034 | 503 Service Unavailable (root-unusable)'
	handler_options=(--nonsense "${proxy[@]}")
	ask_raw <<<"$header"$'GET /a.txt HTTP/1.0\r\n\r'
	is_unavailable
	ask_raw < <(printf '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /a.txt HTTP/1.0\r\n\r\n')
	is_unavailable
}

# is_confined: whether the server's handler has no capability, cannot get any, and has a seccomp filter.
is_confined() {
	local handler
	handler=$(pgrep -P "$server_pid" -f "^$MAYFLY ") || return
	[[ $(awk '/^(NoNewPrivs|Seccomp|CapEff):/ { print $2 }' "/proc/$handler/status" | xargs) == '0000000000000000 1 2' ]]
}

# A handler with sanitizers, or one that counts branches, has no sandbox (main.c).
# bats test_tags=once,uncounted
@test "a handler that cannot serve is confined" {
	start_server --header-timeout 3600 --nonsense
	connect
	printf 'GET ' >&5
	wait_until is_confined
}

@test "the exit status is 0 for any HTTP status" {
	local request
	for request in 'GET /nothing HTTP/1.0' 'POST / HTTP/1.0' nonsense 'GET /%00 HTTP/1.0' 'GET / HTTP/9.0'; do
		ask "$request"
		equal "$exit_status" 0
		[[ $http_status == [45]* ]]
	done
}

@test "--log selects the target of the log" {
	runs 0 --root "$site" --log stderr
	equal "$(<err)" '/a.txt | - | - | 200 OK'
	runs 0 --root "$site"
	equal "$(<err)" '/a.txt | - | - | 200 OK'
	runs 0 --root "$site" --log off
	equal "$(wc -c <err)" 0
}

@test "wrong options or a missing root: a client on descriptor 2 gets a 503 without the cause" {
	local options
	for options in --nonsense '--root' '--root /nowhere' '--root /nowhere --log stderr' '' \
		"--root $site --log stderr --header-timeout 0" "--root $site operand"; do
		# shellcheck disable=SC2086 # words of a command line
		with_stderr_to_client "$MAYFLY" $options
		response_file=response
		split_response "$response_file"
		is_unavailable || fail "with $options"
		grep -qE '^exit status 10[02]$' "$server_log"
	done
}

@test "a client on descriptor 2 receives its response and no log line" {
	local log
	for log in auto stderr off; do
		with_stderr_to_client "$MAYFLY" --root "$site" --log "$log"
		split_response response
		equal "$http_status" 200
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
		grep -q '^exit status 0$' "$server_log"
	done
	with_stderr_to_client "$MAYFLY" --root "$site" --hits /nowhere/hits --log stderr
	split_response response
	equal "$body" Hello.
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
}

# runs_with_closed EXIT_STATUS DESCRIPTOR...: runs the handler with these descriptors closed and a counter
# file. It must exit with this status, and no output may end up in a file.
runs_with_closed() {
	local got=0 close
	printf -v close ' %s>&-' "${@:2}"
	rm -f hits
	sh -c "exec timeout 60 \"\$@\"$close" sh "$MAYFLY" --root "$site" --hits "$BATS_TEST_TMPDIR/hits" \
		<<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>err 3>&- || got=$?
	equal "$got" "$1" "exit status with ${*:2} closed"
	[[ ! -e hits ]] || refute grep -q ' | \|HTTP/1\|mayfly:' hits
	refute grep -rqs ' | \|HTTP/1\|mayfly:' "$site"/*.txt
}

# with_other_stderr ORDER: starts a server that runs the handler on files instead of the connection, apart from
# descriptors for which the shell's redirections ORDER use it. Sets response to what the client receives.
with_other_stderr() {
	printf 'GET /a.txt HTTP/1.0\r\n\r\n' >request
	start_command sh -c "\"\$@\" $1" sh "$MAYFLY" --root "$site"
	connect
	timeout 60 cat <&5 >response
	exec 5>&-
	stop_server
}

@test "a socket on descriptor 2 that is not the client gets the log" {
	with_other_stderr '2>&0 <request >page'
	grep -qE '^/a\.txt \| - \| - \| 200 OK$' response
	grep -q '^HTTP/1.1 200 ' page
}

@test "a client on descriptors 1 and 2 receives no log line" {
	with_other_stderr '<request 2>&1'
	grep -q '^HTTP/1.1 200 ' response
	refute grep -q ' | ' response
}

@test "output for a closed descriptor does not end up in a file" {
	runs_with_closed 0 2
	grep -q '^HTTP/1.1 200 ' out
	runs_with_closed 111 0
	runs_with_closed 111 1
	runs_with_closed 111 0 1
	runs_with_closed 111 0 2
	runs_with_closed 111 1 2
	runs_with_closed 111 0 1 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	run -100 --separate-stderr sh -c '"$1" --nonsense <&-' sh "$MAYFLY"
	equal "$output/$stderr" '/mayfly: unknown option --nonsense; see --help'
}

@test "a closed descriptor 2 does not lose the hit" {
	local count
	for count in 1 2 3; do
		"$MAYFLY" --root "$site" --hits hits <<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>&- 3>&-
	done
	"$MAYFLY" --root "$site" --hits hits <<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>err
	equal "$(<err)" '/a.txt | - | - | 4'
}

@test "an unwritable standard output is not an error" {
	local got=0
	"$MAYFLY" --root "$site" <<<$'GET /a.txt HTTP/1.0\r\n\r' >/dev/full 2>err 3>&- || got=$?
	equal "$got" 0 'exit status'
	grep -q '^/a.txt | - | - | 200 OK (' err
	"$MAYFLY" --root "$site" <<<$'GET /a.txt HTTP/1.0\r\n\r' >/dev/null 2>err 3>&-
	equal "$(<err)" '/a.txt | - | - | 200 OK'
}

@test "an unwritable standard error does not prevent the response" {
	"$MAYFLY" --root "$site" <<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>/dev/full 3>&-
	grep -q '^HTTP/1.1 200 ' out
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	true <"$BATS_TEST_TMPDIR/pipe" &
	exec 6>"$BATS_TEST_TMPDIR/pipe"
	wait "$!"
	"$MAYFLY" --root "$site" <<<$'GET /a.txt HTTP/1.0\r\n\r' >out 2>&6 3>&-
	grep -q '^HTTP/1.1 200 ' out
}

#!/usr/bin/env bats
# Timeouts: how long a client may take to send its request, how fast it must read the response; and that it
# receives the complete response when the connection then closes. All limits are deadlines, not idle timers.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup_file() {
	build_tools slow_client
}

setup() {
	make_site
	response_file=$BATS_TEST_TMPDIR/response
}

teardown() {
	stop_server
}

no_handler_runs() {
	[[ -z $(children_of "$server_pid") ]]
}

# send_repeatedly TEXT: sends the text every tenth of a second, until the server answers or 200 copies are
# sent. Sets copies_sent.
send_repeatedly() {
	local answered=$BATS_TEST_TMPDIR/answered
	{
		timeout 60 cat <&5 >"$response_file"
		: >"$answered"
	} 3>&- &
	copies_sent=0
	while ((copies_sent < 200)) && [[ ! -e $answered ]]; do
		printf %s "$1" >&5
		copies_sent=$((copies_sent + 1))
		sleep 0.1
	done
	exec 5>&-
	wait "$!"
	split_response "$response_file"
}

# bats test_tags=pipes
@test "a slow request line gets 408 after the timeout, regardless of how its bytes arrive" {
	local start
	start_server --root "$site" --header-timeout 3
	start=$(now_ms)
	connect
	send_repeatedly G
	equal "$http_status" 408
	(($(now_ms) - start >= 2990 && copies_sent > 1 && copies_sent < 200))
	wait_until logged '| 408 Request Timeout (head-too-slow)'
}

# bats test_tags=pipes
@test "slow fields get 408 after the timeout, regardless of how their bytes arrive" {
	local start
	start_server --root "$site" --header-timeout 3
	start=$(now_ms)
	connect
	printf 'GET /a.txt HTTP/1.1\r\nHost: localhost\r\n' >&5
	send_repeatedly $'X: a\r\n'
	equal "$http_status" 408
	(($(now_ms) - start >= 2990 && copies_sent > 1 && copies_sent < 200))
}

@test "empty lines do not extend the timeout" {
	start_server --root "$site" --header-timeout 1
	connect
	send_repeatedly $'\r\n'
	equal "$http_status" 408
	((copies_sent < 200))
}

# bats test_tags=pipes
@test "a silent client gets 408 and is disconnected" {
	start_server --root "$site" --header-timeout 1
	connect
	receive
	equal "$http_status" 408
	equal "$(field Connection)" close
	wait_until no_handler_runs
}

@test "a client of another protocol gets 400 at once, and the handler does not wait for more" {
	local first
	start_server --root "$site" --header-timeout 100
	for first in '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' 'SSH-2.0-OpenSSH_9.2p1\r\n' '\x05\x01\x00' \
		'\x03\x00\x00\x13\x0e\xe0' 'HELP\r\n' '<?xml' 'GET /\r\n' 'A\0'; do
		connect
		printf %b "$first" >&5
		timeout 30 cat <&5 >"$response_file" || fail "no answer to $first"
		exec 5>&-
		split_response "$response_file"
		equal "$http_status" 400 "answer to $first"
		wait_until no_handler_runs
	done
}

@test "a TLS client on the plain port fails at once" {
	start_server --root "$site" --header-timeout 100
	timeout 30 curl --silent --insecure "https://127.0.0.1:$port/" >"$response_file" && fail 'curl succeeded'
	equal "$?" 35 'exit status of curl (35: TLS handshake failed)'
	wait_until logged '| 400 Bad Request (method-malformed)'
	wait_until no_handler_runs
}

# bats test_tags=pipes
@test "a header complete within the timeout is answered, regardless of how its bytes arrive" {
	start_server --root "$site" --header-timeout 20
	connect
	printf 'GET /a.txt HTTP/1.1\r\n' >&5
	sleep 0.5
	printf 'Host: localhost\r\n\r' >&5
	sleep 0.5
	printf '\n' >&5
	receive
	equal "$http_status" 200
	equal "$body" Hello.
}

# bats test_tags=pipes
@test "a client that accepts no data is dropped" {
	local start
	truncate -s 100M "$site/big"
	start_server --root "$site" --send-timeout 1
	start=$(now_ms)
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	wait_until logged '/big | 127.0.0.1'
	(($(now_ms) - start >= 990))
	logged '| 200 OK (client-too-slow)'
	wait_until no_handler_runs
}

@test "a pipe reader that accepts no data is dropped" {
	truncate -s 1M "$site/big"
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 6<>"$BATS_TEST_TMPDIR/pipe"
	timeout 60 "$MAYFLY" --root "$site" --send-timeout 1 <<<$'GET /big HTTP/1.0\r\n\r' \
		>"$BATS_TEST_TMPDIR/pipe" 2>"$BATS_TEST_TMPDIR/log" 3>&-
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK (client-too-slow)'
}

# These drop a client that reads less than 100,000 bytes/s over 2 seconds.
rate=(--send-timeout 2 --min-rate 100000)
# A client that reads 200,000 bytes/s is served with these even if a loaded machine slows it to a tenth.
low_rate=(--send-timeout 2 --min-rate 20000)

# slow_get TARGET SOCKET BYTES MILLISECONDS ROUNDS: requests the target and reads BYTES with a pause of
# MILLISECONDS, ROUNDS times; then the rest. Sets the variables of split_response.
slow_get() {
	timeout 120 "$tools/slow_client" "${@:2}" <<<"GET $1 HTTP/1.0"$'\r\n\r' >"$response_file"
	split_response "$response_file"
}

# start_unix_server OPTION...: starts a server on a Unix socket, which has small buffers. Sets socket.
start_unix_server() {
	socket=$BATS_TEST_TMPDIR/socket server_log=$BATS_TEST_TMPDIR/server.log
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd --setenv=ASAN_OPTIONS --listen="$socket" \
		"$MAYFLY" "$@" >/dev/null 2>"$server_log" 3>&- &
	server_pid=$!
	wait_until test -S "$socket"
}

# Makes a directory with a listing of about 2 MB, /names/.
make_names() {
	mkdir "$site/names"
	(cd "$site/names" && seq -f "%05.0f-$(printf %090d 0)" 6000 | xargs touch)
}

# bats test_tags=pipes
@test "file: a client above the minimum rate is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" "${low_rate[@]}"
	slow_get /big "$port" 20000 100 60
	equal "$http_status" 200
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

# bats test_tags=pipes
@test "file: a client below the minimum rate is dropped" {
	head -c 20000000 /dev/urandom >"$site/big"
	start_server --root "$site" "${rate[@]}"
	slow_get /big "$port" 7000 100 60
	((${#body} > 0 && $(wc -c <"$body_file") < 20000000))
	wait_until logged '| 200 OK (client-too-slow)'
	wait_until no_handler_runs
}

@test "listing: a client above the minimum rate is served to the end" {
	make_names
	start_unix_server --root "$site" --list "${low_rate[@]}"
	slow_get /names/ "$socket" 20000 100 60
	equal "$http_status" 200
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	wait_until logged '/names/ | '
	refute logged client-
}

@test "listing: a client below the minimum rate is dropped" {
	make_names
	start_unix_server --root "$site" --list "${rate[@]}"
	slow_get /names/ "$socket" 7000 100 60
	(($(wc -c <"$body_file") < $(field Content-Length)))
	wait_until logged '| 200 OK (client-too-slow)'
}

@test "with --min-rate 0 a client that reads any data at all is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" --send-timeout 2 --min-rate 0
	# The client's kernel acknowledges about 64 kB at once, thus more than once per window.
	slow_get /big "$port" 7000 100 60
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

# Two thirds of the window, as 40 of the default 60 seconds.
# bats test_tags=pipes
@test "a reader that pauses once for two thirds of the window is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" --send-timeout 6
	slow_get /big "$port" 65536 4000 1
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

@test "a pipe reader that pauses once for two thirds of the window is served to the end" {
	head -c 600000 /dev/urandom >"$site/big"
	timeout 60 "$MAYFLY" --root "$site" --send-timeout 6 <<<$'GET /big HTTP/1.0\r\n\r' \
		2>"$BATS_TEST_TMPDIR/log" 3>&- | {
		head -c 100000
		sleep 4
		cat
	} >"$response_file"
	split_response "$response_file"
	cmp "$site/big" "$body_file"
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK'
}

# through_pipe BYTES ROUNDS OPTION...: requests /big on a pipe, and reads BYTES each tenth of a second,
# ROUNDS times; then the rest. Sets log.
through_pipe() {
	timeout 60 "$MAYFLY" --root "$site" "${@:3}" <<<$'GET /big HTTP/1.0\r\n\r' \
		2>"$BATS_TEST_TMPDIR/log" 3>&- | {
		for ((i = 0; i < $2; i++)); do
			head -c "$1"
			sleep 0.1
		done
		cat
	} >"$response_file"
	split_response "$response_file"
	log=$(<"$BATS_TEST_TMPDIR/log")
}

@test "a pipe reader above the minimum rate is served to the end" {
	head -c 2000000 /dev/urandom >"$site/big"
	through_pipe 20000 60 "${low_rate[@]}"
	cmp "$site/big" "$body_file"
	equal "$log" '/big | - | - | 200 OK'
}

@test "a pipe reader below the minimum rate is dropped" {
	head -c 2000000 /dev/urandom >"$site/big"
	through_pipe 5000 40 "${rate[@]}"
	(($(wc -c <"$body_file") < 2000000))
	equal "$log" '/big | - | - | 200 OK (client-too-slow)'
}

# read_by_the_second NAME BYTES: requests /big on a pipe with the handler's default limits, and reads BYTES per second
# until there is a file `enough`, or for 400 seconds. The log goes to the file NAME.
read_by_the_second() {
	local second
	"$MAYFLY" --root "$site" <<<$'GET /big HTTP/1.0\r\n\r' 2>"$1" 3>&- | {
		for ((second = 0; second < 400; second++)); do
			[[ ! -e enough ]] || break
			head -c "$2"
			sleep 1
		done >/dev/null
	}
}

# bats test_tags=once,slow
@test "by default a client below 1,000 bytes per second is dropped after 60 seconds, and one above is not" {
	local start fast slow patience=400
	cd "$BATS_TEST_TMPDIR"
	head -c 5000000 /dev/urandom >"$site/big"
	read_by_the_second fast 10000 3>&- &
	fast=$!
	start=$(now_ms)
	read_by_the_second slow 200 3>&- &
	slow=$!
	wait_until test -s slow
	(($(now_ms) - start >= 59000)) || fail "dropped after $(($(now_ms) - start)) ms"
	equal "$(<slow)" '/big | - | - | 200 OK (client-too-slow)'
	equal "$(<fast)" '' 'log of the client above'
	touch enough
	wait "$fast" "$slow"
	equal "$(<fast)" '/big | - | - | 200 OK (client-left)'
}

# While the handler is stopped, the client can read only the 64 KiB in the pipe; it must read 2
# MB per window.
@test "the time for which the handler is stopped does not count against the client" {
	local handler
	head -c 3000000 /dev/urandom >"$site/big"
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 6<>"$BATS_TEST_TMPDIR/pipe"
	"$MAYFLY" --root "$site" --send-timeout 2 --min-rate 1000000 <<<$'GET /big HTTP/1.0\r\n\r' \
		>"$BATS_TEST_TMPDIR/pipe" 2>"$BATS_TEST_TMPDIR/log" 3>&- 6>&- &
	handler=$!
	{
		head -c 100000
		: >"$BATS_TEST_TMPDIR/begun"
		wait_until test -e "$BATS_TEST_TMPDIR/stopped"
		timeout 60 cat
	} <"$BATS_TEST_TMPDIR/pipe" >"$response_file" 3>&- 6>&- &
	wait_until test -e "$BATS_TEST_TMPDIR/begun"
	kill -STOP "$handler"
	: >"$BATS_TEST_TMPDIR/stopped"
	sleep 4
	kill -CONT "$handler"
	exec 6>&-
	wait "$handler"
	wait "$!"
	split_response "$response_file"
	cmp "$site/big" "$body_file"
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK'
}

# bats test_tags=pipes
@test "a client that sends its whole body first receives the complete 405, each time" {
	local round
	head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/upload"
	start_server --root "$site"
	for round in {1..10}; do
		connect
		printf 'POST /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n' >&5
		cat "$BATS_TEST_TMPDIR/upload" >&5
		receive
		equal "$http_status" 405 "status in round $round"
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" "length in round $round"
	done
}

@test "a client with an endless header or data after a refused target receives the complete response" {
	local request
	start_server --root "$site"
	for request in "GET /$(printf '%0500000d' 0)" $'GET / HTTP/1.1\r\nX: '"$(printf '%0500000d' 0)" \
		$'GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n'"$(printf '%0500000d' 0)" \
		$'GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n'"$(printf '%0500000d' 0)"; do
		connect
		printf %s "$request" >&5
		receive
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	done
	wait_until logged '/a.txt | 127.0.0.1'
	grep -oE '[45][0-9]{2} [A-Z][^(]*' "$server_log"
	for request in '414 URI Too Long' '431 Request Header' '404 Not Found' '200 OK'; do
		logged "$request"
	done
}

# bats test_tags=pipes
@test "curl receives the 405 to its upload" {
	head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/upload"
	start_server --root "$site"
	for _ in {1..5}; do
		equal "$(curl -sS -H 'Expect:' --data-binary "@$BATS_TEST_TMPDIR/upload" -o "$response_file" \
			-w '%{http_code}' "http://127.0.0.1:$port/a.txt")" 405
		grep -q '</html>' "$response_file"
	done
}

# bats test_tags=pipes
@test "a client that keeps sending after an error does not hold the handler" {
	start_server --root "$site"
	connect
	printf 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n' >&5
	timeout 60 yes >&5 2>/dev/null 3>&- &
	wait_until logged '405 Method Not Allowed'
	wait_until no_handler_runs
	wait "$!" || true
}

# The handler waits 5 seconds for what the client may still send.
# bats test_tags=pipes
@test "a client that stays connected after an error does not hold the handler" {
	local patience=30
	start_server --root "$site"
	connect
	printf 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n' >&5
	receive
	equal "$http_status" 405
	wait_until no_handler_runs
}

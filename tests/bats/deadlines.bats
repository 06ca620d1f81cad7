#!/usr/bin/env bats
# Timeouts: how long a client may take to send its request, and that one that reads nothing is dropped; and that a client
# receives the complete response when the connection then closes. All limits are deadlines, not idle timers.
# min_rate.bats tests how fast it must read.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	response_file=$BATS_TEST_TMPDIR/response
}

teardown() {
	stop_server
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

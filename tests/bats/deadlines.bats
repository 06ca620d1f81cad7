#!/usr/bin/env bats
# Time: how long a client may take to say what it wants and to take what it gets, and that it sees
# the whole of a response that ends the connection. Deadlines, not idle timers.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # each test is a shell of its own; helpers.bash
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

# drips TEXT: the same text every tenth of a second, until the server has answered or 200 were sent.
# Sets dripped, how many.
drips() {
	local answered=$BATS_TEST_TMPDIR/answered
	{
		timeout 60 cat <&5 >"$response_file"
		: >"$answered"
	} 3>&- &
	dripped=0
	while ((dripped < 200)) && [[ ! -e $answered ]]; do
		printf %s "$1" >&5
		dripped=$((dripped + 1))
		sleep 0.1
	done
	exec 5>&-
	wait "$!"
	split_response "$response_file"
}

@test "a slow request line gets 408 after the timeout, however its bytes arrive" {
	local start
	start_server --root "$site" --header-timeout 3
	start=$(now_ms)
	connect
	drips G
	equal "$http_status" 408
	(($(now_ms) - start >= 2990 && dripped > 1 && dripped < 200))
	wait_until logged '| 408 Request Timeout (head-too-slow)'
}

@test "slow fields get 408 after the timeout, however their bytes arrive" {
	local start
	start_server --root "$site" --header-timeout 3
	start=$(now_ms)
	connect
	printf 'GET /a.txt HTTP/1.1\r\nHost: localhost\r\n' >&5
	drips $'X: a\r\n'
	equal "$http_status" 408
	(($(now_ms) - start >= 2990 && dripped > 1 && dripped < 200))
}

@test "empty lines do not extend the timeout" {
	start_server --root "$site" --header-timeout 1
	connect
	drips $'\r\n'
	equal "$http_status" 408
	((dripped < 200))
}

@test "a silent client gets 408 and is disconnected" {
	start_server --root "$site" --header-timeout 1
	connect
	receive
	equal "$http_status" 408
	equal "$(field Connection)" close
	wait_until no_handler_runs
}

@test "a header within the timeout is answered, however its bytes arrive" {
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

@test "a slow client that keeps reading is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" --send-timeout 3
	"$tools/slow_client" "$port" 16000 100 50 <<<$'GET /big HTTP/1.0\r\n\r' >"$response_file"
	split_response "$response_file"
	equal "$http_status" 200
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

@test "a slow pipe reader that keeps reading is served to the end" {
	head -c 200000 /dev/urandom >"$site/big"
	timeout 60 "$MAYFLY" --root "$site" --send-timeout 2 <<<$'GET /big HTTP/1.0\r\n\r' \
		2>"$BATS_TEST_TMPDIR/log" 3>&- | {
		for _ in {1..30}; do
			head -c 2000
			sleep 0.1
		done
		cat
	} >"$response_file"
	split_response "$response_file"
	cmp "$site/big" "$body_file"
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK'
}

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

@test "so does a client with an endless header, or with data after a refused target" {
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

@test "curl receives the 405 for its upload" {
	head -c 1000000 /dev/zero >"$BATS_TEST_TMPDIR/upload"
	start_server --root "$site"
	for _ in {1..5}; do
		equal "$(curl -sS -H 'Expect:' --data-binary "@$BATS_TEST_TMPDIR/upload" -o "$response_file" \
			-w '%{http_code}' "http://127.0.0.1:$port/a.txt")" 405
		grep -q '</html>' "$response_file"
	done
}

@test "a client that keeps sending after an error does not hold the handler" {
	start_server --root "$site"
	connect
	printf 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n' >&5
	timeout 60 yes >&5 2>/dev/null 3>&- &
	wait_until logged '405 Method Not Allowed'
	wait_until no_handler_runs
	wait "$!" || true
}

@test "a client that stays connected after an error does not hold the handler" {
	start_server --root "$site"
	connect
	printf 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n' >&5
	receive
	equal "$http_status" 405
	wait_until no_handler_runs
}

#!/usr/bin/env bats
# Connections with more than one request: when they are kept open, when they are closed, and that nothing of
# one exchange affects the next.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup() {
	make_site
	handler_options=(--keep-alive 20)
	host=$'Host: localhost\r\n'
}

teardown() {
	stop_server
}

# send BYTES: sends requests, with \r, \n and \xHH in them. The responses can then be read
# from descriptor 5.
send() {
	ask_raw < <(printf %b "$1")
	exec 5<"$response_file"
}

# serve OPTION...: starts a server and opens a connection to it on descriptor 5.
serve() {
	stop_server
	start_server --root "$site" "$@"
	connect
}

# next_response STATUS [BODY]: reads the next response, to a GET, from descriptor 5. The final line end of
# the body is not compared. next_head_response STATUS does the same for a HEAD.
next_head_response() {
	local line
	head='' http_status=''
	while IFS= read -r -t 60 line <&5 && [[ $line != $'\r' ]]; do
		head+=${line%$'\r'}$'\n'
	done
	[[ ! $head =~ ^HTTP/1\.1\ ([0-9]{3})\  ]] || http_status=${BASH_REMATCH[1]}
	printf '%s\n' "$head"
	equal "$http_status" "$1" status
}
next_response() {
	next_head_response "$1" || return
	body=$(head -c "$(field Content-Length)" <&5)
	(($# < 2)) || equal "$body" "$2" body
}

# The connection ends here, without another byte.
connection_ends() {
	equal "$(timeout 60 cat <&5 | wc -c)" 0 'bytes after the last response'
}

# kept, not_kept: whether the last response announces to keep or to close the connection.
kept() { equal "$(field Connection)" keep-alive Connection; }
not_kept() { equal "$(field Connection)" close Connection; }

@test "without --keep-alive each connection carries one exchange, also if the client asks for more" {
	handler_options=()
	send "GET /a.txt HTTP/1.1\r\n${host}Connection: keep-alive\r\n\r\nGET /a.txt HTTP/1.1\r\n$host\r\n"
	next_response 200 Hello.
	not_kept
	connection_ends
	handler_options=(--keep-alive 0)
	send "GET /a.txt HTTP/1.1\r\n$host\r\nGET /a.txt HTTP/1.1\r\n$host\r\n"
	next_response 200 Hello.
	not_kept
	connection_ends
}

# bats test_tags=pipes
@test "pipelined requests are answered in order" {
	local requests='' i
	for i in {1..30}; do
		echo "file $i" >"$site/$i"
		requests+="GET /$i HTTP/1.1\r\n$host\r\n"
	done
	send "$requests"
	for i in {1..30}; do
		next_response 200 "file $i"
		kept
	done
	connection_ends
	equal "$exit_status" 0
	equal "$(wc -l <<<"$log")" 30 'lines of the log'
	equal "$(sed -n 17p <<<"$log")" '/17 | - | - | 200 OK'
}

# bats test_tags=pipes
@test "sequential requests on one socket are answered in order" {
	local i
	serve --keep-alive 20
	for i in {1..5}; do
		printf 'GET /a.txt HTTP/1.1\r\n%s\r\n' "$host" >&5
		next_response 200 Hello.
		kept
	done
	printf 'GET /sub/deep/file.txt HTTP/1.1\r\n%sConnection: close\r\n\r\n' "$host" >&5
	next_response 200 deep
	not_kept
	connection_ends
	wait_until logged /sub/deep/file.txt
	equal "$(grep -c ' | 200 OK$' "$server_log")" 6
}

@test "a request split at any byte is answered" {
	local requests=$'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /sub/deep/file.txt HTTP/1.0\r\n\r\n' i
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	for ((i = 1; i < ${#requests}; i += 3)); do
		"$MAYFLY" --root "$site" --log off --keep-alive 20 <"$BATS_TEST_TMPDIR/pipe" \
			>"$BATS_TEST_TMPDIR/responses" 3>&- &
		exec 6>"$BATS_TEST_TMPDIR/pipe"
		printf %s "${requests:0:i}" >&6
		printf %s "${requests:i}" >&6
		exec 6>&-
		wait "$!"
		[[ $(<"$BATS_TEST_TMPDIR/responses") == *$'\r\n\r\nHello.\nHTTP/1.1 200 OK\r\n'*$'\r\n\r\ndeep' ]] ||
			fail "cut after byte $i"
	done
}

@test "Connection: close ends the connection, in any letter case and with other options" {
	local value
	for value in close Close CLOSE 'x, close' 'close, x' ' close ' 'keep-alive, close'; do
		send "GET /a.txt HTTP/1.1\r\n${host}Connection: $value\r\n\r\nGET /a.txt HTTP/1.1\r\n$host\r\n"
		next_response 200 Hello.
		not_kept
		connection_ends
	done
	send "GET /a.txt HTTP/1.1\r\n${host}Connection: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n$host\r\n"
	next_response 200 Hello.
	not_kept
	connection_ends
	for value in disclose close-not x; do
		send "GET /a.txt HTTP/1.1\r\n${host}Connection: $value\r\n\r\nGET / HTTP/1.1\r\n$host\r\n"
		next_response 200 Hello.
		kept
		next_response 200
		connection_ends
	done
}

@test "an HTTP/1.0 connection closes unless the client sends keep-alive" {
	send 'GET /a.txt HTTP/1.0\r\n\r\nGET /a.txt HTTP/1.0\r\n\r\n'
	next_response 200 Hello.
	not_kept
	connection_ends
	send 'GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /sub/deep/file.txt HTTP/1.0\r\n\r\n'
	next_response 200 Hello.
	kept
	next_response 200 deep
	not_kept
	connection_ends
}

# bats test_tags=pipes
@test "HEAD, GET, HEAD on one connection: only GET gets a body" {
	local length
	send "HEAD /a.txt HTTP/1.1\r\n$host\r\nGET /a.txt HTTP/1.1\r\n$host\r\nHEAD /sub HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\n$host\r\n"
	next_head_response 200
	length=$(field Content-Length)
	equal "$length" 7
	next_response 200 Hello.
	equal "$(field Content-Length)" "$length"
	next_head_response 301
	next_response 200
	contains "$body" '<title>Home</title>'
	connection_ends
}

@test "Host, query and version do not leak into the next request" {
	send "GET /sub?first HTTP/1.1\r\n$host\r\nGET /sub HTTP/1.1\r\n$host\r\nGET /empty? HTTP/1.1\r\n$host\r\nGET /a.txt HTTP/1.1\r\n\r\n"
	next_response 301
	equal "$(field Location)" '/sub/?first'
	next_response 301
	equal "$(field Location)" /sub/
	next_response 301
	equal "$(field Location)" '/empty/?'
	next_response 400
	not_kept
	connection_ends
	contains "$log" '(host-missing)'
}

@test "a long target does not leak into a short one after it" {
	local long
	long=$(printf '%03000d' 0)
	send "GET /a.txt?$long HTTP/1.1\r\n${host}X: $long\r\n\r\nGET /sub/ HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\n$host\r\n"
	next_response 200 Hello.
	next_response 200
	contains "$body" '<title>Below</title>'
	next_response 200
	contains "$body" '<title>Home</title>'
	connection_ends
	equal "$log" $'/a.txt | - | - | 200 OK\n/sub/index.html | - | - | 200 OK\n/index.html | - | - | 200 OK'
}

@test "pipelined headers may together exceed the limit of one" {
	local long requests='' i
	long=$(printf '%07000d' 0)
	for i in {1..6}; do
		requests+="GET /a.txt HTTP/1.1\r\n${host}X: $long\r\n\r\n"
	done
	send "$requests"
	for i in {1..6}; do
		next_response 200 Hello.
		kept
	done
	connection_ends
}

@test "the same request twice gets the same response" {
	local first
	touch -d @784111777 "$site/a.txt"
	serve --keep-alive 20
	printf 'GET /a.txt HTTP/1.1\r\n%s\r\n' "$host" >&5
	next_response 200 Hello.
	first=$(grep -vE '^(Date|ETag): ' <<<"$head")
	printf 'HEAD /sub?x HTTP/1.1\r\nHost: b\r\nRange: bytes=0-0\r\nX: y\r\n\r\nGET /a.txt HTTP/1.1\r\n%s\r\n' \
		"$host" >&5
	next_head_response 301
	next_response 200 Hello.
	equal "$(grep -vE '^(Date|ETag): ' <<<"$head")" "$first" head
}

# bats test_tags=pipes
@test "after an error the connection closes, and later requests are ignored" {
	local request status
	while read -r status request; do
		send "GET /a.txt HTTP/1.1\r\n$host\r\n$request HTTP/1.1\r\n$host\r\nGET /a.txt HTTP/1.1\r\n$host\r\n"
		next_response 200 Hello.
		kept
		next_response "$status"
		not_kept
		connection_ends
		equal "$exit_status" 0
		equal "$(wc -l <<<"$log")" 2 'lines of the log'
	done <<-'END'
		404 GET /nothing
		404 GET /.secret
		400 GET /%00
		405 POST /a.txt
		501 BREW /
	END
}

@test "a body is not parsed as the next request" {
	local smuggled="GET /sub/deep/file.txt HTTP/1.1\r\n$host\r\n"
	send "GET /a.txt HTTP/1.1\r\n${host}Content-Length: 52\r\n\r\n$smuggled"
	next_response 200 Hello.
	not_kept
	connection_ends
	send "GET /a.txt HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n34\r\n$smuggled\r\n0\r\n\r\n"
	next_response 200 Hello.
	not_kept
	connection_ends
	send "POST /a.txt HTTP/1.1\r\n${host}Content-Length: 52\r\n\r\n$smuggled"
	next_response 405
	connection_ends
}

@test "each hit of a connection is counted and logged with its own request" {
	handler_options+=(--hits "$BATS_TEST_TMPDIR/hits")
	send "GET /a.txt HTTP/1.1\r\n$host\r\nHEAD /a.txt HTTP/1.1\r\n$host\r\nGET / HTTP/1.1\r\n$host\r\nGET /a.txt HTTP/1.1\r\n$host\r\nGET /nothing HTTP/1.1\r\n$host\r\n"
	equal "$log" "/a.txt | - | - | 1
HEAD /a.txt | - | - | 200 OK
/index.html | - | - | 1
/a.txt | - | - | 2
/nothing | - | - | 404 Not Found (not-found)"
}

# bats test_tags=pipes
@test "an idle kept connection is closed without a response after the keep-alive time" {
	local start
	serve --keep-alive 1
	start=$(now_ms)
	printf 'GET /a.txt HTTP/1.1\r\n%s\r\n' "$host" >&5
	next_response 200 Hello.
	kept
	connection_ends
	(($(now_ms) - start >= 990))
	wait_until logged /a.txt
	equal "$(wc -l <"$server_log")" 1 'lines of the log'
}

# bats test_tags=pipes
@test "a later header that arrives too slowly is cut off after the keep-alive time" {
	local sent
	serve --keep-alive 1
	printf 'GET /a.txt HTTP/1.1\r\n%s\r\nGET /' "$host" >&5
	next_response 200 Hello.
	{
		timeout 60 cat <&5 >"$BATS_TEST_TMPDIR/response"
		: >"$BATS_TEST_TMPDIR/answered"
	} 3>&- &
	for ((sent = 0; sent < 200; sent++)); do
		[[ ! -e $BATS_TEST_TMPDIR/answered ]] || break
		printf x >&5
		sleep 0.1
	done
	((sent < 200))
	exec 5<"$BATS_TEST_TMPDIR/response"
	next_response 408
	not_kept
	connection_ends
}

@test "the first header has the header timeout, not the keep-alive time" {
	serve --keep-alive 1 --header-timeout 20
	printf 'GET /a.txt ' >&5
	sleep 1.5
	printf 'HTTP/1.1\r\n%s\r\n' "$host" >&5
	next_response 200 Hello.
	serve --keep-alive 20 --header-timeout 1
	next_response 408
	not_kept
}

@test "a client that closes between requests is not an error" {
	handler_options+=(--log stderr)
	send "GET /a.txt HTTP/1.1\r\n$host\r\n"
	next_response 200 Hello.
	kept
	connection_ends
	equal "$exit_status" 0
	equal "$log" '/a.txt | - | - | 200 OK'
	send "GET /a.txt HTTP/1.1\r\n$host\r\nGET / HT"
	next_response 200 Hello.
	next_response 400
	connection_ends
}

# bats test_tags=pipes
@test "the last of --keep-alive-requests responses says close, and the connection ends" {
	handler_options+=(--keep-alive-requests 3)
	local request="GET /a.txt HTTP/1.1\r\n$host\r\n"
	send "$request$request$request$request"
	next_response 200 Hello.
	kept
	next_response 200 Hello.
	kept
	next_response 200 Hello.
	not_kept
	connection_ends
	equal "$exit_status" 0
	equal "$(wc -l <<<"$log")" 3 'lines of the log'
	handler_options+=(--keep-alive-requests 1)
	send "$request$request"
	next_response 200 Hello.
	not_kept
	connection_ends
}

@test "by default a connection carries 1,000 requests" {
	local requests
	printf -v requests 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n%.0s' {1..1001}
	ask_raw --log off <<<"$requests"
	equal "$(grep -c '^HTTP/1.1 204 ' "$response_file")" 1000 responses
	equal "$(grep -c '^Connection: keep-alive' "$response_file")" 999 'responses that keep the connection'
	equal "$(tail -n 5 "$response_file" | grep -c '^Connection: close')" 1 'last response that closes it'
}

# If a connection is closed with unread bytes, the kernel resets it and the response is lost. On pipes the handler waits one
# second for further bytes: a round in which the client itself took that long is repeated.
# bats test_tags=pipes
@test "a client that sends more requests than --keep-alive-requests receives the complete last response" {
	local begun in_time=0 round
	head -c 300000 /dev/zero >"$site/big"
	for ((round = 0; in_time < 10; round++)); do
		((round < 100)) || fail "the client was too slow: $in_time of $round rounds in time"
		serve --keep-alive 20 --keep-alive-requests 2
		printf 'GET /a.txt HTTP/1.1\r\n%s\r\n' "$host" >&5
		next_response 200 Hello.
		kept
		begun=$(now_ms)
		printf 'GET /big HTTP/1.1\r\n%s\r\n' "$host" >&5
		next_head_response 200
		not_kept
		printf 'GET /a.txt HTTP/1.1\r\nX: %05000d\r\n%s\r\n' 0 "$host" >&5 || true
		(($(now_ms) - begun < 900)) || continue
		in_time=$((in_time + 1))
		timeout 60 cat <&5 >"$BATS_TEST_TMPDIR/rest"
		cmp "$BATS_TEST_TMPDIR/rest" "$site/big"
	done
}

# With this attack of issue 16 a client held a connection without a limit.
@test "repeated OPTIONS: after --keep-alive-time the response says close, and the connection ends" {
	local count=0 start
	serve --keep-alive 5 --keep-alive-time 3 --log off
	start=$(now_ms)
	while ((count++ < 200)); do
		printf 'OPTIONS * HTTP/1.1\r\n%s\r\n' "$host" >&5
		next_head_response 204 >/dev/null
		[[ $(field Connection) == keep-alive ]] || break
		sleep 0.1
	done
	not_kept
	connection_ends
	((count > 1 && count < 200 && $(now_ms) - start >= 2990))
}

# bats test_tags=pipes
@test "a response that lasts longer than --keep-alive-time is complete, and one more request is answered" {
	build_tools slow_client
	head -c 6000000 /dev/urandom >"$site/big"
	serve --keep-alive 20 --keep-alive-time 1
	printf 'GET /big HTTP/1.1\r\n%s\r\nGET /a.txt HTTP/1.1\r\n%s\r\nGET /a.txt HTTP/1.1\r\n%s\r\n' "$host" "$host" "$host" |
		"$tools/slow_client" "$port" 20000 100 15 >"$BATS_TEST_TMPDIR/responses"
	exec 5<"$BATS_TEST_TMPDIR/responses"
	next_head_response 200
	kept
	cmp "$site/big" <(head -c 6000000 <&5)
	next_response 200 Hello.
	not_kept
	connection_ends
}

@test "a client that sends requests and never reads is dropped" {
	local requests handler
	head -c 3000 /dev/zero >"$site/page"
	printf -v requests 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n%.0s' {1..100}
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 6<>"$BATS_TEST_TMPDIR/pipe"
	timeout 60 "$MAYFLY" --root "$site" --keep-alive 5 --send-timeout 1 <<<"$requests" \
		>"$BATS_TEST_TMPDIR/pipe" 2>"$BATS_TEST_TMPDIR/log" 3>&-
	equal "$(tail -n 1 "$BATS_TEST_TMPDIR/log")" '/page | - | - | 200 OK (client-too-slow)'
	equal "$(grep -c too-slow "$BATS_TEST_TMPDIR/log")" 1 'lines with too-slow'
}

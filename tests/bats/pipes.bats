#!/usr/bin/env bats
# The handler as a filter: request on descriptor 0, response on descriptor 1. A complete response for each
# status, compared with golden/, and all kinds of descriptors: pipes, files and sockets. protocol.bats tests
# the protocol in detail.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	exit_status=0 # for tests in which a server gets the exit status
	find "$site" -type f -exec touch -d @784111777 {} +
	fifo=$BATS_TEST_TMPDIR/pipe
	mkfifo "$fifo"
}

teardown() {
	stop_server
}

# golden NAME: whether the last response is golden/NAME.http, byte for byte. For values that vary only the
# format is checked: `Date: DATE`, `ETag: TAG`. "\r" at the end of a line is a CR.
golden() {
	local day='(Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
	local month='(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
	equal "$exit_status" 0 'exit status'
	sed -E -e 's/\r$/\\r/' \
		-e "s/^(Date): $day, [0-9]{2} $month 20[0-9]{2} [0-9]{2}(:[0-9]{2}){2} GMT\\\\r$/\1: DATE\\\\r/" \
		-e 's/^(ETag): (W\/)?"[!#-~]+"\\r$/\1: TAG\\r/' "$response_file" |
		diff -u "$BATS_TEST_DIRNAME/golden/$1.http" -
}

# bats test_tags=pipes
@test "200: a file" {
	get /
	golden 200
}

@test "200: an empty file" {
	get /nothing.txt
	golden 200-empty
}

# bats test_tags=pipes
@test "200: HEAD" {
	ask 'HEAD / HTTP/1.1' 'Host: localhost'
	golden 200-head
}

@test "301: a directory without its slash, with its query" {
	get '/sub?a=1&b=%20'
	golden 301
}

@test "400: a malformed request" {
	ask 'Hello?'
	golden 400
}

@test "403: a file that the handler may not read" {
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	get /unreadable.txt
	golden 403
}

# bats test_tags=pipes
@test "404: a missing file" {
	get /nothing
	golden 404
}

@test "404: HEAD" {
	ask 'HEAD /nothing HTTP/1.1' 'Host: localhost'
	golden 404-head
}

@test "405: a method that is not supported" {
	ask 'POST /a.txt HTTP/1.1' 'Host: localhost'
	golden 405
}

@test "408: an incomplete header" {
	exec 5<>"$fifo"
	printf 'GET / HTTP/1.1\r\nHost: local' >&5
	ask_raw --header-timeout 1 <"$fifo"
	golden 408
}

@test "414: a target above the limit" {
	get "/$(printf '%020000d' 0)"
	golden 414
}

@test "431: a header above the limit" {
	get / "X: $(printf '%020000d' 0)"
	golden 431
}

@test "500: a system error" {
	# shellcheck disable=SC2016 # the inner shell's words
	runner=(sh -c 'ulimit -n 4; exec "$@"' sh)
	get /
	golden 500
}

@test "501: an unknown method" {
	ask 'BREW /pot HTTP/1.1' 'Host: localhost'
	golden 501
}

@test "503: the site cannot be served" {
	mv "$site" "$site.away"
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
	get /
	equal "$exit_status" 102 'exit status'
	exit_status=0 golden 503
}

@test "505: another major version" {
	ask 'GET / HTTP/2.0' 'Host: localhost'
	golden 505
}

@test "the shortest possible request" {
	ask_raw < <(printf 'GET / HTTP/1.0\r\n\r\n')
	golden 200
}

@test "input from a file, output to a file" {
	printf 'GET / HTTP/1.0\r\n\r\n' >"$BATS_TEST_TMPDIR/request"
	"$MAYFLY" --root "$site" --log off <"$BATS_TEST_TMPDIR/request" >"$BATS_TEST_TMPDIR/file"
	response_file=$BATS_TEST_TMPDIR/file
	golden 200
}

@test "output is appended at the file position" {
	response_file=$BATS_TEST_TMPDIR/file
	printf 'before\n' >"$response_file"
	"$MAYFLY" --root "$site" --log off < <(printf 'GET / HTTP/1.0\r\n\r\n') >>"$response_file"
	equal "$(head -n 1 "$response_file")" before
	sed -i 1d "$response_file"
	golden 200
	{
		echo before
		"$MAYFLY" --root "$site" --log off < <(printf 'GET / HTTP/1.0\r\n\r\n')
		echo after
	} >"$response_file"
	equal "$(head -n 1 "$response_file")" before
	equal "$(tail -n 1 "$response_file")" after
	sed -i -e 1d -e '$d' "$response_file"
	golden 200
}

@test "a socket gets the same bytes" {
	start_server --root "$site"
	connect
	printf 'GET / HTTP/1.0\r\n\r\n' >&5
	receive
	golden 200
}

@test "input from a socket, output to a pipe" {
	# shellcheck disable=SC2016 # the inner shell's words
	start_command sh -c '"$@" | cat' sh "$MAYFLY" --root "$site" --log off
	connect
	printf 'GET / HTTP/1.0\r\n\r\n' >&5
	receive
	golden 200
}

# bats test_tags=pipes
@test "a file of many megabytes arrives complete through a pipe and a socket" {
	head -c 12345678 /dev/urandom >"$site/big"
	get /big
	equal "$http_status" 200
	cmp "$site/big" "$body_file"

	start_server --root "$site"
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	receive
	equal "$(field Content-Length)" 12345678
	cmp "$site/big" "$body_file"
}

# bats test_tags=pipes
@test "a file of 5 GiB has the right length and beginning" {
	truncate -s 5G "$site/big"
	printf 'begin' | dd of="$site/big" conv=notrunc status=none
	ask 'HEAD /big HTTP/1.1' 'Host: localhost'
	equal "$http_status" 200
	equal "$(field Content-Length)" 5368709120
	"$MAYFLY" --root "$site" --log off < <(printf 'GET /big HTTP/1.0\r\n\r\n') |
		head -c 1000000 >"$response_file"
	split_response "$response_file"
	equal "$(field Content-Length)" 5368709120
	equal "${body:0:5}" begin
}

@test "every byte of a file beyond 4 GiB is sent" {
	# strace makes the first five calls claim that they sent a gigibyte: copying five takes a minute.
	truncate -s 5G "$site/big"
	printf 'end' >>"$site/big"
	start_command strace --quiet=all --signal=none --trace=sendfile --output="$BATS_TEST_TMPDIR/calls" \
		--inject=sendfile:retval=0x40000000:when=1..5 "$MAYFLY" --root "$site" --sandbox off
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	receive
	wait_until logged '/big | 127.0.0.1'
	cat "$BATS_TEST_TMPDIR/calls" "$server_log"
	equal "$(grep -c 'INJECTED' "$BATS_TEST_TMPDIR/calls")" 5 'gigibytes sent'
	[[ $(tail -n 1 "$BATS_TEST_TMPDIR/calls") =~ ", 3)"\ +"= 3"$ ]]
	refute logged '('
}

@test "a client that accepts no data at first still gets the file by sendfile" {
	truncate -s 300k "$site/big"
	start_command strace --quiet=all --signal=none --trace=sendfile --output="$BATS_TEST_TMPDIR/calls" \
		--inject=sendfile:error=EAGAIN:when=1 "$MAYFLY" --root "$site" --sandbox off
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	receive
	wait_until logged '/big | 127.0.0.1'
	equal "$(wc -l <"$BATS_TEST_TMPDIR/calls")" 2 'calls of sendfile'
	refute logged '('
}

@test "the socket is corked for files of 1 MiB and more, and not after them" {
	truncate -s 1M "$site/big"
	truncate -s 1048575 "$site/small"
	start_command strace --quiet=all --signal=none --trace=setsockopt --output="$BATS_TEST_TMPDIR/calls" \
		"$MAYFLY" --root "$site" --sandbox off --keep-alive 5
	connect
	printf 'GET /big HTTP/1.1\r\nHost: localhost\r\n\r\nGET /small HTTP/1.0\r\n\r\n' >&5
	receive
	wait_until logged '/small | 127.0.0.1'
	equal "$(sed 's/ *= 0$//' "$BATS_TEST_TMPDIR/calls")" \
		$'setsockopt(1, SOL_TCP, TCP_CORK, [1], 4)\nsetsockopt(1, SOL_TCP, TCP_CORK, [0], 4)'
}

@test "a client that closes early is not an error" {
	truncate -s 100M "$site/big"
	{
		"$MAYFLY" --root "$site" <<<$'GET /big HTTP/1.0\r\n\r' 2>"$BATS_TEST_TMPDIR/log" ||
			echo "$?" >"$BATS_TEST_TMPDIR/failed"
	} | head -c 1000 >/dev/null
	[[ ! -e $BATS_TEST_TMPDIR/failed ]]
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK (client-left)'
}

@test "a client that sends nothing gets no response" {
	ask_raw </dev/null
	equal "$exit_status" 0
	equal "$(wc -c <"$response_file")" 0
	ask_raw < <(printf '\r\n\r\n')
	equal "$exit_status" 0
	equal "$(wc -c <"$response_file")" 0
}

# bats test_tags=pipes
@test "a request that arrives byte by byte is answered" {
	local request=$'GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n' i
	start_server --root "$site"
	connect
	for ((i = 0; i < ${#request}; i++)); do
		printf %s "${request:i:1}" >&5
		sleep 0.002
	done
	receive
	equal "$http_status" 200
	equal "$body" Hello.
}

@test "a request split in two at any byte is answered" {
	local request=$'GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n' response=$BATS_TEST_TMPDIR/response i
	exec 5<>"$fifo"
	for ((i = 1; i < ${#request}; i++)); do
		printf %s "${request:0:i}" >&5
		"$MAYFLY" --root "$site" --log off <"$fifo" >"$response" 3>&- &
		printf %s "${request:i}" >&5
		wait "$!"
		[[ $(<"$response") == 'HTTP/1.1 200 OK'*$'\r\n\r\nHello.' ]] || fail "cut after byte $i"
	done
}

# bats test_tags=pipes
@test "without --keep-alive only the first of several requests is answered" {
	local requests=$'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /sub/ HTTP/1.1\r\nHost: b\r\n\r\n'
	ask_raw < <(printf %s "$requests")
	equal "$(grep -ac '^HTTP/1' "$response_file")" 1 responses
	equal "$body" Hello.
	equal "$(field Connection)" close
	equal "$log" '/a.txt | - | - | 200 OK'

	start_server --root "$site"
	for _ in {1..5}; do
		connect
		env printf %s "$requests" >&5 # in one piece: data after the response would cause a reset
		receive
		equal "$(grep -ac '^HTTP/1' "$response_file")" 1 responses
		equal "$body" Hello.
	done
}

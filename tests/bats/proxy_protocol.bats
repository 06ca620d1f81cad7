#!/usr/bin/env bats
# The PROXY protocol: which front ends are trusted, which address is logged, and that the connection is
# closed without a response if the header is missing or invalid. front_ends.bats tests real front ends.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup_file() {
	build_tools slow_client
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	export REMOTE_ADDR=10.1.2.3 REMOTE_PORT=4711
	handler_options=(--proxy-protocol --proxy-from 10.0.0.0/8)
}

teardown() {
	stop_server
}

signature='\r\n\r\n\0\r\nQUIT\n'
request='GET /a.txt HTTP/1.0\r\n\r\n'

# ask_with HEADER [REQUEST]: sends the PROXY header and the request; both are formats of printf.
ask_with() {
	printf '%b' "$1" "${2-$request}" >input
	ask_raw <input
}

# closes REASON HEADER [REQUEST]: whether the connection closes without a byte of a response, the exit
# status is 0, and the log has this reason.
closes() {
	ask_with "${@:2}"
	equal "$exit_status" 0 'exit status' || return
	equal "$(wc -c <"$response_file")" 0 'bytes of a response' || return
	[[ $log == "- | $REMOTE_ADDR | $REMOTE_PORT | "*" ($1)" ]] || fail "reason other than $1: $log"
}

@test "version 1: the log has the client's address and port" {
	ask_with 'PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n'
	equal "$http_status $body" '200 Hello.'
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	ask_with 'PROXY TCP6 2001:db8::7 2001:db8::1 51034 80\r\n'
	equal "$log" '/a.txt | 2001:db8::7 | 51034 | 200 OK'
	ask_with 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 51034 80\r\n'
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
}

@test "version 2: the log has the client's address and port, with any extensions" {
	ask_with "$signature"'\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50'
	equal "$http_status $body" '200 Hello.'
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	ask_with "$signature"'\x21\x11\0\x13\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50\x04\0\x04GET '
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	ask_with "$signature"'\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xc7\x5a\0\x50'
	equal "$log" '/a.txt | 2001:db8::7 | 51034 | 200 OK'
	ask_with "$signature"'\x21\x21\0\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01\xc7\x5a\0\x50'
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
}

@test "with LOCAL or UNKNOWN the front end is logged as the client" {
	local header
	for header in 'PROXY UNKNOWN\r\n' "$signature"'\x20\0\0\0' "$signature"'\x21\0\0\0' \
		"$signature"'\x20\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50'; do
		ask_with "$header"
		equal "$http_status" 200
		equal "$log" '/a.txt | 10.1.2.3 | 4711 | 200 OK'
	done
}

@test "a connection that closes without data is not logged" {
	ask_with '' ''
	equal "$exit_status$log" 0
	ask_with "$signature"'\x20\0\0\0' ''
	equal "$exit_status$log" 0
}

@test "only addresses in --proxy-from are trusted" {
	local header='PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n'
	for REMOTE_ADDR in 11.0.0.1 2001:db8::1 ::a01:203 - nonsense ''; do
		closes proxy-untrusted "$header"
	done
	REMOTE_ADDR=::ffff:10.1.2.3 ask_with "$header"
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	handler_options+=(--proxy-from 2001:db8::/32 --proxy-from 11.0.0.1)
	for REMOTE_ADDR in 11.0.0.1 2001:db8::1 10.255.255.255; do
		ask_with "$header"
		equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	done
	unset REMOTE_ADDR REMOTE_PORT
	ask_with "$header"
	equal "$(wc -c <"$response_file")" 0 'bytes of a response on a pipe, which has no peer address'
	equal "$log" '- | - | - | 403 Forbidden (proxy-untrusted)'
}

@test "a connection without a header is not served" {
	closes proxy-missing ''
	closes proxy-missing '\r\n\r\n'
	closes proxy-missing 'PROPFIND / HTTP/1.0\r\n\r\n'
	closes proxy-missing '\x16\x03\x01\x02\0'
}

@test "a connection with a malformed, unknown or incomplete header is not served" {
	closes proxy-malformed 'PROXY TCP4 192.0.2.7 192.0.2.1 51034\r\n'
	closes proxy-malformed 'PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\n'
	closes proxy-malformed 'PROXY UDP4 192.0.2.7 192.0.2.1 51034 80\r\n'
	closes proxy-malformed "PROXY UNKNOWN $(printf '%0100d' 0)"
	closes proxy-malformed "$signature"'\x11\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50'
	closes proxy-malformed "$signature"'\x21\x31\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\xc7\x5a\0\x50'
	closes proxy-malformed "$signature"'\x21\x11\xff\xff'
	closes proxy-incomplete 'PROXY TCP4' ''
	closes proxy-incomplete "$signature"'\x21\x11\x10\0'
}

@test "a second header on a connection is a malformed request" {
	ask_with 'PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n'
	equal "$http_status" 400
}

@test "a header without --proxy-protocol is a malformed request" {
	handler_options=()
	ask_with 'PROXY UNKNOWN\r\n'
	equal "$http_status" 400
	ask_with "$signature"'\x20\0\0\0'
	equal "$http_status" 400
}

@test "all requests of a connection belong to the client in its header" {
	handler_options+=(--keep-alive 5)
	ask_with 'PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n' \
		'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
	equal "$(grep -c '^HTTP/1.1 200 OK' "$response_file")" 2 responses
	equal "$log" $'/a.txt | 192.0.2.7 | 51034 | 200 OK\n/index.html | 192.0.2.7 | 51034 | 200 OK'
}

@test "over TCP the peer is checked, and the header may arrive byte by byte" {
	local line='PROXY TCP4 192.0.2.7 192.0.2.1 51034 80' at
	unset REMOTE_ADDR REMOTE_PORT
	start_server --root "$site" --proxy-protocol --proxy-from 127.0.0.0/8
	connect
	for ((at = 0; at < ${#line}; at++)); do
		printf '%s' "${line:at:1}" >&5
	done
	printf '\r\n%b' "$request" >&5
	receive
	equal "$http_status $body" '200 Hello.'
	wait_until logged '/a.txt | 192.0.2.7 | 51034 | 200 OK'
}

@test "over TCP an untrusted connection is closed at once, regardless of what it sends" {
	start_server --root "$site" --proxy-protocol --proxy-from 192.0.2.1
	connect
	wait_until logged ' 403 Forbidden (proxy-untrusted)'
	receive || true
	equal "$(wc -c <"$response_file")" 0 'bytes of a response'
}

# through_socket HEADER [TARGET]: sends the PROXY header and a request over the Unix socket; prints the body.
through_socket() {
	printf '%b' "$1GET ${2-/a.txt} HTTP/1.0\r\n\r\n" | timeout 60 "$tools/slow_client" "$socket" 65536 0 1 |
		sed '1,/^\r$/d'
}

client='PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n'

@test "--proxy-from unix: PROXY headers over a Unix socket are trusted" {
	start_unix_server --proxy-protocol --proxy-from unix --health-path /healthz
	equal "$(through_socket "$client")" Hello.
	wait_until logged '/a.txt | 192.0.2.7 | 51034 | 200 OK'
	equal "$(through_socket 'PROXY UNKNOWN\r\n')" Hello.
	wait_until logged '/a.txt | - | - | 200 OK'
	# A health check of the front end itself is not logged, one of a client is.
	equal "$(through_socket 'PROXY UNKNOWN\r\n' /healthz)" ok
	equal "$(through_socket "$client" /healthz)" ok
	wait_until logged '/healthz | 192.0.2.7 | '
	equal "$(grep -c healthz "$server_log")" 1 'logged health checks'
	equal "$(through_socket '')" ''
	wait_until logged '(proxy-missing)'
}

@test "without --proxy-from unix a Unix socket is not trusted; unix trusts no address" {
	start_unix_server --proxy-protocol --proxy-from 0.0.0.0/0 --proxy-from ::/0
	equal "$(through_socket "$client")" ''
	wait_until logged '- | - | - | 403 Forbidden (proxy-untrusted)'
	stop_server
	start_server --root "$site" --proxy-protocol --proxy-from unix
	connect
	wait_until logged '(proxy-untrusted)'
	logged '- | 127.0.0.1 | '
	export REMOTE_ADDR=192.0.2.9 REMOTE_PORT=1
	handler_options=(--proxy-protocol --proxy-from unix)
	closes proxy-untrusted 'PROXY UNKNOWN\r\n'
}

@test "an address in the environment takes precedence over the Unix socket" {
	runner=(env REMOTE_ADDR=192.0.2.9 REMOTE_PORT=1)
	start_unix_server --proxy-protocol --proxy-from unix
	equal "$(through_socket "$client")" ''
	wait_until logged '- | 192.0.2.9 | 1 | 403 Forbidden (proxy-untrusted)'
	stop_server
	rm "$socket"
	runner=(env REMOTE_ADDR=- REMOTE_PORT=-) # from mayfly-accept, if there is none
	start_unix_server --proxy-protocol --proxy-from unix
	equal "$(through_socket "$client")" Hello.
}

@test "--header-timeout limits the PROXY header and the request together" {
	start_server --root "$site" --proxy-protocol --proxy-from 127.0.0.1 --header-timeout 1
	connect
	printf 'PROXY ' >&5
	receive
	equal "$(wc -c <"$response_file")" 0 'bytes of a response'
	wait_until logged '(proxy-too-slow)'
	connect
	printf 'PROXY UNKNOWN\r\nGET ' >&5
	receive
	equal "$http_status" 408
	wait_until logged '(head-too-slow)'
}

# rejects WORDS OPTION...: whether the handler exits with 100 and prints one line with these words.
rejects() {
	local got=0
	env -u REMOTE_ADDR -u REMOTE_PORT "$MAYFLY" --root "$site" "${@:2}" </dev/null >out 2>err 3>&- || got=$?
	equal "$got" 100 'exit status' || return
	equal "$(wc -c <out) $(wc -l <err)" '0 1' 'bytes of output, lines of standard error' || return
	contains "$(<err)" "$1"
}

@test "the options require each other, and invalid networks are rejected" {
	local network many=()
	rejects --proxy-from --proxy-protocol
	rejects --proxy-protocol --proxy-from 127.0.0.1
	for network in '' localhost 10.0.0.0/33 10.0.0.1/8 ::/129 10.0.0.0/8,11.0.0.0/8; do
		rejects --proxy-from --proxy-protocol --proxy-from "$network"
	done
	for network in {1..16}; do many+=(--proxy-from "10.0.0.$network"); done
	handler_options=(--proxy-protocol "${many[@]}")
	REMOTE_ADDR=10.0.0.16 ask_with 'PROXY UNKNOWN\r\n'
	equal "$http_status" 200
	rejects --proxy-from --proxy-protocol "${many[@]}" --proxy-from 10.0.0.17
}

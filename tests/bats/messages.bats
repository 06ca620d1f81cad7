#!/usr/bin/env bats
# Messages (RFC 9112) other than the plain request: OPTIONS, targets in absolute-form, requests with a body
# or an expectation, and superfluous empty lines. protocol.bats tests malformed requests, keep_alive.bats
# sequences of requests.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	host=$'Host: localhost\r\n'
	next=$'GET /sub/deep/file.txt HTTP/1.1\r\nHost: localhost\r\n\r\n'
}

teardown() {
	stop_server
}

# allows TARGET [FIELD...]: whether OPTIONS of the target yields the allowed methods and no body.
allows() {
	ask "OPTIONS $1 HTTP/1.1" 'Host: localhost' "${@:2}"
	equal "$exit_status $http_status" '0 204' "answer to $1" || return
	equal "$(field Allow)" 'GET, HEAD, OPTIONS' Allow || return
	equal "$(wc -c <"$body_file")" 0 'bytes of a body' || return
	refute grep -iE '^(Content-(Length|Type)|Transfer-Encoding):' <<<"$head" || return
	[[ $log == *' | - | - | 204 No Content' ]] || fail "log: $log"
}

# refuses STATUS REASON LINE...: whether a request of these lines gets this status and logs this reason.
refuses() {
	ask "${@:3}"
	equal "$exit_status $http_status" "0 $1" "answer to $3" || return
	[[ $log == *" ($2)" ]] || fail "reason other than $2: $log"
}

# empty_lines COUNT: prints COUNT bytes of empty lines.
empty_lines() {
	head -c "$1" < <(yes $'\r')
}

# answers_once STATUS REQUEST REST: sends the request on a connection that could be kept open, and REST
# after the response. There must be exactly one response, and the connection must close.
answers_once() {
	connect
	printf %s "$2" >&5
	receive
	equal "$http_status" "$1" "answer to $2"
	equal "$(field Connection)" close Connection
	equal "$(grep -ac '^HTTP/1\.1 ' "$response_file")" 1 'number of responses'
	(printf %s "$3" >&5) 2>/dev/null || true # on a closed connection SIGPIPE ends this subshell
	exec 5>&-
	count=$((count + 1))
	wait_until has_logged "$count"
	wait_until has_no_handler
	equal "$(wc -l <"$server_log")" "$count" 'lines of the log'
}

# has_logged COUNT: whether the server's log has at least COUNT lines.
has_logged() {
	(($(wc -l <"$server_log") >= $1))
}

has_no_handler() {
	[[ -z $(children_of "$server_pid") ]]
}

@test "OPTIONS: Allow for *, for any path, and in absolute-form" {
	local target
	for target in '*' / /a.txt /sub /nothing /.secret '/a.txt?x' http://localhost http://localhost/ \
		https://localhost:8443/a.txt; do
		allows "$target"
	done
	allows / 'Content-Length: 0' 'Range: bytes=0-0' 'If-Match: "x"'
	ask 'OPTIONS * HTTP/1.0'
	equal "$http_status" 204
}

@test "OPTIONS: an invalid target gets 400" {
	refuses 400 target-form 'OPTIONS ** HTTP/1.1' 'Host: a'
	refuses 400 target-form 'OPTIONS a.txt HTTP/1.1' 'Host: a'
	refuses 400 target-bad-encoding 'OPTIONS /%zz HTTP/1.1' 'Host: a'
	refuses 400 target-form 'OPTIONS http://a@b/ HTTP/1.1' 'Host: a'
	refuses 400 host-missing 'OPTIONS * HTTP/1.1'
	refuses 405 method-not-allowed 'POST * HTTP/1.1' 'Host: a'
}

@test "OPTIONS counts no hit and keeps the connection" {
	local hits=$BATS_TEST_TMPDIR/hits
	ask_raw --keep-alive 20 --hits "$hits" < <(
		printf 'OPTIONS %s HTTP/1.1\r\n%s\r\n' '*' "$host" /a.txt "$host"
		printf %s "$next"
	)
	equal "$log" 'OPTIONS * | - | - | 204 No Content
OPTIONS /a.txt | - | - | 204 No Content
/sub/deep/file.txt | - | - | 1'
	equal "$(grep -ac $'^Connection: keep-alive\r$' "$response_file")" 3 'responses that keep the connection'
	ask_raw < <(printf 'OPTIONS * HTTP/1.1\r\n%s\r\n%s' "$host" "$next")
	equal "$http_status $(field Connection) $body" '204 close '
}

@test "absolute-form: the authority is the host, not the Host field" {
	local name
	for name in one two; do
		mkdir "$site/$name.example"
		echo "$name" >"$site/$name.example/index.html"
	done
	handler_options=(--vhosts)
	ask 'GET http://one.example/ HTTP/1.1' 'Host: two.example'
	equal "$body" one
	ask 'GET HTTPS://TWO.example:8443/index.html?x HTTP/1.1' 'Host: one.example'
	equal "$body" two
	ask 'GET http://one.example HTTP/1.0'
	equal "$body" one
	ask 'GET / HTTP/1.1' 'Host: two.example'
	equal "$body" two
	ask 'GET http://three.example/ HTTP/1.1' 'Host: one.example'
	equal "$http_status" 404
}

@test "absolute-form: an invalid authority, or an invalid Host next to it, gets 400" {
	local authority
	for authority in a@b user:secret@localhost :80 a:b a:80:80 'a\b' '[::1' '[::1]x' '[1.2.3.4]' '[a:b]' \
		'[fe80::1%25eth0]' a%2 '<a>' ''; do
		refuses 400 target-form "GET http://$authority/a.txt HTTP/1.1" 'Host: localhost'
	done
	refuses 400 host-malformed 'GET http://localhost/a.txt HTTP/1.1' 'Host: a b'
	refuses 400 host-missing 'GET http://localhost/a.txt HTTP/1.1'
	refuses 400 host-repeated 'GET http://localhost/a.txt HTTP/1.1' 'Host: a' 'Host: a'
	get 'http://[2001:db8::7]:8080/a.txt'
	equal "$http_status $body" '200 Hello.'
}

@test "a Host in brackets that is neither an IPv6 address nor an IPvFuture gets 400" {
	local literal
	for literal in '[::]' '[2001:db8::192.0.2.7]:80' '[vF.x]'; do
		ask 'GET /a.txt HTTP/1.1' "Host: $literal"
		equal "$http_status" 200 "answer to $literal"
	done
	for literal in '[1]' '[localhost]' '[127.0.0.1]' '[1::2::3]' '[::12345]' '[fe80::1%eth0]' '[v.x]'; do
		refuses 400 host-malformed 'GET /a.txt HTTP/1.1' "Host: $literal"
	done
}

@test "a body is never parsed as a request, regardless of when it arrives" {
	local method status target field count=0
	local head_of=$'HTTP/1.1\r\nHost: localhost\r\n'
	local chunk="34"$'\r\n'"$next"$'\r\n0\r\n\r\n'
	equal "${#next}" $((16#34)) 'length of the body'
	start_server --root "$site" --keep-alive 20
	while read -r status method target; do
		answers_once "$status" "$method $target ${head_of}Content-Length: 52"$'\r\n\r\n' "$next$next"
		answers_once "$status" "$method $target ${head_of}Transfer-Encoding: chunked"$'\r\n\r\n' "$chunk$next"
		answers_once "$status" \
			"$method $target ${head_of}transfer-encoding: CHUNKED"$'\r\n\r\n'"$chunk$next" "$next"
	done <<-'END'
		200 GET /a.txt
		200 HEAD /a.txt
		301 GET /sub
		204 OPTIONS *
		404 GET /nothing
		405 POST /a.txt
		501 BREW /a.txt
	END
	answers_once 200 "GET /a.txt ${head_of}Content-Length: 9223372036854775807"$'\r\n\r\n' "$next"
	answers_once 200 "GET /a.txt ${head_of}Content-Length: 52, 52"$'\r\n\r\n'"$next" "$next"
	answers_once 200 "GET /a.txt ${head_of}Transfer-Encoding: chunked"$'\r\n\r\nno chunk\r\n' "$next"
	refute logged deep
}

@test "an empty body counts as none: the connection stays open" {
	ask_raw --keep-alive 20 < <(printf 'GET /a.txt HTTP/1.1\r\n%sContent-Length: 0\r\n\r\n%s' "$host" "$next")
	equal "$log" $'/a.txt | - | - | 200 OK\n/sub/deep/file.txt | - | - | 200 OK'
}

@test "a client that is still sending receives its response" {
	local length=1000000
	start_server --root "$site" --keep-alive 20
	connect
	{
		printf 'POST /a.txt HTTP/1.1\r\n%sContent-Length: %s\r\n\r\n' "$host" $length
		head -c $length /dev/zero
	} >&5
	receive
	equal "$http_status" 405
	contains "$body" '<title>405 Method Not Allowed</title>'
}

@test "Expect: 100-continue gets the final status at once, and the connection closes" {
	local expectation count=0
	start_server --root "$site" --keep-alive 20
	for expectation in 100-continue 100-Continue; do
		answers_once 200 "GET /a.txt HTTP/1.1"$'\r\n'"${host}Expect: $expectation"$'\r\nContent-Length: 52\r\n\r\n' \
			"$next"
		equal "$body" Hello.
		answers_once 405 "PUT /a.txt HTTP/1.1"$'\r\n'"${host}Expect: $expectation"$'\r\nTransfer-Encoding: chunked\r\n\r\n' \
			"34"$'\r\n'"$next"
	done
	refute logged deep
}

@test "Expect without a body, and in HTTP/1.0, is ignored" {
	ask_raw --keep-alive 20 < <(printf 'GET /a.txt HTTP/1.1\r\n%sExpect: 100-continue\r\n\r\n%s' "$host" "$next")
	equal "$http_status" 200
	equal "$log" $'/a.txt | - | - | 200 OK\n/sub/deep/file.txt | - | - | 200 OK'
	ask 'GET /a.txt HTTP/1.0' 'Expect: 100-continue' 'Content-Length: 5'
	equal "$http_status $body" '200 Hello.'
}

@test "the HTTP/2 preface gets 505, and the bytes after it are ignored" {
	local count=0
	start_server --root "$site" --keep-alive 20
	answers_once 505 $'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' "$next"
	grep -qE '^PRI \* \| 127\.0\.0\.1 \| [0-9]+ \| 505 HTTP Version Not Supported \(version-unsupported\)$' "$server_log"
}

@test "empty lines before a request are skipped if they fit the limit of the header" {
	local request=$'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n' most=16384
	ask_raw < <(empty_lines $((most - ${#request})) && printf %s "$request")
	equal "$http_status $body" '200 Hello.'
	ask_raw < <(empty_lines $((most - ${#request} + 2)) && printf %s "$request")
	equal "$http_status" 431
	[[ $log == *' (head-too-long)' ]]
	ask_raw < <(empty_lines 1000000)
	equal "$http_status" 431
	equal "$log" '- | - | - | 431 Request Header Fields Too Large (head-too-long)'
}

@test "empty lines between requests are skipped; empty lines alone are not a request" {
	local request=$'GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n'
	ask_raw --keep-alive 20 < <(printf '%s\r\n\n\r\n%s\r\n' "$request" "$next")
	equal "$log" $'/a.txt | - | - | 200 OK\n/sub/deep/file.txt | - | - | 200 OK'
	equal "$(grep -ac '^HTTP/1\.1 ' "$response_file")" 2 'number of responses'
	ask_raw < <(empty_lines 100)
	equal "$exit_status" 0 'exit status'
	equal "$(wc -c <"$response_file") $log" '0 ' 'bytes of a response, and the log'
}

@test "one header may mix CRLF and LF, but contain no bare CR" {
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\nHost: a\r\n\n')
	equal "$http_status" 200
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\rHost: a\r\r')
	equal "$http_status" 400
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\rHost: a\r\n\r\n')
	equal "$http_status" 400
	[[ $log == *' (version-malformed)' ]]
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\r\n\r\n')
	equal "$http_status" 400
	[[ $log == *' (field-control-byte)' ]]
}

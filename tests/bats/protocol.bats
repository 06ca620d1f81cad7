#!/usr/bin/env bats
# HTTP of the handler (RFC 9110, 9112): which requests are accepted, which are refused with which status and
# reason, and the fields of each response. paths.bats tests targets, pipes.bats complete responses.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	long=$(printf '%020000d' 0)
}

# answers STATUS [REASON]: whether the last response has this status, and the log this reason or none.
answers() {
	equal "$exit_status" 0 'exit status' && equal "$http_status" "$1" status || return
	if (($# > 1)); then
		[[ $log == *" ($2)" && $log != *$'\n'* ]] || fail "reason other than $2: $log"
	else
		[[ $log != *'('* ]] || fail "reason without a refusal: $log"
	fi
}

# send BYTES: sends a request, with \r, \n and \xHH in it.
send() {
	ask_raw < <(printf %b "$1")
}

# is_refused STATUS REASON BYTES: whether this request gets this status and logs this reason.
is_refused() {
	send "$3"
	answers "$1" "$2" || fail "request: $3"
}

# fields_are_refused REASON FIELD...: whether a request with these fields gets 400 and logs this reason.
fields_are_refused() {
	get /a.txt "${@:2}"
	answers 400 "$1" || fail "fields: ${*:2}"
}

# single_field FIELD: prints its value; fails unless the response has it exactly once.
single_field() {
	equal "$(grep -ci "^$1:" <<<"$head")" 1 "number of $1" >&2 && field "$1"
}

# Requests of many kinds, for send.
requests=(
	'METHOD / HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD /nothing.txt HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD /sub HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD / HTTP/1.1\r\n\r\n'
	'METHOD /%00 HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD /nothing HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD / HTTP/2.0\r\nHost: a\r\n\r\n'
	'METHOD /'"$(printf '%04000d' 0)"' HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD /'"$(printf '%020000d' 0)"' HTTP/1.1\r\nHost: a\r\n\r\n'
	'METHOD / HTTP/1.1\r\nX: '"$(printf '%020000d' 0)"'\r\n\r\n'
)
writes=('POST / HTTP/1.0\r\n\r\n' 'BREW / HTTP/1.0\r\n\r\n')

# has_required_fields BEFORE AFTER: whether the last response has the fields of every response, with a Date
# between the two times.
has_required_fields() {
	local date
	equal "$(single_field Content-Length)" "$(wc -c <"$body_file")" Content-Length
	equal "$(single_field X-Content-Type-Options)" nosniff
	equal "$(single_field Connection)" close
	[[ $(single_field Content-Type) == text/*'; charset=utf-8' ]]
	date=$(date -d "$(single_field Date)" +%s)
	((date >= $1 && date <= $2))
}

# Whether every header line ends in CRLF and is well-formed, and no field is repeated.
has_a_clean_header() {
	equal "$(sed '/^\r$/q' "$response_file" | grep -vc $'\r$')" 0 'lines without CR'
	equal "$(cut -d: -f1 <<<"$head" | sort -f | uniq -di)" '' 'repeated fields'
	refute grep -vE '^(HTTP/1\.1 [0-9]{3} [A-Z][A-Za-z -]+|[A-Z][A-Za-z-]+: [!-~]([ -~]*[!-~])?)$' \
		<<<"$head"
}

# Whether the body is a small, complete HTML page that names the status, and contains nothing
# of the request.
has_an_error_page() {
	local phrase
	phrase=$(sed -n '1s/^HTTP.1\.1 //p' <<<"$head")
	equal "$(field Content-Type)" 'text/html; charset=utf-8'
	(($(wc -c <"$body_file") < 1024))
	[[ $body == '<!DOCTYPE html>'$'\n''<html lang="en">'* && $body == *'</html>' ]]
	contains "$body" "<title>$phrase</title>"
	contains "$body" "<h1>$phrase</h1>"
	grep -qE "^<p>[A-Z][A-Za-z0-9 .,:'/]+\.</p>$" "$body_file"
	equal "$(LC_ALL=C tr -d '\n -~' <"$body_file" | wc -c)" 0 'bytes that are not ASCII'
	refute grep -E '&|000' "$body_file"
}

# bats test_tags=pipes
@test "each response has its required fields, each error its page" {
	local request before
	for request in "${requests[@]}" "${writes[@]}"; do
		printf -v before '%(%s)T'
		send "${request/METHOD/GET}"
		equal "$exit_status" 0 'exit status'
		has_required_fields "$before" "$(date +%s)"
		has_a_clean_header
		[[ $http_status == 200 ]] || has_an_error_page
	done
}

# bats test_tags=pipes
@test "HEAD gets the header of the GET response and no body" {
	local request changing='s/^(Date|ETag): .*/\1:/' of_get
	for request in "${requests[@]}"; do
		send "${request/METHOD/GET}"
		of_get=$(sed -E "$changing" <<<"$head")
		send "${request/METHOD/HEAD}"
		equal "$(sed -E "$changing" <<<"$head")" "$of_get" head
		equal "$(wc -c <"$body_file")" 0 'length of the body'
	done
}

# A tag is weak while a further change could yield the same times.
has_strong_tag() {
	get /a.txt
	tag=$(single_field ETag)
	[[ $tag =~ ^\"[!#-~]+\"$ ]]
}

@test "a file response has Last-Modified, ETag and Accept-Ranges" {
	local tag old
	touch -d @784111777 "$site/a.txt"
	get /a.txt
	answers 200
	equal "$(single_field Last-Modified)" 'Sun, 06 Nov 1994 08:49:37 GMT'
	equal "$(single_field Accept-Ranges)" bytes
	wait_until has_strong_tag
	ask 'HEAD /a.txt HTTP/1.1' 'Host: localhost'
	equal "$(single_field ETag)" "$tag" 'tag of the same file'

	old=$tag
	touch -d @784111778 "$site/a.txt"
	wait_until has_strong_tag
	[[ $tag != "$old" ]]
	printf 'Longer.\n\n' >"$site/a.txt"
	touch -d @784111777 "$site/a.txt"
	wait_until has_strong_tag
	[[ $tag != "$old" ]]
}

@test "a response that is not a file has no Last-Modified, ETag or Accept-Ranges" {
	local target
	for target in /sub /nothing /%00; do
		get "$target"
		refute grep -iE '^(Last-Modified|ETag|Accept-Ranges):' <<<"$head"
	done
}

@test "media types follow the machine's table, text is UTF-8" {
	local name type
	while read -r name type; do
		: >"$site/$name"
		get "/$name"
		equal "$(single_field Content-Type)" "$type" "type of $name"
	done <<-'END'
		a.html text/html; charset=utf-8
		a.HTML text/html; charset=utf-8
		a.htm text/html; charset=utf-8
		a.txt text/plain; charset=utf-8
		a.css text/css; charset=utf-8
		a.csv text/csv; charset=utf-8
		a.js text/javascript; charset=utf-8
		a.json application/json
		a.xml application/xml
		a.svg image/svg+xml
		a.png image/png
		a.jpg image/jpeg
		a.jpeg image/jpeg
		a.webp image/webp
		a.ico image/vnd.microsoft.icon
		a.pdf application/pdf
		a.woff2 font/woff2
		a.mp4 video/mp4
		a.mp3 audio/mpeg
		a.wasm application/wasm
		a.b.png image/png
		a.ts video/mp2t
		a.rss application/rss+xml
		a.yaml text/plain; charset=utf-8
		a.toml text/plain; charset=utf-8
		a.log text/plain; charset=utf-8
		a.conf text/plain; charset=utf-8
		a.md text/plain; charset=utf-8
		a.gpx application/xml
		a.tgz application/gzip
		LICENSE text/plain; charset=utf-8
		.well-known/apple-app-site-association application/json
		.well-known/openid-configuration application/json
	END
}

@test "a file without a known extension gets text/plain if its content is text" {
	local name method
	printf 'Words, caf\303\251.\n' >"$site/notes-of-mine"
	cp "$site/notes-of-mine" "$site/a.unheard-of"
	cp "$site/notes-of-mine" "$site/a."
	cp "$site/notes-of-mine" "$site/html"
	cp "$site/notes-of-mine" "$site/.well-known/discord"
	printf '\177ELF\2\1\1\0' >"$site/program"
	cp "$site/program" "$site/b.unheard-of"
	printf 'caf\351\n' >"$site/latin"
	while read -r name type; do
		for method in GET HEAD; do
			ask "$method /$name HTTP/1.1" 'Host: localhost'
			equal "$(single_field Content-Type)" "$type" "type of $name for $method"
		done
		get "/$name" 'Range: bytes=1-2'
		equal "$http_status $(single_field Content-Type)" "206 $type" "type of a part of $name"
		get "/$name" 'Range: bytes=1-2,0-0'
		contains "$(<"$body_file")" "Content-Type: $type"
	done <<-'END'
		notes-of-mine text/plain; charset=utf-8
		a.unheard-of text/plain; charset=utf-8
		a. text/plain; charset=utf-8
		html text/plain; charset=utf-8
		.well-known/discord text/plain; charset=utf-8
		program application/octet-stream
		b.unheard-of application/octet-stream
		latin application/octet-stream
	END
	gzip -k "$site/program"
	get /program 'Accept-Encoding: gzip'
	equal "$(single_field Content-Encoding) $(single_field Content-Type)" 'gzip application/octet-stream'
}

# Makes an HTML file of so many bytes that declares a charset, and has a letter in ISO 8859-1.
make_latin_page() {
	printf '<!DOCTYPE html>\n<title>a</title>\n<meta charset="%s">\n<p>caf\351%0*d' "$2" "$3" 0 >"$site/$1"
}

@test "an HTML file that declares another charset gets no charset in Content-Type" {
	local length method
	for length in 1 4000 5000 100000; do
		make_latin_page latin.html iso-8859-1 $length
		make_latin_page utf8.html utf-8 $length
		for method in GET HEAD; do
			ask "$method /latin.html HTTP/1.1" 'Host: a'
			equal "$http_status $(single_field Content-Type)" '200 text/html' "$method of $length bytes"
			[[ $method == HEAD ]] || cmp "$body_file" "$site/latin.html"
			equal "$(single_field Content-Length)" "$(stat -c %s "$site/latin.html")"
			ask "$method /utf8.html HTTP/1.1" 'Host: a'
			equal "$(single_field Content-Type)" 'text/html; charset=utf-8' "$method of $length bytes of UTF-8"
		done
		get /latin.html 'Range: bytes=60-'
		equal "$http_status $(single_field Content-Type)" '206 text/html'
		cmp "$body_file" <(tail -c +61 "$site/latin.html")
		get /latin.html 'Range: bytes=0-'
		equal "$http_status $(single_field Content-Type)" '206 text/html'
		cmp "$body_file" "$site/latin.html"
		get /latin.html 'Range: bytes=0-1,4-5'
		equal "$(grep -ac $'^Content-Type: text/html\r$' "$body_file")" 2 'types of parts'
		gzip -fk "$site/latin.html"
		get /latin.html 'Accept-Encoding: gzip'
		equal "$(single_field Content-Encoding) $(single_field Content-Type)" 'gzip text/html'
		cmp "$body_file" "$site/latin.html.gz"
	done
	make_latin_page 404.html windows-1252 10
	get /nothing
	equal "$http_status $(single_field Content-Type)" '404 text/html'
	cmp "$body_file" "$site/404.html"
	ask_raw --keep-alive 5 < <(printf 'GET /%s HTTP/1.1\r\nHost: a\r\n\r\n' latin.html utf8.html a.txt)
	equal "$(grep -ac $'^Content-Type: text/html\r$' "$response_file")" 1
	equal "$(grep -ac '^Content-Type: text/html; charset=utf-8' "$response_file")" 1
	equal "$(grep -ac '^Content-Type: text/plain; charset=utf-8' "$response_file")" 1
	cp "$site/latin.html" "$site/latin.txt"
	get /latin.txt
	equal "$(single_field Content-Type)" 'text/plain; charset=utf-8' 'a file that is no HTML'
	printf '<!DOCTYPE html><!--%01024d--><meta charset=iso-8859-1>' 0 >"$site/late.html"
	get /late.html
	equal "$(single_field Content-Type)" 'text/html; charset=utf-8' 'a charset after 1,024 bytes'
}

@test "the owner's charset is kept, whatever the file declares" {
	make_latin_page latin.html iso-8859-1 10
	printf '/latin.html\n\tContent-Type: text/html; charset=utf-8\n' >"$site/_headers"
	get /latin.html
	equal "$(single_field Content-Type)" 'text/html; charset=utf-8'
	get /latin.html 'Range: bytes=0-1,4-5'
	equal "$(grep -ac $'^Content-Type: text/html; charset=utf-8\r$' "$body_file")" 2
	printf '/a.txt\n\tContent-Type: text/plain; charset=iso-8859-1\n' >"$site/_headers"
	get /a.txt
	equal "$(single_field Content-Type)" 'text/plain; charset=iso-8859-1'
	rm "$site/_headers"
}

@test "an HTTP/1.0 request needs no Host and gets an HTTP/1.1 response" {
	ask 'GET /a.txt HTTP/1.0'
	answers 200
	equal "$body" Hello.
}

@test "a later minor version of HTTP/1 is treated as HTTP/1.1" {
	ask 'GET /a.txt HTTP/1.9' 'Host: localhost'
	answers 200
}

@test "lines may end in a bare LF, and empty lines may precede the request" {
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\nHost: a\n\n')
	answers 200
	ask_raw < <(printf '\r\n\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n')
	answers 200
	equal "$body" Hello.
}

@test "field names are case-insensitive; values may be empty or surrounded by white space" {
	get /a.txt 'hOsT-of: x' $'X-A: \t b \t' 'X-B:' 'X-C:c' "X-D: $(printf '\xe9')" "!#\$%&'*+-.^_\`|~09: x"
	answers 200
	ask 'GET /a.txt HTTP/1.1' $'HOST:\t localhost:8080 \t'
	answers 200
	local host
	for host in '' a a.example:80 '[::1]' '[::1]:8080' 127.0.0.1 a: xn--caf-dma.example; do
		ask 'GET /a.txt HTTP/1.1' "Host: $host"
		answers 200
	done
}

@test "a target of 8000 bytes is accepted" {
	get "/a.txt?${long:0:7992}"
	answers 200
}

@test "many and long fields are accepted" {
	local fields=(X-{1..90}:\ value)
	get /a.txt "${fields[@]}"
	answers 200
	get /a.txt "Cookie: ${long:0:8000}"
	answers 200
}

@test "a body of a GET is ignored" {
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
	answers 200
	equal "$body" Hello.
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
	answers 200
	equal "$body" Hello.
}

@test "a malformed request line gets 400" {
	is_refused 400 target-missing 'GET\r\n\r\n'
	is_refused 400 target-missing 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET /\r\n\r\n'
	is_refused 400 version-malformed 'GET / \r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / http/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / HTTP/1\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / HTTP/1.11\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / HTTP/a.b\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET / ICY/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 version-malformed 'GET /my café.txt HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 method-malformed ' GET / HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 method-malformed 'G\\x45T / HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 method-malformed 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 method-malformed '\x16\x03\x01\x02\r\n\r\n'
	is_refused 400 target-control-byte 'GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 target-control-byte 'GET /a\x00b HTTP/1.1\r\nHost: a\r\n\r\n'
	is_refused 400 target-control-byte 'GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n'
}

@test "a request that ends within its header gets 400" {
	is_refused 400 head-incomplete 'G'
	is_refused 400 head-incomplete 'GET / HTTP/1.0\r\n'
	is_refused 400 head-incomplete 'GET / HTTP/1.0\r\nHost: a\r\n\r'
}

@test "an invalid target gets 400" {
	local target
	for target in '/%' '/%4' '/%zz' '/%4g' '/%%41' '/a%-1' 'http://a/%'; do
		get "$target"
		answers 400 target-bad-encoding
	done
	for target in '/%00' '/a.txt%00' '/a.txt%00.html' '/%2e%00'; do
		get "$target"
		answers 400 target-nul
	done
	for target in a.txt '*' localhost:80 '\a' '?a' 'ftp://a/' 'http:/a' 'http://' 'http:///a' 'javascript:1'; do
		get "$target"
		answers 400 target-form
	done
	get '/a.txt#x'
	answers 400 target-fragment
}

@test "a missing, repeated or invalid Host gets 400" {
	is_refused 400 host-missing 'GET / HTTP/1.1\r\n\r\n'
	is_refused 400 host-repeated 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'
	is_refused 400 host-repeated 'GET / HTTP/1.0\r\nHost: a\r\nhOST: b\r\n\r\n'
	local host
	for host in 'a b' a/b a@b 'a, b' a:b a:1:2 '[::1' '[]' '[::1]x' 'a%2' 'a\b' 'a"b' '<a>'; do
		ask 'GET / HTTP/1.1' "Host: $host"
		answers 400 host-malformed
	done
}

@test "a malformed field gets 400" {
	fields_are_refused field-without-colon 'no colon'
	fields_are_refused field-folded 'X: a' ' b'
	fields_are_refused field-folded 'X: a' $'\tb'
	fields_are_refused field-name-malformed 'X : a'
	fields_are_refused field-name-malformed 'a b: c'
	fields_are_refused field-name-malformed ': a'
	fields_are_refused field-name-malformed $'caf\xe9: a'
	fields_are_refused field-name-malformed $'X\x01: a'
	fields_are_refused field-name-malformed '(X): a'
	fields_are_refused field-control-byte $'X: a\rb'
	fields_are_refused field-control-byte $'X: \x1b[31m'
	fields_are_refused field-control-byte $'X: a\x7f'
	is_refused 400 field-folded 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'
	is_refused 400 field-control-byte 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n'
}

@test "ambiguous body framing gets 400" {
	fields_are_refused length-malformed 'Content-Length: x'
	fields_are_refused length-malformed 'Content-Length: -1'
	fields_are_refused length-malformed 'Content-Length: +1'
	fields_are_refused length-malformed 'Content-Length: 0x1'
	fields_are_refused length-malformed 'Content-Length:'
	fields_are_refused length-malformed 'Content-Length: 1 1'
	fields_are_refused length-malformed 'Content-Length: 99999999999999999999'
	fields_are_refused lengths-differ 'Content-Length: 1, 2'
	fields_are_refused lengths-differ 'Content-Length: 1' 'Content-Length: 2'
	fields_are_refused length-and-coding 'Content-Length: 5' 'Transfer-Encoding: chunked'
	fields_are_refused coding-unknown 'Transfer-Encoding: gzip'
	fields_are_refused coding-unknown 'Transfer-Encoding: chunked, chunked'
	fields_are_refused coding-unknown 'Transfer-Encoding: chunked' 'Transfer-Encoding: identity'
	fields_are_refused field-control-byte $'Transfer-Encoding: \vchunked'
	is_refused 400 coding-in-http-1.0 'GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'
	is_refused 501 coding-unknown 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'
	get /a.txt 'Content-Length: 0' 'Content-Length: 0'
	answers 200
}

@test "a standard method that is not supported gets 405 with Allow" {
	local method
	for method in POST PUT DELETE PATCH TRACE; do
		ask "$method /a.txt HTTP/1.1" 'Host: localhost'
		answers 405 method-not-allowed
		equal "$(single_field Allow)" 'GET, HEAD, OPTIONS'
	done
	ask 'CONNECT localhost:80 HTTP/1.1' 'Host: localhost:80'
	answers 405 method-not-allowed
	get /nothing
	refute grep -i '^Allow:' <<<"$head"
}

@test "an unknown method gets 501, and methods are case-sensitive" {
	local method
	for method in BREW get Get HEADER GETS G "!#\$%&'*+-.^_\`|~09"; do
		ask "$method /a.txt HTTP/1.1" 'Host: localhost'
		answers 501 method-unknown
		refute grep -i '^Allow:' <<<"$head"
	done
}

@test "a request of another major version of HTTP gets 505" {
	local version
	for version in 0.9 2.0 3.0 9.9; do
		ask "GET / HTTP/$version" 'Host: localhost'
		answers 505 version-unsupported
	done
	is_refused 505 version-unsupported 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
}

@test "a target or request line above the limit gets 414, even without an end" {
	get "/${long:0:4000}"
	answers 414 target-too-long
	get "/$long"
	answers 414 request-line-too-long
	ask_raw < <(head -c 1000000 /dev/zero | tr '\0' a)
	answers 414 request-line-too-long
}

@test "one byte above the limits of request line and header yields 414 and 431" {
	local line='GET /a.txt? HTTP/1.1' rest=$'Host: a\r\nX: '
	line=${line/\?/?${long:0:12288 - ${#line}}}
	ask "$line" 'Host: a'
	answers 200
	ask "${line/\?/?0}" 'Host: a'
	answers 414 request-line-too-long

	line=$'GET /a.txt HTTP/1.1\r\n'
	rest+=${long:0:16384 - ${#line} - ${#rest} - 4}
	ask "$line$rest"
	answers 200
	ask "$line${rest}0"
	answers 431 head-too-long
}

@test "too many or too long fields get 431, even without an end" {
	local fields=(X-{1..120}:\ a)
	get / "${fields[@]}"
	answers 431 too-many-fields
	get / "X: $long"
	answers 431 head-too-long
	ask_raw < <(printf 'GET / HTTP/1.1\r\nX: ' && head -c 1000000 /dev/zero | tr '\0' a)
	answers 431 head-too-long
	ask_raw < <(printf 'GET / HTTP/1.1\r\n' && yes $'X: a\r' | head -n 100000)
	answers 431 head-too-long
}

#!/usr/bin/env bats
# _headers: which responses get its fields, which fields of the server they replace, and which they cannot
# change. test_header_rules.c tests its syntax.

# shellcheck disable=SC2034,SC2154 # helpers.bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
}

# rules LINE...: writes the site's _headers.
rules() {
	printf '%s\n' "$@" >"$site/_headers"
}

@test "fields of matching blocks are sent, in order and joined" {
	rules '/*' '  X-All: 1' '/sub/*' '  X-All: 2' '  X-Sub: a: b' '/*.txt' '  X-Text: yes' \
		'https://b.example/*' '  X-Host: b'
	get /a.txt
	equal "$(field X-All) $(field X-Text) $(field X-Sub)" '1 yes '
	get /sub/
	equal "$(field X-All)|$(field X-Sub)|$(field X-Text)" '1, 2|a: b|'
	ask 'GET /a.txt HTTP/1.1' 'Host: b.example:80'
	equal "$(field X-Host)" b
	ask 'HEAD /a.txt HTTP/1.1' 'Host: a'
	equal "$(field X-All) $(field X-Text)" '1 yes'
}

@test "a block matches the requested path, and the path of the served file" {
	printf 'about\n' >"$site/about.html"
	printf '/app/* /index.html 200\n' >"$site/_redirects"
	rules '/' '  A: root' '/index.html' '  B: index' '/about' '  A: about' '/about.html' '  B: file' \
		'/app/*' '  A: app'
	handler_options=(--extension html)
	get /
	equal "$(field A) $(field B)" 'root index'
	get /index.html
	equal "$(field A) $(field B)" ' index'
	get /about
	equal "$(field A) $(field B)" 'about file'
	get /app/deep
	equal "$(field A) $(field B)" 'app index'
}

@test "other fields are sent with every response, Content-Type and Cache-Control with files only" {
	rules '/*' '  X-A: 1' '  Content-Type: text/x-own' '  Cache-Control: max-age=9' '  Vary: Origin' \
		'  Access-Control-Allow-Origin: *'
	printf '/r /s\n/g /a.txt 410\n' >"$site/_redirects"
	interval=0.2 wait_until unchanged_for_two_seconds "$site/a.txt"
	get /a.txt
	local tag
	tag=$(field ETag)
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '200 1 text/x-own max-age=9'
	get /a.txt "If-None-Match: $tag"
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '304 1 text/x-own max-age=9'
	equal "$(field Access-Control-Allow-Origin) $(field Vary)" '* Origin'
	get /a.txt 'Range: bytes=0-1'
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '206 1 text/x-own max-age=9'
	get /a.txt 'Range: bytes=0-0,2-3'
	equal "$http_status $(field Cache-Control)" '206 max-age=9'
	contains "$(field Content-Type)" 'multipart/byteranges; boundary='
	equal "$(grep -ac '^Content-Type: text/x-own' "$body_file")" 2
	get /a.txt 'Range: bytes=100-'
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '416 1 text/html; charset=utf-8 '
	get /a.txt 'If-Match: "x"'
	equal "$http_status $(field X-A) $(field Cache-Control)" '412 1 '
	get /nothing
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '404 1 text/html; charset=utf-8 '
	equal "$(field Vary)" Origin
	get /sub
	equal "$http_status $(field X-A) $(field Cache-Control)" '301 1 '
	get /r
	equal "$http_status $(field X-A) $(field Cache-Control)" '301 1 '
	get /g
	equal "$http_status $(field X-A) $(field Content-Type) $(field Cache-Control)" '410 1 text/plain; charset=utf-8 '
	ask 'OPTIONS /a.txt HTTP/1.1' 'Host: a'
	equal "$http_status $(field X-A) $(field Access-Control-Allow-Origin)" '204 1 *'
	ask 'OPTIONS * HTTP/1.1' 'Host: a'
	equal "$http_status $(field X-A)" '204 1'
	handler_options=(--health-path /healthz)
	get /healthz
	equal "$http_status $(field X-A) $(field Cache-Control)" '200  no-store'
}

@test "refused requests get the fields of their path, or those for all paths if it is unknown" {
	local request
	rules '/*' '  X-All: 1' '  Cache-Control: max-age=9' '/a*' '  X-A: 1' 'https://b.example/*' '  X-Host: b' '/' '  X-Root: 1'
	ask 'POST /a.txt HTTP/1.1' 'Host: a' 'Content-Length: 0'
	equal "$http_status $(field X-All) $(field X-A)" '405 1 1'
	equal "$(field Allow)|$(field Cache-Control)|$log" 'GET, HEAD, OPTIONS||POST /a.txt | - | - | 405 Method Not Allowed (method-not-allowed)'
	ask 'PUT http://b.example/a.txt HTTP/1.1' 'Host: c'
	equal "$http_status $(field X-All) $(field X-A) $(field X-Host)" '405 1 1 b'
	contains "$log" 'PUT http://b.example/a.txt |'
	ask 'BREW /a.txt HTTP/1.1' 'Host: b.example'
	equal "$http_status $(field X-All) $(field X-A)" '501 1 1'
	ask 'GET /a.txt HTTP/2.0' 'Host: a'
	equal "$http_status $(field X-All)" '505 1'
	ask 'GET /a.txt HTTP/1.1' 'Host: a' 'Bad'
	equal "$http_status $(field X-All) $(field X-A)" '400 1 1'
	ask 'GET /a.txt HTTP/1.1'
	equal "$http_status $(field X-All) $(field X-A)" '400 1 1'
	for request in 'nonsense' 'GET /%zz HTTP/1.1' 'GET b HTTP/1.1' "GET /$(printf 'a%.0s' {1..9000}) HTTP/1.1" \
		"GET /$(printf 'a%.0s' {1..13000}) HTTP/1.1" 'CONNECT a:80 HTTP/1.1'; do
		ask "$request" 'Host: a'
		[[ $http_status =~ ^4(00|05|14)$ ]] || fail "status $http_status"
		equal "$(field X-All) $(field X-A)$(field X-Root)$(field X-Host)" '1 ' "fields for ${request:0:20}"
	done
	ask 'GET /a.txt HTTP/1.1' "X: $(printf 'a%.0s' {1..20000})"
	equal "$http_status $(field X-All)" '431 1'
	handler_options=(--header-timeout 1)
	ask_raw < <(printf 'GET /a' && sleep 2)
	equal "$http_status $(field X-All)" '408 1'
	handler_options=(--vhosts)
	mkdir "$site/b.example"
	printf '/*\n  X-Own: b\n' >"$site/b.example/_headers"
	ask 'BREW /a.txt HTTP/1.1' 'Host: b.example'
	equal "$http_status $(field X-Own) $(field X-All)" '501 b '
	ask 'BREW /a.txt HTTP/1.1' 'Host: c.example'
	equal "$http_status $(field X-Own) $(field X-All)" '501  '
}

@test "a listing gets the fields, and keeps its media type" {
	rules '/*' '  X-A: 1' '  Content-Type: text/x-own' '  Cache-Control: max-age=9' '  Vary: Origin'
	handler_options=(--list --cache-control no-cache)
	get /empty/
	equal "$http_status $(field X-A) $(field Content-Type)" '200 1 text/html; charset=utf-8'
	equal "$(field Cache-Control) $(field Vary)" 'max-age=9 Origin'
}

@test "a field replaces that of the options, and ! removes it" {
	handler_options=(--cache-control no-cache --header 'X-Own: option' --header 'X-Two: option')
	rules '/a.txt' '  Cache-Control: public, max-age=31536000, immutable' '  x-own: file' \
		'/index.html' '  ! Cache-Control' '  ! x-two' '  ! X-Content-Type-Options' \
		'/sub/*' '  X-Content-Type-Options: other'
	get /a.txt
	equal "$(field Cache-Control)" 'public, max-age=31536000, immutable'
	equal "$(field X-Own)|$(field x-own)|$(field X-Two)" '|file|option'
	equal "$(field X-Content-Type-Options)" nosniff
	get /
	equal "$(field Cache-Control)|$(field X-Own)|$(field X-Two)|$(field X-Content-Type-Options)" '|option||'
	get /sub/
	equal "$(field Cache-Control) $(field X-Content-Type-Options)" 'no-cache other'
}

@test "of several Content-Type the last is sent" {
	rules '/*' '  Content-Type: text/x-a' '/a.txt' '  Content-Type: text/x-b; charset=iso-8859-1'
	get /a.txt
	equal "$(field Content-Type)" 'text/x-b; charset=iso-8859-1'
	get /nothing.txt
	equal "$(field Content-Type)" text/x-a
	rules '/*' '  Content-Type: text/x-a' '  ! Content-Type'
	get /a.txt
	equal "$(field Content-Type)" 'text/plain; charset=utf-8'
}

@test "values are added to Vary, which cannot be removed" {
	printf 'Hello.\n' | gzip >"$site/a.txt.gz"
	rules '/*' '  Vary: Origin' '/a.txt' '  Vary: Cookie'
	get /a.txt 'Accept-Encoding: gzip'
	equal "$(field Content-Encoding) $(field Vary)" 'gzip Accept-Encoding, Origin, Cookie'
	rules '/*' '  ! Vary'
	get /a.txt 'Accept-Encoding: gzip'
	equal "$(field Vary)" Accept-Encoding
}

@test "several Set-Cookie are sent as separate fields" {
	rules '/*' '  Set-Cookie: a=1; Path=/' '  Set-Cookie: b=2'
	get /a.txt
	equal "$(grep '^Set-Cookie' <<<"$head" | paste -sd '|')" 'Set-Cookie: a=1; Path=/|Set-Cookie: b=2'
}

@test "framing, validators, ranges, Date, Location and Allow cannot be set or removed" {
	local before name names lines
	names=(Content-Length Transfer-Encoding Connection ETag Last-Modified Date Location Allow Accept-Ranges Content-Range
		Content-Encoding Keep-Alive Trailer Upgrade X-Listing-Truncated)
	get /a.txt
	before=$head
	for lines in '  %s: 1\n' '  ! %s\n'; do
		# shellcheck disable=SC2059 # the format is chosen
		{ echo '/*' && printf "$lines" "${names[@]}"; } >"$site/_headers"
		get /a.txt
		equal "$(grep -v '^Date\|^ETag' <<<"$head")" "$(grep -v '^Date\|^ETag' <<<"$before")" "header with $lines"
		contains "$(field Date)" GMT
		contains "$(field ETag)" '"'
		equal "$body" Hello.
	done
}

@test "a bad line is ignored, and no line ends up in the header unescaped" {
	printf '/*\n  X-A: 1\rX-B: 2\n  X-C: 3\r\n  Bad\n  B@d: 4\n  X-D: \x01\n/*/*\n  X-E: 5\n' >"$site/_headers"
	get /a.txt
	equal "$(field X-C)" 3
	refute grep -aE '^(X-[ABDE]|B)' <<<"$head"
}

@test "above 64 KiB the file is ignored; so are further blocks after 100, lines above 2000 bytes, fields above 16 KiB" {
	rules '/*' "  X-A: $(printf 'a%.0s' {1..1993})" "  X-B: $(printf 'a%.0s' {1..1998})"
	get /a.txt
	equal "$(field X-A | wc -c) $(field X-B)" '1994 '
	for ((i = 1; i <= 101; i++)); do
		printf '/a.txt\n  X-%d: 1\n' "$i"
	done >"$site/_headers"
	get /a.txt
	equal "$(grep -c '^X-[0-9]' <<<"$head") $http_status $body" '64 200 Hello.'
	for ((i = 1; i <= 101; i++)); do
		printf '/%d\n  X-A: 1\n' "$i"
	done >"$site/_headers"
	get /100
	equal "$(field X-A)" 1
	get /101
	equal "$(field X-A)" ''
	for ((i = 1; i <= 30; i++)); do
		printf '/*\n  X-%d: %s\n' "$i" "$(printf 'a%.0s' {1..1900})"
	done >"$site/_headers"
	get "/nothing?$(printf '%%%.0s' {1..10})"
	equal "$(grep -c '^X-[0-9]' <<<"$head") $http_status $(field Content-Length)" "8 404 $(wc -c <"$body_file")"
	head -c 65537 /dev/zero | tr '\0' '\n' >"$site/_headers"
	printf '/*\n  X-A: 1\n' | dd of="$site/_headers" conv=notrunc status=none
	get /a.txt
	equal "$http_status $(field X-A)" '200 '
	truncate -s 65536 "$site/_headers"
	get /a.txt
	equal "$(field X-A)" 1
}

@test "the longest possible header is sent completely" {
	local long
	long=$(printf '"%.0s' {1..8000})
	for ((i = 1; i <= 8; i++)); do
		printf '/*\n  X-%d: %s\n' "$i" "$(printf 'a%.0s' {1..1990})"
	done >"$site/_headers"
	for ((i = 1; i <= 15; i++)); do
		handler_options+=(--header "Y-$i: $(printf 'b%.0s' {1..1080})")
	done
	mkdir -p "$site/$(printf '"%.0s' {1..250})/$(printf '"%.0s' {1..250})"
	get "/$(printf '%%22%.0s' {1..250})/$(printf '%%22%.0s' {1..250})?$long"
	equal "$http_status $(field Location | wc -c)" "301 $((1 + 750 + 1 + 750 + 1 + 1 + 3 * 8000 + 1))"
	equal "$(field Content-Length)" "$(wc -c <"$body_file")"
}

@test "with --vhosts each host has its own _headers" {
	mkdir -p "$site/one.example" "$site/default"
	printf '/*\n  X-A: one\n' >"$site/one.example/_headers"
	printf '/*\n  X-A: default\n' >"$site/default/_headers"
	rules '/*' '  X-A: root'
	printf 'x\n' | tee "$site/one.example/x" >"$site/default/x"
	handler_options=(--vhosts)
	ask 'GET /x HTTP/1.1' 'Host: one.example'
	equal "$(field X-A)" one
	ask 'GET /x HTTP/1.1' 'Host: two.example'
	equal "$(field X-A)" default
}

@test "on a persistent connection each response has the fields for its path" {
	rules '/a.txt' '  X-A: 1' '/nothing.txt' '  X-B: 2'
	handler_options=(--keep-alive 5)
	ask_raw < <(printf 'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' /a.txt /nothing.txt /index.html)
	equal "$(tr -d '\r' <"$response_file" | grep -a '^X-[AB]\|^HTTP' | paste -sd ,)" \
		'HTTP/1.1 200 OK,X-A: 1,HTTP/1.1 200 OK,X-B: 2,HTTP/1.1 200 OK'
}

# An ordinary user's strace cannot read the memory of a handler.
# bats test_tags=root
@test "without _headers a response costs one failed open" {
	handler_options=(--log off)
	runner=(strace --quiet=all --trace=openat2 --output="$BATS_TEST_TMPDIR/trace")
	get /a.txt
	equal "$http_status $(grep -c '"_headers".* ENOENT' trace)" '200 1'
	rules '/*' '  X-A: 1'
	get /a.txt
	equal "$(field X-A) $(grep -c '"_headers"' trace)" '1 1'
}

@test "several ranges with the longest Content-Type have the length that is sent" {
	local type
	type="text/plain; x=$(printf '%01900d' 0)"
	rules '/*' "  Content-Type: $type"
	head -c 5000 /dev/zero | tr '\0' a >"$site/a.txt"
	get /a.txt 'Range: bytes=0-9,20-29'
	equal "$http_status" 206
	equal "$(grep -c '^Content-Type: text/plain; x=0' "$body_file")" 2
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
}

@test "a _headers that is too large has no effect, and the log says so" {
	rules '/*' '  X-A: 1' "$(head -c 65536 /dev/zero | tr '\0' '#')"
	get /a.txt
	equal "$http_status $(field X-A)" '200 '
	contains "$log" '(headers-too-large)'
}

@test "an HTML file that declares its charset has the same type for each range" {
	{ echo '<meta charset=iso-8859-1>' && seq 1000; } >"$site/latin.html"
	local range
	for range in 0-9 0-99 5-20 2000-2009; do
		get /latin.html "Range: bytes=$range"
		equal "$http_status $(field Content-Type)" '206 text/html' "range $range"
	done
}

@test "a 304 leaves out fields that describe the representation" {
	rules '/*' '  Content-Language: de' '  X-A: 1'
	interval=0.2 wait_until unchanged_for_two_seconds "$site/a.txt"
	get /a.txt
	equal "$http_status $(field Content-Language) $(field X-A)" '200 de 1'
	get /a.txt "If-None-Match: $(field ETag)"
	equal "$http_status $(field Content-Language) $(field X-A)" '304  1'
}

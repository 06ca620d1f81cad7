#!/usr/bin/env bats
# _redirects: which rule applies to a request, the response for each status, what is counted and logged, the
# limits of the file, one file per host, and that neither file of rules is served. test_redirects.c tests its syntax.

# shellcheck disable=SC2034,SC2154 # helpers.bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	hits=$BATS_TEST_TMPDIR/hits
	handler_options=(--hits "$hits")
}

# rules LINE...: writes the site's _redirects.
rules() {
	printf '%s\n' "$@" >"$site/_redirects"
}

# redirects TARGET STATUS LOCATION LINE: whether the rule of this line redirects the target, and is logged.
redirects() {
	get "$1"
	equal "$exit_status $http_status $(field Location)" "0 $2 $3" answer
	contains "$log" "(redirects:$4)"
}

# no_rule_applies TARGET: whether the target gets 404, and no rule is logged.
no_rule_applies() {
	get "$1"
	equal "$exit_status $http_status $(field Location)" '0 404 ' answer
	refute grep -q redirects <<<"$log"
}

@test "each redirect status is sent with its Location, and counts no hit" {
	rules '/a /b' '/301 /b 301' '/302 /b 302' '/303 /b 303' '/307 /b 307' '/308 https://example.org/x 308'
	redirects /a 301 /b 1
	redirects /301 301 /b 2
	redirects /302 302 /b 3
	redirects /303 303 /b 4
	redirects /307 307 /b 5
	redirects /308 308 https://example.org/x 6
	equal "$log" '/308 | - | - | 308 Permanent Redirect (redirects:6)'
	contains "$body" 'href="https://example.org/x"' || contains "$body" '<h1>308 Permanent Redirect</h1>'
	get /308 X:y
	equal "$(field Content-Length)" "$(wc -c <"$body_file")"
	ask 'HEAD /a HTTP/1.1' 'Host: a'
	equal "$http_status $(field Location) $body" '301 /b '
	[[ ! -e $hits || $(wc -c <"$hits") -ge 0 ]]
	refute grep -aq '/30' "$hits"
}

@test "the Location contains splats, placeholders, the query and the final slash of the request" {
	rules '/blog/:year/* /posts/:splat?y=:year' '/docs/* /manual/:splat' '/x /y#z'
	redirects '/blog/2024/a%20b/c?d=e' 301 '/posts/a%20b/c?y=2024' 1
	redirects '/docs/a/?b=c&d' 301 '/manual/a/?b=c&d' 2
	redirects /docs 301 /manual/ 2
	redirects '/docs//./a/../b' 301 /manual/b 2
	redirects //docs///a//b// 301 /manual/a/b/ 2
	redirects //x// 301 '/y#z' 3
	redirects '/x/?q' 301 '/y?q#z' 3
}

@test "an existing file precedes any rule" {
	rules '/a.txt /no' '/sub/ /no' '/sub /no' '/* /no'
	get /a.txt
	equal "$http_status $body" '200 Hello.'
	get /sub
	equal "$http_status $(field Location)" '301 /sub/'
	get /sub/
	equal "$http_status" 200
	redirects /nothing 301 /no 4
	redirects /empty/ 301 /no 4
	redirects /a.txt/b 301 /no 4
	redirects "/$(printf 'a%.0s' {1..300})" 301 /no 4
}

@test "no rule applies to a file that exists but is not served" {
	rules '/* /no'
	no_rule_applies /fifo
	no_rule_applies /.secret
	no_rule_applies /leaving.txt
	no_rule_applies /loop
	runner=("${ordinary_user[@]}")
	give_ordinary_user_access
	chmod a+rx "$site" # the ordinary user must reach it
	get /unreadable.txt
	equal "$http_status" 403
	runner=()
	ask 'POST /nothing HTTP/1.1' 'Host: a' 'Content-Length: 0'
	equal "$http_status" 405
}

@test "a rule with 200 serves its target, and counts a hit of the target" {
	rules '/s/* /sub/deep/file.txt 200' '/* /index.html 200'
	get /a/deep/link?x=y
	equal "$http_status $(field Content-Type) $(field Location)" '200 text/html; charset=utf-8 '
	cmp "$body_file" "$site/index.html"
	equal "$log" '/index.html | - | - | 1 (redirects:2)'
	get /
	equal "$log" '/index.html | - | - | 2'
	get /s/1 'Range: bytes=1-2'
	equal "$http_status $body" '206 ee'
	get /s/1
	local tag
	tag=$(field ETag)
	interval=0.2 wait_until unchanged_for_two_seconds "$site/sub/deep/file.txt"
	get /s/1
	tag=$(field ETag)
	get /s/1 "If-None-Match: $tag"
	equal "$http_status" 304
	ask 'HEAD /s/2 HTTP/1.1' 'Host: a'
	equal "$http_status $(field Content-Length) $body" '200 5 '
}

@test "a rule with 200 whose target is a directory serves the index file" {
	rules '/a /sub 200' '/b /sub/ 200' '/c /empty 200'
	get /a
	cmp "$body_file" "$site/sub/index.html"
	get /b
	equal "$log" '/sub/index.html | - | - | 2 (redirects:2)'
	handler_options+=(--list)
	get /c
	equal "$http_status $log" '404 /c | - | - | 404 Not Found (redirects:3)'
}

@test "a rule with 404, 410 or 451 serves its target with this status, and counts no hit" {
	printf 'gone\n' >"$site/gone.txt"
	rules '/x/* /gone.txt 410' '/y/* /gone.txt 451' '/z/* /gone.txt 404' '/n/* /missing.html 410'
	for answer in 'x 410 Gone 1' 'y 451 Unavailable For Legal Reasons 2' 'z 404 Not Found 3'; do
		get "/${answer%% *}/1" 'Range: bytes=1-'
		answer=${answer#* }
		equal "$head" "HTTP/1.1 ${answer% *}"$'\n'"$(tail -n +2 <<<"$head")"
		equal "$body $(field Content-Type) $(field ETag)" 'gone text/plain; charset=utf-8 '
		contains "$log" "${answer% *} (redirects:${answer##* })"
	done
	get /n/1
	equal "$http_status" 410
	contains "$body" '<h1>410 Gone</h1>'
	refute grep -aq gone "$hits"
}

@test "a rule whose target cannot be served yields 404, and no second rule applies" {
	rules '/a /b 200' '/b /a.txt 200' '/c /.secret 200' '/d /leaving.txt 200' '/e /_redirects 200'
	for name in a c d e; do
		get "/$name"
		equal "$http_status" 404
		contains "$log" 'redirects:'
		refute grep -q 'hidden\|outside\|200' "$body_file"
	done
	get /b
	equal "$body" Hello.
}

@test "a rule that leads to the request itself is skipped" {
	rm "$site/index.html"
	rules '/* /index.html 200' '/x /x/ 301' '/* /y 301'
	redirects /index.html 301 /y 3
	rules '/a/* /a/:splat'
	no_rule_applies /a/b
}

@test "no requested path makes a Location lead to another host" {
	rules '/a/* /:splat/x' '/b/* /:splat'
	redirects /a//evil.example 301 /evil.example/x 1
	redirects /a/%2F%2Fevil.example 301 /evil.example/x 1
	redirects /a 301 /x 1
	redirects '/b/%5Cevil.example' 301 /%5Cevil.example 2
	redirects '/b/%0d%0aSet-Cookie:a' 301 /%0D%0ASet-Cookie:a 2
	refute grep -ai '^set-cookie' "$response_file"
}

@test "rules of a host apply to that host only" {
	rules 'https://a.example/* /a' 'http://b.example:99/* /b'
	ask 'GET /x HTTP/1.1' 'Host: A.example:8080'
	equal "$(field Location)" /a
	ask 'GET http://b.example/x HTTP/1.1' 'Host: a.example'
	equal "$(field Location)" /b
	ask 'GET /x HTTP/1.0'
	equal "$http_status" 404
}

@test "with --vhosts each host has its own _redirects" {
	mkdir -p "$site/one.example" "$site/default"
	printf '/x /one\n' >"$site/one.example/_redirects"
	printf '/x /else\n/y /y.txt 200\n' >"$site/default/_redirects"
	printf 'y\n' >"$site/default/y.txt"
	handler_options+=(--vhosts)
	ask 'GET /x HTTP/1.1' 'Host: one.example'
	equal "$(field Location)" /one
	ask 'GET /x HTTP/1.1' 'Host: two.example'
	equal "$(field Location)" /else
	ask 'GET /y HTTP/1.1' 'Host: two.example'
	equal "$body $log" 'y //default/y.txt | - | - | 1 (redirects:2)'
	rules '/x /root'
	ask 'GET /x HTTP/1.1' 'Host: one.example'
	equal "$(field Location)" /one
}

@test "a file above its limits has no effect, and is logged" {
	{
		printf '/a /b\n'
		head -c 65530 /dev/zero | tr '\0' '#'
	} >"$site/_redirects"
	truncate -s 65536 "$site/_redirects"
	redirects /a 301 /b 1
	printf '#' >>"$site/_redirects"
	get /a
	equal "$http_status $log" '404 /a | - | - | 404 Not Found (redirects-too-large)'
	seq -f '/%.0f /x' 1000 >"$site/_redirects"
	redirects /1000 301 /x 1000
	printf '/a /b\n' >>"$site/_redirects"
	get /1000
	contains "$log" '(redirects-too-large)'
}

@test "the most expensive rules and path: five requests take less than a minute" {
	local deep before
	deep=$(printf '/a%.0s' {1..1700})
	{
		for _ in {1..64}; do
			printf '/:a%s/* /x 301\n' "$(printf '/%%61%.0s' {1..240})"
			printf '/* /%s\n' "$(printf ':splat%.0s' {1..30})"
		done
	} | head -c 65536 >"$site/_redirects"
	before=$(now_ms)
	for _ in 1 2 3 4 5; do
		get "$deep/b"
		[[ $http_status =~ 301|404 ]]
	done
	(($(now_ms) - before < 60000))
}

# cannot_read_rules: whether neither file can be read, which the log shows as an error.
cannot_read_rules() {
	get /x
	equal "$http_status $(field Location) $log" '404  /x | - | - | 404 Not Found (redirects-unreadable)'
	get /a.txt
	equal "$exit_status $body" '0 Hello.'
	contains "$log" '(headers-unreadable)'
}

@test "a file of rules that cannot be read has no effect, and the log says so; a link to one works" {
	printf '/* /y\n' >rules
	local name
	for name in _redirects _headers; do mkfifo "$site/$name"; done
	cannot_read_rules
	for name in _redirects _headers; do ln -sfn "$outside/secret.txt" "$site/$name"; done
	cannot_read_rules
	for name in _redirects _headers; do ln -sfn "$name" "$site/$name"; done
	cannot_read_rules
	for name in _redirects _headers; do install -m 000 rules "$BATS_TEST_TMPDIR/$name" && mv "$BATS_TEST_TMPDIR/$name" "$site/$name"; done
	give_ordinary_user_access
	hits=$BATS_TEST_TMPDIR/dir/hits
	handler_options=()
	runner=("${ordinary_user[@]}")
	cannot_read_rules
	runner=() handler_options=(--hits hits)
	rm "$site"/_*
	mkdir "$site/_redirects" "$site/_headers"
	no_rule_applies /x
	get /a.txt
	equal "$log" '/a.txt | - | - | 4'
	rmdir "$site"/_*
	printf '/x /y\n' >"$site/rules.txt"
	ln -s rules.txt "$site/_redirects"
	redirects /x 301 /y 1
}

@test "neither file of rules is served or listed" {
	rules '/* /index.html 200'
	printf '/*\n  X-A: b\n' >"$site/_headers"
	rm "$site/index.html"
	handler_options+=(--list)
	for name in /_redirects /_headers /%5fheaders //./_redirects; do
		get "$name"
		equal "$http_status" 404
		contains "$log" '(rules-file)'
	done
	get /
	equal "$http_status" 200
	refute grep -q '_redirects\|_headers' "$body_file"
	mkdir "$site/sub/_headers"
	printf 'x\n' >"$site/empty/_redirects"
	get /empty/_redirects
	equal "$body" x

	# By another way, or with a coding.
	ln -s . "$site/here"
	ln -s _headers "$site/other.txt"
	gzip --keep "$site/_headers"
	for name in /here/_headers /here/here/_redirects /sublink/../_headers /other.txt /_headers.gz /_Headers; do
		get "$name"
		equal "$http_status" 404 "status of $name"
		refute grep -q X-A "$body_file"
	done
	get /here/
	equal "$http_status" 200
	refute grep -q '_redirects\|_headers' "$body_file"
	get /link.txt
	equal "$body" Hello.
	get /empty/
	contains "$body" _redirects
}

@test "no page, README or compressed file that is a link to a file of rules shows it" {
	local name
	printf '/*\n  X-A: secret\n' >"$site/_headers"
	printf '/secret /x\n' >"$site/_redirects"
	ln -s . "$site/here"
	rm "$site/index.html"
	for name in _headers _redirects here/_headers "$site/_headers"; do
		ln -sfn "$name" "$site/404.html"
		ln -sfn "$name" "$site/README.md"
		ln -sfn "$name" "$site/a.txt.gz"
		handler_options=()
		get /nothing
		equal "$http_status" 404
		contains "$body" '<h1>404 Not Found</h1>'
		get / 'Accept-Encoding: gzip'
		equal "$http_status" 404
		get /a.txt 'Accept-Encoding: gzip'
		equal "$(field Content-Encoding) $body" ' Hello.' "a.txt with a link to $name"
		handler_options=(--list)
		get /
		equal "$http_status" 200
		refute grep -q secret "$body_file"
	done
	ln -sfn "$site/sub/deep/file.txt" "$site/README.md"
	get /
	contains "$body" '<pre>
deep'
	handler_options+=(--no-rules)
	ln -sfn _headers "$site/404.html"
	get /nothing
	contains "$body" secret
}

@test "a directory with the name of a file of rules is not served, with or without its slash" {
	mkdir "$site/_headers" "$site/_redirects"
	echo page | tee "$site/_headers.html" "$site/_headers/index.html" >"$site/_headers/x"
	handler_options+=(--extension html --list)
	for name in /_headers /_headers/ /_headers/x /_headers/index.html /_redirects /_redirects/; do
		get "$name"
		equal "$http_status $(field Location)" '404 ' "answer to $name"
		contains "$log" '(rules-file)'
	done
	get /_headers.html
	equal "$body" page
}

@test "a target that the request makes longer than 16 KiB gets 414, and no later rule applies" {
	local long
	long=$(printf '"%.0s' {1..5500})
	rules '/a/* /b' '/s/:x/* /:x/:splat/:splat/:splat/:splat/:splat' '/g/:x /:x:x:x:x:x:x:x:x:x.txt 410' '/* /index.html 200'
	get "/a/?${long:0:5400}"
	equal "$http_status $(field Location | wc -c)" "301 $((1 + 3 + 3 * 5400))"
	get "/a/?$long"
	equal "$exit_status $http_status $(field Location)" '0 414 '
	contains "$log" '| 414 URI Too Long (redirect-too-long)'
	equal "$(field Content-Length)" "$(wc -c <"$body_file")" length
	get "/s/x/${long:0:1200}"
	equal "$http_status" 414
	get "/g/${long:0:700}"
	equal "$http_status" 414
	get "/other?$long"
	equal "$http_status" 200
}

@test "a compressed picture that a rule serves with 404 or 410 has its coding" {
	rules '/gone/* /a.svgz 410' '/missing/* /a.svgz 404' '/here/* /a.svgz 200'
	echo '<svg xmlns="http://www.w3.org/2000/svg"/>' | gzip >"$site/a.svgz"
	for name in /gone/x /missing/x /here/x; do
		get "$name"
		equal "$(field Content-Type) $(field Content-Encoding)" 'image/svg+xml gzip' "$name"
		cmp "$body_file" "$site/a.svgz"
	done
}

@test "with --no-rules both files are served like any other" {
	rules '/a /b'
	printf '/*\n  X-A: b\n' >"$site/_headers"
	handler_options+=(--no-rules)
	no_rule_applies /a
	get /_redirects
	equal "$http_status $body $(field X-A)" '200 /a /b '
	rm "$site/index.html"
	handler_options+=(--list)
	get /
	contains "$body" _headers
}

@test "on a persistent connection rules apply to each request" {
	rules '/a /b' '/c /a.txt 200'
	handler_options+=(--keep-alive 5)
	ask_raw < <(
		for path in /a /a.txt /c /a /a.txt; do
			printf 'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' "$path"
		done
	)
	log=${log// | - | -/}
	equal "${log//$'\n'/,}" \
		'/a | 301 Moved Permanently (redirects:1),/a.txt | 1,/a.txt | 2 (redirects:2),/a | 301 Moved Permanently (redirects:1),/a.txt | 3'
	equal "$(grep -ac '^Location: /b' "$response_file")" 2
}

@test "a rule with status 404 or 410 sends no file that is not served, and the length is right" {
	local target
	rules '/old/* /:splat 410' '/dir /sub/ 404' '/fifo /fifo.txt 404' '/alias /alias.txt 451'
	printf 'secret\n' >"$site/_headers"
	ln -s . "$site/self"
	ln -s _headers "$site/alias.txt"
	rm -f "$site/sub/index.html"
	mkdir -p "$site/sub"
	mkfifo "$site/fifo.txt"
	handler_options+=(--list)
	for target in /old/self/_headers /old/_headers /dir /fifo /alias; do
		get "$target"
		[[ $http_status =~ ^4(04|10|51)$ ]] || fail "$target: $http_status"
		refute grep -q secret "$body_file"
		contains "$body" "$http_status"
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" "length for $target"
	done
}

@test "a rule whose target is too long for a path gets 414" {
	rules "/long/* /$(printf 'a%.0s' {1..200})/:splat 200"
	get "/long/$(printf 'b%.0s' {1..3400})"
	equal "$http_status" 414
	contains "$log" '414 URI Too Long (redirects:1)'
	get /long/b
	equal "$http_status" 404
}

@test "a directory gets its final slash first, then the rule if nothing is served there" {
	rules '/docs /docs/intro' '/full /elsewhere'
	mkdir "$site/docs" "$site/full"
	echo index >"$site/full/index.html"
	get /docs
	equal "$http_status $(field Location)" '301 /docs/'
	redirects /docs/ 301 /docs/intro 1
	get /full/
	equal "$http_status $body" '200 index'
}

#!/usr/bin/env bats
# --counter-path: which resource a counter shows, its formats, and that showing it leaves no trace.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup_file() {
	build_tools hits_dump
}

setup() {
	make_counted_site
	handler_options+=(--counter-path /counter)
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
}

# visit COUNT TARGET [FIELD...]: requests the target so often.
visit() {
	local i
	for ((i = 0; i < $1; i++)); do get "${@:2}" >/dev/null; done
}

# shows COUNT TARGET...: whether each target is answered with this count as text, and not logged.
shows() {
	local count=$1 target
	shift
	for target; do
		get "$target"
		equal "$exit_status $http_status $body $log" "0 200 $count " "answer to $target" || return
	done
}

# is_refused REASON: whether the last response is a 400, which is logged with this reason code.
is_refused() {
	equal "$http_status" 400 || return
	contains "$log" "400 Bad Request ($1)"
}

@test "a counter shows the hits of a page, and is neither counted nor logged" {
	visit 3 /
	visit 2 /a.txt
	shows 3 /counter/.txt /counter//.txt /counter/%2F.txt /counter/index.html.txt /counter//%69ndex.html.txt \
		/x/../counter/./index.html.txt '/counter/.txt?cache=7'
	shows 2 /counter/a.txt.txt /counter/%2Fa.txt.txt
	equal "$(counts)" $'2\t/a.txt\n3\t/index.html'
	visit 1 /
	shows 4 /counter/.txt
}

@test "a path that was never counted, does not exist or is not served has the count 0" {
	visit 1 /
	shows 0 /counter/a.txt.txt /counter/nothing.txt /counter/empty/.txt /counter/.git/config.txt /counter/.secret.txt \
		/counter/...txt /counter/sub/..txt /counter/_headers.txt /counter/leaving.txt.txt /counter/loop.txt \
		/counter/fifo.txt /counter/unreadable.txt.txt "/counter/$(printf '%.0sx' {1..300}).txt"
	equal "$(counts)" $'1\t/index.html'
}

@test "with --robots a counter shows the hits of people only" {
	handler_options+=(--robots "$BATS_TEST_TMPDIR/robots")
	visit 2 / 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
	visit 3 / 'User-Agent: examplebot/1.0'
	shows 2 /counter/.txt
	equal "$(counts)" $'2\t/index.html'
}

@test "a directory without its slash, a link and a removed file have the count of what was counted" {
	visit 2 /sub/
	visit 3 /link.txt
	visit 4 /sublink/deep/file.txt
	visit 1 /nothing.txt
	rm "$site/nothing.txt"
	shows 2 /counter/sub.txt /counter/sub/.txt /counter/sub/index.html.txt
	shows 1 /counter/nothing.txt.txt
	shows 3 /counter/link.txt.txt
	shows 4 /counter/sublink/deep/file.txt.txt
}

@test "with --extension, --index and --list the count is that of the file that is served" {
	handler_options+=(--extension html --index index.html --index a.txt --list)
	mkdir "$site/other"
	cp "$site/a.txt" "$site/other/"
	cp "$site/index.html" "$site/about.html"
	visit 2 /about
	visit 3 /other/
	shows 2 /counter/about.txt /counter/about/.txt /counter/about.html.txt
	shows 3 /counter/other.txt /counter/other/.txt /counter/other/a.txt.txt
	shows 0 /counter/empty.txt /counter/empty/.txt
}

@test "with --vhosts each host has its own counts" {
	mkdir -p "$BATS_TEST_TMPDIR"/hosts/{a.example,default}
	site=$BATS_TEST_TMPDIR/hosts
	echo a | tee "$site/a.example/index.html" >"$site/default/index.html"
	handler_options+=(--vhosts)
	ask 'GET / HTTP/1.1' 'Host: a.example'
	ask 'GET / HTTP/1.1' 'Host: a.example'
	ask 'GET / HTTP/1.1' 'Host: elsewhere'
	ask 'GET /counter/.txt HTTP/1.1' 'Host: A.example:8080'
	equal "$http_status $body" '200 2'
	ask 'GET /counter.txt HTTP/1.1' 'Host: a.example' 'Referer: http://a.example/'
	equal "$http_status $body" '200 2'
	ask 'GET http://a.example/counter/.txt HTTP/1.1' 'Host: elsewhere'
	equal "$http_status $body" '200 2'
	shows 1 /counter/.txt
	rm -r "$site/default"
	shows 0 /counter/.txt
}

@test "JSON reads as GoatCounter's and as an endpoint of shields.io" {
	visit 1 /
	get '/counter/.json?label=visits+%22'
	equal "$http_status $(field Content-Type)" '200 application/json'
	equal "$(jq -c . "$body_file")" '{"schemaVersion":1,"label":"visits \"","message":"1","count":"1","hits":1}'
	# What shields.io requires of an endpoint.
	jq -e '.schemaVersion == 1 and (.label | type == "string") and (.message | type == "string" and length > 0)' \
		"$body_file"
}

# svg_words: prints the title of the badge received, its label for screen readers, and the names of its elements.
# Fails if it is not well-formed.
svg_words() {
	python3 - "$body_file" <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
names = {element.tag.partition('}')[2] for element in root.iter()}
print(root.find('.//{*}title').text, root.get('aria-label'), ' '.join(sorted(names)), sep='\n')
END
}

@test "SVG is well-formed, whatever the label, and names label and count" {
	local label words
	visit 1 /
	for label in '' visits '%3Cscript%3E' '%22onload=%22x' '%26amp;' ']]%3E' "'" bes%C3%B8k '%F0%9F%90%90' %EF%BF%BF; do
		get "/counter/.svg?label=$label&color=red&style=flat-square"
		equal "$http_status $(field Content-Type) $log" '200 image/svg+xml '
		svg_words >words
		mapfile -t words <words
		equal "${words[0]}" "${words[1]}"
		equal "${words[2]}" 'g path style svg text title'
	done
	get '/counter/.svg?label=%3Cvisits'
	equal "$(svg_words | sed -n 2p)" '<visits: 1'
}

@test "an invalid query gets 400, and the log shows why" {
	get "/counter/.svg?label=$(printf '%.0sx' {1..41})"
	is_refused counter-bad-label
	get '/counter/.json?label=%ff'
	is_refused counter-bad-label
	get '/counter/.svg?color=%22/%3E'
	is_refused counter-bad-color
	get '/counter/.svg?labelColor=nocolor'
	is_refused counter-bad-color
	get '/counter/.svg?style=social'
	is_refused counter-bad-style
	refute grep -q '"/>' "$response_file"
}

@test "without a path the page is that of a same-origin Referer" {
	visit 3 /
	visit 2 /sub/
	for referer in http://localhost/ https://LOCALHOST/ http://localhost/index.html 'http://localhost/?q=1' http://localhost; do
		get /counter.txt "Referer: $referer"
		equal "$http_status $body $log" '200 3 ' "$referer"
		equal "$(field Cache-Control) $(field Vary)" 'no-store Referer'
	done
	get /counter.svg 'Referer: http://localhost/sub'
	contains "$body" 'aria-label="hits: 2"'
	get /counter.json 'Referer: http://localhost/nothing'
	equal "$(jq .hits "$body_file")" 0
	ask 'GET /counter.txt HTTP/1.1' 'Host: localhost:8080' 'Referer: http://localhost:8080/'
	equal "$http_status $body" '200 3'
	ask 'GET /counter.txt HTTP/1.1' 'Host: a' 'Referer: http://a/'
	equal "$http_status $body" '200 3'
	equal "$(counts)" $'3\t/index.html\n2\t/sub/index.html'
}

@test "without a path, a missing or foreign Referer gets 400" {
	local referer
	get /counter.svg
	is_refused counter-no-referer
	for referer in http://elsewhere/ http://localhost:8080/ http://localhost.evil/ http://x@localhost/ / index.html '' \
		about:client ftp://localhost/ 'http://localhost/#x' http://localhost/%00 http:// http:///; do
		get /counter.svg "Referer: $referer"
		is_refused counter-no-referer
	done
	ask 'GET /counter.svg HTTP/1.0' 'Referer: /'
	is_refused counter-no-referer
	ask 'GET /counter.svg HTTP/1.0' 'Referer: http:///'
	is_refused counter-no-referer
}

@test "caches and scripts of other origins may keep a counter for a minute" {
	visit 1 /
	get /counter/.json
	equal "$(field Cache-Control) $(field Access-Control-Allow-Origin) $(field Vary)" 'max-age=60 * '
	handler_options+=(--cache-control no-cache --header 'access-control-allow-origin: https://a.example')
	get /counter/.json
	equal "$(field Cache-Control) $(grep -ic '^access-control-allow-origin: ' <<<"$head")" 'max-age=60 1'
}

@test "HEAD and conditional requests get what a file gets" {
	local tag
	visit 1 /
	ask 'HEAD /counter/.txt HTTP/1.0'
	equal "$http_status $(field Content-Length) $(wc -c <"$body_file") $log" '200 2 0 '
	get /counter/.txt
	tag=$(field ETag)
	get /counter/.txt "If-None-Match: $tag"
	equal "$http_status $(field ETag) $(field Cache-Control) $(field Access-Control-Allow-Origin) $log" "304 $tag max-age=60 * "
	equal "$(wc -c <"$body_file")" 0
	get /counter/.txt 'If-Match: "other"'
	equal "$http_status" 412
	get /counter/.txt 'Range: bytes=0-0'
	equal "$http_status $body" '200 1'
	visit 1 /
	get /counter/.txt "If-None-Match: $tag"
	equal "$http_status $body" '200 2'
	ask 'OPTIONS /counter/.txt HTTP/1.0'
	equal "$http_status $(field Allow)" '204 GET, HEAD, OPTIONS'
	ask 'POST /counter/.txt HTTP/1.0'
	equal "$http_status" 405
	equal "$(counts)" $'2\t/index.html'
}

@test "a kept connection carries counters and pages" {
	handler_options+=(--keep-alive 5)
	ask_raw <<<$'GET /counter/.svg?label=x&color=red HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /counter/.svg HTTP/1.1\r\nHost: a\r\n\r\n'
	equal "$(grep -c '^HTTP/1.1 200 OK' "$response_file")" 3 responses
	contains "$(<"$response_file")" 'aria-label="x: 0"'
	contains "$(<"$response_file")" 'aria-label="hits: 1"'
	equal "$log" '/index.html | 192.0.2.7 | 51034 | 1'
}

@test "the site's _headers apply to counters, but not those of the page" {
	printf '/a.txt\n  X-Page: a\n/counter/*\n  Cache-Control: max-age=5\n  X-Own: counter\n  ! Access-Control-Allow-Origin\n' >"$site/_headers"
	get /counter/a.txt.txt
	equal "$http_status $(field Cache-Control) $(field X-Own) $(field Access-Control-Allow-Origin)" '200 max-age=5 counter '
	equal "$(field X-Page)" ''
	handler_options+=(--header 'X-Other: a' --header 'access-control-allow-origin: https://a.example')
	get /counter/a.txt.txt
	equal "$(grep -i '^access-control' <<<"$head")" ''
	rm "$site/_headers"
	get /counter/a.txt.txt
	equal "$(grep -i '^access-control' <<<"$head")" 'access-control-allow-origin: https://a.example'
	printf '/counter/*\n  X-Own: counter\n' >"$site/_headers"
	get '/counter/a.txt.svg?color=none-such'
	equal "$http_status $(field X-Own)" '400 counter'
}

@test "a counter precedes a file of its name; other names below the path are files" {
	mkdir "$site/counter"
	echo file | tee "$site/counter/a.svg" "$site/counter/b.html" >"$site/counter.svg"
	get /counter/a.svg
	contains "$body" '<svg'
	get /counter.svg
	equal "$http_status" 400
	get /counter/b.html
	equal "$body" file
	get /counter/
	equal "$http_status" 404
	handler_options=(--hits "$hits")
	get /counter/a.svg
	equal "$body" file
}

@test "without the option there are no counters" {
	handler_options=(--hits "$hits")
	visit 1 /
	for target in /counter/.json /counter.svg /counter/index.html.svg; do
		get "$target" 'Referer: http://localhost/'
		equal "$http_status" 404
	done
}

# A handler that counts branches locks the files with the counts.
# bats test_tags=uncounted
@test "a counter takes no lock" {
	command -v strace >/dev/null || skip 'strace is missing'
	visit 1 /
	runner=(strace -f -qq -e 'trace=flock,fcntl,pwrite64' -o trace)
	handler_options+=(--sandbox off)
	get /counter/.txt
	equal "$http_status $body" '200 1'
	refute grep -E 'flock|F_SETLK|pwrite64' trace
	get /
	grep flock trace
}

@test "counts that cannot be read get 503, and the log shows the reason" {
	visit 1 /
	truncate -s 5000 hits
	get /counter/.svg
	equal "$http_status" 503
	contains "$log" '503 Service Unavailable (hits-damaged)'
	refute grep -q hits "$body_file"
	handler_options=(--hits "$site/index.html" --counter-path /counter)
	get /counter/.svg
	contains "$log" '503 Service Unavailable (hits-foreign)'
	handler_options=(--hits missing/hits --counter-path /counter)
	get /counter/.svg
	contains "$log" '503 Service Unavailable (hits-missing-folder)'
}

@test "the counter of a page that an error keeps from being opened gets 500" {
	command -v strace >/dev/null || skip 'strace is missing'
	visit 1 /
	runner=(strace -f -qq -e trace=openat2 -e inject=openat2:error=EIO -o trace)
	handler_options+=(--sandbox off)
	get /counter/.txt
	equal "$http_status" 500
	contains "$log" '500 Internal Server Error (file-open-failed)'
}

@test "--counter-path requires --hits and a canonical path" {
	local path
	unset REMOTE_ADDR REMOTE_PORT
	handler_options=(--counter-path /counter)
	get /
	equal "$exit_status $log" '100 mayfly: --counter-path requires --hits'
	for path in '' / counter /counter/ /x/../counter //counter '/counte%72' '/counter?' http://a/counter; do
		handler_options=(--hits "$hits" --counter-path "$path")
		get /
		equal "$exit_status" 100 "exit status with $path"
		contains "$log" '--counter-path: '
	done
	handler_options=(--hits "$hits" --counter-path /my/hits)
	visit 1 /
	shows 1 /my/hits/.txt
}

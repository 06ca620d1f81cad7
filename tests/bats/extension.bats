#!/usr/bin/env bats
# --extension: names without their extension, what precedes what, and under which name a hit counts.

# shellcheck disable=SC2034,SC2154 # helpers.bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	hits=$BATS_TEST_TMPDIR/hits
	handler_options=(--hits "$hits" --extension html)
	printf 'about\n' >"$site/about.html"
}

@test "x serves x.html, and is that resource for count, type, tag and log" {
	interval=0.2 wait_until unchanged_for_two_seconds "$site/about.html"
	get /about
	equal "$http_status $body $(field Content-Type)" '200 about text/html; charset=utf-8'
	equal "$log" '/about.html | - | - | 1'
	local tag
	tag=$(field ETag)
	get /about.html
	equal "$http_status $(field ETag) $(field Location)" "200 $tag "
	equal "$log" '/about.html | - | - | 2'
	get /about "If-None-Match: $tag"
	equal "$http_status $log" '304 /about.html | - | - | 3'
	get /about 'Range: bytes=1-2'
	equal "$http_status $body" '206 bo'
}

@test "a precompressed sibling of x.html answers for x" {
	gzip --keep "$site/about.html"
	get /about 'Accept-Encoding: gzip'
	equal "$(field Content-Encoding) $(field Vary)" 'gzip Accept-Encoding'
	equal "$(gunzip <"$body_file")" about
}

@test "x/ with only x.html is redirected to x" {
	get '/about/?a=b'
	equal "$http_status $(field Location)" '301 /about?a=b'
	equal "$log" '/about/ | - | - | 301 Moved Permanently'
	printf 'x\n' >"$site/sub/page.html"
	get /sub/page/
	equal "$http_status $(field Location)" '301 /sub/page'
	get //evil.example/
	equal "$http_status" 404
	printf 'x\n' >"$site/evil.html"
	get //evil/
	equal "$(field Location)" /evil
}

@test "a file precedes x.html, which precedes a directory" {
	printf 'file\n' >"$site/both"
	printf 'html\n' >"$site/both.html"
	get /both
	equal "$body" file
	rm "$site/both"
	mkdir "$site/both"
	printf 'index\n' >"$site/both/index.html"
	get /both
	equal "$body" html
	get /both/
	equal "$body" index
	rm "$site/both/index.html"
	get /both/
	equal "$http_status $(field Location)" '301 /both'
	handler_options+=(--list)
	get /both/
	equal "$log" '/both/ | - | - | 200 OK (listing)'
	get /sub
	equal "$http_status $(field Location)" '301 /sub/'
}

@test "the first of several extensions that exists is served" {
	printf 'text\n' >"$site/about.txt"
	printf 'xhtml\n' >"$site/other.xhtml"
	handler_options=(--extension htm --extension txt --extension html --extension xhtml)
	get /about
	equal "$body $(field Content-Type)" 'text text/plain; charset=utf-8'
	get /other
	equal "$body" xhtml
	get /a
	equal "$body" Hello.
}

@test "what is not served with its extension is not served without it" {
	mkdir "$site/dir.html"
	mkfifo "$site/pipe.html"
	ln -s ../outside/secret.txt "$site/out.html"
	printf 'hidden\n' >"$site/.hidden.html"
	for name in /dir /pipe /out /.hidden /nothing / /dir/ /index.html/; do
		[[ $name != / ]] || continue
		get "$name"
		equal "$http_status" 404 "status of $name"
	done
	runner=("${ordinary_user[@]}")
	give_ordinary_user_access
	printf 'x\n' >"$site/unreadable.html"
	chmod 0 "$site/unreadable.html"
	get /unreadable
	equal "$http_status $log" '403 /unreadable | - | - | 403 Forbidden (file-forbidden)'
	equal "$(grep -ac . <<<"$log")" 1
}

@test "x leads through a link as x.html does" {
	ln -s about.html "$site/alias.html"
	get /alias
	equal "$body $log" 'about /alias.html | - | - | 1'
	get /sublink
	equal "$http_status $(field Location)" '301 /sublink/'
}

@test "with --vhosts x.html counts for its host" {
	mkdir "$site/a.example"
	printf 'a\n' >"$site/a.example/page.html"
	handler_options+=(--vhosts)
	ask 'GET /page HTTP/1.1' 'Host: a.example'
	equal "$log" '//a.example/page.html | - | - | 1'
	ask 'GET /page/ HTTP/1.1' 'Host: a.example'
	equal "$http_status $(field Location)" '301 /page'
}

@test "without --extension only the full name is served" {
	handler_options=()
	get /about
	equal "$http_status" 404
	get /about/
	equal "$http_status" 404
}

@test "a link to a file with an extension is redirected without the slash too" {
	ln -s about.html "$site/alias.html"
	get /alias/
	equal "$http_status $(field Location)" '301 /alias'
	get /alias
	equal "$http_status $body" '200 about'
}

@test "the longest names do not overflow" {
	local name
	name=$(printf 'a%.0s' {1..250})
	printf 'x\n' >"$site/$name.html"
	get "/$name"
	equal "$body" x
	get "/${name}aa"
	equal "$http_status" 404
	get "/$(printf 'a/%.0s' {1..1748})aaa"
	equal "$http_status" 404
}

@test "a bad extension is refused" {
	for value in '' .html a/b 'a b' aaaaaaaaaaaaaaaaa; do
		run -100 "$MAYFLY" --root "$site" --extension "$value"
		contains "$output" "--extension: \"$value\" is not an extension without its dot"
	done
	run -100 "$MAYFLY" --root "$site" --extension a --extension b --extension c --extension d --extension e
	contains "$output" 'exceeds the limit of 4 extensions'
}

@test "a rule may lead to x/, which serves x.html" {
	printf '/old /about/ 200\n/ /about/ 200\n' >"$site/_redirects"
	rm -f "$site/index.html"
	get /old
	equal "$http_status $body $(field Location)" '200 about '
	get /
	equal "$http_status $body $(field Location)" '200 about '
}

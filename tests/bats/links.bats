#!/usr/bin/env bats
# Symbolic links: under which path a hit through a link is counted, so that visitors cannot make the counter
# file grow, and that log, listings and precompressed files agree. paths.bats tests where links may lead;
# tests/unit/test_resource.c uses random trees.

load helpers
load counter

setup_file() {
	build_tools hits_dump on_socket
}

setup() {
	make_counted_site
}

teardown() {
	stop_server
}

# get_all TARGET...: requests all targets on one connection; each must get 200.
get_all() {
	local status
	printf 'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' "$@" >requests
	ask_raw --keep-alive 20 --keep-alive-requests 10000 <requests
	status=$(grep -ac '^HTTP/1.1 200 OK' "$response_file")
	equal "$status" $# 'responses with 200'
}

@test "links to an ancestor: 4,096 names of a file are one record" {
	local targets=() name
	ln -s . "$site/a"
	ln -s . "$site/b"
	mapfile -t targets < <(for name in /{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/{a,b}/a.txt; do
		echo "$name"
	done)
	equal "${#targets[@]}" 4096
	get_all "${targets[@]}" /a/a.txt /a.txt
	equal "$(counts)" $'4098\t/a.txt'
	equal "$(cut -d '|' -f 1 <<<"$log" | sort -u)" '/a.txt ' 'names in the log'
}

@test "links to each other: paths that pass a link twice are counted under the real path" {
	mkdir "$site"/{x,y}
	ln -s ../y "$site/x/to_y"
	ln -s ../x "$site/y/to_x"
	echo page >"$site/x/page"
	get_all /x/page /y/to_x/page /x/to_y/to_x/page /y/to_x/to_y/to_x/page
	equal "$(counts)" $'3\t/x/page\n1\t/y/to_x/page'
}

@test "a link to the current release keeps its counts when it is changed to the next release" {
	local release
	for release in 1 2; do
		mkdir -p "$site/releases/$release"
		echo "$release" | tee "$site/releases/$release/index.html" >"$site/releases/$release/tool-$release"
		ln -s "tool-$release" "$site/releases/$release/tool"
		ln -sfn "releases/$release" "$site/current"
		get /current/
		equal "$body" "$release"
		equal "$log" "/current/index.html | - | - | $release"
		get /current/tool # a second link
		equal "$log" "/releases/$release/tool-$release | - | - | 1"
	done
	equal "$(counts)" $'2\t/current/index.html\n1\t/releases/1/tool-1\n1\t/releases/2/tool-2'
}

@test "a root that is a link: counted paths do not depend on it" {
	ln -s www "$BATS_TEST_TMPDIR/current"
	site=$BATS_TEST_TMPDIR/current get /link.txt
	equal "$log" '/link.txt | - | - | 1'
}

@test "an index or a file that is a link is counted under the link's name" {
	ln -s ../index.html "$site/empty/index.html"
	get_all /link.txt /empty/ /sublink/ /sublink/deep/file.txt
	equal "$(counts)" \
		$'1\t/empty/index.html\n1\t/link.txt\n1\t/sublink/deep/file.txt\n1\t/sublink/index.html'
}

@test "hidden names stay hidden through links" {
	local target
	ln -s . "$site/a"
	for target in /a/.secret /a/a/.git/config /a/.well-known/x; do
		get "$target"
		contains "$log" '404 Not Found (hidden)'
	done
	equal "$(counts)" ''
}

# hits_shown TARGET: prints the hits that a listing shows, `name=hits` in the order of the listing.
hits_shown() {
	get "$1"
	equal "$http_status" 200
	grep -aoE '<bdi>[^<]*</bdi>|class="n">[0-9]+<' "$body_file" |
		sed -E 's|<bdi>(.*)</bdi>|\1=|; s|class="n">([0-9]+)<|\1|' | paste -sd '' | sed 's/=\([0-9]*\)/=\1 /g'
}

@test "--list-hits shows for each name the hits of the path that it is counted under" {
	handler_options+=(--list-hits)
	mkdir -p "$site"/list/in
	echo x | tee "$site/list/file" >"$site/list/in/inner"
	ln -s file "$site/list/link"
	ln -s ../list "$site/list/self"
	ln -s list "$site/way"
	get_all /list/file /list/file /list/link /way/file /way/file /way/file /way/link /list/self/file \
		/list/self/in/inner /way/self/link
	# /way/link and /way/self/link pass two links, /list/self/... one to an ancestor: the real path counts.
	equal "$(counts)" $'5\t/list/file\n1\t/list/in/inner\n1\t/list/link\n3\t/way/file'
	contains "$(hits_shown /list/)" 'file=5 link=1'
	contains "$(hits_shown /list/self/)" 'file=5 link=5'
	contains "$(hits_shown /way/)" 'file=3 link=5'
	contains "$(hits_shown /way/self/)" 'file=5 link=5'
}

@test "precompressed siblings and ranges through links" {
	ln -s . "$site/a"
	printf 'compressed' >"$site/a.txt.gz"
	get /a/a/a.txt 'Accept-Encoding: gzip'
	equal "$(field Content-Encoding) $body" 'gzip compressed'
	equal "$log" '/a.txt | - | - | 1'
	get /a/a/a.txt 'Range: bytes=2-3'
	equal "$http_status $body" '206 ll'
	equal "${log%% *}" /a.txt
}

@test "a linked host is counted under the requested name, and links below it under the real path" {
	handler_options+=(--vhosts)
	mkdir "$site/example.org"
	echo x >"$site/example.org/x"
	ln -s example.org "$site/alias.example"
	ln -s . "$site/example.org/a"
	local host
	for host in example.org alias.example; do
		ask 'GET /a/a/x HTTP/1.1' "Host: $host"
		equal "$log" "//$host/x | - | - | 1"
	done
}

# record_file_calls TARGET: writes the system calls of a GET that take file names to the file `calls`.
record_file_calls() {
	get "$1"
	served "$site/a.txt"
	awk -F '[(,]' '/^(openat2|readlinkat)/ { print $1 $3 }' trace >calls
}

@test "a path without a link costs one openat2, one through a link five more calls" {
	with_strace --trace=openat2,readlinkat
	record_file_calls /a.txt
	cp calls plain
	equal "$(head -n 1 plain)" 'openat2 "a.txt"'
	refute grep -v 'openat2 "\(a.txt\(\.[a-z]*\)\?\|_headers\)"' plain
	record_file_calls /link.txt
	equal "$(head -n 6 calls)" 'openat2 "link.txt"
openat2 "link.txt"
openat2 "link.txt"
readlinkat ""
openat2 "a.txt"
readlinkat ""'
	equal "$(wc -l <calls)" $(($(wc -l <plain) + 5))
}

# The kernel gives up with EAGAIN if a rename interferes. strace lets the first calls fail so.
@test "seven races with renames in a row are borne, and the eighth gets 500" {
	with_strace --trace=openat2 --inject=openat2:error=EAGAIN:when=1..7
	get /a.txt
	served "$site/a.txt"
	handler_options=()
	with_strace --trace=openat2 --inject=openat2:error=EAGAIN
	get /a.txt
	equal "$http_status" 500
	contains "$log" '500 Internal Server Error (file-open-failed)'
	equal "$(grep -c 'openat2(.*"a.txt".*INJECTED' trace)" 8 attempts
	# So often the counted path of a link is looked up as well.
	handler_options=()
	with_strace --trace=readlinkat --inject=readlinkat:error=EAGAIN
	get /link.txt
	equal "$http_status" 500
	equal "$(grep -c 'readlinkat(.*INJECTED' trace)" 8 'attempts with a link'
}

@test "while links are switched, each response is logged with the path of the file that it contains" {
	local i switcher file
	for i in 1 2; do
		mkdir -p "$site/r/$i"
		echo "$i" >"$site/r/$i/page"
	done
	ln -s . "$site/a"
	(
		while :; do
			ln -s r/1 "$site/new" && mv -T "$site/new" "$site/now"
			ln -s r/2 "$site/new" && mv -T "$site/new" "$site/now"
		done
	) 3>&- &
	switcher=$!
	wait_until test -e "$site/now"
	for i in {1..20}; do
		ask_raw --keep-alive 20 < <(printf 'GET /a/now/page HTTP/1.1\r\nHost: a\r\n\r\n%.0s' {1..50})
		echo "$log" >>all.log
		grep -axE '[12]' "$response_file" >>bodies
	done
	kill "$switcher"
	wait "$switcher" || true
	equal "$(wc -l <all.log) $(wc -l <bodies)" '1000 1000'
	paste -d ' ' <(sed -nE 's|^/r/([12])/page .*|\1|p' all.log) bodies >pairs
	equal "$(awk '$1 != $2' pairs)" '' 'names with the content of another file'
	equal "$(sort -u bodies | wc -l)" 2
}

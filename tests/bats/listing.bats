#!/usr/bin/env bats
# --list and --list-hits: what a listing shows and what it must not, its order, escaping of names, its
# validator, and that a directory of any size takes bounded work.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	site=$BATS_TEST_TMPDIR/www hits=$BATS_TEST_TMPDIR/hits
	mkdir -p "$site/files"
	handler_options=(--list)
}

# links: prints the targets of the links of the last response in order, one per line, without their "./".
links() {
	grep -oP '<a href="\./\K[^"]*' "$body_file" | sed 's/&amp;/\&/g; s/&quot;/"/g'
}

# lists NAME...: whether the last response is a listing of exactly these names, in this order.
lists() {
	equal "$exit_status $http_status" '0 200' answer
	equal "$(links | paste -sd ' ')" "$*" names
}

@test "without --list a directory without an index gets 404" {
	handler_options=()
	touch "$site/files/a"
	get /files/
	equal "$http_status $(field ETag)" '404 '
	equal "$log" '/files/ | - | - | 404 Not Found (not-found)'
	refute grep -q 'href="./' "$body_file"
}

@test "a listing shows directories first, then files, in natural order" {
	mkdir "$site/files"/{zoo,Bee,bee2}
	touch "$site/files"/{file10,file2,File1,a}
	get /files/
	lists Bee/ bee2/ zoo/ a File1 file2 file10
	equal "$(field Content-Type)" 'text/html; charset=utf-8'
	equal "$log" '/files/ | - | - | 200 OK (listing)'
	contains "$body" '<title>Index of /files/</title>'
	contains "$body" '<a href="../">'
	get /
	lists files/
	contains "$body" '<title>Index of /</title>'
	[[ $body != *'"../"'* ]]
	get /files/zoo/
	contains "$body" 'This folder is empty.'
	get /nothing/
	equal "$http_status $log" '404 /nothing/ | - | - | 404 Not Found (not-found)'
}

@test "a listing shows sizes, times and media types" {
	mkdir "$site/files/sub"
	printf 'abc' >"$site/files/a.txt"
	truncate -s 3000000000 "$site/files/b.png"
	touch -d @784111777 "$site/files"/*
	get /files/
	equal "$(sed -n 's/.*class="k">\([^<]*\).*class="n">\([^<]*\)<.td><td class="t"><time datetime="\([^"]*\)">\([^<]*\).*/\1|\2|\3|\4/p' "$body_file")" \
		'folder||1994-11-06T08:49Z|1994-11-06 08:49
text/plain|3 B|1994-11-06T08:49Z|1994-11-06 08:49
image/png|3.0 GB|1994-11-06T08:49Z|1994-11-06 08:49'
}

@test "a listing shows no time for a file whose modification time is no date" {
	local time
	mkdir "$site/files/dir"
	for time in 0 1 315532800 499162500 631151999 946684800; do touch -d "@$time" "$site/files/$time"; done
	touch -d @946684800.5 "$site/files/late"
	touch -d @631152000 "$site/files/early"
	touch -d @1 "$site/files/dir"
	get /files/
	equal "$(grep -c '<time' "$body_file")" 2
	contains "$body" '1990-01-01 00:00'
	contains "$body" '2000-01-01 00:00'
	contains "$body" '<td class="t"></td>'
	get '/files/?format=json&sort=time'
	equal "$(jq -c '[.[] | select(has("mtime"))] | map([.name, .mtime])' "$body_file")" \
		'[["early","Mon, 01 Jan 1990 00:00:00 GMT"],["late","Sat, 01 Jan 2000 00:00:00 GMT"]]'
	equal "$(jq -c '[.[] | select(has("mtime") | not)] | map([.name, .type, .size])' "$body_file")" \
		'[["dir","directory",null],["0","file",0],["1","file",0],["315532800","file",0],["499162500","file",0],["631151999","file",0],["946684800","file",0]]'
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
}

@test "an index file takes precedence; a missing slash is redirected with its query" {
	touch "$site/files/a"
	echo 'an index' >"$site/files/home.html"
	get /files/
	lists a home.html
	ask_raw --index index.html --index home.html <<<$'GET /files/ HTTP/1.0\r\n\r'
	equal "$http_status $body" '200 an index'
	get '/files?sort=size'
	equal "$http_status $(field Location)" '301 /files/?sort=size'
}

@test "a listing contains exactly the files that are served" {
	local name
	rm -r "$site"
	make_site
	rm "$site/index.html"
	mkdir -m 0 "$site/closed"
	systemd-socket-activate --listen="$site/socket" true 2>/dev/null 3>&- &
	server_pid=$!
	wait_until test -S "$site/socket"
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	get /
	kill "$server_pid"
	lists empty/ sub/ sublink/ a.txt absolute.txt link.txt my%20caf%C3%A9.txt nothing.txt
	for name in $(links); do
		get "/$name"
		equal "$http_status" 200 "answer to $name"
	done
	get /closed/
	equal "$http_status $log" '403 /closed/ | - | - | 403 Forbidden (file-forbidden)'
	get /.git/
	equal "$http_status" 404
	get /leaving/
	equal "$http_status $log" '404 /leaving/ | - | - | 404 Not Found (target-escapes-root)'
	get /.well-known/
	lists x
}

@test "links within the site are listed, also in subdirectories" {
	mkdir "$site/files/sub"
	echo top >"$site/top.txt"
	echo secret >secret.txt
	ln -s ../../top.txt "$site/files/sub/up.txt"
	ln -s ../../../secret.txt "$site/files/sub/out.txt"
	ln -s ../../files "$site/files/sub/around"
	get /files/sub/
	lists around/ up.txt
}

@test "any name is shown as text, and its link leads to the file" {
	local names name target
	names=($'new\nline' 'javascript:alert(1)' 'quote"' "it's" '<b>bold<!--' 'a&amp;b' '50%' '%41' 'query?' 'fra#gment' ' space ' \
		'back\slash' $'\xff\xfe' $'caf\xc3\xa9' $'\e[31m' 'semi;colon' '-dash' '~' $'\xe2\x80\xaertl' 'http:' '@' "\$(x)")
	for name in "${names[@]}"; do printf '%s' "$name" >"$site/files/$name"; done
	get /files/
	equal "$(links | wc -l)" "${#names[@]}" links
	LC_ALL=C refute grep -qE 'href="[^"]*[<>'$'\x01-\x1f\x7f-\xff'' ]' "$body_file"
	refute grep -qE '<b>|<!--' "$body_file"
	iconv -f utf-8 -t utf-8 "$body_file" >/dev/null
	LC_ALL=C refute grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$body_file"
	links >targets
	: >found
	while read -r target; do
		get "/files/$target"
		equal "$http_status" 200 "answer to $target"
		cat "$body_file" >>found
		printf '\0' >>found
	done <targets
	cmp <(LC_ALL=C sort -z found) <(printf '%s\0' "${names[@]}" | LC_ALL=C sort -z)
	mkdir "$site/files/<i>&\""
	get "/files/%3Ci%3E&%22/"
	contains "$body" '<h1>Index of /files/&lt;i&gt;&amp;&quot;/</h1>'
}

@test "the query sorts the listing, directories stay first, bad values are ignored" {
	mkdir "$site/files/sub"
	printf 'aaa' >"$site/files/small"
	printf '%01000d' 0 >"$site/files/large"
	printf 'aaaaa' >"$site/files/medium"
	touch -d @1000 "$site/files/medium"
	touch -d @2000 "$site/files/small"
	touch -d @3000 "$site/files/large"
	get '/files/?sort=size'
	lists sub/ small medium large
	get '/files/?sort=size&order=desc'
	lists sub/ large medium small
	get '/files/?sort=time'
	lists sub/ medium small large
	get '/files/?order=desc&sort=time'
	lists sub/ large small medium
	get '/files/?order=desc'
	lists sub/ small medium large
	get '/files/?sort=<script>&order=up&%00&sort'
	lists sub/ large medium small
	[[ $body != *'<script>'* ]]
	get '/files/?sort=hits' # without --list-hits nothing to sort by
	lists sub/ large medium small
}

@test "HEAD gets the header of GET; other methods behave as for files" {
	touch "$site/files/a"
	get /files/
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	local head_of_get
	head_of_get=$(grep -v ^Date: <<<"$head")
	ask 'HEAD /files/ HTTP/1.1' 'Host: a'
	equal "$(grep -v ^Date: <<<"$head")" "$head_of_get" 'header of HEAD'
	equal "$(wc -c <"$body_file")" 0
	ask 'POST /files/ HTTP/1.1' 'Host: a'
	equal "$http_status" 405
	ask 'OPTIONS /files/ HTTP/1.1' 'Host: a'
	equal "$http_status" 204
	get /files/ 'Range: bytes=0-3'
	equal "$http_status $(wc -c <"$body_file")" "200 $(field Content-Length)"
}

@test "one connection carries several listings" {
	touch "$site/files/a"
	ask_raw --keep-alive 20 < <(printf 'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' /files/ '/files/?sort=size' / /files/a)
	equal "$log" '/files/ | - | - | 200 OK (listing)
/files/ | - | - | 200 OK (listing)
/ | - | - | 200 OK (listing)
/files/a | - | - | 200 OK'
	equal "$(grep -ac '^HTTP/1.1 200 ' "$response_file") $(grep -c '</html>' "$response_file")" '4 3'
}

# changes_tag WHAT COMMAND...: whether the command, run in the directory, changes the entity tag
# of the listing.
changes_tag() {
	local before=$tag
	(cd "$site/files" && "${@:2}")
	get /files/ "If-None-Match: $before"
	equal "$http_status" 200 "answer after $1"
	tag=$(field ETag)
	[[ $tag == 'W/"'*'"' && $tag != "$before" ]] || fail "tag after $1: $tag"
}

@test "the tag changes exactly when the listing changes" {
	echo a >"$site/files/a"
	handler_options+=(--cache-control max-age=5)
	get /files/
	tag=$(field ETag)
	equal "$(field Cache-Control) $(field Last-Modified)" 'max-age=5 '
	get /files/ "If-None-Match: $tag"
	equal "$http_status $(field ETag) $(field Cache-Control) $(wc -c <"$body_file")" "304 $tag max-age=5 0"
	equal "$log" '/files/ | - | - | 304 Not Modified (listing)'
	touch "$site/files/.hidden" "$site/beside"
	get /files/ "If-None-Match: $tag"
	equal "$http_status" 304 'answer after a hidden change'
	get '/files/?sort=size' "If-None-Match: $tag"
	equal "$http_status" 200 'answer in another order'
	get /files/ "If-Match: $tag" # weak: it never matches (RFC 9110 13.1.1)
	equal "$http_status $log" '412 /files/ | - | - | 412 Precondition Failed (precondition-failed)'
	changes_tag 'a new file' touch b
	changes_tag 'a larger file' truncate -s 100 b
	changes_tag 'another time' touch -d @1000 b
	changes_tag 'another name' mv b c
	changes_tag 'a directory' mkdir d
	changes_tag 'one less' rm c
}

@test "--list-hits shows the hits of each file; a listing is no hit" {
	handler_options=(--list-hits --hits "$hits")
	mkdir "$site/files/sub"
	touch "$site/files"/{a,b,c}
	for name in b b b c; do get "/files/$name"; done
	get /files/
	lists sub/ a b c
	equal "$log" '/files/ | - | - | 200 OK (listing)'
	equal "$(grep -oP '<td class="n">[0-9]*</td></tr>' "$body_file" | grep -oP '[0-9]*(?=</td>)' | paste -sd ' ')" '0 3 1'
	get '/files/?sort=hits&order=desc'
	lists sub/ b c a
	local tag
	tag=$(field ETag)
	get '/files/?sort=hits&order=desc' "If-None-Match: $tag"
	equal "$http_status" 304
	get /files/c
	get '/files/?sort=hits&order=desc' "If-None-Match: $tag"
	equal "$http_status" 200
	get /files/a
	equal "$log" '/files/a | - | - | 1'
}

@test "--list-hits without readable counts omits them, and the log shows the reason" {
	touch "$site/files/a"
	handler_options=(--list-hits --hits "$hits")
	echo 'Not a counter file, but long enough that it cannot be one whose creation was interrupted.' >"$hits"
	get /files/
	lists a
	equal "$log" '/files/ | - | - | 200 OK (hits-foreign)'
	refute grep -q 'Hits' "$body_file"
	handler_options=(--list-hits --hits /nowhere/hits)
	get /files/
	lists a
	equal "$log" '/files/ | - | - | 200 OK (hits-missing-folder)'
}

@test "--list-hits without --hits is rejected" {
	handler_options=(--list-hits)
	get /files/
	equal "$exit_status $log" '100 mayfly: --list-hits requires --hits'
}

@test "--vhosts lists each host's own directories and counts" {
	mkdir -p "$site"/{one.example,two.example}/files
	touch "$site"/{one.example,two.example}/files/a "$site/one.example/files/b"
	ln -s ../../two.example/files "$site/one.example/files/other"
	handler_options=(--vhosts --list-hits --hits "$hits")
	ask 'GET /files/a HTTP/1.1' 'Host: one.example'
	ask 'GET /files/ HTTP/1.1' 'Host: one.example'
	lists a b
	equal "$log" '//one.example/files/ | - | - | 200 OK (listing)'
	equal "$(grep -oP '[0-9]*(?=</td></tr>)' "$body_file" | paste -sd ' ')" '1 0'
	ask 'GET /files/ HTTP/1.1' 'Host: two.example'
	lists a
	equal "$(grep -oP '[0-9]*(?=</td></tr>)' "$body_file" | paste -sd ' ')" 0
}

@test "format=json: the keys of nginx, sorted as the page, and hits with --list-hits" {
	mkdir "$site/files/sub"
	printf abc >"$site/files/a.txt"
	printf a >"$site/files/"$'b"\n\xff\xc3\xa9'
	touch -d @784111777 "$site/files"/*
	get '/files/?format=json'
	equal "$http_status $(field Content-Type)" '200 application/json'
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	equal "$(jq -ac . "$body_file")" '[{"name":"sub","type":"directory","mtime":"Sun, 06 Nov 1994 08:49:37 GMT"},{"name":"a.txt","type":"file","mtime":"Sun, 06 Nov 1994 08:49:37 GMT","size":3},{"name":"b\"\n\ufffd\u00e9","type":"file","mtime":"Sun, 06 Nov 1994 08:49:37 GMT","size":1}]'
	equal "$log" '/files/ | - | - | 200 OK (listing)'
	get '/files/?format=json&sort=size'
	equal "$(jq -ac '[.[].name]' "$body_file")" '["sub","b\"\n\ufffd\u00e9","a.txt"]'
	local tag
	tag=$(field ETag)
	get '/files/?format=json&sort=size' "If-None-Match: $tag"
	equal "$http_status" 304
	get '/files/?sort=size' "If-None-Match: $tag"
	equal "$http_status" 200 'the tag of JSON for a page'
	get '/files/sub/?format=json'
	equal "$(jq -c . "$body_file")" '[]'
	get '/files/?format=xml'
	equal "$(field Content-Type)" 'text/html; charset=utf-8'
	handler_options=(--list-hits --hits "$hits")
	get /files/a.txt
	get '/files/?format=json'
	equal "$(jq -c '[.[].hits]' "$body_file")" '[null,1,0]'
	ask 'HEAD /files/?format=json HTTP/1.1' 'Host: a'
	equal "$(field Content-Type) $(wc -c <"$body_file")" 'application/json 0'
	echo index >"$site/files/index.html"
	get '/files/?format=json'
	equal "$body" index 'an index file with format=json'
}

# readme: prints the text of the README in the last page, unescaped.
readme() {
	sed -n '/^<pre>$/,/<\/pre>$/p' "$body_file" | sed '1d; $s/<\/pre>$//' |
		sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' | head -c -1
}

@test "a README is shown below the listing as text, up to 32 KiB" {
	printf '# Title <script>alert(1)</script>\n\n\t"caf\xc3\xa9" &amp; more\n' >"$site/files/README.md"
	printf 'not this\n' >"$site/files/README.txt"
	get /files/
	lists README.md README.txt
	cmp <(readme) "$site/files/README.md"
	contains "$body" '<h2>README.md</h2>'
	refute grep -q '<script>' "$body_file"
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	equal "$log" '/files/ | - | - | 200 OK (listing)'
	get '/files/?format=json'
	refute grep -q 'Title' "$body_file"
	rm "$site/files/README.md"
	get /files/
	contains "$body" '<h2>README.txt</h2>'
	seq 20000 >"$site/files/README.txt"
	get /files/
	cmp <(readme) <(head -c 32768 "$site/files/README.txt")
	contains "$body" 'This file has more than a page can show.'
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	# The limit is within a character.
	{ printf a && head -c 60000 /dev/zero | sed 's/\x00/\xc3\xa9/g'; } >"$site/files/README.txt"
	get /files/
	cmp <(readme) <(head -c 32767 "$site/files/README.txt")
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	for prefix in '' a aa; do
		{ printf %s "$prefix" && head -c 20000 /dev/zero | sed 's/\x00/\xe2\x82\xac/g'; } >"$site/files/README.txt"
		get /files/
		cmp <(readme) <(head -c $((32768 - (32768 - ${#prefix}) % 3)) "$site/files/README.txt")
	done
	printf '\0binary' >"$site/files/README.txt"
	get /files/
	refute grep -q '<pre>' "$body_file"
	: >"$site/files/README.txt"
	get /files/
	refute grep -q '<pre>' "$body_file"
}

@test "a README that is not UTF-8 is not shown, wherever its bytes are wrong, and the length is right" {
	{
		head -c 2000 /dev/zero | tr '\0' a
		head -c 14000 /dev/zero | tr '\0' '\200'
		head -c 3000 /dev/zero | tr '\0' '"'
	} >"$site/files/README.md"
	get /files/
	refute grep -q '<pre>' "$body_file"
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
}

@test "a README that is not UTF-8 where it is cut is not shown" {
	{
		head -c 32760 /dev/zero | tr '\0' a
		head -c 30 /dev/zero | tr '\0' '\200'
	} >"$site/files/README.md"
	get /files/
	refute grep -q '<pre>' "$body_file"
}

@test "a README that is not served is not shown" {
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	echo secret >"$BATS_TEST_TMPDIR/secret.txt"
	ln -s ../../secret.txt "$site/files/README.md"
	get /files/
	refute grep -q '<pre>' "$body_file"
	rm "$site/files/README.md"
	mkdir "$site/files/README.md"
	printf unreadable >"$site/files/README.txt"
	chmod 000 "$site/files/README.txt"
	get /files/
	lists README.md/
	refute grep -q '<pre>' "$body_file"
	rmdir "$site/files/README.md"
	mkfifo "$site/files/README.md"
	get /files/
	refute grep -q '<pre>' "$body_file"
	rm "$site/files/README.md"
	echo inside >"$site/inside.txt"
	ln -s ../inside.txt "$site/files/README.md"
	get /files/
	equal "$(readme)" inside
}

@test "the tag changes with the README" {
	echo a >"$site/files/README.md"
	get /files/
	tag=$(field ETag)
	get /files/ "If-None-Match: $tag"
	equal "$http_status" 304
	printf 'b\n' >README.new
	touch -r "$site/files/README.md" README.new
	changes_tag 'another README' cp -p "$PWD/README.new" README.md
}

@test "30,000 names are cut at 10,000, with a notice, in fixed memory" {
	seq -f 'name-%.0f.txt' 30000 | make_many_files "$site/files"
	# shellcheck disable=SC2016 # the inner shell's words; a sanitizer takes terabytes of addresses
	grep -q __asan_init "$MAYFLY" || runner=(sh -c 'ulimit -v 8192; exec "$@"' sh)
	get /files/
	equal "$exit_status $http_status" '0 200'
	contains "$body" 'This folder holds more than a page can show: the first 10000 entries are listed.'
	equal "$(links | wc -l)" 10000
	equal "$(field X-Listing-Truncated)" true
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	equal "$(links | LC_ALL=C sort -u | wc -l)" 10000 names
	equal "$(links)" "$(links | sort -V)" order
	get '/files/?format=json'
	equal "$(jq length "$body_file") $(field X-Listing-Truncated)" '10000 true'
	if command -v strace >/dev/null; then # the others are not read
		runner=(strace -qq -e trace=getdents64 -o calls)
		handler_options+=(--sandbox off)
		get /files/
		equal "$http_status" 200
		refute grep -q ' = 0$' calls
	fi
	rm -rf "$site/files"
}

@test "long names are cut before there are 10,000" {
	local listed
	printf '%0250d\n' {1..3000} | make_many_files "$site/files"
	get /files/
	equal "$exit_status $http_status $(field X-Listing-Truncated)" '0 200 true'
	listed=$(links | wc -l)
	equal "$listed" $((640000 / 251)) 'names in 640,000 bytes, each with its NUL'
	contains "$body" "the first $listed entries are listed."
	rm -rf "$site/files"
}

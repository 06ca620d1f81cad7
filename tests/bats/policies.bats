#!/usr/bin/env bats
# Settings of the owner: index files, error pages, and additional header fields.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	hits=$BATS_TEST_TMPDIR/hits
}

# answers STATUS [BODY]: whether the last response has this status, the length that it announces, and this
# body (which may have several lines).
answers() {
	equal "$exit_status $http_status" "0 $1" 'answer' || return
	equal "$(field Content-Length)" "$(wc -c <"$body_file")" Content-Length || return
	(($# < 2)) || equal "$body" "$2" body
}

# rejects OPTION WORDS VALUE...: whether the handler, given the option once for each value, exits with 100
# and one line with these words.
rejects() {
	local value options=() got=0
	for value in "${@:3}"; do
		options+=("$1" "$value")
	done
	"$MAYFLY" --root "$site" "${options[@]}" <<<$'GET / HTTP/1.0\r\n\r' >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || got=$?
	equal "$got" 100 "exit status with $1 ${3@Q}" || return
	equal "$(wc -c <"$BATS_TEST_TMPDIR/out") $(wc -l <"$BATS_TEST_TMPDIR/err")" '0 1' 'bytes, and lines' || return
	[[ $(<"$BATS_TEST_TMPDIR/err") == "mayfly: $1: \""*"\" $2" ]] || fail "error other than $2: $(<"$BATS_TEST_TMPDIR/err")"
}

# own_page STATUS TARGET: whether the response is the site's page for this status, and its
# header that of HEAD.
own_page() {
	get "$2"
	answers "$1" "own page of $1" || return
	equal "$(field Content-Type)" 'text/html; charset=utf-8' || return
	equal "$(grep -iE '^(ETag|Last-Modified|Accept-Ranges|Cache-Control):' <<<"$head")" '' 'fields of a file' || return
	of_get=$(grep -v ^Date: <<<"$head")
	ask "HEAD $2 HTTP/1.1" 'Host: localhost'
	equal "$(grep -v ^Date: <<<"$head")" "$of_get" 'header of HEAD' || return
	equal "$(wc -c <"$body_file")" 0 'bytes of a body'
}

# built_in STATUS TARGET: whether the response is the built-in page for this status.
built_in() {
	get "$2"
	answers "$1" && contains "$body" "<title>$1 "
}

# make_own_pages DIRECTORY: makes the site's error pages.
make_own_pages() {
	local status
	for status in 400 403 404 405 416 500; do
		echo "own page of $status" >"$1/$status.html"
	done
}

@test "repeated --index: the first existing file is served, and has its own hits" {
	handler_options=(--hits "$hits" --index first.html --index index.html --index a.txt)
	echo first >"$site/sub/first.html"
	echo letters >"$site/empty/a.txt"
	get /
	equal "$log" '/index.html | - | - | 1'
	get /sub/
	answers 200 first
	equal "$log" '/sub/first.html | - | - | 1'
	get /empty/
	answers 200 letters
	equal "$log" '/empty/a.txt | - | - | 1'
	get /sub/deep/
	answers 404
	get /sub/index.html
	equal "$log" '/sub/index.html | - | - | 1'
	rm "$site/sub/first.html"
	get /sub/
	equal "$log" '/sub/index.html | - | - | 2'
	ln -s nowhere "$site/sub/first.html"
	get /sub/
	equal "$log" '/sub/index.html | - | - | 3'
}

@test "--index replaces index.html and determines the media type" {
	handler_options=(--index data.json)
	echo '{}' >"$site/data.json"
	get /
	answers 200 '{}'
	equal "$(field Content-Type)" application/json
	get /sub/
	answers 404
}

@test "--index: an existing index file that cannot be served is not skipped" {
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	handler_options=(--index first.html --index index.html)
	ln -s ../unreadable.txt "$site/sub/first.html"
	get /sub/
	answers 403
	ln -sf ../../outside/secret.txt "$site/sub/first.html"
	get /sub/
	answers 404
	contains "$log" '(target-escapes-root)'
}

@test "--index: at most eight file names" {
	local names=({1..7}.html index.html) many=()
	for name in "${names[@]}"; do
		many+=(--index "$name")
	done
	handler_options=("${many[@]}")
	get /
	answers 200
	rejects --index 'exceeds the limit of 8 names' "${names[@]}" ninth.html
	local name
	for name in a/b / .. .hidden '' "$(printf '%0256d' 0)"; do
		rejects --index 'is not a file name without a slash or leading dot' "$name"
	done
}

@test "403, 404 and 500 use the site's own pages" {
	give_ordinary_user_access
	make_own_pages "$site"
	own_page 404 /nothing
	own_page 404 /nothing/at/all.png
	own_page 404 /empty/
	own_page 404 /.secret
	own_page 404 /.nothing
	own_page 404 /leaving.txt
	runner=("${ordinary_user[@]}")
	own_page 403 /unreadable.txt
	handler_options+=(--sandbox off)
	runner=(strace -o /dev/null -e trace=openat2 -e inject=openat2:error=EIO:when=1)
	own_page 500 /a.txt
}

@test "other errors use the built-in page, even if the site has pages for them" {
	make_own_pages "$site"
	built_in 400 /%00
	get /a.txt 'Range: bytes=1000-'
	answers 416
	contains "$body" '<title>416 '
	ask 'POST /a.txt HTTP/1.1' 'Host: localhost'
	answers 405
	contains "$body" '<title>405 '
	rm "$site"/40[34].html "$site"/500.html
	built_in 404 /nothing
}

@test "a site's error page may have any length and any bytes" {
	local length
	for length in 0 1 1024 300000; do
		head -c $length /dev/urandom >"$site/404.html"
		get /nothing
		answers 404
		cmp "$site/404.html" "$body_file"
	done
	get /nothing 'Range: bytes=0-0' 'If-None-Match: *' 'If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT'
	answers 404
	cmp "$site/404.html" "$body_file"
}

@test "a site's error page that is missing or unreadable is replaced by the built-in page" {
	local target
	give_ordinary_user_access
	make_own_pages "$site/sub"
	built_in 404 /sub/nothing
	for target in ../outside/secret.txt nowhere 404.html "$outside/secret.txt" fifo sub /dev/null; do
		ln -sfn "$target" "$site/404.html"
		built_in 404 /nothing
	done
	ln -sfn sub/404.html "$site/404.html"
	own_page 404 /nothing
	rm "$site/404.html"
	mkdir "$site/404.html"
	built_in 404 /nothing
	rmdir "$site/404.html"
	runner=("${ordinary_user[@]}")
	echo secret | tee "$site/403.html" >"$site/404.html"
	chmod 000 "$site"/40[34].html
	built_in 404 /nothing
	built_in 403 /unreadable.txt
}

@test "a site's error page is a normal file when requested, and counted only then" {
	make_own_pages "$site"
	handler_options=(--hits "$hits" --cache-control max-age=60)
	own_page 404 /nothing
	get /nothing
	equal "$log" '/nothing | - | - | 404 Not Found (not-found)'
	get /404.html
	answers 200 'own page of 404'
	equal "$log" '/404.html | - | - | 1'
}

@test "an error with the site's own page closes the connection" {
	make_own_pages "$site"
	ask_raw --keep-alive 20 < <(printf 'GET %s HTTP/1.1\r\nHost: a\r\n\r\n' /nothing /a.txt)
	answers 404 'own page of 404'
	equal "$(field Connection)" close
}

@test "--vhosts: the error page comes from the host's directory" {
	mkdir -p "$site/one.example" "$site/two.example" "$site/default"
	make_own_pages "$site"
	echo one >"$site/one.example/404.html"
	echo default >"$site/default/404.html"
	handler_options=(--vhosts)
	ask 'GET /nothing HTTP/1.1' 'Host: one.example'
	answers 404 one
	ask 'GET /.secret HTTP/1.1' 'Host: one.example'
	answers 404 one
	ask 'GET /nothing HTTP/1.1' 'Host: other.example'
	answers 404 default
	ask 'GET /nothing HTTP/1.1' 'Host: two.example'
	answers 404
	contains "$body" '<title>404 '
	rm -r "$site/default"
	ask 'GET / HTTP/1.1' 'Host: other.example'
	answers 404
	contains "$body" '<title>404 '
}

@test "--cache-control is sent with 200, 206 and 304 only" {
	local status
	handler_options=(--cache-control ' public, max-age=3600 ')
	make_own_pages "$site"
	touch -d @784111777 "$site/a.txt"
	while read -r status request; do
		# shellcheck disable=SC2086 # words of a request
		get ${request%% *} "${request#* }"
		equal "$http_status" "$status" "answer to $request"
		case $status in
		20? | 304) equal "$(grep -i '^Cache-Control:' <<<"$head")" 'Cache-Control: public, max-age=3600' ;;
		*) refute grep -i '^Cache-Control:' <<<"$head" ;;
		esac
	done <<-'END'
		200 /a.txt X: x
		200 / X: x
		206 /a.txt Range: bytes=0-1
		206 /a.txt Range: bytes=0-1,4-5
		304 /a.txt If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
		301 /sub X: x
		404 /nothing X: x
		412 /a.txt If-Match: "other"
		416 /a.txt Range: bytes=1000-
		400 /%00 X: x
	END
	ask 'OPTIONS * HTTP/1.1' 'Host: localhost'
	refute grep -i '^Cache-Control:' <<<"$head"
}

@test "configure.md: pages are revalidated, and files with a hash in their names kept for a year" {
	local guide=$BATS_TEST_DIRNAME/../../packaging/guide/configure.md
	read -ra handler_options < <(sed -n '/^## Caching/,/^## A/s/^ *MAYFLY_OPTIONS=//p' "$guide")
	sed -n '/^## Caching/,/^## A/p' "$guide" | sed -n '/^    \//,/^$/s/^    //p' >"$site/_headers"
	mkdir "$site/assets"
	echo 'x' >"$site/assets/app-4f2a.js"
	touch -d '1 hour ago' "$site/index.html"
	get /
	equal "$(field Cache-Control)" no-cache
	get / "If-Modified-Since: $(field Last-Modified)"
	equal "$http_status $(field Cache-Control)" '304 no-cache'
	get /assets/app-4f2a.js
	equal "$(grep -i '^Cache-Control:' <<<"$head")" 'Cache-Control: public, max-age=31536000, immutable'
}

@test "README, the file of options and mayfly(8) recommend the same: no-cache for pages, a year for files with a hash" {
	local repository=$BATS_TEST_DIRNAME/../..
	read -ra handler_options < <(sed -n 's/^    MAYFLY_OPTIONS=//p' "$repository/README.md")
	equal "#MAYFLY_OPTIONS=${handler_options[*]}" "$(tail -n 1 "$repository/units/mayfly.default")"
	get /
	equal "$(field Cache-Control)|$(field Connection)" 'no-cache|keep-alive'
	handler_options=()
	sed -n '/^\.Ss Header fields/,/^\.Ed/p' "$repository/packaging/man/mayfly.8" | sed -n '/^\.Bd/,/^\.Ed/{/^\./!p}' >"$site/_headers"
	mkdir "$site/assets"
	echo x >"$site/assets/app-4f2a.js"
	get /
	equal "$(field Cache-Control)|$(field Content-Security-Policy)" "no-cache|default-src 'self'"
	get /assets/app-4f2a.js
	equal "$(grep -i '^Cache-Control:' <<<"$head")" 'Cache-Control: public, max-age=31536000, immutable'
	ask 'GET / HTTP/1.1' 'Host: preview.example.org'
	equal "$(field X-Robots-Tag)" noindex
}

@test "--header is sent with each response, in the given order" {
	local request
	handler_options=(--header 'X-One: 1' --header $'link:\t</a.css>; rel=preload ' --header 'X-Empty:'
		--header 'Link: </b.css>; rel=preload' --header "Content-Security-Policy: default-src 'self'")
	for request in 'GET / HTTP/1.1' 'HEAD / HTTP/1.1' 'GET /sub HTTP/1.1' 'OPTIONS * HTTP/1.1' \
		'GET /nothing HTTP/1.1' 'GET /%00 HTTP/1.1' 'POST / HTTP/1.1' 'BREW / HTTP/1.1' 'GET / HTTP/2.0' nonsense; do
		ask "$request" 'Host: localhost'
		equal "$(grep -E '^(X-One|X-Empty|[Ll]ink|Content-Security-Policy):' <<<"$head")" "X-One: 1
link: </a.css>; rel=preload
X-Empty: 
Link: </b.css>; rel=preload
Content-Security-Policy: default-src 'self'" "fields in the answer to $request"
	done
	for request in 'Range: bytes=0-1' 'Range: bytes=0-1,4-5' 'Range: bytes=1000-' 'If-Match: "other"'; do
		get /a.txt "$request"
		equal "$(field X-One)" 1 "answer to $request"
		equal "$(grep -ac '^X-One:' "$response_file")" 1 'number of X-One'
	done
}

@test "--header: 304 gets the same fields as 200, except metadata of the representation" {
	touch -d @784111777 "$site/a.txt"
	handler_options=(--header 'X-One: 1' --header 'expires: Thu, 01 Jan 2099 00:00:00 GMT' --header 'Location-X: x'
		--header 'Content-Language: en' --header 'Content-Location: /a.txt' --header 'Set-Cookie: a=b'
		--header 'Access-Control-Allow-Origin: *' --header 'Timing-Allow-Origin: *'
		--header "Content-Security-Policy: default-src 'self'" --cache-control no-cache)
	get /a.txt 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT'
	equal "$http_status" 304
	equal "$(cut -d: -f1 <<<"$head" | tail -n +2 | tr '\n' ' ')" \
		'Date Connection X-Content-Type-Options X-One expires Location-X Content-Location Set-Cookie Access-Control-Allow-Origin Timing-Allow-Origin Content-Security-Policy ETag Cache-Control ' 'fields of 304'
	equal "$(field Access-Control-Allow-Origin)" '*'
	equal "$(field expires)" 'Thu, 01 Jan 2099 00:00:00 GMT'
	equal "$(field Content-Location)" /a.txt
	get /a.txt
	equal "$(grep -ic '^Expires:' <<<"$head")" 1 'number of Expires in 200'
	equal "$(field Set-Cookie) $(field Content-Language)" 'a=b en'
}

@test "--header rejects a malformed field and fields of the server" {
	local value
	for value in '' 'no colon' ': a' 'X : a' 'X Y: a' ' X: a' $'\tX: a' $'X\n: a' $'X: a\r\nSet-Cookie: a=b' $'X: a\rb' \
		$'X: a\nb' $'X: a\n b' $'X: \e[31m' $'X: \x7f' $'X\x01: a' $'caf\xc3\xa9: a' '(X): a' 'X@: a'; do
		rejects --header 'is not a field (Name: value)' "$value"
	done
	for value in Accept-Ranges Allow Cache-Control Connection Content-Encoding Content-Length Content-Range \
		Content-Type Date ETag Keep-Alive Last-Modified Location Trailer Transfer-Encoding Upgrade Vary \
		X-Content-Type-Options content-length TRANSFER-ENCODING; do
		rejects --header 'is a field that only the server may send' "$value: a"
	done
	rejects --header 'is not a field (Name: value)' 'X: good' 'X: good' 'bad'
}

@test "--cache-control rejects an invalid value" {
	local value
	for value in '' ' ' $'\t' $'a\r\nX: b' $'a\nb' $'a\rb' $'\n' $'a\x01' $'a\x7f' $'\e[31m'; do
		rejects --cache-control 'is not a field value' "$value"
	done
}

@test "--header accepts sixteen fields and 16 KiB" {
	local long options=() most i
	for i in {1..16}; do
		options+=("X-$i: a")
	done
	rejects --header 'exceeds the limit of 16 fields' "${options[@]}" 'X-17: a'
	printf -v long '%016381d' 0
	rejects --header 'exceeds the limit of 16 KiB of fields' "X: 0$long"
	rejects --header 'exceeds the limit of 16 KiB of fields' "X: ${long:0:8192}" "Y: ${long:0:8192}"
	rejects --cache-control 'exceeds the limit of 16 KiB of fields' "0000$long"
	handler_options=(--header "X: ${long:0:8000}" --cache-control "${long:0:8381}")
	get "/a.txt"
	answers 200 Hello.
	equal "$(field X)" "${long:0:8000}"
	equal "$(field Cache-Control)" "${long:0:8381}"
	rejects --header 'exceeds the limit of 16 KiB of fields' "X: ${long}0"

	mkdir "$site/%"
	printf -v i '%04000d' 0
	get "/%25?${i//0/\"\"}" # the longest header: each byte of the query becomes three
	answers 301
	equal "$(field Location)" "/%25/?${i//0/%22%22}"
	equal "$(field X)" "${long:0:8000}"
}

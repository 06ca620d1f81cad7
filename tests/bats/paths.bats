#!/usr/bin/env bats
# From target to file: which path serves which file, links and paths that lead out of the root, hidden
# names, and files that are not regular. Also redirects, which must stay on the same site.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
}

teardown() {
	stop_server
}

# serves TARGET FILE: whether the response is this file of the site, complete.
serves() {
	get "$1"
	equal "$exit_status $http_status" '0 200' "answer to $1" && cmp "$site/$2" "$body_file"
}

# refuses TARGET STATUS REASON: whether the response has this status and the log this reason.
refuses() {
	get "$1"
	equal "$exit_status $http_status" "0 $2" "answer to $1" || return
	[[ $log == *" ($3)" ]] || fail "reason other than $3: $log" || return
	[[ $2 != 404 ]] || looks_like_not_found "$1"
}

# looks_like_not_found TARGET: whether the response is byte for byte that to a missing name, also to HEAD.
looks_like_not_found() {
	local answer
	answer=$(grep -v '^Date:' <<<"$head")$(<"$body_file")
	ask 'GET /not-there HTTP/1.1' 'Host: localhost'
	equal "$answer" "$(grep -v '^Date:' <<<"$head")$(<"$body_file")" "answer to $1" || return
	ask "HEAD $1 HTTP/1.1" 'Host: localhost'
	answer=$(grep -v '^Date:' <<<"$head")
	ask 'HEAD /not-there HTTP/1.1' 'Host: localhost'
	equal "$answer" "$(grep -v '^Date:' <<<"$head")" "answer to HEAD of $1"
}

# redirects TARGET LOCATION: whether the response is a 301 to this location.
redirects() {
	get "$1"
	equal "$exit_status $http_status" '0 301' "answer to $1" || return
	equal "$(grep -i '^location:' <<<"$head")" "Location: $2" "answer to $1"
}

@test "different spellings of a path lead to the same file" {
	local target
	for target in /a.txt /%61.txt '/%61%2e%74%78%74' //a.txt ///a.txt /./a.txt /%2e/a.txt /sub/../a.txt \
		/sub/%2E%2e/a.txt /nothing/../a.txt /sub/deep/../../a.txt '/a.txt?' '/a.txt?x=1&y=/../' \
		'/a.txt?%00' /../a.txt /../../../a.txt /..%2fa.txt /%2fa.txt http://localhost/a.txt \
		HTTP://LOCALHOST:8080/a.txt https://localhost/a.txt http://evil.example/a.txt; do
		serves "$target" a.txt
		equal "$log" '/a.txt | - | - | 200 OK'
	done
	serves '/my%20caf%C3%A9.txt' 'my café.txt'
	serves '/my%20caf%c3%a9.txt' 'my café.txt'
	serves /sub/./deep//file.txt sub/deep/file.txt
	serves /sub%2fdeep%2Ffile.txt sub/deep/file.txt
}

@test "a directory with an index file serves that file" {
	local target
	for target in / /. /%2e /sub/.. '/?q' // /sub/../ http://localhost http://localhost/ 'http://localhost?q' \
		/index.html; do
		serves "$target" index.html
		equal "$log" '/index.html | - | - | 200 OK'
	done
	for target in /sub/ /sub/. /sub/deep/.. /sub//; do
		serves "$target" sub/index.html
	done
	refuses /empty/ 404 not-found
	refuses /a.txt/ 404 not-found
	refuses /a.txt/a.txt 404 not-found
	mkdir "$site/empty/index.html"
	refuses /empty/ 404 not-a-regular-file
	redirects /empty/index.html /empty/index.html/
}

@test "names are decoded exactly once" {
	refuses /%2561.txt 404 not-found
	echo encoded >"$site/%61.txt"
	serves /%2561.txt %61.txt
	refuses /%252e%252e/outside/secret.txt 404 not-found
}

@test "unusual names are served" {
	local name encoded
	for name in 'a?b' 'a#b' 'a b' 'a%b' 'a\b' 'a|b' '<b>' "a'b" 'a"b' a+b '~a' $'a\nb' $'a\eb' $'\xff' ...a; do
		echo "$name" >"$site/$name"
		# shellcheck disable=SC2059 # a format for each byte
		encoded=$(printf %s "$name" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)
		[[ $name == .* ]] || serves "/$encoded" "$name"
	done
	refuses /...a 404 hidden
	refuses "/$(printf '%0300d' 0)" 404 name-too-long
	serves /a+b a+b
	serves "/a'b" "a'b"
}

@test "no path leads out of the root" {
	local target
	for target in /../outside/secret.txt /..%2foutside/secret.txt /%2e%2e/outside/secret.txt \
		/%2e%2e%2foutside%2fsecret.txt /.%2e/outside/secret.txt /sub/../../outside/secret.txt \
		/sub/..%2f..%2foutside/secret.txt //../outside/secret.txt /./../outside/secret.txt \
		'/..\outside\secret.txt' /..%5coutside%5csecret.txt '/sub/..\..\outside/secret.txt' \
		/%252e%252e/outside/secret.txt /%c0%ae%c0%ae/outside/secret.txt '/..;/outside/secret.txt' \
		/....//outside/secret.txt http://localhost/../outside/secret.txt 'http://../outside/secret.txt' \
		/leaving.txt /leaving/secret.txt /leaving/ /leaving /sublink/../leaving.txt \
		"$outside/secret.txt" "/$outside/secret.txt" /etc/passwd /proc/self/root/etc/passwd; do
		get "$target"
		equal "$exit_status" 0 'exit status'
		[[ $http_status == 40[04] ]] || fail "answer to $target is $http_status"
		refute grep -q 'outside\|root:' "$body_file"
	done
	refuses /leaving.txt 404 target-escapes-root
	refuses /leaving/secret.txt 404 target-escapes-root
	refuses /leaving 404 target-escapes-root
}

@test "symbolic links to targets below the root work" {
	serves /link.txt a.txt
	serves /sublink/ sub/index.html
	serves /sublink/deep/file.txt sub/deep/file.txt
	redirects /sublink /sublink/
	ln -s ../../a.txt "$site/sub/deep/up.txt"
	serves /sub/deep/up.txt a.txt
	ln -s nowhere "$site/dangling"
	refuses /dangling 404 not-found
	refuses /loop 404 symlink-loop
	ln -s ../www/a.txt "$site/around.txt"
	refuses /around.txt 404 target-escapes-root
}

@test "absolute links work if they begin with --root and their target is inside" {
	local link
	serves /absolute.txt a.txt
	ln -s "$site/sub" "$site/absolute"
	serves /absolute/ sub/index.html
	serves /absolute/deep/file.txt sub/deep/file.txt
	redirects /absolute /absolute/
	ln -s "$site/sub/../absolute/deep" "$site/chain"
	ln -s "$site//./chain/file.txt" "$site/chain.txt"
	serves /chain/file.txt sub/deep/file.txt
	serves /chain.txt sub/deep/file.txt
	ln -s "$site" "$site/itself"
	serves /itself/a.txt a.txt
	mkdir "$site-other"
	echo secret >"$site-other/a.txt"
	ln -s "$outside" "$site/out"
	while read -r link; do
		ln -sfn "$link" "$site/refused"
		refuses /refused 404 target-escapes-root
	done <<-END
		$outside/secret.txt
		$site-other/a.txt
		$site/../outside/secret.txt
		$site/sub/../../outside/secret.txt
		$site/leaving/secret.txt
		$site/out/secret.txt
		/etc/passwd
		/a.txt
		/
		${site%/*}
	END
	ln -sfn "$site/nowhere" "$site/refused"
	refuses /refused 404 not-found
	ln -sfn "$site/refused" "$site/refused"
	refuses /refused 404 symlink-loop
}

@test "absolute links work however --root is written" {
	local root whole=$site
	ln -s "$site/sub" "$site/absolute"
	ln -s "$site-other/a.txt" "$site/other.txt"
	ln -s "${site%/*}/.//www/a.txt" "$site/unusual.txt"
	ln -s "${site%/*}" "$site/above"
	mkdir "$site-other"
	cp "$site/a.txt" "$site-other/"
	cd "$site/sub"
	for root in .. ../ ./.. ../../www ".././../www" "/$whole" "$whole/." "$whole//" "/.$whole" "${whole%/*}//./www"; do
		site=$root
		serves /absolute.txt a.txt
		serves /unusual.txt a.txt
		serves /absolute/deep/file.txt sub/deep/file.txt
		refuses /other.txt 404 target-escapes-root
		refuses /above/www/a.txt 404 target-escapes-root
	done
	cd "$whole/.."
	for root in www ./www www/. .//www/; do
		site=$root
		serves /absolute.txt a.txt
		refuses /other.txt 404 target-escapes-root
	done
	cd "$whole"
	site=.
	serves /absolute.txt a.txt
	refuses /other.txt 404 target-escapes-root
	# Another name of the root is not in the links.
	ln -s "$whole" "$BATS_TEST_TMPDIR/name"
	site=$BATS_TEST_TMPDIR/name
	refuses /absolute.txt 404 target-escapes-root
}

@test "a deploy by a link to a release works: as the root, inside the root, relative and absolute" {
	local release base=$site kind target
	for release in 1 2; do
		mkdir -p "$base/releases/$release/sub"
		echo "release $release" >"$base/releases/$release/index.html"
		echo "below $release" >"$base/releases/$release/sub/a.txt"
		ln -s "$base/releases/$release/sub/a.txt" "$base/releases/$release/link.txt"
	done
	for kind in releases "$base/releases"; do
		for release in 1 2; do
			ln -sfn "$kind/$release" "$base/current"
			site=$base
			serves /current/ "releases/$release/index.html"
			serves /current/sub/a.txt "releases/$release/sub/a.txt"
			serves /current/link.txt "releases/$release/sub/a.txt"
			site=$base/current
			get /
			equal "$http_status $body" "200 release $release"
			get /sub/a.txt
			equal "$http_status $body" "200 below $release"
		done
	done
	# Links in a release that begin with the name of the root as it is given.
	ln -sfn "$base/current/sub/a.txt" "$base/releases/2/given.txt"
	get /given.txt
	equal "$http_status $body" '200 below 2'
}

@test "absolute links: listings, siblings, error pages and hits follow them too" {
	handler_options=(--list --hits "$BATS_TEST_TMPDIR/hits")
	rm "$site/index.html"
	ln -s "$site/sub" "$site/absolute"
	ln -s "$outside/secret.txt" "$site/out.txt"
	ln -s "$site/fifo" "$site/fifo-link"
	get /
	equal "$(grep -oE 'href="\./(absolute|out|fifo)[^"]*' "$body_file" | sort | paste -sd ' ')" 'href="./absolute.txt href="./absolute/'
	get /absolute.txt
	equal "$log" '/absolute.txt | - | - | 1'
	ln -s "$site" "$site/itself"
	get /itself/itself/a.txt
	equal "$log" '/a.txt | - | - | 1'
	gzip -k "$site/a.txt"
	mkdir "$site/elsewhere"
	mv "$site/a.txt.gz" "$site/elsewhere/"
	ln -s "$site/elsewhere/a.txt.gz" "$site/a.txt.gz"
	get /a.txt 'Accept-Encoding: gzip'
	equal "$(field Content-Encoding)" gzip
	echo 'own page' >"$site/elsewhere/404.html"
	ln -s "$site/elsewhere/404.html" "$site/404.html"
	get /nothing
	equal "$http_status $body" '404 own page'
}

@test "the root may be a link or the working directory" {
	ln -s "$site" "$BATS_TEST_TMPDIR/current"
	site=$BATS_TEST_TMPDIR/current serves /a.txt a.txt
	cd "$site"
	site=. serves /a.txt a.txt
	site=. refuses /../outside/secret.txt 404 not-found
}

@test "magic links in /proc and /dev are not followed" {
	local target
	cd "$site"
	site=/proc
	for target in /self/cwd/ /self/cwd/a.txt /self/root/etc/passwd /self/exe /self/fd/0; do
		get "$target"
		equal "$http_status" 404 "answer to $target"
	done
	site=/dev
	refuses /fd/0 404 target-escapes-root
	refuses /stdin 404 target-escapes-root
}

@test "a name that begins with a dot gets 404, whether it exists or not" {
	local target there
	for target in /.secret /.git /.git/ /.git/config /.git/nothing /%2esecret /%2Egit/config /sub/../.secret \
		/.well-known/../.secret /sub/.well-known/x /.well-knownx /.well-known/.hidden /..a /... \
		//.secret /.secret/ '/.secret?x'; do
		refuses "$target" 404 hidden
	done
	get /.secret
	there=$(grep -v ^Date: <<<"$head")$body
	get /.nothing
	equal "$(grep -v ^Date: <<<"$head")$body" "$there" 'answer to a missing name'
}

@test "/.well-known/ is served" {
	serves /.well-known/x .well-known/x
	serves /%2ewell-known/x .well-known/x
	refuses /.well-known/nothing 404 not-found
	mkdir "$site/.well-known/acme-challenge"
	redirects /.well-known/acme-challenge /.well-known/acme-challenge/
}

@test "a FIFO, socket or device gets 404 and does not block" {
	local target
	refuses /fifo 404 not-a-regular-file
	ln -s fifo "$site/fifolink"
	refuses /fifolink 404 not-a-regular-file
	ln -s ../fifo "$site/empty/index.html"
	refuses /empty/ 404 not-a-regular-file

	systemd-socket-activate --listen="$site/socket" true 2>/dev/null 3>&- &
	server_pid=$!
	wait_until test -S "$site/socket"
	refuses /socket 404 not-a-regular-file

	site=/dev
	for target in /null /zero /full /random; do
		refuses "$target" 404 not-a-regular-file
	done
}

@test "a file that the handler's user may not read gets 403" {
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	refuses /unreadable.txt 403 file-forbidden
	serves /a.txt a.txt
	mkdir -p "$site/closed/in" "$site/enter"
	echo x | tee "$site/closed/x" "$site/enter/index.html" >"$site/empty/index.html"
	chmod 000 "$site/empty/index.html"
	refuses /empty/ 403 file-forbidden
	chmod 711 "$site/enter"
	serves /enter/ enter/index.html
	redirects /enter /enter/
	chmod 000 "$site/closed"
	refuses /closed/x 403 file-forbidden
	refuses /closed/ 403 file-forbidden
	refuses /closed/in 403 file-forbidden
	redirects /closed /closed/
	chmod 700 "$site/closed"
}

@test "a directory without its final slash is redirected, with its query" {
	redirects /sub /sub/
	redirects '/sub?' '/sub/?'
	redirects '/sub?a=1&b=%20/..?;c' '/sub/?a=1&b=%20/..?;c'
	redirects '/sub?//evil.example/' '/sub/?//evil.example/'
	redirects /sub/deep /sub/deep/
	redirects /empty /empty/
	redirects /%73ub /sub/
	redirects /./empty/../sub /sub/
	redirects /sub/deep/../../sub /sub/
	redirects http://localhost/sub /sub/
	ask 'GET /sub HTTP/1.0'
	equal "$(field Location)" /sub/
	ask 'GET /sub HTTP/1.1' 'Host: evil.example'
	equal "$(field Location)" /sub/
}

@test "no redirect leads to another site" {
	mkdir "$site/evil.example" "$site/\\evil.example" "$site/http:" "$site/@evil" "$site/sub/evil.example"
	redirects //evil.example /evil.example/
	redirects ///evil.example /evil.example/
	redirects /%2fevil.example /evil.example/
	refuses %2f%2fevil.example 400 target-form
	redirects //evil.example/../evil.example /evil.example/
	redirects /.//evil.example /evil.example/
	redirects /sub/..//evil.example /evil.example/
	redirects '/\evil.example' /%5Cevil.example/
	redirects /%5cevil.example /%5Cevil.example/
	redirects '//\evil.example' /%5Cevil.example/
	redirects /http: /http:/
	redirects /@evil /@evil/
	redirects //evil.example/../sub/evil.example /sub/evil.example/
	redirects http://evil.example/sub /sub/
	redirects http://evil.example//sub /sub/
	serves //evil.example/..%2f index.html
	serves //evil.example/%2e%2e index.html
	serves '/\evil.example/..%2f' index.html
}

@test "bytes of a name or query are escaped in a redirect" {
	local name=$'x\r\nSet-Cookie: a=b\r\n\r\n<script>'
	mkdir "$site/$name" "$site/caf"$'\xc3\xa9' "$site/a b" "$site/"$'\xff\x7f\x01'
	redirects '/x%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a%3cscript%3e' \
		'/x%0D%0ASet-Cookie:%20a=b%0D%0A%0D%0A%3Cscript%3E/'
	redirects '/x%0D%0ASet-Cookie%3A%20a%3Db%0D%0A%0D%0A<script>' \
		'/x%0D%0ASet-Cookie:%20a=b%0D%0A%0D%0A%3Cscript%3E/'
	refute grep -iq '^set-cookie' <<<"$head"
	redirects /caf%c3%a9 /caf%C3%A9/
	redirects $'/caf\xc3\xa9' /caf%C3%A9/
	redirects /a%20b /a%20b/
	redirects /%ff%7f%01 /%FF%7F%01/
	redirects '/sub?%0d%0aSet-Cookie:%20a=b' '/sub/?%0d%0aSet-Cookie:%20a=b'
	redirects $'/sub?\xc3\xa9"<>\\^`{|}' '/sub/?%C3%A9%22%3C%3E%5C%5E%60%7B%7C%7D'
	refuses $'/sub?a\rSet-Cookie: a=b' 400 target-control-byte
	refuses $'/sub?a\x01' 400 target-control-byte
	get $'/sub?a\nSet-Cookie:a=b'
	equal "$http_status" 400
	refute grep -iq '^set-cookie' <<<"$head"
}

@test "pages of redirects and errors contain nothing from the request" {
	local target
	for target in '/sub?marked' /marked '/%marked' '/.marked'; do
		get "$target" 'Referer: marked' 'X-marked: marked'
		refute grep -q marked "$body_file"
	done
}

@test "--index selects another index file" {
	handler_options=(--index a.txt)
	serves / a.txt
	equal "$log" '/a.txt | - | - | 200 OK'
	refuses /sub/ 404 not-found
	serves /index.html index.html
}

@test "a file replaced while it is sent: the old content arrives complete" {
	local length=30000000
	head -c $length /dev/urandom >"$site/big"
	cp "$site/big" "$BATS_TEST_TMPDIR/before"
	start_server --root "$site"
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	head -c 1000 <&5 >"$BATS_TEST_TMPDIR/response"
	echo new >"$site/new"
	mv "$site/new" "$site/big"
	timeout 60 cat <&5 >>"$BATS_TEST_TMPDIR/response"
	split_response "$BATS_TEST_TMPDIR/response"
	cmp "$BATS_TEST_TMPDIR/before" "$body_file"
}

@test "a file that shrinks while it is sent is cut off, not padded" {
	local length=30000000
	head -c $length /dev/zero >"$site/big"
	start_server --root "$site"
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	head -c 1000 <&5 >"$BATS_TEST_TMPDIR/response"
	: >"$site/big"
	timeout 60 cat <&5 >>"$BATS_TEST_TMPDIR/response"
	wait_until logged '/big | 127.0.0.1'
	logged '200 OK (file-shrank)'
	split_response "$BATS_TEST_TMPDIR/response"
	equal "$(field Content-Length)" $length
	(($(wc -c <"$body_file") < length))
}

#!/usr/bin/env bats
# Bugs of older small servers, one test each, named after the server that had the bug. Most of these servers
# are carefully written and run one process per connection. The suites of paths, hosts, deadlines, ranges
# and connections test the same points in detail.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
}

teardown() {
	stop_server
}

# is_answered STATUS REASON: whether the response has this status, the log this reason, and the handler
# exited with 0.
is_answered() {
	equal "$http_status $exit_status" "$1 0" || return
	contains "$log" "($2)"
}

@test "micro_httpd: off by one for names of one letter" {
	local name
	mkdir "$site/d"
	echo below >"$site/d/f"
	for name in a b z 0 _ '~'; do echo "I am $name" >"$site/$name"; done
	for name in a b z 0 _ '~'; do
		get "/$name"
		equal "$http_status $body" "200 I am $name"
		get "/$name/"
		equal "$http_status" 404 "/$name/ is a file, not a directory"
	done
	get /d/f
	equal "$http_status $body" '200 below'
	get /d
	equal "$http_status $(field Location)" '301 /d/'
	get /x
	is_answered 404 not-found
	ask 'GET x HTTP/1.1' 'Host: localhost'
	equal "$http_status" 400
	ask 'GET  HTTP/1.1' 'Host: localhost'
	equal "$http_status" 400
}

# hosts_are_refused HOST...: whether requests for these hosts get 400 or 404 with --vhosts, although the
# directory next to the root has a page.
hosts_are_refused() {
	local host
	handler_options=(--vhosts)
	echo secret >"$outside/index.html"
	for host; do
		ask 'GET / HTTP/1.1' "Host: $host"
		[[ $http_status =~ ^40[04]$ ]] || fail "answer to Host: $host is $http_status" || return
		[[ $body != *secret* ]] || fail "Host: $host" || return
	done
}

@test "mini_httpd: Host used as a path, and an empty Host" {
	hosts_are_refused '' ' ' / /etc ../outside ..%2foutside 'sub/../../outside' 'a/../..' "$outside"
	handler_options=()
	ask 'GET /a.txt HTTP/1.1' 'Host:'
	equal "$http_status $body" '200 Hello.'
	ask 'GET /a.txt HTTP/1.1'
	equal "$http_status" 400
}

@test "bozohttpd: Host .." {
	hosts_are_refused .. . ... ..:80 ../.. .. ..%00 '[..]' '[::1]/..'
}

@test "mini_httpd 2026: unlimited fields, and a deadline that each byte extends" {
	local start
	ask_raw < <(printf 'GET / HTTP/1.1\r\nHost: a\r\n' && yes $'X: a\r' | head -n 100 && printf '\r\n')
	is_answered 431 too-many-fields
	ask_raw < <(printf 'GET / HTTP/1.1\r\nHost: a\r\n' && yes $'X: a\r' | head -n 1000000)
	is_answered 431 head-too-long
	ask_raw < <(printf 'GET / HTTP/1.1\r\nHost: a\r\nX: ' && head -c 10000000 /dev/zero | tr '\0' a)
	is_answered 431 head-too-long
	# The header must be complete after three seconds; a byte arrives every half second.
	start=$(now_ms)
	ask_raw --header-timeout 3 < <(for _ in {1..60}; do printf G && sleep 0.5 || break; done)
	is_answered 408 head-too-slow
	(($(now_ms) - start < 25000)) || fail 'a byte extended the deadline'
}

@test "several servers, 2009: escape sequences in the log" {
	ask $'GET /\e[2J\e]0;owned\a HTTP/1.1' 'Host: a' $'User-Agent: \e[31m'
	refute grep -q '[^[:print:][:space:]]' <<<"$log"
	get '/%1b%5d0;owned%07%0d%0aforged%20|%201.2.3.4%20|%2080%20|%201'
	refute grep -q '[^[:print:][:space:]]' <<<"$log"
	equal "$(wc -l <<<"$log")" 1 'lines of the log'
	equal "$(tr -cd '|' <<<"$log" | wc -c)" 3 'separators in the line'
}

@test "several servers: a world-readable or world-writable log or counter file" {
	local hits=$BATS_TEST_TMPDIR/hits
	(umask 0 && ask_raw --hits "$hits" <<<$'GET /a.txt HTTP/1.0\r\n\r')
	equal "$(stat -c %a "$hits")" 640 'mode of the counter file'
}

@test "althttpd: a body executed as the next request, and state that leaks between requests" {
	local smuggled=$'GET /sub/deep/file.txt HTTP/1.1\r\nHost: a\r\n\r\n'
	handler_options=(--keep-alive 20)
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s' "${#smuggled}" "$smuggled")
	equal "$http_status $(grep -ac '^HTTP/1.1 ' "$response_file")" '200 1'
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s' "$smuggled")
	equal "$(grep -ac '^HTTP/1.1 ' "$response_file")" 1 'number of responses'
	refute grep -aq deep "$response_file"
	# Range and If-None-Match apply only to their own request.
	ask_raw < <(printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n' 'Range: bytes=0-1' 'If-None-Match: *' 'X: a')
	equal "$(grep -ao 'HTTP/1.1 ...' "$response_file")" $'HTTP/1.1 206\nHTTP/1.1 304\nHTTP/1.1 200'
	equal "$(tail -c 7 "$response_file")" Hello.
}

@test "bozohttpd: killed by a file that shrinks while it is sent" {
	truncate -s 60M "$site/big"
	start_server --root "$site"
	connect
	printf 'GET /big HTTP/1.0\r\n\r\n' >&5
	IFS= read -r -t 60 -u 5 line
	contains "$line" '200 OK'
	# The client has read one line, so most of the file is not sent yet.
	truncate -s 1000 "$site/big"
	timeout 60 cat <&5 >got || true
	wait_until logged '(file-shrank)'
	refute grep -E 'signal|SIG|Sanitizer' "$server_log"
	(($(wc -c <got) < 60000000))
}

@test "several servers: a FIFO, device or socket that hangs the server or has an effect" {
	local name
	mknod "$site/zero" c 1 5 2>/dev/null || true
	head -c 1 "$site/zero" >/dev/null 2>&1 || ln -sf /dev/zero "$site/zero" # on a mount without devices
	make_socket_file "$site/socket"
	for name in fifo zero socket; do
		get "/$name"
		equal "$http_status $exit_status" '404 0' "answer to /$name"
	done
}

# make_socket_file FILE: makes a Unix socket with this name.
make_socket_file() {
	systemd-socket-activate --listen="$1" true </dev/null >/dev/null 2>&1 3>&- &
	wait_until test -S "$1"
	kill "$!"
	wait "$!" || true
}

@test "OpenBSD httpd 2017: many ranges of a large file, each read and sent" {
	local ranges
	truncate -s 1G "$site/big"
	printf -v ranges '%s' bytes=0- ,0-{,,,,,,,,,,,,,,,,,,,,,,,,,,,,,}
	ask 'HEAD /big HTTP/1.1' 'Host: a' "Range: $ranges"
	equal "$http_status $(field Content-Length)" "200 $((1 << 30))"
	truncate -s 10000 "$site/big"
	get /big "Range: $ranges"
	equal "$http_status $(wc -c <"$body_file")" '200 10000'
	printf -v ranges '%s' bytes=0-0 ,{2..600..2}-
	get /big "Range: $ranges"
	equal "$http_status $(wc -c <"$body_file")" '200 10000'
}

@test "busybox: sizes of 2 GiB and more" {
	local size
	for size in $(((1 << 31) - 1)) $((1 << 31)) $(((1 << 32) - 1)) $((1 << 32)) $((5 << 30)); do
		truncate -s "$size" "$site/big"
		ask 'HEAD /big HTTP/1.1' 'Host: a'
		equal "$http_status $(field Content-Length)" "200 $size"
		get /big "Range: bytes=$((size - 3))-"
		equal "$http_status $(field Content-Range)" "206 bytes $((size - 3))-$((size - 1))/$size"
		equal "$(wc -c <"$body_file")" 3 'bytes of the part'
	done
}

# answer TARGET: prints the response without its Date.
answer() {
	get "$1" >/dev/null
	sed '/^Date:/d' <<<"$head"
	cat "$body_file"
}

@test "thttpd: a status that reveals whether a hidden file exists" {
	local name missing
	mkdir "$site/.private"
	missing=$(answer /.not-there)
	contains "$missing" ' 404 '
	for name in .secret .git .git/ .git/config .private .private/ .private/x sub/../.secret %2esecret; do
		equal "$(answer "/$name")" "$missing" "answer to /$name"
	done
	equal "$(answer /.secret/x)" "$missing"
	# The reason in the log does not reveal it either: other users may read the log.
	get /.secret
	contains "$log" '(hidden)'
	get /.not-there
	contains "$log" '(hidden)'
}

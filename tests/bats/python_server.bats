#!/usr/bin/env bats
# The behaviour of the Python server that Mayfly replaces: started by make on port 8080, 200 or 404,
# connection closed after each response, requests counted per resource and printed as `/name | address |
# port | count`, no start without www, fetched with wget and browsers.
# bats file_tags=once

load helpers
load make

setup() {
	site=$BATS_TEST_TMPDIR/www
	# The counts in the build directory are kept, so each test has its own pages.
	page=page-$$-$RANDOM.html other=other-$$-$RANDOM.html
	mkdir "$site"
	printf '<!DOCTYPE html>\n<title>A page</title>\n<p id="words">Words.</p>\n' >"$site/$page"
	printf 'other\n' >"$site/$other"
	shown=$BATS_TEST_TMPDIR/shown
	make_run=("${make[@]}" run "ROOT=$site")
}

teardown() {
	[[ -z ${server_pid-} ]] || kill -TERM -- "-$server_pid" 2>/dev/null || true
	[[ -z ${server_pid-} ]] || wait "$server_pid" || true
	pkill -TERM -f -- "--root $site " || true
}

# start_make_run [PORT=...]: starts `make run`, which must listen on $port. Sets url.
start_make_run() {
	local patience=600
	setsid "${make_run[@]}" "$@" >"$shown" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$shown")"
	url=http://127.0.0.1:$port
}

start_on_free_port() {
	port=$(free_port)
	start_make_run "PORT=$port"
}

# shows REGEX: whether the terminal shows a line that matches.
shows() {
	grep -qxE -- "$1" "$shown"
}

@test "make starts it on port 8080" {
	take_port_8080
	start_make_run
	equal "$(curl -sS "http://127.0.0.1:8080/$other")" other
}

@test "GET of a file in www gives 200 and the file" {
	start_on_free_port
	equal "$(curl -sS -o "$BATS_TEST_TMPDIR/got" -w '%{http_code}' "$url/$page")" 200
	cmp "$BATS_TEST_TMPDIR/got" "$site/$page"
}

@test "GET of a missing file gives 404" {
	start_on_free_port
	equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/missing")" 404
}

@test "without www it exits with a message" {
	local status=0
	port=$(free_port)
	rmdir -- "$site" 2>/dev/null || rm -r -- "$site"
	timeout 60 "${make_run[@]}" "PORT=$port" >"$shown" 2>&1 3>&- || status=$?
	((status != 0 && status != 124)) || fail "make ended with $status"
	contains "$(<"$shown")" "ROOT=$site is not a directory"
}

@test "it serves several clients at once" {
	start_on_free_port
	# One client has not finished its request when another gets its page.
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /%s HTTP/1.0\r\n' "$other" >&4
	equal "$(curl -sS --max-time 60 "$url/$other")" other
	printf '\r\n' >&4
	equal "$(tail -n 1 <&4)" other
	exec 4>&-
}

@test "it counts per resource and prints name, address, port and count" {
	start_on_free_port
	curl -4 -sS -o /dev/null -o /dev/null "$url/$page" "$url/$page"
	curl -4 -sS -o /dev/null "$url/$other"
	wait_until shows "/$page \| 127\.0\.0\.1 \| [0-9]+ \| 1"
	wait_until shows "/$page \| 127\.0\.0\.1 \| [0-9]+ \| 2"
	wait_until shows "/$other \| 127\.0\.0\.1 \| [0-9]+ \| 1"
}

@test "it closes the connection after the response" {
	start_on_free_port
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$other" >&4
	# cat ends only when the server closes the connection.
	timeout 5 cat <&4 >"$BATS_TEST_TMPDIR/response"
	exec 4>&-
	split_response "$BATS_TEST_TMPDIR/response"
	equal "$(field Connection)" close
	equal "$body" other
}

@test "wget with --limit-rate gets every byte" {
	start_on_free_port
	head -c 3000000 /dev/urandom >"$site/big-$page"
	wget -q --limit-rate=1m -O "$BATS_TEST_TMPDIR/got" "$url/big-$page"
	cmp "$BATS_TEST_TMPDIR/got" "$site/big-$page"
}

# bats test_tags=tools
@test "a browser shows the page" {
	start_on_free_port
	timeout 300 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$BATS_TEST_TMPDIR/profile" --dump-dom "$url/$page" \
		>"$BATS_TEST_TMPDIR/dom" 2>/dev/null 3>&-
	contains "$(<"$BATS_TEST_TMPDIR/dom")" '<p id="words">Words.</p>'
}

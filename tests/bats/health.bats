#!/usr/bin/env bats
# --health-path: its answers to a front end, and that checks of a healthy site leave no trace.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup_file() {
	build_tools hits_dump
}

setup() {
	make_counted_site
	options=(--health-path /healthz --proxy-from 192.0.2.10)
	handler_options+=("${options[@]}")
	export REMOTE_ADDR=192.0.2.10 REMOTE_PORT=4711
}

teardown() {
	stop_server
}

# is_healthy [LENGTH]: whether the response is 200, not to be cached, and not logged; its body has LENGTH bytes
# (default: its Content-Length).
is_healthy() {
	equal "$exit_status $http_status $(field Cache-Control) $log" '0 200 no-store ' || return
	equal "$(wc -c <"$body_file")" "${1-$(field Content-Length)}" 'length of the body'
}

# answers_unhealthy REASON: whether a health check gets 503 and this reason, which is also logged.
answers_unhealthy() {
	get /healthz
	equal "$exit_status $http_status $(field Cache-Control)" '0 503 no-store' || return
	equal "$body" unavailable || return # not the reason
	equal "$log" "/healthz | 192.0.2.10 | 4711 | 503 Service Unavailable ($1)"
}

@test "a healthy site answers 200 to GET and HEAD, uncounted and unlogged" {
	get /healthz
	is_healthy
	equal "$body" ok
	ask 'HEAD /healthz HTTP/1.0'
	is_healthy 0
	equal "$(field Content-Length)" 3
	equal "$(counts)" ''
	get /a.txt
	equal "$log" '/a.txt | 192.0.2.10 | 4711 | 1'
	get /healthz
	is_healthy
	equal "$(counts)" $'1\t/a.txt'
}

@test "a check from outside --proxy-from gets the same answer and is logged" {
	REMOTE_ADDR=192.0.2.11 get /healthz
	equal "$http_status $body $log" '200 ok /healthz | 192.0.2.11 | 4711 | 200 OK (health)'
	REMOTE_ADDR=2001:db8::1 ask 'HEAD /healthz HTTP/1.0'
	equal "$http_status $log" '200 HEAD /healthz | 2001:db8::1 | 4711 | 200 OK (health)'
	handler_options=(--health-path /healthz)
	get /healthz
	equal "$log" '/healthz | 192.0.2.10 | 4711 | 200 OK (health)'
	unset REMOTE_ADDR
	get /healthz
	equal "$log" '/healthz | - | - | 200 OK (health)'
	equal "$(counts)" ''
}

@test "with PROXY the client that the front end names counts; with UNKNOWN the front end itself" {
	handler_options=("${options[@]}" --proxy-protocol)
	ask_raw <<<$'PROXY TCP4 198.51.100.7 192.0.2.1 1234 80\r\nGET /healthz HTTP/1.0\r\n\r'
	equal "$log" '/healthz | 198.51.100.7 | 1234 | 200 OK (health)'
	ask_raw <<<$'PROXY UNKNOWN\r\nGET /healthz HTTP/1.0\r\n\r'
	equal "$http_status $log" '200 '
}

@test "only the exact target is a health check" {
	local target
	for target in '/healthz?x' '/%68ealthz' '/x/../healthz' '//healthz' 'http://any.example/healthz' \
		/healthz/ /Healthz /healthz.html /healthzz /x/healthz; do
		get "$target"
		equal "$http_status" 404
		contains "$log" '404 Not Found'
	done
}

@test "the health path takes precedence over a file of that name" {
	echo 'a file' >"$site/healthz"
	get /healthz
	is_healthy
	handler_options=()
	get /healthz
	equal "$body" 'a file'
}

@test "health checks work for any host" {
	handler_options+=(--vhosts)
	get /healthz
	is_healthy
}

@test "other methods at the health path get the usual answers" {
	ask 'OPTIONS /healthz HTTP/1.0'
	equal "$http_status $(field Allow)" '204 GET, HEAD, OPTIONS'
	ask 'POST /healthz HTTP/1.0'
	equal "$http_status" 405
}

@test "a kept connection may carry several health checks" {
	handler_options+=(--keep-alive 5)
	ask_raw <<<$'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: a\r\n\r'
	equal "$(grep -c '^HTTP/1.1 200 OK' "$response_file")" 3 responses
	equal "$log" '/a.txt | 192.0.2.10 | 4711 | 1'
}

@test "a site that cannot count hits answers 503" {
	count_in "$BATS_TEST_TMPDIR/missing/hits"
	handler_options+=("${options[@]}")
	answers_unhealthy hits-missing-folder
	handler_options=(--hits "$site" "${options[@]}")
	answers_unhealthy hits-not-a-file
	handler_options=(--hits /dev/null "${options[@]}")
	answers_unhealthy hits-not-a-file
	handler_options=(--hits "$site/index.html" "${options[@]}")
	answers_unhealthy hits-foreign
	get /a.txt
	handler_options=(--hits hits "${options[@]}")
	get /a.txt
	truncate -s 5000 hits
	answers_unhealthy hits-damaged
	chmod a= hits
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	answers_unhealthy hits-not-permitted
}

@test "an unhealthy site closes a kept connection" {
	echo foreign >"$hits"
	handler_options+=(--keep-alive 5)
	get /healthz
	equal "$http_status $(field Connection)" '503 close'
	rm "$hits"
	get /healthz
	equal "$http_status $(field Connection)" '200 keep-alive'
}

@test "without --hits the counter file is not checked" {
	handler_options=("${options[@]}")
	get /healthz
	is_healthy
}

@test "a root that cannot be entered answers 503" {
	give_ordinary_user_access
	chmod a+rwx .
	runner=("${ordinary_user[@]}")
	chmod a= "$site"
	answers_unhealthy root-unusable
	chmod a=r "$site"
	answers_unhealthy root-unusable
	chmod 755 "$site"
	get /healthz
	is_healthy
}

@test "a missing root yields the 503 of every other request" {
	mv "$site" "$site.away"
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
	get /healthz
	equal "$exit_status" 102 'exit status'
	is_unavailable
	contains "$log" '/healthz | 192.0.2.7 | 51034 | 503 Service Unavailable (root-unusable)'
}

@test "--health-path accepts canonical paths only" {
	local path got
	for path in '' healthz /x/../healthz //healthz '/health%7a' '/healthz?' '/healthz#' http://a/healthz; do
		got=0
		"$MAYFLY" --root "$site" --health-path "$path" </dev/null >out 2>err 3>&- || got=$?
		equal "$got" 100 "exit status with $path"
		contains "$(<err)" --health-path
	done
}

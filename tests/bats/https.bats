#!/usr/bin/env bats
# The handler's part in HTTPS: --https behind a TLS wrapper, --https-redirect on port 80, and challenges of a
# certificate authority. tests/system/https.bats has all of it under systemd.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	make_site
	hits=$BATS_TEST_TMPDIR/hits
}

# redirects_to URL: whether the last response is a complete 301 to the URL.
redirects_to() {
	equal "$exit_status $http_status $(field Location)" "0 301 $1" || return
	equal "$(field Content-Length)" "$(wc -c <"$body_file")" Content-Length
}

@test "--https: the log line ends with https" {
	handler_options=(--https --hits "$hits")
	get /a.txt
	equal "$log" '/a.txt | - | - | 1 | https'
	get /nothing
	equal "$log" '/nothing | - | - | 404 Not Found (not-found) | https'
}

@test "the address that tlswrapper found precedes that of systemd" {
	export REMOTE_ADDR=192.0.2.1 REMOTE_PORT=443 TCPREMOTEIP=192.0.2.7 TCPREMOTEPORT=51034
	get /a.txt
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 200 OK'
}

@test "--https-redirect: 301 to the same host, path and query, without a port; nothing is counted" {
	handler_options=(--https-redirect --hits "$hits")
	get /a.txt
	redirects_to https://localhost/a.txt
	equal "$log" '/a.txt | - | - | 301 Moved Permanently (https-redirect)'
	ask 'GET /no%20thing/?a=1&b=%20 HTTP/1.1' 'Host: example.org:8080'
	redirects_to 'https://example.org/no%20thing/?a=1&b=%20'
	ask 'GET /a/../b HTTP/1.1' 'Host: [2001:db8::7]:80'
	redirects_to 'https://[2001:db8::7]/b'
	ask 'GET http://example.org:80/x HTTP/1.1' 'Host: elsewhere'
	redirects_to https://example.org/x
	ask 'HEAD / HTTP/1.1' 'Host: example.org'
	equal "$http_status $(field Location) $(wc -c <"$body_file")" '301 https://example.org/ 0'
	ask 'GET //evil.example/ HTTP/1.1' 'Host: example.org'
	[[ $(field Location) == https://example.org/* ]]
	refute grep -qa a.txt "$hits"
}

@test "--https-redirect: other methods, malformed hosts and requests without a host are refused" {
	handler_options=(--https-redirect)
	ask 'POST / HTTP/1.1' 'Host: example.org'
	equal "$http_status" 405
	ask 'GET / HTTP/1.1' 'Host: exa mple'
	equal "$http_status" 400
	ask 'GET / HTTP/1.0'
	equal "$http_status" 400
	contains "$log" '(host-missing)'
	ask 'GET / HTTP/1.0' 'Host: :80'
	equal "$http_status" 400
	ask 'OPTIONS * HTTP/1.1' 'Host: example.org'
	equal "$http_status" 204
}

@test "--https-redirect: files below /.well-known/ are served, missing ones are redirected" {
	handler_options=(--https-redirect)
	get /.well-known/x
	equal "$http_status $body" '200 well known'
	get /.well-known/y
	redirects_to https://localhost/.well-known/y
	get /.well-known
	redirects_to https://localhost/.well-known
	get /.well-known/../a.txt
	redirects_to https://localhost/a.txt
}

@test "--https-redirect keeps the longest target" {
	local path
	handler_options=(--https-redirect)
	printf -v path '/%4000s' ''
	get "${path// /%C3%A9}" || true
	((http_status == 301 || http_status == 414))
	printf -v path '/%8000s' ''
	get "${path// /a}"
	((http_status == 301 || http_status == 414))
}

@test "--https-redirect: --health-path is answered" {
	handler_options=(--https-redirect --health-path /healthz)
	get /healthz
	equal "$http_status" 200
}

@test "--https-redirect cannot be combined with --https" {
	run -100 --separate-stderr "$MAYFLY" --root "$site" --https --https-redirect --check-config
	equal "$stderr" 'mayfly: --https-redirect cannot be combined with --https'
}

@test "a challenge of a certificate authority is served and not counted" {
	handler_options=(--hits "$hits")
	mkdir "$site/.well-known/acme-challenge"
	echo proof >"$site/.well-known/acme-challenge/token"
	get /.well-known/acme-challenge/token
	equal "$http_status $body" '200 proof'
	equal "$log" '/.well-known/acme-challenge/token | - | - | 200 OK'
	get /.well-known/x
	equal "$log" '/.well-known/x | - | - | 1'
}

#!/usr/bin/env bats
# Real front ends before the handler, with the files of packaging/front and the test's own ports and paths.
# They terminate TLS, and the log shows the client's address. Clients have the address 127.0.0.7, the front
# end 127.0.0.1.
# bats file_tags=once,tools

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load browser

configurations=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/packaging/front
PATH=$PATH:/usr/sbin

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	openssl req -x509 -newkey rsa:2048 -nodes -keyout site.key -out site.crt -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
	cat site.crt site.key >site.pem
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	certificates=$BATS_FILE_TMPDIR
	start_server --root "$site" --hits "$BATS_TEST_TMPDIR/hits" --health-path /healthz \
		--proxy-protocol --proxy-from 127.0.0.1
	https=$(free_port)
}

teardown() {
	stop_browser
	stop_front_end
	stop_server
}

# configure FILE: copies a file of packaging/front, and changes only the ports that it listens on and relays
# to, and the paths of its files. A front end of an ordinary user cannot change its user.
configure() {
	local for_root='/^\t(user|group) haproxy$/d'
	((EUID != 0)) || for_root=''
	http=$(free_port)
	sed -E -e "s/127\.0\.0\.1(\]?):8080/127.0.0.1\1:$port/" -e "s|/etc/[a-z]+/site|$certificates/site|" \
		-e "s/bind :80$/bind 127.0.0.1:$http/; s/bind :443/bind 127.0.0.1:$https/" \
		-e "s/listen 443/listen 127.0.0.1:$https/; s/\[\*\]:443/[127.0.0.1]:$https/" \
		-e "s|/run/nginx.pid|$BATS_TEST_TMPDIR/nginx.pid|" -e "$for_root" "$configurations/$1" >"$1"
}

# start_front_end COMMAND...: starts it and waits until it listens.
start_front_end() {
	"$@" >front_end.log 2>&1 3>&- &
	front_end_pid=$!
	wait_until has_front_end
	is_listening "$https" || fail "$(<front_end.log)"
}

has_front_end() {
	is_listening "$https" || ! kill -0 "$front_end_pid" 2>/dev/null
}

stop_front_end() {
	[[ -n ${front_end_pid-} ]] || return 0
	kill "$front_end_pid" 2>/dev/null || true
	wait "$front_end_pid" 2>/dev/null || true
}

start_haproxy() {
	configure haproxy.cfg
	sed -i "s|^global$|&\n\tstats socket $BATS_TEST_TMPDIR/haproxy.sock|" haproxy.cfg
	start_front_end haproxy -db -f haproxy.cfg
	wait_until haproxy_reports UP L7OK
}

# haproxy_reports STATUS CHECK: whether HAProxy's health check has this result, for example `UP L7OK`.
haproxy_reports() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.send(b"show stat mayfly 4 -1\n")
rows = [line.split(",") for line in s.makefile().read().splitlines() if line]
row = dict(zip(rows[0], rows[1]))
sys.exit([row["status"], row["check_status"]] != sys.argv[2:])' haproxy.sock "$@"
}

# visit TARGET [ARGUMENT...]: requests it over TLS from 127.0.0.7. Sets $client_port and $version (of HTTP),
# writes the body to `got`.
visit() {
	read -r version client_port < <(curl -sS --max-time 60 --interface 127.0.0.7 --cacert "$certificates/site.crt" \
		-o got -w '%{http_version} %{local_port}\n' "${@:2}" "https://127.0.0.1:$https$1")
}

# logs_the_client COUNT: whether the response is the file, and the log has the client's address and port
# and this count.
logs_the_client() {
	cmp got "$site/a.txt" && wait_until logged "/a.txt | 127.0.0.7 | $client_port | $1"
}

@test "HAProxy: HTTP/2 and HTTP/1.1 over TLS, with the client's address in the log" {
	start_haproxy
	visit /a.txt --http2
	equal "$version" 2
	logs_the_client 1
	visit /a.txt --http1.1
	equal "$version" 1.1
	logs_the_client 2
	equal "$(curl -sS --max-time 60 -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$http/a.txt")" \
		"301 https://127.0.0.1:$http/a.txt"
}

@test "HAProxy: a browser loads the page over HTTP/2" {
	start_haproxy
	start_browser ignore-certificate-errors
	open_page "https://127.0.0.1:$https/"
	equal "$(in_page 'return document.title')" '"Home"'
	equal "$(in_page 'return performance.getEntriesByType("navigation")[0].nextHopProtocol')" '"h2"'
	wait_until logged '/index.html | 127.0.0.1 | '
}

@test "HAProxy: health checks detect errors and leave no log line" {
	start_haproxy
	refute logged healthz
	refute logged proxy-
	visit /healthz -w '%{http_code} 0\n'
	equal "$version" 404
	# Replaced in one step: a health check in between would create a new counter file.
	mkdir directory
	ln -s directory link
	mv -T link hits
	wait_until haproxy_reports DOWN L7STS
	wait_until logged '/healthz | 127.0.0.1 | '
	wait_until logged '503 Service Unavailable (hits-not-a-file)'
	rm hits
	wait_until haproxy_reports UP L7OK
	visit /a.txt
	logs_the_client 1
}

@test "HAProxy: responses arrive complete, and the log has the client of each" {
	local client
	head -c 3000000 /dev/urandom >"$site/large.bin"
	start_haproxy
	for client in 127.0.0.7 127.0.0.8 127.0.0.9; do
		visit /large.bin --http2 --interface "$client"
		cmp got "$site/large.bin"
		wait_until logged "/large.bin | $client | $client_port | "
	done
	visit /nothing --http2
	contains "$(<got)" '404 Not Found'
	visit '/a.txt' --http2 -H 'Range: bytes=0-1'
	equal "$(<got)" He
}

@test "nginx: HTTP/1.1 over TLS, with the client's address in the log" {
	configure nginx.conf
	start_front_end nginx -c "$PWD/nginx.conf" -e "$PWD/error.log" -g 'daemon off;'
	visit /a.txt
	equal "$version" 1.1
	logs_the_client 1
	visit /a.txt -H 'X-Forwarded-For: 192.0.2.7' -H 'Forwarded: for=192.0.2.7'
	logs_the_client 2
}

@test "hitch: HTTP/1.1 over TLS, with the client's address in the log" {
	configure hitch.conf
	start_front_end hitch --config="$PWD/hitch.conf"
	visit /a.txt
	equal "$version" 1.1
	logs_the_client 1
}

@test "a connection that bypasses the front end is not served" {
	equal "$(curl -sS --max-time 60 -o got -w '%{http_code}' "http://127.0.0.1:$port/a.txt" 2>/dev/null)" 000
	wait_until logged '400 Bad Request (proxy-missing)'
	equal "$(curl -sS --max-time 60 -o got -w '%{http_code}' --interface 127.0.0.7 --haproxy-protocol \
		"http://127.0.0.1:$port/a.txt" 2>/dev/null)" 000
	wait_until logged '| 127.0.0.7 | '
	wait_until logged '403 Forbidden (proxy-untrusted)'
}

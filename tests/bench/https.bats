#!/usr/bin/env bats
# Part of `make bench`: a connection by HTTPS under real systemd, next to a plain one, and next to nginx with TLS; and
# the memory of a kept connection. Each connection has a handshake and carries one request.

# shellcheck disable=SC2154 # container.bash
load machine
load ../system/https

rounds=${ROUNDS:-7}
kept=20 # connections

setup_file() {
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	install_certificate site.test
	inside sh -c 'cat >/srv/mayfly/page.html' <"$site/page.html"
	inside systemctl start mayfly.socket mayfly-https.socket
	mkdir www
	cp "$site/page.html" www/
	cat >nginx.conf <<-END
		daemon off; pid $PWD/nginx.pid; worker_processes 1; user root; error_log /dev/null;
		events {}
		http {
			access_log off; client_body_temp_path $PWD/temporary; proxy_temp_path $PWD/temporary;
			fastcgi_temp_path $PWD/temporary; uwsgi_temp_path $PWD/temporary; scgi_temp_path $PWD/temporary;
			server {
				listen 127.0.0.1:8443 ssl; root $PWD/www; ssl_protocols TLSv1.2;
				ssl_certificate $PWD/site.test.crt; ssl_certificate_key $PWD/site.test.key;
			}
		}
	END
	nsenter --target "$MACHINE" --net "$peers/usr/sbin/nginx" -e /dev/null -c "$PWD/nginx.conf" 3>&- &
	export nginx_pid=$!
}

teardown_file() {
	kill "$nginx_pid" 2>/dev/null || true
	wait "$nginx_pid" || true
	kill "$MACHINE_BOOT" 2>/dev/null || true
	wait "$MACHINE_BOOT" || true
}

# row NAME WHAT: prints a row of the table.
row() {
	printf '%-34s %6.0f %7.1f %7.1f %8.0f %8.0f %8.0f %8.0f %8.0f\n' "$2" "$(column "$1" 1)" "$(column "$1" 2)" \
		"$(column "$1" 3)" "$(all_of "$1")" "$(column "$1" 4)" "$(column "$1" 5)" "$(column "$1" 6)" "$(column "$1" 7)"
}

@test "connections/s and CPU time per connection by HTTPS" {
	for ((round = 0; round < rounds; round++)); do
		load_site plain 8080 100
		load_site https 443 100 https
		load_site nginx 8443 100 https
	done
	{
		heading 'HTTPS under systemd, 8 clients: connections/s, ms, and us of CPU time per connection'
		printf '%-34s %6s %7s %7s %8s %8s %8s %8s %8s\n' '' 'conn/s' p50 p99 all 'PID 1' children journald rest
		row plain 'mayfly.socket, without TLS'
		row https mayfly-https.socket
		printf '%-34s %6.0f %7.1f %7.1f\n' 'nginx with TLS 1.2' "$(column nginx 1)" "$(column nginx 2)" "$(column nginx 3)"
	} >&3
	report_value https_processor_to_plain "$(calculate "$(all_of https) / $(all_of plain)")"
	report_value https_rate_to_plain "$(calculate "$(column https 1) / $(column plain 1)")"
}

@test "memory of a kept connection, in the control group of mayflytls.slice" {
	local before after
	echo 'MAYFLY_HTTPS_OPTIONS=--keep-alive 50' | write /etc/default/mayfly
	before=$(inside systemctl show --property=MemoryCurrent --value mayflytls.slice)
	nearby python3 -c 'import socket, ssl, sys, time
context = ssl._create_unverified_context()
kept = []
for _ in range(int(sys.argv[1])):
    client = context.wrap_socket(socket.create_connection(("127.0.0.1", 443)))
    client.sendall(b"HEAD /page.html HTTP/1.1\r\nHost: site.test\r\n\r\n")
    client.recv(65536)
    kept.append(client)
open("kept", "w").close()
time.sleep(60)' "$kept" 3>&- &
	holder=$!
	wait_until test -e kept
	after=$(inside systemctl show --property=MemoryCurrent --value mayflytls.slice)
	[[ $before == [0-9]* ]] || before=0
	printf '%-34s %6.0f kB\n' 'memory of a kept HTTPS connection' "$(((after - before) / kept / 1024))" >&3
	report_value https_connection_kb "$(((after - before) / kept / 1024))"
}

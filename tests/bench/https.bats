#!/usr/bin/env bats
# Part of `make bench`: a connection by HTTPS under real systemd, next to a plain one and to nginx with TLS 1.2; two ways
# for a busy site; and the memory of a kept connection. Each connection has a full handshake and carries one request.

# shellcheck disable=SC2154 # container.bash
load machine
load ../system/https

rounds=${ROUNDS:-7}
patience=60

# start_outside COMMAND...: starts a server of this machine in the network of the other one.
start_outside() {
	nsenter --target "$MACHINE" --net "$@" >"${1##*/}.log" 2>&1 3>&- &
	started+=($!)
}

start_nginx() {
	cat >nginx.conf <<-END
		daemon off; pid $PWD/nginx.pid; worker_processes 1; user root; error_log /dev/null;
		events {}
		http {
			access_log $PWD/access.log; client_body_temp_path $PWD/temporary; proxy_temp_path $PWD/temporary;
			fastcgi_temp_path $PWD/temporary; uwsgi_temp_path $PWD/temporary; scgi_temp_path $PWD/temporary;
			server {
				listen 127.0.0.1:8443 ssl; root $PWD/www; ssl_protocols TLSv1.2;
				ssl_certificate $PWD/site.test.crt; ssl_certificate_key $PWD/site.test.key;
			}
		}
	END
	start_outside "$peers/usr/sbin/nginx" -e /dev/null -c "$PWD/nginx.conf"
}

# hitch and HAProxy, which send a PROXY header to mayfly-busy.socket.
start_front_ends() {
	cat site.test.key site.test.crt >front.pem
	start_outside "$peers/usr/sbin/hitch" --frontend='[127.0.0.1]:8445' --backend='[127.0.0.1]:8080' \
		--tls-protos=TLSv1.2 --write-proxy-v2=on --workers=1 --user=nobody "$PWD/front.pem"
	cat >haproxy.cfg <<-END
		global
			nbthread 1
		defaults
			mode http
			timeout client 60s
			timeout connect 5s
			timeout server 60s
		listen site
			bind 127.0.0.1:8446 ssl crt $PWD/front.pem ssl-max-ver TLSv1.2
			server one 127.0.0.1:8080 send-proxy-v2
	END
	start_outside "$peers/usr/sbin/haproxy" -db -f "$PWD/haproxy.cfg"
}

# tlswrapper started by mayfly-accept: the units of a busy site with the rights that tlswrapper needs.
add_wrapping_units() {
	sed 's/^ListenStream=.*/ListenStream=8444/; /^\(Conflicts\|After\)=/d' "$repository/units/mayfly-busy.socket" |
		write /etc/systemd/system/wrapping.socket
	sed -e 's/mayfly-busy\.socket/wrapping.socket/; s/^User=.*/User=/; s/^Slice=.*/Slice=mayflytls.slice/' \
		-e 's/^CapabilityBoundingSet=.*/CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_CHROOT/' \
		-e 's/^PrivateUsers=.*/PrivateUsers=no/; s|^ExecPaths=.*|& /usr/bin|; s/^TasksMax=.*/TasksMax=3300/' \
		-e '/^ExecStart=/!s|^	/usr/local/sbin/mayfly |	/usr/bin/tlswrapper -Q -T 10 -t 60 -f '"$pem"' -u mayfly /usr/local/sbin/mayfly --https |' \
		-e 's/^SystemCallErrorNumber=.*/SystemCallFilter=alarm chdir chroot pipe2 pselect6 setgid setgroups setuid\n&/' \
		"$repository/units/mayfly-busy.service" | write /etc/systemd/system/wrapping.service
	inside systemctl daemon-reload
}

setup_file() {
	local started=()
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	install_certificate site.test
	inside sh -c 'cat >/srv/mayfly/page.html' <"$site/page.html"
	mkdir www
	cp "$site/page.html" www/
	add_wrapping_units
	start_nginx
	start_front_ends
	export resident="${started[*]}"
	wait_until test -e nginx.pid
	inside systemctl start mayfly-https.socket wrapping.socket
}

teardown_file() {
	local process
	for process in $resident "$MACHINE_BOOT"; do
		kill "$process" 2>/dev/null || true
		wait "$process" || true
	done
}

# Sets `outside` to the servers of this machine.
find_servers() {
	mapfile -t outside < <(tr ' ' '\n' <<<"$resident" && pgrep -P "${resident// /,}")
}

# row NAME WHAT: prints a row of the table.
row() {
	printf '%-42s %6.0f %7.1f %7.1f %8.0f %8.0f %8.0f %8.0f %8.0f\n' "$2" "$(column "$1" 1)" "$(column "$1" 2)" \
		"$(column "$1" 3)" "$(all_of "$1")" "$(column "$1" 4)" "$(column "$1" 5)" "$(column "$1" 6)" "$(column "$1" 7)"
}

# ratio NAME OTHER NUMBER: prints the ratio of the medians of a column, or of the CPU time for the number `all`.
ratio() {
	if [[ $3 == all ]]; then
		calculate "$(all_of "$1") / $(all_of "$2")"
	else
		calculate "$(column "$1" "$3") / $(column "$2" "$3")"
	fi
}

@test "connections/s and CPU time per connection by HTTPS" {
	local name
	find_servers
	for ((round = 0; round < rounds; round++)); do
		rm -f "/proc/$MACHINE/root/etc/default/mayfly"
		inside systemctl start mayfly.socket
		load_site plain 8080 100
		load_site https 443 100 https
		load_site wrapping 8444 400 https
		load_site nginx 8443 2000 https
		echo 'MAYFLY_OPTIONS=--proxy-protocol --proxy-from 127.0.0.1' | write /etc/default/mayfly
		inside systemctl start mayfly-busy.socket
		load_site hitch 8445 1000 https
		load_site haproxy 8446 1000 https
		inside systemctl stop mayfly-busy.socket
	done
	{
		heading "HTTPS under systemd, $SUITE, 8 clients: connections/s, ms, and us of CPU time per connection"
		printf '%-42s %6s %7s %7s %8s %8s %8s %8s %8s\n' '' 'conn/s' p50 p99 all 'PID 1' children journald rest
		row plain 'mayfly.socket, without TLS'
		row https mayfly-https.socket
		row nginx 'nginx with TLS 1.2'
		row wrapping 'mayfly-accept starting tlswrapper'
		row hitch 'hitch in front of mayfly-busy.socket'
		row haproxy 'HAProxy in front of mayfly-busy.socket'
	} >&3
	report_value https_processor_to_plain "$(ratio https plain all)"
	report_value https_rate_to_plain "$(ratio https plain 1)"
	for name in https wrapping hitch haproxy; do
		report_value "${name}_processor_to_nginx_tls" "$(ratio "$name" nginx all)"
		report_value "${name}_rate_to_nginx_tls" "$(ratio "$name" nginx 1)"
	done
}

# download NAME PORT [https]: downloads the big file. Appends a line to the results of NAME in the form of load_site, with
# bytes/s instead of requests/s, without times, and CPU time per MiB.
download() {
	local before
	before=$(cpu_times)
	nearby curl -sS --fail --insecure -o /dev/null -w '%{speed_download} 0 0 ' "${3-http}://127.0.0.1:$2/big.bin" \
		>>"$results/$1" || return
	append_times "$1" "$big_mib" "$before"
}

@test "a big file by HTTPS" {
	local name big_mib=512
	local files=(big_plain big_https big_wrapping big_nginx)
	find_servers
	rm -f "/proc/$MACHINE/root/etc/default/mayfly"
	truncate -s "${big_mib}M" "/proc/$MACHINE/root/srv/mayfly/big.bin" "$BATS_FILE_TMPDIR/www/big.bin"
	cat "/proc/$MACHINE/root/srv/mayfly/big.bin" "$BATS_FILE_TMPDIR/www/big.bin" >/dev/null # into the page cache
	inside systemctl start mayfly.socket
	for ((round = 0; round < rounds; round++)); do
		download big_plain 8080
		download big_https 443 https
		download big_wrapping 8444 https
		download big_nginx 8443 https
	done
	{
		heading "a file of $big_mib MiB by HTTPS, $SUITE, 1 client: MB/s, and us of CPU time per MiB"
		printf '%-42s %8s %8s\n' '' MB/s all
		for name in "${files[@]}"; do
			printf '%-42s %8.0f %8.0f\n' "${name#big_}" "$(calculate "$(column "$name" 1) / 1e6")" "$(all_of "$name")"
		done
	} >&3
	report_value https_big_file_rate_to_nginx_tls "$(ratio big_https big_nginx 1)"
	report_value https_big_file_processor_to_nginx_tls "$(ratio big_https big_nginx all)"
}

# keep_connections PORT COUNT: opens connections by HTTPS that stay open after a request.
keep_connections() {
	rm -f kept
	# Not `nearby`: the process is ended by its id.
	nsenter --target "$MACHINE" --net python3 -c 'import socket, ssl, sys, time
context = ssl._create_unverified_context()
kept = []
for _ in range(int(sys.argv[2])):
    client = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    client.sendall(b"HEAD /page.html HTTP/1.1\r\nHost: site.test\r\n\r\n")
    client.recv(65536)
    kept.append(client)
open("kept", "w").close()
time.sleep(60)' "$@" 3>&- &
	holder=$!
	wait_until test -e kept
}

# slice_memory: prints the memory that mayflytls.slice uses, in bytes.
slice_memory() {
	local bytes
	bytes=$(inside systemctl show --property=MemoryCurrent --value mayflytls.slice)
	if [[ $bytes == [0-9]* ]]; then echo "$bytes"; else echo 0; fi
}

# nginx_memory: prints that of the worker of nginx.
nginx_memory() {
	awk '/^Pss:/ { print $2 * 1024 }' "/proc/$(pgrep -P "$(<"$BATS_FILE_TMPDIR/nginx.pid")")/smaps_rollup"
}

# measure_memory COMMAND PORT COUNT: prints the memory per kept connection in kB.
measure_memory() {
	local before
	before=$("$1")
	keep_connections "$2" "$3"
	echo $((($("$1") - before) / $3 / 1024))
	kill "$holder"
}

@test "memory of a kept connection" {
	local https nginx
	echo 'MAYFLY_HTTPS_OPTIONS=--keep-alive 50' | write /etc/default/mayfly
	https=$(measure_memory slice_memory 443 20)
	nginx=$(measure_memory nginx_memory 8443 200)
	printf '%-42s %6.0f kB\n' 'a kept connection of mayfly-https.socket' "$https" \
		'a kept connection of nginx with TLS' "$nginx" >&3
	report_value https_connection_kb "$https"
	report_value nginx_tls_connection_kb "$nginx"
}

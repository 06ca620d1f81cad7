# Debian's HAProxy and nginx on the same machine as Mayfly, which listens on a Unix socket for them, set up with the files
# of packaging/front as its README.md says: with mayfly.socket and with mayfly-busy.socket.
load container
load https

socket=/run/mayfly/front.sock
front=/usr/local/share/doc/mayfly/front

setup_file() {
	build_tools slow_client
	start_machine front systemd-sysv,dbus,make,libjson-c5,haproxy,nginx,libnginx-mod-stream
	# The machine has no other network.
	inside systemctl stop haproxy.service nginx.service
	cd "$BATS_FILE_TMPDIR" || return
	make_certificate site.test
	cat site.test.crt site.test.key | write /etc/haproxy/site.pem
	write /etc/nginx/site.crt <site.test.crt
	write /etc/nginx/site.key <site.test.key
	inside sed 's|^\(\tserver one \).*|\1/run/mayfly/front.sock|' "$front/haproxy.cfg" | write /etc/haproxy/haproxy.cfg
	inside sed 's|^\(\t*proxy_pass \).*|\1unix:/run/mayfly/front.sock;|' "$front/nginx.conf" | write /etc/nginx/nginx.conf
	printf '%s\n' 'MAYFLY_OPTIONS=--proxy-protocol --proxy-from unix --health-path /healthz' \
		'MAYFLY_ACCEPT_OPTIONS=--max-per-source 1024' | write /etc/default/mayfly
	for unit in mayfly mayfly-busy; do
		inside install -D -m 644 "$front/unix.conf" "/etc/systemd/system/$unit.socket.d/front.conf"
	done
	inside systemctl daemon-reload
}

# through_socket TEXT: sends the text to the socket; prints the body of the response.
through_socket() {
	printf '%b' "$1" | timeout 60 "$tools/slow_client" "/proc/$MACHINE/root$socket" 65536 0 1 | sed '1,/^\r$/d'
}

request='GET / HTTP/1.0\r\n\r\n'

# connects USER: whether a program of this user and its group can connect to the socket.
connects() {
	inside setpriv --reuid="$1" --regid="$(inside id -g "$1")" --clear-groups \
		perl -MIO::Socket::UNIX -e "exit !IO::Socket::UNIX->new(q($socket))"
}

# is_logged PATTERN: whether a line of Mayfly's log matches as a whole.
is_logged() {
	inside journalctl --quiet --output=cat --identifier=mayfly | grep -xE -- "$1"
}

# ask_front_end ADDRESS HITS: requests the page from the front end with this address of the client. It must arrive, and
# the log must have this address and number of hits.
ask_front_end() {
	nearby curl -sS --max-time "$patience" --interface "$1" --cacert "$BATS_FILE_TMPDIR/site.test.crt" \
		--resolve site.test:443:127.0.0.1 https://site.test/ | cmp - "$repository/www/index.html" || return
	wait_until is_logged "/index.html \| $1 \| [0-9]+ \| $2"
}

# warnings_since TIME UNIT: prints them.
warnings_since() {
	inside journalctl --quiet --output=cat --since "$1" --priority=warning --unit "$2"
}

# serves_front_end UNIT HITS: whether the unit serves HAProxy through the socket, which only its group can use, with the
# clients' addresses in the log, and without a warning.
serves_front_end() {
	local since i
	since=$(inside date '+%F %T')
	inside systemctl start "$1.socket" haproxy.service
	equal "$(inside stat -c '%a %U %G' "$socket")" '660 root haproxy' || return
	ask_front_end 127.0.0.7 "$2" || return
	ask_front_end 127.0.0.8 $(($2 + 1)) || return
	connects haproxy || return
	refute connects nobody || return
	refute connects mayfly || return
	equal "$(through_socket "$request")" '' 'a response without a PROXY header' || return
	wait_until is_logged '- \| - \| - \| 400 Bad Request \(proxy-missing\)' || return
	refute is_logged '.*healthz.*' || return
	equal "$(warnings_since "$since" "$1.socket")$(warnings_since "$since" haproxy.service)" '' warnings || return
	equal "$(inside /usr/local/bin/mayflyctl check)" 'No problems found.' || return
	no_failed_unit || return
	inside systemctl stop haproxy.service "$1.socket"
}

@test "HAProxy in front of mayfly.socket on a Unix socket" {
	serves_front_end mayfly 1
}

@test "HAProxy in front of mayfly-busy.socket on a Unix socket" {
	serves_front_end mayfly-busy 3
	inside systemctl stop mayfly-busy.service
}

@test "nginx in front of mayfly.socket on a Unix socket of its group" {
	inside sed -i 's/^SocketGroup=.*/SocketGroup=www-data/' /etc/systemd/system/mayfly.socket.d/front.conf
	inside systemctl daemon-reload
	inside systemctl start mayfly.socket nginx.service
	equal "$(inside stat -c '%a %U %G' "$socket")" '660 root www-data'
	ask_front_end 127.0.0.9 5
	connects www-data
	refute connects haproxy
	no_failed_unit
	inside systemctl stop nginx.service mayfly.socket
}

@test "the manual shows the lines of the drop-in" {
	sed -n '/^A Unix socket for a front end/,/^\.Ed/p' "$repository/packaging/man/mayfly.socket.5" | sed -n '/^\[Socket\]/,/^\.Ed/p' |
		grep -v '^\.' >shown
	grep -v '^#\|^$' "$repository/packaging/front/unix.conf" | diff shown -
}

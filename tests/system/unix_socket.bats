# A front end on a Unix socket, set up as in mayfly.socket(5): with mayfly.socket and with mayfly-busy.socket.
load container

setup_file() {
	build_tools slow_client
	start_machine
	printf '%s\n' 'MAYFLY_OPTIONS=--proxy-protocol --proxy-from unix' 'MAYFLY_ACCEPT_OPTIONS=--max-per-source 1024' |
		write /etc/default/mayfly
	inside groupadd --system haproxy
	for unit in mayfly mayfly-busy; do
		shown_drop_in | write "/etc/systemd/system/$unit.socket.d/override.conf"
	done
	inside systemctl daemon-reload
}

# shown_drop_in: prints the drop-in in the manual.
shown_drop_in() {
	sed -n '/^A Unix socket for a front end/,/^\.Ed/p' "$repository/packaging/man/mayfly.socket.5" | sed -n '/^\[Socket\]/,/^\.Ed/p' |
		grep -v '^\.'
}

# through_socket TEXT: sends the text to the socket; prints the body of the response.
through_socket() {
	printf '%b' "$1" | timeout 60 "$tools/slow_client" "/proc/$MACHINE/root/run/mayfly.sock" 65536 0 1 | sed '1,/^\r$/d'
}

client='PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n'
request='GET / HTTP/1.0\r\n\r\n'

is_in_journal() {
	inside journalctl --quiet --output=cat --identifier=mayfly | grep -qF -- "$1"
}

# serves_through_socket UNIT HITS: whether the unit listens on the socket for that group only, and serves clients of a
# front end, with their address in the log, and the units warn of nothing.
serves_through_socket() {
	local since
	since=$(inside date '+%F %T')
	inside systemctl start "$1.socket"
	equal "$(inside stat -c '%a %G' /run/mayfly.sock)" '660 haproxy' || return
	through_socket "$client$request" | cmp - "$repository/www/index.html" || return
	wait_until is_in_journal "/index.html | 192.0.2.7 | 51034 | $2" || return
	equal "$(through_socket "$request")" '' 'a response without a PROXY header' || return
	wait_until is_in_journal '- | - | - | 400 Bad Request (proxy-missing)' || return
	equal "$(inside journalctl --quiet --output=cat --since "$since" --priority=warning --unit "$1.socket")" '' warnings || return
	inside systemctl stop "$1.socket"
}

@test "mayfly.socket on a Unix socket serves a front end" {
	serves_through_socket mayfly 1
}

@test "mayfly-busy.socket on a Unix socket serves a front end" {
	serves_through_socket mayfly-busy 2
	inside systemctl stop mayfly-busy.service
}

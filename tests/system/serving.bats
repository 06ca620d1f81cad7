# The default installation: the site is served, hits are counted, and handlers have no rights.
load container

setup_file() {
	build_tools hits_dump
	start_site
}

@test "the page is served over IPv4 and IPv6" {
	visit / >page4
	visit / --globoff --connect-to '127.0.0.1::[::1]:' >page6
	cmp page4 "$repository/www/index.html"
	cmp page6 "$repository/www/index.html"
}

@test "the site is owned by root and world-readable" {
	equal "$(inside stat -c '%U %a' /srv/mayfly /srv/mayfly/index.html)" $'root 755\nroot 644'
	equal "$(inside stat -c '%U %G %a' /var/lib/mayfly)" 'mayfly mayfly 750'
}

@test "the owner and mode of the site survive a reboot" {
	inside sh -c 'chown daemon:mayfly /srv/mayfly && chmod 2750 /srv/mayfly'
	inside systemd-tmpfiles --create --remove --boot --exclude-prefix=/dev
	equal "$(inside stat -c '%U %G %a' /srv/mayfly)" 'daemon mayfly 2750'
	inside sh -c 'chown root:root /srv/mayfly && chmod 755 /srv/mayfly'
}

@test "hits are counted across connections and restarts of the socket" {
	for _ in 1 2 3; do visit /style.css >/dev/null; done
	inside systemctl restart mayfly.socket
	for _ in 1 2; do visit /style.css >/dev/null; done
	contains "$(machine_counts)" $'5\t/style.css'
}

@test "a handler runs as mayfly without capabilities, and its standard error is not the client" {
	use_patient_handlers
	hold 1 'GET / HTTP/1.1\r\n'
	await_handler
	local status
	status=$(inside cat "/proc/$handler/status" | tr '\t' ' ')
	contains "$status" "Uid: $(inside id -u mayfly) "
	contains "$status" 'CapPrm: 0000000000000000'
	contains "$status" 'CapBnd: 0000000000000000'
	contains "$status" 'NoNewPrivs: 1'
	contains "$(inside cat "/proc/$handler/cgroup")" '/mayfly.slice/mayfly@'
	equal "$(inside readlink "/proc/$handler/fd/2")" /dev/null
	contains "$(inside readlink "/proc/$handler/fd/0")" socket:
	equal "$(journal -t mayfly --output=cat | grep sandbox || true)" ''
}

# mayfly-busy.socket, for busy sites: one process accepts all connections, and each has a handler as always.
load container

setup_file() {
	build_tools hits_dump load_client
	start_site
	visit / >/dev/null
	# As the README says.
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
}

# with_options OPTION...: mayfly-accept is started with these.
with_options() {
	echo "MAYFLY_ACCEPT_OPTIONS=$*" | write /etc/default/mayfly
	inside systemctl try-restart mayfly-busy.service
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	inside rm -f /etc/default/mayfly
}

# property NAME: of the service.
property() {
	inside systemctl show --property="$1" --value mayfly-busy.service
}

# Whether so many connections are open.
is_open() {
	[[ $(property TasksCurrent) == $(($1 + 1)) ]]
}

@test "two commands, and the page comes by the other way: over IPv4 and IPv6, counted and logged with the address" {
	local before
	equal "$(inside systemctl is-active mayfly.socket mayfly-busy.socket || true)" $'inactive\nactive'
	before=$(machine_counts)
	equal "$before" $'1\t/index.html'
	visit / --interface 127.0.0.7 | cmp - "$repository/www/index.html"
	visit / --globoff --connect-to '127.0.0.1::[::1]:' | cmp - "$repository/www/index.html"
	equal "$(machine_counts)" $'3\t/index.html'
	journal -t mayfly --output=cat | sed 's/| [0-9]* |/|/' >said
	contains "$(<said)" '/index.html | 127.0.0.7 | 2'
	contains "$(<said)" '/index.html | ::1 | 3'
	equal "$(property ActiveState)" active
	equal "$(instances)" ''
	equal "$(grep sandbox said || true)" ''
	no_failed_unit
}

@test "handlers run as mayfly, in mayfly.slice, without rights, each started by the one process that accepts" {
	local parent handler status
	hold 1 'GET / HTTP/1.1\r\n'
	wait_until is_open 1
	parent=$(property MainPID)
	handler=$(inside cat "/proc/$parent/task/$parent/children" | tr -d ' ')
	equal "$(inside readlink "/proc/$parent/exe" "/proc/$handler/exe")" \
		$'/usr/local/sbin/mayfly-accept\n/usr/local/sbin/mayfly'
	contains "$(inside cat "/proc/$handler/cgroup")" /mayfly.slice/mayfly-busy.service
	for process in "$parent" "$handler"; do
		status=$(inside cat "/proc/$process/status" | tr '\t' ' ')
		contains "$status" "Uid: $(inside id -u mayfly) "
		contains "$status" 'CapPrm: 0000000000000000'
		contains "$status" 'CapBnd: 0000000000000000'
		contains "$status" 'NoNewPrivs: 1'
		contains "$status" 'Seccomp: 2'
		contains "$(inside grep ' / / ' "/proc/$process/mountinfo")" ' ro,'
		refute inside sh -c "test /proc/$process/ns/net -ef /proc/1/ns/net"
	done
	refute inside sh -c "test /proc/$handler/fd/2 -ef /proc/$handler/fd/0"
	let_go
}

#!/usr/bin/env bats
# Part of `make bench`: the CPU time of a connection under real systemd, by process. For the floor in
# Mayfly's unit, for Mayfly, for Mayfly with hardened.conf, and for micro-httpd in Debian's own units, which
# stop after more than 200 connections in two seconds. Then for the floor in units with dashes in their names, and on a
# Unix socket.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-15}
names=(floor-one floor-one-two floor-one-two-three-four)

# add_units NAME PORT PROGRAM: installs copies of mayfly.socket and mayfly@.service under this name. It must have no dash,
# as theirs has none: for each dash systemd looks for drop-ins in more directories at each connection.
add_units() {
	sed -E "s|^ListenStream=.*|ListenStream=$2|" "$repository/units/mayfly.socket" | write "/etc/systemd/system/$1.socket"
	sed -E "s|^ExecStart=.*|ExecStart=$3|" "$repository/units/mayfly@.service" | write "/etc/systemd/system/$1@.service"
}

setup_file() {
	start_site
	inside sh -c 'cat >/srv/mayfly/page.html; mkdir -p /var/www/html; cp /srv/mayfly/page.html /var/www/html' <"$site/page.html"
	install_program "$tools/floor"
	add_units floor 8081 /usr/local/sbin/floor
	add_units hardened 8082 '/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hardened --log journal'
	inside install -D -m 644 /usr/local/share/mayfly/hardened.conf /etc/systemd/system/hardened@.service.d/hardened.conf
	for ((i = 0; i < ${#names[@]}; i++)); do add_units "${names[i]}" $((8090 + i)) /usr/local/sbin/floor; done
	add_units floorunix /run/floor.sock /usr/local/sbin/floor
	printf '%s\n' '[Socket]' MaxConnectionsPerSource=0 NoDelay=no DeferAcceptSec=0 |
		write /etc/systemd/system/floorunix.socket.d/unix.conf
	tar -C "$peers" -c usr/sbin/micro-httpd lib/systemd/system | inside tar -C / --keep-directory-symlink -x
	inside systemctl daemon-reload
	inside systemctl start floor.socket hardened.socket micro-httpd.socket floorunix.socket "${names[@]/%/.socket}"
}

# row NAME WHAT: prints a row of the table.
row() {
	printf '%-34s %6.0f %7.1f %7.1f %8.0f %8.0f %8.0f %8.0f %8.0f\n' "$2" "$(column "$1" 1)" "$(column "$1" 2)" \
		"$(column "$1" 3)" "$(all_of "$1")" "$(column "$1" 4)" "$(column "$1" 5)" "$(column "$1" 6)" "$(column "$1" 7)"
}

@test "requests/s and CPU time per connection under real systemd" {
	for ((round = 0; round < rounds; round++)); do
		load_site floor 8081 150
		load_site mayfly 8080 150
		load_site hardened 8082 60
		load_site micro_httpd 80 150
	done
	{
		heading 'under systemd, 8 clients: requests/s, ms, and us of CPU time per connection'
		printf '%-34s %6s %7s %7s %8s %8s %8s %8s %8s\n' '' 'req/s' p50 p99 all 'PID 1' children journald rest
		row floor "the floor in Mayfly's unit"
		row mayfly mayfly
		row hardened 'mayfly with hardened.conf'
		row micro_httpd "micro-httpd in Debian's units"
	} >&3
	report_value systemd_processor_to_floor "$(calculate "$(all_of mayfly) / $(all_of floor)")"
	report_value systemd_rate_to_floor "$(calculate "$(column mayfly 1) / $(column floor 1)")"
	report_value systemd_rate_to_hardened "$(calculate "$(column mayfly 1) / $(column hardened 1)")"
	report_value systemd_rate_to_micro_httpd "$(calculate "$(column mayfly 1) / $(column micro_httpd 1)")"
}

# times NAME WHAT OTHER: prints the CPU time per connection, that of PID 1, and what both add to those of OTHER.
times() {
	printf '%-34s %8.0f %8.0f %8.0f %8.0f\n' "$2" "$(all_of "$1")" "$(column "$1" 4)" \
		"$(calculate "$(all_of "$1") - $(all_of "$3")" %d)" "$(calculate "$(column "$1" 4) - $(column "$3" 4)" %d)"
}

@test "CPU time per connection of units with dashes in their names, and of a Unix socket" {
	local i name
	for ((round = 0; round < rounds; round++)); do
		load_site no_dash 8081 150
		for ((i = 0; i < ${#names[@]}; i++)); do load_site "${names[i]}" $((8090 + i)) 150; done
		load_socket tcp 8081 150
		load_socket unix "/proc/$MACHINE/root/run/floor.sock" 150
	done
	{
		heading "the floor in Mayfly's unit, $SUITE: us of CPU time per connection, and the difference"
		printf '%-34s %8s %8s %8s %8s\n' '' all 'PID 1' all 'PID 1'
		times no_dash floor@.service no_dash
		for name in "${names[@]}"; do times "$name" "$name@.service" no_dash; done
		times tcp 'TCP, with another client' tcp
		times unix 'a Unix socket, with that client' tcp
	} >&3
	for name in "${names[@]}"; do
		report_value "systemd_first_${name//-/_}_to_no_dash" "$(calculate "$(column "$name" 4) / $(column no_dash 4)")"
	done
	report_value systemd_unix_to_tcp "$(calculate "$(all_of unix) / $(all_of tcp)")"
}

#!/usr/bin/env bats
# Part of `make bench`: the CPU time of a connection under real systemd, by process. For the floor in
# Mayfly's unit, for Mayfly, for Mayfly with hardened.conf, and for micro-httpd in Debian's own units, which
# stop after more than 200 connections in two seconds.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-15}

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
	tar -C "$peers" -c usr/sbin/micro-httpd lib/systemd/system | inside tar -C / --keep-directory-symlink -x
	inside systemctl daemon-reload
	inside systemctl start floor.socket hardened.socket micro-httpd.socket
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

#!/usr/bin/env bats
# Part of `make bench`: the cost of each directive of mayfly@.service per connection, in CPU time
# of all processes of the machine. Runs the floor in the unit as shipped, without one of its
# lines, and without any.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-11}

# add_unit NAME PORT SED-EXPRESSION: installs edited copies of Mayfly's units under this name, with the
# floor as the program.
add_unit() {
	sed -E -e 's|^ListenStream=.*|ListenStream='"$2|" "$repository/units/mayfly.socket" |
		write "/etc/systemd/system/bench$1.socket"
	sed -E -e 's|^ExecStart=.*|ExecStart=/usr/local/sbin/floor|' -e "$3" "$repository/units/mayfly@.service" |
		write "/etc/systemd/system/bench$1@.service"
	units+=("bench$1.socket")
	ports[$1]=$2
}

@test "CPU time per connection without each directive" {
	local units=() names=(whole bare) directive port=9002
	local -A ports
	start_site
	inside sh -c 'cat >/srv/mayfly/page.html' <"$site/page.html"
	install_program "$tools/floor"
	add_unit whole 9000 ''
	add_unit bare 9001 '/^(\[|ExecStart=|StandardInput=|StandardOutput=)/!d'
	while read -r directive; do
		names+=("$directive")
		add_unit "$directive" "$port" "/^$directive=/d"
		port=$((port + 1))
	done < <(sed -nE '/^(Description|Documentation|ExecStart|StandardInput|StandardOutput|Environment)=/d; s/^([A-Za-z]+)=.*/\1/p' \
		"$repository/units/mayfly@.service")
	inside systemctl daemon-reload
	inside systemctl start "${units[@]}"
	for ((round = 0; round < rounds; round++)); do
		for directive in "${names[@]}"; do load_site "$directive" "${ports[$directive]}" 150; done
	done
	{
		heading "the directives of mayfly@.service: us of CPU time per connection, and the share of each"
		printf '%-34s %8.0f\n' 'none of them' "$(all_of bare)" 'all of them' "$(all_of whole)"
		for directive in "${names[@]:2}"; do
			printf '%-34s %8.0f %8.0f\n' "without $directive=" "$(all_of "$directive")" \
				"$(calculate "$(all_of whole) - $(all_of "$directive")" %d)"
		done
	} >&3
	report_value directives_processor_to_bare "$(calculate "$(all_of whole) / $(all_of bare)")"
}

#!/usr/bin/env bats
# Part of `make bench`: the effect of mayfly-busy.socket. Requests per second of load_client with eight
# clients, and the median and 99th percentile of their time, with the installed mayfly.socket, with
# mayfly-busy.socket, and with tcpserver running the floor.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-5}

setup_file() {
	build_tools load_client
	start_machine
	echo Hello. | write /srv/mayfly/a.txt
}

# measure_load PORT REQUESTS: prints p50 and p99 in ms, and requests/s on this port.
measure_load() {
	local lines
	mapfile -t lines < <(nearby "$BATS_FILE_TMPDIR/load_client" -t "$1" 8 "$2" /a.txt)
	equal "${lines[0]-}" "$2"$'\t/a.txt' >&2 || return
	echo "${lines[1]}"
}

# measure_socket NAME SOCKET REQUESTS: appends that for this unit, which stops the other, to the results of NAME.
measure_socket() {
	inside systemctl start "$2"
	measure_load 8080 50 >/dev/null
	measure_load 8080 "$3" >>"$results/$1"
}

# print_row NAME TEXT: prints the medians of the results of NAME.
print_row() {
	printf '%-45s %6.0f %7.2f %7.2f\n' "$2" "$(column "$1" 3)" "$(column "$1" 1)" "$(column "$1" 2)"
}

@test "requests per second of mayfly.socket and mayfly-busy.socket" {
	nsenter --target "$MACHINE" --net tcpserver -c 64 -b 512 -H -R -l 0 127.0.0.1 8081 "$directory/floor" 3>&- &
	holder=$!
	for ((round = 0; round < rounds; round++)); do
		measure_socket each mayfly.socket 300
		measure_socket busy mayfly-busy.socket 3000
		measure_load 8081 3000 >>"$results/floor"
	done
	{
		heading 'a busy site, 8 clients: requests/s, p50 and p99 in ms'
		print_row each 'mayfly.socket, a service for each connection'
		print_row busy 'mayfly-busy.socket, mayfly-accept'
		print_row floor 'tcpserver running the floor'
	} >&3
	report_value busy_to_each "$(calculate "$(column busy 3) / $(column each 3)")"
	report_value busy_to_floor "$(calculate "$(column busy 3) / $(column floor 3)")"
}

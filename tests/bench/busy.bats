#!/usr/bin/env bats
# Part of `make bench`: the effect of mayfly-busy.socket. Requests per second of load_client with eight
# clients, with the installed mayfly.socket, with mayfly-busy.socket, and with tcpserver running the floor.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-5}

setup_file() {
	build_tools load_client
	start_machine
	echo Hello. | write /srv/mayfly/a.txt
}

# request_rate PORT CONNECTIONS: prints the requests per second on this port.
request_rate() {
	local begun=${EPOCHREALTIME/[.,]/} ended
	equal "$(nearby "$BATS_FILE_TMPDIR/load_client" "$1" 8 "$2" /a.txt)" "$2"$'\t/a.txt' >&2 || return
	ended=${EPOCHREALTIME/[.,]/}
	echo $((1000000 * $2 / (ended - begun)))
}

# request_rate_of SOCKET CONNECTIONS: prints it for this unit, which stops the other.
request_rate_of() {
	inside systemctl start "$1"
	request_rate 8080 50 >/dev/null
	request_rate 8080 "$2"
}

@test "requests per second of mayfly.socket and mayfly-busy.socket" {
	nsenter --target "$MACHINE" --net tcpserver -c 64 -b 512 -H -R -l 0 127.0.0.1 8081 "$directory/floor" 3>&- &
	holder=$!
	for ((round = 0; round < rounds; round++)); do
		request_rate_of mayfly.socket 300 >>"$results/each"
		request_rate_of mayfly-busy.socket 3000 >>"$results/busy"
		request_rate 8081 3000 >>"$results/floor"
	done
	{
		heading 'a busy site, 8 clients: requests/s'
		printf '%-45s %6.0f\n' 'mayfly.socket, a service for each connection' "$(column each 1)" \
			'mayfly-busy.socket, mayfly-accept' "$(column busy 1)" 'tcpserver running the floor' "$(column floor 1)"
	} >&3
	report_value busy_to_each "$(calculate "$(column busy 1) / $(column each 1)")"
	report_value busy_to_floor "$(calculate "$(column busy 1) / $(column floor 1)")"
}

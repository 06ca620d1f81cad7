#!/usr/bin/env bats
# Part of `make bench`: what mayfly-busy.socket is worth. Connections a second that load_client gets answered,
# eight at a time, by the installed units, with the one socket and with the other; and by tcpserver running the
# floor.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-5}

setup_file() {
	build_tools load_client
	start_machine
	echo Hello. | write /srv/mayfly/a.txt
}

# answered PORT CONNECTIONS: how many a second.
answered() {
	local begun=${EPOCHREALTIME/[.,]/} ended
	equal "$(nearby "$BATS_FILE_TMPDIR/load_client" "$1" 8 "$2" /a.txt)" "$2"$'\t/a.txt' >&2 || return
	ended=${EPOCHREALTIME/[.,]/}
	echo $((1000000 * $2 / (ended - begun)))
}

# answered_by SOCKET CONNECTIONS: with this unit, which ends the other.
answered_by() {
	inside systemctl start "$1"
	answered 8080 50 >/dev/null
	answered 8080 "$2"
}

@test "a busy site's way" {
	nsenter --target "$MACHINE" --net tcpserver -c 64 -b 512 -H -R -l 0 127.0.0.1 8081 "$folder/floor" 3>&- &
	holder=$!
	for ((round = 0; round < rounds; round++)); do
		answered_by mayfly.socket 300 >>"$results/each"
		answered_by mayfly-busy.socket 3000 >>"$results/busy"
		answered 8081 3000 >>"$results/floor"
	done
	{
		heading 'a busy site, 8 clients: requests/s'
		printf '%-45s %6.0f\n' 'mayfly.socket, a service for each connection' "$(column each 1)" \
			'mayfly-busy.socket, mayfly-accept' "$(column busy 1)" 'tcpserver running the floor' "$(column floor 1)"
	} >&3
	tell busy_to_each "$(calculate "$(column busy 1) / $(column each 1)")"
	tell busy_to_floor "$(calculate "$(column busy 1) / $(column floor 1)")"
}

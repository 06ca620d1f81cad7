# Floods: hundreds of hostile clients from a separate network. During and after each flood the port is open,
# no unit has failed, memory is bounded, a polite client of another network gets its page, and the counter
# file is exact. Traffic beyond the machine's bandwidth is not tested: nothing here protects against that.
# FLOOD sets the number of clients if 500 take too long.
# bats file_tags=once
load container

flood=${FLOOD:-500}

setup_file() {
	build_tools flood hits_dump load_client
	start_site
	inside sh -c 'head -c 20000000 /dev/urandom >/srv/mayfly/big.bin'
	make_networks
	visit / --output /dev/null
}

# start_network NAME N: makes a network namespace, joined to the machine by a virtual cable; its process is
# in $NAME. The machine has the addresses 10.9.N.1 and fd00:9:N::1; the network has 10.9.N.2 and
# fd00:9:N::2, all of 10.N.0.0/16 and fd00:N::/64.
start_network() {
	local number=$2 holder
	unshare --net sleep infinity 3>&- &
	holder=$!
	export "$1=$holder"
	wait_until eval "! [[ /proc/$holder/ns/net -ef /proc/self/ns/net ]]"
	# Interface names have at most 15 characters, and a process id may have 7.
	ip link add "flood$number-$$" type veth peer name "flood${number}m-$$"
	ip link set "flood$number-$$" netns "$holder" name cable
	ip link set "flood${number}m-$$" netns "$MACHINE" name "cable$number"
	nearby ip addr add "10.9.$number.1/30" dev "cable$number"
	nearby ip link set "cable$number" up
	nearby ip route add "10.$number.0.0/16" via "10.9.$number.2"
	nearby ip addr add "fd00:9:$number::1/64" dev "cable$number" nodad
	nearby ip route add "fd00:$number::/64" via "fd00:9:$number::2"
	nsenter --target "$holder" --net sh -c "ip link set lo up && ip addr add 10.9.$number.2/30 dev cable &&
		ip link set cable up && ip route add default via 10.9.$number.1 &&
		ip route add local 10.$number.0.0/17 dev lo && ip addr add fd00:9:$number::2/64 dev cable nodad &&
		ip route add default via fd00:9:$number::1 && ip route add local fd00:$number::/64 dev lo"
}

make_networks() {
	start_network ATTACKERS 1
	start_network VISITORS 2
}

teardown_file() {
	kill "$ATTACKERS" "$VISITORS" 2>/dev/null || true
	kill "$MACHINE_BOOT" 2>/dev/null || true
	wait
}

# flood KIND COUNT [TARGET]: starts a flood from ten addresses in the background, until end_flood. Each
# address may hold 64 connections (MaxConnectionsPerSource=), so that MaxConnections= is not reached.
flood() {
	flood_from 10.9.1.1 10.1.1.1 10 "$@"
}

# flood_from SERVER SOURCE SOURCES KIND COUNT [TARGET]: the same to this server, from SOURCES addresses
# starting at SOURCE.
flood_from() {
	local server=$1 source=$2 sources=$3
	shift 3
	[[ $1 != half-open ]] || source=10.1.200.1 # an address without a route back
	printed=$BATS_TEST_TMPDIR/printed
	rm -f leave "$printed"
	mkfifo leave
	exec 7<>leave
	nsenter --target "$ATTACKERS" --net "$tools/flood" "$1" "$server" 8080 "$source" "$sources" "$2" ${3+"$3"} \
		<leave >"$printed" 2>&1 3>&- 7>&- &
	holder=$!
}

is_ready_or_gone() {
	grep -q ready "$printed" || ! kill -0 "$holder" 2>/dev/null
}

# Waits until every client of the flood has done its part.
await_flood() {
	wait_until is_ready_or_gone
	contains "$(<"$printed")" ready
}

# Ends the flood and prints its output.
end_flood() {
	exec 7>&-
	wait "$holder"
	holder=
	cat "$printed"
}

# polite: requests the page as a normal client of the other network; prints the time that took,
# in milliseconds.
polite() {
	nsenter --target "$VISITORS" --net curl -sS --max-time "$patience" --interface 10.2.0.7 \
		-o page -w '%{http_code} %{time_total}\n' http://10.9.2.1:8080/ >polite
	equal "$(cut -d ' ' -f 1 polite)" 200 || return
	contains "$(<page)" '<title>'
	awk '{ printf "%d\n", $2 * 1000 }' polite
}

# is_polite_served WHEN: whether a polite client gets the page five times. Sets quickest, in milliseconds.
is_polite_served() {
	local times
	times=$(for _ in 1 2 3 4 5; do polite; done | sort -n | xargs)
	quickest=${times%% *}
	echo "# $1: the page arrived after $times ms" >&3
}

# slice PROPERTY: prints a property of mayfly.slice.
slice() {
	inside systemctl show --property="$1" --value mayfly.slice
}

# Whether the socket is active, no unit has failed, and memory is within its limit.
is_sound() {
	equal "$(inside systemctl is-active mayfly.socket)" active
	no_failed_unit
	(($(slice MemoryCurrent) <= $(slice MemoryMax)))
	refute grep -q . <(journal --dmesg --grep 'oom-kill' 2>/dev/null)
}

# Whether the counts equal those in the log, each count logged once.
counts_are_exact() {
	all_is_logged
	local name
	journal -t mayfly --output=json --output-fields=HTTP_TARGET,HITS >entries
	for name in / /big.bin; do
		jq -r "select(.HTTP_TARGET == \"$name\").HITS // empty" entries | sort -n >given
		seq "$(machine_counts | awk -v name="${name/%\//\/index.html}" '$2 == name { print $1 }')" |
			cmp - given
	done
}

# withstands KIND COUNT [TARGET]: whether the machine serves a polite client during and after a flood of
# clients that stay connected.
withstands() {
	flood "$@"
	await_flood
	is_polite_served "$1"
	# Requests made while systemd was still starting hundreds of handlers may take longer.
	((quickest < 1000)) || fail 'no client got the page within a second'
	is_sound
	end_flood
	wait_until instances_are 0
	is_sound
	counts_are_exact
}

@test "hundreds of clients that send one byte per second: a polite client is served" {
	withstands slow-header "$flood"
}

@test "hundreds of clients that send a request and never read: a polite client is served" {
	withstands never-read "$flood" /big.bin
}

@test "hundreds of clients that send nothing: a polite client is served" {
	withstands silent "$flood"
}

@test "hundreds of half-open connections: a polite client is served" {
	withstands half-open "$flood"
}

# set_limits CONNECTIONS OPTION...: limits mayfly.socket to so many connections, and starts handlers with
# these options.
set_limits() {
	echo "MAYFLY_OPTIONS=${*:2}" | write /etc/default/mayfly
	printf '%s\n' '[Socket]' "MaxConnections=$1" | write /run/systemd/system/mayfly.socket.d/few.conf
	inside systemctl daemon-reload
	inside systemctl restart mayfly.socket
}

# dropped: prints how many clients the log shows as too slow since the test began.
dropped() {
	journal -t mayfly --output=cat --since "@$begun" --grep 'client-too-slow' | wc -l
}

is_dropped() {
	(($(dropped) == $1))
}

# The attack of issue 16, with rate and window three times as fast: each client reads 4 KB every 4 seconds.
@test "a /64 that holds all connections by reading slowly loses them, and a polite client gets in" {
	local held=$((flood / 5)) begun
	begun=$(date +%s.%N)
	set_limits "$held" --send-timeout 30 --min-rate 2000
	flood_from fd00:9:1::1 fd00:1::1 $((held / 64 + 1)) slow-read "$held" /big.bin
	await_flood
	wait_until instances_are "$held"
	refute polite
	equal "$(dropped)" 0 'clients dropped already'
	wait_until is_dropped "$held"
	is_polite_served 'after a slow /64'
	is_sound
	end_flood
	inside rm /run/systemd/system/mayfly.socket.d/few.conf /etc/default/mayfly
	inside systemctl daemon-reload
	inside systemctl restart mayfly.socket
	wait_until instances_are 0
	counts_are_exact
}

# withstands_burst KIND COUNT [TARGET]: the same for a flood of clients that leave by themselves.
withstands_burst() {
	flood "$@"
	polite
	await_flood
	end_flood
	wait_until instances_are 0
	is_polite_served "after $1"
	is_sound
	counts_are_exact
}

@test "hundreds of clients that reset within the request header: a polite client is served" {
	withstands_burst reset-head "$flood"
}

@test "hundreds of clients that reset within the body: a polite client is served" {
	withstands_burst reset-body "$flood" /big.bin
}

@test "burst of four times the limit: a polite client is served" {
	local answered
	withstands_burst get $((4 * flood)) /
	# Connections above the limit of an address are dropped, without a failed unit.
	answered=$(awk 'END { print $1 }' "$printed")
	((answered >= (4 * flood < 640 ? 4 * flood : 640)))
}

# MISSING_NAMES sets the number if 10,000 take too long.
@test "10,000 requests for missing names: a polite client is served, the counter file does not grow" {
	local before total
	total=${MISSING_NAMES:-10000}
	before=$(machine_counts | wc -l)
	nearby "$tools/load_client" 8080 32 "$total" /missing-{1..50} >responses 3>&- &
	holder=$!
	is_polite_served "among $total missing names"
	wait "$holder"
	holder=
	is_sound
	counts_are_exact
	# Missing files are not counted, so that clients cannot fill the disk.
	equal "$(machine_counts | wc -l)" "$before" 'resources in the counter file'
	journal -t mayfly --output=cat --grep '^/missing-.* 404 ' >missing
	equal "$(wc -l <missing)" "$total" 'requests in the log'
}

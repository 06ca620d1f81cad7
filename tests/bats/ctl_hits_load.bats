# mayflyctl hits while the site is served: handlers under tcpserver count hits of many clients, and in the end no
# hit is missing.
# bats file_tags=once
load helpers
load counter

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
	build_tools load_client
}

setup() {
	command -v tcpserver >/dev/null || skip 'tcpserver is missing'
	make_counted_site
	server_log=$BATS_TEST_TMPDIR/server.log port=$(free_port)
	tcpserver -c 64 -H -R -l 0 127.0.0.1 "$port" "$MAYFLY" --root "$site" --hits "$hits" --log stderr \
		>"$server_log" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$server_log")"
}

teardown() {
	[[ ! -e clients.pid ]] || kill "$(<clients.pid)" 2>/dev/null || true
	stop_server
}

clients_are_running() {
	kill -0 "$clients" 2>/dev/null
}

# under_load COMMAND...: repeats the command while clients request three pages in turn, at least five times. Sets
# served, the number of responses, and rounds. No hit may be lost.
under_load() {
	served=0 rounds=0
	while ((rounds < 5)); do
		"$tools/load_client" "$port" 6 300 /a.txt /index.html /sub/index.html >>answered 3>&- &
		clients=$!
		echo "$clients" >clients.pid
		wait_until test -s "$hits"
		while clients_are_running; do
			"$@"
			((++rounds))
		done
		wait "$clients"
		rm clients.pid
		((served += 300))
		((served < 20000)) || fail "$rounds rounds while $served were served" || return
	done
	equal "$(awk '{ n += $1 } END { print n }' answered)" "$served" answers
	refute grep -F '(hits-' "$server_log"
}

# ctl ARGUMENT...: runs mayflyctl hits on the site's counter file.
ctl() {
	"$CTL" hits --hits "$hits" "$@"
}

# count_in_list PATH: prints the hits of the path in the site's counter file.
count_in_list() {
	ctl --format tsv >list 2>/dev/null
	awk -F '\t' -v path="$1" '$2 == path { n = $1 } END { print n + 0 }' list
}

# answers TARGET: prints how many responses the clients got.
answers() {
	awk -F '\t' -v target="$1" '$2 == target { n += $1 } END { print n + 0 }' answered
}

# drop [GLOB]: resets the counts that match, and adds up what was dropped.
drop() {
	ctl reset --yes "$@" >reset.out 2>/dev/null
	[[ ! $(<reset.out) =~ ^Dropped\ ([0-9]+)\ hits? ]] || ((dropped += BASH_REMATCH[1], ++resets))
}

@test "hits that resets drop and hits that are left add up to those served" {
	local dropped=0 resets=0
	under_load drop
	((resets > 1)) || fail "$resets resets only"
	equal $((dropped + $(ctl --json | jq .total))) "$served" 'hits dropped and left'
	ctl verify
}

@test "a reset of one resource does not change the counts of others" {
	local dropped=0 resets=0
	under_load drop '/a.*'
	((resets > 1)) || fail "$resets resets only"
	equal $((dropped + $(count_in_list /a.txt))) "$(answers /a.txt)" '/a.txt'
	equal "$(count_in_list /index.html)" "$(answers /index.html)" '/index.html'
	equal "$(count_in_list /sub/index.html)" "$(answers /sub/index.html)" '/sub/index.html'
}

add_twice() {
	ctl import text >import.out
	ctl merge other >import.out
}

@test "imports and merges add exactly to the hits that are counted meanwhile" {
	printf 'mayfly-hits 1\n1000\t/a.txt\n7\t/elsewhere\nend\t2\n' >text
	"$CTL" hits import --hits other text
	under_load add_twice
	equal "$(count_in_list /a.txt)" $(($(answers /a.txt) + 2000 * rounds)) '/a.txt'
	equal "$(count_in_list /elsewhere)" $((14 * rounds)) '/elsewhere'
	equal "$(count_in_list /index.html)" "$(answers /index.html)" '/index.html'
	ctl verify
}

# Damages the record of a resource that no client requests, in the file that handlers write to, and repairs it.
damage_and_repair() {
	local number=$((100 + rounds)) offset
	offset=$(LC_ALL=C grep -obaF "/victim/$number" "$hits" | head -n 1 | cut -d : -f 1)
	printf X | dd of="$hits" bs=1 seek="$offset" conv=notrunc status=none
	run -1 ctl verify
	ctl verify --repair >repair.out
	contains "$(<repair.out)" 'nothing damaged'
	rm "$hits".damaged-*
}

has_counted_once_more() {
	grep -qE "^/a\.txt \| .* \| $(($(answers /a.txt) + 1))$" "$server_log"
}

@test "repairs lose no hit that is counted meanwhile" {
	local number target
	{
		echo 'mayfly-hits 1'
		for number in {100..999}; do printf '5\t/victim/%s\n' "$number"; done
		printf 'end\t900\n'
	} | ctl import - >import.out
	under_load damage_and_repair
	for target in /a.txt /index.html /sub/index.html; do
		equal "$(count_in_list "$target")" "$(answers "$target")" "$target"
	done
	equal "$(ctl '/victim/*' --format tsv | tail -n +2 | wc -l)" $((900 - rounds)) 'records left'
	ctl verify
	# Handlers still find the record of a path: its count continues.
	curl -sS --max-time 60 -o got "http://127.0.0.1:$port/a.txt"
	wait_until has_counted_once_more
}

# An export is complete, and counts never go down.
list_and_export() {
	ctl export saved
	"$CTL" hits import --hits again saved >import.out
	local total=$last
	last=$(ctl --json | jq .total)
	((last >= total)) || fail "$last hits after $total"
}

@test "lists and exports of a busy site are complete" {
	local last=0
	under_load list_and_export
	equal "$(ctl --json | jq .total)" "$served"
}

# mayflyctl hits while the site is served: handlers under tcpserver count for a crowd of clients, and at the
# end every hit is accounted for.
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
	[[ ! -e crowd.pid ]] || kill "$(<crowd.pid)" 2>/dev/null || true
	stop_server
}

crowd_is_there() {
	kill -0 "$crowd" 2>/dev/null
}

# under_load COMMAND...: runs it again and again while clients ask for three pages in turn, and at least
# five times. Sets served, how many were answered, and rounds. No hit may have been lost.
under_load() {
	served=0 rounds=0
	while ((rounds < 5)); do
		"$tools/load_client" "$port" 6 900 /a.txt /index.html /sub/index.html >>answered 3>&- &
		crowd=$!
		echo "$crowd" >crowd.pid
		wait_until test -s "$hits"
		while crowd_is_there; do
			"$@"
			((++rounds))
		done
		wait "$crowd"
		rm crowd.pid
		((served += 900))
		((served < 20000)) || fail "$rounds rounds while $served were served" || return
	done
	equal "$(awk '{ n += $1 } END { print n }' answered)" "$served" answers
	refute grep -F '(hits-' "$server_log"
}

# ctl FORM...: mayflyctl hits on the site's counter file.
ctl() {
	"$CTL" hits --hits "$hits" "$@"
}

# count_in_list PATH: what the site's counter file counts on it.
count_in_list() {
	ctl --format tsv >list 2>/dev/null
	awk -F '\t' -v path="$1" '$2 == path { n = $1 } END { print n + 0 }' list
}

# answers TARGET: how many the crowd had of it.
answers() {
	awk -F '\t' -v target="$1" '$2 == target { n += $1 } END { print n + 0 }' answered
}

# Drops what matches, and adds it up.
drop() {
	ctl reset --yes "$@" >reset.out 2>/dev/null
	[[ ! $(<reset.out) =~ ^Dropped\ ([0-9]+)\ hits? ]] || ((dropped += BASH_REMATCH[1], ++resets))
}

@test "what resets drop and what is left is what was served" {
	local dropped=0 resets=0
	under_load drop
	((resets > 1)) || fail "$resets resets only"
	equal $((dropped + $(ctl --json | jq .total))) "$served" 'hits dropped and left'
	ctl verify
}

@test "a reset of one resource leaves the others' counts alone" {
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

@test "imports and merges add to what is served, exactly" {
	printf 'mayfly-hits 1\n1000\t/a.txt\n7\t/elsewhere\nend\t2\n' >text
	"$CTL" hits import --hits other text
	under_load add_twice
	equal "$(count_in_list /a.txt)" $(($(answers /a.txt) + 2000 * rounds)) '/a.txt'
	equal "$(count_in_list /elsewhere)" $((14 * rounds)) '/elsewhere'
	equal "$(count_in_list /index.html)" "$(answers /index.html)" '/index.html'
	ctl verify
}

# Damages the record of a resource that nobody asks for, in the file that handlers write to, and repairs it.
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

@test "repairs lose nothing of what is served meanwhile" {
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
	# A path is still counted in its own record: its count is not begun again.
	curl -sS --max-time 60 -o got "http://127.0.0.1:$port/a.txt"
	wait_until has_counted_once_more
}

# Both are whole, and counts never go down.
list_and_export() {
	ctl export saved
	"$CTL" hits import --hits again saved >import.out
	local total=$last
	last=$(ctl --json | jq .total)
	((last >= total)) || fail "$last hits after $total"
}

@test "lists and exports of a site that is served are whole" {
	local last=0
	under_load list_and_export
	equal "$(ctl --json | jq .total)" "$served"
}

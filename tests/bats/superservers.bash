# Shared by superservers.bats, accept.bats and cost.bats: functions that start a super-server, send requests to it, and
# put a socket in place of journald's. Requires helpers.bash and counter.bash. A test file that calls answers_a_crowd
# defines `start`, which starts its server on $port.

# shellcheck shell=bash disable=SC2034,SC2154 # used by the suites; helpers.bash
more_options=()

# start_superserver COMMAND...: starts the server in the background, on $port. Its output goes to $server_log.
start_superserver() {
	server_log=$BATS_TEST_TMPDIR/server.log
	"${runner[@]}" "$@" >"$server_log" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$server_log")"
}

# with_journal: gives the next super-server a separate /run, in which a socket takes the place of journald's. The first
# datagram that the socket receives is written to the file `journal`.
with_journal() {
	needs_mounts
	# shellcheck disable=SC2016 # expanded by the inner shell
	runner=(unshare --mount sh -c '
		umask 0
		mount -t tmpfs own /run && mkdir -p /run/systemd/journal
		"$tools/receive_datagrams" /run/systemd/journal/socket 1 >journal &
		timeout 60 sh -c "until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done"
		umask 022
		exec "$@"' -)
}

# is_journalled MESSAGE: whether that datagram has this message.
is_journalled() {
	grep -qxF "MESSAGE=$1" journal
}

needs_ipv6() {
	grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 on the loopback'
}

# visit CURL-ARGUMENT...: downloads /a.txt and compares it with the file. Sets client_port, the client's port.
visit() {
	client_port=$(curl -sS --max-time 60 -o visited -w '%{local_port}' "$@")
	cmp visited "$site/a.txt"
}

# answers_a_crowd: whether 300 connections, eight at a time, are all answered and counted.
answers_a_crowd() {
	local answers
	start
	answers=$(curl -sS --max-time 60 --parallel --parallel-immediate --parallel-max 8 -o /dev/null \
		-w '%{http_code} %{num_connects}\n' "http://127.0.0.1:$port/a.txt?[1-300]" 2>curl.log)
	equal "$(sort <<<"$answers" | uniq -c | tr -s ' ')" ' 300 200 1' "answers ($(<curl.log))"
	equal "$(count_of /a.txt)" 300 count
}

# What superservers.bats, accept.bats and cost.bats share: starting a super-server, a visit, and a socket in place of
# journald's. Goes with helpers.bash and counter.bash. A test file that calls answers_a_crowd defines `start`, which
# starts its server on $port.

# shellcheck shell=bash disable=SC2034,SC2154 # what the tests use is not seen here; helpers.bash
more_options=()

# start_superserver COMMAND...: in the background, on $port. Its standard error goes to $server_log.
start_superserver() {
	server_log=$BATS_TEST_TMPDIR/server.log
	"${runner[@]}" "$@" >"$server_log" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$server_log")"
}

# with_journal: the super-server gets a /run of its own, with a socket in place of journald's. The first datagram that
# the socket receives goes to the file `journal`.
with_journal() {
	needs_mounts
	# shellcheck disable=SC2016 # expanded by the inner shell
	runner=(unshare --mount sh -c '
		umask 0
		mount -t tmpfs own /run && mkdir -p /run/systemd/journal
		"$tools/receive_datagrams" /run/systemd/journal/socket 1 >journal &
		until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done
		umask 022
		exec "$@"' -)
}

# is_journalled MESSAGE: whether the journal has received it.
is_journalled() {
	grep -qxF "MESSAGE=$1" journal
}

needs_ipv6() {
	grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 on the loopback'
}

# visit CURL-ARGUMENT...: requests /a.txt and checks that all of it comes. Sets client_port, the client's own.
visit() {
	client_port=$(curl -sS --max-time 60 -o visited -w '%{local_port}' "$@")
	cmp visited "$site/a.txt"
}

# answers_a_crowd: 300 connections, eight at a time, are all answered and counted.
answers_a_crowd() {
	local answers
	start
	answers=$(curl -sS --max-time 60 --parallel --parallel-immediate --parallel-max 8 -o /dev/null \
		-w '%{http_code} %{num_connects}\n' "http://127.0.0.1:$port/a.txt?[1-300]" 2>curl.log)
	equal "$(sort <<<"$answers" | uniq -c | tr -s ' ')" ' 300 200 1' "answers ($(<curl.log))"
	equal "$(count_of /a.txt)" 300 count
}

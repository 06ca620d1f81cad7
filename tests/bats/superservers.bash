# What the tests of super-servers share: the snippets of packaging/inetd, told of the test's own port,
# paths and user, and what every super-server has to hold to. Goes with helpers.bash and counter.bash; a
# test file has a `start` of its own, which sets $port, and says with more_options=(...) beforehand which
# options the handler gets behind those of the snippet.

# shellcheck shell=bash disable=SC2034,SC2154 # what the tests use is not seen here; helpers.bash
snippets=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/packaging/inetd
more_options=()

# A site and a handler that the user nobody reaches, and a counter file of its own.
set_up_site() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	give_ordinary_user_access
	hits=$BATS_TEST_TMPDIR/counts/hits port=$(free_port)
	mkdir "${hits%/*}"
	chmod a+rwx "${hits%/*}"
}

# snippet NAME: the file, with the test's port, user, handler, root, counter file and options.
snippet() {
	sed -e "s|8080|$port|; s|/usr/local/sbin/mayfly|$MAYFLY|; s|/srv/mayfly|$site|" \
		-e "s|/var/lib/mayfly/hits|$hits ${more_options[*]}|" \
		-e 's|\(nowait[.0-9]*\) mayfly |\1 nobody |; s|\(user *=\) mayfly$|\1 nobody|' \
		-e 's|id -u mayfly|id -u nobody|; s|id -g mayfly|id -g nobody|' "$snippets/$1"
}

# start_superserver COMMAND...: in the background, on $port; its messages go to $server_log.
start_superserver() {
	server_log=$BATS_TEST_TMPDIR/server.log
	"${runner[@]}" "$@" >"$server_log" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$server_log")"
}

# From here on the super-server has a /run of its own, in which a socket stands in for the journal's; the
# first datagram that comes to it goes to the file `journal`.
with_journal() {
	needs_mounts
	# shellcheck disable=SC2016 # the inner shell's words
	runner=(unshare --mount sh -c '
		umask 0
		mount -t tmpfs own /run && mkdir -p /run/systemd/journal
		"$tools/receive_datagrams" /run/systemd/journal/socket 1 >journal &
		until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done
		umask 022
		exec "$@"' -)
}

needs_ipv6() {
	grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || skip 'no IPv6 on the loopback'
}

# visit CURL-ARGUMENT... : takes /a.txt, which must come whole, and sets client_port, the client's own.
visit() {
	client_port=$(curl -sS --max-time 60 -o visited -w '%{local_port}' "$@")
	cmp visited "$site/a.txt"
}

# The page comes, what is missing does not, and each hit is counted once.
serves_and_counts() {
	start
	visit "http://127.0.0.1:$port/a.txt"
	equal "$(curl -sS --max-time 60 -o got -w '%{http_code}' "http://127.0.0.1:$port/nothing-here")" 404
	contains "$(<got)" '404 Not Found'
	equal "$(curl -sS --max-time 60 "http://127.0.0.1:$port/")" "$(<"$site/index.html")"
	equal "$(counts)" $'1\t/a.txt\n1\t/index.html' counts
}

# Three hundred connections, eight at a time, are all answered and all counted.
answers_a_crowd() {
	local answers
	start
	answers=$(curl -sS --max-time 60 --parallel --parallel-immediate --parallel-max 8 -o /dev/null \
		-w '%{http_code} %{num_connects}\n' "http://127.0.0.1:$port/a.txt?[1-300]" 2>curl.log)
	equal "$(sort <<<"$answers" | uniq -c | tr -s ' ')" ' 300 200 1' "answers ($(<curl.log))"
	equal "$(count_of /a.txt)" 300 count
}

# IPv6 is served, and IPv4 is, too.
serves_ipv6() {
	needs_ipv6
	start
	visit "http://[::1]:$port/a.txt"
	visit "http://127.0.0.1:$port/a.txt"
	equal "$(count_of /a.txt)" 2 count
}

# The client's address and port stand in the super-server's own log.
logs_to_stderr() {
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait_until logged "/a.txt | 127.0.0.1 | $client_port | 1"
}

is_journalled() {
	grep -qxF "MESSAGE=$1" journal
}

# The same in the journal, from a super-server whose descriptor 2 is the client.
logs_to_the_journal() {
	with_journal
	start
	visit "http://127.0.0.1:$port/a.txt"
	wait_until is_journalled "/a.txt | 127.0.0.1 | $client_port | 1"
}

# What comes back is a response from its first byte to its last, even though the log is to go to standard
# error and has to tell of a missing file and of a hit that was lost.
sends_nothing_but_responses() {
	local target
	mkdir "$hits"
	more_options=(--log stderr)
	start
	for target in /missing /a.txt; do
		curl -sS --max-time 60 -i "http://127.0.0.1:$port$target" -o raw
		split_response raw
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" "length of $target's body"
	done
	equal "$http_status" 200
	cmp "$body_file" "$site/a.txt"
}

# The handler ends with an error, and the client gets a 503 without the cause.
answers_503() {
	start
	response_file=$BATS_TEST_TMPDIR/raw
	curl -sS --max-time 60 -i -o "$response_file" "http://127.0.0.1:$port/a.txt"
	split_response "$response_file"
	is_unavailable
}

answers_503_with_wrong_options() {
	more_options=(--no-such-option)
	answers_503
}

answers_503_without_a_root() {
	mv "$site" "$site.away"
	answers_503
}

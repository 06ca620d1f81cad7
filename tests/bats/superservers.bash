# What the tests of super-servers share: the snippets of packaging/inetd, told of the test's own port,
# paths and user, and what every super-server has to hold to. Goes with helpers.bash and counter.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # what the tests use is not seen here; helpers.bash
snippets=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/packaging/inetd

# snippet NAME: the file, with the test's port, user, handler, root and counter file.
snippet() {
	sed -e '/^#!/!s/#.*//' -e "s|8080|$port|" -e "s|/usr/local/sbin/mayfly|$handler|" \
		-e "s|/srv/mayfly|$site|" -e "s|/var/lib/mayfly/hits|$hits|" \
		-e "s|user  *= mayfly|user = nobody|; s|nowait mayfly|nowait nobody|" \
		-e 's|id -u mayfly|id -u nobody|; s|id -g mayfly|id -g nogroup|' "$snippets/$1"
}

# A site and a handler that the user nobody reaches, and a counter file of its own.
set_up_site() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	open_up
	handler=$MAYFLY hits=$BATS_TEST_TMPDIR/counts/hits port=$(free_port)
	mkdir "${hits%/*}"
	chmod a+rwx "${hits%/*}"
	url=http://127.0.0.1:$port
}

# start_superserver COMMAND...: in the background; its messages go to $server_log.
start_superserver() {
	server_log=$BATS_TEST_TMPDIR/server.log
	"$@" >"$server_log" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$server_log")"
}

# The page comes, what is missing does not, and each hit is counted once.
serves_and_counts() {
	equal "$(curl -sS "$url/a.txt")" 'Hello.'
	equal "$(curl -sS -o /dev/null -w '%{http_code}' "$url/nothing-here")" 404
	equal "$(curl -sS "$url/")" "$(<"$site/index.html")"
	equal "$(count_of /a.txt)" 1 'count'
}

# Three hundred, as fast as they come, are all answered and all counted.
answers_a_crowd() {
	local answered
	answered=$(seq 300 | xargs -P 8 -I{} curl -sS -o /dev/null -w '%{http_code}\n' "$url/a.txt" |
		grep -c 200)
	equal "$answered" 300 'answers'
	equal "$(count_of /a.txt)" 300 'count'
}

# What comes back is a response from its first byte to its last: nothing of a log stands in it.
sends_nothing_but_the_response() {
	curl -sS -i "$url/missing" -o "$BATS_TEST_TMPDIR/raw"
	split_response "$BATS_TEST_TMPDIR/raw"
	equal "$http_status" 404
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" 'length of the body'
}

# A wrong command line says its word to nobody, for the client is who would hear it.
says_nothing_of_errors() {
	local status=0
	curl -sS -o "$BATS_TEST_TMPDIR/raw" "$url/" 2>/dev/null || status=$?
	[[ $status == 52 || $status == 56 ]] || fail "curl ended with $status"
	refute test -s "$BATS_TEST_TMPDIR/raw"
}

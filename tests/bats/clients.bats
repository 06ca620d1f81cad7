#!/usr/bin/env bats
# Clients other than curl and wget: aria2, which downloads a file in several parts at once, and h2load,
# which sends requests before earlier ones are answered.
# bats file_tags=once,tools

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load clients

came_in_parts() {
	(($(grep -c '206 Partial Content' "$server_log") >= 10))
}

@test "aria2 downloads a file in sixteen parts at once, which is one hit" {
	head -c 40000000 /dev/urandom >"$site/big"
	serve --hits "$BATS_TEST_TMPDIR/hits"
	aria2c --no-conf --quiet --split=16 --max-connection-per-server=16 --min-split-size=1M "$url/big"
	cmp big "$site/big"
	wait_until came_in_parts
	equal "$(hits_of /big)" 1
}

@test "h2load sends a thousand requests on ten connections, eight pipelined" {
	serve --keep-alive 10
	h2load --h1 -n 1000 -c 10 -m 8 "$url/a.txt" >summary
	contains "$(<summary)" 'requests: 1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored'
	contains "$(<summary)" "($((1000 * $(wc -c <"$site/a.txt")))) data"
}

#!/usr/bin/env bats
# System calls and instructions of one exchange with counters, journal and sandbox, compared with the figures
# in tests/bench/cost. Other load on the machine does not change them. The figures hold for Debian 12's gcc
# and musl. `make cost` measures them again.
# bats file_tags=root,once,uncounted

# shellcheck disable=SC2016,SC2034,SC2154 # patterns; helpers.bash
load helpers
load counter
load superservers

bench=$BATS_TEST_DIRNAME/../bench

setup_file() {
	build_tools count_instructions on_socket receive_datagrams
}

# Whether the figures apply to this handler: compiled by Debian 12's gcc and linked against musl.
has_figures() {
	readelf --string-dump=.comment "$MAYFLY" | grep -q 'Debian 12\.' &&
		! readelf --wide --program-headers "$MAYFLY" | grep -q INTERP
}

# A page of 1 KiB, and one of 8 KiB, that have been counted once. File names have the same length on every
# machine; that of the root is absolute, as in the units.
setup() {
	has_figures || skip "the figures are of Debian 12's gcc and of musl"
	cd "$BATS_TEST_TMPDIR" || return
	site=$(mktemp -d /tmp/mayfly-cost.XXXXXX)
	chmod 755 "$site"
	handler_options=(--hits hits --robots robots --log journal)
	page=page.html
	head -c 1024 /dev/zero >"$site/page.html"
	head -c 8192 /dev/zero >"$site/long.html"
	interval=0.2 wait_until unchanged_for_two_seconds "$site/long.html"
	install -m 755 "$MAYFLY" mayfly
	MAYFLY=./mayfly
	page=long.html exchange
	was_logged 1 long.html
	exchange
	was_logged 1 # or the next exchange would overwrite the journal's only datagram
}

teardown() {
	[[ -z ${site-} ]] || rm -r "$site"
}

# exchange [COMMAND...]: makes one exchange for $page, with the environment of mayfly@.service; COMMAND
# runs the handler.
exchange() {
	with_journal
	runner+=(env -i "PATH=$PATH" REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034 "$tools/on_socket" "$@")
	get "/$page" 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' \
		'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' \
		'Accept-Language: en-GB,en;q=0.5' 'Accept-Encoding: gzip, deflate, br, zstd' \
		'Connection: keep-alive' 'Upgrade-Insecure-Requests: 1'
	served "$site/$page"
}

# was_logged COUNT [PAGE]: waits until the hit with this count is in the journal, which shows that counter
# and journal are in use.
was_logged() {
	wait_until is_journalled "/${2-page.html} | 192.0.2.7 | 51034 | $1"
}

# as_committed NAME NUMBER: whether NUMBER is within two per cent of the figure in tests/bench/cost. A
# figure that is too high no longer notices growth.
as_committed() {
	local figure
	[[ -z ${NEW_COST-} ]] || sed -i "s/^$1=.*/$1=$2/" "$bench/cost"
	figure=$(sed -n "s/^$1=//p" "$bench/cost")
	(($2 * 100 <= figure * 102)) ||
		fail "$1 of one exchange: $2, and $figure in tests/bench/cost. If it is worth that: \`make cost\`"
	(($2 * 100 >= figure * 98)) ||
		fail "$1 of one exchange: only $2, and $figure in tests/bench/cost. To record it: \`make cost\`"
}

# calls_in FILE: prints how often each call is in strace's output, `call times`, sorted. clock_gettime is
# left out: it is a system call only on machines without a clock in the vDSO.
calls_in() {
	awk -F '(' '/^[a-z0-9_]+\(/ && $1 != "clock_gettime" { n[$1]++ } END { for (c in n) print c, n[c] }' "$1" | sort
}

@test "an exchange makes the system calls that BENCHMARKS.md lists" {
	exchange strace --quiet=all --signal=none --output=trace
	was_logged 2
	calls_in trace >calls
	cat calls
	as_committed system_calls "$(count_calls trace)"
	sed -nE 's/^\| `([a-z0-9_]+)` \| ([0-9]+) \| .+ \|$/\1 \2/p' "$bench/BENCHMARKS.md" | sort |
		diff - calls || fail 'system calls in BENCHMARKS.md (<) differ from those made (>)'
}

# count_calls FILE: prints the number of calls in strace's output.
count_calls() {
	calls_in "$1" | awk '{ n += $2 } END { print n }'
}

@test "HTML of 8 KiB takes no system call more than HTML of 1 KiB; HTML of 40 KiB takes two: for its charset, and to send it without blocking" {
	page=long.html
	exchange strace --quiet=all --signal=none --output=trace
	was_logged 2 long.html
	calls_in trace
	as_committed system_calls "$(count_calls trace)"
	truncate -s 40960 "$site/long.html"
	exchange strace --quiet=all --signal=none --output=larger
	was_logged 3 long.html
	calls_in larger
	equal "$(count_calls larger)" "$(($(count_calls trace) + 2))"
}

@test "an exchange executes at most 2 % more instructions than recorded" {
	exchange "$tools/count_instructions" instructions
	was_logged 2
	as_committed instructions "$(<instructions)"
}

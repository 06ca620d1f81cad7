#!/usr/bin/env bats
# What one exchange costs with everything on, hits, the journal and the sandbox: its system calls and
# instructions, which no other load on the machine changes, against the figures in tests/bench/cost. They
# are of Debian 12's gcc and musl. `make cost` writes them anew.
# bats file_tags=root,once

# shellcheck disable=SC2016,SC2034,SC2154 # patterns; helpers.bash
load helpers
load counter
load superservers

bench=$BATS_TEST_DIRNAME/../bench

setup_file() {
	build_tools count_instructions on_socket receive_datagrams
}

# Whether the handler is what the figures are of: compiled by Debian 12's gcc, and linked against musl.
has_figures() {
	readelf --string-dump=.comment "$MAYFLY" | grep -q 'Debian 12\.' &&
		! readelf --wide --program-headers "$MAYFLY" | grep -q INTERP
}

# A page of 1 KiB that has been counted once. Names are relative, so that they are as long anywhere.
setup() {
	has_figures || skip "the figures are of Debian 12's gcc and of musl"
	cd "$BATS_TEST_TMPDIR" || return
	site=site handler_options=(--hits hits --log journal)
	mkdir "$site"
	head -c 1024 /dev/zero >"$site/page.html"
	wait_until has_rested "$site/page.html"
	install -m 755 "$MAYFLY" mayfly
	MAYFLY=./mayfly
	exchange
	was_logged 1 # or its line would come over that of the second one
}

# exchange [COMMAND...]: one of them, the handler run by the command, as by mayfly@.service.
exchange() {
	with_journal
	runner+=(env -i "PATH=$PATH" REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034 "$tools/on_socket" "$@")
	get /page.html 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' \
		'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' \
		'Accept-Language: en-GB,en;q=0.5' 'Accept-Encoding: gzip, deflate, br, zstd' \
		'Connection: keep-alive' 'Upgrade-Insecure-Requests: 1'
	served "$site/page.html"
}

# was_logged NUMBER: whether all was on: this hit is in the journal.
was_logged() {
	wait_until is_journalled "/page.html | 192.0.2.7 | 51034 | $1"
}

# as_committed NAME NUMBER: at most two per cent above the figure; and not so far below it that it says
# nothing any more.
as_committed() {
	local figure
	[[ -z ${NEW_COST-} ]] || sed -i "s/^$1=.*/$1=$2/" "$bench/cost"
	figure=$(sed -n "s/^$1=//p" "$bench/cost")
	(($2 * 100 <= figure * 102)) ||
		fail "$1 of one exchange: $2, and $figure in tests/bench/cost. Where that is worth it: \`make cost\`"
	(($2 * 100 >= figure * 98)) ||
		fail "$1 of one exchange: only $2, and $figure in tests/bench/cost. Keep it: \`make cost\`"
}

# calls_in FILE: how often each call stands in strace's output, `call times` sorted. Where the kernel's clock
# is not to be had without a call, that is the machine's doing.
calls_in() {
	awk -F '(' '/^[a-z0-9_]+\(/ && $1 != "clock_gettime" { n[$1]++ } END { for (c in n) print c, n[c] }' "$1" | sort
}

@test "an exchange makes the system calls that BENCHMARKS.md lists" {
	exchange strace --quiet=all --signal=none --output=trace
	was_logged 2
	calls_in trace >calls
	cat calls
	as_committed system_calls "$(awk '{ n += $2 } END { print n }' calls)"
	sed -nE 's/^\| `([a-z0-9_]+)` \| ([0-9]+) \| .+ \|$/\1 \2/p' "$bench/BENCHMARKS.md" | sort |
		diff - calls || fail 'BENCHMARKS.md has other system calls (<) than were made (>)'
}

@test "an exchange executes at most 2 % more instructions than recorded" {
	exchange "$tools/count_instructions" instructions
	was_logged 2
	as_committed instructions "$(<instructions)"
}

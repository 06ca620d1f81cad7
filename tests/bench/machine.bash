# What the parts of `make bench` share that boot a machine: units for what is measured there, and what a
# connection costs the whole machine. They tell their tables on descriptor 3.

# shellcheck shell=bash disable=SC1091,SC2034,SC2094,SC2154 # container.bash
MAYFLY_BUILD=${B:?}
load ../system/container
source "$BATS_TEST_DIRNAME/common.bash"
results=$BATS_FILE_TMPDIR

# install_program NAME: of the build folder, as /usr/local/sbin/NAME.
install_program() {
	write "/usr/local/sbin/${1##*/}" <"$1"
	inside chmod 755 "/usr/local/sbin/${1##*/}"
}

# Microseconds that the machine's processes have used so far: PID 1, what it has buried, the journal, all others.
processor_times() {
	local tick=$((1000000 / $(getconf CLK_TCK)))
	cat "/proc/$MACHINE/root/proc"/[0-9]*/stat 2>/dev/null | awk -v tick="$tick" '
		{ pid = $1; journal = /\(systemd-journal/; sub(/.*\) /, ""); own = $12 + $13; buried = $14 + $15 }
		pid == 1 { first = own; ended = buried; next }
		journal { written += own + buried; next }
		{ others += own + buried }
		END { print first * tick, ended * tick, written * tick, others * tick }'
}

handlers_are_gone() {
	! cat "/proc/$MACHINE/root/proc"/[0-9]*/comm 2>/dev/null | grep -qxE 'mayfly|floor|micro-httpd|\(.*\)'
}

# Waits until the machine has done all that the last connections left it to do.
settle() {
	wait_until handlers_are_gone
	sleep 0.5
}

# load NAME PORT REQUESTS: by 8 clients. Adds to the results of NAME a line: requests a second, p50 and p99 in ms,
# and microseconds of processor time a connection of PID 1, what it buried, the journal and the others.
load_site() {
	local before after rate
	before=$(processor_times)
	nearby ab -q -n "$3" -c 8 -e percents "http://127.0.0.1:$2/page.html" >ab 2>&1 || fail "$(<ab)" "$(journal -n 30)" || return
	grep -q "^Complete requests: *$3\$" ab && ! grep -E '^Failed requests: *[1-9]|Non-2xx' ab || fail "$(<ab)" "$(journal -n 30)" || return
	settle
	after=$(processor_times)
	rate=$(awk '/^Requests per second/ { print $4 }' ab)
	awk -F , -v rate="$rate" '$1 == 50 { median = $2 } $1 == 99 { printf "%s %s %s ", rate, median, $2 }' percents >>"$results/$1"
	awk -v n="$3" '{ for (i = 5; i <= 8; i++) printf "%.0f ", ($i - $(i - 4)) / n; print "" }' \
		<<<"$before $after" >>"$results/$1"
}

# column NAME NUMBER: the median of it.
column() {
	awk -v n="$2" '{ print $n }' "$results/$1" | median
}

# all_of NAME: the median of what a connection costs all together.
all_of() {
	awk '{ print $4 + $5 + $6 + $7 }' "$results/$1" | median
}

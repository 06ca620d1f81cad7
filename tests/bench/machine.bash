# Shared by the parts of `make bench` that boot a machine: units to measure, and the CPU time of the whole
# machine per connection. Tables are printed on descriptor 3.

# shellcheck shell=bash disable=SC1091,SC2034,SC2094,SC2154 # container.bash
MAYFLY_BUILD=${B:?}
load ../system/container
source "$BATS_TEST_DIRNAME/common.bash"
results=$BATS_FILE_TMPDIR

# install_program FILE: copies the program to /usr/local/sbin of the machine.
install_program() {
	write "/usr/local/sbin/${1##*/}" <"$1"
	inside chmod 755 "/usr/local/sbin/${1##*/}"
}

# Servers of this machine in the network of the other one; their CPU time counts as well.
outside=()

# cpu_times: prints the CPU time used so far by PID 1, its exited children, journald, and all other
# processes of the machine, in microseconds.
cpu_times() {
	local tick=$((1000000 / $(getconf CLK_TCK))) files
	printf -v files '/proc/%s/stat ' "${outside[@]}"
	# shellcheck disable=SC2086 # words
	cat "/proc/$MACHINE/root/proc"/[0-9]*/stat ${outside:+$files} 2>/dev/null | awk -v tick="$tick" '
		{ pid = $1; journal = /\(systemd-journal/; sub(/.*\) /, ""); own = $12 + $13; children = $14 + $15 }
		pid == 1 { first = own; ended = children; next }
		journal { written += own + children; next }
		{ others += own + children }
		END { print first * tick, ended * tick, written * tick, others * tick }'
}

# Whether no program under test runs any more.
handlers_are_gone() {
	! cat "/proc/$MACHINE/root/proc"/[0-9]*/comm 2>/dev/null | grep -qxE 'mayfly(-handshak)?|tlswrapper|floor|micro-httpd|\(.*\)'
}

# Waits until the machine has finished all work for the last connections.
settle() {
	wait_until handlers_are_gone
	sleep 0.5
}

# load_site NAME PORT REQUESTS [https]: sends requests with 8 clients. Appends a line to the results of NAME:
# requests/s, p50 and p99 in ms, and the CPU time per connection of PID 1, its exited children, journald and
# the others, in microseconds.
load_site() {
	local before after rate
	before=$(cpu_times)
	nearby ab -q -n "$3" -c 8 -e percents "${4-http}://127.0.0.1:$2/page.html" >ab 2>&1 || fail "$(<ab)" "$(journal -n 30)" || return
	grep -q "^Complete requests: *$3\$" ab && ! grep -E '^Failed requests: *[1-9]|Non-2xx' ab || fail "$(<ab)" "$(journal -n 30)" || return
	settle
	after=$(cpu_times)
	rate=$(awk '/^Requests per second/ { print $4 }' ab)
	awk -F , -v rate="$rate" '$1 == 50 { median = $2 } $1 == 99 { printf "%s %s %s ", rate, median, $2 }' percents >>"$results/$1"
	awk -v n="$3" '{ for (i = 5; i <= 8; i++) printf "%.0f ", ($i - $(i - 4)) / n; print "" }' \
		<<<"$before $after" >>"$results/$1"
}

# column NAME NUMBER: prints the median of that column.
column() {
	awk -v n="$2" '{ print $n }' "$results/$1" | median
}

# all_of NAME: prints the median CPU time per connection of all processes together.
all_of() {
	awk '{ print $4 + $5 + $6 + $7 }' "$results/$1" | median
}

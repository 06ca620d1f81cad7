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

# append_times NAME COUNT BEFORE: waits for the end of all work, and appends to the results of NAME the CPU time per
# connection since cpu_times printed BEFORE: of PID 1, its exited children, journald and the others, in microseconds.
append_times() {
	settle
	awk -v n="$2" '{ for (i = 5; i <= 8; i++) printf "%.0f ", ($i - $(i - 4)) / n; print "" }' \
		<<<"$3 $(cpu_times)" >>"$results/$1"
}

# load_site NAME PORT REQUESTS [https]: sends requests with 8 clients. Appends a line to the results of NAME:
# requests/s, p50 and p99 in ms, and what append_times appends.
load_site() {
	local before rate
	before=$(cpu_times)
	nearby ab -q -n "$3" -c 8 -e percents "${4-http}://127.0.0.1:$2/page.html" >ab 2>&1 || fail "$(<ab)" "$(journal -n 30)" || return
	grep -q "^Complete requests: *$3\$" ab && ! grep -E '^Failed requests: *[1-9]|Non-2xx' ab || fail "$(<ab)" "$(journal -n 30)" || return
	rate=$(awk '/^Requests per second/ { print $4 }' ab)
	awk -F , -v rate="$rate" '$1 == 50 { median = $2 } $1 == 99 { printf "%s %s %s ", rate, median, $2 }' percents >>"$results/$1"
	append_times "$1" "$3" "$before"
}

# load_socket NAME ADDRESS REQUESTS: the same for a port or the path of a Unix socket, without requests/s and times,
# which are 0.
load_socket() {
	local before
	before=$(cpu_times)
	nearby python3 -c 'import concurrent.futures, socket, sys
def visit(number):
    unix = "/" in sys.argv[1]
    client = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    client.connect(sys.argv[1] if unix else ("127.0.0.1", int(sys.argv[1])))
    client.sendall(b"GET /page.html HTTP/1.0\r\n\r\n")
    response = b""
    while data := client.recv(65536):
        response += data
    assert b" 200 " in response
with concurrent.futures.ThreadPoolExecutor(8) as clients:
    list(clients.map(visit, range(int(sys.argv[2]))))' "$2" "$3" || return
	printf '0 0 0 ' >>"$results/$1"
	append_times "$1" "$3" "$before"
}

# column NAME NUMBER: prints the median of that column.
column() {
	awk -v n="$2" '{ print $n }' "$results/$1" | median
}

# all_of NAME: prints the median CPU time per connection of all processes together.
all_of() {
	awk '{ print $4 + $5 + $6 + $7 }' "$results/$1" | median
}

#!/usr/bin/env bats
# Each system call of mayfly-accept fails, in each way that its manual lists: system_calls/accept. It serves the client or
# refuses it, serves the next one, and exits cleanly after SIGTERM; what went wrong is logged.
# bats file_tags=once,slow

# shellcheck disable=SC2034,SC2119,SC2120,SC2154,SC2317 # helpers.bash, system_calls.bash
load helpers
load counter
load system_calls

setup_file() {
	build_tools hits_dump inject receive_datagrams
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	accept=${ACCEPT:-${MAYFLY%/*}/mayfly-accept}
	table=$BATS_TEST_DIRNAME/system_calls/accept
	occurrences_max=2
	mkdir www
	echo Hello. >www/page.txt
	port=$(free_port)
	trap '' PIPE # as for services of systemd; and a client here may write to a connection that was reset
	# The watchdog makes it look around every 100 ms instead of every second.
	"$tools/receive_datagrams" notify 1000000 >/dev/null 3>&- &
	notify_process=$!
	wait_until test -S notify
}

teardown() {
	kill "$notify_process"
	stop_acceptor
}

# start_acceptor FAULT...: starts it under inject, on a socket that systemd-socket-activate passes when the first client
# connects.
start_acceptor() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --listen="127.0.0.1:$port" \
		--setenv=WATCHDOG_USEC=200000 --setenv=NOTIFY_SOCKET="$PWD/notify" \
		"$tools/inject" record "$@" -- sh -c 'LISTEN_PID=$$ exec "$@"' - "$accept" --idle-exit 5 -- \
		"$MAYFLY" --root "$PWD/www" --log stderr 2>log 3>&- &
	server_pid=$!
}

stop_acceptor() {
	[[ -z ${server_pid-} ]] || kill -KILL "$server_pid" 2>/dev/null || true
}

# ask_acceptor ATTEMPTS: sends a request, and sets `answer` to the status of the response, or to - if none comes.
ask_acceptor() {
	local line='' attempts=$1
	answer=-
	until { exec 5<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; do
		((--attempts > 0)) || return 0
		sleep 0.01
	done
	{
		printf 'GET /page.txt HTTP/1.0\r\n\r\n' >&5
		IFS= read -r -t 5 line <&5
	} 2>/dev/null || true
	[[ ! $line =~ ^HTTP/1\.1\ ([0-9]+)\  ]] || answer=${BASH_REMATCH[1]}
	exec 5<&-
}

# count_descriptors: sets `descriptors` to the number that the acceptor has open, once that is at most as expected.
count_descriptors() {
	local attempts=0 files
	while files=("/proc/$acceptor/fd/"*) && descriptors=${#files[@]} && ((descriptors > expected_descriptors && ++attempts < 20)); do
		sleep 0.01
	done
}

# Waits up to a second until no handler runs: the acceptor would kill it.
await_handlers() {
	local attempts=0 handlers
	until ((++attempts == 100)) || { handlers= && read -r handlers <"/proc/$acceptor/task/$acceptor/children"; [[ -z $handlers ]]; }; do
		sleep 0.01
	done
}

run_case() {
	local first second
	case_status=0
	start_acceptor "$@"
	ask_acceptor 500
	first=$answer
	ask_acceptor 1
	second=$answer
	answers=$first-$second
	acceptor=
	{ read -r acceptor _ <"/proc/$server_pid/task/$server_pid/children"; } 2>/dev/null || true # no newline at the end
	[[ -z $acceptor ]] || await_handlers 2>/dev/null
	[[ -z $acceptor ]] || count_descriptors
	[[ -z $acceptor ]] || kill "$acceptor"
	wait "$server_pid" || case_status=$?
	server_pid=
}

begin_sweep() {
	expected_descriptors=1000
	run_case
	expected_descriptors=$descriptors
	run_case
	equal "$answers $case_status" '200-200 0'
}

# outcome_of_case: sets `outcome` to
#
#   same     both clients are served, and nothing more is logged
#   noted    both are served, and the log has an error
#   503      one is refused, which is logged, and the other is served
#   exit-N   the acceptor exits with this status, for a reason that is logged; systemd starts it again
#   ANSWERS  the status of both, or - for no response, if that is logged; for an error that lasts
#
# -silently is appended if the log does not say why, and -leak if a descriptor stays open.
outcome_of_case() {
	local text errors=''
	read_text log
	[[ $text != *mayfly-accept:* ]] || errors=yes
	outcome=$answers
	case $answers in
	200-200) outcome=${errors:+noted} outcome=${outcome:-same} errors=yes ;;
	200-503 | 503-200) outcome=503 ;;
	esac
	((case_status == 0)) || outcome=exit-$case_status
	[[ $errors ]] || outcome+=-silently
	[[ -z $acceptor ]] || ((descriptors <= expected_descriptors)) || outcome+=-leak
}

show_case() {
	printf '    answers %s, exit status %s, log: %s\n' "$answers" "$case_status" "$(head -c 300 log)"
}

# is_clean OUTCOME: whether this may happen after two faults.
is_clean() {
	[[ $1 != *-13[0-9]* && $1 != *-142* ]]
}

no_handler_is_left() {
	! pgrep -f "$MAYFLY --root $PWD/www" >/dev/null
}

@test "two clients" {
	sweep
	wait_until no_handler_is_left
}

@test "the reason why a handler cannot be started is logged" {
	expect 503 clone - EAGAIN
	contains "$(<log)" "mayfly-accept: cannot start $MAYFLY: Resource temporarily unavailable"
}

# A program that counts branches is no longer observed when it exits.
# bats test_tags=uncounted
@test "every line of the table was used" {
	all_rows_are_used
}

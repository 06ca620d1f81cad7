# Shared by the bats suites: a small site, requests to a handler on pipes, a server
# (systemd-socket-activate, which starts the handler), and waiting for a condition. Requires only bash,
# coreutils, util-linux and systemd.
#
# A test file begins with `load helpers` and, if it starts servers, has `teardown() { stop_server; }`.

# shellcheck shell=bash disable=SC2034,SC2119,SC2120 # the suites use these variables
bats_require_minimum_version 1.5.0

# The handler under test: an absolute path, so that tests can change directory.
MAYFLY=${MAYFLY:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/mayfly}

# Time limit of a test in seconds, enforced by bats.
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-600}

# Turn LeakSanitizer off: the handler never allocates, and LeakSanitizer fails under strace.
export ASAN_OPTIONS=detect_leaks=0

# The user of a server must be able to read the files made for it.
umask 022

# Options that ask, ask_raw and get pass to the handler after --root.
handler_options=()

# bats_debug_trap FILE: bats calls this before each command, to show the line of a failure. Its own version takes longer
# than most commands. This one is quicker, and only records commands of the test file: the line of the test is enough.
bats_debug_trap() {
	[[ $1 == "$BATS_TEST_SOURCE" && -z ${BATS_INTERRUPTED-}${BATS_TIMED_OUT-} ]] || return 0
	BATS_DEBUG_LASTLAST_STACK_TRACE=("${BATS_DEBUG_LAST_STACK_TRACE[@]}")
	BATS_DEBUG_LAST_LINENO=("${BASH_LINENO[@]}")
	BATS_DEBUG_LAST_SOURCE=("${BASH_SOURCE[@]}")
	bats_capture_stack_trace
	bats_emit_trace
}

# The command with which ask, ask_raw and get run the handler, for example `runner=("${ordinary_user[@]}")`.
runner=()

# Runs a command as an unprivileged user if the tests run as root.
ordinary_user=()
if ((EUID == 0)); then
	ordinary_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

# fail MESSAGE...: prints the messages, a line each, and fails.
fail() {
	printf '%s\n' "$@"
	return 1
}

# refute COMMAND...: succeeds if the command fails. (bats does not notice a failing `! command`.)
refute() {
	if "$@"; then fail "not expected to succeed: $*"; fi
}

# equal ACTUAL EXPECTED [WHAT]
equal() {
	[[ $1 == "$2" ]] || fail "${3:-value} is [$1], not [$2]"
}

# contains TEXT PART
contains() {
	[[ $1 == *"$2"* ]] || fail "[$2] is not in [$1]"
}

# wait_until COMMAND...: polls until the command succeeds, every 0.02 seconds or every $interval seconds; fails after two
# minutes, or after $patience seconds.
wait_until() {
	local deadline=$((SECONDS + ${patience:-120}))
	until "$@"; do
		((SECONDS < deadline)) || fail "waited in vain for: $*" || return
		pause "${interval:-0.02}"
	done
}

# pause SECONDS: like sleep, without a process.
pause() {
	local silent=$BATS_FILE_TMPDIR/silent # nothing is written to this pipe
	[[ -p $silent ]] || mkfifo "$silent" 2>/dev/null || [[ -p $silent ]] # or a process of the same file has made it
	read -rt "$1" <>"$silent" || true
}

# Skips the test if it cannot mount file systems, for example in a container.
needs_mounts() {
	unshare --mount true 2>/dev/null || skip 'CAP_SYS_ADMIN is missing'
}

# scaled NUMBER: prints how many requests to send: NUMBER, or a tenth of it if the handler has sanitizers,
# which make its start slow.
scaled() {
	if grep -q __asan_init "$MAYFLY"; then echo "$(($1 / 10))"; else echo "$1"; fi
}

# now_ms: prints the time since boot in milliseconds, with a resolution of 10 ms.
now_ms() {
	local now
	read -r now _ </proc/uptime
	echo "${now/./}0"
}

# make_template DIR: makes what make_site copies.
make_template() {
	mkdir -p "$1"/www/{sub/deep,empty,.well-known,.git} "$1/outside"
	printf '<!DOCTYPE html>\n<title>Home</title>\n' >"$1/www/index.html"
	printf 'Hello.\n' >"$1/www/a.txt"
	: >"$1/www/nothing.txt"
	printf '<!DOCTYPE html>\n<title>Below</title>\n' >"$1/www/sub/index.html"
	printf 'deep\n' >"$1/www/sub/deep/file.txt"
	printf 'coffee\n' >"$1/www/my café.txt"
	printf 'hidden\n' >"$1/www/.secret"
	printf 'hidden\n' >"$1/www/.git/config"
	printf 'well known\n' >"$1/www/.well-known/x"
	printf 'outside\n' >"$1/outside/secret.txt"
	ln -s a.txt "$1/www/link.txt"
	ln -s sub "$1/www/sublink"
	ln -s ../outside/secret.txt "$1/www/leaving.txt"
	ln -s ../outside "$1/www/leaving"
	ln -s loop "$1/www/loop"
	mkfifo "$1/www/fifo"
}

# make_site [DIR]: makes a small site in $site, and next to it $outside, a directory that no client may read. Both are
# copies, because one process that copies all of it takes less time than one process for each link.
make_site() {
	local template=$BATS_FILE_TMPDIR/template
	site=${1:-$BATS_TEST_TMPDIR/www}
	outside=${site%/*}/outside
	[[ -e $template ]] || make_template "$template"
	[[ -d ${site%/*} ]] || mkdir -p "${site%/*}"
	cp -R "$template/outside" "${site%/*}"
	cp -RT "$template/www" "$site"
	ln -s "$site/a.txt" "$site/absolute.txt"
	(umask 777 && printf 'unreadable\n' >"$site/unreadable.txt")
}

# make_many_files DIR: makes a file in DIR for each line of standard input. They are links to one file, because the kernel takes
# much longer to make files.
make_many_files() {
	: >"$BATS_TEST_TMPDIR/file"
	python3 -c 'import os, sys
for name in sys.stdin: os.link(sys.argv[1], sys.argv[2] + "/" + name.rstrip("\n"))' "$BATS_TEST_TMPDIR/file" "$1"
}

# unchanged_for_two_seconds FILE: whether its last change was more than two seconds ago, so that its entity tag is strong.
unchanged_for_two_seconds() {
	local changed
	changed=$(stat -c %.6Z -- "$1")
	((${EPOCHREALTIME/[.,]/} > ${changed/[.,]/} + 2000000))
}

# Gives the user of as_ordinary_user access to the test's directory and to the handler, as a copy in
# that directory.
give_ordinary_user_access() {
	local directory=$BATS_TEST_TMPDIR
	while [[ $directory == "$BATS_RUN_TMPDIR"* ]]; do
		chmod a+x "$directory"
		directory=${directory%/*}
	done
	install -m 755 "$MAYFLY" "$BATS_TEST_TMPDIR/mayfly"
	MAYFLY=$BATS_TEST_TMPDIR/mayfly
}

as_ordinary_user() {
	"${ordinary_user[@]}" "$@"
}

# split_response FILE: parses a response. Sets http_status ("404"), head (its lines without CR) and body
# (text, at most 64 KiB), and writes the exact body to $body_file.
split_response() {
	local LC_ALL=C text='' is_cut=''
	body_file=$1.body http_status=''
	# `read` reports no success if it has read the whole file, which then holds no NUL.
	if IFS= read -r -d '' -n 65536 text <"$1"; then
		is_cut=yes
		IFS= read -r -N 65536 text <"$1" || true
	fi
	head=${text%%$'\r\n\r\n'*}
	body=${text:${#head}+4}
	if [[ $is_cut ]]; then
		tail -c "+$((${#head} + 5))" "$1" >"$body_file"
	else
		printf %s "$body" >"$body_file"
	fi
	head=${head//$'\r'/} body=${body%$'\n'}
	[[ ! $head =~ ^HTTP/1\.1\ ([0-9]{3})\  ]] || http_status=${BASH_REMATCH[1]}
}

# documented_options FILE PATTERN: prints the option names that sed's PATTERN finds in FILE, sorted.
documented_options() {
	sed -nE "$2" "$1" | sort
}

# options_are_documented PROGRAM PAGE: whether --help describes each option, the man page PAGE has the same
# options, also in its SYNOPSIS, and the program accepts all of them. Writes the files help, out and err.
options_are_documented() {
	local in_help in_page option page=$BATS_TEST_DIRNAME/../../packaging/man/$2
	"$1" --help >help
	in_help=$(documented_options help 's/^  --([a-z-]+)( [A-Z]+)?  +[^ ].{10,}$/\1/p')
	in_page=$(documented_options "$page" 's/^\.It Fl -([a-z-]+)( Ar .*)?$/\1/p')
	equal "$(grep -c '^  --' help)" "$(wc -l <<<"$in_help")" 'options, and options with a help text' || return
	equal "$in_help" "$in_page" "options of --help and of $2" || return
	equal "$in_help" "$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page" | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -//' | sort)" \
		"options of --help and of the SYNOPSIS of $2" || return
	for option in $in_help; do
		timeout 60 "$1" "--$option" </dev/null >out 2>err || true
		refute grep -q 'unknown option' err || return
	done
}

# field NAME: prints the value of a field of the response, if its name has exactly this case.
field() {
	local rest=$'\n'$head$'\n'
	while [[ $rest == *$'\n'"$1: "* ]]; do
		rest=${rest#*$'\n'"$1: "}
		printf '%s\n' "${rest%%$'\n'*}"
		rest=$'\n'${rest#*$'\n'}
	done
}

# use_transport: sets relay, the command that runs the handler on pipes, as a TLS wrapper does, if TRANSPORT is pipes. The
# tests tagged `pipes` are run both without and with it.
use_transport() {
	relay=()
	[[ ${TRANSPORT-} == pipes ]] || return 0
	relay=("$BATS_FILE_TMPDIR/on_pipes")
	[[ -x ${relay[0]} ]] || cc -std=c11 -D_GNU_SOURCE -o "${relay[0]}" "$BATS_TEST_DIRNAME/../tools/on_pipes.c"
}

# ask_raw [OPTION...]: sends standard input, unchanged, to a handler that writes to a file, or is on pipes as
# use_transport sets. The handler gets the options, and is killed after a minute, or after $patience seconds.
# Sets exit_status, log (its standard error), response_file and the variables of split_response. Prints the
# result, which bats shows if the test fails.
ask_raw() {
	local relay
	use_transport || return
	response_file=$BATS_TEST_TMPDIR/response
	exit_status=0
	timeout "${patience:-60}" "${relay[@]}" "${runner[@]}" "$MAYFLY" --root "$site" "${handler_options[@]}" "$@" \
		>"$response_file" 2>"$BATS_TEST_TMPDIR/log" 3>&- || exit_status=$?
	IFS= read -r -d '' log <"$BATS_TEST_TMPDIR/log" || true
	log=${log%$'\n'}
	split_response "$response_file"
	printf 'exit status %s\n%s\nlog: %s\n' "$exit_status" "$head" "$log"
}

# ask LINE...: sends these lines as a request, each with CRLF, and an empty line at the end. Example: `ask
# 'GET / HTTP/1.1' 'Host: a'`
ask() {
	local request
	printf -v request '%s\r\n' "$@"
	ask_raw <<<"$request"$'\r'
}

# get TARGET [FIELD...]: sends a GET request of HTTP/1.1 with a Host field.
get() {
	ask "GET $1 HTTP/1.1" 'Host: localhost' "${@:2}"
}

# is_listening_at FILE: whether the Unix socket listens. Its file exists shortly before that.
is_listening_at() {
	grep -q " 00010000 0001 .* $1\$" /proc/net/unix
}

# find_listener PORT: sets inode to that of the socket that listens on the TCP port; fails if none does. Reads the kernel's
# tables, because a connection would start a handler, and only their beginning, the listening sockets: to find other
# sockets the kernel searches a large table, which takes several milliseconds.
find_listener() {
	local LC_ALL=C hex table part text
	printf -v hex %04X "$1"
	for table in /proc/net/tcp /proc/net/tcp6; do
		[[ -r $table ]] || continue
		text=
		while IFS= read -r -N 150 part || [[ $part ]]; do
			text+=$part
			if [[ $text =~ :$hex\ [0-9A-F]+:0000\ 0A\ ([^ ]+\ +){5}([0-9]+)\  ]]; then
				inode=${BASH_REMATCH[2]}
				return
			fi
			[[ ! $text =~ :[0-9A-F]{4}\ [0-9A-F]+:[0-9A-F]{4}\ 0[^A] ]] || break
			text=${text##*$'\n'}
		done <"$table"
	done
	return 1
}

# is_listening PORT: whether a process listens on the TCP port.
is_listening() {
	local inode
	find_listener "$1"
}

# free_port: prints a TCP port on which nothing listens, below the range of ephemeral ports. It depends on the id
# of this process, so that suites that run in parallel do not choose the same port before either listens.
free_port() {
	local candidate=$((10000 + BASHPID % 20000))
	for _ in {1..100}; do
		is_listening "$candidate" || break
		candidate=$((10000 + RANDOM % 20000))
	done
	echo "$candidate"
}

is_listening_or_dead() {
	is_listening "$port" || ! kill -0 "$server_pid" 2>/dev/null
}

# Whether the server itself listens, or has exited, for example because another suite took the port first.
has_bound_or_died() {
	local inode files
	kill -0 "$server_pid" 2>/dev/null || return 0
	find_listener "$port" || return
	files=$(readlink "/proc/$server_pid/fd/"* 2>/dev/null) || true
	[[ $'\n'$files$'\n' == *$'\n'"socket:[$inode]"$'\n'* ]]
}

# start_command COMMAND...: starts a server that runs the command for each connection, with the connection
# on descriptors 0 and 1. Sets port, server_pid and server_log (the file of its standard error). The command
# gets almost nothing of the environment.
start_command() {
	server_log=$BATS_TEST_TMPDIR/server.log
	for _ in 1 2 3; do
		port=$(free_port)
		SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd --setenv=ASAN_OPTIONS \
			--listen="127.0.0.1:$port" "$@" >/dev/null 2>"$server_log" 3>&- &
		server_pid=$!
		wait_until has_bound_or_died || return
		! kill -0 "$server_pid" 2>/dev/null || return 0
		wait "$server_pid" || true
	done
	fail "no server: $(<"$server_log")"
}

# start_server OPTION...: starts a server that runs the handler with these options for each connection: on the
# connection, or on pipes as use_transport sets.
start_server() {
	local relay
	use_transport || return
	start_command "${relay[@]}" "$MAYFLY" "$@"
}

# start_unix_server OPTION...: starts a server of the site on a Unix socket, which has small buffers. Sets socket. The
# words of `runner` precede the handler's command.
start_unix_server() {
	unset REMOTE_ADDR REMOTE_PORT
	socket=$BATS_TEST_TMPDIR/socket server_log=$BATS_TEST_TMPDIR/server.log
	SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd --setenv=ASAN_OPTIONS --listen="$socket" \
		"${runner[@]}" "$MAYFLY" --root "$site" "$@" >/dev/null 2>"$server_log" 3>&- &
	server_pid=$!
	wait_until is_listening_at "$socket"
}

# Opens a connection to the server on descriptor 5.
connect() {
	exec 5<>"/dev/tcp/127.0.0.1/$port"
}

# Reads the connection on descriptor 5 to its end, and parses it: see split_response. Fails if the
# connection is reset, or still open after a minute, or after $patience seconds.
receive() {
	response_file=$BATS_TEST_TMPDIR/response
	timeout "${patience:-60}" cat <&5 >"$response_file" || return
	split_response "$response_file"
	printf '%s\n' "$head"
}

# is_unavailable [LENGTH]: whether the last response is the 503 of a server that cannot serve: complete,
# with a body of LENGTH bytes (default: its Content-Length), and without the cause.
is_unavailable() {
	equal "$http_status $(field Connection) $(field Retry-After)" '503 close 60' || return
	contains "$(field Date)" ' GMT' || return
	equal "$(wc -c <"$body_file")" "${1-$(field Content-Length)}" 'length of the body' || return
	refute grep -aiE 'mayfly|reason|nonsense|director|sandbox|no-such' "$response_file"
}

# children_of PROCESS: prints the child processes that still run.
children_of() {
	local children=''
	{ read -r children <"/proc/$1/task/$1/children"; } 2>/dev/null || true
	printf %s "$children"
}

# descendants_of PROCESS: prints its child processes, their child processes, and so on.
descendants_of() {
	local child
	for child in $(children_of "$1"); do
		[[ $child != "$BASHPID" ]] || continue
		echo "$child"
		descendants_of "$child"
	done
}

# bats calls this for a test that takes too long. Its own version ends only the child processes of the test;
# `run` would then wait for their child processes.
bats_kill_childprocesses_of() {
	local process
	for process in $(descendants_of "$1"); do
		[[ $process == "$BASHPID" ]] || kill -KILL "$process" 2>/dev/null || true
	done
}

# bats_start_timeout_countdown SECONDS: bats calls this before each test, and ends the process by SIGABRT after it. Its own
# version waits in `sleep`, which remains if the test ends before a trap is set that ends it. Then the suite, whose output
# `sleep` has inherited, only ends after the time limit of a test.
bats_start_timeout_countdown() {
	local test=$$
	# shellcheck disable=SC2064 # as bats does
	trap "bats_timeout_trap $test" ABRT
	(
		ulimit -c 0
		read -rt "$1" <> <(:) || true # nothing is written there
		! kill -ABRT "$test" || bats_kill_childprocesses_of "$test"
	) &>/dev/null &
}

# Ends the server of start_server, if there is one, and its handlers. Fails if a sanitizer
# reported an error.
stop_server() {
	local children
	[[ -n ${server_pid:-} ]] || return 0
	children=$(children_of "$server_pid")
	# shellcheck disable=SC2086 # a list of numbers
	kill "$server_pid" $children 2>/dev/null || true
	wait "$server_pid" 2>/dev/null || true
	server_pid=
	[[ ! -s $server_log ]] || refute grep -E 'Sanitizer|runtime error:' "$server_log"
}

# Whether all handlers of the server have exited.
no_handler_runs() {
	[[ -z $(children_of "$server_pid") ]]
}

# logged TEXT: whether a line of the server's log contains the text.
logged() {
	grep -qF -- "$1" "$server_log"
}

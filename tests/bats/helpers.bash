# What the bats files share: a small site, the handler asked on a pipe, the handler behind
# systemd-socket-activate, and waiting for a condition. Sets no expectations of its own; the tests
# say what is right. Needs no more than bash, coreutils, util-linux and systemd.
#
# A test file begins with `load helpers` and, where it starts servers, has
# `teardown() { stop_server; }`.

# shellcheck shell=bash disable=SC2034,SC2119,SC2120 # what the tests use is not seen here
bats_require_minimum_version 1.5.0

# The handler under test: an absolute path, so that tests may change their directory.
MAYFLY=${MAYFLY:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/mayfly}

# bats fails a test that takes longer, in seconds: no wait is endless.
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-600}

# A sanitized handler is not searched for leaks: it allocates nothing, and the search fails under strace.
export ASAN_OPTIONS=detect_leaks=0

# What is made for a server is for its user to read.
umask 022

# More options of the handler, behind --root, for ask, ask_raw, get.
handler_options=()

# Before each command bats notes where it stands, to show the line when a test fails, and takes longer
# for that than most commands do. Not in here: it is the test's own line that says what failed.
eval "bats_debug_trap() { [[ \$1 != *.bash ]] || return 0; $(declare -f bats_debug_trap | tail -n +2); }"

# What runs the handler, for the same: `runner=("${ordinary_user[@]}")`, say.
runner=()

# A user who may not read everything: the tests themselves may run as root.
ordinary_user=()
if ((EUID == 0)); then
	ordinary_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

# Says why, and fails.
fail() {
	printf '%s\n' "$@"
	return 1
}

# Succeeds when the command fails. (bats does not notice a failing `! command`.)
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

# wait_until COMMAND...: polls until the command succeeds; fails after two minutes, or $patience seconds.
wait_until() {
	local deadline=$((SECONDS + ${patience:-120}))
	until "$@"; do
		((SECONDS < deadline)) || fail "waited in vain for: $*" || return
		sleep 0.02
	done
}

# Skips the test if it may not mount file systems, in a container for example.
needs_mounts() {
	unshare --mount true 2>/dev/null || skip 'CAP_SYS_ADMIN is missing'
}

# scaled NUMBER: so many requests make a crowd; a tenth from a handler with sanitizers, which starts slowly.
scaled() {
	if grep -q __asan_init "$MAYFLY"; then echo "$(($1 / 10))"; else echo "$1"; fi
}

# now_ms: a clock for durations, in milliseconds; it moves by tens.
now_ms() {
	local now
	read -r now _ </proc/uptime
	echo "${now/./}0"
}

# make_site [DIR]: a small site, in $site; beside it $outside, a folder that no client may see.
make_site() {
	site=${1:-$BATS_TEST_TMPDIR/www}
	outside=${site%/*}/outside
	mkdir -p "$site"/{sub/deep,empty,.well-known,.git} "$outside"
	printf '<!DOCTYPE html>\n<title>Home</title>\n' >"$site/index.html"
	printf 'Hello.\n' >"$site/a.txt"
	: >"$site/nothing.txt"
	printf '<!DOCTYPE html>\n<title>Below</title>\n' >"$site/sub/index.html"
	printf 'deep\n' >"$site/sub/deep/file.txt"
	printf 'coffee\n' >"$site/my café.txt"
	printf 'hidden\n' >"$site/.secret"
	printf 'hidden\n' >"$site/.git/config"
	printf 'well known\n' >"$site/.well-known/x"
	printf 'outside\n' >"$outside/secret.txt"
	ln -s a.txt "$site/link.txt"
	ln -s sub "$site/sublink"
	ln -s ../outside/secret.txt "$site/leaving.txt"
	ln -s ../outside "$site/leaving"
	ln -s "$site/a.txt" "$site/absolute.txt"
	ln -s loop "$site/loop"
	mkfifo "$site/fifo"
	printf 'unreadable\n' >"$site/unreadable.txt"
	chmod 000 "$site/unreadable.txt"
}

# has_rested FILE: whether its last change is so long ago that its tag is a strong one.
has_rested() {
	local changed
	changed=$(stat -c %.6Z -- "$1")
	((${EPOCHREALTIME/[.,]/} > ${changed/[.,]/} + 2000000))
}

# Lets the ordinary user of as_ordinary_user reach the test's folder, and the handler: a copy of it.
open_up() {
	local folder=$BATS_TEST_TMPDIR
	while [[ $folder == "$BATS_RUN_TMPDIR"* ]]; do
		chmod a+x "$folder"
		folder=${folder%/*}
	done
	install -m 755 "$MAYFLY" "$BATS_TEST_TMPDIR/mayfly"
	MAYFLY=$BATS_TEST_TMPDIR/mayfly
}

as_ordinary_user() {
	"${ordinary_user[@]}" "$@"
}

# split_response FILE: takes a response apart. Sets http_status ("404"), head (its lines without
# their CR) and body (text, at most 64 KiB of it), and writes $body_file, whatever its bytes.
split_response() {
	local LC_ALL=C text=''
	IFS= read -r -N 65536 text <"$1" || true
	head=${text%%$'\r\n\r\n'*} http_status='' body_file=$1.body
	body=${text:${#head}+4}
	tail -c "+$((${#head} + 5))" "$1" >"$body_file"
	head=${head//$'\r'/} body=${body%$'\n'}
	[[ ! $head =~ ^HTTP/1\.1\ ([0-9]{3})\  ]] || http_status=${BASH_REMATCH[1]}
}

# documented FILE PATTERN: the names of options that the pattern of sed finds in FILE, sorted.
documented() {
	sed -nE "$2" "$1" | sort
}

# options_are_documented PROGRAM PAGE: whether --help has a text for each option, the man page has the same
# options, and the program knows all of them. Writes the files help, out and err.
options_are_documented() {
	local in_help in_page option page=$BATS_TEST_DIRNAME/../../packaging/man/$2
	"$1" --help >help
	in_help=$(documented help 's/^  --([a-z-]+)( [A-Z]+)?  +[^ ].{10,}$/\1/p')
	in_page=$(documented "$page" 's/^\.It Fl -([a-z-]+)( Ar .*)?$/\1/p')
	equal "$(grep -c '^  --' help)" "$(wc -l <<<"$in_help")" 'options, and options with a help text' || return
	equal "$in_help" "$in_page" "options of --help and of $2" || return
	for option in $in_help; do
		timeout 60 "$1" "--$option" </dev/null >out 2>err || true
		refute grep -q 'unknown option' err || return
	done
}

# field NAME: the value of a header field of the response, in exactly that case.
field() {
	sed -n "s/^$1: //p" <<<"$head"
}

# The request on standard input, unchanged, through a handler on pipes. Sets exit_status, log (what
# came on standard error), response_file and what split_response sets. Further arguments are options
# of the handler. What happened is printed, which bats shows when the test fails.
ask_raw() {
	response_file=$BATS_TEST_TMPDIR/response
	exit_status=0
	timeout 60 "${runner[@]}" "$MAYFLY" --root "$site" "${handler_options[@]}" "$@" \
		>"$response_file" 2>"$BATS_TEST_TMPDIR/log" 3>&- || exit_status=$?
	IFS= read -r -d '' log <"$BATS_TEST_TMPDIR/log" || true
	log=${log%$'\n'}
	split_response "$response_file"
	printf 'exit status %s\n%s\nlog: %s\n' "$exit_status" "$head" "$log"
}

# ask LINE...: a request of these lines; the CRLF, and the empty line at the end, are added.
# `ask 'GET / HTTP/1.1' 'Host: a'`
ask() {
	local request
	printf -v request '%s\r\n' "$@"
	ask_raw <<<"$request"$'\r'
}

# get TARGET [FIELD...], the same of HTTP/1.1 with a Host.
get() {
	ask "GET $1 HTTP/1.1" 'Host: localhost' "${@:2}"
}

# Whether something listens on a TCP port. Asks the kernel: to connect would start a handler.
is_listening() {
	local files=(/proc/net/tcp /proc/net/tcp6)
	grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " "${files[@]}"
}

# free_port: a TCP port that nothing uses, below those that the kernel gives to clients. It comes from the
# number of this process, so that of suites side by side no two take the same one before either listens.
free_port() {
	local candidate=$((10000 + BASHPID % 20000))
	for _ in {1..100}; do
		grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$candidate") " /proc/net/tcp /proc/net/tcp6 ||
			break
		candidate=$((10000 + RANDOM % 20000))
	done
	echo "$candidate"
}

is_listening_or_dead() {
	is_listening "$port" || ! kill -0 "$server_pid" 2>/dev/null
}

# Whether the server itself listens, or is dead: another suite's may just have taken the same free port.
has_bound_or_died() {
	local inode
	kill -0 "$server_pid" 2>/dev/null || return 0
	inode=$(sed -nE "s/^ *[0-9]+: [0-9A-F]+:$(printf %04X "$port") [0-9A-F]+:0000 0A ([^ ]+ +){5}([0-9]+) .*/\2/p" \
		/proc/net/tcp)
	[[ -n $inode ]] && readlink "/proc/$server_pid/fd/"* 2>/dev/null | grep -qxF "socket:[$inode]"
}

# start_command COMMAND...: a server that runs the command for each connection, with the connection
# on descriptors 0 and 1. Sets port, server_pid and server_log (what goes to standard error). The
# command sees almost nothing of the environment.
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

# start_server OPTION...: the handler behind systemd-socket-activate, with these options.
start_server() {
	start_command "$MAYFLY" "$@"
}

# A connection to the server, on descriptor 5.
connect() {
	exec 5<>"/dev/tcp/127.0.0.1/$port"
}

# Takes all that comes on the connection, up to its end: see split_response. Fails when it is reset.
receive() {
	response_file=$BATS_TEST_TMPDIR/response
	timeout 60 cat <&5 >"$response_file" || return
	split_response "$response_file"
	printf '%s\n' "$head"
}

# is_unavailable [LENGTH]: the last response is the 503 of a server that cannot serve: complete, with a body of
# LENGTH bytes (by default of its Content-Length), and without the cause.
is_unavailable() {
	equal "$http_status $(field Connection) $(field Retry-After)" '503 close 60' || return
	contains "$(field Date)" ' GMT' || return
	equal "$(wc -c <"$body_file")" "${1-$(field Content-Length)}" 'length of the body' || return
	refute grep -aiE 'mayfly|reason|nonsense|director|sandbox|no-such' "$response_file"
}

# The processes that a process has started and that still run.
children_of() {
	cat "/proc/$1/task/$1/children" 2>/dev/null || true
}

# descendants_of PROCESS: the processes that it has started, and theirs, and so on; without this one.
descendants_of() {
	local child
	for child in $(children_of "$1"); do
		[[ $child != "$BASHPID" ]] || continue
		echo "$child"
		descendants_of "$child"
	done
}

# Called by bats for a test that takes too long. Its own function ends only the test's children; `run` would
# go on waiting for the end of what they have started.
bats_kill_childprocesses_of() {
	local process
	for process in $(descendants_of "$1"); do
		[[ $process == "$BASHPID" ]] || kill -KILL "$process" 2>/dev/null || true
	done
}

# Ends the server of start_server, if there is one, and the handlers it started. Fails when a sanitizer
# has complained.
stop_server() {
	local children
	[[ -n ${server_pid:-} ]] || return 0
	children=$(children_of "$server_pid")
	# shellcheck disable=SC2086 # a list of numbers
	kill "$server_pid" $children 2>/dev/null || true
	wait "$server_pid" 2>/dev/null || true
	server_pid=
	[[ ! -e $server_log ]] || refute grep -E 'Sanitizer|runtime error:' "$server_log"
}

# Whether the server's log has a line that holds this text.
logged() {
	grep -qF -- "$1" "$server_log"
}

#!/usr/bin/env bats
# The handler under each super-server: one list of cases for all of them. SUPERSERVER names the server:
#
#   systemd-socket-activate   as `make run` starts the handler (default)
#   mayfly-accept             on a socket that systemd-socket-activate passes; accept.bats has the rest
#   inetd, xinetd, tcpserver  as the files in packaging/inetd configure them; these require root
#
# tests/suites has a line for each. `tests/run SUPERSERVER=inetd tests/bats/superservers.bats` runs one.
#
# inetd and xinetd connect descriptor 2 to the client too, so that the handler logs to the journal: has_client_on_stderr
# is true for them. Other differences between servers are in the cases.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter
load superservers

SUPERSERVER=${SUPERSERVER:-systemd-socket-activate}
configurations=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/packaging/inetd
xinetd_directory=$BATS_TEST_DIRNAME/../../build/xinetd

setup_file() {
	export ACCEPT=${ACCEPT:-${MAYFLY%/*}/mayfly-accept}
	build_tools hits_dump receive_datagrams
	case $SUPERSERVER in
	systemd-socket-activate | mayfly-accept | inetd | tcpserver) ;;
	xinetd) get_xinetd ;;
	*) fail "SUPERSERVER=$SUPERSERVER is not one of: systemd-socket-activate mayfly-accept inetd xinetd tcpserver" ;;
	esac
}

# skip_without_server: skips the test if the server is not installed, or cannot change to the handler's user.
skip_without_server() {
	case $SUPERSERVER in
	inetd | tcpserver) command -v "$SUPERSERVER" >/dev/null || skip "$SUPERSERVER is missing" ;;
	xinetd) ;;
	*) return ;;
	esac
	((EUID == 0)) || skip "$SUPERSERVER requires root"
}

# Debian's xinetd and openbsd-inetd cannot be installed together, so xinetd is only unpacked, into the build directory.
# openbsd-inetd has installed the libraries that it needs.
get_xinetd() {
	[[ ! -x $xinetd_directory/usr/sbin/xinetd ]] || return 0
	cd "$BATS_FILE_TMPDIR" || return
	apt-get -q download xinetd && dpkg-deb -x xinetd_*.deb xinetd || return
	mkdir -p "${xinetd_directory%/*}"
	mv -T xinetd "$xinetd_directory"
}

# Makes a site and a handler that the user nobody can reach, and a directory in which it can make the counter file.
setup() {
	skip_without_server
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	give_ordinary_user_access
	mkdir counts
	chmod a+rwx counts
	hits=$BATS_TEST_TMPDIR/counts/hits port=$(free_port)
}

teardown() {
	stop_server
}

# start: starts the server on $port. The handler gets $more_options after its usual ones.
start() {
	local handler=("$MAYFLY" --root "$site" --hits "$hits") activate
	# A --listen= without an address is one socket for IPv4 and IPv6.
	activate=(env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --setenv=ASAN_OPTIONS --listen="$port")
	case $SUPERSERVER in
	systemd-socket-activate) start_superserver "${activate[@]}" --accept --inetd "${handler[@]}" "${more_options[@]}" ;;
	mayfly-accept) start_superserver "${activate[@]}" "$ACCEPT" -- "${handler[@]}" --log stderr "${more_options[@]}" ;;
	inetd)
		configuration inetd.conf >own.conf
		start_superserver inetd -i "$PWD/own.conf"
		;;
	xinetd)
		configuration mayfly.xinetd >own.conf
		start_superserver "$xinetd_directory/usr/sbin/xinetd" -dontfork -f "$PWD/own.conf" -pidfile "$PWD/pid"
		;;
	tcpserver)
		configuration tcpserver.sh >start.sh
		start_superserver sh "$PWD/start.sh"
		;;
	esac
}

# configuration FILE: prints that file of packaging/inetd with the port, the user, the handler, the root, the counter
# file and the options of the test.
configuration() {
	sed -e "s|8080|$port|; s|/usr/local/sbin/mayfly|$MAYFLY|; s|/srv/mayfly|$site|" \
		-e "s|/var/lib/mayfly/hits|$hits ${more_options[*]}|" \
		-e 's|\(nowait[.0-9]*\) mayfly |\1 nobody |; s|\(user *=\) mayfly$|\1 nobody|' \
		-e 's|id -u mayfly|id -u nobody|; s|id -g mayfly|id -g nobody|' "$configurations/$1"
}

has_client_on_stderr() {
	[[ $SUPERSERVER == inetd || $SUPERSERVER == xinetd ]]
}

# stderr_has TEXT: waits until the handler has written it to standard error, unless that is the client.
stderr_has() {
	has_client_on_stderr || wait_until logged "$1"
}

@test "pages are served and counted" {
	start
	visit "http://127.0.0.1:$port/a.txt"
	equal "$(curl -sS --max-time 60 -o got -w '%{http_code}' "http://127.0.0.1:$port/nothing-here")" 404
	contains "$(<got)" '404 Not Found'
	equal "$(curl -sS --max-time 60 "http://127.0.0.1:$port/")" "$(<"$site/index.html")"
	equal "$(counts)" $'1\t/a.txt\n1\t/index.html' counts
}

# All except tcpserver, which has no IPv6: there the kernel refuses the connection.
@test "clients of IPv6 and IPv4 are served" {
	start
	if [[ $SUPERSERVER == tcpserver ]]; then
		run -7 curl -sS --max-time 60 "http://[::1]:$port/a.txt"
		visit "http://127.0.0.1:$port/a.txt"
		return
	fi
	needs_ipv6
	visit "http://[::1]:$port/a.txt"
	stderr_has '/a.txt | ::1 | '
	visit "http://127.0.0.1:$port/a.txt"
	equal "$(count_of /a.txt)" 2 count
}

@test "300 connections, eight at a time, are answered and counted" {
	answers_a_crowd
}

@test "the address and the port of the client are logged" {
	! has_client_on_stderr || with_journal
	start
	visit "http://127.0.0.1:$port/a.txt"
	if has_client_on_stderr; then
		wait_until is_journalled "/a.txt | 127.0.0.1 | $client_port | 1"
	else
		wait_until logged "/a.txt | 127.0.0.1 | $client_port | 1"
	fi
}

# With this option the handler logs to standard error; it must report a missing file and a lost hit there.
@test "the client gets nothing but responses, even if descriptor 2 is the client" {
	local target
	mkdir "$hits"
	more_options=(--log stderr)
	start
	for target in /missing /a.txt; do
		curl -sS --max-time 60 -i "http://127.0.0.1:$port$target" -o raw
		split_response raw
		equal "$(wc -c <"$body_file")" "$(field Content-Length)" "length of $target's body"
	done
	equal "$http_status" 200
	cmp "$body_file" "$site/a.txt"
	stderr_has '/missing | 127.0.0.1 | '
	stderr_has '| 200 OK (hits-not-a-file)'
}

# gets_503: whether the handler exits with an error, and the client gets a 503 without the cause.
gets_503() {
	start
	response_file=$BATS_TEST_TMPDIR/raw
	curl -sS --max-time 60 -i -o "$response_file" "http://127.0.0.1:$port/a.txt"
	split_response "$response_file"
	is_unavailable
	stderr_has 'mayfly: '
}

@test "wrong options: the client gets 503, without the cause" {
	more_options=(--no-such-option)
	gets_503
}

@test "missing root: the client gets 503, without the cause" {
	mv "$site" "$site.away"
	gets_503
}

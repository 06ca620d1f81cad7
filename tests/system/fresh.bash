# Shared by the tests of a fresh machine: a Debian with only systemd, git, make, and sudo if a test names
# it, booted with empty package lists, without a locale and /etc/hosts. Root and the ordinary user
# `newcomer` each have a clone of this repository. Only apt reaches a network, that of this machine, so that
# ports of other suites do not interfere. Requires container.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # container.bash; used by the suites

# Time limit of wait_until in seconds: packages are downloaded, and Mayfly is built.
patience=1800

# start_fresh_machine [PACKAGE]: boots the machine, with this package. Packages that apt downloads are kept
# for the next time.
start_fresh_machine() {
	export MACHINE_ARCHIVES=$repository/build/roots/archives-$SUITE
	mkdir -p "$MACHINE_ARCHIVES/partial"
	MAYFLY_BUILD='' start_machine "fresh${1:+-$1}" "systemd-sysv,dbus,git,make${1:+,$1}"
	inside sh -c 'rm -rf /etc/hosts /etc/resolv.conf /var/lib/apt/lists/*'
	write /online-files/resolv.conf </etc/resolv.conf
	write /online-files/hosts </etc/hosts
	{ apt-config dump | grep -E '^Acquire::https?::Proxy ' || true; } | write /etc/apt/apt.conf.d/proxy
	# /etc/hosts and /etc/resolv.conf exist only while apt runs.
	write /usr/local/sbin/apt-get <<-'END'
		#!/bin/sh
		cp /online-files/* /etc/
		nsenter --net=/online /usr/bin/apt-get "$@"
		status=$?
		rm /etc/hosts /etc/resolv.conf
		exit $status
	END
	inside chmod 755 /usr/local/sbin/apt-get
	inside useradd --create-home --shell /bin/bash newcomer
	git -c safe.directory='*' clone --quiet "$repository" "$BATS_FILE_TMPDIR/mayfly"
	tar -C "$BATS_FILE_TMPDIR" -c mayfly | inside tar -C /root -x --no-same-owner
	inside cp -R /root/mayfly /home/newcomer/
	inside chown -R newcomer: /home/newcomer
}

# at USER COMMAND...: runs the command as that user, in the user's clone.
at() {
	local directory=/home/newcomer
	[[ $1 != root ]] || directory=/root
	inside runuser -u "$1" -- env -C "$directory/mayfly" "HOME=$directory" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"
}

# has PACKAGE: whether the package is installed.
has() {
	# shellcheck disable=SC2016 # dpkg-query's
	[[ $(inside dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

is_listening() {
	grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " "/proc/$MACHINE/net"/tcp{,6}
}

# start_make_run USER: starts `make run` as that user in a terminal; descriptor 7 is its keyboard.
start_make_run() {
	local command
	port=8080 shown=$BATS_TEST_TMPDIR/shown
	printf -v command '%q ' at "$1" make run
	mkfifo keyboard
	exec 7<>keyboard
	export -f at inside
	SHELL=/bin/bash setsid env --default-signal=INT,HUP script --quiet --return --command "$command" /dev/null \
		<keyboard >"$shown" 2>&1 3>&- 7>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(tail -n 20 "$shown")" || return
	wait_until shows "$(greeting)"
}

greeting() {
	echo 'Mayfly serves www at http://127.0.0.1:8080 and http://[::1]:8080 (Ctrl-C ends it)'
}

shows() {
	grep -qF -- "$1" "$shown"
}

# fetches_page: whether wget gets the start page.
fetches_page() {
	nearby timeout 60 wget --quiet --tries=1 -O got http://127.0.0.1:8080/
	cmp got "$repository/www/index.html"
}

# serves: whether `make run` serves the start page and shows a line for it.
serves() {
	fetches_page
	wait_until shows '/index.html | 127.0.0.1 | '
}

# ends: presses Ctrl-C; `make run` must end and leave nothing.
ends() {
	local status=0
	printf '\003' >&7
	wait "$server_pid" || status=$?
	server_pid=
	exec 7>&- # not earlier: a hangup of the terminal would end `make run` before Ctrl-C
	[[ $status =~ ^(130|2)$ ]] || fail "exit status is $status" # 2: make noticed the end of its recipe first
	wait_until refute is_listening "$port" # Ctrl-C kills nsenter too, so that it does not wait
	contains "$(tail -n 2 "$shown")" '^C' # the last line may be from script's shell
}

# passes COMMAND...: runs the command, which runs tests in the machine; no test may fail.
passes() {
	"$@" >made 2>&1 </dev/null || fail "$(grep -A 30 '^not ok' made; tail -n 40 made)" || return
	grep -E '^[0-9]{2,} passed, 0 failed' made
}

# refuses PATTERN USER COMMAND...: whether make fails with one line of packaging/need that matches, and
# compiles nothing.
refuses() {
	run at "${@:2}"
	equal "$status" 2 'exit status' || return
	[[ ${#lines[@]} == 2 && ${lines[0]} =~ ^"need: "$1$ && ${lines[1]} == 'make: *** '* ]] || fail "$output" || return
	refute at "$2" test -e build
}

teardown() {
	[[ -z ${server_pid-} ]] || kill -KILL -- "-$server_pid" 2>/dev/null || true
}

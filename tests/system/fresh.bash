# What the tests of a fresh machine share: a Debian that has no more than systemd, git and make, and sudo if a test
# names it, booted with empty package lists, without a locale and without /etc/hosts. Root and the ordinary user
# `newcomer` have a clone of this repository each. Only apt reaches a network, this machine's: nothing else can be in
# the way of another suite's ports. Goes with container.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # container.bash, and what the tests use

# Seconds that wait_until waits: packages are downloaded, and Mayfly is built.
patience=1800

# start_fresh_machine [PACKAGE]: what apt downloads is kept for the next time.
start_fresh_machine() {
	export MACHINE_ARCHIVES=$repository/build/roots/archives-$SUITE
	mkdir -p "$MACHINE_ARCHIVES/partial"
	MAYFLY_BUILD='' start_machine "fresh${1:+-$1}" "systemd-sysv,dbus,git,make${1:+,$1}"
	inside sh -c 'rm -rf /etc/hosts /etc/resolv.conf /var/lib/apt/lists/*'
	write /online-files/resolv.conf </etc/resolv.conf
	write /online-files/hosts </etc/hosts
	{ apt-config dump | grep -E '^Acquire::https?::Proxy ' || true; } | write /etc/apt/apt.conf.d/proxy
	# /etc/hosts and /etc/resolv.conf are there for apt alone.
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

# at USER COMMAND...: as that user, in the user's clone.
at() {
	local folder=/home/newcomer
	[[ $1 != root ]] || folder=/root
	inside runuser -u "$1" -- env -C "$folder/mayfly" "HOME=$folder" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"
}

# has PACKAGE: whether that is installed.
has() {
	# shellcheck disable=SC2016 # dpkg-query's
	[[ $(inside dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

is_listening() {
	grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " "/proc/$MACHINE/net"/tcp{,6}
}

# start_make_run USER: `make run` by that user, in a terminal of its own; descriptor 7 types.
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

# fetches_page: wget gets the page that greets a new user.
fetches_page() {
	nearby timeout 60 wget --quiet --tries=1 -O got http://127.0.0.1:8080/
	cmp got "$repository/www/index.html"
}

# serves: `make run` does, and shows it.
serves() {
	fetches_page
	wait_until shows '/index.html | 127.0.0.1 | '
}

# Ctrl-C, and what is left.
ends() {
	local status=0
	printf '\003' >&7
	wait "$server_pid" || status=$?
	server_pid=
	exec 7>&- # not before: the terminal would be gone, and a hangup end what Ctrl-C is to end
	[[ $status =~ ^(130|2)$ ]] || fail "exit status is $status" # 2: make saw its recipe end first
	wait_until refute is_listening "$port" # nsenter dies of the Ctrl-C itself, and does not wait
	contains "$(tail -n 2 "$shown")" '^C' # the last line may be from script's shell
}

# passes COMMAND...: runs the command, which runs tests in the machine; none of them fails.
passes() {
	"$@" >made 2>&1 </dev/null || fail "$(grep -A 30 '^not ok' made; tail -n 40 made)" || return
	grep -E '^[0-9]{2,} passed, 0 failed' made
}

# refuses PATTERN USER COMMAND...: make fails with one line of packaging/need, which matches, and has compiled nothing.
refuses() {
	run at "${@:2}"
	equal "$status" 2 'exit status' || return
	[[ ${#lines[@]} == 2 && ${lines[0]} =~ ^"need: "$1$ && ${lines[1]} == 'make: *** '* ]] || fail "$output" || return
	refute at "$2" test -e build
}

teardown() {
	[[ -z ${server_pid-} ]] || kill -KILL -- "-$server_pid" 2>/dev/null || true
}

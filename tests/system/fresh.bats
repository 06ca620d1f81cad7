#!/usr/bin/env bats
# The first minutes on a fresh Debian 12 that has no more than git and make (and sudo, for an ordinary
# user): make says what is missing, `make run` installs it, builds and serves, `make install` installs.
# The machine is a container without systemd as its first process, but with this machine's network.
# bats file_tags=once,root,network

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # each test is a shell of its own; helpers.bash
load container

# Seconds that wait_until waits: what is installed is downloaded first, and then all is built.
patience=1800

setup_file() {
	export SUITE=bookworm
	cache=$repository/build/roots
	mkdir -p "$cache/archives/partial"
	make_fresh_root "$cache/fresh.tar"
	start_fresh_machine
}

teardown() {
	[[ -z ${server_pid-} ]] || kill -KILL -- "-$server_pid" 2>/dev/null || true
}

# Made once; the machine is a copy. It goes to where its packages come from without our naming it.
make_fresh_root() {
	local sources=$BATS_FILE_TMPDIR/sources
	[[ ! -e $1 ]] || return 0
	mkdir "$sources"
	copy_sources "$sources"
	mmdebstrap --quiet --variant=minbase --format=tar --include=git,make,sudo "$SUITE" "$1.new" "$sources"/*
	mv "$1.new" "$1"
}

# Unpacks the machine; root and an ordinary user who may use sudo have a clone of the repository each.
# What apt downloads is kept for the next time.
start_fresh_machine() {
	local folder=$BATS_FILE_TMPDIR/machine
	mkdir "$folder"
	tar -C "$folder" -xf "$cache/fresh.tar" --exclude='./dev/*'
	cp /etc/hosts "$folder/etc/hosts"
	chroot "$folder" useradd --create-home --shell /bin/bash newcomer
	# It is thrown away: what dpkg writes need not be safe from a power cut.
	echo force-unsafe-io >"$folder/etc/dpkg/dpkg.cfg.d/unsafe-io"
	echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$folder/etc/sudoers.d/newcomer"
	git -c safe.directory='*' clone --quiet "$repository" "$folder/root/mayfly"
	git -c safe.directory='*' clone --quiet "$repository" "$folder/home/newcomer/mayfly"
	chroot "$folder" chown -R newcomer: /home/newcomer
	setpriv --pdeathsig TERM systemd-nspawn --quiet --register=no --keep-unit --as-pid2 \
		--machine="mayfly-fresh-$$" --directory="$folder" --resolv-conf=copy-host --timezone=off \
		--bind="$cache/archives:/var/cache/apt/archives" \
		sleep infinity </dev/null >"$folder.log" 2>&1 3>&- &
	export MACHINE_BOOT=$!
	wait_until is_up || fail "$(<"$folder.log")"
	export MACHINE
}

# nspawn has another child before the one that stays.
is_up() {
	MACHINE=$(pgrep -P "$MACHINE_BOOT") && at newcomer true 2>/dev/null
}

# at USER COMMAND...: as that user, in the user's clone.
at() {
	local folder=/home/newcomer
	[[ $1 != root ]] || folder=/root
	nsenter --target "$MACHINE" --all --root --wd \
		runuser -u "$1" -- env -i -C "$folder/mayfly" HOME=/tmp \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"
}

# start_make_run USER: `make run` by that user, in a terminal of its own; descriptor 7 types.
start_make_run() {
	local command
	port=$(free_port) shown=$BATS_TEST_TMPDIR/shown
	printf -v command '%q ' at "$1" make run "PORT=$port"
	mkfifo keyboard
	exec 7<>keyboard
	export -f at
	SHELL=/bin/bash setsid env --default-signal=INT,HUP script --quiet --return --command "$command" /dev/null \
		<keyboard >"$shown" 2>&1 3>&- 7>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(tail -n 20 "$shown")"
}

shows() {
	grep -qF -- "$1" "$shown"
}

serves() {
	curl -sS --max-time 60 -o got "http://127.0.0.1:$port/"
	cmp got "$repository/www/index.html"
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
	wait_until refute is_listening "$port" # nsenter dies of the Ctrl-C itself, and waits for nobody
	contains "$(tail -n 2 "$shown")" '^C' # the shell that script started may tell of the terminal's end
}

@test "make without the packages names the command and installs nothing" {
	run at newcomer make
	equal "$status" 2 'exit status'
	# shellcheck disable=SC2016 # a message, in which nothing expands
	[[ $output =~ (^|$'\n')'make: gcc is missing: `make needs`'$'\n''make: *** '[^$'\n']*$ ]]
	refute at newcomer dpkg-query --status gcc
}

@test "who may not install is told what to have typed" {
	run at newcomer sudo -u nobody packaging/need build
	equal "$status" 1 'exit status'
	contains "${lines[-1]}" 'as root, type: apt-get update && apt-get install -y --no-install-recommends gcc '
	refute at newcomer dpkg-query --status gcc
}

@test "make run, by an ordinary user with sudo: installs, builds, serves" {
	start_make_run newcomer
	shows 'Mayfly needs some Debian packages, and installs them now: sudo apt-get install -y --no-install-recommends gcc '
	serves
	ends
	equal "$(at newcomer stat -c %U build/mayfly build/hits | sort -u)" newcomer 'owner of the build'
}

@test "make run once more: installs nothing, builds nothing, says where to go" {
	start_make_run newcomer
	serves
	ends
	equal "$(head -n 1 "$shown")" "Mayfly serves www at http://localhost:$port (Ctrl-C ends it)"$'\r'
	equal "$(grep -c '' "$shown")" 3 'lines'
}

@test "make run, by root: installs the one package that is missing, builds, serves" {
	at root apt-get remove -y gperf
	start_make_run root
	shows $'Mayfly needs some Debian packages, and installs them now: apt-get install -y --no-install-recommends gperf\r'
	serves
	ends
}

# The machine's files, but for the clones.
files() {
	at root find / -xdev -type f ! -path '/home/*' ! -path '/root/*' ! -path '/tmp/*' | LC_ALL=C sort
}

@test "make install: the user, the site and the place for the counts are there" {
	files >"$BATS_FILE_TMPDIR/before"
	at root make install
	at root runuser -u mayfly -- sh -c 'printf "GET / HTTP/1.0\r\n\r\n" |
		/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hits --log stderr' >response 2>log
	equal "$(<log)" '/index.html | - | - | 1'
	split_response response
	cmp "$body_file" "$repository/www/index.html"
}

@test "make uninstall: what is left is the owner's" {
	at root make uninstall
	files | LC_ALL=C comm -13 "$BATS_FILE_TMPDIR/before" - >left
	equal "$(grep -v '^/srv/mayfly/' left)" /var/lib/mayfly/hits 'files left beside the site'
	equal "$(grep -c '^/srv/mayfly/' left)" "$(find "$repository/www" -type f | wc -l)" 'files of the site'
	at root id mayfly
}

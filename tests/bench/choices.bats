#!/usr/bin/env bats
# Part of `make bench`: what choices for the whole machine add to a connection of mayfly.socket, in CPU time of all its
# processes: logind, the program of the message bus, and the hierarchy of control groups. SUITE is the Debian.

# shellcheck disable=SC2154 # container.bash
load machine

rounds=${ROUNDS:-11}

# at NAME COMMAND...: runs a function of container.bash for that machine.
at() {
	local MACHINE MACHINE_BOOT
	read -r MACHINE MACHINE_BOOT <"$BATS_FILE_TMPDIR/$1.processes"
	"${@:2}"
}

# serve NAME: boots the machine with the Debian in $root, and starts its site.
serve() {
	boot_machine "$BATS_FILE_TMPDIR/machine.$1"
	echo "$MACHINE $MACHINE_BOOT" >"$BATS_FILE_TMPDIR/$1.processes"
	inside sh -c 'cat >/srv/mayfly/page.html' <"$site/page.html"
	inside systemctl start mayfly.socket
}

setup_file() {
	make_root
	serve usual
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 serve unified
	make_root broker systemd-sysv,dbus,dbus-broker,make,libjson-c5
	serve broker
	equal "$(at usual inside stat -f -c %T /sys/fs/cgroup)" tmpfs
	equal "$(at unified inside stat -f -c %T /sys/fs/cgroup)" cgroup2fs
	equal "$(at usual inside systemctl is-active dbus-broker.service || true)" inactive
	equal "$(at broker inside systemctl is-active dbus-broker.service)" active
}

teardown_file() {
	local file process
	for file in "$BATS_FILE_TMPDIR"/*.processes; do
		read -r _ process <"$file"
		kill "$process" 2>/dev/null || true
		wait "$process" || true
	done
}

stop_logind() {
	inside systemctl mask --quiet --runtime systemd-logind.service
	inside systemctl stop systemd-logind.service
	equal "$(inside systemctl is-active systemd-logind.service || true)" inactive
}

start_logind() {
	inside systemctl unmask --quiet --runtime systemd-logind.service
	inside systemctl start systemd-logind.service
}

# row NAME WHAT: prints a row of the table, the last column being the ratio to the usual machine.
row() {
	printf '%-40s %8.0f %8.0f %8.0f %8.0f %8.0f %8s\n' "$2" "$(all_of "$1")" "$(column "$1" 4)" "$(column "$1" 5)" \
		"$(column "$1" 6)" "$(column "$1" 7)" "$(calculate "$(all_of "$1") / $(all_of usual)")"
	report_value "choices_${SUITE}_$1_to_usual" "$(calculate "$(all_of "$1") / $(all_of usual)")"
}

@test "CPU time per connection with and without logind, with dbus-broker, and with the unified hierarchy" {
	local name
	for ((round = 0; round < rounds; round++)); do
		for name in usual unified broker; do at "$name" load_site "$name" 8080 150; done
		at usual stop_logind
		at usual load_site no_logind 8080 150
		at usual start_logind
	done
	{
		heading "choices for the machine, $SUITE: us of CPU time per connection of mayfly.socket, and ratio"
		printf '%-40s %8s %8s %8s %8s %8s %8s\n' '' all 'PID 1' children journald rest ratio
		row usual 'with logind and dbus-daemon'
		row no_logind 'without logind'
		row broker 'with dbus-broker instead of dbus-daemon'
		row unified 'with the unified cgroup hierarchy'
	} >&3
}

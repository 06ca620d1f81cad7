# What the tests under real systemd share: a throwaway Debian machine in systemd-nspawn, with Mayfly
# installed in it by `make install`, and ways to ask it and to look into it. One machine serves one
# test file, which calls start_machine or start_site in its setup_file; it is turned off at the file's
# end. SUITE (bookworm) names the Debian, MAYFLY_BUILD (build) the build folder that is installed.

# shellcheck shell=bash disable=SC2034,SC2119,SC2120 # what the tests use, and how, is not seen here
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-2400} # seconds; some tests install packages and build
load ../bats/helpers
load ../bats/counter

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SUITE=${SUITE:-bookworm}
MAYFLY_BUILD=${MAYFLY_BUILD-$repository/build}

# Seconds that wait_until waits: machines boot slowly where others run beside them.
patience=${PATIENCE:-900}

# The machine's own apt sources for its own Debian, with its name replaced by that of another.
copy_sources() {
	local file codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
		grep -qsE "^(deb .*|Suites:.*) $codename( |$)" "$file" || continue
		sed -E "s/ $codename(-[a-z]+)?\b/ $SUITE\1/g" "$file" >"$1/${file##*/}"
	done
}

# make_root [NAME PACKAGES [OPTION...]]: makes a Debian root, once, with these packages, by these options of
# mmdebstrap: its folder is in $root. Who comes while another makes it waits for that.
make_root() {
	local sources=$BATS_FILE_TMPDIR/sources packages=${2:-systemd-sysv,dbus,make,libjson-c5} lock
	root=$repository/build/roots/$SUITE${1:+-$1}
	mkdir -p "$sources" "$repository/build/roots"
	exec {lock}>"$root.lock"
	flock "$lock"
	if [[ $(cat "$root/packages" 2>/dev/null) != "$packages" ]]; then
		rm -rf "$root" "$root.new"
		copy_sources "$sources"
		# What dpkg writes need not be safe from a power cut.
		mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include="$packages" \
			"${@:3}" "$SUITE" "$root.new" "$sources"/*
		# Servers that are installed start when a test wants them.
		rm -rf "$root.new/etc/systemd/system"/{multi-user,sockets}.target.wants
		echo "$packages" >"$root.new/packages"
		mv "$root.new" "$root"
	fi
	exec {lock}>&-
}

# Sets MACHINE, the first process of the machine, when that is far enough to be asked.
find_machine() {
	local nspawn
	nspawn=$(pgrep -P "$MACHINE_BOOT" -x systemd-nspawn) || return
	MACHINE=$(pgrep -P "$nspawn" -x systemd) || return
	[[ -S /proc/$MACHINE/root/run/systemd/private ]]
}

machine_is_up_or_off() {
	find_machine || ! kill -0 "$MACHINE_BOOT" 2>/dev/null
}

# Waits until the machine has booted; says what it said if it does not.
await_machine() {
	wait_until machine_is_up_or_off || return
	find_machine || fail "$(<"$MACHINE_FOLDER.log")" || return
	export MACHINE
	equal "$(inside systemctl is-system-running --wait)" running 'the state of the machine'
}

# boot_machine FOLDER: boots a machine of the Debian in $root there, under a name that nobody else has, with
# Mayfly in it, unless MAYFLY_BUILD is empty. It goes off with bats, however that may end.
boot_machine() {
	export MACHINE_FOLDER=$1
	mkdir -p "$1"
	setpriv --pdeathsig TERM unshare --mount --propagation private \
		"$repository/tests/system/boot" "$root" "$MAYFLY_BUILD" "$1" \
		"mayfly-$$-$RANDOM" </dev/null >"$1.log" 2>&1 3>&- &
	export MACHINE_BOOT=$!
	await_machine
}

# start_machine [NAME PACKAGES]: boots the machine of this file.
start_machine() {
	make_root "$@"
	boot_machine "$BATS_FILE_TMPDIR/machine"
}

# Boots a machine and does what the README says to have the site served.
start_site() {
	start_machine
	inside systemctl enable --quiet --now mayfly.socket
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	[[ -n ${MACHINE_BOOT-} ]] || return 0
	kill "$MACHINE_BOOT" 2>/dev/null || true
	wait "$MACHINE_BOOT" || true
}

# A report of AddressSanitizer or UndefinedBehaviorSanitizer fails the test behind which it is found.
teardown() {
	local report pauser
	for pauser in "${holder:-}" "${pausers[@]}"; do
		! kill "$pauser" 2>/dev/null || wait "$pauser" || true
	done
	for report in "/proc/$MACHINE/root/var/lib/mayfly"/sanitizer.*; do
		[[ ! -e $report ]] || fail "$(<"$report")" || return
	done
}

# inside COMMAND...: runs it in the machine, as root.
inside() {
	nsenter --target "$MACHINE" --all --root --wd \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# nearby COMMAND...: runs it here, but in the machine's network.
nearby() {
	nsenter --target "$MACHINE" --net "$@"
}

# write FILE: standard input into a file of the machine.
write() {
	# shellcheck disable=SC2016 # expanded inside
	inside sh -c 'mkdir -p "${1%/*}" && cat >"$1"' sh "$1"
}

# visit PATH [ARGUMENT...]: a GET by curl, from 127.0.0.1.
visit() {
	nearby curl -sS --max-time "$patience" "${@:2}" "http://127.0.0.1:8080$1"
}

# visit_raw: all bytes that come in answer to a GET, whether or not they make a response.
visit_raw() {
	# shellcheck disable=SC2016 # expanded there
	nearby timeout "$patience" bash -c 'exec {connection}<>/dev/tcp/127.0.0.1/8080
		printf "GET / HTTP/1.0\r\n\r\n" >&"$connection"
		cat <&"$connection" 2>/dev/null || true'
}

# keep_asking CLIENTS REQUESTS: so many clients make so many requests for /style.css, over and over until there is
# a file `enough`. How often is said in `asked`, and each answer that was no page in `failed`.
keep_asking() {
	local asked=0
	: >failed
	until [[ -e enough ]]; do
		nearby "$tools/load_client" 8080 "$1" "$2" /style.css >said 2>&1
		asked=$((asked + $2))
		[[ $(<said) == "$2"$'\t/style.css' ]] || cat said >>failed
	done
	echo "$asked" >asked
}

# Has the handlers that start from now on wait for a request's head as long as a test may take, not ten seconds.
patient_handlers() {
	echo 'MAYFLY_OPTIONS=--header-timeout 3600' | write /etc/default/mayfly
}

# hold COUNT [TEXT]: connects so often from 127.0.0.1, sends the text, and stays connected until
# let_go, or the end of the test. Handlers of before have left by then: the held ones are all there are.
hold() {
	local ready=$BATS_TEST_TMPDIR/ready
	wait_until instances_are 0
	# Not `nearby`: the process to be ended is to be the one that is connected.
	# shellcheck disable=SC2016 # expanded there
	nsenter --target "$MACHINE" --net bash -c 'for ((i = 0; i < $1; i++)); do
			exec {connection}<>/dev/tcp/127.0.0.1/8080
			printf "$2" >&"$connection"
		done
		touch "$3"
		exec sleep 600' bash "$1" "${2-}" "$ready" 3>&- &
	holder=$!
	wait_until test -e "$ready"
}

let_go() {
	kill "$holder"
	wait "$holder" || true
	holder=
}

# instances: the connections that systemd has a unit for, one a line.
instances() {
	inside systemctl list-units --all --plain --no-legend 'mayfly@*'
}

# Whether there are so many of them. (That systemd does not answer is not that there are none.)
instances_are() {
	local there
	there=$(instances) || return
	[[ $(grep -c . <<<"$there") == "$1" ]]
}

# Waits until the handlers of mayfly.socket have left, and the journal holds what they told: a line comes behind
# its answer.
all_is_told() {
	wait_until instances_are 0 && inside journalctl --quiet --sync
}

# Waits until there is one connection, and its handler is what runs for it: before that, the unit's main
# process is systemd's own. The process, as the machine numbers it, is in $handler.
await_handler() {
	wait_until is_handler_there
}

is_handler_there() {
	handler=$(inside systemctl show --property=MainPID --value 'mayfly@*')
	[[ $(inside readlink "/proc/$handler/exe") == */sbin/mayfly ]]
}

# Fails when any unit of the machine has failed and is kept.
no_failed_unit() {
	equal "$(inside systemctl list-units --failed --plain --no-legend)" '' 'the list of failed units'
}

# journal ARGUMENT...: what the machine's journal holds, once all is written.
journal() {
	inside journalctl --quiet --sync
	inside journalctl --quiet --no-pager "$@"
}

# machine_counts: the machine's counter file, `count<TAB>path` lines.
machine_counts() {
	count_in "/proc/$MACHINE/root/var/lib/mayfly/hits"
	counts
}

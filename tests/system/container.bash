# Shared by the tests under real systemd: a temporary Debian machine in systemd-nspawn with Mayfly
# installed by `make install`, and functions that send requests to it and look into it. One machine serves
# one test file, which calls start_machine or start_site in its setup_file; it is switched off at the end
# of the file. SUITE (default bookworm) names the Debian release, MAYFLY_BUILD (default build) the build
# directory to install.

# shellcheck shell=bash disable=SC2034,SC2119,SC2120 # used by the suites
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-2400} # seconds; some tests install packages and build
load ../bats/helpers
load ../bats/counter

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SUITE=${SUITE:-bookworm}
MAYFLY_BUILD=${MAYFLY_BUILD-$repository/build}

# Time limit of wait_until in seconds: machines boot slowly if several run at once.
patience=${PATIENCE:-900}
# Its pauses in seconds: most of its commands ask systemd in the machine, which takes longer than its usual pause.
interval=0.1

# copy_sources DIRECTORY: copies this machine's apt sources, with the release name replaced by $SUITE.
copy_sources() {
	local file codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
		grep -qsE "^(deb .*|Suites:.*) $codename( |$)" "$file" || continue
		sed -E "s/ $codename(-[a-z]+)?\b/ $SUITE\1/g" "$file" >"$1/${file##*/}"
	done
}

# bootstrap OPTION...: makes the Debian root $root.new.
bootstrap() {
	local sources=$BATS_FILE_TMPDIR/sources
	mkdir -p "$sources"
	copy_sources "$sources"
	mmdebstrap --quiet "$@" "$SUITE" "$root.new" "$sources"/*
}

# bootstrap_base PACKAGES: what most roots have. dpkg need not protect them from a power failure.
bootstrap_base() {
	bootstrap --variant=minbase --dpkgopt=force-unsafe-io --include="$1"
}

# extend_base PACKAGES [OPTION...]: a copy of the base with these packages; a third of the work.
extend_base() {
	local base
	base=$(make_root base systemd-sysv,dbus,make >&2 && echo "$root") || return
	# shellcheck disable=SC2016 # expanded by the shells of the hooks
	bootstrap --variant=custom --setup-hook="cp -a '$base/.'"' "$1"' "${@:2}" \
		--customize-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --quiet=2 --yes -o Dir::Bin::dpkg=env \
			-o DPkg::Options::=--unset=TMPDIR -o DPkg::Options::=dpkg -o DPkg::Chroot-Directory="$1" install '"${1//,/ }"
}

# make_root [NAME PACKAGES [OPTION...]]: makes a Debian root with these packages and these options of
# mmdebstrap, unless it exists. Sets root, its directory. Others that need the same root meanwhile wait.
make_root() {
	local packages=${2:-systemd-sysv,dbus,make,libjson-c5} how=extend_base lock
	root=$repository/build/roots/$SUITE${1:+-$1}
	mkdir -p "$repository/build/roots"
	exec {lock}>"$root.lock"
	flock "$lock"
	if [[ $(cat "$root/packages" 2>/dev/null) != "$packages" ]]; then
		rm -rf "$root" "$root.new"
		[[ ${1-} != base ]] || how=bootstrap_base
		"$how" "$packages" "${@:3}" || return
		# Tests start the installed servers themselves.
		rm -rf "$root.new/etc/systemd/system"/{multi-user,sockets}.target.wants
		echo "$packages" >"$root.new/packages"
		mv "$root.new" "$root"
	fi
	exec {lock}>&-
}

# Sets MACHINE, the PID 1 of the machine, once it accepts commands.
find_machine() {
	local nspawn
	nspawn=$(pgrep -P "$MACHINE_BOOT" -x systemd-nspawn) || return
	MACHINE=$(pgrep -P "$nspawn" -x systemd) || return
	[[ -S /proc/$MACHINE/root/run/systemd/private ]]
}

machine_is_up_or_off() {
	find_machine || ! kill -0 "$MACHINE_BOOT" 2>/dev/null
}

# Waits until the machine has booted; prints its output if it does not.
await_machine() {
	wait_until machine_is_up_or_off || return
	find_machine || fail "$(<"$MACHINE_DIRECTORY.log")" || return
	export MACHINE
	equal "$(inside systemctl is-system-running --wait)" running 'state of the machine'
}

# boot_machine DIRECTORY: boots a machine of the Debian in $root in this directory, under a unique name,
# with Mayfly unless MAYFLY_BUILD is empty. It is switched off with bats, even if bats is killed.
boot_machine() {
	export MACHINE_DIRECTORY=$1
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

# Boots a machine and starts the site as README.md says.
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

# A report of AddressSanitizer or UndefinedBehaviorSanitizer fails the test after which it is found.
teardown() {
	local report pauser
	for pauser in "${holder:-}" "${pausers[@]}"; do
		! kill "$pauser" 2>/dev/null || wait "$pauser" || true
	done
	for report in "/proc/$MACHINE/root/var/lib/mayfly"/sanitizer.*; do
		[[ ! -e $report ]] || fail "$(<"$report")" || return
	done
}

# inside COMMAND...: runs the command in the machine, as root.
inside() {
	nsenter --target "$MACHINE" --all --root --wd \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# nearby COMMAND...: runs a command of this machine in the network of the other one.
nearby() {
	nsenter --target "$MACHINE" --net "$@"
}

# write FILE: copies standard input to a file of the machine.
write() {
	# shellcheck disable=SC2016 # expanded inside
	inside sh -c 'mkdir -p "${1%/*}" && cat >"$1"' sh "$1"
}

# visit PATH [ARGUMENT...]: sends a GET with curl from 127.0.0.1.
visit() {
	nearby curl -sS --max-time "$patience" "${@:2}" "http://127.0.0.1:8080$1"
}

# serves_start_page: a client on 127.0.0.1 must get the start page of www.
serves_start_page() {
	visit / -i >response
	sed '1,/^\r$/d' response | cmp -s - "$repository/www/index.html" || fail "$(head -c 1000 response)"
}

# visit_raw: sends a GET and prints all received bytes, even if they are not a valid response.
visit_raw() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	nearby timeout "$patience" bash -c 'exec {connection}<>/dev/tcp/127.0.0.1/8080
		printf "GET / HTTP/1.0\r\n\r\n" >&"$connection"
		cat <&"$connection" 2>/dev/null || true'
}

# keep_asking CLIENTS REQUESTS: CLIENTS clients send REQUESTS requests for /style.css, repeatedly until
# the file `enough` exists. Writes the number of requests to `asked`, and each response other than the
# page to `failed`.
keep_asking() {
	local asked=0
	: >failed
	until [[ -e enough ]]; do
		nearby "$tools/load_client" 8080 "$1" "$2" /style.css >result 2>&1
		asked=$((asked + $2))
		[[ $(<result) == "$2"$'\t/style.css' ]] || cat result >>failed
	done
	echo "$asked" >asked
}

# Handlers started after this call wait for a request header during the whole test, instead of ten seconds.
use_patient_handlers() {
	echo 'MAYFLY_OPTIONS=--header-timeout 3600' | write /etc/default/mayfly
}

# hold COUNT [TEXT]: opens COUNT connections from 127.0.0.1, sends the text on each, and keeps them open
# until let_go or the end of the test. First waits until earlier handlers have exited, so that only the
# held ones run.
hold() {
	local ready=$BATS_TEST_TMPDIR/ready
	wait_until instances_are 0
	# Not `nearby`: let_go must end the process that holds the connections.
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --target "$MACHINE" --net bash -c 'for ((i = 0; i < $1; i++)); do
			exec {connection}<>/dev/tcp/127.0.0.1/8080
			printf "$2" >&"$connection"
		done
		touch "$3"
		exec sleep 600' bash "$1" "${2-}" "$ready" 3>&- &
	holder=$!
	wait_until test -e "$ready"
}

# Ends the process of hold.
let_go() {
	kill "$holder"
	wait "$holder" || true
	holder=
}

# instances: prints the connections for which systemd has a unit, one per line.
instances() {
	inside systemctl list-units --all --plain --no-legend 'mayfly@*'
}

# instances_are COUNT: whether there are exactly COUNT. (No answer from systemd does not count as zero.)
instances_are() {
	local there
	there=$(instances) || return
	[[ $(grep -c . <<<"$there") == "$1" ]]
}

# Waits until the handlers of mayfly.socket have exited, and the journal has their log entries: an entry is
# written after its response.
all_is_logged() {
	wait_until instances_are 0 && inside journalctl --quiet --sync
}

# Waits until one connection exists and its handler is running: until its exec, the unit's main process is
# systemd's. Sets handler, the process id inside the machine.
await_handler() {
	wait_until is_handler_there
}

is_handler_there() {
	handler=$(inside systemctl show --property=MainPID --value 'mayfly@*')
	[[ $(inside readlink "/proc/$handler/exe") == */sbin/mayfly ]]
}

# Fails if any unit of the machine has failed.
no_failed_unit() {
	equal "$(inside systemctl list-units --failed --plain --no-legend)" '' 'failed units'
}

# journal ARGUMENT...: runs journalctl in the machine after a sync.
journal() {
	inside journalctl --quiet --sync
	inside journalctl --quiet --no-pager "$@"
}

# machine_counts: prints the machine's counter file, `count<TAB>path` lines.
machine_counts() {
	count_in "/proc/$MACHINE/root/var/lib/mayfly/hits"
	counts
}

# fail_each_call_inside ARGUMENT...: runs mayflyctl in the machine, as root, once per place from which it calls a library
# function, and lets that call fail (fail_calls.c, which setup_file builds); at every 16th place unless PLACES=all. It must exit by
# itself, and print an error if its exit status is another one; `status` and `check` show errors in their output.
fail_each_call_inside() {
	cp "$tools/fail_calls" "/proc/$MACHINE/root/usr/local/lib/fail_calls"
	inside env STEP="$([[ ${PLACES-} == all ]] && echo 1 || echo 16)" bash -s - "$@" <<-'END'
		cd /run
		run_at() {
			status=0
			FAIL_PLACE=$1 LD_PRELOAD=/usr/local/lib/fail_calls timeout 60 /usr/local/bin/mayflyctl "${@:2}" </dev/null >out 2>err || status=$?
		}
		rm -f places
		FAIL_LIST=places run_at 0 "$@"
		mv out expected
		expected_status=$status bad=0
		mapfile -t places <places
		echo "mayflyctl $*: exit status $status, ${#places[@]} places"
		((${#places[@]} > 5)) || exit
		for place in "${places[@]}"; do
			((${place% *} % STEP == 0)) || continue
			run_at "${place% *}" "$@"
			((status >= 124)) || { ((status != expected_status)) && [[ ! -s err ]] && cmp -s out expected; } || continue
			bad=$((bad + 1))
			echo "$place: exit status $status"
		done
		exit "$((bad > 0))"
	END
}

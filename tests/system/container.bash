# What the tests under real systemd share: a throwaway Debian machine in systemd-nspawn, with Mayfly
# installed in it by `make install`, and ways to ask it and to look into it. One machine serves one
# test file:
#
#   load container
#   setup_file() { start_machine; }
#   teardown_file() { stop_machine; }
#   teardown() { no_sanitizer_report; }
#
# SUITE (bookworm) names the Debian, MAYFLY_BUILD (build) the build folder that is installed.

# shellcheck shell=bash
load ../bats/helpers
load ../bats/counter

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SUITE=${SUITE:-bookworm}
MAYFLY_BUILD=${MAYFLY_BUILD:-$repository/build}

# The machine's own apt sources, those of its own Debian, with its name replaced by another's.
copy_sources() {
	local file codename
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
		grep -qsE "^(deb .*|Suites:.*) $codename( |$)" "$file" || continue
		sed -E "s/ $codename(-[a-z]+)?\b/ $SUITE\1/g" "$file" >"$1/${file##*/}"
	done
}

# Makes a Debian root, once: its folder is in $root. Who comes while another makes it waits for that.
make_root() {
	local sources=$BATS_FILE_TMPDIR/sources packages=systemd-sysv,dbus,make
	root=$repository/build/roots/$SUITE
	mkdir -p "$root.new" "$sources"
	exec {lock}<"$root.new"
	flock "$lock"
	if [[ $(cat "$root/packages" 2>/dev/null) != "$packages" ]]; then
		rm -rf "$root" "${root:?}.new"/*
		copy_sources "$sources"
		mmdebstrap --quiet --variant=minbase --include="$packages" "$SUITE" "$root.new" "$sources"/*
		echo "$packages" >"$root.new/packages"
		mv "$root.new" "$root"
	fi
	exec {lock}<&-
}

# The process of the machine that has come up, if it has.
find_machine() {
	local nspawn
	nspawn=$(pgrep -P "$MACHINE_BOOT" -x systemd-nspawn) || return
	MACHINE=$(pgrep -P "$nspawn" -x systemd) || return
	[[ -S /proc/$MACHINE/root/run/systemd/private ]]
}

machine_is_up_or_off() {
	find_machine || ! kill -0 "$MACHINE_BOOT" 2>/dev/null
}

# Waits until the machine has booted. Exports MACHINE: its first process.
await_machine() {
	wait_until machine_is_up_or_off && find_machine || fail "$(<"$BATS_FILE_TMPDIR/machine.log")"
	export MACHINE
	run inside systemctl is-system-running --wait
	# shellcheck disable=SC2154 # set by run
	equal "$output" running 'the state of the machine'
}

# Boots a machine, whose name nobody else has. It ends with bats, however bats may end.
start_machine() {
	make_root
	mkdir "$BATS_FILE_TMPDIR/machine"
	setpriv --pdeathsig TERM unshare --mount --propagation private \
		"$repository/tests/system/boot" "$root" "$MAYFLY_BUILD" "$BATS_FILE_TMPDIR/machine" "mayfly-$$-$RANDOM" \
		</dev/null >"$BATS_FILE_TMPDIR/machine.log" 2>&1 3>&- &
	export MACHINE_BOOT=$!
	await_machine
}

# Turns the machine off.
stop_machine() {
	kill "$MACHINE_BOOT" 2>/dev/null || true
	wait "$MACHINE_BOOT" || true
}

# inside COMMAND...: runs it in the machine, as root.
inside() {
	nsenter --target "$MACHINE" --all --root --wd \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# nearby COMMAND...: runs a command of this machine in the network of the other.
nearby() {
	nsenter --target "$MACHINE" --net "$@"
}

# visit PATH [ARGUMENT...]: a GET by curl.
visit() {
	nearby curl -sS --max-time 30 "${@:2}" "http://127.0.0.1:8080$1"
}

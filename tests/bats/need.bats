#!/usr/bin/env bats
# packaging/need: which packages it finds missing, and what it says and does then, with stand-ins for Debian's
# programs.
# bats file_tags=once

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # for other shells; each test is one of its own; helpers.bash
load helpers

setup() {
	repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	installed='' systemd=252.39-1~deb12u1
	mkdir programs
	stand_in dpkg-query 'case "$*" in
		*libsystemd0*) echo "$systemd" ;;
		*) for package in $installed; do printf "installed=%s " "$package"; done ;;
		esac'
	stand_in apt-get 'echo "apt-get $*"'
	stand_in sudo 'echo "sudo $*"'
	stand_in id 'echo "$user"'
}

# stand_in PROGRAM SCRIPT
stand_in() {
	printf '#!/bin/sh\n%s\n' "$2" >"programs/$1"
	chmod +x "programs/$1"
}

# need USER-ID ARGUMENT...
need() {
	run env "PATH=$PWD/programs:/usr/bin:/bin" "installed=$installed" "systemd=$systemd" "user=$1" \
		"$repository/packaging/need" "${@:2}"
}

# says STATUS LINE...
says() {
	equal "$status" "$1" 'exit status' && equal "$output" "$(printf '%s\n' "${@:2}")"
}

@test "nothing is missing: nothing is done or said" {
	installed='xz-utils brotli zstd'
	need 1000 dist precompress
	says 0
}

@test "missing packages are installed once each, by root" {
	installed=zstd
	need 0 dist precompress dist
	says 0 'Mayfly needs some Debian packages, and installs them now: apt-get install -y --no-install-recommends xz-utils brotli' \
		'apt-get update' 'apt-get install -y --no-install-recommends xz-utils brotli'
}

@test "an ordinary user gets them by sudo" {
	need 1000 dist
	says 0 'Mayfly needs some Debian packages, and installs them now: sudo apt-get install -y --no-install-recommends xz-utils' \
		'sudo -v' 'sudo apt-get update' 'sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends xz-utils'
}

@test "an ordinary user who may not use sudo gets the command for root" {
	local line='need: Debian packages are missing; as root, type: apt-get update && apt-get install -y --no-install-recommends xz-utils'
	stand_in sudo 'exit 1'
	need 1000 dist
	contains "$output" "$line"
	equal "$status" 1
	rm programs/sudo
	ln -s "$(command -v dpkg)" programs/
	for argument in '' --missing; do
		run env "PATH=$PWD/programs" "installed=$installed" "systemd=$systemd" user=1000 \
			"$repository/packaging/need" $argument dist
		says 1 "$line"
	done
}

@test "--missing installs nothing, and says in one line what would" {
	installed=zstd
	need 0 --missing dist precompress
	says 1 'need: missing Debian packages: xz-utils brotli; to install them, type: packaging/need dist precompress'
}

@test "systemd-dev is needed since systemd 253, whatever apt knows" {
	need 0 --missing deb
	refute contains "$output" systemd-dev
	systemd=257.13-1~deb13u1
	for list in deb check; do
		need 0 --missing "$list"
		contains "$output" ' systemd-dev'
	done
}

# wants PROFILE: what debian/control's Build-Depends has with it, or without any.
wants() {
	sed -n '/^Build-Depends:/,/^[^ B]/p' "$repository/packaging/debian/control" | grep -E "^ +[^ ]+.*$1,?\$" |
		sed -E 's/^ +//; s/[ ,:].*//' | LC_ALL=C sort
}

# missing LIST...: what is needed for it where nothing is installed, but for systemd's own.
missing() {
	need 0 --missing "$@"
	[[ $output =~ packages:\ ([^;]*)\; ]]
	tr ' ' '\n' <<<"${BASH_REMATCH[1]}" | grep -vxE 'systemd(-dev)?' | LC_ALL=C sort
}

@test "debian/control wants the same packages" {
	equal "$(wants ' <!nocheck>' | grep -vx systemd)" "$(missing check)" 'what the tests need'
	# The compiler and musl's own library come with build-essential and dpkg-dev.
	equal "$(wants '[^>,]' | grep -vE '^(dh-|systemd|linux-libc-dev)')" "$(missing build | grep -vxE 'gcc|libc6-dev')" \
		'what the build needs'
}

#!/usr/bin/env bats
# packaging/need: which packages it reports as missing, and what it prints and installs, with stubs for
# Debian's programs.
# bats file_tags=once

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # code for other shells; tests run in subshells; helpers.bash
load helpers

setup() {
	repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	installed='' systemd=252.39-1~deb12u1
	mkdir programs
	make_stub dpkg-query 'case "$*" in
		*libsystemd0*) echo "$systemd" ;;
		*) for package in $installed; do printf "installed=%s " "$package"; done ;;
		esac'
	make_stub apt-get 'echo "apt-get $*"'
	make_stub sudo 'echo "sudo $*"'
	make_stub id 'echo "$user"'
}

# make_stub PROGRAM SCRIPT: makes a program that runs the script.
make_stub() {
	printf '#!/bin/sh\n%s\n' "$2" >"programs/$1"
	chmod +x "programs/$1"
}

# need USER-ID ARGUMENT...: runs packaging/need as that user.
need() {
	run env "PATH=$PWD/programs:/usr/bin:/bin" "installed=$installed" "systemd=$systemd" "user=$1" \
		"$repository/packaging/need" "${@:2}"
}

# prints STATUS LINE...: whether `need` exited with this status and printed exactly these lines.
prints() {
	equal "$status" "$1" 'exit status' && equal "$output" "$(printf '%s\n' "${@:2}")"
}

@test "nothing is missing: nothing is done or printed" {
	installed='xz-utils brotli zstd'
	need 1000 dist precompress
	prints 0
}

@test "missing packages are installed once each, by root" {
	installed=zstd
	need 0 dist precompress dist
	prints 0 'Mayfly needs some Debian packages, and installs them now: apt-get install -y --no-install-recommends xz-utils brotli' \
		'apt-get update' 'apt-get install -y --no-install-recommends xz-utils brotli'
}

@test "for an ordinary user sudo installs the packages" {
	need 1000 dist
	prints 0 'Mayfly needs some Debian packages, and installs them now: sudo apt-get install -y --no-install-recommends xz-utils' \
		'sudo -v' 'sudo apt-get update' 'sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends xz-utils'
}

@test "an ordinary user who may not use sudo gets the command for root" {
	local line='need: Debian packages are missing; as root, type: apt-get update && apt-get install -y --no-install-recommends xz-utils'
	make_stub sudo 'exit 1'
	need 1000 dist
	contains "$output" "$line"
	equal "$status" 1
	rm programs/sudo
	ln -s "$(command -v dpkg)" programs/
	for argument in '' --missing; do
		run env "PATH=$PWD/programs" "installed=$installed" "systemd=$systemd" user=1000 \
			"$repository/packaging/need" $argument dist
		prints 1 "$line"
	done
}

@test "--missing installs nothing, and prints one line with the command that would" {
	installed=zstd
	need 0 --missing dist precompress
	prints 1 'need: missing Debian packages: xz-utils brotli; to install them, type: packaging/need dist precompress'
}

@test "systemd-dev is required from systemd 253 on, regardless of what apt offers" {
	need 0 --missing deb
	refute contains "$output" systemd-dev
	systemd=257.13-1~deb13u1
	for list in deb check; do
		need 0 --missing "$list"
		contains "$output" ' systemd-dev'
	done
}

# build_depends PATTERN: prints the packages of Build-Depends in debian/control whose entry ends with the
# pattern (for example a build profile).
build_depends() {
	sed -n '/^Build-Depends:/,/^[^ B]/p' "$repository/packaging/debian/control" | grep -E "^ +[^ ]+.*$1,?\$" |
		sed -E 's/^ +//; s/[ ,:].*//' | LC_ALL=C sort
}

# missing LIST...: prints the packages that the lists require if nothing is installed, without
# those of systemd.
missing() {
	need 0 --missing "$@"
	[[ $output =~ packages:\ ([^;]*)\; ]]
	tr ' ' '\n' <<<"${BASH_REMATCH[1]}" | grep -vxE 'systemd(-dev)?' | LC_ALL=C sort
}

@test "debian/control requires the same packages" {
	equal "$(build_depends ' <!nocheck>' | grep -vx systemd)" "$(missing check)" 'packages for the tests'
	# The compiler and musl's own library come with build-essential and dpkg-dev.
	equal "$(build_depends '[^>,]' | grep -vE '^(dh-|systemd|linux-libc-dev)')" "$(missing build | grep -vxE 'gcc|libc6-dev')" \
		'packages for the build'
}

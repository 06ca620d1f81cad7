# Shared by the tests of the Debian package: building it on a Debian with the build dependencies.

# shellcheck shell=bash disable=SC2154 # container.bash

# make_build_root: makes a root with the Build-Depends of debian/control except for those that only the tests need, and git
# for `make dist`. On Debian 13, whose qemu supports all system calls of the handler, it can also build and run the handler
# for arm64.
make_build_root() {
	local packages=build-essential,debhelper,dpkg-dev,fakeroot,git,gperf,libjson-c-dev,libseccomp-dev,libsystemd-dev
	packages+=,linux-libc-dev,media-types,musl-dev,pkgconf,xz-utils
	case $SUITE in
	bookworm) make_root build "$packages" ;;
	*)
		packages+=,systemd-dev,crossbuild-essential-arm64,qemu-user
		packages+=,libjson-c-dev:arm64,libsystemd-dev:arm64,linux-libc-dev:arm64,musl-dev:arm64,pkgconf:arm64
		# shellcheck disable=SC2016 # expanded by the hook's shell
		make_root build "$packages" --architectures=amd64,arm64 --setup-hook='dpkg --root="$1" --add-architecture arm64'
		;;
	esac
}

# without_systemd DIRECTORY COMMAND...: runs the command as root in the Debian in $root, with this directory
# as /build, without an init system and a network. Its output goes to DIRECTORY.log; if it fails, the
# relevant part is printed.
without_systemd() {
	setpriv --pdeathsig TERM systemd-nspawn --quiet --register=no --keep-unit --as-pid2 \
		--machine="mayfly-build-$$-$RANDOM" --directory="$root" --volatile=overlay --private-network \
		--resolv-conf=off --timezone=off --bind="$1:/build" --bind-ro=/etc/hosts --console=pipe \
		--system-call-filter='landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
		"${@:2}" </dev/null >"$1.log" 2>&1 3>&- || fail "$(grep -A 60 '^not ok' "$1.log"; tail -n 40 "$1.log")"
}

# build_package DIRECTORY [VARIABLE=VALUE...] [COMMAND...]: runs `make deb` without `make check`, with these variables and as
# the last arguments of the command, in a clone of this repository in DIRECTORY/mayfly, or DIRECTORY/$place.
# Sets package.
build_package() {
	local place=${place:-mayfly}
	mkdir "$1"
	git -c safe.directory='*' clone --quiet "$repository" "$1/$place"
	make_build_root
	without_systemd "$1" env DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck "${@:2}" \
		make -C "/build/$place" deb
	package=$(echo "$1/$place"/build/mayfly_*.deb)
}

# share_package: builds the package of this commit, unless another suite has built it already; others that need it
# meanwhile wait. Sets package, and built, the directory of build_package.
share_package() {
	local packages=$repository/build/packages/$SUITE commit lock
	commit=$(git -c safe.directory='*' -C "$repository" rev-parse HEAD)
	built=$packages/$commit
	mkdir -p "$packages"
	exec {lock}>"$packages.lock"
	flock "$lock"
	if [[ ! -e $built ]]; then
		rm -rf "${packages:?}"/*
		build_package "$packages/new"
		mv "$packages/new" "$built"
		mv "$packages/new.log" "$built.log"
	fi
	exec {lock}>&-
	package=$(echo "$built"/mayfly/build/mayfly_*.deb)
}

# repack VERSION [SED]: makes VERSION.deb, the package with another version, and its socket edited by SED.
repack() {
	rm -rf repacked
	dpkg-deb --raw-extract "$package" repacked
	sed -i "s/^Version: .*/Version: $1/" repacked/DEBIAN/control
	find repacked -name mayfly.socket -exec sed -i "${2:-}" '{}' +
	dpkg-deb --root-owner-group --build repacked "$1.deb" >/dev/null
}

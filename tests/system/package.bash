# What the tests of the Debian package share: building it on a Debian that has what that takes.

# shellcheck shell=bash disable=SC2154 # container.bash
BUILD_PACKAGES=build-essential,debhelper,dpkg-dev,fakeroot,gperf,libjson-c-dev,libseccomp-dev,libsystemd-dev,media-types,musl-dev,pkgconf,xz-utils,git

# without_systemd FOLDER COMMAND...: runs it as root in the Debian in $root, whose /build is this folder,
# without an init and a network. What it says is in FOLDER.log, and shown when it fails.
without_systemd() {
	setpriv --pdeathsig TERM systemd-nspawn --quiet --register=no --keep-unit --as-pid2 \
		--machine="mayfly-build-$$-$RANDOM" --directory="$root" --volatile=overlay --private-network \
		--resolv-conf=off --timezone=off --bind="$1:/build" --console=pipe \
		"${@:2}" </dev/null >"$1.log" 2>&1 3>&- || fail "$(tail -n 40 "$1.log")"
}

# build_package FOLDER [COMMAND...]: `make deb`, as the last arguments of a command or alone, in a clone of
# this repository: FOLDER/mayfly, or FOLDER/$place. The package is in $package. `make check`, which a build
# would run, is the suites' own.
build_package() {
	local place=${place:-mayfly}
	mkdir "$1"
	git -c safe.directory='*' clone --quiet "$repository" "$1/$place"
	# Where systemd's folders are is told by a package of its own since Debian 13.
	make_root build "$BUILD_PACKAGES,$(if [[ $SUITE == bookworm ]]; then echo systemd; else echo systemd-dev; fi)"
	without_systemd "$1" env DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck "${@:2}" \
		make -C "/build/$place" deb
	package=$(echo "$1/$place"/build/mayfly_*.deb)
}

# repack VERSION [SED]: the package once more as another version, in VERSION.deb, its socket edited.
repack() {
	rm -rf repacked
	dpkg-deb --raw-extract "$package" repacked
	sed -i "s/^Version: .*/Version: $1/" repacked/DEBIAN/control
	find repacked -name mayfly.socket -exec sed -i "${2:-}" '{}' +
	dpkg-deb --root-owner-group --build repacked "$1.deb" >/dev/null
}

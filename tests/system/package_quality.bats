# The package as Debian's tools check it: built twice, inspected, tested, installed, upgraded and removed.
# bats file_tags=once,network
load container
load package

setup_file() {
	export SUITE=bookworm
	share_package
	export package built
	contents=$BATS_FILE_TMPDIR/contents
	export contents
	dpkg-deb --extract "$package" "$contents"
}

# fresh_bookworm.bats builds it with a part of its tests.
@test "the build is reproducible for another directory, umask, time zone and locale" {
	local first second place=another/place
	# shellcheck disable=SC2016 # expanded by the inner shell
	build_package "$BATS_FILE_TMPDIR/again" TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 sh -c 'umask 077; exec "$@"' sh
	for first in "$built"/mayfly/build/mayfly{*.deb,-*.tar.xz}; do
		second=$BATS_FILE_TMPDIR/again/$place/build/${first##*/}
		cmp "$first" "$second" || fail "$(diffoscope "$first" "$second")"
		echo "${first##*/}"
	done >same
	(($(wc -l <same) == 3))
}

@test "lintian reports nothing, not even pedantic tags" {
	TMPDIR=$PWD lintian --allow-root --pedantic --info --fail-on error,warning \
		"$built"/mayfly/build/deb/mayfly_*.changes >output || fail "$(<output)"
	equal "$(grep -E '^[EWP]:' output)" ''
}

# Except for the generator of the seccomp filter, which runs only during the build.
@test "the build uses Debian's hardening flags" {
	blhc --all --debian --ignore-line '.*-o build/seccomp/filter.*' "$built.log"
}

@test "the handler and mayfly-handshake are static PIEs with full RELRO and no libraries" {
	local program
	for program in "$contents/usr/sbin/mayfly" "$contents/usr/libexec/mayfly-handshake"; do
		file "$program" | grep -q 'static-pie linked'
		readelf --wide --dynamic "$program" >dynamic
		grep -q 'FLAGS.*NOW' dynamic
		refute grep -q NEEDED dynamic
		readelf --wide --program-headers "$program" >headers
		grep -q GNU_RELRO headers
		grep -q 'GNU_STACK .* RW ' headers
	done
	contains "$(dpkg-deb --field "$package" Static-Built-Using)" 'musl (= '
}

@test "all programs and pages have the version of the changelog" {
	local version page
	version=$(dpkg-parsechangelog --file "$repository/packaging/debian/changelog" --show-field Version)
	equal "$(dpkg-deb --field "$package" Version)" "$version"
	equal "$("$contents/usr/sbin/mayfly" --version)" "mayfly $version"
	equal "$("$contents/usr/bin/mayflyctl" --version)" "mayflyctl $version"
	for page in "$contents"/usr/share/man/man*/*.gz; do
		zcat "$page" | mandoc -T ascii | tail -n 1 | grep -qF "Mayfly $version"
	done
}

# Not qemu's -L for the libraries: with it, paths that mayflyctl opens from / on begin there too.
@test "the arm64 package builds, and its handler answers" {
	local package SUITE=trixie directory=$PWD/arm64
	build_package "$directory" MAKEFLAGS=ARCH=arm64
	equal "$(dpkg-deb --field "$package" Architecture)" arm64
	dpkg-deb --extract "$package" "$directory/contents"
	file "$directory/contents/usr/sbin/mayfly" "$directory/contents/usr/bin/mayflyctl" >kinds
	equal "$(grep -c 'ARM aarch64' kinds)" 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	without_systemd "$directory" sh -c 'cd /build/contents
		printf "GET / HTTP/1.0\r\n\r\n" |
			qemu-aarch64 usr/sbin/mayfly --root usr/share/mayfly/www --hits /tmp/hits >/build/response
		libraries=/usr/aarch64-linux-gnu/lib
		qemu-aarch64 $libraries/ld-linux-aarch64.so.1 --library-path $libraries:/usr/lib/aarch64-linux-gnu \
			usr/bin/mayflyctl hits --hits /tmp/hits --format tsv >/build/hits'
	sed '1,/^\r$/d' "$directory/response" | cmp - "$repository/www/index.html"
	equal "$(<"$directory/hits")" $'hits\tpath\n1\t/index.html'
}

@test "autopkgtest: the package's own tests, under systemd and without" {
	MAYFLY_BUILD='' start_machine autopkgtest systemd-sysv,dbus,libjson-c5,autopkgtest,curl,ca-certificates
	tar -C "$built/mayfly/build/deb" -c . | inside sh -c 'mkdir /debs && tar -C /debs -x && : >/etc/apt/sources.list && rm -f /etc/apt/sources.list.d/*'
	inside sh -c 'exec autopkgtest --no-built-binaries /debs/*.deb /debs/mayfly-*/ -- null' >output 2>&1 </dev/null || fail "$(<output)"
	equal "$(grep -oE '^(socket|pipe|sites|units) +PASS' output | sort -u | wc -l)" 4
}

@test "piuparts: install, upgrade, remove and purge leave no file" {
	mkdir before
	repack 0.0
	mv 0.0.deb before/
	(cd before && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
	make_root
	TMPDIR=$PWD piuparts --existing-chroot="$root" --distribution="$SUITE" --no-eatmydata \
		--scriptsdir=/etc/piuparts/scripts --extra-repo="deb [trusted=yes] file:$PWD/before ./" \
		--bindmount="$PWD/before" "$package" >output 2>&1 </dev/null || fail "$(tail -n 30 output)"
}

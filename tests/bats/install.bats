#!/usr/bin/env bats
# `make install` and `make uninstall` into a directory: which files go where, with which permissions, and
# what remains. tests/system/fresh_*.bats installs on whole machines.
# bats file_tags=once

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load make

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	destination="$BATS_TEST_TMPDIR/a directory"
	units=$(pkg-config --variable=systemdsystemunitdir systemd)
	sysusers=$(pkg-config --variable=sysusersdir systemd)
	tmpfiles=$(pkg-config --variable=tmpfilesdir systemd)
}

make_install() {
	"${make[@]}" install "DESTDIR=$destination" systemdversion=252 "$@" >made 2>&1 || fail "$(<made)"
}

make_uninstall() {
	"${make[@]}" uninstall "DESTDIR=$destination" >made 2>&1 || fail "$(<made)"
}

# installed: prints all files, without directories, with their permissions, sorted.
installed() {
	(cd "$destination" && find . ! -type d -printf '%m %P\n' | LC_ALL=C sort -k 2)
}

# expected PREFIX UNITS SYSUSERS TMPFILES: prints what `installed` should print.
expected() {
	local file prefix=${1#/}
	(
		cd "$repository" || return
		echo "755 $prefix/sbin/mayfly"
		echo "755 $prefix/sbin/mayfly-accept"
		echo "755 $prefix/bin/mayflyctl"
		echo "755 $prefix/libexec/mayfly-handshake"
		echo "644 $prefix/share/bash-completion/completions/mayflyctl"
		echo "644 $prefix/share/zsh/site-functions/_mayflyctl"
		echo "644 $prefix/share/fish/vendor_completions.d/mayflyctl.fish"
		for file in units/mayfly{.socket,@.service,.slice,tls.slice,-http{,s}{.socket,@.service},-busy.{socket,service}} \
			units/mayfly-{history,report,metrics,acme,check}.{service,timer} units/mayfly-https-check.{service,path}; do
			echo "644 ${2#/}/${file##*/}"
		done
		for file in mayfly-{history,report,metrics}@.{service,timer}; do echo "644 ${2#/}/$file"; done
		for file in mayfly-site-{.socket,@.service}.d; do echo "644 ${2#/}/$file/mayfly.conf"; done
		echo "644 ${3#/}/mayfly.conf"
		echo "644 ${4#/}/mayfly.conf"
		echo "644 $prefix/share/mayfly/hardened.conf"
		echo "644 $prefix/share/mayfly/mayfly.default"
		echo "755 $prefix/share/mayfly/https"
		echo "755 $prefix/share/mayfly/precompress"
		for file in packaging/man/*; do echo "644 $prefix/share/man/man${file##*.}/${file##*/}"; done
		for file in packaging/inetd/*; do echo "644 $prefix/share/doc/mayfly/inetd/${file##*/}"; done
		for file in packaging/front/*; do echo "644 $prefix/share/doc/mayfly/front/${file##*/}"; done
		for file in packaging/guide/*; do
			[[ $file == */develop.md ]] || echo "644 $prefix/share/doc/mayfly/guide/${file##*/}"
		done
		echo "644 $prefix/share/doc/mayfly/prometheus/mayfly.rules.yml"
		find www -type f -printf "644 $prefix/share/mayfly/www/%P\n"
	) | LC_ALL=C sort -k 2
}

@test "files are installed where systemd and man look for them, world-readable" {
	umask 077
	make_install
	equal "$(installed)" "$(expected /usr/local "$units" "$sysusers" "$tmpfiles")" 'installed files'
	equal "$(find "$destination" -type d ! -perm 755)" '' 'directories with other permissions'
}

@test "the guides and the pages about front ends name the installed paths, and their links lead to installed files" {
	local prefix guide link
	for prefix in /usr /usr/local /opt/m; do
		cd "$BATS_TEST_TMPDIR"
		rm -rf "$destination"
		make_install prefix="$prefix"
		cd "$destination$prefix/share/doc/mayfly/guide"
		grep -qF "sudo $prefix/share/mayfly/precompress /srv/mayfly" moving.md configure.md
		grep -qF "ExecStart=$prefix/sbin/mayfly --root" configure.md
		grep -qF "sudo $prefix/share/mayfly/https issue" ../front/README.md
		grep -qF " $prefix/share/doc/mayfly/front/unix.conf /etc/" ../front/README.md
		equal "$(grep -ohE '/[a-z/]*(share|sbin|doc)/mayfly' ./*.md ../front/*.md | sort -u | paste -sd ' ')" \
			"$prefix/sbin/mayfly $prefix/share/doc/mayfly $prefix/share/mayfly"
		refute grep -qE 'without the package|packaging/front' ./*.md ../front/*.md
		for guide in *.md ../front/*.md; do
			while IFS= read -r link; do
				test -e "${guide%/*.md}/${link%%#*}" || test -e "${link%%#*}" || fail "$guide: $link"
			done < <(grep -oP '\]\((?!#|https?:)\K[^)]+' "$guide")
		done
	done
}

@test "the handler is stripped unless STRIP= is empty" {
	make_install
	refute grep -q symtab <(readelf --wide --sections "$destination/usr/local/sbin/mayfly")
	contains "$("$destination/usr/local/sbin/mayfly" --version)" "$("$MAYFLY" --version)"
	make_install STRIP=
	grep -q symtab <(readelf --wide --sections "$destination/usr/local/sbin/mayfly")
}

# Otherwise an installation would rebuild programs while other suites run them.
@test "another name for the build directory does not cause a rebuild" {
	local directory relative
	relative=$(realpath --relative-to="$repository" .)/build
	for directory in "$relative" "$PWD/build"; do
		"${make[@]}" "B=$directory" "CFLAGS=-O2 -ffile-prefix-map=/a/$relative/b=." "$directory/obj/compiler"
		cat build/obj/compiler >>compilers
	done
	equal "$(uniq compilers | wc -l)" 1 'compiler stamps'
	grep -q prefix-map compilers
}

@test "B and DESTDIR may be relative" {
	destination=build/stage.$$ make_install
	mv "$repository/build/stage.$$" "$destination"
	equal "$(installed)" "$(expected /usr/local "$units" "$sysusers" "$tmpfiles")" 'installed files'
}

@test "installed files name the chosen prefix" {
	make_install prefix=/opt/may
	equal "$(installed)" "$(expected /opt/may "$units" "$sysusers" "$tmpfiles")" 'installed files'
	refute grep -rI /usr/local "$destination" --exclude-dir=www
	grep -q '^ExecStart=/opt/may/sbin/mayfly ' "$destination$units/mayfly@.service"
	equal "$(sed 's|/opt/may|/usr/local|g' "$destination$tmpfiles/mayfly.conf")" "$(<"$repository/units/mayfly.tmpfiles")"
}

@test "systemd's directories can be set" {
	make_install systemdsystemunitdir=/x/units sysusersdir=/x/users tmpfilesdir=/x/files
	equal "$(installed)" "$(expected /usr/local /x/units /x/users /x/files)" 'installed files'
}

@test "poll limits are installed only for a systemd that supports them" {
	make_install systemdversion=254
	refute test -e "$destination$units/mayfly.socket.d"
	refute test -e "$destination$units/mayfly-site-.socket.d/poll-limit.conf"
	make_install systemdversion=255
	cmp "$destination$units/mayfly.socket.d/poll-limit.conf" "$repository/units/poll-limit.conf"
	cmp "$destination$units/mayfly-site-.socket.d/poll-limit.conf" "$repository/units/poll-limit.conf"
	make_uninstall
	equal "$(find "$destination$units" -name 'mayfly*')" '' 'remaining files'
}

@test "drop-ins give further sites all settings of the units except the site's own" {
	local unit=$destination$units/mayfly-site-
	make_install
	equal "$(grep -E '^(ListenStream|ExecStart|Description|Assert.*|Requires.*|WantedBy)=|Install' "$unit"*/*)" ''
	equal "$(sed -n '/^\[Socket\]/,$p' "$unit.socket.d/mayfly.conf" | grep '=')" \
		"$(sed -n '/^\[Socket\]/,/^\[Install\]/p' "$repository/units/mayfly.socket" | grep '^[A-Z].*=' | grep -v ListenStream=)"
	equal "$(grep '=' "$unit@.service.d/mayfly.conf")" \
		"$(grep -E '^[A-Z].*=' "$repository/units/mayfly@.service" | grep -vE '^(Description|ExecStart)=')"
}

@test "without pkg-config the standard directories of systemd are used" {
	mkdir bin
	printf '#!/bin/sh\nexit 1\n' >bin/pkg-config
	chmod +x bin/pkg-config
	PATH=$PWD/bin:$PATH make_install
	equal "$(installed)" "$(expected /usr/local /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d)"
}

@test "a second installation changes nothing" {
	make_install
	before=$(installed)
	make_install
	equal "$(installed)" "$before"
}

@test "uninstall removes Mayfly and nothing else" {
	mkdir -p "$destination"/{srv/mayfly,var/lib/mayfly,usr/local/share/man/man8}
	touch "$destination"/{srv/mayfly/index.html,var/lib/mayfly/hits,usr/local/share/man/man8/other.8}
	before=$(installed)
	make_install
	make_uninstall
	equal "$(installed)" "$before" 'remaining files'
	refute test -e "$destination/usr/local/share/mayfly"
	refute test -e "$destination/usr/local/share/doc/mayfly"
}

@test "uninstall without an installation succeeds" {
	make_uninstall
}

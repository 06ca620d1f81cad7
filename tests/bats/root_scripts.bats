#!/usr/bin/env bats
# Programs that root runs when Mayfly is installed, purged and set up, in directories of other users who
# attack root: make install, the package's purge and systemd-tmpfiles. ctl_owners.bats tests mayflyctl,
# precompress_owners.bats precompress.
# bats file_tags=root,once

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load make
load owners

setup() {
	give_ordinary_user_access
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -m 755 theirs roots roots/sub
	echo precious | tee roots/page >roots/sub/page
	chown "$owner" theirs
	state=$(state_of_roots)
}

@test "make install as root refuses a directory that another user can replace" {
	mkdir theirs/local
	run ! --separate-stderr "${make[@]}" install "prefix=$PWD/theirs/local" \
		"systemdsystemunitdir=$PWD/theirs/local/units" "sysusersdir=$PWD/theirs/local/s" "tmpfilesdir=$PWD/theirs/local/t"
	contains "$stderr" "make: $PWD/theirs belongs to nobody, who could replace what root runs from there"
	equal "$(find theirs -type f)" '' 'installed files'
}

# purge: runs the package's purge in a mount namespace whose /var/lib and /etc/default are `state`
# and `default`.
purge() {
	mkdir -p default state
	timeout 60 unshare --mount bash -c "set -e
		mount --bind default /etc/default
		mount --bind state /var/lib
		cd /
		exec sh '$repository/packaging/debian/mayfly.postrm' purge"
}

@test "a purge removes Mayfly's files, and nothing that links in them lead to" {
	mkdir -p state/mayfly/deep/deeper state/mayfly-acme/.well-known state/prometheus
	ln -s "$PWD/roots" state/mayfly-report
	ln -s "$PWD/roots" state/mayfly/link
	ln -s "$PWD/roots/page" state/mayfly/hits
	ln -s "$PWD/roots" state/prometheus/node-exporter
	ln roots/page state/mayfly/hard
	mkfifo state/mayfly/fifo
	chown "$owner" state/mayfly state/mayfly/deep
	purge
	equal "$(ls state)" prometheus 'remaining files'
	roots_is_unchanged
}

@test "directories swapped for links during a purge: rm works nowhere else" {
	attack state/mayfly \
		'mkdir -p deep/sub/sub && ln -sfn "$OLDPWD/roots" link && mv -T deep swap && mv -T link deep && mv -T deep link && mv -T swap deep'
	for _ in {1..30}; do
		mkdir -p state/mayfly
		chown "$owner" state/mayfly
		sleep 0.05
		purge >/dev/null 2>&1 || true
	done
	roots_is_unchanged
}

# write_tmpfiles STATE SITE: writes mayfly.conf, which creates these directories; this machine may have no user mayfly.
write_tmpfiles() {
	sed -e "s|/var/lib/mayfly|$1|; s|/srv/mayfly|$2|; s|/usr/local/share/mayfly/www|$repository/www|" \
		-e 's/ mayfly mayfly/ nobody nogroup/; s/ root mayfly/ root nogroup/' \
		"$repository/units/mayfly.tmpfiles" >mayfly.conf
}

@test "systemd-tmpfiles follows no link in the site's and the counter file's directories" {
	write_tmpfiles "$PWD/theirs/state" "$PWD/theirs/site"
	grep -q "^C $PWD/theirs/site" mayfly.conf
	grep -q "^d $PWD/theirs/state 0750 nobody" mayfly.conf
	# The owner cannot remove what root made there, but can move it away.
	attack theirs 'mv -T state "old$RANDOM$RANDOM"; ln -s ../roots state; rm state; mkdir state
		mv -T site "old$RANDOM$RANDOM"; ln -s ../roots/sub site; rm site; mkdir site
		for name in index.html manual.html icon.svg; do ln -s ../../roots/page "site/$name"; done'
	for _ in {1..100}; do
		timeout 20 systemd-tmpfiles --create "$PWD/mayfly.conf" >/dev/null 2>&1 || true
	done
	roots_is_unchanged
}

@test "systemd-tmpfiles fills an empty site of another user, and does not change a site with files" {
	write_tmpfiles "$PWD/state" "$PWD/theirs"
	systemd-tmpfiles --create "$PWD/mayfly.conf"
	equal "$(stat -c '%u %a' state theirs | xargs)" "$owner 750 $owner 755"
	cmp theirs/index.html "$repository/www/index.html"
	rm theirs/*
	ln -s ../roots/page theirs/index.html
	systemd-tmpfiles --create "$PWD/mayfly.conf"
	equal "$(ls theirs)" index.html
	roots_is_unchanged
}

#!/usr/bin/env bats
# precompress run by root on directories of other users, each of whom attacks root: in which directories
# root works, as which user, and what it refuses. make_precompress.bats tests the siblings themselves.
# bats file_tags=root,once

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load owners

precompress=$BATS_TEST_DIRNAME/../../packaging/precompress
neighbour=2 # the account "bin"

setup() {
	give_ordinary_user_access
	site=$BATS_TEST_TMPDIR/www
	mkdir -m 755 "$site" "$BATS_TEST_TMPDIR/bin"
	cd /
}

# as USER COMMAND...: runs the command as this user.
as() {
	setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}

# run_precompress STATUS [ROOT]: runs precompress with the programs in $BATS_TEST_TMPDIR/bin first in PATH.
# It must exit with this status.
run_precompress() {
	run "-$1" --separate-stderr env PATH="$BATS_TEST_TMPDIR/bin:$PATH" timeout 120 "$precompress" "${2-$site}"
	printf 'stdout: %s\nstderr: %s\n' "$output" "$stderr"
}

# replace_program PROGRAM: puts the script on standard input into that directory, in place of the program.
replace_program() {
	cat >"$BATS_TEST_TMPDIR/bin/$1"
	chmod 755 "$BATS_TEST_TMPDIR/bin/$1"
}

# siblings [ROOT]: prints the siblings in the directory, each with owner and permissions.
siblings() {
	(cd "${1-$site}" && find . -name '*.br' -printf '%P %U %m\n' | LC_ALL=C sort)
}

# The attacks aim at a setuid program of root.
refute_setuid() {
	equal "$(find "$BATS_TEST_TMPDIR" -type f -perm /6000 -uid 0)" '' 'setuid programs of root'
}

@test "an owner who replaces the part file by a link to a program gets no setuid program" {
	local program=$BATS_TEST_TMPDIR/program
	install -m 755 /bin/true "$program"
	seq 180000 >"$site/text.html" # 1.2 MB: brotli takes seconds
	chown -R "$owner" "$site"
	# The attacker makes a file setuid, and replaces each part file by a link to the program, until
	# the test ends.
	cat >"$BATS_TEST_TMPDIR/attack" <<-'END'
		cd "$1" || exit
		while :; do
			for part in .precompress.*; do
				[ -f "$part" ] && [ ! -L "$part" ] && sleep 0.1 && rm -f "$part" && ln -s "$2" "$part" && chmod 4755 text.html
			done
		done
	END
	start_attack bash "$BATS_TEST_TMPDIR/attack" "$site" "$program"
	run env timeout 120 "$precompress" "$site"
	echo "$output"
	kill -0 "$attacker"
	refute_setuid
	equal "$(stat -c '%u %a' "$program")" '0 755' 'the program'
	cmp "$program" /bin/true
	equal "$(find "$BATS_TEST_TMPDIR" -type f -uid 0 -newer "$site/text.html" -path '*/www/*')" '' 'files of root in the site'
}

@test "a part file is a new file: a link with its name is not followed" {
	seq 2000 >"$site/text.html"
	echo precious >"$site/kept"
	chown -R "$owner" "$site"
	replace_program mktemp <<<$'#!/bin/sh\necho ./.precompress.known'
	as "$owner" ln -s kept "$site/.precompress.known"
	run_precompress 1
	contains "$stderr" "precompress: $site/text.html: cannot be compressed: "
	equal "$(<"$site/kept")" precious
}

@test "siblings belong to the owner of their directory, and are never setuid" {
	mkdir -p "$site"/{theirs/deep,numeric,neighbours}
	for directory in "$site"/{,theirs/,theirs/deep/,numeric/,neighbours/}; do seq 2000 >"$directory/text.html"; done
	chown -R "$owner" "$site/theirs"
	chown -R 54321 "$site/numeric" # without an account
	chown -R "$neighbour" "$site/neighbours"
	chmod 6755 "$site/text.html" "$site/theirs/text.html"
	chmod 1640 "$site/theirs/deep/text.html"
	run_precompress 0
	equal "$(siblings)" "neighbours/text.html.br $neighbour 644
numeric/text.html.br 54321 644
text.html.br 0 755
theirs/deep/text.html.br $owner 600
theirs/text.html.br $owner 755"
	equal "$(wc -l <<<"$output") $stderr" '15 ' 'lines on standard output, on standard error'
}

@test "root works in no directory that other users can change, and prints what to do" {
	mkdir -p "$site"/{open/below,sticky,acl,theirs/roots/below,good}
	for directory in "$site"/{open/,open/below/,sticky/,acl/,theirs/,theirs/roots/,theirs/roots/below/,good/}; do
		seq 2000 >"$directory/text.html"
	done
	chgrp 60 "$site/open"
	chmod 2775 "$site/open"
	chmod 1777 "$site/sticky"
	chown "$owner" "$site/theirs"
	# user:nobody:rwx in an ACL, on a directory of mode 755
	python3 - "$site/acl" <<-'END'
		import os, struct, sys
		entries = [(1, 7, -1), (2, 7, 65534), (4, 5, -1), (16, 7, -1), (32, 5, -1)]
		acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', t, p, i & 0xffffffff) for t, p, i in entries)
		os.setxattr(sys.argv[1], 'system.posix_acl_access', acl)
	END
	as "$owner" test -w "$site/acl"
	run_precompress 1
	equal "$(siblings)" "good/text.html.br 0 644
theirs/text.html.br $owner 644"
	equal "$(LC_ALL=C sort <<<"$stderr")" "precompress: $site/acl: other users than root can write to it, so that root works neither in it nor below it: run precompress as one of them, or remove their permission (chmod go-w)
precompress: $site/open: other users than root can write to it, so that root works neither in it nor below it: run precompress as one of them, or remove their permission (chmod go-w)
precompress: $site/sticky: other users than root can write to it, so that root works neither in it nor below it: run precompress as one of them, or remove their permission (chmod go-w)
precompress: $site/theirs/roots: belongs to root, but the directory above it to nobody: give it to that user (chown), or move it"
	chmod go-w "$site/open"
	run_precompress 1
	contains "$(siblings)" 'open/below/text.html.br 0 644'
}

@test "a path that others than root and the owner of the directory can change is refused" {
	local private=$BATS_TEST_TMPDIR/private homes=$BATS_TEST_TMPDIR/homes
	mkdir -m 755 "$private" "$homes"
	mkdir "$homes/owner" "$homes/shared" "$homes/shared/site"
	seq 2000 | tee "$private/text.html" "$homes/shared/site/text.html" >"$site/text.html"
	chown -R "$neighbour" "$private"
	chown -R "$owner" "$homes/owner" "$homes/shared/site"
	as "$owner" ln -s "$private" "$homes/owner/site"
	run_precompress 1 "$homes/owner/site"
	equal "$stderr" "precompress: $homes/owner/site: belongs to bin, but nobody (another user) can change where this path leads ($homes/owner): give a path that only root and bin can change"
	as "$owner" ln -sfn "$site" "$homes/owner/site" # root's
	run_precompress 1 "$homes/owner/site"
	contains "$stderr" 'belongs to root, but nobody (another user) can change where this path leads'
	chmod 1777 "$homes" # as /tmp is
	as "$owner" ln -sfn "$private" "$homes/site"
	run_precompress 1 "$homes/site/."
	contains "$stderr" 'belongs to bin, but nobody (another user) can change where this path leads'
	chmod 775 "$homes/shared"
	run_precompress 1 "$homes/shared/site"
	contains "$stderr" "other users can write to $homes/shared and change where this path leads: run precompress as nobody, or remove their permission (chmod go-w)"
	ln -s loop "$homes/loop"
	run_precompress 1 "$homes/loop"
	contains "$stderr" 'is not a directory'
	equal "$(find "$BATS_TEST_TMPDIR" -name '*.br')" '' 'siblings'
}

@test "links made by the owner or by root, and odd names, are followed to a site" {
	local homes=$BATS_TEST_TMPDIR/homes releases
	mkdir -m 755 "$homes"
	releases="$homes/owner/re leases"$'\n/-1\n'
	mkdir -p "$releases"
	seq 2000 >"$releases/text.html"
	chown -R "$owner" "$homes/owner"
	as "$owner" ln -s "$releases" "$homes/owner/current"
	ln -s owner/current "$homes/site"
	run_precompress 0 "$homes/site"
	equal "$(siblings "$releases")" "text.html.br $owner 644"
	rm "$releases"/*.*.*
	cd "$homes/owner"
	run_precompress 0 current/
	equal "${lines[0]}" current//text.html.br
	rm "$releases"/*.*.*
	cd "$releases"
	run_precompress 0 .
	equal "${lines[0]}" ./text.html.br
}

@test "the owner's process gets no file, terminal, environment or capability of root" {
	seq 2000 >"$site/text.html"
	chown -R "$owner" "$site"
	replace_program gzip <<-'END'
		#!/bin/bash
		{
			readlink /proc/self/fd/* /proc/$PPID/fd/*
			grep -E '^(Uid|Gid|Groups|NoNewPrivs|Cap...):' /proc/self/status
			tr '\0' '\n' </proc/$PPID/environ
			(: </dev/tty) 2>&1
			cut -d' ' -f7 /proc/self/stat
		} >seen
		exec /usr/bin/gzip "$@"
	END
	echo secret >"$BATS_TEST_TMPDIR/secret"
	SECRET=hidden PATH=$BATS_TEST_TMPDIR/bin:$PATH timeout 120 script --quiet --return --command "$precompress $site" /dev/null \
		</dev/null 9<"$BATS_TEST_TMPDIR/secret"
	cat "$site/seen"
	[[ -e $site/text.html.gz ]]
	refute grep -E 'secret|hidden|/dev/pts|^/root|precompress$' "$site/seen"
	grep -qx $'Uid:\t65534\t65534\t65534\t65534' "$site/seen"
	grep -qx $'Gid:\t65534\t65534\t65534\t65534' "$site/seen"
	grep -qx $'Groups:\t *' "$site/seen"
	grep -qx $'NoNewPrivs:\t1' "$site/seen"
	equal "$(grep -c $'^Cap...:\t0*$' "$site/seen")" 5 'empty sets of capabilities'
	contains "$(<"$site/seen")" '/dev/tty: No such device or address'
	equal "$(tail -n 1 "$site/seen")" 0 'controlling terminal'
}

@test "what the owner's process prints cannot control root's terminal" {
	seq 2000 >"$site/text.html"
	chown -R "$owner" "$site"
	replace_program mktemp <<-'END'
		#!/bin/bash
		printf '\e]0;title\a\xc2\x9b2J%10000s\n' x >&2
		exec /usr/bin/mktemp "$@"
	END
	PATH=$BATS_TEST_TMPDIR/bin:$PATH timeout 120 "$precompress" "$site" >"$BATS_TEST_TMPDIR/out" 2>&1
	grep -qF '?]0;title??2J' "$BATS_TEST_TMPDIR/out"
	LC_ALL=C refute grep -q $'\e\|\a\|\xc2\x9b' "$BATS_TEST_TMPDIR/out"
	[[ -e $site/text.html.gz ]]
}

@test "a neighbour's directory swapped for a link: root works nowhere else" {
	local private=$BATS_TEST_TMPDIR/private
	mkdir -m 755 "$private" "$site/theirs"
	seq 2000 | tee "$site/theirs/text.html" >"$private/text.html"
	chown -R "$neighbour" "$private" "$site/theirs"
	chown "$owner" "$site"
	# When find has listed the site, which is on standard input, the neighbour's directory is moved, and a link is
	# put in its place.
	replace_program setpriv <<-END
		#!/bin/bash
		cat >"$BATS_TEST_TMPDIR/listed"
		mv "$site/theirs" "$site/.away" && ln -s "$private" "$site/theirs"
		exec /usr/bin/setpriv "\$@" <"$BATS_TEST_TMPDIR/listed"
	END
	chmod 777 "$site" # so that mv works as root without capabilities, in a container
	run_precompress 1
	contains "$stderr" "theirs: was replaced by another directory while precompress ran"
	equal "$(siblings "$private")" '' 'siblings in the private directory'
	equal "$(ls "$private")" text.html
}

@test "users who share a directory with its owner cannot read more of the owner's files than before" {
	local secret=$BATS_TEST_TMPDIR/secret
	seq 2000 >"$secret"
	seq 2000 >"$site/shared.html"
	chown "$owner" "$secret" "$site/shared.html"
	chmod 600 "$secret"
	chown "$owner:60" "$site"
	chmod 2775 "$site" # the sibling's group is 60, the file's is not
	chgrp 65534 "$site/shared.html"
	chmod 640 "$site/shared.html"
	# Between the check of the name and its opening, the file is replaced by a link to the secret.
	replace_program mktemp <<-END
		#!/bin/bash
		[ -L link.html ] || { mv link.html .link && ln -s "$secret" link.html; }
		exec /usr/bin/mktemp "\$@"
	END
	seq 2000 >"$site/link.html"
	run_precompress 1
	contains "$stderr" "$site/link.html: cannot be compressed: was replaced while it was opened"
	equal "$(siblings)" "shared.html.br $owner 640"
	equal "$(stat -c %g "$site/shared.html.br")" 65534 'group of the sibling'
	chgrp 61 "$site/shared.html" # a group without the owner
	touch "$site/shared.html"
	run_precompress 0
	equal "$(siblings)" "shared.html.br $owner 600"
}

@test "siblings of a file that only an ACL makes readable are readable for the owner alone" {
	seq 2000 >"$site/text.html"
	python3 - "$site/text.html" <<-'END'
		import os, struct, sys
		entries = [(1, 6, -1), (2, 4, 65534), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
		acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', t, p, i & 0xffffffff) for t, p, i in entries)
		os.setxattr(sys.argv[1], 'system.posix_acl_access', acl)
	END
	equal "$(stat -c %a "$site/text.html")" 640
	run_precompress 0
	equal "$(siblings)" 'text.html.br 0 600'
}

@test "interrupted as root, precompress ends the owner's process, which removes its part file" {
	seq 2000 >"$site/text.html"
	chown -R "$owner" "$site"
	replace_program brotli <<-END
		#!/bin/bash
		echo \$\$ >running
		exec sleep 300
	END
	PATH=$BATS_TEST_TMPDIR/bin:$PATH "$precompress" "$site" 3>&- &
	attacker=$!
	patience=60 wait_until test -s "$site/running"
	kill -TERM "$attacker"
	wait "$attacker" || true
	patience=60 wait_until refute kill -0 "$(<"$site/running")"
	patience=60 wait_until refute compgen -G "$site/.precompress.*"
	equal "$(printf '%s ' "$site"/*)" "$site/running $site/text.html " 'remaining files'
}

# precompress once reported directories that it had read, because the status from `wait` was wrong; see make_siblings.
@test "a directory that its owner cannot read is reported, and the others get siblings" {
	mkdir "$site/closed"
	seq 2000 | tee "$site/closed/text.html" >"$site/text.html"
	chown -R "$owner" "$site"
	chmod 300 "$site/closed"
	run_precompress 1
	equal "$stderr" "precompress: $site/closed: cannot be read as nobody"
	equal "$(siblings)" "text.html.br $owner 644"
	chmod 755 "$site/closed"
	run_precompress 0
	equal "$stderr" ''
}

@test "with a relative directory in PATH root does nothing" {
	seq 2000 >"$site/text.html"
	chown -R "$owner" "$site"
	run -1 env PATH=".:$PATH" "$precompress" "$site"
	equal "$output" 'precompress: PATH has a directory whose name does not begin with /'
}

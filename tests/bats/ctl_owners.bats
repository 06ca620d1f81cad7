#!/usr/bin/env bats
# mayflyctl run by root on files in a directory of another user, who replaces them by symbolic links, hard links and
# FIFOs: nothing outside that directory changes. ctl_hits.bats and ctl_hits_edit.bats test the commands otherwise.
# bats file_tags=root,once
# shellcheck disable=SC2016 # backquotes in messages are no commands
load helpers
load ctl_hits
load owners

# The owner may read `roots`.
setup() {
	give_ordinary_user_access
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -m 755 theirs roots
	: >roots/empty
	echo old >roots/page
	printf '%s\n' 'mayfly-hits 1' $'7\t/x' $'end\t1' >saved
	make_hits more 5 /y
	make_hits theirs/good 3 /a
	chown -R "$owner:$owner" theirs
	state=$(state_of_roots)
}

# refused WORDS COMMAND...: mayflyctl, run by root, must fail with these words.
refused() {
	run -1 --separate-stderr timeout 60 "$CTL" "${@:2}" </dev/null
	contains "$stderr" "$1"
}

# every_change COMMAND...: passes the arguments of each mayflyctl command that writes to a counter file.
every_change() {
	"$@" import saved || return
	"$@" merge more || return
	"$@" reset --yes || return
	"$@" verify --repair
}

@test "a counter file that is a link to root's file is not opened" {
	link=$(printf '%s' "another user's symbolic link leads there; name the file without it")
	make_hits roots/hits 1 /z
	state=$(state_of_roots)
	for target in empty hits; do
		as_owner ln -sfn "../roots/$target" theirs/hits
		every_change refused "$link" hits --hits theirs/hits
		refused "$link" hits --hits theirs/hits
		refused "$link" hits --hits theirs/hits export -
	done
	as_owner ln -sfn ../roots/new theirs/hits
	refused "$link" hits --hits theirs/hits import saved
	as_owner ln -sfn ../roots theirs/directory
	refused "$link" hits --hits theirs/directory/hits reset --yes
	roots_is_unchanged
}

@test "a counter file that is a hard link to root's file is not written to" {
	local problem="its owner is not its directory's, or it has several hard links; root does not write to it"
	make_hits roots/hits 1 /z
	ln roots/empty theirs/empty # by root here: fs.protected_hardlinks keeps users from it
	ln roots/hits theirs/hits
	state=$(state_of_roots)
	refused "$problem" hits --hits theirs/empty import saved
	refused "$problem" hits --hits theirs/empty merge more
	every_change refused "$problem" hits --hits theirs/hits
	chown root theirs
	chmod 1777 theirs # as /tmp is
	every_change refused "$problem" hits --hits theirs/hits
	roots_is_unchanged
}

@test "links that lead to too long a name or path, or to the root directory, are not opened" {
	ln -s "$(printf 'a%.0s' {1..300})" roots/name
	refused 'File name too long' hits --hits roots/name
	ln -s "$(printf './%.0s' {1..2030})" roots/path
	refused 'File name too long' hits --hits "roots/path/$(printf 'b/%.0s' {1..100})hits"
	ln -s / roots/top
	refused 'Is a directory' hits --hits roots/top
}

@test "a counter file that is a FIFO or leads to a device is not opened" {
	as_owner mkfifo theirs/hits
	mknod theirs/device c 1 3
	start_attack bash -c ': >theirs/hits && touch theirs/opened'
	every_change refused 'not a regular file' hits --hits theirs/hits
	refused 'not a regular file' hits --hits theirs/hits
	refused 'not a regular file' hits --hits theirs/device
	kill -0 "$attacker"
	[[ ! -e theirs/opened ]]
	as_owner ln -sfn /dev/null theirs/null
	refused "another user's symbolic link leads there" hits --hits theirs/null
}

@test "counter file swapped while root works: root changes nothing outside the directory" {
	attack theirs 'ln -sfn ../roots/empty hits; mv -T hits swap; cp good swap.new; mv -T swap.new hits; mv -T swap hits'
	for _ in {1..40}; do
		timeout 60 "$CTL" hits --hits theirs/hits import saved >/dev/null 2>&1 || true
		timeout 60 "$CTL" hits --hits theirs/hits reset --yes >/dev/null 2>&1 || true
		timeout 60 "$CTL" hits --hits theirs/hits verify --repair >/dev/null 2>&1 || true
	done
	roots_is_unchanged
}

@test "a counter file that root creates belongs to the owner of its directory" {
	run -0 "$CTL" hits --hits theirs/new import saved
	equal "$(stat -c '%u:%g %a' theirs/new)" "$owner:$owner 640"
	attack theirs 'ln -sfn ../roots/new hits; rm -f hits'
	for _ in {1..100}; do
		timeout 60 "$CTL" hits --hits theirs/hits import saved >/dev/null 2>&1 || true
	done
	roots_is_unchanged
}

@test "the copy that a repair keeps is a new file that belongs to the owner" {
	damage_byte 0 theirs/good
	chmod 4755 theirs/good
	# The names that the copies of the next minute would have, all taken by links.
	(cd theirs && for second in {0..60}; do
		as_owner ln -s ../roots/empty "good.damaged-$(date -d "+$second seconds" +%Y%m%dT%H%M%S)"
	done)
	run -0 timeout 60 "$CTL" hits --hits theirs/good verify --repair --json
	copy=$(jq -r .copy <<<"$output")
	echo "$output"
	equal "$(stat -c '%F %u %a' "$copy")" "regular file $owner 755"
	roots_is_unchanged
}

@test "output of root replaces a link or is refused, and never follows one" {
	as_owner ln -sfn ../roots/page theirs/page
	for command in 'hits --hits more export' 'hits --hits more --output' 'report --hits more --output'; do
		# shellcheck disable=SC2086 # words
		{
			refused 'not a regular file' $command theirs/page
			as_owner ln -sfn ../roots theirs/out
			refused "another user's symbolic link leads there" $command theirs/out/page
			mkdir -p theirs/mine && chown "$owner" theirs/mine
			as_owner ln -sfn mine theirs/out
			run -0 "$CTL" $command theirs/out/page
			[[ -s theirs/mine/page ]] && rm theirs/mine/page
		}
	done
	roots_is_unchanged
}

@test "directory swapped while root writes: root changes nothing outside it" {
	as_owner mkdir theirs/mine
	attack theirs 'ln -sfn ../roots out; mv -T out swap; mkdir -p out; mv -T out mine/out; mv -T swap out; rm -rf mine/out'
	for _ in {1..100}; do
		timeout 60 "$CTL" hits --hits more --output theirs/out/page 2>/dev/null || true
	done
	roots_is_unchanged
}

@test "without capabilities root writes to its directory inside another user's, not through a link in its place" {
	local write=(setpriv --bounding-set=-all --inh-caps=-all --regid="$owner" --clear-groups "$CTL" hits --hits theirs/good)
	chmod 750 theirs # as mayfly-metrics.service finds the counter file, and node_exporter's directory in prometheus's
	mkdir -p prometheus/node-exporter
	chown "$owner" prometheus
	run -0 "${write[@]}" --format openmetrics --output prometheus/node-exporter/mayfly.prom
	contains "$(<prometheus/node-exporter/mayfly.prom)" 'mayfly_hits_total{path="/a"} 3'
	as_owner mv prometheus/node-exporter prometheus/old
	as_owner ln -s ../roots prometheus/node-exporter
	run -1 "${write[@]}" --format openmetrics --output prometheus/node-exporter/page
	contains "$output" "another user's symbolic link leads there"
	roots_is_unchanged
}

# A program that counts branches creates files of counts.
# bats test_tags=uncounted
@test "root writes to a new file with a random name first: no link can have that name" {
	run -0 strace -o calls -e trace=openat "$CTL" hits --hits theirs/good export theirs/new
	equal "$(grep -cE '"new\.[0-9a-f]{16}", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0666' calls)" 1 'creations'
	equal "$(grep -c O_CREAT calls)" 1 'all creations'
}

@test "links of root, and the owner's links to the owner's files, are followed" {
	as_owner ln -s "$PWD/theirs/good" theirs/current
	ln -s theirs by-root
	ln -s by-root/current hits
	run -0 "$CTL" hits --hits hits import saved
	equal "$(counts theirs/good)" '3 /a,7 /x'
	run -0 "$CTL" hits --hits by-root/../theirs//./current export by-root/saved
	[[ -s theirs/saved ]]
	ln -s loop loop
	refused 'Too many levels of symbolic links' hits --hits loop
	refused 'Is a directory' hits --hits theirs/
	refused 'Not a directory' hits --hits theirs/good/x
	refused 'File name too long' hits --hits "$(printf '%0300d' 0)"
}

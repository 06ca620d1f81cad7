# `mayflyctl check` under real systemd: no finding on a sound machine, and for each problem a finding whose commands
# solve it when they are pasted.
# bats file_tags=once
# shellcheck disable=SC2016 # the machine's shell expands it

load container
load https

setup_file() {
	start_https_machine
	# By default systemd lets a socket start five times within ten seconds, which these tests exceed.
	printf '%s\n' '[Manager]' DefaultStartLimitIntervalSec=0 | write /etc/systemd/system.conf.d/test.conf
	inside systemctl daemon-reload
	inside systemctl enable --quiet --now mayfly.socket
	visit / >/dev/null
}

# check: runs check. Sets output and status.
check() {
	run inside /usr/local/bin/mayflyctl check
}

# finds PROBLEM LINE...: check must find only this problem, with exactly these lines of advice and command, and must not
# take the site for unserved. finds_critical: it must.
finds() {
	finds_with 1 "$@"
}

finds_critical() {
	finds_with 2 "$@"
}

# finds_with STATUS PROBLEM LINE...
finds_with() {
	local i
	check
	equal "$status" "$1" 'exit status'
	shift
	equal "${#lines[@]}" $# "lines of [$output]"
	contains "${lines[0]}" "$1"
	for ((i = 1; i < $#; i++)); do
		contains "${lines[i]}" "    ${*:i+1:1}"
	done
}

finds_nothing() {
	check
	equal "$output" 'No problems found.'
	equal "$status" 0 'exit status'
}

# notes NOTE: check must find no problem, and print this note.
notes() {
	check
	equal "$status $output" "0 No problems found.
$1"
}

# commands: prints the commands of all findings, one per line.
commands() {
	inside /usr/local/bin/mayflyctl check --json | jq -r '.[].command | strings'
}

# paste_all: runs each line of standard input in a shell of root on a terminal, with an editor that changes nothing. No line
# may create a file `pasted...`.
paste_all() {
	local command
	while IFS= read -r command; do
		echo "pasted: $command"
		inside env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_EDITOR=true SHELL=/bin/bash \
			script -qec "cd /root && $command" /dev/null </dev/null || fail "exit status $?: $command" || return
	done
	equal "$(inside find / -xdev -name 'pasted*')" '' 'files that a pasted command made'
}

# pasting_solves PROBLEM COUNT: the findings must include PROBLEM and have COUNT commands, which solve all problems.
pasting_solves() {
	local found advised
	found=$(inside /usr/local/bin/mayflyctl check --json || true)
	advised=$(jq -r '.[].command | strings' <<<"$found")
	equal "$(wc -l <<<"$advised")" "$2" "commands in [$advised]"
	contains "$(jq -r '.[].problem' <<<"$found")" "$1"
	paste_all <<<"$advised" || return
	finds_nothing
}

knows_who_listens() {
	check
	[[ $output == *'port 8080 is taken by systemd-socket- (process '* ]]
}

# drop_in UNIT LINE...: installs a drop-in with these lines until the end of the test.
drop_in() {
	printf '%s\n' "${@:2}" | write "/etc/systemd/system/$1.d/test.conf"
	inside systemctl daemon-reload
}

# drop_no DROP_IN: removes the drop-in of this unit.
drop_no() {
	inside sh -c "rm /etc/systemd/system/$1.d/test.conf && systemctl daemon-reload"
}

# with_options OPTION...: makes systemd start handlers with these options.
with_options() {
	echo "MAYFLY_OPTIONS=$*" | write /etc/default/mayfly
}

teardown() {
	inside sh -c 'set -- /etc/systemd/system/mayfly*.d
		[ ! -e "$1" ] || { rm -r "$@" && systemctl daemon-reload; }'
	inside systemctl start mayfly.socket
}

@test "check finds no problem after make install" {
	finds_nothing
}

# bats test_tags=any-debian
@test "an unreadable file and directory are findings, hidden ones are not" {
	inside sh -c 'cd /srv/mayfly && mkdir -m 700 closed .hidden && echo x >secret.txt && chmod 600 secret.txt'
	check
	equal "$status" 1
	contains "$output" $'secret.txt: the handler cannot read it (403)\n    let the handler\'s user read it:\n    chmod o+r /srv/mayfly/secret.txt'
	contains "$output" $'closed: the handler cannot read it (403)\n    let the handler\'s user read it:\n    chmod o+rx /srv/mayfly/closed'
	equal "${#lines[@]}" 6 lines
	pasting_solves secret.txt 2
	inside sh -c 'cd /srv/mayfly && rm -r closed .hidden secret.txt'
}

# bats test_tags=any-debian
@test "a root directory named with slashes at its end is no problem" {
	local options
	for options in '--root /srv/mayfly/' '--root /srv/mayfly///'; do
		with_options "$options"
		finds_nothing
	done
	inside sh -c 'echo x >/srv/mayfly/secret.txt && chmod 600 /srv/mayfly/secret.txt'
	finds /secret.txt "let the handler's user read it:" 'chmod o+r /srv/mayfly/'
	pasting_solves /secret.txt 1
	inside rm /srv/mayfly/secret.txt /etc/default/mayfly
}

# bats test_tags=any-debian
@test "links out of the root directory and links to nothing are findings" {
	inside sh -c 'cd /srv/mayfly && ln -s /etc/passwd leaving && ln -s nowhere dangling && ln -s index.html fine'
	check
	equal "$status" 1
	contains "$output" $'leaving: a link that leads out of the root directory (404)\n    copy its target'
	contains "$output" $'dangling: a link that leads nowhere (404)\n    create its target, or remove it:\n    rm /srv/mayfly/dangling'
	equal "${#lines[@]}" 5 lines
	# As the handler does: an absolute link into the root directory is followed.
	inside ln -s /srv/mayfly/index.html /srv/mayfly/absolute
	check
	equal "${#lines[@]}" 5 lines
	inside rm /srv/mayfly/leaving /srv/mayfly/absolute
	pasting_solves dangling 1
	inside rm /srv/mayfly/fine
}

# bats test_tags=any-debian
@test "with --vhosts a link to another host's directory is a finding, and rules that an absolute link leads to are read" {
	with_options --vhosts
	inside sh -c 'cd /srv/mayfly && mkdir h1 h2 && echo x >h2/y && ln -s ../h2/y h1/x && ln -s /srv/mayfly/h1/z h1/_redirects'
	echo '/a /b 999' | write /srv/mayfly/h1/z
	inside chmod -R a+rX /srv/mayfly/h1 /srv/mayfly/h2
	check
	equal "$status" 1
	contains "$output" 'h1/x: a link that leads out of the root directory (404)'
	contains "$output" 'h1/_redirects: line 1 has a status other than'
	inside rm -r /srv/mayfly/h1 /srv/mayfly/h2
	with_options
}

# bats test_tags=any-debian
@test "a link to a directory that contains it is a finding" {
	inside sh -c 'cd /srv/mayfly && mkdir -p sub/deep && ln -s . a && ln -s ../.. sub/deep/up && ln -s sub beside'
	check
	equal "$status" 1
	contains "$output" 'a: a link to a directory that contains it, so that files have endless names'
	contains "$output" 'sub/deep/up: a link to a directory that contains it, so that files have endless names'
	equal "${#lines[@]}" 6 lines
	pasting_solves sub/deep/up 2
	inside sh -c 'cd /srv/mayfly && rm -r sub beside'
}

# visits PATH: whether a client gets this page with status 200.
visits() {
	visit "$1" --fail --silent --output /dev/null
}

# write_rules FILE LINE...: creates a file of rules under the root directory.
write_rules() {
	printf '%s\n' "${@:2}" | write "/srv/mayfly/$1"
	inside chmod a+r "/srv/mayfly/$1"
}

# bats test_tags=any-debian
@test "lines of _redirects and _headers that have no effect are named with their numbers" {
	write_rules _redirects '# moved' '/a /b' '/c /d 301!' '' '/e id=:id /f' '/api/* https://api.example/:splat 200'
	write_rules _headers '/*' '  X-A: 1' '  Content-Length: 1' '/*/*' '  X-B: 2'
	check
	equal "$status" 1
	equal "$output" '/srv/mayfly/_redirects: line 3 is forced (!), which is not supported: an existing file is served
    correct or remove the line; see mayfly(8), Redirects
/srv/mayfly/_redirects: line 5 depends on the query, which is not supported
    correct or remove the line; see mayfly(8), Redirects
/srv/mayfly/_redirects: line 6 serves a file of another host, which is not supported
    correct or remove the line; see mayfly(8), Redirects
/srv/mayfly/_headers: line 3 has a field that only the server may send
    correct or remove the line; see mayfly(8), Header fields
/srv/mayfly/_headers: line 4 has more than one *
    correct or remove the line; see mayfly(8), Header fields
/srv/mayfly/_headers: line 5 belongs to no valid block
    correct or remove the line; see mayfly(8), Header fields'
	with_options --no-rules
	finds_nothing
	inside sh -c 'rm /srv/mayfly/_headers && printf x >/srv/mayfly/_redirects'
	with_options
	finds '/srv/mayfly/_redirects: line 1 ' 'correct or remove the line; see mayfly(8), Redirects'
	inside rm /srv/mayfly/_redirects
	finds_nothing
}

# bats test_tags=any-debian
@test "rules for countries, languages, roles and cookies, and rules that the handler cannot read, are named" {
	write_rules _redirects '/a /b 302 Country=ch,tw' '/a /c Language=de' '/a /d 200 Role=admin' '/a /e 301 Cookie=x' '/a /f'
	check
	local line
	for line in 1 2 3 4; do
		contains "$output" "/srv/mayfly/_redirects: line $line has a condition or another word after its status, which is not supported"
	done
	equal "${#lines[@]}" 8 'lines of output'
	write_rules _redirects '/a /b'
	write_rules _headers '/*' '  X-A: 1'
	inside chmod 600 /srv/mayfly/_redirects /srv/mayfly/_headers
	check
	contains "$output" "/srv/mayfly/_headers: the handler cannot read it: none of its rules applies
    let the handler's user read it:
    chmod o+r /srv/mayfly/_headers"
	pasting_solves '/srv/mayfly/_redirects: the handler cannot read it: none of its rules applies' 2
	inside chmod 600 /srv/mayfly/_headers
	with_options --no-rules
	finds '/srv/mayfly/_headers: the handler cannot read it (403)' "let the handler's user read it:" 'chmod o+r /srv/mayfly/_headers'
	with_options --vhosts
	inside sh -c 'mkdir -m 755 /srv/mayfly/one.example && mv /srv/mayfly/_headers /srv/mayfly/one.example/ && rm /srv/mayfly/_redirects'
	finds '/srv/mayfly/one.example/_headers: the handler cannot read it: none of its rules applies' \
		"let the handler's user read it:" 'chmod o+r /srv/mayfly/one.example/_headers'
	inside rm -r /srv/mayfly/one.example
	with_options
	finds_nothing
}

# bats test_tags=any-debian
@test "files of rules that are too large, and many lines without effect" {
	seq -f '/%.0f /x' 1001 | write /srv/mayfly/_redirects
	inside chmod a+r /srv/mayfly/_redirects
	finds '/srv/mayfly/_redirects is larger than 64 KiB or has more than 1000 rules: none applies' \
		'make it smaller; see mayfly(8), Redirects'
	seq -f 'bad-%.0f' 12 | write /srv/mayfly/_redirects
	check
	contains "$output" '/srv/mayfly/_redirects: line 10 has no target'
	contains "$output" $'/srv/mayfly/_redirects: 2 more lines without effect\n    correct those above, then check again:'
	inside rm /srv/mayfly/_redirects
	head -c 65537 /dev/zero | tr '\0' '#' | write /srv/mayfly/_headers
	inside chmod a+r /srv/mayfly/_headers
	finds '/srv/mayfly/_headers is larger than 64 KiB: none of its fields is sent' \
		'make it smaller; see mayfly(8), Header fields'
	inside rm /srv/mayfly/_headers
	finds_nothing
}

# bats test_tags=any-debian
@test "with --vhosts the rules of each host are checked" {
	inside mkdir /srv/mayfly/one.example
	write_rules one.example/_redirects '/a'
	write_rules _redirects '/b'
	with_options --vhosts
	finds '/srv/mayfly/one.example/_redirects: line 1 has no target' 'correct or remove the line; see mayfly(8), Redirects'
	inside rm -r /srv/mayfly/one.example /srv/mayfly/_redirects
	with_options
	finds_nothing
}

# bats test_tags=any-debian
@test "control bytes in a file name are escaped" {
	inside sh -c 'cd /srv/mayfly && ln -s nowhere "$(printf "a\033[31mb")"'
	check
	inside sh -c 'rm /srv/mayfly/a*b'
	contains "$output" 'a\x1b[31mb: a link that leads nowhere'
}

# bats test_tags=any-debian
@test "commands quote file names: pasting them has no other effect" {
	local number=0
	inside bash -c 'umask 077; cd /srv/mayfly && mkdir odd && chmod 755 odd && cd odd &&
		for name in "a b" "a;touch pasted1" "\$(touch pasted2)" "\`touch pasted3\`" "it'"'"'s" -rf "\\" "|touch pasted4" \
			$'"'a\ntouch pasted5'"' "*" "~" "!!" $'"'\351\e'"' "\$HOME" "& touch pasted6 &" "\"" "#"; do
			echo x >"./$name" && ln -s nowhere "./link $name" || exit 1
		done'
	for ((number = 0; number < 5; number++)); do
		commands | grep -vx 'mayflyctl check' | paste_all || return
	done
	finds_nothing
	equal "$(inside sh -c 'ls /srv/mayfly/odd | wc -l')" 18 'lines of the 17 files that are left'
	inside rm -r /srv/mayfly/odd
}

@test "commands for a user's file run as that user: a link in its place changes no other file" {
	inside sh -c 'useradd alice && cd /srv/mayfly && mkdir alice && echo x >alice/page.html && ln -s nowhere alice/link &&
		chmod 600 alice/page.html && chown -hR alice alice && echo secret >/etc/secret && chmod 600 /etc/secret'
	finds_both() {
		equal "$(commands | sort)" 'runuser -u alice -- chmod o+r /srv/mayfly/alice/page.html
runuser -u alice -- rm /srv/mayfly/alice/link'
	}
	finds_both
	commands >advised
	inside sh -c 'cd /srv/mayfly && ln -sf /etc/secret alice/page.html && mv alice alice.old && mkdir /etc/of-root &&
		echo x >/etc/of-root/link && ln -s /etc/secret /etc/of-root/page.html && ln -s /etc/of-root alice'
	paste_all <advised || true
	equal "$(inside stat -c %a /etc/secret) $(inside cat /etc/of-root/link)" '600 x'
	inside sh -c 'cd /srv/mayfly && rm alice && mv alice.old alice && rm alice/page.html && echo x >alice/page.html &&
		chmod 600 alice/page.html && chown alice alice/page.html && rm -r /etc/of-root'
	finds_both
	pasting_solves alice/page.html 2
	# A file of root in another user's directory: root must not use its name, so there is no command.
	inside sh -c 'cd /srv/mayfly && chown root alice/page.html && chmod 600 alice/page.html'
	equal "$(commands)" ''
	finds 'alice/page.html: the handler cannot read it (403)' "let the handler's user read it"
	# The owner is a number without an account.
	inside sh -c 'cd /srv/mayfly && chown -R 4711:4711 alice && chmod 600 alice/page.html'
	equal "$(commands)" 'setpriv --reuid=4711 --regid=4711 --clear-groups chmod o+r /srv/mayfly/alice/page.html'
	pasting_solves alice/page.html 1
	inside sh -c 'rm -r /srv/mayfly/alice /etc/secret && userdel alice'
}

# bats test_tags=any-debian
@test "of many files with one problem the first ten are listed" {
	inside sh -c 'cd /srv/mayfly && mkdir many && cd many && touch $(seq 25) && chmod 600 *'
	check
	contains "$output" $'15 more: the handler cannot read it (403)\n    solve those above, then check again:\n    mayflyctl check'
	equal "${#lines[@]}" 33 lines
	inside rm -r /srv/mayfly/many
}

# bats test_tags=any-debian
@test "the first directory that blocks the path of the root directory is named" {
	echo 'MAYFLY_OPTIONS=--root /home/me/site/public' | write /etc/default/mayfly
	inside sh -c 'mkdir -p /home/me/site/public && chmod 700 /home/me'
	finds_critical 'user mayfly cannot enter /home/me, on the path of the root directory /home/me/site/public' 'chmod o+x /home/me'
	pasting_solves /home/me 1
	inside rm -r /home/me
	finds_critical 'the root directory /home/me/site/public: No such file or directory' 'create it, or set another --root:' \
		'mkdir -p /home/me/site/public'
	pasting_solves /home/me 1
	inside rm -r /home/me /etc/default/mayfly
}

# bats test_tags=any-debian
@test "an unwritable, foreign, damaged or locked counter file is a finding" {
	local holder
	inside sh -c 'cd /var/lib/mayfly && chown root hits && chmod 600 hits'
	finds 'user mayfly cannot write the counter file /var/lib/mayfly/hits: Permission denied' \
		'chown -h mayfly /var/lib/mayfly/hits'
	pasting_solves 'cannot write' 1
	inside sh -c 'cd /var/lib/mayfly && cp -p hits kept && echo foreign >hits'
	finds 'the counter file /var/lib/mayfly/hits: not a counter file, or one of another version' \
		'move it away; the next hit creates a new one:' 'mv -nT /var/lib/mayfly/hits /var/lib/mayfly/hits.old'
	pasting_solves 'not a counter file' 1
	inside sh -c 'cd /var/lib/mayfly && rm hits.old && cp -p kept hits && printf "\\006" | dd of=hits bs=1 seek=4096 conv=notrunc'
	finds 'the counter file /var/lib/mayfly/hits has 1 fault' \
		'mayflyctl hits verify --repair --hits /var/lib/mayfly/hits'
	pasting_solves 'has 1 fault' 1
	inside sh -c 'cd /var/lib/mayfly && mv kept hits && rm hits.damaged-*'
	finds_nothing
	exec {holder}<"/proc/$MACHINE/root/var/lib/mayfly/hits"
	flock -x "$holder"
	finds 'the counter file /var/lib/mayfly/hits: locked by another program for 5 seconds' \
		'find the program that has locked it:' lslocks
	commands | paste_all
	exec {holder}<&-
	finds_nothing
}

# bats test_tags=any-debian
@test "a counter file that cannot be created is a finding" {
	with_options --hits /var/lib/counts/hits
	finds 'user mayfly cannot create the counter file in /var/lib/counts: No such file or directory' \
		'mkdir -m 750 /var/lib/counts && chown -h mayfly /var/lib/counts'
	pasting_solves /var/lib/counts 1
	# The request of the last check has created the file.
	inside sh -c 'rm /var/lib/counts/hits && chown root /var/lib/counts && chmod 755 /var/lib/counts'
	finds 'user mayfly cannot create the counter file in /var/lib/counts: Permission denied' \
		'set --hits to a file in a directory of its own; if this is one:' 'chown -h mayfly /var/lib/counts'
	pasting_solves /var/lib/counts 1
	inside rm -r /var/lib/counts /etc/default/mayfly
}

@test "a user that does not exist is a finding" {
	drop_in mayfly@.service '[Service]' User=ghost
	equal "$(commands)" 'useradd --system ghost'
	finds_critical 'there is no user ghost' 'useradd --system ghost'
	commands | paste_all
	refute contains "$(inside /usr/local/bin/mayflyctl check)" 'there is no user'
	inside userdel ghost
}

@test "an inactive socket is a finding, with the program that has its port" {
	inside systemctl stop mayfly.socket
	finds_critical 'mayfly.socket is inactive: no client is served' 'systemctl enable --now mayfly.socket'
	inside systemd-run --quiet --unit=other --service-type=exec \
		systemd-socket-activate --listen=8080 /bin/true
	wait_until knows_who_listens
	commands | grep edit | paste_all
	inside systemctl stop other
	pasting_solves 'mayfly.socket is inactive' 1
}

# bats test_tags=any-debian
@test "limits below the shipped ones are findings" {
	drop_in mayfly.socket '[Socket]' MaxConnections=64
	finds 'mayfly.socket: MaxConnections=64 is below the shipped 1024' \
		'set MaxConnections=1024 in the section [Socket]:' 'systemctl edit mayfly.socket'
	commands | paste_all
	drop_in mayfly.slice '[Slice]' MemoryMax=10M
	drop_in mayfly.socket '[Socket]' MaxConnections=64 MaxConnectionsPerSource=0 # no limit
	check
	refute contains "$output" MaxConnectionsPerSource
	contains "$output" 'mayfly.slice: MemoryMax=10485760 is below the shipped 536870912'
}

@test "a socket that a burst of connections can stop is a finding" {
	drop_in mayfly.socket '[Socket]' TriggerLimitIntervalSec=2s
	finds 'mayfly.socket: a burst of connections can stop it' \
		'set TriggerLimitIntervalSec=0 in the section [Socket]:' 'systemctl edit mayfly.socket'
}

@test "protections that a drop-in switches off are findings" {
	drop_in mayfly@.service '[Service]' User=root NoNewPrivileges=no CapabilityBoundingSet=CAP_CHOWN \
		StandardError=inherit '[Unit]' CollectMode=inactive
	check
	equal "$status" 1
	for problem in 'handlers run as root' 'NoNewPrivileges= is off' 'CapabilityBoundingSet= leaves capabilities' \
		'StandardError= goes to the client' 'CollectMode= keeps failed'; do
		contains "$output" "mayfly@.service: $problem"
	done
	equal "${#lines[@]}" 15 lines
	commands | paste_all
}

# bats test_tags=any-debian
@test "an unconfined handler and a rejected command line are findings" {
	local options remedy=('correct MAYFLY_OPTIONS in /etc/default/mayfly' 'systemctl cat mayfly@.service')
	for options in '--sandbox off' '--sandbox=require --sandbox=off'; do
		with_options "$options"
		finds '--sandbox off: handlers are not confined' "${remedy[@]}"
	done
	with_options --header-timeout 0
	finds_critical 'the handler rejects its command line: mayfly: --header-timeout: "0" is not in 1-86400 (seconds)' "${remedy[@]}"
	with_options --log=nowhere
	finds_critical 'the handler rejects its command line: mayfly: --log: "nowhere" is not journal, journal:NAMESPACE, stderr, off or auto' "${remedy[@]}"
	with_options --nothing
	finds_critical 'the handler rejects its command line: mayfly: unknown option --nothing' "${remedy[@]}"
	with_options --counter-path counter
	finds_critical 'the handler rejects its command line: mayfly: --counter-path: "counter" is not a canonical path such as /counter' "${remedy[@]}"
	with_options --check-config
	finds_critical 'the handler rejects its command line: mayfly: --check-config is given twice' "${remedy[@]}"
	with_options --version
	finds_critical 'the handler rejects its command line: mayfly: --version cannot be combined with --check-config' "${remedy[@]}"
	with_options "--sandbox require --log=journal --cache-control 'max-age=60, public' --vhosts"
	finds_nothing
	inside rm /etc/default/mayfly
}

# bats test_tags=any-debian
@test "a command line that handlers of mayfly-accept reject is a finding" {
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
	with_options --keep-alive never
	finds_critical 'the handler rejects its command line: mayfly: --keep-alive: "never" is not in 0-86400 (seconds)' 'correct MAYFLY_OPTIONS' 'systemctl cat mayfly-busy.service'
	commands | paste_all
	inside rm /etc/default/mayfly
	check
	equal "$status" 2
	contains "$output" $'mayfly-busy.service still runs with other options than it has now\n    systemctl try-restart mayfly-busy.service'
	commands | paste_all
	finds_nothing
	echo 'MAYFLY_ACCEPT_OPTIONS=--max-connections 10 --max-per-source 20' | write /etc/default/mayfly
	inside systemctl try-restart mayfly-busy.service
	finds 'mayfly-accept: --max-per-source has no effect above --max-connections' 'correct MAYFLY_ACCEPT_OPTIONS in /etc/default/mayfly' \
		'systemctl cat mayfly-busy.service'
	echo 'MAYFLY_ACCEPT_OPTIONS=--idle-exit 0' | write /etc/default/mayfly
	inside systemctl stop mayfly-busy.service
	finds_critical 'mayfly-accept rejects its command line: mayfly-accept: --idle-exit: 0 is not in' \
		'correct MAYFLY_ACCEPT_OPTIONS in /etc/default/mayfly' 'systemctl cat mayfly-busy.service'
	inside rm /etc/default/mayfly
	commands | paste_all
	finds_nothing
	with_options --list
	finds 'mayfly-busy.service still runs with other options than it has now' 'systemctl try-restart mayfly-busy.service'
	pasting_solves 'still runs' 1
	inside rm /etc/default/mayfly
	inside systemctl disable --quiet --now mayfly-busy.socket
	inside systemctl enable --quiet --now mayfly.socket
}

# bats test_tags=any-debian
@test "a handler that its user cannot execute is a finding" {
	inside chmod 700 /usr/local/sbin/mayfly
	finds_critical 'user mayfly cannot execute /usr/local/sbin/mayfly' 'install Mayfly again: "make install" in its source'
	inside chmod 755 /usr/local/sbin/mayfly
	finds_nothing
}

@test "--json prints the same findings" {
	inside ln -s nowhere /srv/mayfly/dangling
	run inside /usr/local/bin/mayflyctl check --json
	inside rm /srv/mayfly/dangling
	equal "$status" 1
	equal "$(jq -c '.[]' <<<"$output")" '{"severity":"warning","site":"mayfly","problem":"/srv/mayfly/dangling: a link that leads nowhere (404)","remedy":"create its target, or remove it","command":"rm /srv/mayfly/dangling"}'
	run inside /usr/local/bin/mayflyctl check --json
	equal "$status $(jq length <<<"$output")" '0 0'
}

@test "for an ordinary user check prints what only root can check" {
	run inside runuser -u nobody -- /usr/local/bin/mayflyctl check
	equal "$output" $'No problems found.\nRun this as root to check what the handler\'s user may read and write.'
}

@test "missing units and a machine without systemd are findings" {
	inside sh -c 'cd /usr/lib/systemd/system && mkdir /root/away && mv mayfly* /root/away && systemctl daemon-reload'
	check
	inside sh -c 'mv /root/away/* /usr/lib/systemd/system && rmdir /root/away && systemctl daemon-reload'
	inside systemctl restart mayfly.socket
	equal "$status" 2
	contains "$output" 'mayfly.socket is not installed
    install Mayfly again: "make install" in its source'
	run inside unshare --mount sh -c 'mount -t tmpfs none /run/systemd && exec /usr/local/bin/mayflyctl check'
	equal "$status" 3
	contains "$output" 'systemd is not running on this machine'
}

# finds_request PROBLEM: check must find only that a request has this problem; its command must run.
finds_request() {
	finds_critical "$1" 'see the last errors of the units:' 'journalctl -b -n 20 --no-pager -u mayfly'
	commands | paste_all
}

@test "a site whose handler answers 503 for a reason that nothing else shows is a finding" {
	drop_in mayfly@.service '[Service]' InaccessiblePaths=/srv/mayfly
	finds_request 'mayfly.socket: a request to [::]:8080 gets status 503'
}

@test "a root directory that ProtectHome= or PrivateTmp= hides is a finding, also with mayfly-busy" {
	local home='set ProtectHome=tmpfs and BindReadOnlyPaths=/home/www in the section [Service]:'
	inside sh -c 'mkdir -p /home/www /var/tmp/www && cp /srv/mayfly/index.html /home/www && cp /srv/mayfly/index.html /var/tmp/www'
	with_options --root /home/www
	drop_in mayfly@.service '[Service]' ProtectHome=yes
	refute visits /
	finds_critical 'mayfly@.service: ProtectHome= hides the root directory /home/www: every response is 503' "$home" \
		'systemctl edit mayfly@.service'
	run inside /usr/local/bin/mayflyctl status
	equal "$status" 1
	contains "$output" 'Root directory /home/www: user mayfly cannot enter it: hidden by ProtectHome= of its service'
	drop_in mayfly@.service '[Service]' ProtectHome=tmpfs BindReadOnlyPaths=/home/www
	finds_nothing
	visits /
	drop_in mayfly@.service '[Service]' ProtectHome=read-only
	finds_nothing
	with_options --root /var/tmp/www
	drop_in mayfly@.service '[Service]' PrivateTmp=yes
	finds_critical 'mayfly@.service: PrivateTmp= hides the root directory /var/tmp/www: every response is 503' \
		'set BindReadOnlyPaths=/var/tmp/www in the section [Service]:' 'systemctl edit mayfly@.service'
	drop_in mayfly@.service '[Service]' PrivateTmp=yes BindReadOnlyPaths=/var/tmp/www
	finds_nothing
	visits /
	# The service of mayfly-busy hides home directories as shipped.
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
	with_options --root /home/www
	finds_critical 'mayfly-busy.service: ProtectHome= hides the root directory /home/www: every response is 503' "$home" \
		'systemctl edit mayfly-busy.service && systemctl try-restart mayfly-busy.service'
	drop_in mayfly-busy.service '[Service]' ProtectHome=tmpfs BindReadOnlyPaths=/home/www
	inside systemctl try-restart mayfly-busy.service
	finds_nothing
	visits /
	inside systemctl disable --quiet --now mayfly-busy.socket
	inside systemctl enable --quiet --now mayfly.socket
	inside rm -r /home/www /var/tmp/www /etc/default/mayfly
}

@test "a socket that is active but does not listen is a finding" {
	inside sh -c 'cd /usr/lib/systemd/system && mkdir /root/away && mv mayfly* /root/away && systemctl daemon-reload &&
		mv /root/away/* . && rmdir /root/away && systemctl daemon-reload'
	equal "$(inside systemctl is-active mayfly.socket)" active
	finds_critical 'mayfly.socket: a request to [::]:8080 fails: Connection refused' 'systemctl restart mayfly.socket'
	pasting_solves 'Connection refused' 1
}

@test "the request of check is not counted, and has a PROXY header if the site expects one" {
	local before
	before=$(inside /usr/local/bin/mayflyctl hits --json | jq .total)
	with_options --proxy-protocol --proxy-from ::1
	finds_nothing
	contains "$(inside /usr/local/bin/mayflyctl log -n 1)" ' HEAD /index.html | ::1 | '
	with_options --proxy-protocol --proxy-from 192.0.2.1
	notes 'mayfly.socket answers only its front end (--proxy-from): send a request through that'
	inside rm /etc/default/mayfly
	equal "$(inside /usr/local/bin/mayflyctl hits --json | jq .total)" "$before"
}

# bats test_tags=any-debian
@test "each address of a socket is requested, also a Unix socket and one of IPv4" {
	drop_in mayfly.socket '[Socket]' ListenStream= ListenStream=127.0.0.1:8080 ListenStream=/run/mayfly.test ListenStream=@mayfly
	inside systemctl restart mayfly.socket
	notes 'mayfly.socket listens on loopback addresses only: other machines cannot connect'
	inside sh -c 'systemctl stop mayfly.socket; rm -f /run/mayfly.test'
}

# bats test_tags=any-debian
@test "a further site is requested: one that fails is a finding, with its name" {
	inside mkdir -p /srv/blog
	echo Blog. | write /srv/blog/index.html
	printf '%s\n' '[Socket]' ListenStream=8081 Accept=yes '[Install]' WantedBy=sockets.target |
		write /etc/systemd/system/mayfly-site-blog.socket
	printf '%s\n' '[Service]' 'ExecStart=/usr/local/sbin/mayfly --root /srv/blog' StandardInput=socket User=mayfly |
		write /etc/systemd/system/mayfly-site-blog@.service
	inside sh -c 'systemctl daemon-reload && systemctl enable --quiet --now mayfly-site-blog.socket'
	finds_nothing
	inside mv /srv/blog /srv/blog.away
	finds_critical 'the root directory /srv/blog: No such file or directory' 'create it, or set another --root:' \
		'mkdir -p /srv/blog'
	inside mv /srv/blog.away /srv/blog
	printf '%s\n' '[Service]' StandardOutput=null | write /etc/systemd/system/mayfly-site-blog@.service.d/z.conf
	inside systemctl daemon-reload
	finds_request 'mayfly-site-blog.socket: a request to [::]:8081 '
	inside sh -c 'rm /etc/systemd/system/mayfly-site-blog@.service.d/z.conf; systemctl daemon-reload'
	inside systemctl stop mayfly-site-blog.socket
	finds_critical 'mayfly-site-blog.socket is inactive: no client is served' 'systemctl restart mayfly-site-blog.socket'
	pasting_solves 'mayfly-site-blog.socket is inactive' 1
	inside sh -c 'systemctl disable --quiet --now mayfly-site-blog.socket
		rm -r /srv/blog /etc/systemd/system/mayfly-site-blog*; systemctl daemon-reload'
	finds_nothing
}

# bats test_tags=any-debian
@test "another program's socket named like Mayfly's gets no request" {
	printf '%s\n' '[Socket]' ListenStream=8083 Accept=yes | write /etc/systemd/system/mayfly-other.socket
	printf '%s\n' '[Service]' 'ExecStart=/bin/false' StandardInput=socket | write /etc/systemd/system/mayfly-other@.service
	inside sh -c 'systemctl daemon-reload && systemctl start mayfly-other.socket'
	finds_nothing
	inside sh -c 'systemctl stop mayfly-other.socket; rm /etc/systemd/system/mayfly-other*; systemctl daemon-reload'
}

@test "two lines ExecStart= are a finding, before the first visitor and after" {
	local problem='mayfly@.service has 2 lines ExecStart=, of which systemd allows one: every connection is reset'
	local advice='add an empty line ExecStart= before that of the drop-in, which this shows:'
	drop_in mayfly@.service '[Service]' 'ExecStart=/usr/local/sbin/mayfly --root /srv/mayfly'
	finds_critical "$problem" "$advice" 'systemctl cat mayfly@.service'
	visit / >/dev/null 2>&1 || true
	check
	contains "$output" "$problem
    $advice
    systemctl cat mayfly@.service
mayfly.socket is failed: no client is served
    systemctl enable --now mayfly.socket"
	drop_in mayfly@.service '[Service]' ExecStart= 'ExecStart=/usr/local/sbin/mayfly --root /srv/mayfly'
	commands >advised
	equal "$(<advised)" 'systemctl enable --now mayfly.socket'
	paste_all <advised
	finds_nothing
}

@test "a masked socket is a finding: unmask it first, then start it" {
	inside systemctl mask --quiet --now mayfly.socket
	check
	equal "$output" 'mayfly.socket is masked: systemd cannot start it
    systemctl unmask mayfly.socket
mayfly.socket is inactive: no client is served
    systemctl enable --now mayfly.socket'
	pasting_solves masked 2
	inside systemctl mask --quiet mayfly@.service
	check
	contains "${lines[0]}" 'mayfly@.service is masked: systemd cannot start it'
	commands | paste_all
	inside systemctl reset-failed
	inside systemctl start mayfly.socket
	finds_nothing
}

@test "an address that the machine does not have is a finding, before the start that needs it" {
	drop_in mayfly.socket '[Socket]' ListenStream= ListenStream=192.0.2.9:8080 'ListenStream=[2001:db8::9]:8080'
	inside systemctl restart mayfly.socket || true
	check
	equal "$output" 'mayfly.socket: this machine does not have the address of 192.0.2.9:8080
    set another ListenStream= in the section [Socket]:
    systemctl edit mayfly.socket
mayfly.socket: this machine does not have the address of [2001:db8::9]:8080
    set another ListenStream= in the section [Socket]:
    systemctl edit mayfly.socket
mayfly.socket is failed: no client is served
    systemctl enable --now mayfly.socket'
	drop_in mayfly.socket '[Socket]' ListenStream= ListenStream=127.0.0.1:8080
	commands | paste_all
	notes 'mayfly.socket listens on loopback addresses only: other machines cannot connect'
	inside sh -c 'rm /etc/systemd/system/mayfly.socket.d/test.conf; systemctl daemon-reload; systemctl restart mayfly.socket'
}

@test "a counter file on a read-only file system is a finding" {
	inside sh -c 'mkdir -p /mnt/counts && mount -t tmpfs -o ro none /mnt/counts'
	with_options --hits /mnt/counts/hits
	finds 'the counter file cannot be created in /mnt/counts: Read-only file system: no hit is counted' \
		'set --hits to a file on a file system that is writable'
	inside sh -c 'umount /mnt/counts && rmdir /mnt/counts && rm /etc/default/mayfly'
	finds_nothing
}

# bats test_tags=any-debian
@test "lines of /etc/default/mayfly that have no effect are findings" {
	printf '%s\n' '# MAYFLY_OPTIO=' 'OTHER=x' 'MAYFLY_OPTIONS="--list' '"' 'MAYFLY_ACCEPT_OPTIONS=' | write /etc/default/mayfly
	finds_nothing
	echo MAYFLY_OPTION=--list | write /etc/default/mayfly
	finds "/etc/default/mayfly: no unit of Mayfly's uses MAYFLY_OPTION" 'write MAYFLY_OPTIONS'
	echo MAYFLY_ACCEPT_OPTOINS=--list | write /etc/default/mayfly
	finds "/etc/default/mayfly: no unit of Mayfly's uses MAYFLY_ACCEPT_OPTOINS" 'write MAYFLY_ACCEPT_OPTIONS'
	echo 'export MAYFLY_OPTIONS=--list' | write /etc/default/mayfly
	finds '/etc/default/mayfly: systemd ignores the line of "export MAYFLY_OPTIONS"' \
		'write NAME=VALUE, without export'
	with_options --list
	finds_nothing
	inside rm /etc/default/mayfly
}

@test "unknown names and invalid values in unit files and drop-ins are findings" {
	local file=/etc/systemd/system/mayfly.socket.d/test.conf
	drop_in mayfly.socket '[Socket]' ListenStrem=8081
	finds "$file: line 2: Unknown key" 'correct or remove the line; then:' 'systemctl daemon-reload'
	contains "$output" ListenStrem
	drop_in mayfly.socket '[Socket]' ListenStream=8081
	# systemd has read it, but listens there only after a restart.
	finds_critical 'mayfly.socket: a request to [::]:8081 fails: Connection refused' 'systemctl restart mayfly.socket'
	pasting_solves 'Connection refused' 1
	drop_in mayfly.socket '[Socket]' Backlog=lots '[Sockte]' Accept=yes
	check
	equal "$status ${#lines[@]}" '1 6'
	contains "${lines[0]}" "$file: line 2: Failed to parse"
	contains "${lines[3]}" "$file: line 3: Unknown section 'Sockte'"
	drop_no mayfly.socket
	inside systemctl restart mayfly.socket
	drop_in mayfly@.service '[Service]' ProtectHom=yes
	finds '/etc/systemd/system/mayfly@.service.d/test.conf: line 2: Unknown key' 'correct or remove the line; then:' \
		'systemctl daemon-reload'
	drop_no mayfly@.service
	drop_in mayfly-report.timer '[Timer]' OnCalender=daily
	finds '/etc/systemd/system/mayfly-report.timer.d/test.conf: line 2: Unknown key' 'correct or remove the line; then:' \
		'systemctl daemon-reload'
	drop_no mayfly-report.timer
	finds_nothing
}

@test "a directory of drop-ins for a unit that does not exist is a finding" {
	drop_in mayfly.service '[Service]' Environment=MAYFLY_OPTIONS=--list
	drop_in mayfly-.service '[Service]' Nice=1
	finds '/etc/systemd/system/mayfly.service.d has no effect: there is no unit mayfly.service' \
		'move its files to the directory of mayfly@.service or another unit:' "systemctl list-unit-files 'mayfly*'"
	commands | paste_all
	inside mv /etc/systemd/system/mayfly.service.d /etc/systemd/system/mayfly@.service.d
	inside systemctl daemon-reload
	finds_nothing
}

@test "unit files that have changed since systemd read them are a finding" {
	printf '%s\n' '[Socket]' MaxConnections=2000 | write /etc/systemd/system/mayfly.socket.d/test.conf
	finds 'files of mayfly.socket have changed since systemd read them' 'systemctl daemon-reload'
	pasting_solves 'have changed' 1
}

@test "a comment or a word after the options of MAYFLY_OPTIONS is a finding" {
	local options remedy=('correct MAYFLY_OPTIONS in /etc/default/mayfly' 'systemctl cat mayfly@.service')
	for options in '--list # comment' '--header-timeout 9 # comment'; do
		with_options "$options"
		finds_critical 'the handler rejects its command line: mayfly: unexpected argument: #' "${remedy[@]}"
		equal "$(visit / --output /dev/null --write-out '%{http_code}')" 503
	done
	with_options --keep-alive 5
	finds_nothing
	with_options '=keep-alive 5'
	finds_critical 'the handler rejects its command line: mayfly: unexpected argument: =keep-alive' "${remedy[@]}"
	inside rm /etc/default/mayfly
	finds_nothing
}

@test "an EnvironmentFile= that is missing or a FIFO is a finding, and no handler is started that would hang" {
	drop_in mayfly@.service '[Service]' EnvironmentFile=/root/options
	finds_critical 'the EnvironmentFile= /root/options is missing: systemd starts no handler' \
		'create it, or write EnvironmentFile=- in the unit:' 'touch /root/options'
	pasting_solves /root/options 1
	inside sh -c 'rm /root/options && mkfifo /root/options'
	finds_critical '/root/options is a FIFO: systemd hangs at the next connection' 'move it away, and create a regular file:' \
		'mv -nT /root/options /root/options.old'
	commands | paste_all
	inside sh -c 'rm /root/options.old && touch /root/options'
	finds_nothing
	inside rm /root/options
}

@test "a socket that does not start because of an assertion is a finding; what the start needs comes first" {
	inside sh -c 'systemctl stop mayfly.socket && mv /srv/mayfly /srv/away'
	inside systemctl start mayfly.socket || true
	check
	equal "$status $output" '2 the root directory /srv/mayfly: No such file or directory
    create it, or set another --root:
    mkdir -p /srv/mayfly
mayfly.socket is inactive: no client is served
    systemctl enable --now mayfly.socket'
	pasting_solves 'root directory' 2
	inside systemctl stop mayfly.socket
	with_options --root /srv/away
	inside rmdir /srv/mayfly
	inside systemctl start mayfly.socket || true
	check
	equal "$output" 'mayfly.socket does not start: AssertPathIsDirectory=/srv/mayfly is false
    make it true, or set AssertPathIsDirectory= in the section [Unit], first to nothing:
    systemctl edit mayfly.socket
mayfly.socket is inactive: no client is served
    systemctl enable --now mayfly.socket'
	drop_in mayfly.socket '[Unit]' AssertPathIsDirectory= AssertPathIsDirectory=/srv/away
	inside systemctl enable --now mayfly.socket
	finds_nothing
	inside sh -c 'mv /srv/away /srv/mayfly; rm /etc/default/mayfly'
}

# bats test_tags=any-debian
@test "--quiet prints one line per problem, the critical ones first, and nothing if there is none" {
	run inside /usr/local/bin/mayflyctl check --quiet
	equal "$status $output" '0 '
	inside ln -s nowhere /srv/mayfly/dangling
	run inside /usr/local/bin/mayflyctl check -q
	equal "$status $output" '1 WARNING: /srv/mayfly/dangling: a link that leads nowhere (404)'
	inside systemctl stop mayfly.socket
	run inside /usr/local/bin/mayflyctl check --quiet
	equal "$status $output" '2 CRITICAL: mayfly.socket is inactive: no client is served
WARNING: /srv/mayfly/dangling: a link that leads nowhere (404)'
	equal "$(inside /usr/local/bin/mayflyctl check --json | jq -c 'map(.severity)')" '["critical","warning"]'
	inside rm /srv/mayfly/dangling
}

# bats test_tags=any-debian
@test "options that contradict each other or have no effect are findings" {
	local options remedy=('correct MAYFLY_OPTIONS in /etc/default/mayfly' 'systemctl cat mayfly@.service')
	for options in '--proxy-from ::1' '--proxy-protocol' '--https --https-redirect'; do
		with_options "$options"
		finds_critical 'the handler rejects its command line: mayfly: --' "${remedy[@]}"
		equal "$(visit / --output /dev/null --write-out '%{http_code}')" 503 "status with $options"
	done
	with_options --keep-alive-time 60
	finds 'mayfly: --keep-alive-time has no effect without --keep-alive' "${remedy[@]}"
	with_options --health-path /h --proxy-from 0.0.0.0/0
	finds "mayfly: --proxy-from has a network of all addresses: any client can claim another's" "${remedy[@]}"
	inside mkdir /srv/mayfly/start
	with_options --index start --index index.html
	finds 'mayfly: --index: start is a directory in the root, so it is not served for the root' "${remedy[@]}"
	inside rmdir /srv/mayfly/start
	with_options --log stderr
	finds '--log stderr: the unit has StandardError=null, so requests are not logged' "${remedy[@]}"
	with_options --log=off
	finds_nothing
	drop_in mayfly@.service '[Service]' ExecStart= 'ExecStart=/usr/local/sbin/mayfly --root /srv/mayfly --list-hits'
	inside rm /etc/default/mayfly
	finds_critical 'the handler rejects its command line: mayfly: --list-hits requires --hits' "${remedy[@]}"
}

@test "a service that makes the counter file read-only is a finding, and its hits are not counted" {
	local service advice=('set ReadWritePaths=/var/lib/counts in the section [Service]:' 'systemctl edit mayfly@.service')
	inside sh -c 'mkdir /var/lib/counts && chown mayfly /var/lib/counts'
	with_options --hits /var/lib/counts/hits
	for service in ProtectSystem=strict ReadOnlyPaths=/var/lib; do
		drop_in mayfly@.service '[Service]' "$service" ReadWritePaths=-/var/lib/mayfly
		finds "mayfly@.service: ${service%%=*}= makes the counter file /var/lib/counts/hits read-only: no hit is counted" "${advice[@]}"
	done
	visits /
	refute inside test -e /var/lib/counts/hits
	drop_in mayfly@.service '[Service]' ProtectSystem=strict ReadWritePaths=/var/lib/counts
	finds_nothing
	visits /
	wait_until inside test -e /var/lib/counts/hits
	drop_in mayfly@.service '[Service]' ProtectSystem=strict StateDirectory=counts
	finds_nothing
	with_options --hits /etc/hits
	inside install -o mayfly /dev/null /etc/hits
	drop_in mayfly@.service '[Service]' ProtectSystem=full
	finds 'mayfly@.service: ProtectSystem= makes the counter file /etc/hits read-only: no hit is counted' \
		'set ReadWritePaths=/etc in the section [Service]:' 'systemctl edit mayfly@.service'
	drop_in mayfly@.service '[Service]' ProtectSystem=yes
	finds_nothing
	inside rm -r /var/lib/counts /etc/hits /etc/default/mayfly
}

@test "a socket for both families is no finding; one for few clients is a note" {
	drop_in mayfly.socket '[Socket]' BindIPv6Only=ipv6-only ListenStream=0.0.0.0:8080
	inside systemctl restart mayfly.socket
	finds_nothing
	drop_in mayfly.socket '[Socket]' IPAddressDeny=any IPAddressAllow=localhost
	inside systemctl restart mayfly.socket
	notes 'mayfly.socket lets only the clients of its IPAddressAllow= connect'
	visits /
	drop_no mayfly.socket
	inside systemctl restart mayfly.socket
	finds_nothing
}

# rules RULE...: sets the rules of the chain inet filter input, which the machine's nft shows from now on. The machine has
# no nft of its own.
rules() {
	printf '%s\n' 'flush ruleset' 'table inet filter {' 'chain web { tcp dport 8000-9000 reject with tcp reset' '}' 'chain input {' \
		"$@" '}' '}' | nearby nft -f -
	show_rules
}

show_rules() {
	nearby nft --json list ruleset | write /root/ruleset.json
}

# bats test_tags=any-debian
@test "rules of nftables that keep clients out are findings; others that may are notes" {
	local written='also where it is written (/etc/nftables.conf, for example):' policy='type filter hook input priority 0; policy'
	local dropped=('the chain inet filter input of nftables accepts no client on port 8080'
		'accept the port, also where the rules are written (/etc/nftables.conf, for example):'
		'nft insert rule inet filter input tcp dport 8080 accept')
	nearby nft add table inet filter
	notes 'The firewall is not checked: nft does not show its rules'
	printf '%s\n' '#!/bin/sh' 'exec cat /root/ruleset.json' | write /usr/sbin/nft
	inside chmod 755 /usr/sbin/nft
	rules "$policy drop;" 'iif lo accept' 'ct state established,related accept' 'icmp type echo-request accept' 'tcp dport { 22, 80 } accept'
	finds "${dropped[@]}"
	nearby nft insert rule inet filter input tcp dport 8080 accept
	show_rules
	finds_nothing
	rules "$policy accept;" 'iif lo accept' 'tcp dport 22 accept' drop
	finds "${dropped[@]}"
	rules "$policy drop;" 'iif lo accept' 'tcp dport { 22, 8000-8100 } accept'
	finds_nothing
	rules "$policy drop;" 'iif lo accept' 'ip saddr 10.0.0.0/8 tcp dport 8080 accept'
	notes 'The chain inet filter input of nftables may keep clients from port 8080'
	rules "$policy accept;" 'iif != lo jump web'
	finds 'a rule in the chain inet filter web of nftables keeps clients from port 8080' "remove the rule, $written" \
		'nft delete rule inet filter web handle '
	rules "$policy accept;" 'jump web'
	refute visits /
	finds_critical 'a rule in the chain inet filter web of nftables keeps clients from port 8080' "remove the rule, $written" \
		'nft delete rule inet filter web handle '
	# shellcheck disable=SC2046 # words of the command
	nearby $(commands)
	show_rules
	finds_nothing
	nearby nft flush ruleset
	inside rm /usr/sbin/nft
}

# --- The table of packaging/guide/problems.md. ---

# The page that visitors see, as arguments of curl, and the line of `status` that shows its socket.
page=(http://127.0.0.1:8080/)
label=Socket

# visitors_see: prints what a client gets for the page.
visitors_see() {
	local code error=0
	code=$(nearby curl --silent --output /dev/null --connect-timeout 5 --max-time "$patience" --write-out '%{http_code}' "${page[@]}") || error=$?
	case $error in
	0) if [[ $code == 200 ]]; then echo the page; else echo "status $code"; fi ;;
	7) echo connection refused ;;
	28) echo no response ;;
	60) echo an invalid certificate ;;
	*) echo connection reset ;;
	esac
}

# status_shows: prints the exit status of `mayflyctl status`, and the state of the socket.
status_shows() {
	run inside /usr/local/bin/mayflyctl status
	echo "$status, $(sed -nE "s/^$label +([a-z ]+).*/\1/p" <<<"$output")"
}

# problem NAME BREAK CURE [COMMAND...]: breaks the site with a command, adds a row to the table, then cures the site: with a
# command for what check advises in words, one outside of the machine, and the commands that check prints. After that, check
# must find nothing.
problem() {
	local seen
	inside sh -c "$2" || return
	seen="| $1 | $(visitors_see) | $(status_shows)"
	run inside /usr/local/bin/mayflyctl check --json
	jq -r --arg start "$seen" --arg exit "$status" \
		'.[0] | $start + " | " + $exit + ": " + .problem + " | " + ([.remedy // empty, (.command // empty | "`" + . + "`")] | join(": ")) + " |"' \
		<<<"$output" | sed -E 's/ handle [0-9]+/ handle N/' >>table
	inside sh -c "$3" || return
	"${@:4}" || return
	jq -r '.[].command | strings' <<<"$output" | paste_all >pasted || fail "$(<pasted)" || return
	finds_nothing || fail "not cured: $1"
}

# unit UNIT SECTION LINE...: prints a command that installs a drop-in with these lines.
unit() {
	local directory=/etc/systemd/system/$1.d
	printf 'mkdir -p %s && printf "%%s\\n" "[%s]" %s >%s/test.conf && systemctl daemon-reload' "$directory" "$2" "${*:3}" "$directory"
}

# options TEXT: prints a command that writes /etc/default/mayfly.
options() {
	printf "echo '%s' >/etc/default/mayfly" "$1"
}

@test "packaging/guide/problems.md: what visitors, status and check show of each misconfiguration, and its cure" {
	local no_options='rm /etc/default/mayfly' socket=mayfly.socket service=mayfly@.service restart='systemctl restart mayfly.socket'
	local no_socket='rm /etc/systemd/system/mayfly.socket.d/test.conf; systemctl daemon-reload'
	local no_service='rm /etc/systemd/system/mayfly@.service.d/test.conf; systemctl daemon-reload'
	finds_nothing
	problem 'the socket is stopped' 'systemctl stop mayfly.socket' true
	problem 'the socket is masked' 'systemctl mask --quiet --now mayfly.socket' true
	problem 'the root directory is missing' 'mv /srv/mayfly /srv/away' true
	inside sh -c 'rmdir /srv/mayfly && mv /srv/away /srv/mayfly'
	problem 'the root directory is missing when the socket starts' "mv /srv/mayfly /srv/away; $restart || true" true
	inside sh -c 'rmdir /srv/mayfly && mv /srv/away /srv/mayfly'
	problem 'the root directory is private' 'chmod 700 /srv/mayfly' true
	problem 'the page is private' 'chmod 600 /srv/mayfly/index.html' true
	inside sh -c 'mkdir /home/www && cp /srv/mayfly/index.html /home/www'
	problem '`--root` below /home, with `ProtectHome=yes`' "$(options MAYFLY_OPTIONS=--root\ /home/www); $(unit $service Service ProtectHome=yes)" \
		"$(unit $service Service ProtectHome=tmpfs BindReadOnlyPaths=/home/www)"
	inside sh -c "rm -r /home/www; $no_options; $no_service"
	problem 'an option is misspelt' "$(options MAYFLY_OPTIONS=--lisst)" "$no_options"
	problem 'a comment after the options' "$(options 'MAYFLY_OPTIONS=--list # comment')" "$no_options"
	problem '`--keep-alive-time` without `--keep-alive`' "$(options 'MAYFLY_OPTIONS=--keep-alive-time 60')" "$no_options"
	problem 'a misspelt variable' "$(options MAYFLY_OPTION=--list)" "$no_options"
	problem '`export` before the variable' "$(options 'export MAYFLY_OPTIONS=--list')" "$no_options"
	problem 'two lines `ExecStart=`' "$(unit $service Service 'ExecStart=/usr/local/sbin/mayfly\ --root\ /srv/mayfly')" "$no_service"
	problem 'the user does not exist' "$(unit $service Service User=ghost)" "$no_service"
	inside userdel ghost
	problem 'the `EnvironmentFile=` is missing' "$(unit $service Service EnvironmentFile=/root/options)" true
	inside sh -c "rm /root/options; $no_service"
	problem 'a misspelt setting' "$(unit $socket Socket ListenStrem=8081)" "$no_socket"
	problem 'drop-ins of mayfly.service, which does not exist' "$(unit mayfly.service Service Nice=1)" 'rm -r /etc/systemd/system/mayfly.service.d'
	problem 'an address that the machine does not have' \
		"$(unit $socket Socket ListenStream= ListenStream=192.0.2.9:8080); $restart 2>/dev/null || true" "$no_socket"
	problem 'a socket for IPv6 only' "$(unit $socket Socket BindIPv6Only=ipv6-only); $restart" "$no_socket"
	problem 'no client is allowed' "$(unit $socket Socket IPAddressDeny=any); $restart" "$no_socket"
	printf '%s\n' '#!/bin/sh' 'exec cat /root/ruleset.json' | write /usr/sbin/nft
	inside chmod 755 /usr/sbin/nft
	rules 'type filter hook input priority 0; policy accept;' 'tcp dport 8080 reject with tcp reset'
	problem 'the firewall rejects the port' true true nearby nft flush ruleset
	inside rm /usr/sbin/nft
	problem 'the counter file belongs to another user' 'chown root /var/lib/mayfly/hits && chmod 600 /var/lib/mayfly/hits' true
	inside sh -c 'mkdir /var/lib/counts && chown mayfly /var/lib/counts'
	problem 'the counter file is read-only for the service' \
		"$(options 'MAYFLY_OPTIONS=--hits /var/lib/counts/hits'); $(unit $service Service ProtectSystem=strict)" \
		"$(unit $service Service ProtectSystem=strict ReadWritePaths=/var/lib/counts)"
	inside sh -c "$no_service; $no_options; rm -r /var/lib/counts; mkdir /mnt/counts; mount -t tmpfs -o size=128k none /mnt/counts; chown mayfly /mnt/counts"
	problem 'the disk is full' "$(options 'MAYFLY_OPTIONS=--hits /mnt/counts/hits'); touch /mnt/counts/hits; chown mayfly /mnt/counts/hits
		cat /dev/zero >/mnt/counts/other 2>/dev/null || true" 'rm /mnt/counts/other'
	inside sh -c "$no_options; umount /mnt/counts; rmdir /mnt/counts"
	problem 'journald is stopped' 'systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service' true
	inside systemctl start systemd-journald-dev-log.socket
	problem 'the report fails' "$(unit mayfly-report.service Service ExecStart= ExecStart=/bin/false); systemctl start mayfly-report.service || true" \
		'rm /etc/systemd/system/mayfly-report.service.d/test.conf; systemctl daemon-reload; systemctl start mayfly-report.service'
	problem 'metrics without node_exporter' 'systemctl enable --quiet --now mayfly-metrics.timer; systemctl start mayfly-metrics.service || true' true
	problem 'mayfly-busy.service has old options' "systemctl disable --quiet --now mayfly.socket; systemctl enable --quiet --now mayfly-busy.socket
		systemctl start mayfly-busy.service; $(options MAYFLY_OPTIONS=--list)" true
	inside sh -c "systemctl disable --quiet --now mayfly-busy.socket; $no_options; systemctl enable --quiet --now mayfly.socket"
	diff -u <(table_of_guide 1) table
}

# table_of_guide NUMBER: prints the rows of a table of packaging/guide/problems.md.
table_of_guide() {
	awk -v wanted="$1" '/^\|/ { if (!line) table++; line++; if (table == wanted && line > 2) print; next } { line = 0 }' \
		"$repository/packaging/guide/problems.md"
}

# Makes the machine trust a certificate authority of its own, and writes /root/issue, with which it issues certificates.
make_authority() {
	write /root/authority/conf <<-'END'
		[ca]
		default_ca = test
		[test]
		database = index
		new_certs_dir = .
		rand_serial = yes
		certificate = test.crt
		private_key = test.key
		default_md = sha256
		policy = names
		unique_subject = no
		[names]
		commonName = supplied
	END
	inside sh -c 'cd /root/authority && touch index && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout test.key -out test.crt -days 300 -subj "/CN=test authority" &&
		cp test.crt /usr/local/share/ca-certificates/ && update-ca-certificates' >/dev/null 2>&1
	write /root/issue <<-'END'
		#!/bin/sh
		# issue NAME FILE BEGIN END: writes a new key and its certificate for NAME to FILE. date(1) reads BEGIN and END.
		set -e
		umask 077
		cd /root/authority
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout new.key -out new.csr -subj "/CN=$1" 2>log
		echo "subjectAltName=DNS:$1" >extension
		openssl ca -batch -notext -config conf -extfile extension -in new.csr -out new.crt \
			-startdate "$(date -ud "$3" +%y%m%d%H%M%SZ)" -enddate "$(date -ud "$4" +%y%m%d%H%M%SZ)" 2>>log || { cat log; exit 1; }
		cat new.key new.crt >"$2"
	END
	inside chmod 755 /root/issue
}

@test "packaging/guide/problems.md: the same for HTTPS, with site.pem and a certificate in names" {
	local label=HTTPS page shop=/etc/mayfly-tls/names/shop.test
	local trusted=(--cacert "/proc/$MACHINE/root/root/authority/test.crt" --resolve '*:443:127.0.0.1')
	local new_site="/root/issue site.test $pem -2days 80days" new_shop="/root/issue shop.test $shop -2days 80days"
	make_authority
	inside mkdir -p -m 700 /etc/mayfly-tls/names
	inside sh -c "$new_site && $new_shop"
	inside systemctl enable --quiet --now mayfly-https.socket
	finds_nothing
	page=("${trusted[@]}" https://site.test/)
	problem '`mayfly-https.socket` is stopped' 'systemctl stop mayfly-https.socket' true
	problem '`site.pem` is missing' "rm $pem" "$new_site"
	problem '`site.pem` has expired' "/root/issue site.test $pem -80days -1hour" "$new_site"
	problem '`site.pem` expires in three days' "/root/issue site.test $pem -80days 73hours" "$new_site"
	problem 'other users can read `site.pem`' "chmod 640 $pem" true
	problem '`site.pem` has the key of another certificate' "cp $pem /root/old && $new_site && cp $pem /root/new &&
		{ openssl pkey -in /root/old; openssl x509 -in /root/new; } >$pem" "$new_site"
	page=("${trusted[@]}" https://shop.test/)
	problem '`names/shop.test` has expired' "/root/issue shop.test $shop -80days -1hour" "$new_shop"
	problem '`names/shop.test` expires in three days' "/root/issue shop.test $shop -80days 73hours" "$new_shop"
	problem 'other users can read `names/shop.test`' "chmod 604 $shop" true
	problem '`names/shop.test` has the key of another certificate' "{ openssl pkey -in /root/old; openssl x509 -in $shop; } >/root/new &&
		cat /root/new >$shop" "$new_shop"
	problem '`names/shop.test` has no certificate' "openssl pkey -in /root/old -out $shop" "$new_shop"
	problem '`names/shop.test` leads to no file' "ln -sf /root/missing $shop" "rm $shop; $new_shop"
	problem '`names/shop.test` is for another name' "/root/issue other.test $shop -2days 80days" "$new_shop"
	problem '`names/shop.test` is called `names/Shop.test`' "mv $shop ${shop%shop.test}Shop.test" true
	inside /root/issue '*.shop.test' "${shop%shop.test}a.shop.test" -2days 80days
	finds_nothing
	contains "$(inside /usr/local/bin/mayflyctl status)" "HTTPS          active: certificate until $(date -d 80days +%F) for site.test
               a.shop.test: certificate until $(date -d 80days +%F) for *.shop.test
               shop.test: certificate until $(date -d 80days +%F) for shop.test"
	equal "$(inside /usr/local/bin/mayflyctl status --json | jq -c '.https.further | map(.name, .names, .expires)')" \
		"[\"a.shop.test\",[\"*.shop.test\"],\"$(date -d 80days +%F)\",\"shop.test\",[\"shop.test\"],\"$(date -d 80days +%F)\"]"
	inside cp -p "${shop%shop.test}a.shop.test" "$shop"
	finds_critical "$shop: the certificate is not for this name" 'install a new one'
	inside systemctl disable --quiet --now mayfly-https.socket
	inside rm -r /etc/mayfly-tls
	diff -u <(table_of_guide 2) table
}

# sample NUMBER: prints an indented block under "Watch the site" in the guide.
sample() {
	sed '1,/^## Watch the site/d' "$repository/packaging/guide/problems.md" |
		awk -v wanted="$1" '/^    /{ if (!within) block++; within = 1; empty = ""; if (block == wanted) print substr($0, 5); next }
			/^$/{ next } { within = 0 }'
}

@test "mayfly-check.timer is off by default; mayfly-check.service finds the same, and its OnFailure= unit mails it" {
	equal "$(inside systemctl is-enabled mayfly-check.timer || true)" disabled
	contains "$(sample 1)" 'systemctl enable --now mayfly-check.timer'
	sample 2 | write /etc/systemd/system/mayfly-check.service.d/test.conf
	sample 3 | write /etc/systemd/system/notify-mayfly.service
	printf '%s\n' '#!/bin/sh' '(echo "$@"; cat) >/root/mail' | write /usr/bin/mail
	inside chmod 755 /usr/bin/mail
	inside systemctl daemon-reload
	inside systemctl start mayfly-check.service
	inside ln -s nowhere /srv/mayfly/dangling
	refute inside systemctl start mayfly-check.service
	wait_until inside test -s /root/mail
	wait_until inside grep -q 'rm /srv/mayfly/dangling' /root/mail
	contains "$(inside head -n 1 /root/mail)" '-s Mayfly on '
	contains "$(journal --boot --unit=mayfly-check.service --output=cat)" 'WARNING: /srv/mayfly/dangling: a link that leads nowhere (404)'
	printf '%s\n' '[Service]' SuccessExitStatus=1 | write /etc/systemd/system/mayfly-check.service.d/test.conf
	inside systemctl daemon-reload
	inside systemctl start mayfly-check.service
	inside systemctl stop mayfly.socket
	refute inside systemctl start mayfly-check.service
	contains "$(journal --boot --unit=mayfly-check.service --output=cat)" 'CRITICAL: mayfly.socket is inactive: no client is served'
	inside systemctl start mayfly.socket
	inside systemctl enable --quiet --now mayfly-check.timer
	equal "$(inside systemctl is-active mayfly-check.timer)" active
	inside systemctl disable --quiet --now mayfly-check.timer
	inside rm /srv/mayfly/dangling /usr/bin/mail /root/mail /etc/systemd/system/notify-mayfly.service
	inside systemctl reset-failed mayfly-check.service
	finds_nothing
}

# literal NUMBER: prints a literal block under "Another directory" in mayfly.socket(5).
literal() {
	sed '1,/^Another directory/d' "$repository/packaging/man/mayfly.socket.5" |
		awk -v wanted="$1" '/^\.Bd/{ block++; within = 1; next } /^\.Ed/{ within = 0 } within && block == wanted'
}

@test "the example of another directory in mayfly.socket(5) works with each unit" {
	inside sh -c 'mkdir /home/www && echo "At home." >/home/www/index.html && mv /srv/mayfly /srv/away'
	literal 1 | write /etc/default/mayfly
	literal 2 | write /etc/systemd/system/mayfly.socket.d/test.conf
	inside sh -c 'systemctl daemon-reload && systemctl restart mayfly.socket'
	equal "$(visit /)" 'At home.'
	finds_nothing
	inside install -D -m 644 /usr/local/share/mayfly/hardened.conf /etc/systemd/system/mayfly@.service.d/hardened.conf
	literal 3 | write /etc/systemd/system/mayfly@.service.d/override.conf
	inside systemctl daemon-reload
	equal "$(visit /)" 'At home.'
	finds_nothing
	inside systemctl disable --quiet --now mayfly.socket
	literal 2 | write /etc/systemd/system/mayfly-busy.socket.d/override.conf
	literal 3 | write /etc/systemd/system/mayfly-busy.service.d/override.conf
	inside sh -c 'systemctl daemon-reload && systemctl enable --quiet --now mayfly-busy.socket'
	equal "$(visit /)" 'At home.'
	finds_nothing
	inside sh -c 'systemctl disable --quiet --now mayfly-busy.socket; rm -r /home/www /etc/default/mayfly; mv /srv/away /srv/mayfly
		rm -r /etc/systemd/system/mayfly*.d; systemctl daemon-reload; systemctl enable --quiet --now mayfly.socket'
	finds_nothing
}

# `mayflyctl check` on a real machine: nothing where all is well, and each fault by name, with what to type.
# bats file_tags=once
# shellcheck disable=SC2016 # what sh -c gets is expanded in the machine

load container

setup_file() {
	start_site
	visit / >/dev/null
}

# check: what it finds is in $output, its exit status in $status.
check() {
	run inside /usr/local/bin/mayflyctl check
}

# finds PROBLEM REMEDY: exactly this is wrong.
finds() {
	check
	equal "$status" 1 'exit status'
	equal "${#lines[@]}" 2 "lines of [$output]"
	contains "${lines[0]}" "$1" && contains "${lines[1]}" "$2"
}

finds_nothing() {
	check
	equal "$output" 'Nothing is wrong.'
	equal "$status" 0 'exit status'
}

knows_who_listens() {
	check
	[[ $output == *'port 8080 is taken by systemd-socket- (process '* ]]
}

# drop_in UNIT LINE...: until the end of the test.
drop_in() {
	printf '%s\n' "${@:2}" | write "/etc/systemd/system/$1.d/test.conf"
	inside systemctl daemon-reload
}

teardown() {
	inside sh -c 'rm -rf /etc/systemd/system/mayfly*.d && systemctl daemon-reload'
	inside systemctl start mayfly.socket
}

@test "nothing is wrong with what make install has installed" {
	finds_nothing
}

@test "a file and a folder that the handler may not read, but not what is hidden" {
	inside sh -c 'cd /srv/mayfly && mkdir -m 700 closed .hidden && echo x >secret.txt && chmod 600 secret.txt'
	check
	inside sh -c 'cd /srv/mayfly && rm -r closed .hidden secret.txt'
	equal "$status" 1
	contains "$output" 'secret.txt cannot be read by the handler: 403'
	contains "$output" 'closed cannot be read by the handler: 403'
	equal "${#lines[@]}" 4 lines
	finds_nothing
}

@test "links that leave the root, and links to nothing" {
	inside sh -c 'cd /srv/mayfly && ln -s /etc/passwd leaving && ln -s nowhere dangling && ln -s index.html fine'
	check
	inside sh -c 'cd /srv/mayfly && rm leaving dangling fine'
	equal "$status" 1
	contains "$output" 'leaving is a link that leaves the root directory: 404'
	contains "$output" 'dangling is a link to nothing: 404'
	equal "${#lines[@]}" 4 lines
}

@test "links to a directory that contains them" {
	inside sh -c 'cd /srv/mayfly && mkdir -p sub/deep && ln -s . a && ln -s ../.. sub/deep/up && ln -s sub beside'
	check
	inside sh -c 'cd /srv/mayfly && rm -r sub a beside'
	equal "$status" 1
	contains "$output" 'a is a link to a directory that contains it: names without end'
	contains "$output" 'sub/deep/up is a link to a directory that contains it: names without end'
	equal "${#lines[@]}" 4 lines
}

@test "a name that would write to the terminal is escaped" {
	inside sh -c 'cd /srv/mayfly && ln -s nowhere "$(printf "a\033[31mb")"'
	check
	inside sh -c 'rm /srv/mayfly/a*b'
	contains "$output" 'a\x1b[31mb is a link to nothing'
}

@test "many files with one fault are not all listed" {
	inside sh -c 'cd /srv/mayfly && mkdir many && cd many && touch $(seq 25) && chmod 600 *'
	check
	inside rm -r /srv/mayfly/many
	contains "$output" '15 more of what cannot be read'
	equal "${#lines[@]}" 22 lines
}

@test "the first part of the root's path that bars the way" {
	echo 'MAYFLY_OPTIONS=--root /home/me/site/public' | write /etc/default/mayfly
	inside sh -c 'mkdir -p /home/me/site/public && chmod 700 /home/me'
	finds '/home/me bars mayfly from the root directory /home/me/site/public' 'chmod o+x /home/me'
	inside chmod 711 /home/me
	finds_nothing
	inside rm -r /home/me
	finds 'the root directory /home/me/site/public: No such file or directory' 'make the directory'
	inside rm /etc/default/mayfly
}

@test "a counter file that cannot be written, or is damaged" {
	inside sh -c 'cd /var/lib/mayfly && chown root hits && chmod 600 hits'
	finds 'mayfly cannot write the counter file /var/lib/mayfly/hits: Permission denied' 'chown -h mayfly /var/lib'
	inside sh -c 'cd /var/lib/mayfly && chown mayfly hits && cp -p hits kept && echo foreign >hits'
	finds 'the counter file /var/lib/mayfly/hits: not a counter file, or one of another version' \
		'mv -n /var/lib/mayfly/hits{,.old}'
	inside sh -c 'cd /var/lib/mayfly && cp -p kept hits && printf "\\006" | dd of=hits bs=1 seek=4096 conv=notrunc'
	finds 'the counter file /var/lib/mayfly/hits is damaged in 1 place' \
		'mayflyctl hits verify --repair --hits /var/lib/mayfly/hits'
	inside /usr/local/bin/mayflyctl hits verify --repair
	finds_nothing
	inside sh -c 'cd /var/lib/mayfly && mv kept hits && rm hits.damaged-*'
	finds_nothing
}

@test "a directory that the counter file cannot be created in" {
	echo 'MAYFLY_OPTIONS=--hits /var/lib/counts/hits' | write /etc/default/mayfly
	finds 'mayfly cannot make the counter file in /var/lib/counts: No such file or directory' \
		'mkdir -m 750 /var/lib/counts && chown -h mayfly "$_"'
	inside bash -c 'mkdir -m 750 /var/lib/counts && chown -h mayfly "$_"'
	finds_nothing
	inside sh -c 'chown root /var/lib/counts && chmod 755 /var/lib/counts'
	finds 'mayfly cannot make the counter file in /var/lib/counts: Permission denied' \
		'give --hits a directory of its own; if this one is: chown -h mayfly /var/lib/counts'
	inside rm -r /var/lib/counts /etc/default/mayfly
}

@test "a socket that does not listen, and who has its port" {
	inside systemctl stop mayfly.socket
	finds 'mayfly.socket is inactive, so nobody is served' 'systemctl enable --now mayfly.socket'
	inside systemd-run --quiet --unit=other --service-type=exec \
		systemd-socket-activate --listen=8080 /bin/true
	wait_until knows_who_listens
	inside systemctl stop other
}

@test "limits below those that were shipped" {
	drop_in mayfly.socket '[Socket]' MaxConnections=64
	finds 'mayfly.socket: MaxConnections=64 is below the 1024 that were shipped' 'systemctl edit mayfly.socket'
	drop_in mayfly.slice '[Slice]' MemoryMax=10M
	drop_in mayfly.socket '[Socket]' MaxConnections=64 MaxConnectionsPerSource=0 # none
	check
	refute contains "$output" MaxConnectionsPerSource
	contains "$output" 'mayfly.slice: MemoryMax=10485760 is below the 536870912'
}

@test "a socket that a burst would put out of service" {
	drop_in mayfly.socket '[Socket]' TriggerLimitIntervalSec=2s
	finds 'a burst of connections can put mayfly.socket out of service' TriggerLimitIntervalSec=0
}

@test "protections that a drop-in switches off" {
	drop_in mayfly@.service '[Service]' User=root NoNewPrivileges=no CapabilityBoundingSet=CAP_CHOWN \
		StandardError=inherit '[Unit]' CollectMode=inactive
	check
	equal "$status" 1
	for problem in 'handlers run as root' 'NoNewPrivileges= is off' 'CapabilityBoundingSet= leaves capabilities' \
		'StandardError= goes to the client' 'CollectMode= lets failed'; do
		contains "$output" "mayfly@.service: $problem"
	done
	equal "${#lines[@]}" 10 lines
}

# with_options OPTION...: the next handler is started with these.
with_options() {
	echo "MAYFLY_OPTIONS=$*" | write /etc/default/mayfly
}

@test "a handler that is not confined, or does not take its command line" {
	local options remedy='mend MAYFLY_OPTIONS in /etc/default/mayfly'
	for options in '--sandbox off' '--sandbox=require --sandbox=off'; do
		with_options "$options"
		finds '--sandbox off: handlers are not confined' "$remedy"
	done
	with_options --header-timeout 0
	finds 'no handler takes its command line: mayfly: --header-timeout: "0" is not in 1-86400 (seconds)' "$remedy"
	with_options --log=nowhere
	finds 'no handler takes its command line: mayfly: --log: "nowhere" is not journal, journal:NAMESPACE, stderr, off or auto' "$remedy"
	with_options --nothing
	finds 'no handler takes its command line: mayfly: unknown option --nothing' "$remedy"
	with_options "--sandbox require --log=journal --cache-control 'max-age=60, public' --vhosts"
	finds_nothing
	inside rm /etc/default/mayfly
}

@test "the same of the handlers of mayfly-accept" {
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
	with_options --keep-alive never
	finds 'no handler takes its command line: mayfly: --keep-alive: "never" is not in 0-86400 (seconds)' mayfly-busy.service
	inside rm /etc/default/mayfly
	finds_nothing
	inside systemctl disable --quiet --now mayfly-busy.socket
	inside systemctl enable --quiet --now mayfly.socket
}

@test "a handler that its user cannot start" {
	inside chmod 700 /usr/local/sbin/mayfly
	finds 'user mayfly cannot start /usr/local/sbin/mayfly' \
		'install Mayfly again (apt install --reinstall mayfly, or make install)'
	inside chmod 755 /usr/local/sbin/mayfly
	finds_nothing
}

@test "--json says the same" {
	inside ln -s nowhere /srv/mayfly/dangling
	run inside /usr/local/bin/mayflyctl check --json
	inside rm /srv/mayfly/dangling
	equal "$status" 1
	equal "$(jq -r '.[].problem' <<<"$output")" 'dangling is a link to nothing: 404'
	run inside /usr/local/bin/mayflyctl check --json
	equal "$status $(jq length <<<"$output")" '0 0'
}

@test "an ordinary user is told what is not seen" {
	run inside runuser -u nobody -- /usr/local/bin/mayflyctl check
	equal "$output" $'Nothing is wrong.\nOnly root can see whether the handler may read the site and count.'
}

@test "before anything is installed, and where systemd does not run" {
	inside sh -c 'cd /usr/lib/systemd/system && mkdir /root/away && mv mayfly* /root/away && systemctl daemon-reload'
	check
	inside sh -c 'mv /root/away/* /usr/lib/systemd/system && rmdir /root/away && systemctl daemon-reload'
	equal "$status" 1
	contains "$output" "mayfly.socket is not installed
    install Mayfly again (apt install --reinstall mayfly, or make install)"
	run inside unshare --mount sh -c 'mount -t tmpfs none /run/systemd && exec /usr/local/bin/mayflyctl check'
	equal "$status" 1
	contains "$output" 'systemd is not running on this machine'
}

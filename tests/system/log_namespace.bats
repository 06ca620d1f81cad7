# The log in a separate journal namespace, as mayfly.socket(5) says under "Log size": its files, its limit,
# the commands that read it, and the effect of a missing namespace.
load container

setup_file() {
	start_site
}

teardown() {
	inside sh -c 'rm -rf /etc/default/mayfly /etc/systemd/system/mayfly*.d /etc/systemd/system/mayfly.socket.wants
		systemctl daemon-reload; systemctl stop mayfly-busy.socket mayfly-busy.service systemd-journald@mayfly.socket
		systemctl start mayfly.socket'
}

# block NUMBER: prints the literal text with that number in the section of the manual.
block() {
	sed -n '/^\.Sh LOG SIZE/,/^\.Sh FILES/p' "$repository/packaging/man/mayfly.socket.5" |
		awk -v wanted="$1" '/^\.Bd/ { n++; inside = 1; next } /^\.Ed/ { inside = 0 } inside && n == wanted'
}

# Makes the namespace as the manual says.
make_namespace() {
	block 1 | write /etc/systemd/journald@mayfly.conf
	block 2 | inside sh -e
	block 3 | write /etc/default/mayfly
}

# in_journal NAME [OPTION]: prints the number of entries about the file NAME in a journal: the machine's, or
# that of --namespace=mayfly.
in_journal() {
	inside journalctl --sync "${@:2}"
	inside journalctl --quiet -t mayfly --output=cat "${@:2}" | grep -c "^/$1 | " || true
}

@test "the manual has the three texts that these tests use, and a drop-in" {
	contains "$(block 1)" SystemMaxUse=
	contains "$(block 2)" 'systemctl start systemd-journald@mayfly.socket'
	equal "$(block 3)" 'MAYFLY_OPTIONS=--log journal:mayfly'
	equal "$(block 4)" $'[Service]\nLogNamespace=mayfly'
	equal "$(block 5)" ''
}

@test "handlers log to the namespace, mayflyctl reads it, and check finds no problem" {
	visit /before >/dev/null
	make_namespace
	visit /within >/dev/null
	all_is_logged
	equal "$(in_journal within --namespace=mayfly) $(in_journal within)" '1 0'
	equal "$(in_journal before --namespace=mayfly) $(in_journal before)" '0 1'
	equal "$(inside /usr/local/bin/mayflyctl log --json | jq -r .target | grep -cE '^/(before|within)$')" 2
	contains "$(inside /usr/local/bin/mayflyctl status)" /within
	equal "$(inside /usr/local/bin/mayflyctl report --json | jq '[.requests.missing[].target] |
		contains(["/before", "/within"])')" true
	equal "$(inside setpriv --reuid=65534 --regid=65534 --groups=systemd-journal /usr/local/bin/mayflyctl log --json |
		jq -r .target | grep -c '^/within$')" 1
	run -0 inside /usr/local/bin/mayflyctl check
	equal "$output" 'No problems found.'
}

@test "entries that other users send to the namespace are not shown" {
	make_namespace
	# shellcheck disable=SC2016 # perl's variables
	printf '%s\n' MESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf 'MESSAGE=/forged | 1 | 2 | 404 Not Found' HTTP_STATUS=404 \
		SYSLOG_IDENTIFIER=mayfly HTTP_TARGET=/forged |
		inside setpriv --reuid=65534 --regid=65534 --clear-groups perl -e 'use Socket; undef $/; my $entry = <STDIN>;
			socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
			send($s, $entry, 0, sockaddr_un("/run/systemd/journal.mayfly/socket")) or die "$!"'
	equal "$(in_journal forged --namespace=mayfly)" 1
	refute contains "$(inside /usr/local/bin/mayflyctl log)" /forged
}

@test "the namespace stays within its limit, and the machine's journal is not affected" {
	block 1 | sed 's/=.*M/=16M/' | write /etc/systemd/journald@mayfly.conf
	block 2 | inside sh -e
	block 3 | write /etc/default/mayfly
	inside systemctl restart systemd-journald@mayfly.service
	local before
	before=$(inside sh -c 'du --summarize --bytes /var/log/journal/*[0-9a-f] | cut -f1')
	visit /before-the-flood >/dev/null
	# shellcheck disable=SC2016 # perl's variables
	inside setpriv --reuid=mayfly --regid=mayfly --clear-groups perl -e 'use Socket;
		socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
		my $characters = join "", map { chr(33 + rand 90) } 1..200000;
		for my $n (1..20000) {
			my $text = substr $characters, 9 * $n, 3000; # no two are equal, and none is compressible
			send($s, "MESSAGE=$n\nSYSLOG_IDENTIFIER=mayfly\nX=$text\n", 0,
				sockaddr_un("/run/systemd/journal.mayfly/socket")) or die "$!";
		}'
	inside journalctl --namespace=mayfly --sync
	local size
	size=$(inside sh -c 'du --summarize --bytes /var/log/journal/*.mayfly | cut -f1')
	((size <= 17 << 20)) || fail "$size bytes"
	equal "$(in_journal before-the-flood --namespace=mayfly)" 0 'the oldest entry'
	equal "$(inside sh -c 'du --summarize --bytes /var/log/journal/*[0-9a-f] | cut -f1')" "$before"
}

@test "without the namespace handlers log to the machine's journal, and check reports it" {
	block 3 | write /etc/default/mayfly
	visit /without >/dev/null
	all_is_logged
	equal "$(in_journal without)" 1
	run -1 inside /usr/local/bin/mayflyctl check
	contains "$output" "--log journal:mayfly: this journal namespace does not exist, so handlers log to the machine's journal"
	contains "$output" 'systemctl add-wants mayfly.socket systemd-journald@mayfly.socket && systemctl start systemd-journald@mayfly.socket'
	grep -o 'systemctl add-wants.*' <<<"$output" | inside sh -e
	run -0 inside /usr/local/bin/mayflyctl check
	equal "$output" 'No problems found.'
	visit /with >/dev/null
	all_is_logged
	equal "$(in_journal with --namespace=mayfly)" 1
}

@test "an invalid name of a namespace is an error of the command line, which check shows" {
	echo 'MAYFLY_OPTIONS=--log journal:../x' | write /etc/default/mayfly
	run -2 inside /usr/local/bin/mayflyctl check
	contains "$output" '"journal:../x" does not end with the name of a journal namespace'
}

is_idle() {
	[[ $(inside systemctl is-active systemd-journald@mayfly.service) == inactive ]]
}

@test "the namespace's journald exits when it is idle, and the next entry starts it" {
	make_namespace
	visit /first >/dev/null
	all_is_logged
	wait_until is_idle
	equal "$(inside systemctl is-active systemd-journald@mayfly.socket)" active
	visit /second >/dev/null
	all_is_logged
	equal "$(in_journal first --namespace=mayfly) $(in_journal second --namespace=mayfly)" '1 1'
}

@test "on a busy site LogNamespace= applies to the handlers and to refusals of mayfly-accept" {
	block 1 | write /etc/systemd/journald@mayfly.conf
	block 4 | write /etc/systemd/system/mayfly-busy.service.d/log.conf
	echo 'MAYFLY_ACCEPT_OPTIONS=--max-per-source 1' | write /etc/default/mayfly
	inside sh -c 'systemctl daemon-reload && systemctl stop mayfly.socket && systemctl start mayfly-busy.socket'
	visit /busy >/dev/null
	nearby timeout 60 bash -c 'exec 5<>/dev/tcp/127.0.0.1/8080; printf "GET /held HTTP/1.1\r\n" >&5
		sleep 1; curl -sS -o /dev/null http://127.0.0.1:8080/refused; exec 5>&-'
	all_is_logged
	wait_until is_refused
	equal "$(in_journal busy --namespace=mayfly) $(in_journal busy)" '1 0'
	equal "$(inside journalctl --quiet -t mayfly --output=cat | grep -c too-many-from-source || true)" 0
}

is_refused() {
	inside journalctl --namespace=mayfly --quiet -t mayfly --output=cat | grep -q too-many-from-source
}

# mayflyctl log, compared with journalctl on the same journal, and read by GoAccess.
load container

setup_file() {
	start_site
	# One request of each kind, for the tests that send none.
	visit '/style.css?a=b' -A 'An "agent"\1.0' -e 'http://example.org/' -o /dev/null
	visit /robots.txt --interface 127.0.0.2 >/dev/null
	visit /nothing >/dev/null
	visit / --globoff --connect-to '127.0.0.1::[::1]:' >/dev/null
}

# Requests of earlier tests are logged before a test begins.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	all_is_logged
}

# ctl ARGUMENT...: runs mayflyctl in the machine, as root.
ctl() {
	inside /usr/local/bin/mayflyctl "$@"
}

# handlers_entries: prints the handlers' entries as journalctl shows them, as JSON. (Not by slice: a handler that has
# exited before journald looks it up has none.)
handlers_entries() {
	journal --output=json --identifier=mayfly
}

# targets ARGUMENT...: prints the request targets that log shows, in one line.
targets() {
	ctl log --json "$@" | jq -r .target | paste -sd ' '
}

# Waits until the next second begins.
pass_second() {
	local second
	second=$(date +%s)
	# shellcheck disable=SC2317 # called by wait_until
	second_has_passed() { (($(date +%s) > second)); }
	wait_until second_has_passed
}

@test "a line is the time and the handler's log line" {
	handlers_entries | jq -r '(.__REALTIME_TIMESTAMP | tonumber / 1e6 | floor + 5400 |
		strftime("%Y-%m-%d %H:%M:%S ")) + .MESSAGE' >expected
	[[ $(wc -l <expected) -ge 4 ]]
	inside env TZ=ABC-1:30 /usr/local/bin/mayflyctl log >shown
	diff expected shown
}

@test "JSON has all fields, one object per line" {
	handlers_entries | jq -c '[.HTTP_METHOD, .HTTP_TARGET, .HTTP_STATUS, .HTTP_BYTES, .HTTP_REFERER,
		.HTTP_USER_AGENT, .REMOTE_ADDR, .REMOTE_PORT, .HITS, .DURATION_USEC, .REASON, .PRIORITY, .MESSAGE,
		.__REALTIME_TIMESTAMP]' >expected
	ctl log --format json | jq -c '[.method, .target, (.status | tostring), (.bytes | tostring), .referer,
		.user_agent, .address, (.port | tostring), (.hits | if . then tostring else null end),
		(.duration_usec | tostring), .reason, (.priority | tostring), .message,
		((.time[:19] + "Z" | fromdate | tostring) + .time[20:26])]' >shown
	diff expected shown
	equal "$(ctl log --json)" "$(ctl log --format json)"
}

@test "combined is NCSA's format, with quotes and backslashes escaped" {
	ctl log --format combined >shown
	equal "$(head -n 1 shown | sed -E 's/\[.*\]/[TIME]/')" \
		'127.0.0.1 - - [TIME] "GET /style.css?a=b HTTP/1.1" 200 '"$(visit /style.css | wc -c)"' "http://example.org/" "An \x22agent\x22\x5c1.0"'
	refute grep -vE '^[0-9a-f.:]+ - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(:[0-9]{2}){3} \+0000\] "[^"]*" [0-9]{3} [0-9]+ "[^"]*" "[^"]*"$' \
		shown
}

@test "GoAccess reads the combined format completely" {
	local i start
	pass_second
	start=$(date +%s)
	for i in 1 2 3; do visit /robots.txt -A 'Mozilla/5.0 "quo\ted' >/dev/null; done
	visit '/for-goaccess?x' >/dev/null
	visit / --interface 127.0.0.3 >/dev/null
	all_is_logged
	ctl log --since "@$start" --format combined >access.log
	cat access.log
	goaccess access.log --no-global-config --log-format=COMBINED --output=report.json >goaccess.log 2>&1
	equal "$(jq -c '.general | [.total_requests, .valid_requests, .failed_requests]' report.json)" '[5,5,0]'
	equal "$(jq -c '[.static_requests.data[], .requests.data[], .not_found.data[] | [.data, .hits.count]] |
		sort' report.json)" '[["/",1],["/for-goaccess?x",1],["/robots.txt",3]]'
	equal "$(jq -c '[.status_codes.data[].items[] | [.data[:3], .hits.count]] | sort' report.json)" \
		'[["200",4],["404",1]]'
	equal "$(jq -c '[.hosts.data[] | [.data, .hits.count]] | sort' report.json)" \
		'[["127.0.0.1",4],["127.0.0.3",1]]'
}

@test "truncated fields are shown in each format, and GoAccess reads them" {
	local start long
	pass_second
	start=$(date +%s)
	long=$(printf 'a%.0s' {1..3000})
	visit "/cut/$long?\"quoted\"" -A "$(printf '\xf0%.0s' {1..600})" -e "http://example.org/$long" >/dev/null
	visit /style.css -I >/dev/null
	all_is_logged
	contains "$(ctl log --since "@$start" --path '/cut/*')" \
		" /cut/${long::1016}... | 127.0.0.1 | "
	contains "$(ctl log --since "@$start" --path /style.css)" ' HEAD /style.css | 127.0.0.1 | '
	equal "$(ctl log --since "@$start" --path '/cut/*' --json | jq -c \
		'[.target, .referer, .user_agent] | map(length, .[-4:])')" \
		'[1024,"a...",512,"a...",511,"0..."]'
	ctl log --since "@$start" --format combined >access.log
	goaccess access.log --no-global-config --log-format=COMBINED --output=report.json >goaccess.log 2>&1
	equal "$(jq -c '.general | [.total_requests, .valid_requests, .failed_requests]' report.json)" '[2,2,0]'
	equal "$(jq -r '.not_found.data[].data' report.json)" "/cut/${long::1016}..."
}

@test "--lines shows only the last entries" {
	visit /robots.txt?1 >/dev/null
	visit /robots.txt?2 >/dev/null
	all_is_logged
	equal "$(targets -n 1)" '/robots.txt?2'
	equal "$(targets --lines 2)" '/robots.txt?1 /robots.txt?2'
	equal "$(targets -n 0)" ''
	equal "$(ctl log -n all)" "$(ctl log)"
	equal "$(ctl log -n 100000)" "$(ctl log)"
	visit /nothing >/dev/null
	visit /missing >/dev/null
	all_is_logged
	equal "$(targets -n 2 --path '/robots*')" '/robots.txt?1 /robots.txt?2'
}

@test "--status, --path and --address select requests" {
	equal "$(targets --status 404 -n 1 --path /nothing)" /nothing
	equal "$(ctl log --json --status 404 | jq -s 'map(.status) | unique' -c)" '[404]'
	equal "$(ctl log --json --status 404 --status 200 | jq -s 'map(.status) | unique' -c)" '[200,404]'
	equal "$(ctl log --json --status 4xx | jq -s 'map(.status) | unique' -c)" '[404]'
	equal "$(ctl log --json --status 2XX --status 404 | jq -s 'map(.status) | unique' -c)" '[200,404]'
	equal "$(targets --status 5xx)" ''
	equal "$(targets --status 3xx --status 404 -n 1 --path /nothing)" /nothing
	equal "$(targets --path '/*.css' -n 1 --address 127.0.0.1)" "$(targets --path '/style.css' -n 1)"
	equal "$(targets --address 127.0.0.2)" '/robots.txt'
	equal "$(targets --address 0:0::1)" '/'
	equal "$(targets --address ::ffff:127.0.0.2 --address ::1)" '/robots.txt /'
	equal "$(targets --address 127.0.0.2 --status 404)" ''
}

@test "--path is compared with the decoded path without the query" {
	echo coffee | write '/srv/mayfly/my café.txt'
	visit '/my%20caf%c3%a9.txt?x' >/dev/null
	all_is_logged
	equal "$(targets --path '/my café.txt')" '/my%20caf%c3%a9.txt?x'
	equal "$(targets --path '*?x')" ''
}

@test "--since and --until select a period" {
	local before between after
	pass_second
	before=$(date +%s)
	visit /robots.txt?before >/dev/null
	all_is_logged
	pass_second
	between=$(date +%s)
	visit /robots.txt?after >/dev/null
	all_is_logged
	pass_second
	after=$(date +%s)
	equal "$(targets --since "@$before")" '/robots.txt?before /robots.txt?after'
	equal "$(targets --since "@$between")" '/robots.txt?after'
	equal "$(targets --since "@$before" --until "@$between")" '/robots.txt?before'
	equal "$(targets --since "@$before" --until "$(date -u -d "@$between" '+%F %T')" -n 5)" '/robots.txt?before'
	equal "$(targets --until "@$between" -n 1)" '/robots.txt?before'
	equal "$(targets --since "@$before" -n 1)" '/robots.txt?after'
	equal "$(targets --since "@$after")" ''
	equal "$(targets --since -1d)" "$(targets)"
	equal "$(targets --until -1d)" ''
}

@test "--follow shows each new request until nothing reads the output" {
	local follower line
	visit /robots.txt >/dev/null
	all_is_logged
	exec {follower}< <(ctl log -f -n 1 3>&-)
	pid=$!
	read -r -t "$patience" -u "$follower" line
	contains "$line" ' /robots.txt | 127.0.0.1 | '
	visit /followed >/dev/null
	read -r -t "$patience" -u "$follower" line
	contains "$line" ' /followed | 127.0.0.1 | '
	visit /style.css >/dev/null
	read -r -t "$patience" -u "$follower" line
	contains "$line" ' /style.css | 127.0.0.1 | '
	kill -0 "$pid"
	exec {follower}<&-
	is_gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until is_gone
}

@test "--follow shows only selected requests" {
	local follower line
	exec {follower}< <(ctl log --follow --lines 0 --path '/wanted*' --json 3>&-)
	until_followed() {
		visit /unwanted >/dev/null
		visit /wanted >/dev/null
		read -r -t 1 -u "$follower" line
	}
	wait_until until_followed
	equal "$(jq -r .target <<<"$line")" /wanted
	exec {follower}<&-
}

@test "--anonymize shows networks instead of addresses, and no port, in each format" {
	local format
	for format in line combined json; do
		ctl log --anonymize --format "$format" >shown
		refute grep -E '127\.0\.0\.[1-9]|::1' shown
		contains "$(<shown)" 127.0.0.0
	done
	equal "$(jq -r .port shown | sort -u)" null
	equal "$(ctl log --anonymize --json --address ::1 | jq -r .address)" ::
	contains "$(ctl log --anonymize --address 127.0.0.2)" ' /robots.txt | 127.0.0.0 | - | '
}

@test "--robots and --no-robots select requests of a site that counts robots apart; lost hits are a metric" {
	echo 'MAYFLY_OPTIONS=--robots /var/lib/mayfly/robots' | write /etc/default/mayfly
	visit '/style.css?person' -A Firefox -o /dev/null
	visit '/style.css?machine' -A Somebot -o /dev/null
	visit '/gone?machine' -A Somebot >/dev/null
	all_is_logged
	equal "$(targets --robots)" '/style.css?machine /gone?machine'
	contains "$(targets --no-robots)" '/style.css?person'
	refute contains "$(targets --no-robots)" machine
	equal "$(ctl log --robots --json | jq .robot | sort -u)" 1
	equal "$(ctl hits --robots --format tsv)" $'hits\tpath\n1\t/style.css'
	equal "$(ctl hits --json | jq .robots)" 1
	contains "$(ctl hits --format openmetrics)" 'mayfly_lost_hits{site="mayfly"} 0'
	inside sh -c 'echo damaged >/var/lib/mayfly/robots'
	visit '/style.css?machine' -A Somebot -o /dev/null
	all_is_logged
	contains "$(ctl hits --format openmetrics)" 'mayfly_lost_hits{site="mayfly"} 1'
	contains "$(ctl check 2>&1)" 'the counter file /var/lib/mayfly/robots: not a counter file'
	inside rm /var/lib/mayfly/robots /etc/default/mayfly
	run -1 ctl hits --robots
	equal "$output" 'mayflyctl: site mayfly counts nothing for robots: its handler has no --robots'
}

@test "errors of a handler are shown unless requests are selected" {
	echo 'MAYFLY_OPTIONS=--root /srv/gone' | write /etc/default/mayfly
	visit / >/dev/null 2>&1 || true
	all_is_logged
	inside rm /etc/default/mayfly
	contains "$(ctl log -n 2)" ' mayfly: cannot open the root directory /srv/gone'
	equal "$(ctl log -n 2 --json | jq -c 'select(.status == null) | .priority')" 3
	refute contains "$(ctl log --format combined)" /srv/gone
	refute contains "$(ctl log --path '*')" /srv/gone
}

# as USER COMMAND...: runs the command in the machine as this user.
as() {
	inside setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}

# forged TARGET [FIELD...]: prints the fields of an entry in the form of a handler, of a kind that all commands show.
forged() {
	printf '%s\n' MESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf "MESSAGE=$1 | 192.0.2.66 | 4711 | 404 Not Found (not-found)" \
		SYSLOG_IDENTIFIER=mayfly PRIORITY=4 HTTP_METHOD=GET "HTTP_TARGET=$1" HTTP_STATUS=404 HTTP_BYTES=1 \
		REMOTE_ADDR=192.0.2.66 REMOTE_PORT=4711 DURATION_USEC=1 REASON=not-found "${@:2}"
}

# send_raw USER: sends standard input to the journal as one datagram.
send_raw() {
	# shellcheck disable=SC2016 # perl's variables
	as "$1" perl -e 'use Socket; undef $/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; my $entry = <STDIN>;
		send($s, $entry, 0, sockaddr_un("/run/systemd/journal/socket")) or die "$!"'
}

# shown_where TARGET [ARGUMENT...]: prints which commands show the target, in one line.
shown_where() {
	local command shown=()
	for command in log 'log --format combined' 'log --json' status 'status --json' report 'report --json'; do
		# shellcheck disable=SC2086 # words
		ctl $command "${@:2}" >output
		! grep -qF "$1" output || shown+=("$command")
	done
	(IFS=, && echo "${shown[*]}")
}

everywhere='log,log --format combined,log --json,status,status --json,report,report --json'

@test "entries of other users are forged: no command shows them" {
	local id
	id=$(inside id -u mayfly)
	visit /real-one >/dev/null
	forged /forged-nobody | as 65534 logger --journald
	forged /forged-root | inside logger --journald
	forged /forged-raw | send_raw 65534
	forged /forged-claim "_UID=$id" "_TRANSPORT=journal" | send_raw 65534
	printf '%s\n' MESSAGE_ID=f6aa8d4055ca453aaa89000f7370d71c MESSAGE=forged-error PRIORITY=3 | send_raw 65534
	all_is_logged
	equal "$(journal --output=cat | grep -c '^/\?forged-')" 5 'forged entries in the journal'
	equal "$(shown_where /real-one)" "$everywhere"
	equal "$(shown_where forged-)" ''
	equal "$(journal -t mayfly "_UID=$id" HTTP_STATUS=404 --output=cat | grep -c 'forged-' || true)" 0 \
		'what the manual says to ask journalctl for'
}

@test "--user shows the entries of another user's handlers as well, by name or number" {
	forged /of-root | inside logger --journald
	forged /of-nobody | send_raw 65534
	visit /of-mayfly >/dev/null
	all_is_logged
	equal "$(shown_where /of-root --user root)" "$everywhere"
	equal "$(shown_where /of-nobody --user root)" ''
	equal "$(shown_where /of-nobody --user 65534 --user 0)" "$everywhere"
	equal "$(shown_where /of-mayfly --user root)" "$everywhere"
	for command in log status report; do
		run -100 --separate-stderr ctl "$command" --user no-such-user
		[[ $stderr =~ no-such-user\"?\ is\ not\ a\ user ]]
	done
}

@test "entries of other sites are shown, by User= of their units or the name of a system user" {
	local site user
	for site in blog a.b; do
		printf '%s\n' '[Socket]' ListenStream=8090 | write "/etc/systemd/system/mayfly-site-$site.socket"
		printf '%s\n' '[Service]' ExecStart=/bin/true | write "/etc/systemd/system/mayfly-site-$site@.service"
		printf '%s\n' '[Service]' "User=owner-${site//./}" |
			write "/etc/systemd/system/mayfly-site-$site@.service.d/user.conf"
	done
	inside sh -c 'useradd owner-blog && useradd owner-ab && useradd --system mayfly-gone && useradd mayfly-person &&
		useradd --system mayflyer && systemctl daemon-reload'
	for user in owner-blog owner-ab mayfly-gone mayfly-person mayflyer; do
		forged "/by-$user-" | send_raw "$(inside id -u "$user")"
	done
	all_is_logged
	equal "$(targets | tr ' ' '\n' | grep '^/by-' | paste -sd ' ')" '/by-owner-blog- /by-owner-ab- /by-mayfly-gone-'
	inside sh -c 'rm -r /etc/systemd/system/mayfly-site-* && systemctl daemon-reload'
	equal "$(targets | tr ' ' '\n' | grep '^/by-' | paste -sd ' ')" '/by-mayfly-gone-'
}

@test "without a user of handlers no entry is shown" {
	run -1 --separate-stderr inside unshare --mount sh -c \
		'echo root:x:0:0::/root:/bin/sh >/tmp/passwd; mount --bind /tmp/passwd /etc/passwd
		mount -t tmpfs none /run/dbus; exec /usr/local/bin/mayflyctl log'
	equal "$output" ''
	equal "$stderr" 'mayflyctl: cannot read the journal: no user mayfly on this machine; name a user with --user'
}

@test "forged values of REASON hide no refusal from status" {
	{ echo MESSAGE=x && printf 'REASON=a-%s\n' {1..300}; } | send_raw 65534
	all_is_logged
	visit /hidden-by-the-flood >/dev/null
	all_is_logged
	equal "$(journal --field=REASON | grep -c '^a-')" 300 'forged reasons'
	contains "$(ctl status)" /hidden-by-the-flood
}

@test "a forged entry of a handler's user cannot control the terminal" {
	forged /x | sed $'s/^MESSAGE=.*/MESSAGE=\\/\\x1b[31m\\xff | 1 | 2 | 3/; s/^HTTP_TARGET=.*/HTTP_TARGET=\\/\\x1b]0;x\\x07/
		/^REMOTE_ADDR/d; s/^HTTP_BYTES=.*/HTTP_USER_AGENT="/; s/404$/200/' | send_raw "$(inside id -u mayfly)"
	journal --sync
	# shellcheck disable=SC1003 # a backslash
	contains "$(ctl log -n 1)" ' /\x1b[31m\xff | 1 | 2 | 3'
	contains "$(ctl log -n 1 --format combined)" '- - - ['
	contains "$(ctl log -n 1 --format combined)" '"GET /\x1b]0;x\x07 HTTP/1.1" 200 - "-" "\x22"'
	equal "$(ctl log -n 1 --json | jq -r .target)" '/\x1b]0;x\x07'
}

@test "refusals are coloured on a terminal, unless NO_COLOR is set" {
	local command='/usr/local/bin/mayflyctl log --status 404 -n 1'
	contains "$(inside env TERM=xterm script -qec "$command" /dev/null)" $'\033[33m20'
	refute contains "$(inside env TERM=xterm NO_COLOR=1 script -qec "$command" /dev/null)" $'\033'
	refute contains "$(ctl log --status 404 -n 1)" $'\033'
}

@test "an empty result is reported on standard error only" {
	run -0 --separate-stderr ctl log --status 418
	equal "$output" ''
	equal "$stderr" 'No matching request in the journal.'
}

@test "without permission the error names who may read the journal" {
	run -1 --separate-stderr inside setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/mayflyctl log
	equal "$output" ''
	equal "$stderr" 'mayflyctl: cannot read the journal: permission denied; try as root or as a member of group systemd-journal'
	equal "$(inside setpriv --reuid=65534 --regid=65534 --groups=systemd-journal /usr/local/bin/mayflyctl log)" \
		"$(ctl log)"
}

@test "a machine without a journal is one error line" {
	run -1 --separate-stderr inside unshare --mount sh -c \
		'mount -t tmpfs none /var/log && mount -t tmpfs none /run/log && exec /usr/local/bin/mayflyctl log'
	equal "$output" ''
	equal "$stderr" 'mayflyctl: cannot read the journal: no journal on this machine'
}

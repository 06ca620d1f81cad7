# mayflyctl status, compared with systemctl, and on a site with problems.
load container

setup_file() {
	build_tools hits_dump fail_calls
	start_site
}

# ctl ARGUMENT...: runs mayflyctl in the machine, as root.
ctl() {
	inside /usr/local/bin/mayflyctl "$@"
}

# ctl_as_ordinary_user ARGUMENT...: the same as a user without rights.
ctl_as_ordinary_user() {
	inside setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/mayflyctl "$@"
}

# with_options OPTIONS: makes systemd start handlers with these options.
with_options() {
	printf 'MAYFLY_OPTIONS=%s\n' "$1" | write /etc/default/mayfly
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	inside rm -f /etc/default/mayfly
}

# status_value FILTER: prints what the filter of jq selects from `status --json`.
status_value() {
	ctl status --json >status.json || true
	jq -rc "$1" status.json
}

# property_of UNIT NAME: prints the property as systemctl shows it; "null" if it is not set.
property_of() {
	inside systemctl show --property="$2" --value "$1" | sed 's/^\(\[not set\]\|infinity\)$/null/'
}

@test "status of a served site shows addresses, limits, root directory and hits" {
	visit / >/dev/null
	wait_until instances_are 0
	run -0 ctl status
	[[ $output == [!$'\n']* ]] || fail "an empty line comes first: $output"
	contains "$output" 'Socket         active: listening on [::]:8080 (enabled)'
	contains "$output" 'Connections    0 open, of 1024 at most; '
	contains "$output" '               at most 64 from one address'
	[[ $output =~ Memory\ +[0-9.]+\ ([KM]iB|B),\ of\ (512\.0\ MiB|4\.0\ GiB)\ at\ most ]] || fail "$output"
	contains "$output" 'Tasks          0, of 2200 at most'
	contains "$output" 'Root directory /srv/mayfly: user mayfly can enter it'
	contains "$output" 'Counter file   /var/lib/mayfly/hits: 1 resource, 1 hit'
	contains "$output" 'Journal        no refusals, no errors'
}

@test "each property has the value that systemctl shows" {
	local name
	ctl status --json >status.json
	for name in ActiveState SubState UnitFileState Result NAccepted NRefused NConnections MaxConnections \
		MaxConnectionsPerSource; do
		equal "$(jq -r ".socket.$name" status.json)" "$(property_of mayfly.socket "$name")" "$name"
	done
	for name in MemoryMax TasksCurrent TasksMax; do
		equal "$(jq -r ".slice.$name" status.json)" "$(property_of mayfly.slice "$name")" "$name"
	done
	equal "$(jq -r '.socket.Listen[] + " (Stream)"' status.json)" "$(property_of mayfly.socket Listen)"
}

# tasks_are COUNT: whether so many handler processes run. (A connection has its unit before its process.)
tasks_are() {
	[[ $(property_of mayfly.slice TasksCurrent) == "$1" ]]
}

@test "open connections and those of the busiest address are shown" {
	local accepted
	use_patient_handlers
	accepted=$(status_value .socket.NAccepted)
	hold 3 'GET / HTTP/1.1\r\n'
	wait_until tasks_are 3
	equal "$(status_value '[.socket.NConnections, .socket.NAccepted, .slice.TasksCurrent]')" \
		"[3,$((accepted + 3)),3]"
	equal "$(jq -c .socket.BusiestSource status.json)" '{"address":"127.0.0.1","NConnections":3}'
	contains "$(ctl status)" '3 open from 127.0.0.1, at most 64 from one address'
	let_go
	wait_until instances_are 0
	equal "$(status_value .socket.BusiestSource)" null
}

@test "refused connections are counted" {
	local most refused
	use_patient_handlers
	refused=$(status_value .socket.NRefused)
	most=$(status_value .socket.MaxConnectionsPerSource)
	hold "$most" 'GET / HTTP/1.1\r\n'
	wait_until tasks_are "$most"
	run visit /
	refute test "$status" -eq 0
	equal "$(status_value '[.socket.NRefused, .socket.BusiestSource.NConnections]')" \
		"[$((refused + 1)),$most]"
	let_go
	wait_until instances_are 0
}

@test "root directory and counter file are those of the environment file" {
	with_options $'"--root \'/srv/my site\' --hits=/var/lib/mayfly/other"\n#MAYFLY_OPTIONS=--root /wrong'
	inside mkdir -p '/srv/my site'
	echo Hello. | write '/srv/my site/a.txt'
	equal "$(visit /a.txt)" Hello.
	equal "$(status_value '[.root.path, .root.enterable, .hits.file, .hits.total]')" \
		'["/srv/my site",true,"/var/lib/mayfly/other",1]'
}

@test "variables in a replaced ExecStart= are expanded" {
	printf '%s\n' '[Service]' 'Environment="SITE=/srv/my site" OTHER=--root=/wrong' ExecStart= \
		"ExecStart=/usr/local/sbin/mayfly --root \${SITE} --log journal \$MORE" |
		write /etc/systemd/system/mayfly@.service.d/own.conf
	echo 'MORE=--vhosts' | write /etc/default/mayfly
	inside systemctl daemon-reload
	equal "$(status_value '[.root.path, .hits]')" '["/srv/my site",null]'
	contains "$(ctl status)" 'Counter file   none: nothing is counted'
	inside rm /etc/systemd/system/mayfly@.service.d/own.conf
	inside systemctl daemon-reload
}

@test "a root directory that only root can enter is an error" {
	inside mkdir -p /srv/private/site
	inside chmod 700 /srv/private
	with_options '--root /srv/private/site'
	run -1 ctl status
	contains "$output" '/srv/private/site: user mayfly cannot enter it: Permission denied'
	equal "$(status_value '[.root.enterable, .root.error]')" '[false,"Permission denied"]'
}

@test "a missing root directory is an error, and the handler's message is shown" {
	with_options '--root /srv/gone'
	visit / >/dev/null 2>&1 || true
	all_is_logged
	run -1 ctl status
	contains "$output" '/srv/gone: user mayfly cannot enter it: No such file or directory'
	contains "$output" 'cannot open the root directory /srv/gone'
}

@test "resources and hits are those of the counter file" {
	visit / >/dev/null
	visit /robots.txt >/dev/null
	machine_counts >counted
	equal "$(status_value '[.hits.resources, .hits.total, .hits.damaged]')" \
		"[$(wc -l <counted),$(awk '{ n += $1 } END { print n }' counted),0]"
}

@test "a foreign counter file is an error" {
	with_options '--hits /var/lib/mayfly/foreign'
	echo 'This is no counter file.' | write /var/lib/mayfly/foreign
	run -1 ctl status
	contains "$output" '/var/lib/mayfly/foreign: not a counter file, or one of another version'
}

@test "a missing counter file is no error" {
	with_options '--hits /var/lib/mayfly/new'
	run -0 ctl status
	contains "$output" '/var/lib/mayfly/new: created with the first hit'
}

@test "the last five refusals are shown, newest last, and no served request" {
	local i day
	day=$(inside date +%F)
	for i in {1..6}; do
		visit "/missing-$i" >/dev/null
		visit /robots.txt >/dev/null
	done
	all_is_logged
	equal "$(status_value '[.journal.last[] | .target] | join(" ")')" \
		'/missing-2 /missing-3 /missing-4 /missing-5 /missing-6'
	ctl status | sed -n '/^Last refusals/,$p' | sed -E 's/[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{5}//g' | tail -n 1 >last
	[[ $(<last) == *" $day "* ]] || day=$(inside date +%F) # it was midnight
	equal "$(<last)" \
		"  $day  /missing-6 | 127.0.0.1 |  | 404 Not Found (not-found)"
}

@test "a hit that could not be counted is shown" {
	with_options '--hits /srv/nowhere/hits'
	visit /robots.txt >/dev/null
	all_is_logged
	equal "$(status_value '.journal.last[-1] | [.priority, .status, .reason]')" \
		'[4,200,"hits-missing-folder"]'
}

@test "for an ordinary user status shows what only root can see" {
	visit / >/dev/null
	run -0 ctl_as_ordinary_user status
	contains "$output" 'active: listening on [::]:8080'
	contains "$output" '/srv/mayfly: run this as root to test whether user mayfly can enter it'
	contains "$output" '/var/lib/mayfly/hits: permission denied; try as root'
	contains "$output" 'Journal        permission denied; try as root or as a member of group systemd-journal'
	run -0 ctl_as_ordinary_user status --json
	equal "$(jq -c '[.root.enterable, .hits.total, .journal.last]' <<<"$output")" '[null,null,null]'
}

@test "an inactive socket is an error" {
	inside systemctl stop mayfly.socket
	run -1 ctl status
	contains "$output" 'Socket         inactive: no client is served; run "systemctl start mayfly.socket" (enabled)'
	equal "$(status_value .socket.ActiveState)" inactive
	inside systemctl start mayfly.socket
	run -0 ctl status
}

@test "output has colours on a terminal, unless NO_COLOR is set" {
	local coloured=$'\033[32mactive\033[0m'
	contains "$(inside env TERM=xterm script -qec '/usr/local/bin/mayflyctl status' /dev/null)" "$coloured"
	refute contains "$(inside env TERM=xterm NO_COLOR=1 script -qec '/usr/local/bin/mayflyctl status' /dev/null)" \
		$'\033'
	refute contains "$(inside env TERM=xterm /usr/local/bin/mayflyctl status)" $'\033'
}

@test "an unreachable system bus is one error line" {
	run -1 --separate-stderr inside unshare --mount sh -c \
		'mount -t tmpfs none /run/dbus && exec /usr/local/bin/mayflyctl status --json'
	equal "$output" ''
	equal "$stderr" 'mayflyctl: cannot reach the system bus: No such file or directory'
}

@test "missing units are named" {
	local unit
	inside systemctl stop mayfly.socket
	for unit in mayfly.socket mayfly@.service; do
		inside mv "/usr/lib/systemd/system/$unit" /root/
		inside systemctl daemon-reload
		run -1 --separate-stderr ctl status
		equal "$output" ''
		equal "$stderr" "mayflyctl: $unit is not installed"
		inside mv "/root/$unit" /usr/lib/systemd/system/
	done
	inside systemctl daemon-reload
	inside systemctl start mayfly.socket
	run -0 ctl status
}

# bats test_tags=any-debian
@test "no command crashes if a call of a library function fails" {
	fail_each_call_inside status
	fail_each_call_inside status --json
}

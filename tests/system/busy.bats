# mayfly-busy.socket, for busy sites: one process accepts all connections, and starts a handler for each.
load container

setup_file() {
	build_tools hits_dump load_client
	start_site
	visit / >/dev/null
	all_is_logged
	# As packaging/guide/busy.md says.
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
}

# with_options OPTION...: restarts mayfly-accept with these options. Handlers wait for a request during
# the whole test.
with_options() {
	printf '%s\n' "MAYFLY_ACCEPT_OPTIONS=$*" 'MAYFLY_OPTIONS=--header-timeout 3600' | write /etc/default/mayfly
	inside systemctl try-restart mayfly-busy.service
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	inside rm -f /etc/default/mayfly
	pausers=()
}

# property NAME: prints a property of the service.
property() {
	inside systemctl show --property="$1" --value mayfly-busy.service
}

# has_connections COUNT: whether exactly COUNT handlers run. A service that has exited has no task count.
has_connections() {
	local tasks
	tasks=$(property TasksCurrent)
	[[ $tasks == $(($1 + 1)) || ($1 == 0 && $tasks == '[not set]') ]]
}

@test "two commands switch the units: the page is served over IPv4 and IPv6, counted, and logged with the address" {
	local before
	equal "$(inside systemctl is-active mayfly.socket mayfly-busy.socket || true)" $'inactive\nactive'
	before=$(machine_counts)
	equal "$before" $'1\t/index.html'
	visit / --interface 127.0.0.7 | cmp - "$repository/www/index.html"
	visit / --globoff --connect-to '127.0.0.1::[::1]:' | cmp - "$repository/www/index.html"
	equal "$(machine_counts)" $'3\t/index.html'
	wait_until has_connections 0
	journal -t mayfly --output=cat | sed 's/| [0-9]* |/|/' >entries
	contains "$(<entries)" '/index.html | 127.0.0.7 | 2'
	contains "$(<entries)" '/index.html | ::1 | 3'
	equal "$(property ActiveState)" active
	equal "$(instances)" ''
	equal "$(grep sandbox entries || true)" ''
	no_failed_unit
}

@test "the service's system call filter allows each kind of response" {
	local expected arguments
	# A relative root takes a further call, getcwd, for absolute links.
	echo 'MAYFLY_OPTIONS=--list-hits --keep-alive 2 --health-path /healthz --counter-path /counter --root srv/mayfly' | write /etc/default/mayfly
	inside systemctl try-restart mayfly-busy.service
	inside sh -c 'mkdir -p /srv/mayfly/folder && seq 20000 >/srv/mayfly/folder/a.txt && gzip --keep --force /srv/mayfly/folder/a.txt'
	inside ln -s . /srv/mayfly/folder/self
	inside ln -s /srv/mayfly/folder/a.txt /srv/mayfly/folder/absolute.txt
	while read -r expected arguments; do
		# shellcheck disable=SC2086 # words
		equal "$(visit $arguments --silent --output /dev/null --write-out '%{http_code}')" "$expected" "answer to $arguments" || return
	done <<-'END'
		200 /folder/
		301 /folder
		200 /folder/a.txt
		200 /folder/self/self/a.txt
		200 /folder/absolute.txt
		206 /folder/a.txt --range 0-1,5-6,10-
		200 /folder/a.txt --compressed
		200 /folder/a.txt --head
		204 / --request OPTIONS
		404 /nothing
		416 /folder/a.txt --range 1000000-
		405 /folder/a.txt --request DELETE
		200 /healthz
		200 /counter/folder/a.txt.svg
		400 /counter.svg
	END
	equal "$(journal --identifier=mayfly --boot --output=cat --grep 'hits-|file-|sandbox' | grep -c . || true)" 0 'errors in the log'
	inside rm -r /srv/mayfly/folder
}

# Whether one handler runs, and has been executed: it begins as a copy of mayfly-accept. Sets
# parent and handler.
has_handler() {
	parent=$(property MainPID)
	handler=$(inside cat "/proc/$parent/task/$parent/children" | tr -d ' ')
	[[ $(inside readlink "/proc/$handler/exe") == */sbin/mayfly ]]
}

@test "handlers run as mayfly, in mayfly.slice, without rights, each started by the accepting process" {
	local parent handler status
	with_options
	wait_until has_connections 0
	hold 1 'GET / HTTP/1.1\r\n'
	wait_until has_handler
	equal "$(inside readlink "/proc/$parent/exe" "/proc/$handler/exe")" \
		$'/usr/local/sbin/mayfly-accept\n/usr/local/sbin/mayfly'
	contains "$(inside cat "/proc/$handler/cgroup")" /mayfly.slice/mayfly-busy.service
	for process in "$parent" "$handler"; do
		status=$(inside cat "/proc/$process/status" | tr '\t' ' ')
		contains "$status" "Uid: $(inside id -u mayfly) "
		contains "$status" 'CapPrm: 0000000000000000'
		contains "$status" 'CapBnd: 0000000000000000'
		contains "$status" 'NoNewPrivs: 1'
		contains "$status" 'Seccomp: 2'
		contains "$(inside grep ' / / ' "/proc/$process/mountinfo")" ' ro,'
		refute inside sh -c "test /proc/$process/ns/net -ef /proc/1/ns/net"
	done
	refute inside sh -c "test /proc/$handler/fd/2 -ef /proc/$handler/fd/0"
	let_go
	wait_until has_connections 0
}

# resets: prints the number of connections that the machine has reset.
resets() {
	# shellcheck disable=SC2016 # awk's
	nearby awk '/^Tcp: [0-9]/ { print $15 }' /proc/net/snmp
}

# accept_descriptors: prints the number of descriptors of mayfly-accept.
accept_descriptors() {
	# shellcheck disable=SC2016 # expanded there
	inside sh -c 'ls "/proc/$1/fd" | wc -l' sh "$(property MainPID)"
}

@test "an address above its limit gets 503 with Retry-After, shown in log and status" {
	local resets descriptors
	with_options --max-per-source 2
	hold 2 'GET / HTTP/1.1\r\n'
	wait_until has_connections 2
	descriptors=$(accept_descriptors)
	equal "$(visit / -o got -w '%{http_code} %header{retry-after}')" '503 5'
	# A reset could overtake the response. (This client does not close first, and sends its request in one
	# piece, unlike bash's printf.)
	resets=$(resets)
	# shellcheck disable=SC2016 # expanded there
	nearby bash -c 'exec {connection}<>/dev/tcp/127.0.0.1/8080
		env printf "GET / HTTP/1.0\r\n\r\n" >&"$connection"
		cat <&"$connection" && sleep 0.5' >raw
	equal "$(head -n 1 raw)" $'HTTP/1.1 503 Service Unavailable\r'
	equal "$(resets)" "$resets" 'connections that were reset'
	equal "$(accept_descriptors)" "$descriptors" 'descriptors after refusals'
	equal "$(visit / --interface 127.0.0.2 -o got -w '%{http_code}')" 200
	wait_until status_contains 'Connections    2 open, of 1024 at most; 3 accepted, 2 refused'
	let_go
	wait_until has_connections 0
	equal "$(visit / -o got -w '%{http_code}')" 200
	inside journalctl --sync
	contains "$(inside /usr/local/bin/mayflyctl status)" '503 Service Unavailable (too-many-from-source)'
	inside /usr/local/bin/mayflyctl log --status 503 --json >refused
	equal "$(jq -r '[.address, .reason] | join(" ")' refused | uniq -c | tr -s ' ')" \
		' 2 127.0.0.1 too-many-from-source'
}

status_contains() {
	[[ $(inside /usr/local/bin/mayflyctl status) == *"$1"* ]]
}

is_idle() {
	[[ $(property ActiveState) == inactive ]]
}

@test "an idle service exits, its socket listens, and the next client is served" {
	with_options --idle-exit 1
	visit / >/dev/null
	wait_until is_idle
	equal "$(inside systemctl is-active mayfly-busy.socket)" active
	status_contains 'Socket         active: listening on [::]:8080 (enabled)'
	status_contains 'Connections    0 open; mayfly-busy.service starts with the next'
	equal "$(inside systemctl show --property=TasksCurrent --value mayfly.slice)" 0
	serves_start_page
	no_failed_unit
}

@test "the watchdog does not end a service that works" {
	local parent started
	printf '%s\n' '[Service]' WatchdogSec=10s | write /run/systemd/system/mayfly-busy.service.d/watchdog.conf
	inside systemctl daemon-reload
	inside systemctl restart mayfly-busy.service
	parent=$(property MainPID)
	hold 1
	started=$(now_ms)
	wait_until eval "(( \$(now_ms) > $((started + 15000)) ))"
	equal "$(property MainPID)" "$parent" 'the accepting process'
	let_go
	wait_until has_connections 0
	inside rm -r /run/systemd/system/mayfly-busy.service.d
	inside systemctl daemon-reload
}

# status_has TEXT: whether `mayflyctl status` prints it.
status_has() {
	inside journalctl --sync
	[[ $(inside /usr/local/bin/mayflyctl status) == *"$1"* ]]
}

@test "clients get 503 while the handler is missing, and the log names the cause" {
	inside mv /usr/local/sbin/mayfly /usr/local/sbin/away
	equal "$(visit / -o got -w '%{http_code}')" 503
	wait_until status_has 'cannot start /usr/local/sbin/mayfly: No such file or directory'
	inside mv /usr/local/sbin/away /usr/local/sbin/mayfly
	serves_start_page
	no_failed_unit
}

@test "a replaced handler program serves the next client without a restart" {
	local parent
	visit / >/dev/null
	parent=$(property MainPID)
	inside sh -c 'cd /usr/local/sbin && cp mayfly new && mv new mayfly'
	serves_start_page
	equal "$(property MainPID)" "$parent" 'the accepting process'
}

# Starts a download of /big.bin that pauses until the file `go` exists.
start_download() {
	inside sh -c 'head -c 20000000 /dev/urandom >/srv/mayfly/big.bin'
	echo 'MAYFLY_OPTIONS=--send-timeout 3600' | write /etc/default/mayfly
	inside systemctl restart mayfly-busy.service
	# shellcheck disable=SC2016 # expanded there
	nsenter --target "$MACHINE" --net bash -c 'exec {connection}<>/dev/tcp/127.0.0.1/8080
		printf "GET /big.bin HTTP/1.0\r\n\r\n" >&"$connection"
		until [[ -e go ]]; do sleep 0.1; done
		cat <&"$connection" >downloaded' 3>&- &
	holder=$!
	wait_until has_connections 1
}

# pause_downloads COUNT [EARLIER]: COUNT clients of 127.0.0.1 request /big.bin and read nothing until
# end_pauses. EARLIER connections are open already. The processes are in $pausers.
pause_downloads() {
	local before=${2:-0} ready=$BATS_TEST_TMPDIR/ready${#pausers[@]}
	inside sh -c 'test -e /srv/mayfly/big.bin || head -c 20000000 /dev/urandom >/srv/mayfly/big.bin'
	# shellcheck disable=SC2016 # expanded there
	nsenter --target "$MACHINE" --net bash -c 'for ((i = 0; i < $1; i++)); do
			exec {connection}<>/dev/tcp/127.0.0.1/8080
			printf "GET /big.bin HTTP/1.0\r\n\r\n" >&"$connection"
		done
		touch "$2"
		exec sleep 900' bash "$1" "$ready" 3>&- &
	pausers+=($!)
	wait_until test -e "$ready"
	wait_until has_connections $((before + $1))
}

end_pauses() {
	kill "${pausers[@]}"
	wait "${pausers[@]}" || true
	pausers=()
}

# count_handlers: prints how many handler processes run, independent of systemd's count.
count_handlers() {
	inside sh -c 'readlink /proc/[0-9]*/exe | grep -cx /usr/local/sbin/mayfly || true'
}

no_handler_runs() {
	[[ $(count_handlers) == 0 ]]
}

# restart_with_patient_handlers OPTION...: restarts mayfly-accept with these options. Handlers wait for their clients
# during the whole test.
restart_with_patient_handlers() {
	printf '%s\n' "MAYFLY_ACCEPT_OPTIONS=--max-per-source 1024 $*" \
		'MAYFLY_OPTIONS=--header-timeout 3600 --send-timeout 3600' | write /etc/default/mayfly
	inside systemctl try-restart mayfly-busy.service
	wait_until has_connections 0
}

@test "stop ends 1,000 paused downloads within seconds, restarts end none, and new clients are served meanwhile" {
	local begun since
	since=$(inside date +%s.%N)
	restart_with_patient_handlers
	pause_downloads 1000
	inside systemctl restart mayfly-busy.service
	has_connections 1000
	wait_until status_contains '0 open, of 1024 at most; 0 accepted, 0 refused; 1000 from before the last restart'
	# In issue 16, 51 of 150 such clients got 503 here.
	hold 150 'GET / HTTP/1.1\r\n'
	wait_until has_connections 1150
	# At the next restart all 1,150 are earlier connections; as many as --max-connections continue.
	inside systemctl restart mayfly-busy.service
	wait_until has_connections 1024
	equal "$(visit / -o got -w '%{http_code}')" 200
	equal "$(count_handlers)" 1024
	equal "$(journal --identifier=mayfly --output=cat --since="@$since" --grep '503 Service' || true)" ''
	begun=$(now_ms)
	inside systemctl stop mayfly-busy.socket mayfly-busy.service
	(($(now_ms) - begun < 30000))
	equal "$(count_handlers)" 0
	equal "$(property Result)" success
	no_failed_unit
	let_go
	end_pauses
	inside systemctl start mayfly-busy.socket
	equal "$(visit / -o got -w '%{http_code}')" 200
}

@test "stopping the service alone ends its handlers too, and the next client starts it again" {
	restart_with_patient_handlers
	pause_downloads 2
	inside systemctl restart mayfly-busy.service
	pause_downloads 1 2
	inside systemctl stop mayfly-busy.service
	equal "$(count_handlers)" 0
	equal "$(visit / -o got -w '%{http_code}')" 200
	end_pauses
}

@test "a service with handlers from before a restart does not exit as idle" {
	restart_with_patient_handlers --idle-exit 1
	pause_downloads 1
	inside systemctl restart mayfly-busy.service
	sleep 4
	equal "$(property ActiveState)" active
	equal "$(count_handlers)" 1
	end_pauses
	wait_until is_idle
}

@test "handlers end after their lifetime, counted from their start, also across a restart of mayfly-accept" {
	local begun
	restart_with_patient_handlers --handler-lifetime 12
	begun=$(now_ms)
	pause_downloads 1
	inside systemctl restart mayfly-busy.service
	wait_until eval "(( \$(now_ms) > $((begun + 6000)) ))"
	pause_downloads 1 1
	inside systemctl restart mayfly-busy.service
	wait_until no_handler_runs
	(($(now_ms) - begun >= 12000))
	journal --identifier=mayfly --boot --output=json --grep 'ended after 12 s' >ended
	jq -r .MESSAGE ended
	equal "$(jq -r .MESSAGE ended | grep -cx 'handler [0-9]*: ended after 12 s (--handler-lifetime)')" 2
	# The second handler started six seconds later.
	(($(jq -rs 'map(.__REALTIME_TIMESTAMP | tonumber) | max - min' ended) > 1000000))
	end_pauses
}

@test "handlers are found again after a restart that failed for a wrong option" {
	restart_with_patient_handlers
	pause_downloads 3
	echo 'MAYFLY_ACCEPT_OPTIONS=--idle-exit 0' | write /etc/default/mayfly
	refute inside systemctl restart mayfly-busy.service
	contains "$(journal --identifier=mayfly --boot --output=cat)" '--idle-exit: 0 is not in 1-31536000'
	equal "$(count_handlers)" 3
	inside rm /etc/default/mayfly
	equal "$(visit / -o got -w '%{http_code}')" 200
	wait_until status_contains '; 3 from before the last restart'
	inside systemctl stop mayfly-busy.service
	equal "$(count_handlers)" 0
	end_pauses
	no_failed_unit
}

# Requests a page repeatedly, more than once a second, until the file `enough` exists. Writes each status to `codes`.
keep_visiting() {
	until [[ -e enough ]]; do
		visit / -o got -w '%{http_code}\n' >>codes 2>/dev/null || true
	done
}

@test "a stop ends all handlers also while clients get 503 for a wrong option" {
	local visiting
	restart_with_patient_handlers
	pause_downloads 2
	echo 'MAYFLY_ACCEPT_OPTIONS=--idle-exit 0' | write /etc/default/mayfly
	keep_visiting 3>&- &
	visiting=$!
	inside systemctl restart --no-block mayfly-busy.service
	wait_until grep -qsx 503 codes
	equal "$(count_handlers) $(property ActiveState)" '2 activating'
	inside systemctl stop mayfly-busy.socket mayfly-busy.service
	equal "$(count_handlers)" 0
	touch enough
	wait "$visiting"
	no_failed_unit
	end_pauses
	inside rm /etc/default/mayfly
	inside systemctl start mayfly-busy.socket
	equal "$(visit / -o got -w '%{http_code}')" 200
}

@test "while the service has failed, systemctl kill ends its handlers" {
	restart_with_patient_handlers
	pause_downloads 2
	echo 'MAYFLY_ACCEPT_OPTIONS=--idle-exit 0' | write /etc/default/mayfly
	refute inside systemctl restart mayfly-busy.service
	inside systemctl kill mayfly-busy.service
	wait_until no_handler_runs
	end_pauses
	inside rm /etc/default/mayfly
	equal "$(visit / -o got -w '%{http_code}')" 200
}

@test "restarting the socket ends no handler" {
	restart_with_patient_handlers
	pause_downloads 2
	inside systemctl restart mayfly-busy.socket
	equal "$(count_handlers)" 2
	equal "$(visit / -o got -w '%{http_code}')" 200
	wait_until status_contains '; 2 from before the last restart'
	end_pauses
}

# is_another_than PID: whether mayfly-accept runs as a process other than this one.
is_another_than() {
	[[ $(property ActiveState) == active && $(property MainPID) != "$1" ]]
}

@test "killed mayfly-accept: it is started again, its handlers continue and end with a stop" {
	local parent
	restart_with_patient_handlers
	pause_downloads 3
	parent=$(property MainPID)
	inside systemctl kill --kill-whom=main --signal=KILL mayfly-busy.service
	wait_until is_another_than "$parent"
	wait_until status_contains '0 open, of 1024 at most; 0 accepted, 0 refused; 3 from before the last restart'
	equal "$(count_handlers)" 3
	inside systemctl stop mayfly-busy.service
	equal "$(count_handlers)" 0
	no_failed_unit
	end_pauses
}

# Limits the journal to fewer lines per unit than the test needs, as its default does on a busy site. (If
# there is much free space, journald accepts more than its limit.)
limit_journal() {
	printf '%s\n' '[Journal]' RateLimitIntervalSec=1h RateLimitBurst=50 |
		write /run/systemd/journald.conf.d/limit.conf
	inside systemctl restart systemd-journald
}

# has_counted COUNT: whether /style.css has at least COUNT hits.
has_counted() {
	machine_counts | awk -F'\t' -v least="$1" '$2 == "/style.css" { found = $1 >= least } END { exit !found }'
}

@test "20 restarts under load: no request fails, each is counted and logged, a download completes" {
	local asking logged
	limit_journal
	start_download
	keep_asking 8 500 3>&- &
	asking=$!
	for _ in {1..20}; do
		inside systemctl restart mayfly-busy.service
		sleep 0.1
	done
	wait_until has_counted 2000
	touch enough go
	wait "$asking"
	wait "$holder"
	holder=
	equal "$(<failed)" '' 'requests that failed'
	sed '1,/^\r$/d' downloaded | cmp - "/proc/$MACHINE/root/srv/mayfly/big.bin"
	contains "$(machine_counts)" "$(<asked)"$'\t/style.css'
	# During each restart, with up to eight requests in progress, the journal does not yet know the
	# service's own limit; that affects less than a tenth. Also, a handler gives up on a journal that
	# accepts nothing for two seconds.
	logged=$(journal -t mayfly --output=cat --grep '^/style.css ' | grep -c .)
	((logged * 10 > $(<asked) * 9)) || fail "$logged lines in the log for $(<asked) requests"
	no_failed_unit
}

# Coverage adds a drop-in to the unit.
# bats test_tags=uncounted
@test "systemd-analyze finds an exposure of at most 1.0, the value in busy.md" {
	run inside systemd-analyze security --no-pager --threshold=10 mayfly-busy.service
	echo "$output"
	equal "$status" 0
	tr '\n' ' ' <"$repository/packaging/guide/busy.md" | grep -qF "\`mayfly-busy.service\` $(grep -oP '(?<=: )[0-9.]+(?= )' <<<"$output" | tail -n 1)"
}

@test "check reports a fault only if both sockets are enabled, or none is active" {
	local check=/usr/local/bin/mayflyctl
	inside systemctl stop mayfly-busy.service # it may run with options of an earlier test
	equal "$(inside "$check" check)" 'No problems found.'
	inside systemctl enable --quiet mayfly.socket
	run -1 inside "$check" check
	equal "$output" $'mayfly-busy.socket has the port, but mayfly.socket is enabled too\n    systemctl disable mayfly.socket'
	inside systemctl disable --quiet mayfly.socket
	inside systemctl stop mayfly-busy.socket
	run -2 inside "$check" check
	equal "$output" $'mayfly-busy.socket is inactive: no client is served\n    systemctl enable --now mayfly-busy.socket'
	inside systemctl start mayfly-busy.socket
}

@test "starting a socket stops the other, with the accepting process and its handlers" {
	hold 1 'GET / HTTP/1.1\r\n'
	wait_until has_connections 1
	inside systemctl start mayfly.socket
	equal "$(inside systemctl is-active mayfly.socket mayfly-busy.socket mayfly-busy.service || true)" \
		$'active\ninactive\ninactive'
	equal "$(count_handlers)" 0
	serves_start_page
	let_go
	inside systemctl start mayfly-busy.socket
	equal "$(inside systemctl is-active mayfly.socket mayfly-busy.socket || true)" $'inactive\nactive'
	serves_start_page
	inside systemctl disable --quiet --now mayfly-busy.socket
	inside systemctl enable --quiet --now mayfly.socket
	serves_start_page
	wait_until instances_are 0
	no_failed_unit
}

# The Debian package on a Debian with systemd: installed, upgraded under load, removed, purged; and next to
# other servers. The machine has no network: all needed packages are installed. UPGRADES is the number of upgrades under
# load.
# bats file_tags=once
# shellcheck disable=SC2046,SC2016 # expanded by dpkg-query and other shells
load container
load package

PACKAGES=systemd-sysv,dbus,libjson-c5,nginx-light,apache2,micro-httpd,needrestart,openbsd-inetd

setup_file() {
	build_tools hits_dump load_client
	share_package
	export package
	MAYFLY_BUILD='' start_machine package "$PACKAGES"
	# Before Mayfly is installed.
	files >"$BATS_FILE_TMPDIR/before"
}

# files: prints the files of the machine, except those that change by themselves and the records of
# dpkg and systemd.
files() {
	inside find / -xdev ! -path '/tmp*' ! -path '/var/log/*' ! -path '/var/lib/dpkg/*' ! -path '/var/cache/*' \
		! -path '/var/lib/apt/*' ! -path '/var/tmp*' ! -path '/root/*' \
		! -path '/var/backups/*' ! -path '/var/lib/logrotate/*' \( ! -path '/var/lib/systemd/timers/*' -o -name '*-mayfly*' \) | LC_ALL=C sort
}

# apt ARGUMENT...: runs apt-get without questions.
apt() {
	inside apt-get --yes --no-install-recommends --quiet "$@" </dev/null >apt.log 2>&1 3>&- || fail "$(<apt.log)"
}

# install FILE: installs this package.
install() {
	write "/root/${1##*/}" <"$1"
	apt install --allow-downgrades "/root/${1##*/}"
}

@test "apt installs it, and the site is served, counted and logged" {
	install "$package"
	equal "$(inside systemctl is-active mayfly.socket)" active
	equal "$(inside systemctl is-enabled mayfly{.socket,-history.timer,-busy.socket,-report.timer,-metrics.timer} || true)" \
		$'enabled\nenabled\ndisabled\ndisabled\ndisabled'
	serves_start_page
	equal "$(machine_counts)" $'1\t/index.html'
	all_is_logged
	contains "$(journal -t mayfly --output=cat)" '/index.html | 127.0.0.1 | '
	equal "$(inside mayflyctl check)" 'No problems found.'
	no_failed_unit
}

# connections: sends two requests with one curl; prints how many connections each made.
connections() {
	nearby curl -sS --max-time "$patience" -o /dev/null -o /dev/null -w '%{num_connects}' http://127.0.0.1:8080/{,style.css}
}

@test "the file of options has the recommended line as a comment" {
	equal "$(inside stat -c '%a %U' /etc/default/mayfly)" '644 root'
	equal "$(connections)" 11
	inside sed -i 's/^#MAYFLY_OPTIONS=/MAYFLY_OPTIONS=/' /etc/default/mayfly
	equal "$(connections)" 10
	equal "$(inside mayflyctl check)" 'No problems found.'
	inside rm /etc/default/mayfly
}

@test "a browser shows the page" {
	nearby chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--user-data-dir="$PWD/profile" --dump-dom http://127.0.0.1:8080/ >page 2>/dev/null 3>&-
	contains "$(<page)" "$(grep -o '<title>.*</title>' "$repository/www/index.html")"
	contains "$(machine_counts)" /style.css
}

@test "all files are in the directories that Debian prescribes" {
	local places='/usr/(sbin/mayfly(-accept)?|bin/mayflyctl|libexec/mayfly-handshake|share/(mayfly|doc/mayfly)(/.*)?|share/man/man[158]/mayfly.*\.gz|share/bash-completion/completions/mayflyctl|share/zsh/vendor-completions/_mayflyctl|share/fish/vendor_completions.d/mayflyctl.fish|share/lintian/overrides/mayfly|lib/(sysusers|tmpfiles)\.d/mayfly\.conf)'
	places+='|(/usr)?/lib/systemd/system/mayfly.*|/etc/needrestart/conf\.d/mayfly\.conf'
	inside dpkg-query --listfiles mayfly | while read -r file; do
		inside test -d "$file" || echo "$file"
	done >listed
	(($(grep -c . listed) > 20))
	equal "$(grep -vxE "$places" listed)" '' 'files elsewhere'
	refute grep -q /usr/local <(inside grep -rsl /usr/local /lib/systemd/system/mayfly@.service /usr/share/mayfly /usr/share/doc/mayfly)
}

# socket_time PROPERTY: prints a time stamp of the socket unit, in microseconds.
socket_time() {
	inside systemctl show --property="$1TimestampMonotonic" --value mayfly.socket
}

# Starts a download of /big.bin that pauses until the file `go` exists.
start_download() {
	inside sh -c 'head -c 20000000 /dev/urandom >/srv/mayfly/big.bin'
	nearby bash -c 'exec {connection}<>/dev/tcp/127.0.0.1/8080
		printf "GET /big.bin HTTP/1.0\r\n\r\n" >&"$connection"
		until [[ -e go ]]; do sleep 0.1; done
		cat <&"$connection" >downloaded' 3>&- &
	holder=$!
}

# Ends the pause. Fails if the download is not complete.
complete_download() {
	touch go
	wait "$holder"
	holder=
	sed '1,/^\r$/d' downloaded | cmp - "/proc/$MACHINE/root/srv/mayfly/big.bin"
}

@test "check advises to install the package again while a unit is missing" {
	inside mv '/usr/lib/systemd/system/mayfly@.service' /root/
	inside systemctl daemon-reload
	inside mayflyctl check >findings || true
	inside mv '/root/mayfly@.service' /usr/lib/systemd/system/
	inside systemctl daemon-reload
	contains "$(<findings)" 'mayfly@.service is not installed'
	contains "$(<findings)" 'apt-get install --reinstall mayfly'
	inside mayflyctl check
}

@test "upgrades and downgrades under load: no request fails, a download continues, the socket stays" {
	local since begun ended i
	repack 0.2
	echo 'MAYFLY_OPTIONS=--send-timeout 3600' | write /etc/default/mayfly
	since=$(socket_time ActiveEnter)
	wait_until instances_are 0
	start_download
	await_handler
	begun=$(now_ms)
	keep_asking 2 100 3>&- &
	asking=$!
	for ((i = 0; i < ${UPGRADES:-3}; i++)); do
		install 0.2.deb
		equal "$(inside dpkg-query --show --showformat='${Version}' mayfly)" 0.2
		install "$package"
	done
	ended=$(now_ms)
	# needrestart must not report a handler whose program has been replaced.
	equal "$(inside needrestart -b -r l 2>/dev/null | grep -i mayfly || true)" '' 'output of needrestart'
	contains "$(inside readlink "/proc/$handler/exe")" '(deleted)'
	touch enough
	wait "$asking"
	equal "$(<failed)" '' 'requests that failed'
	echo "# $(<asked) requests in $((ended - begun)) ms or a little longer" >&3
	complete_download
	equal "$(socket_time ActiveEnter)" "$since" 'start time of the socket'
	inside rm /etc/default/mayfly
	no_failed_unit
}

# busy_handlers_are COUNT: whether mayfly-accept has exactly COUNT handlers.
busy_handlers_are() {
	[[ $(inside systemctl show --property=TasksCurrent --value mayfly-busy.service) == $(($1 + 1)) ]]
}

@test "upgrade and downgrade of a busy site under load restart mayfly-accept: no request fails, a download completes" {
	local parent
	repack 0.2
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket
	echo 'MAYFLY_OPTIONS=--send-timeout 3600' | write /etc/default/mayfly
	start_download
	wait_until busy_handlers_are 1
	keep_asking 2 100 3>&- &
	asking=$!
	visit / >/dev/null
	parent=$(inside systemctl show --property=MainPID --value mayfly-busy.service)
	install 0.2.deb
	((parent != $(inside systemctl show --property=MainPID --value mayfly-busy.service)))
	install "$package"
	touch enough
	wait "$asking"
	equal "$(<failed)" '' 'requests that failed'
	equal "$(inside systemctl is-active mayfly.socket mayfly-busy.socket || true)" $'inactive\nactive'
	complete_download
	inside rm /etc/default/mayfly
	no_failed_unit
	inside systemctl disable --quiet --now mayfly-busy.socket
	inside systemctl enable --quiet --now mayfly.socket
}

@test "an upgrade restarts a changed socket once, without a delay" {
	local since gap
	repack 0.3 's/^Backlog=.*/Backlog=1000/'
	since=$(socket_time ActiveEnter)
	# It resets its connections, so that no handler starts for them (DeferAcceptSec=).
	nearby python3 -c 'import os, socket, struct, time
while not os.path.exists("enough"):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        print("yes" if client.connect_ex(("127.0.0.1", 8080)) == 0 else "no")
    time.sleep(0.001)' >connected 3>&- &
	holder=$!
	install 0.3.deb
	touch enough
	wait "$holder"
	holder=
	(($(socket_time ActiveEnter) > since))
	gap=$(($(socket_time ActiveEnter) - $(socket_time InactiveEnter)))
	equal "$(inside systemctl show --property=Backlog --value mayfly.socket)" 1000
	echo "# $(grep -c no connected || true) of $(grep -c . connected) connections were refused, in $gap us" >&3
	# The port was closed at most once, while systemd closed and bound it.
	[[ $(uniq connected | tr '\n' ' ') =~ ^'yes '('no yes ')?$ ]] || fail "$(uniq -c connected)"
	equal "$(instances)" '' 'handlers of reset connections'
	serves_start_page
	install "$package"
}

@test "an upgrade leaves a disabled socket disabled, and does not create the file of options again" {
	inside systemctl disable --quiet --now mayfly.socket
	repack 0.2
	install 0.2.deb
	equal "$(inside systemctl is-active mayfly.socket || true)" inactive
	refute inside test -e /etc/default/mayfly
	install "$package"
	inside systemctl enable --quiet --now mayfly.socket
}

@test "removal and installation keep the site and the counts" {
	local counted
	echo 'My own page.' | write /srv/mayfly/index.html
	inside rm /srv/mayfly/style.css
	counted=$(machine_counts | awk '$2 == "/index.html" { print $1 }')
	printf '%s\n' '[Socket]' ListenStream=8081 | write /etc/systemd/system/mayfly-site-own.socket
	printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/mayfly --root /srv/mayfly' |
		write /etc/systemd/system/mayfly-site-own@.service
	inside systemctl start mayfly-site-own.socket
	apt remove mayfly
	run inside systemctl is-active mayfly.socket mayfly-site-own.socket
	equal "$output" $'inactive\ninactive'
	inside sh -c 'rm /etc/systemd/system/mayfly-site-own*'
	no_failed_unit
	install "$package"
	equal "$(visit /)" 'My own page.'
	contains "$(machine_counts)" "$((counted + 1))"$'\t/index.html'
	refute inside test -e /srv/mayfly/style.css
}

# shipped_units: prints the units of the package; for a template the pattern of its instances.
shipped_units() {
	inside dpkg-query --listfiles mayfly | sed -nE 's|.*/systemd/system/([^/]+\.[a-z]+)$|\1|p' | grep -v '\.d$' |
		sed 's/@\./@*./'
}

# state_of_sites: prints the owner's units and their states, the files of the owner, and all counts.
state_of_sites() {
	inside systemctl list-unit-files --plain --no-legend 'mayfly*' | awk '{ print $1, $2 }'
	# Not whether their services run, as they start by themselves.
	inside systemctl list-units --all --plain --no-legend 'mayfly*.socket' 'mayfly*.timer' | awk '{ print $1, $3 }'
	inside sh -c 'find /etc/default/mayfly* /etc/needrestart /etc/systemd/system /etc/sysusers.d -name "*mayfly*" -type f \
		-exec sha256sum "{}" +'
	inside mayflyctl hits --format tsv
	inside mayflyctl sites --format tsv
}

# ask_sites: sends a request to each site, which must answer it.
ask_sites() {
	local port
	for port in 8080 8081 8083; do
		nearby curl -fsS --max-time "$patience" --output /dev/null "http://127.0.0.1:$port/" || fail "port $port"
	done
}

@test "an upgrade with further sites, the busy units, timers and a changed conffile loses nothing" {
	repack 0.2
	inside sh -c 'mkdir -p /srv/wiki /var/lib/prometheus/node-exporter; echo "The wiki." >/srv/wiki/index.html
		echo "# of the owner" >>/etc/needrestart/conf.d/mayfly.conf; echo MAYFLY_OPTIONS=--list >/etc/default/mayfly'
	inside mayflyctl sites add wiki --listen 8083 --root /srv/wiki
	printf '%s\n' '[Socket]' ListenStream=8081 '[Install]' WantedBy=sockets.target |
		write /etc/systemd/system/mayfly-site-own.socket
	printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/own' |
		write /etc/systemd/system/mayfly-site-own@.service
	inside systemctl daemon-reload
	inside systemctl disable --quiet --now mayfly.socket
	inside systemctl enable --quiet --now mayfly-busy.socket mayfly-site-own.socket mayfly-report.timer \
		mayfly-metrics.timer mayfly-metrics@wiki.timer mayfly-report@wiki.timer
	ask_sites
	state_of_sites >before
	contains "$(<before)" $'\tmayfly-wiki\t1'
	install 0.2.deb
	state_of_sites | diff before -
	ask_sites
	install "$package"
	equal "$(inside mayflyctl sites --json | jq -c '.[].hits')" "$(awk -F '\t' '$3 ~ /:/ { print $6 + 1 }' before)"
	no_failed_unit
	inside mayflyctl sites remove wiki --delete-counts
	inside systemctl disable --quiet --now mayfly-busy.socket mayfly-site-own.socket mayfly-report.timer \
		mayfly-metrics.timer mayfly-metrics@wiki.timer mayfly-report@wiki.timer
	inside sh -c 'rm -rf /etc/default/mayfly /srv/wiki /var/lib/prometheus /var/lib/mayfly-report-wiki /var/lib/mayfly/own \
		/etc/systemd/system/mayfly-site-own* /etc/sysusers.d
		sed -i "/of the owner/d" /etc/needrestart/conf.d/mayfly.conf'
	inside systemctl daemon-reload
	inside systemctl enable --quiet --now mayfly.socket
}

@test "removal stops each shipped unit" {
	shipped_units >shipped
	grep -qx mayfly.socket shipped
	grep -qxF 'mayfly@*.service' shipped
	inside sed -n "s/^\tunits='\(.*\)'.*/\1/p" /var/lib/dpkg/info/mayfly.prerm | tr ' ' '\n' | LC_ALL=C sort >stopped
	LC_ALL=C sort shipped | diff - stopped
}

# Enables and starts every unit that allows it, and another site of the owner; and makes one service fail.
use_every_unit() {
	printf '%s\n' '[Socket]' ListenStream=8081 '[Install]' WantedBy=sockets.target |
		write /etc/systemd/system/mayfly-site-own.socket
	printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/mayfly --root /srv/mayfly' |
		write /etc/systemd/system/mayfly-site-own@.service
	printf '%s\n' '[Service]' ExecStart= ExecStart=/bin/false |
		write /etc/systemd/system/mayfly-report.service.d/fails.conf
	inside systemctl daemon-reload
	refute inside systemctl start mayfly-report.service
	optional_units | inside xargs systemctl enable --quiet mayfly.socket mayfly-site-own.socket
	optional_units | inside xargs systemctl start mayfly-site-own.socket
}

# optional_units: prints the shipped units that are disabled by default, except for mayfly-https.socket, which does not
# start without a certificate.
optional_units() {
	shipped_units | grep -E '^[^@]*\.(socket|timer)$' | grep -vxE 'mayfly(\.socket|-history\.timer|-https\.socket)'
}

# used_units: prints Mayfly's units that are active or failed.
used_units() {
	inside systemctl list-units --all --plain --no-legend 'mayfly*' | grep -v ' inactive ' || true
}

@test "removal with every unit in use leaves none; installation names the units that must be started" {
	use_every_unit
	apt remove mayfly
	equal "$(used_units)" '' 'remaining units'
	no_failed_unit
	inside rm -r /etc/systemd/system/mayfly-report.service.d
	install "$package"
	for unit in mayfly-site-own.socket $(optional_units); do
		grep "^Enabled, but not started: .* To start, type: systemctl start .*" apt.log |
			grep -c " $unit.* $unit" || fail "$unit: $(<apt.log)"
	done
	no_failed_unit
}

@test "a purge with every unit in use leaves none; after an installation only the defaults are enabled" {
	optional_units | inside xargs systemctl start mayfly-site-own.socket
	apt purge mayfly
	equal "$(used_units)" '' 'remaining units'
	no_failed_unit
	install "$package"
	equal "$(optional_units | inside xargs systemctl is-enabled mayfly.socket | sort | uniq -c | tr -s ' ')" \
		" $(optional_units | grep -c .) disabled"$'\n 1 enabled'
	equal "$(inside systemctl is-active mayfly.socket mayfly-history.timer)" $'active\nactive'
	no_failed_unit
	inside systemctl disable --quiet --now mayfly-site-own.socket
	inside sh -c 'rm /etc/systemd/system/mayfly-site-own*'
}

@test "a purge leaves only the site" {
	apt purge mayfly
	contains "$(<apt.log)" 'The site in /srv/mayfly is kept.'
	equal "$(inside cat /srv/mayfly/index.html)" 'My own page.'
	contains "$(inside getent passwd mayfly)" nologin # so that no other account gets its user id
	files | LC_ALL=C comm -13 "$BATS_FILE_TMPDIR/before" - >left
	equal "$(grep -vxE '/srv/mayfly(/.*)?' left)" '' 'remaining files'
	no_failed_unit
	inside rm -r /srv/mayfly
}

@test "if port 8080 is in use, the package is installed and reports it; it keeps a file of options" {
	echo 'MAYFLY_OPTIONS=--list' | write /etc/default/mayfly
	inside systemd-run --quiet --unit=other --service-type=exec systemd-socket-activate --listen=8080 /bin/true
	wait_until nearby grep -q ':1F90 .*:0000 0A' /proc/net/tcp6
	install "$package"
	equal "$(inside dpkg-query --show --showformat='${db:Status-Status}' mayfly)" installed
	equal "$(inside cat /etc/default/mayfly)" 'MAYFLY_OPTIONS=--list'
	grep -E '^The site is not served: port 8080 is taken by systemd-socket-.* systemctl start mayfly.socket' apt.log ||
		fail "$(<apt.log)"
	# (The status does not show the message: a child process of systemd logs it, and has exited when
	# journald looks up its unit.)
	run inside systemctl status --no-pager mayfly.socket
	contains "$output" 'Active: failed'
	contains "$(journal --grep 'mayfly.socket')" 'Address already in use'
	run inside mayflyctl check
	contains "$output" 'port 8080 is taken'
	inside systemctl stop other
	inside systemctl reset-failed mayfly.socket
	inside systemctl start mayfly.socket
	serves_start_page
}

@test "nginx, apache2 and micro-httpd can use port 80 at the same time" {
	local server
	for server in nginx.service apache2.service micro-httpd.socket; do
		inside systemctl start "$server"
		nearby curl -sS --max-time "$patience" -o other http://127.0.0.1/
		refute cmp -s other "$repository/www/index.html"
		serves_start_page
		inside systemctl stop "$server"
	done
	no_failed_unit
}

@test "without systemd the package installs, and inetd starts the handler as in README.Debian" {
	mkdir directory
	cp "$package" directory/
	make_root package "$PACKAGES"
	cat >directory/script <<-'END'
		set -eu
		apt-get install --yes --quiet /build/mayfly_*.deb
		grep -q /usr/share/doc/mayfly/inetd/inetd.conf /usr/share/doc/mayfly/README.Debian
		grep -v '^#' /usr/share/doc/mayfly/inetd/inetd.conf >>/etc/inetd.conf
		inetd &
		for _ in 1 2; do
			deadline=$((SECONDS + 60))
			until exec 9<>/dev/tcp/127.0.0.1/8080; do ((SECONDS < deadline)) && sleep 0.1; done
			printf 'GET / HTTP/1.0\r\n\r\n' >&9
			cat <&9 >/build/response
		done
		mayflyctl hits --format tsv >/build/hits
		stat -c %U /var/lib/mayfly/hits >/build/owner
	END
	without_systemd "$PWD/directory" bash /build/script
	sed '1,/^\r$/d' directory/response | cmp - "$repository/www/index.html"
	contains "$(<directory/hits)" $'2\t/index.html'
	equal "$(<directory/owner)" mayfly
}

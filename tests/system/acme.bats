# Certificates by ACME, from Debian's pebble, the test server of Let's Encrypt: `mayflyctl https`, certbot, and what
# `mayflyctl check` finds.
# bats file_tags=once
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; container.bash
load container
load https

server=https://127.0.0.1:14000/dir
other_server=https://authority.test:14000/dir # the same authority, as another one

# Starts pebble, whose own certificate and root the machine trusts.
start_pebble() {
	make_certificate pebble IP:127.0.0.1,DNS:authority.test
	write /root/pebble.crt <pebble.crt
	write /root/pebble.key <pebble.key
	write /usr/local/share/ca-certificates/pebble.crt <pebble.crt
	write /root/pebble.json <<-END
		{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
		"certificate": "/root/pebble.crt", "privateKey": "/root/pebble.key", "httpPort": 80, "tlsPort": 443,
		"ocspResponderURL": "", "externalAccountBindingRequired": false, "certificateValidityPeriod": 7776000}}
	END
	inside systemd-run --quiet --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 --setenv=PEBBLE_AUTHZREUSE=0 \
		pebble -config /root/pebble.json
	wait_until inside curl -sko /root/root.pem https://127.0.0.1:15000/roots/0
	inside cat /root/root.pem >root.pem
	write /usr/local/share/ca-certificates/root.crt <root.pem
	inside update-ca-certificates >/dev/null 2>&1
}

setup_file() {
	build_tools hits_dump fail_calls
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	printf '%s\n' '127.0.0.1 localhost site.test www.site.test' '192.0.2.1 elsewhere.test' | write /etc/hosts
	inside systemctl enable --quiet --now mayfly.socket
	start_pebble
	export trusted=$BATS_FILE_TMPDIR/root.pem
}

# Starts HAProxy of this machine in the network of the other one, with the certificate in site.pem.
start_haproxy() {
	sed "s|/etc/haproxy/site.pem|$PWD/site.pem|" "$repository/packaging/front/haproxy.cfg" >haproxy.cfg
	nsenter --target "$MACHINE" --net haproxy -db -f haproxy.cfg >haproxy.log 2>&1 3>&- &
	holder=$!
	wait_until inside grep -q ':01BB .* 0A ' /proc/net/tcp /proc/net/tcp6
}

stop_haproxy() {
	kill "$holder"
	wait "$holder" || true
	holder=
}

ctl() {
	inside /usr/local/bin/mayflyctl "$@"
}

# get_certificate NAME...
get_certificate() {
	ctl https --server "$server" "$@"
}

# serial [NAME]: prints the number of the certificate that clients get.
serial() {
	nearby openssl s_client -connect 127.0.0.1:443 -servername "${1-site.test}" </dev/null 2>/dev/null | openssl x509 -noout -serial
}

# check_finds TEXT...: whether mayflyctl check finds all of these problems, although clients are served.
# check_finds_critical TEXT...: the same, and clients are not served.
check_finds() {
	check_finds_with 1 "$@"
}

check_finds_critical() {
	check_finds_with 2 "$@"
}

# check_finds_with STATUS TEXT...
check_finds_with() {
	local text
	run ctl check
	echo "$output"
	equal "$status" "$1" 'exit status of check' || return
	for text in "${@:2}"; do contains "$output" "$text" || return; done
}

# finds_nothing [NOTE]: whether mayflyctl check finds no problem, and prints only this note.
finds_nothing() {
	run ctl check
	equal "$status $output" "0 No problems found.${1+$'\n'$1}"
}

@test "nothing is done without the programs, without the ports, and for names without an address" {
	inside mv /usr/bin/uacme /root/
	run get_certificate site.test
	inside mv /root/uacme /usr/bin/
	equal "$status/$output" '1/mayflyctl: programs are missing; run "apt-get install uacme"'
	run get_certificate missing.test
	equal "$status" 1
	contains "$output" 'mayflyctl: missing.test: '
	contains "$output" 'add a DNS record that leads to this machine'
	run get_certificate localhost
	equal "$status" 100
	run get_certificate 192.0.2.7
	equal "$status" 100
	inside systemd-run --quiet --unit=other openssl s_server -accept 80 -key /root/pebble.key -cert /root/pebble.crt
	wait_until inside grep -q ':0050 .* 0A ' /proc/net/tcp /proc/net/tcp6
	run get_certificate site.test
	inside systemctl stop other
	equal "$status" 1
	contains "$output" 'mayflyctl: port 80 is taken by '
	refute inside test -e /etc/mayfly-tls
	equal "$(inside systemctl is-enabled mayfly-http.socket mayfly-https.socket || true)" $'disabled\ndisabled'
}

# bats test_tags=any-debian
@test "--dry-run prints the steps, and does nothing" {
	run get_certificate --dry-run site.test
	equal "$status" 0
	contains "$output" 'run systemctl enable --now mayfly-http.socket'
	contains "$output" "/share/mayfly/https issue --server $server site.test"
	contains "$output" 'run systemctl enable --now mayfly-https.socket mayfly-acme.timer'
	refute inside test -e /etc/mayfly-tls
	contains "$(get_certificate --dry-run --email a@site.test site.test)" \
		"/share/mayfly/https issue --server $server --email a@site.test site.test"
}

@test "an authority that refuses leaves the site as it was" {
	run get_certificate elsewhere.test
	equal "$status" 1
	contains "$output" 'elsewhere.test does not lead to an address of this machine'
	contains "$output" 'mayfly: no certificate for elsewhere.test'
	refute inside test -e "$pem"
	equal "$(inside systemctl is-active mayfly-https.socket || true)" inactive
	visit / >/dev/null
}

@test "one command leads from HTTP to a page over HTTPS" {
	run get_certificate site.test
	echo "$output"
	equal "$status" 0
	contains "$output" 'https://site.test/ is served.'
	fetch / | cmp - "$repository/www/index.html"
	equal "$(nearby curl -sS -o page -w '%{http_code} %{redirect_url}' -H 'Host: site.test' http://127.0.0.1/)" \
		'301 https://site.test/'
	equal "$(inside systemctl is-enabled mayfly-https.socket mayfly-http.socket mayfly-acme.timer)" \
		$'enabled\nenabled\nenabled'
	equal "$(inside find /etc/mayfly-tls ! -user root -o -perm /077 ! -type l)" '' 'files that others can read'
	equal "$(inside find /var/lib/mayfly-acme -type f)" '' 'challenges that are left'
	equal "$(ctl check)" 'No problems found.'
	all_is_logged
	refute grep -q acme-challenge <(machine_counts)
	contains "$(journal -t mayfly --output=cat)" '/.well-known/acme-challenge/'
}

# bats test_tags=any-debian
@test "status shows the names of the certificate and its last day" {
	local day end zone
	end=$(inside openssl x509 -in "$pem" -noout -enddate | cut -d = -f 2)
	# At any time, the day in one of these is not that of UTC.
	for zone in UTC EAST-14 WEST+12; do
		day=$(TZ=$zone date -d "$end" +%F)
		contains "$(inside env TZ=$zone /usr/local/bin/mayflyctl status)" \
			"HTTPS          active: certificate until $day for site.test"$'\n'
		equal "$(inside env TZ=$zone /usr/local/bin/mayflyctl status --json | jq -c .https)" \
			"{\"active\":true,\"names\":[\"site.test\"],\"expires\":\"$day\",\"further\":[]}"
	done
	contains "$(inside setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/local/bin/mayflyctl status || true)" \
		'HTTPS          active: run this as root to see the certificate'
}

# bats test_tags=any-debian
@test "no command crashes if a call of a library function fails" {
	fail_each_call_inside status --json
	fail_each_call_inside check --json
	fail_each_call_inside https --server "$server" --email a@site.test --dry-run site.test www.site.test
}

# bats test_tags=any-debian
@test "a browser that trusts the root shows the page" {
	mkdir home
	HOME=$PWD/home certutil -N -d "sql:$PWD/home/.pki/nssdb" --empty-password 2>/dev/null || {
		mkdir -p home/.pki/nssdb
		certutil -N -d "sql:$PWD/home/.pki/nssdb" --empty-password
	}
	certutil -A -d "sql:$PWD/home/.pki/nssdb" -n root -t C,, -i "$trusted"
	HOME=$PWD/home nearby chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --user-data-dir="$PWD/profile" \
		--host-resolver-rules='MAP site.test 127.0.0.1' --dump-dom https://site.test/ >page 2>/dev/null 3>&-
	contains "$(<page)" "$(grep -o '<title>.*</title>' "$repository/www/index.html")"
}

@test "the same command again changes nothing; more names get another certificate" {
	local before
	before=$(serial)
	get_certificate site.test
	equal "$(serial)" "$before"
	get_certificate site.test www.site.test
	refute equal "$(serial)" "$before"
	fetch / -o page --resolve www.site.test:443:127.0.0.1 --next -sS --cacert "$trusted" -o page \
		--resolve www.site.test:443:127.0.0.1 https://www.site.test/
}

@test "a certificate of another authority replaces the present one; an authority that cannot be reached at first can be later" {
	local before
	before=$(serial)
	run ctl https --server "$other_server" site.test www.site.test
	equal "$status" 1
	contains "$output" "the certificate authority does not make an account: $other_server"
	equal "$(serial)" "$before"
	echo '127.0.0.1 authority.test' | inside tee -a /etc/hosts >/dev/null
	ctl https --server "$other_server" site.test www.site.test
	refute equal "$(serial)" "$before"
	contains "$(inside cat /etc/mayfly-tls/acme)" "server=$other_server"
	get_certificate site.test www.site.test
	equal "$(serial)" "$before" 'certificate of the first authority'
}

@test "an account that the authority has deleted is made again by the second run" {
	local before
	before=$(serial)
	inside sh -c 'cd /etc/mayfly-tls/uacme/127.0.0.1:14000+dir && mv private/key.pem /root/account.pem &&
		openssl ecparam -genkey -name prime256v1 -noout -out private/key.pem' 2>/dev/null
	refute get_certificate --replace site.test
	equal "$(serial)" "$before"
	get_certificate --replace site.test
	refute equal "$(serial)" "$before"
	get_certificate site.test www.site.test
}

# bats test_tags=any-debian
@test "a certificate loses no name without --replace" {
	local before
	before=$(serial)
	for option in '' --dry-run; do
		run get_certificate $option www.site.test
		equal "$status" 1
		contains "$output" 'the certificate is also for site.test, which would be without HTTPS'
		contains "$output" 'mayflyctl https www.site.test site.test'
		refute grep -q '^run ' <<<"$output"
	done
	equal "$(serial)" "$before"
	contains "$(get_certificate --dry-run --replace www.site.test)" 'The certificate will not be for site.test any longer.'
	get_certificate --replace site.test
	equal "$(ctl status --json | jq -c .https.names)" '["site.test"]'
	equal "$(ctl check)" 'No problems found.'
	get_certificate WWW.site.test Site.test
	get_certificate site.test www.site.test
}

# replace_certificate DAYS: puts a certificate with the private key of the present one in place that is valid for so
# many days, or has expired if they are negative.
replace_certificate() {
	local directory=/etc/mayfly-tls/uacme/127.0.0.1:14000+dir validity="-days $1"
	# OpenSSL 3.4 and newer accepts no negative number.
	[[ $1 != -* || $SUITE == bookworm ]] || validity='-not_before 20250101000000Z -not_after 20250201000000Z'
	inside sh -c "openssl req -x509 -key $directory/private/site.test/key.pem -subj /CN=site.test -days 30 \
		-addext 'subjectAltName=DNS:site.test,DNS:www.site.test' -out /root/new.crt &&
		openssl x509 -in /root/new.crt -signkey $directory/private/site.test/key.pem $validity -out $directory/site.test/cert.pem &&
		/usr/local/share/mayfly/https install $directory/private/site.test/key.pem $directory/site.test/cert.pem" 2>/dev/null
}

@test "a certificate that is due is renewed by the timer's service; the next connection has it" {
	local before
	replace_certificate 3
	before=$(serial)
	inside systemctl start mayfly-acme.service
	refute equal "$(serial)" "$before"
	fetch / -o page
	equal "$(ctl check)" 'No problems found.'
	before=$(serial)
	inside systemctl start mayfly-acme.service
	equal "$(serial)" "$before" 'certificate that is not due'
}

@test "a renewal that fails is reported, and the old certificate stays" {
	local before
	replace_certificate 3
	before=$(serial)
	inside systemctl stop mayfly-http.socket
	refute inside systemctl start mayfly-acme.service 2>/dev/null
	equal "$(serial)" "$before"
	# Critical because browsers do not trust the certificate that is in place.
	check_finds_critical 'mayfly-acme.service failed when it last ran' \
		$'mayfly-http.socket is not active: the certificate cannot be renewed\n    systemctl enable --now mayfly-http.socket'
	inside systemctl start mayfly-http.socket mayfly-acme.service
	equal "$(ctl check)" 'No problems found.'
}

@test "check reports a timer or a port 80 that is off; clients are served" {
	inside systemctl stop mayfly-http.socket
	check_finds 'mayfly-http.socket is not active: the certificate cannot be renewed'
	inside systemctl start mayfly-http.socket
	inside systemctl disable --quiet --now mayfly-acme.timer
	check_finds $'mayfly-acme.timer is not active: the certificate is not renewed\n    systemctl enable --now mayfly-acme.timer'
	inside systemctl enable --quiet --now mayfly-acme.timer
}

@test "a port of HTTPS that is stopped, or closed by a firewall or a setting, is critical" {
	inside systemctl stop mayfly-https.socket
	check_finds_critical $'mayfly-https.socket is not active: no client is served by HTTPS\n    systemctl enable --now mayfly-https.socket'
	inside systemctl start mayfly-https.socket
	inside mkdir -p /etc/systemd/system/mayfly-http{,s}.socket.d
	printf '%s\n' '[Socket]' IPAddressDeny=any | write /etc/systemd/system/mayfly-https.socket.d/test.conf
	printf '%s\n' '[Socket]' BindIPv6Only=ipv6-only | write /etc/systemd/system/mayfly-http.socket.d/test.conf
	inside systemctl daemon-reload
	inside systemctl restart mayfly-http{,s}.socket
	check_finds_critical 'mayfly-https.socket: IPAddressDeny= keeps all clients out' 'a request to https://site.test/ fails: ' \
		'mayfly-http.socket listens for IPv6 only: clients with IPv4 cannot connect'
	inside rm /etc/systemd/system/mayfly-http{,s}.socket.d/test.conf
	printf '%s\n' '#!/bin/sh' 'exec cat /root/ruleset.json' | write /usr/sbin/nft
	inside chmod 755 /usr/sbin/nft
	inside systemctl daemon-reload
	inside systemctl restart mayfly-http{,s}.socket
	printf '%s\n' 'table inet filter {' 'chain input {' 'type filter hook input priority 0; policy drop;' 'iif lo accept' \
		'tcp dport 8080 accept' '}' '}' | nearby nft -f -
	nearby nft --json list ruleset | write /root/ruleset.json
	check_finds 'nftables accepts no client on port 443' 'nftables accepts no client on port 80'$'\n'
	nearby nft flush ruleset
	inside rm /usr/sbin/nft
	finds_nothing
}

@test "a site that is served by HTTPS only is no problem, a socket that is enabled but stopped is" {
	inside systemctl stop mayfly.socket
	check_finds_critical 'mayfly.socket is inactive: no client is served'
	inside systemctl disable --quiet mayfly.socket
	finds_nothing 'mayfly.socket is off: the site is served by HTTPS only'
	inside systemctl mask --quiet mayfly.socket
	finds_nothing 'mayfly.socket is off: the site is served by HTTPS only'
	inside systemctl unmask --quiet mayfly.socket
	inside systemctl stop mayfly-https.socket
	check_finds_critical 'mayfly-https.socket is not active: no client is served by HTTPS'
	inside systemctl start mayfly-https.socket
	inside systemctl enable --quiet --now mayfly.socket
	finds_nothing
}

@test "check reports a certificate that has expired, is for another name, or that browsers do not trust" {
	replace_certificate -1
	check_finds_critical $'the certificate has expired\n' '    systemctl start mayfly-acme.service'
	inside systemctl start mayfly-acme.service
	equal "$(ctl check)" 'No problems found.'
	inside cp -a "$pem" /root/good.pem
	install_certificate other.test
	check_finds_critical 'the certificate is not for site.test' 'the certificate is not for www.site.test' \
		'a request to https://other.test/ fails: browsers refuse the certificate: self'
	inside cp -a /root/good.pem "$pem"
}

# bats test_tags=any-debian
@test "check reports a key that others can read" {
	inside chmod 644 "$pem"
	check_finds "$pem: other users can read the private key"$'\n'"    chmod 600 $pem"
	inside chmod 600 "$pem"
	equal "$(ctl check)" 'No problems found.'
}

# certify NAME: runs the commands of mayfly-https.socket(5) for certbot with this name, and without questions.
certify() {
	awk '/certbot 1/ { wanted = 1 } lines && /^\.Ed/ { exit } lines; wanted && /^\.Bd/ { lines = 1 }' \
		"$repository/packaging/man/mayfly-https.socket.5" |
		sed -e 's/\\e$/\\/' -e "s/example\.org/$1/" \
			-e "s|^certbot |&--non-interactive --agree-tos --register-unsafely-without-email --server $server |" >commands
	grep -q '^certbot .*--webroot' commands
	inside sh -e <commands
}

@test "certbot gets certificates, its hook installs them, and its renewal needs no restart" {
	local before www_before name
	inside systemctl stop mayfly-https.socket
	inside mv /etc/mayfly-tls /root/tls-of-uacme
	certify site.test
	certify www.site.test
	for name in site.test www.site.test; do
		nearby curl -sS --max-time 60 --cacert "$trusted" --resolve "$name:443:127.0.0.1" "https://$name/" |
			cmp - "$repository/www/index.html"
		equal "$(serial $name)" "$(inside openssl x509 -noout -serial -in "/etc/letsencrypt/live/$name/cert.pem")"
	done
	equal "$(inside find /etc/mayfly-tls -name '*.test' -o -name '*.pem' | sort)" "/etc/mayfly-tls/names/www.site.test"$'\n'"$pem"
	equal "$(inside find /etc/mayfly-tls ! -user root -o -perm /077 ! -type l)" '' 'files that others can read'
	equal "$(inside find /var/lib/mayfly-acme -type f)" '' 'challenges that are left'
	finds_nothing
	before=$(serial) www_before=$(serial www.site.test)
	inside certbot renew --quiet --force-renewal --no-random-sleep-on-renew
	refute equal "$(serial)" "$before"
	refute equal "$(serial www.site.test)" "$www_before"
	fetch / | cmp - "$repository/www/index.html"
	finds_nothing
	inside systemctl stop mayfly-https.socket
	inside rm -r /etc/mayfly-tls
	inside mv /root/tls-of-uacme /etc/mayfly-tls
	inside systemctl start mayfly-https.socket
}

@test "the recipe for HAProxy: a certificate, HTTP/2, a redirect, HSTS, renewal" {
	local before
	PATH=$PATH:/usr/sbin
	inside systemctl disable --quiet --now mayfly-https.socket mayfly-http.socket
	printf '%s\n' '[Socket]' ListenStream= ListenStream=127.0.0.1:8081 MaxConnectionsPerSource=0 |
		write /etc/systemd/system/mayfly-http.socket.d/front.conf
	printf '%s\n' '[Service]' ReadWritePaths=/etc/haproxy \
		'ExecStartPost=install -m 600 /etc/mayfly-tls/site.pem /etc/haproxy/site.pem' \
		'ExecStartPost=systemctl reload haproxy.service' |
		write /etc/systemd/system/mayfly-acme.service.d/front.conf
	# HAProxy runs outside the machine; this unit records that it is reloaded.
	printf '%s\n' '[Service]' 'ExecStart=sleep infinity' 'ExecReload=touch /run/reloaded' |
		write /etc/systemd/system/haproxy.service
	inside mkdir -p /etc/haproxy
	inside systemctl daemon-reload
	inside systemctl start haproxy.service
	echo 'MAYFLY_OPTIONS=--proxy-protocol --proxy-from 127.0.0.1 --health-path /healthz' | write /etc/default/mayfly
	printf '/*\n  Strict-Transport-Security: max-age=31536000\n' | write /srv/mayfly/_headers
	make_certificate any
	cat any.key any.crt >site.pem
	start_haproxy
	inside systemctl enable --quiet --now mayfly-http.socket mayfly-acme.timer
	inside /usr/local/share/mayfly/https issue --server "$server" site.test www.site.test
	replace_certificate 3
	before=$(inside openssl x509 -in /etc/mayfly-tls/site.pem -noout -serial)
	inside systemctl start mayfly-acme.service
	inside test -e /run/reloaded
	inside cat /etc/haproxy/site.pem >site.pem
	stop_haproxy
	start_haproxy
	refute equal "$(serial)" "$before"
	wait_until fetch / -o page -f -D head -w '%{http_version}' >version
	equal "$(<version)" 2 'version of HTTP'
	cmp page "$repository/www/index.html"
	grep -qi '^strict-transport-security: max-age=31536000' head
	equal "$(nearby curl -sS -o page -w '%{http_code} %{redirect_url}' -H 'Host: site.test' http://127.0.0.1/)" \
		'301 https://site.test/'
	stop_haproxy
}

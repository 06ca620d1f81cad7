# hardened.conf, the drop-in with all of systemd's protections: the site works with it, and the protections
# are in effect.
load container

setup_file() {
	build_tools hits_dump
	start_site
	export bare
	bare=$(exposure)
	# As packaging/guide/security.md says.
	inside install -D -m 644 /usr/local/share/mayfly/hardened.conf \
		/etc/systemd/system/mayfly@.service.d/hardened.conf
	inside systemctl daemon-reload
}

@test "the page is served, counted and logged" {
	serves_start_page
	equal "$(machine_counts)" $'1\t/index.html'
	all_is_logged
	contains "$(journal -t mayfly)" '/index.html | 127.0.0.1 | '
	equal "$(journal -t mayfly --output=cat | grep sandbox || true)" ''
}

@test "a listing with hits, and a counter, are served" {
	echo 'MAYFLY_OPTIONS=--list-hits --counter-path /counter' | write /etc/default/mayfly
	echo Hello. | write /srv/mayfly/folder/a.txt
	visit /folder/a.txt >/dev/null
	visit /folder/ >page
	equal "$(visit /counter/folder/a.txt.txt)" 1
	inside rm /etc/default/mayfly
	all_is_logged
	grep -q '<bdi>a.txt</bdi></a>.*<td class="n">1</td></tr>$' page
	equal "$(journal -t mayfly --output=cat | tail -n 1)" "$(journal -t mayfly --output=cat | grep -o '^/folder/ | 127.0.0.1 | [0-9]* | 200 OK (listing)$')"
}

@test "without the directory of the counter file the page is served" {
	inside mv /var/lib/mayfly /var/lib/elsewhere
	serves_start_page
	inside mv /var/lib/elsewhere /var/lib/mayfly
	all_is_logged
	contains "$(journal -t mayfly | tail -n 1)" '200 OK (hits-'
}

@test "the protections are in effect" {
	use_patient_handlers
	hold 1 'GET / HTTP/1.1\r\n'
	await_handler
	refute inside sh -c "test /proc/$handler/ns/net -ef /proc/1/ns/net"
	refute inside sh -c "test /proc/$handler/ns/mnt -ef /proc/1/ns/mnt"
	contains "$(inside grep ' / / ' "/proc/$handler/mountinfo")" ' ro,'
}

# exposure: prints the exposure that systemd-analyze finds for the unit: 0.0 to 10.0, lower is better.
exposure() {
	inside systemd-analyze security --no-pager mayfly@a.service | grep -oP '(?<=: )[0-9.]+(?= )' | tail -n 1
}

# bats test_tags=uncounted
@test "systemd-analyze finds an exposure of at most 1.0; security.md has the values with and without hardened.conf" {
	run inside systemd-analyze security --no-pager --threshold=10 mayfly@a.service
	echo "$output"
	equal "$status" 0
	equal "$(tr '\n' ' ' <"$repository/packaging/guide/security.md" | grep -oP 'rates the unit as installed .*?(?= \(of 10)')" \
		"rates the unit as installed $bare, with \`hardened.conf\` $(exposure)"
}

# The more concurrent connections systemd has had, the more memory its child processes begin with.
@test "every client of a burst is answered, even after systemd's memory has grown" {
	local drop_in=/etc/systemd/system/mayfly@.service.d/hardened.conf
	inside mv "$drop_in" "$drop_in.away"
	# All clients have one address, and a handler may still run when its client has been answered.
	printf '%s\n' '[Socket]' MaxConnectionsPerSource=1024 | write /run/systemd/system/mayfly.socket.d/crowd.conf
	inside systemctl daemon-reload
	send_burst 300
	inside mv "$drop_in.away" "$drop_in"
	inside systemctl daemon-reload
	send_burst 100
	equal "$(journal | grep 'mayfly@.*Failed' || true)" ''
}

# send_burst COUNT: opens COUNT connections, many at once; all must be answered.
send_burst() {
	nearby curl --parallel --parallel-immediate --parallel-max 50 --max-time "$patience" --silent --show-error \
		--no-progress-meter --output /dev/null --write-out '%{http_code}\n' "http://127.0.0.1:8080/?[1-$1]" >statuses
	equal "$(grep -cx 200 statuses)" "$1" 'number of responses'
}

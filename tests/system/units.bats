# The unit files: systemd reports nothing, and the manual lists their settings.
# bats file_tags=once
load container

setup_file() {
	start_site
}

@test "systemd accepts all units without a warning" {
	inside install -D -m 644 /usr/local/share/mayfly/hardened.conf \
		/etc/systemd/system/mayfly@.service.d/hardened.conf
	inside systemctl daemon-reload
	run inside systemd-analyze verify --man=no --recursive-errors=yes \
		mayfly.socket mayfly@a.service mayfly{,tls}.slice mayfly-busy.{socket,service} mayfly-{history,report,metrics,acme,check}.{service,timer} \
		mayfly-http{,s}.socket mayfly-http@a.service
	echo "$output"
	equal "$status" 0
	equal "$output" ''
	visit / >/dev/null
	equal "$(journal --boot | grep -E 'systemd(-[a-z]+)?\[.*/(mayfly|hardened)[^ ]*\.[a-z]+:[0-9]+: ')" ''
}

@test "mayfly.socket(5) and mayfly-https.socket(5) list the limits of the units" {
	local setting file
	sed -nE 's/^\.It (Ic .*)/\1/p' "$repository/packaging/man"/mayfly{,-https}.socket.5 >items
	while read -r setting file; do
		grep -qxF "$setting" "$repository/units/$file" || fail "$file does not have $setting"
		echo "$setting"
	done < <(awk '{ for (i = 1; i < NF; i++) if ($i == "Ic") print $(i + 1), $NF }' items) >listed
	(($(grep -c . listed) >= 8))
}

@test "mayfly-metrics.timer is off by default, and fails with a reason if node_exporter is missing" {
	local directory=/var/lib/prometheus/node-exporter
	equal "$(inside systemctl is-enabled mayfly-metrics.timer || true)" disabled
	refute inside systemctl start mayfly-metrics.service
	inside mkdir -p "$directory"
	inside rm -f /var/lib/mayfly/hits
	inside systemctl start mayfly-metrics.service
	equal "$(inside ls "$directory")" '' 'files before the first hit'
	visit / >/dev/null
	inside systemctl enable --quiet --now mayfly-metrics.timer
	wait_until inside test -e "$directory/mayfly.prom"
	contains "$(inside cat "$directory/mayfly.prom")" 'mayfly_hits_total{site="mayfly",path="/index.html"} 1'
	equal "$(inside stat -c '%U %a' "$directory/mayfly.prom")" 'root 644'
}

@test "mayfly-metrics.service has none of root's capabilities: it writes only where root may as any user" {
	local directory=/var/lib/prometheus/node-exporter
	inside mkdir -p "$directory"
	inside chown games /var/lib/prometheus # as Debian's prometheus owns it
	visit / >/dev/null
	inside rm -f "$directory/mayfly.prom"
	inside systemctl start mayfly-metrics.service
	inside test -s "$directory/mayfly.prom"
	inside chown games "$directory"
	refute inside systemctl start mayfly-metrics.service
	contains "$(journal --boot --unit=mayfly-metrics.service --output=cat)" "$directory/mayfly.prom: cannot write: Permission denied"
	inside systemctl reset-failed mayfly-metrics.service
	inside chown root "$directory"
}

@test "the services of timers end if a compromised handler holds the counter file's lock again and again" {
	local service
	for service in mayfly-history mayfly-metrics mayfly-report; do
		refute equal "$(inside systemctl show --property=TimeoutStartUSec --value "$service.service")" infinity
	done
}

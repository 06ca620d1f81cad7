# The history of the counts under real systemd: its timer and its service, also with a clock that is moved.
# bats file_tags=once
load container

setup_file() {
	start_site
	visit / --output /dev/null
}

# record: starts the service.
record() {
	inside systemctl start mayfly-history.service || fail "$(journal -u mayfly-history)"
}

@test "the timer elapses at the next midnight, local time" {
	equal "$(inside systemctl is-enabled mayfly-history.timer || true)" disabled
	inside systemctl enable --quiet --now mayfly-history.timer
	equal "$(inside systemctl show --property=NextElapseUSecRealtime --value mayfly-history.timer)" \
		"$(inside date -d 'tomorrow 0:00' '+%a %Y-%m-%d %H:%M:%S %Z')"
	equal "$(inside systemctl show --property=Persistent --value mayfly-history.timer)" yes
}

@test "the service records the hits, and root owns the history" {
	record
	contains "$(inside cat /var/lib/mayfly/history/earlier)" $'1\t/index.html'
	visit / --output /dev/null
	record
	contains "$(inside sh -c 'cat /var/lib/mayfly/history/20*')" $'1\t/index.html'
	equal "$(inside stat -c '%U %G %a' /var/lib/mayfly/history /var/lib/mayfly/history/earlier)" \
		$'root mayfly 750\nroot mayfly 640'
	contains "$(journal -u mayfly-history --output=cat)" 'Recorded 1 hit on 1 resource for '
	no_failed_unit
}

@test "the handler's user cannot change the history, and cannot make root write elsewhere" {
	refute inside setpriv --reuid=mayfly --regid=mayfly --clear-groups sh -c 'echo x >/var/lib/mayfly/history/earlier'
	inside setpriv --reuid=mayfly --regid=mayfly --clear-groups cat /var/lib/mayfly/history/earlier >/dev/null
	inside setpriv --reuid=mayfly --regid=mayfly --clear-groups sh -c 'cd /var/lib/mayfly && mv history moved && mkdir history'
	refute inside systemctl start mayfly-history.service
	contains "$(journal -u mayfly-history --output=cat)" 'history: belongs to mayfly, who must take the snapshots; or chown it'
	run inside /usr/local/bin/mayflyctl check
	contains "$output" 'mayfly-history.service failed when it last ran: exit-code'
	inside sh -c 'cd /var/lib/mayfly && rmdir history && ln -s /root history'
	refute inside systemctl start mayfly-history.service
	equal "$(inside ls -A /root | grep -c earlier || true)" 0
	inside sh -c 'cd /var/lib/mayfly && rm history && mv moved history'
	record
}

# The history of the counts under real systemd: its timer and its service, also with a clock that is moved.
# bats file_tags=once
# shellcheck disable=SC2016 # expanded inside
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

@test "a directory of another group does not stop the service" {
	inside chgrp games /var/lib/mayfly/history
	visit / --output /dev/null
	record
	inside chgrp mayfly /var/lib/mayfly/history
	no_failed_unit
	inside systemctl reset-failed mayfly-history.service # and its start limit: these tests start it often
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

# move_clock: from now on the service reads the time from /run/clock.
move_clock() {
	build_tools moved_clock
	write /usr/local/lib/moved_clock <"$tools/moved_clock"
	printf '%s\n' '[Service]' EnvironmentFile=/run/clock Environment=LD_PRELOAD=/usr/local/lib/moved_clock |
		write /etc/systemd/system/mayfly-history.service.d/clock.conf
	inside systemctl daemon-reload
}

# by UNIT: prints what `hits --by UNIT --json` says at the time of the moved clock.
by() {
	inside sh -c '. /run/clock && CLOCK=$CLOCK LD_PRELOAD=/usr/local/lib/moved_clock /usr/local/bin/mayflyctl hits --by "$1" --json' sh "$1"
}

# 800 nights, each twentieth with the service; before night N, a visitor on N modulo 4 pages.
# bats test_tags=any-debian
@test "800 days of visits add up: 400 days, the older ones in months" {
	local started
	move_clock
	inside sh -c 'cd /var/lib/mayfly && rm -rf history/* hits && cd /srv/mayfly && for i in 1 2 3 4 5 6 7 8 9; do echo $i >$i.txt; done'
	started=$(date +%s)
	cat >"$BATS_FILE_TMPDIR/nights" <<-'EOF'
		start=$(date -d '2025-01-01 0:00' +%s)
		i=0
		while [ $i -le 800 ]; do
			for page in $(seq 1 $((i % 4))); do
				printf 'GET /%s.txt HTTP/1.0\r\n\r\n' "$page" |
					setpriv --reuid=mayfly --regid=mayfly --clear-groups \
						/usr/local/sbin/mayfly --root /srv/mayfly --hits /var/lib/mayfly/hits >/dev/null 2>&1
			done
			echo "CLOCK=$((start + i * 86400 + 3))" >/run/clock
			if [ $((i % 20)) = 0 ]; then
				systemctl reset-failed mayfly-history.service
				systemctl start mayfly-history.service || exit
			else
				env $(cat /run/clock) LD_PRELOAD=/usr/local/lib/moved_clock /usr/local/bin/mayflyctl hits snapshot \
					--hits /var/lib/mayfly/hits >/dev/null || exit
			fi
			i=$((i + 1))
		done
	EOF
	write /root/nights <"$BATS_FILE_TMPDIR/nights"
	inside env TZ=UTC sh /root/nights || fail "$(journal -u mayfly-history -n 20)"
	echo "# 800 nights in $(($(date +%s) - started)) s" >&3
	equal "$(by day | jq -c '[.hits, ([.periods[].hits] | add), ([.periods[].dropped] | add)]')" '[1200,1200,0]'
	equal "$(by day | jq -c '[.periods[] | select(.first == .last and (.open | not))] | length')" 400
	equal "$(by day | jq -c '.periods[-1] | [.period, .hits]')" '["2027-03-12",0]'
	equal "$(by year | jq -c '[.periods[] | [.period, .hits]]')" '[["2025",547],["2026",548],["2027",105]]'
	equal "$(by month | jq -c '[.periods[] | .hits] | add, length')" $'1200\n27'
	equal "$(inside sh -c 'ls /var/lib/mayfly/history | grep -c ....-..-..')" 400
	inside rm -r /etc/systemd/system/mayfly-history.service.d
	inside systemctl daemon-reload
	no_failed_unit
}

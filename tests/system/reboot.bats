# A machine's life: it reboots, and Mayfly is taken away again; the owner's data stays.
load container

setup_file() {
	build_tools hits_dump
	start_site
}

machine_is_gone() {
	! kill -0 "$MACHINE" 2>/dev/null
}

@test "after a reboot the socket listens, the site is unchanged, and counts continue" {
	local page
	echo 'My own page.' | write /srv/mayfly/index.html
	for _ in 1 2 3; do visit / >/dev/null; done
	hold 1 'GET ' # nor does somebody who is there keep the machine up
	wait_until instances_are 1
	inside systemctl reboot || true # which may end it before it has ended
	wait_until machine_is_gone
	await_machine
	page=$(visit /)
	equal "$page" 'My own page.'
	equal "$(machine_counts)" $'4\t/index.html'
}

@test "make uninstall removes all but the owner's data" {
	await_machine # another process since the reboot
	visit / >/dev/null
	echo 'MAYFLY_OPTIONS=' | write /etc/default/mayfly
	refute inside systemctl start mayfly-metrics.service # which has nowhere to write to
	inside systemctl enable --quiet --now mayfly-report.timer mayfly-metrics.timer
	inside make -s -C /usr/src/mayfly uninstall
	run inside systemctl is-active mayfly.socket
	equal "$output" inactive
	equal "$(inside systemctl list-units --all --plain --no-legend 'mayfly*')" '' 'units that are left'
	run inside find / -xdev -name '*mayfly*'
	equal "$(sort <<<"$output" | grep -v '^/usr/src/')" $'/etc/default/mayfly\n/srv/mayfly\n/var/lib/mayfly'
	contains "$(inside cat /srv/mayfly/index.html)" 'My own page.'
	contains "$(machine_counts)" /index.html
}

# Reboot and uninstallation: the owner's data is kept.
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
	hold 1 'GET ' # an open connection does not delay the reboot
	wait_until instances_are 1
	inside systemctl reboot || true # the reboot may kill this command
	wait_until machine_is_gone
	await_machine
	page=$(visit /)
	equal "$page" 'My own page.'
	equal "$(machine_counts)" $'4\t/index.html'
}

# bats test_tags=uncounted
@test "make uninstall removes everything except the owner's data" {
	await_machine # PID 1 has another number since the reboot
	visit / >/dev/null
	echo 'MAYFLY_OPTIONS=' | write /etc/default/mayfly
	refute inside systemctl start mayfly-metrics.service # its directory is missing
	inside systemctl enable --quiet --now mayfly-report.timer mayfly-metrics.timer
	inside make -s -C /usr/src/mayfly uninstall
	run inside systemctl is-active mayfly.socket
	equal "$output" inactive
	equal "$(inside systemctl list-units --all --plain --no-legend 'mayfly*')" '' 'remaining units'
	run inside find / -xdev -name '*mayfly*'
	equal "$(sort <<<"$output" | grep -v '^/usr/src/')" $'/etc/default/mayfly\n/srv/mayfly\n/var/lib/mayfly\n/var/lib/mayfly-acme'
	contains "$(inside cat /srv/mayfly/index.html)" 'My own page.'
	contains "$(machine_counts)" /index.html
}

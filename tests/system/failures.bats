# What goes wrong is told to the owner, in systemctl status and the journal, and never to a client.
load container

setup_file() {
	start_site
}

# A visit that the handler cannot serve: the client gets not one byte, the journal has the reason, and
# nothing is left behind.
fails_in_silence() {
	local reason
	equal "$(visit_raw | od -c)" 0000000 'what the client got'
	wait_until instances_are 0
	journal --boot >entries
	for reason; do
		grep -F -e "$reason" entries || fail "the journal does not say: $reason"
	done
	no_failed_unit
	equal "$(inside systemctl is-active mayfly.socket)" active
}

@test "without its root the socket does not start, and shows the reason" {
	inside systemctl stop mayfly.socket
	inside mv /srv/mayfly /srv/elsewhere
	run inside systemctl start mayfly.socket
	equal "$status" 1
	run inside systemctl status mayfly.socket
	echo "$output"
	contains "$output" 'Active: inactive (dead)'
	contains "$output" 'AssertPathIsDirectory=/srv/mayfly was not met'
	run visit /
	equal "$status" 7 # curl: could not connect

	inside mv /srv/elsewhere /srv/mayfly
	inside systemctl start mayfly.socket
	contains "$(visit /)" '<title>'
}

@test "a root that vanishes is told in the journal, not to the client" {
	inside mv /srv/mayfly /srv/elsewhere
	fails_in_silence 'mayfly[' 'cannot open the root directory /srv/mayfly' 'status=102' "'exit-code'"
	inside mv /srv/elsewhere /srv/mayfly
	contains "$(visit /)" '<title>'
}

@test "options are taken from /etc/default/mayfly, and a wrong one is told in the journal" {
	echo 'MAYFLY_OPTIONS=--log journal --index robots.txt' | write /etc/default/mayfly
	visit / | cmp - "$repository/www/robots.txt"
	echo 'MAYFLY_OPTIONS=--no-such-option' | write /etc/default/mayfly
	fails_in_silence '--no-such-option' 'status=100'
	inside rm /etc/default/mayfly
	contains "$(visit /)" '<title>'
}

@test "a handler that cannot be started is told in the journal" {
	inside mv /usr/local/sbin/mayfly /usr/local/sbin/elsewhere
	fails_in_silence 'status=203/EXEC'
	inside mv /usr/local/sbin/elsewhere /usr/local/sbin/mayfly
	contains "$(visit /)" '<title>'
}

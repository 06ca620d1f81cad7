# Clients that connect and send nothing cost no process: the kernel keeps the connection (DeferAcceptSec=).
load container

setup_file() {
	start_site
}

# accepted: prints the number of connections that the socket has accepted.
accepted() {
	inside systemctl show --property=NAccepted --value mayfly.socket
}

accepted_is() {
	[[ $(accepted) == "$1" ]]
}

# defer SECONDS: restarts the socket with another DeferAcceptSec=. Sets before.
defer() {
	printf '[Socket]\nDeferAcceptSec=%s\n' "$1" | write /run/systemd/system/mayfly.socket.d/defer.conf
	inside systemctl daemon-reload
	inside systemctl restart mayfly.socket
	before=$(accepted)
}

@test "the installed socket defers accept" {
	equal "$(inside systemctl show --property=DeferAcceptUSec --value mayfly.socket)" 5s
}

@test "20 silent connections start no process" {
	defer 100 # longer than a slow machine needs
	hold 20
	# A later client that sends a request is the only one that systemd has seen.
	contains "$(visit /)" '<title>'
	equal "$(accepted)" $((before + 1)) 'number of accepted connections'
}

@test "without DeferAcceptSec= silent connections start processes" {
	defer 0
	use_patient_handlers
	hold 20
	wait_until accepted_is $((before + 20))
	wait_until instances_are 20
}

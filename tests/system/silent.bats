# Who connects and says nothing costs no process: the kernel keeps the connection (DeferAcceptSec=).
load container

setup_file() {
	start_site
}

accepted() {
	inside systemctl show --property=NAccepted --value mayfly.socket
}

accepted_is() {
	[[ $(accepted) == "$1" ]]
}

@test "20 silent connections start no process" {
	hold 20
	# Behind them comes one that speaks, and is the only one that systemd has seen.
	contains "$(visit /)" '<title>'
	equal "$(accepted)" 1 'number of accepted connections'
}

@test "without DeferAcceptSec= they would" {
	printf '[Socket]\nDeferAcceptSec=0\n' | write /run/systemd/system/mayfly.socket.d/eager.conf
	inside systemctl daemon-reload
	inside systemctl restart mayfly.socket
	hold 20
	wait_until accepted_is 21
	wait_until instances_are 20
}

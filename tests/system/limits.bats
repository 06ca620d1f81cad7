# What visitors can take of the machine is bounded, and one address cannot take it all.
load container

setup_file() {
	start_site
	# The slice as it is shipped: few visitors come here, and sanitizers need no more for those.
	inside rm -rf /etc/systemd/system/mayfly.slice.d
	inside systemctl daemon-reload
}

socket_property() {
	inside systemctl show --property="$1" --value mayfly.socket
}

@test "one address cannot hold more than its share of connections" {
	local most
	most=$(socket_property MaxConnectionsPerSource)
	((most < $(socket_property MaxConnections)))
	patient_handlers
	hold "$most" 'GET / HTTP/1.1\r\n'
	wait_until instances_are "$most"
	run visit /
	refute test "$status" -eq 0
	contains "$(visit / --interface 127.0.0.2)" '<title>'
	let_go
	wait_until instances_are 0
	contains "$(visit /)" '<title>'
}

# Whether a process of mayfly.slice can have so many bytes. (tail keeps a line to its end.)
can_have() {
	inside systemd-run --quiet --wait --slice=mayfly.slice \
		sh -c "head -c $1 /dev/zero | tail -n 1 >/dev/null"
}

# bats test_tags=once
@test "all connections together cannot exceed the memory of mayfly.slice" {
	local memory
	memory=$(inside systemctl show --property=MemoryMax --value mayfly.slice)
	can_have $((memory / 2))
	refute can_have $((memory + memory / 8))
}

# Whether mayfly.slice can have so many processes.
can_start() {
	inside systemd-run --quiet --wait --slice=mayfly.slice \
		sh -c "i=1; while [ \$i -lt $1 ]; do sleep 600 & i=\$((i + 1)); done"
}

# bats test_tags=once
@test "all connections together fit into, and cannot exceed, the tasks of mayfly.slice" {
	local tasks
	tasks=$(inside systemctl show --property=TasksMax --value mayfly.slice)
	((tasks > $(socket_property MaxConnections)))
	can_start $((tasks - 1))
	refute can_start $((tasks + 1))
}

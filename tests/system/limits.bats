# The connections, memory and tasks that clients can use are bounded, and one address cannot
# use all of them.
load container

setup_file() {
	start_site
	# The slice as shipped: for the few requests of this suite its memory is enough for sanitizers.
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
	use_patient_handlers
	hold "$most" 'GET / HTTP/1.1\r\n'
	wait_until instances_are "$most"
	run visit /
	refute test "$status" -eq 0
	contains "$(visit / --interface 127.0.0.2)" '<title>'
	let_go
	wait_until instances_are 0
	contains "$(visit /)" '<title>'
}

# can_allocate BYTES: whether a process in mayfly.slice can allocate so much. (tail keeps a line
# until its end.)
can_allocate() {
	inside systemd-run --quiet --wait --slice=mayfly.slice \
		sh -c "head -c $1 /dev/zero | tail -n 1 >/dev/null"
}

# bats test_tags=once
@test "MemoryMax= of mayfly.slice is enforced" {
	local memory
	memory=$(inside systemctl show --property=MemoryMax --value mayfly.slice)
	can_allocate $((memory / 2))
	refute can_allocate $((memory + memory / 8))
}

# can_start COUNT: whether mayfly.slice can have so many processes.
can_start() {
	inside systemd-run --quiet --wait --slice=mayfly.slice \
		sh -c "i=1; while [ \$i -lt $1 ]; do sleep 600 & i=\$((i + 1)); done"
}

# bats test_tags=once
@test "TasksMax= of mayfly.slice is enough for all connections, and is enforced" {
	local tasks
	tasks=$(inside systemctl show --property=TasksMax --value mayfly.slice)
	((tasks > $(socket_property MaxConnections)))
	can_start $((tasks - 1))
	refute can_start $((tasks + 1))
}

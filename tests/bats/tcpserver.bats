#!/usr/bin/env bats
# The handler under tcpserver, by packaging/inetd/tcpserver.sh.

# bats file_tags=root

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump
}

setup() {
	set_up_site
	snippet tcpserver.sh >snippet.sh
}

teardown() {
	stop_server
}

start() {
	start_superserver sh "$BATS_TEST_TMPDIR/snippet.sh"
}

@test "serves and counts" {
	start
	serves_and_counts
}

@test "answers a crowd" {
	start
	answers_a_crowd
}

@test "sends nothing but the response" {
	start
	sends_nothing_but_the_response
}

@test "logs the address and the port of the client" {
	local client_port
	start
	client_port=$(curl -sS -o /dev/null -w '%{local_port}' "$url/a.txt")
	wait_until logged "/a.txt | 127.0.0.1 | $client_port | 1"
}

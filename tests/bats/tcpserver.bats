#!/usr/bin/env bats
# The handler under tcpserver, by packaging/inetd/tcpserver.sh.

# bats file_tags=once,root

load helpers
load counter
load superservers

setup_file() {
	command -v tcpserver >/dev/null || skip 'tcpserver is missing'
	build_tools hits_dump
}

setup() {
	set_up_site
}

teardown() {
	stop_server
}

start() {
	snippet tcpserver.sh >start.sh
	start_superserver sh "$BATS_TEST_TMPDIR/start.sh"
}

@test "serves and counts" {
	serves_and_counts
}

@test "answers a crowd" {
	answers_a_crowd
}

@test "logs the address and the port of the client to standard error" {
	logs_to_stderr
}

@test "sends nothing but responses" {
	sends_nothing_but_responses
	wait_until logged '/missing | 127.0.0.1 | '
	wait_until logged '| 200 OK (hits-not-a-file)'
}

@test "answers 503, without the cause, with wrong options" {
	answers_503_with_wrong_options
	wait_until logged 'mayfly: '
}

@test "answers 503, without the cause, without a root" {
	answers_503_without_a_root
	wait_until logged 'mayfly: '
}

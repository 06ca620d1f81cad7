#!/usr/bin/env bats
# The handler under classic inetd, by packaging/inetd/inetd.conf. Descriptor 2 is the client here.

# bats file_tags=root

load helpers
load counter
load superservers

setup_file() {
	command -v inetd >/dev/null || skip 'inetd is missing'
	build_tools hits_dump receive_datagrams
}

setup() {
	set_up_site
}

teardown() {
	stop_server
}

start() {
	snippet inetd.conf >own.conf
	start_superserver inetd -i "$BATS_TEST_TMPDIR/own.conf"
}

@test "serves and counts" {
	serves_and_counts
}

@test "serves IPv6 too" {
	serves_ipv6
}

@test "answers a crowd" {
	answers_a_crowd
}

@test "logs the address and the port of the client to the journal" {
	logs_to_the_journal
}

@test "sends nothing but responses, though descriptor 2 is the client" {
	sends_nothing_but_responses
}

@test "answers 503, without the cause, with wrong options" {
	answers_503_with_wrong_options
}

@test "answers 503, without the cause, without a root" {
	answers_503_without_a_root
}

#!/usr/bin/env bats
# The handler under classic inetd, by packaging/inetd/inetd.conf. Descriptor 2 is the client here.

# bats file_tags=root

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump
}

setup() {
	set_up_site
	snippet inetd.conf >snippet.conf
}

teardown() {
	stop_server
}

start() {
	start_superserver inetd -i -R 10000 "$BATS_TEST_TMPDIR/snippet.conf"
}

@test "serves and counts" {
	start
	serves_and_counts
}

@test "answers a crowd" {
	start
	answers_a_crowd
}

@test "sends nothing but the response, though descriptor 2 is the client" {
	sed -i '/stream/s|$| --log stderr|' snippet.conf
	start
	sends_nothing_but_the_response
}

@test "says nothing of a wrong command line to the client" {
	sed -i '/stream/s|$| --no-such-option|' snippet.conf
	start
	says_nothing_of_errors
}

@test "says nothing of a missing root to the client" {
	rm -rf "$site"
	start
	says_nothing_of_errors
}

#!/usr/bin/env bats
# The handler under systemd-socket-activate, as `make run` starts it.

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump
}

setup() {
	set_up_site
}

teardown() {
	stop_server
}

# Without an address, as here, it listens to IPv4 and IPv6 with one socket.
start() {
	start_superserver env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd \
		--setenv=ASAN_OPTIONS --listen="$port" "$MAYFLY" --root "$site" --hits "$hits" \
		"${more_options[@]}"
}

@test "serves and counts" {
	serves_and_counts
}

@test "serves IPv6 too" {
	serves_ipv6
	wait_until logged "/a.txt | ::1 | "
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

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

start() {
	start_server --root "$site" --hits "$hits"
	url=http://127.0.0.1:$port
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

@test "serves IPv6, and shows an IPv4 client of an IPv6 socket as one of IPv4" {
	local client_port
	port=$(free_port)
	start_superserver env SYSTEMD_LOG_LEVEL=err systemd-socket-activate --accept --inetd \
		--listen="$port" "$handler" --root "$site" --hits "$hits"
	client_port=$(curl -sS -o /dev/null -w '%{local_port}' "http://[::1]:$port/a.txt")
	wait_until logged "/a.txt | ::1 | $client_port | 1"
	client_port=$(curl -sS -o /dev/null -w '%{local_port}' "http://127.0.0.1:$port/a.txt")
	wait_until logged "/a.txt | 127.0.0.1 | $client_port | 2"
}

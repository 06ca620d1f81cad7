#!/usr/bin/env bats
# The handler under xinetd, by packaging/inetd/mayfly.xinetd. Descriptor 2 is the client here.
#
# Debian's xinetd and openbsd-inetd cannot be installed side by side, so xinetd is only unpacked, into the
# build folder; the libraries it needs are those of openbsd-inetd.

# bats file_tags=once,root,network

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump receive_datagrams
	export unpacked=$BATS_TEST_DIRNAME/../../build/xinetd
	[[ -x $unpacked/usr/sbin/xinetd ]] || unpack
}

unpack() {
	cd "$BATS_FILE_TMPDIR" || return
	apt-get -q download xinetd && dpkg-deb -x xinetd_*.deb xinetd || return
	mkdir -p "${unpacked%/*}"
	mv -T xinetd "$unpacked"
}

setup() {
	set_up_site
}

teardown() {
	stop_server
}

start() {
	snippet mayfly.xinetd >own.conf
	start_superserver "$unpacked/usr/sbin/xinetd" -dontfork -f "$BATS_TEST_TMPDIR/own.conf" \
		-pidfile "$BATS_TEST_TMPDIR/pid"
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

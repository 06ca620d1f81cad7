#!/usr/bin/env bats
# The handler under xinetd, by packaging/inetd/mayfly.xinetd. Debian's xinetd and openbsd-inetd cannot
# be installed side by side, so xinetd is only unpacked, into the build folder.

# bats file_tags=root,network

load helpers
load counter
load superservers

setup_file() {
	build_tools hits_dump
	export unpacked=$BATS_TEST_DIRNAME/../../build/xinetd
	[[ -x $unpacked/usr/sbin/xinetd ]] || unpack
}

unpack() {
	(cd "$BATS_FILE_TMPDIR" && apt-get -q download xinetd && dpkg-deb -x xinetd_*.deb "$unpacked")
}

setup() {
	set_up_site
	snippet mayfly.xinetd >xinetd.conf
}

teardown() {
	stop_server
}

start() {
	start_superserver "$unpacked/usr/sbin/xinetd" -dontfork -f "$BATS_TEST_TMPDIR/xinetd.conf" \
		-pidfile "$BATS_TEST_TMPDIR/pid"
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
	sed -i 's|server_args.*|& --log stderr|' xinetd.conf
	start
	sends_nothing_but_the_response
}

@test "says nothing of a wrong command line to the client" {
	sed -i 's|server_args.*|& --no-such-option|' xinetd.conf
	start
	says_nothing_of_errors
}

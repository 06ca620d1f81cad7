# Failures are shown to the owner in systemctl status and the journal. A client gets at most a 503.
load container

setup_file() {
	start_site
}

# journal_shows CAUSE...: whether the journal since the start of the test has these texts, and no unit
# remains failed.
journal_shows() {
	local cause
	wait_until instances_are 0
	journal --since "@$begun" >entries
	for cause; do
		grep -F -e "$cause" entries || fail "not in the journal: $cause"
	done
	no_failed_unit
}

# journal_has TEXT: whether the journal has it since the start of the test.
journal_has() {
	grep -qF -e "$1" <(journal --since "@$begun")
}

# closes_silently CAUSE...: whether a client gets no byte if the handler cannot be started, and the journal
# has these texts.
closes_silently() {
	equal "$(visit_raw | od -c)" 0000000 'received bytes'
	journal_shows "$@"
	equal "$(inside systemctl is-active mayfly.socket)" active
}

# is_answered_503 CAUSE...: whether a client of a handler that cannot serve gets 503, and the journal
# has these texts.
is_answered_503() {
	response_file=$BATS_TEST_TMPDIR/response
	visit /index.html -i >"$response_file"
	split_response "$response_file"
	is_unavailable
	visit / --head >"$response_file"
	split_response "$response_file"
	is_unavailable 0
	journal_shows '503 Service Unavailable' "$@"
}

# Serve the site by mayfly-busy.socket, or by mayfly.socket again.
change_to_busy() {
	inside systemctl stop mayfly.socket
	inside systemctl start mayfly-busy.socket
}
change_back() {
	inside systemctl stop mayfly-busy.socket mayfly-busy.service
	inside systemctl start mayfly.socket
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	begun=$(date +%s.%N)
}

# without_landlock UNIT: makes Landlock unavailable to this service; with_landlock UNIT undoes it.
without_landlock() {
	printf '%s\n' '[Service]' 'SystemCallFilter=~landlock_create_ruleset' SystemCallErrorNumber=EPERM |
		write "/run/systemd/system/$1.d/landlock.conf"
	inside systemctl daemon-reload
}
with_landlock() {
	inside rm -r "/run/systemd/system/$1.d"
	inside systemctl daemon-reload
}

@test "without its root the socket does not start, and shows the reason" {
	inside systemctl stop mayfly.socket
	inside mv /srv/mayfly /srv/elsewhere
	run inside systemctl start mayfly.socket
	equal "$status" 1
	run inside systemctl status mayfly.socket
	echo "$output"
	contains "$output" 'Active: inactive (dead)'
	contains "$output" 'AssertPathIsDirectory=/srv/mayfly was not met'
	run visit /
	equal "$status" 7 # curl: could not connect

	inside mv /srv/elsewhere /srv/mayfly
	inside systemctl start mayfly.socket
	contains "$(visit /)" '<title>'
}

@test "a root that vanishes: 503 to the client, the cause in the journal" {
	inside mv /srv/mayfly /srv/elsewhere
	is_answered_503 'mayfly[' 'cannot open the root directory /srv/mayfly' '(root-unusable)' 'status=102' "'exit-code'"
	inside mv /srv/elsewhere /srv/mayfly
	contains "$(visit /)" '<title>'
}

@test "a root that the handler's user cannot enter: 503 to the client, the cause in the journal" {
	inside chmod 700 /srv/mayfly
	is_answered_503 '/index.html | 127.0.0.1 | ' '(root-unusable)'
	inside chmod 755 /srv/mayfly
	contains "$(visit /)" '<title>'
}

@test "options from /etc/default/mayfly; a wrong one: 503 to the client, the cause in the journal" {
	echo 'MAYFLY_OPTIONS=--log journal --index robots.txt' | write /etc/default/mayfly
	visit / | cmp - "$repository/www/robots.txt"
	echo 'MAYFLY_OPTIONS=--no-such-option' | write /etc/default/mayfly
	is_answered_503 '--no-such-option' '(options-invalid)' 'status=100'
	echo 'MAYFLY_OPTIONS=--check-config' | write /etc/default/mayfly
	is_answered_503 'serve nothing; remove them' '(options-invalid)' 'status=100'
	inside rm /etc/default/mayfly
	contains "$(visit /)" '<title>'
}

# bats test_tags=uncounted
@test "--sandbox require on a kernel without Landlock: 503 to the client, the cause in the journal" {
	without_landlock mayfly@.service
	contains "$(visit /)" '<title>'
	echo 'MAYFLY_OPTIONS=--sandbox require' | write /etc/default/mayfly
	is_answered_503 'Landlock' '(sandbox-incomplete)' 'status=111'
	inside rm /etc/default/mayfly
	with_landlock mayfly@.service
}

# bats test_tags=uncounted
@test "on a busy site: no root, wrong options and a missing sandbox yield 503 and their cause in the journal" {
	change_to_busy
	contains "$(visit /)" '<title>'
	inside mv /srv/mayfly /srv/elsewhere
	is_answered_503 'cannot open the root directory /srv/mayfly' '(root-unusable)' 'exit status 102'
	inside mv /srv/elsewhere /srv/mayfly
	inside chmod 700 /srv/mayfly
	is_answered_503 '(root-unusable)'
	inside chmod 755 /srv/mayfly
	contains "$(visit /)" '<title>'

	echo 'MAYFLY_OPTIONS=--no-such-option' | write /etc/default/mayfly
	inside systemctl restart mayfly-busy.service
	is_answered_503 '--no-such-option' '(options-invalid)' 'exit status 100'

	without_landlock mayfly-busy.service
	echo 'MAYFLY_OPTIONS=--sandbox require' | write /etc/default/mayfly
	inside systemctl restart mayfly-busy.service
	is_answered_503 'Landlock' '(sandbox-incomplete)' 'exit status 111'

	with_landlock mayfly-busy.service
	echo 'MAYFLY_ACCEPT_OPTIONS=--no-such-option' | write /etc/default/mayfly
	inside systemctl stop mayfly-busy.service
	equal "$(visit / -o body -w '%{http_code} %header{retry-after}')" '503 5'
	equal "$(wc -c <body)" 0 'bytes of the body'
	wait_until journal_has '(options-invalid)'
	wait_until journal_has 'status=100'
	equal "$(inside systemctl is-active mayfly-busy.socket)" active
	wait_until inside systemctl is-failed --quiet mayfly-busy.service

	inside systemctl reset-failed mayfly-busy.service
	inside rm /etc/default/mayfly
	change_back
	contains "$(visit /)" '<title>'
}

@test "a handler that cannot be started is reported in the journal" {
	inside mv /usr/local/sbin/mayfly /usr/local/sbin/elsewhere
	closes_silently 'status=203/EXEC'
	inside mv /usr/local/sbin/elsewhere /usr/local/sbin/mayfly
	contains "$(visit /)" '<title>'
}

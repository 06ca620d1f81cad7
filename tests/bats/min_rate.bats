#!/usr/bin/env bats
# How fast a client must read the response: the minimum rate, within a window of --send-timeout.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup_file() {
	build_tools slow_client
}

setup() {
	make_site
	response_file=$BATS_TEST_TMPDIR/response
}

teardown() {
	stop_server
}

# These drop a client that reads less than 100,000 bytes/s over 2 seconds.
rate=(--send-timeout 2 --min-rate 100000)
# A client that reads 200,000 bytes/s is served with these even if a loaded machine slows it to a tenth.
low_rate=(--send-timeout 2 --min-rate 20000)

# slow_get TARGET SOCKET BYTES MILLISECONDS ROUNDS: requests the target and reads BYTES with a pause of
# MILLISECONDS, ROUNDS times; then the rest. Sets the variables of split_response.
slow_get() {
	timeout 120 "$tools/slow_client" "${@:2}" <<<"GET $1 HTTP/1.0"$'\r\n\r' >"$response_file"
	split_response "$response_file"
}

# Makes a directory with a listing of about 2 MB, /names/.
make_names() {
	mkdir "$site/names"
	seq -f "%05.0f-$(printf %090d 0)" 6000 | make_many_files "$site/names"
}

# bats test_tags=pipes
@test "file: a client above the minimum rate is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" "${low_rate[@]}"
	slow_get /big "$port" 20000 100 60
	equal "$http_status" 200
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

# bats test_tags=pipes
@test "file: a client below the minimum rate is dropped" {
	head -c 20000000 /dev/urandom >"$site/big"
	start_server --root "$site" "${rate[@]}"
	slow_get /big "$port" 7000 100 60
	((${#body} > 0 && $(wc -c <"$body_file") < 20000000))
	wait_until logged '| 200 OK (client-too-slow)'
	wait_until no_handler_runs
}

@test "listing: a client above the minimum rate is served to the end" {
	make_names
	start_unix_server --list "${low_rate[@]}"
	slow_get /names/ "$socket" 20000 100 60
	equal "$http_status" 200
	equal "$(wc -c <"$body_file")" "$(field Content-Length)" length
	wait_until logged '/names/ | '
	refute logged client-
}

@test "listing: a client below the minimum rate is dropped" {
	make_names
	start_unix_server --list "${rate[@]}"
	slow_get /names/ "$socket" 7000 100 60
	(($(wc -c <"$body_file") < $(field Content-Length)))
	wait_until logged '| 200 OK (client-too-slow)'
}

@test "with --min-rate 0 a client that reads any data at all is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" --send-timeout 2 --min-rate 0
	# The client's kernel acknowledges about 64 kB at once, thus more than once per window.
	slow_get /big "$port" 7000 100 60
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

# Two thirds of the window, as 40 of the default 60 seconds.
# bats test_tags=pipes
@test "a reader that pauses once for two thirds of the window is served to the end" {
	head -c 6000000 /dev/urandom >"$site/big"
	start_server --root "$site" --send-timeout 6
	slow_get /big "$port" 65536 4000 1
	cmp "$site/big" "$body_file"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

@test "a pipe reader that pauses once for two thirds of the window is served to the end" {
	head -c 600000 /dev/urandom >"$site/big"
	timeout 60 "$MAYFLY" --root "$site" --send-timeout 6 <<<$'GET /big HTTP/1.0\r\n\r' \
		2>"$BATS_TEST_TMPDIR/log" 3>&- | {
		head -c 100000
		sleep 4
		cat
	} >"$response_file"
	split_response "$response_file"
	cmp "$site/big" "$body_file"
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK'
}

# through_pipe BYTES ROUNDS OPTION...: requests /big on a pipe, and reads BYTES each tenth of a second,
# ROUNDS times; then the rest. Sets log.
through_pipe() {
	timeout 60 "$MAYFLY" --root "$site" "${@:3}" <<<$'GET /big HTTP/1.0\r\n\r' \
		2>"$BATS_TEST_TMPDIR/log" 3>&- | {
		for ((i = 0; i < $2; i++)); do
			head -c "$1"
			sleep 0.1
		done
		cat
	} >"$response_file"
	split_response "$response_file"
	log=$(<"$BATS_TEST_TMPDIR/log")
}

@test "a pipe reader above the minimum rate is served to the end" {
	head -c 2000000 /dev/urandom >"$site/big"
	through_pipe 20000 60 "${low_rate[@]}"
	cmp "$site/big" "$body_file"
	equal "$log" '/big | - | - | 200 OK'
}

@test "a pipe reader below the minimum rate is dropped" {
	head -c 2000000 /dev/urandom >"$site/big"
	through_pipe 5000 40 "${rate[@]}"
	(($(wc -c <"$body_file") < 2000000))
	equal "$log" '/big | - | - | 200 OK (client-too-slow)'
}

# read_by_the_second NAME BYTES: requests /big on a pipe with the handler's default limits, and reads BYTES per second
# until there is a file `enough`, or for 400 seconds. The log goes to the file NAME.
read_by_the_second() {
	local second
	"$MAYFLY" --root "$site" <<<$'GET /big HTTP/1.0\r\n\r' 2>"$1" 3>&- | {
		for ((second = 0; second < 400; second++)); do
			[[ ! -e enough ]] || break
			head -c "$2"
			sleep 1
		done >/dev/null
	}
}

# bats test_tags=once,slow
@test "by default a client below 1,000 bytes per second is dropped after 60 seconds, and one above is not" {
	local start fast slow patience=400
	cd "$BATS_TEST_TMPDIR"
	head -c 5000000 /dev/urandom >"$site/big"
	read_by_the_second fast 10000 3>&- &
	fast=$!
	start=$(now_ms)
	read_by_the_second slow 200 3>&- &
	slow=$!
	wait_until test -s slow
	(($(now_ms) - start >= 59000)) || fail "dropped after $(($(now_ms) - start)) ms"
	equal "$(<slow)" '/big | - | - | 200 OK (client-too-slow)'
	equal "$(<fast)" '' 'log of the client above'
	touch enough
	wait "$fast" "$slow"
	equal "$(<fast)" '/big | - | - | 200 OK (client-left)'
}

# While the handler is stopped, the client can read only the 64 KiB in the pipe; it must read 2
# MB per window.
@test "the time for which the handler is stopped does not count against the client" {
	local handler
	head -c 3000000 /dev/urandom >"$site/big"
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 6<>"$BATS_TEST_TMPDIR/pipe"
	"$MAYFLY" --root "$site" --send-timeout 2 --min-rate 1000000 <<<$'GET /big HTTP/1.0\r\n\r' \
		>"$BATS_TEST_TMPDIR/pipe" 2>"$BATS_TEST_TMPDIR/log" 3>&- 6>&- &
	handler=$!
	{
		head -c 100000
		: >"$BATS_TEST_TMPDIR/begun"
		wait_until test -e "$BATS_TEST_TMPDIR/stopped"
		timeout 60 cat
	} <"$BATS_TEST_TMPDIR/pipe" >"$response_file" 3>&- 6>&- &
	wait_until test -e "$BATS_TEST_TMPDIR/begun"
	kill -STOP "$handler"
	: >"$BATS_TEST_TMPDIR/stopped"
	sleep 4
	kill -CONT "$handler"
	exec 6>&-
	wait "$handler"
	wait "$!"
	split_response "$response_file"
	cmp "$site/big" "$body_file"
	equal "$(<"$BATS_TEST_TMPDIR/log")" '/big | - | - | 200 OK'
}

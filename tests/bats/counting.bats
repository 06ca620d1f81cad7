#!/usr/bin/env bats
# What counts as a hit, under which path, and that every hit is counted exactly once, before its response.

load helpers
load counter

setup_file() {
	build_tools hits_dump load_client
}

setup() {
	make_counted_site
}

teardown() {
	stop_server
}

# start_tcpserver OPTION...: like start_server, with a faster super-server and a longer backlog.
start_tcpserver() {
	server_log=$BATS_TEST_TMPDIR/server.log
	rm -f port
	tcpserver -1 -HR -l 0 -c 256 -b 256 127.0.0.1 0 "$MAYFLY" "$@" >port 2>"$server_log" 3>&- &
	server_pid=$!
	wait_until test -s port
	port=$(<port)
}

# logged_counts LOG: checks that the counts of each path are 1 to n, without gap or repetition, and
# prints `n<TAB>path`.
logged_counts() {
	awk -F ' [|] ' '
		$4 !~ /^[0-9]+$/ { print "not a count: " $0; failed = 1 }
		seen[$1, $4]++ { print "logged twice: " $0; failed = 1 }
		{ lines[$1]++; if ($4 > most[$1]) most[$1] = $4 + 0 }
		END {
			for (path in lines) {
				if (lines[path] != most[path]) { print "gap: " path; failed = 1 }
				print most[path] "\t" path
			}
			exit failed
		}' "$1" >per_path || fail "$(<per_path)" || return
	LC_ALL=C sort -k 2 per_path
}

# uncounted STATUS LINE...: sends a request; the status must be this, and the counter file must
# equal `before`.
uncounted() {
	ask "${@:2}"
	equal "$http_status" "$1" status && cmp "$hits" before
}

# Handlers that count branches take turns at the files with the counts, so that some wait too long for the lock.
# bats test_tags=uncounted
@test "64 clients at once: each of their complete responses is counted once, also after a server restart" {
	local total crowd
	total=$(scaled "${CROWD_REQUESTS:-10000}")
	crowd=("$tools/load_client" '' 64 $((total / 2)) / /a.txt /sub/ /sub/deep/file.txt /index.html)
	: >all.log
	for _ in 1 2; do
		start_tcpserver --root "$site" --hits "$hits"
		crowd[1]=$port
		"${crowd[@]}" >>complete
		stop_server
		cat "$server_log" >>all.log
	done

	cat complete
	equal "$(awk '{ n += $1 } END { print n }' complete)" "$total" 'complete responses'
	sed 's|/$|/index.html|' complete | awk '{ n[$2] += $1 } END { for (i in n) print n[i] "\t" i }' |
		LC_ALL=C sort -k 2 >expected
	equal "$(counts)" "$(<expected)" counts
	equal "$(logged_counts all.log)" "$(<expected)" 'logged counts'
}

@test "different spellings of a resource count as one, with any query" {
	local target
	for target in / /index.html /%69ndex.html /./ // '/?q=1' '/index.html?/a.txt' /sub/.. /a.txt/../ \
		/nothing/../index.html http://localhost/; do
		get "$target"
		served "$site/index.html"
	done
	equal "$(counts)" $'11\t/index.html'
}

@test "a UTF-8 name counts as one resource however it is encoded" {
	local target
	for target in /my%20caf%C3%A9.txt /my%20caf%c3%a9.txt /%6dy%20caf%C3%A9.txt; do
		get "$target"
		served "$site/my café.txt"
	done
	equal "$(counts)" $'3\t/my%20caf%C3%A9.txt'
}

# in_part COUNT RANGES: requests the ranges of a.txt; the log must show this count, or the status for `-`.
in_part() {
	get /a.txt "Range: bytes=$2"
	equal "$http_status" 206 "status of $2"
	equal "$log" "/a.txt | - | - | ${1/-/206 Partial Content}" "log of $2"
}

@test "200, 304 and a 206 from byte 0 count as hits; a 206 from elsewhere, or of the first two bytes, does not" {
	get /a.txt
	get /a.txt 'If-None-Match: *'
	equal "$http_status" 304
	equal "$log" '/a.txt | - | - | 2'
	in_part - 1-
	in_part - 0-0
	in_part - 0-1
	in_part - -6
	in_part - 0-1,4-5
	in_part - 4-5,0-3
	in_part 3 0-2
	in_part 4 0-
	in_part 5 -7
	in_part 6 0-2,4-5
	get /a.txt 'If-None-Match: *' 'Range: bytes=3-'
	equal "$http_status $log" '304 /a.txt | - | - | 304 Not Modified'
	get /a.txt 'If-None-Match: *' 'Range: bytes=1000-'
	equal "$http_status $log" '304 /a.txt | - | - | 304 Not Modified'
	get /a.txt 'If-None-Match: *' 'Range: bytes=0-'
	equal "$http_status $log" '304 /a.txt | - | - | 7'
	get /a.txt 'If-None-Match: *' 'Range: lines=3-'
	equal "$http_status $log" '304 /a.txt | - | - | 8'
	equal "$(counts)" $'8\t/a.txt'
}

@test "a prefetch counts nothing" {
	local field
	get /a.txt
	cp "$hits" before
	for field in 'Sec-Purpose: prefetch' 'Sec-Purpose: prefetch;prerender' 'Purpose: prefetch'; do
		get /a.txt "$field"
		equal "$http_status $log" '200 /a.txt | - | - | 200 OK (prefetch)'
		get /a.txt "$field" 'If-None-Match: *'
		equal "$http_status $log" '304 /a.txt | - | - | 304 Not Modified (prefetch)'
		get /a.txt "$field" 'Range: bytes=0-'
		equal "$http_status $log" '206 /a.txt | - | - | 206 Partial Content (prefetch)'
	done
	cmp "$hits" before
	get /a.txt 'Sec-Purpose: prefetched'
	equal "$log" '/a.txt | - | - | 2'
}

@test "HEAD, 301 and all errors count nothing" {
	give_ordinary_user_access
	cp "$site/a.txt" "$site/404.html"
	get /a.txt
	cp "$hits" before
	uncounted 200 'HEAD /a.txt HTTP/1.1' 'Host: localhost'
	uncounted 200 'HEAD / HTTP/1.0'
	uncounted 301 'GET /sub HTTP/1.1' 'Host: localhost'
	uncounted 400 'GET /%zz HTTP/1.1' 'Host: localhost'
	uncounted 400 'GET /a.txt HTTP/1.1'
	uncounted 404 'GET /nothing HTTP/1.1' 'Host: localhost'
	uncounted 404 'GET /.secret HTTP/1.1' 'Host: localhost'
	uncounted 404 'GET /empty/ HTTP/1.1' 'Host: localhost'
	uncounted 405 'POST /a.txt HTTP/1.1' 'Host: localhost' 'Content-Length: 0'
	uncounted 405 'DELETE /a.txt HTTP/1.1' 'Host: localhost'
	chmod 666 "$hits"
	uncounted 412 'GET /a.txt HTTP/1.1' 'Host: localhost' 'If-Match: "other"'
	uncounted 416 'GET /a.txt HTTP/1.1' 'Host: localhost' 'Range: bytes=1000-'
	runner=("${ordinary_user[@]}")
	uncounted 403 'GET /unreadable.txt HTTP/1.1' 'Host: localhost'
	get /a.txt
	equal "$(counts)" $'2\t/a.txt'
}

@test "1,000 requests for missing names do not grow the file" {
	get /a.txt
	cp "$hits" before
	start_tcpserver --root "$site" --hits "$hits"
	"$tools/load_client" "$port" 16 1000 /nothing-{1..1000} >complete
	equal "$(awk '{ n += $1 } END { print n }' complete)" 0 '200 responses'
	equal "$(grep -c '^/nothing-.* | 404 Not Found (not-found)$' "$server_log")" 1000 'lines of the log'
	cmp "$hits" before
}

@test "a hit is in the file before the first byte of its response is sent" {
	local handler
	mkfifo pipe
	exec 8<>pipe
	exec 9<pipe
	# The pipe is full: the handler can send nothing until the test reads.
	dd if=/dev/zero bs=4k oflag=nonblock >&8 2>dd.log || true
	"$MAYFLY" --root "$site" --hits "$hits" >pipe 2>handler.log 3>&- 8>&- 9<&- \
		< <(printf '%s\r\n' 'GET /a.txt HTTP/1.0' '') &
	handler=$!
	wait_until is_counted
	kill -0 "$handler"
	exec 8>&-
	tr -d '\0' <&9 >response
	wait "$handler"
	exec 9<&-
	exit_status=0
	split_response response
	served "$site/a.txt"
	equal "$(<handler.log)" '/a.txt | - | - | 1'
}

is_counted() {
	[[ $(count_of /a.txt) == 1 ]]
}

# hits-VERSION.xz: the counter files of all released versions, after the same requests.
@test "counter files of all released versions are read and updated" {
	local old version
	version=$("$MAYFLY" --version)
	[[ -e "$BATS_TEST_DIRNAME/golden/hits-${version#* }.xz" ]]
	for old in "$BATS_TEST_DIRNAME"/golden/hits-*.xz; do
		xz --decompress --stdout "$old" >"$hits"
		equal "$(counts)" $'2\t/a.txt\n3\t/index.html\n1\t/sub/%C3%BCmlaut%20%25.txt' "${old##*/}"
		get /a.txt
		equal "$(count_of /a.txt)" 3 "${old##*/}"
	done
}

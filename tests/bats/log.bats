#!/usr/bin/env bats
# The access log: the format of its lines, escaping of client data, lines of concurrent handlers, where it
# goes, and the fields of the journal entry.

load helpers
load counter

setup_file() {
	build_tools hits_dump on_socket receive_datagrams
}

setup() {
	make_counted_site
}

# well_formed LINE...: whether the lines are printable ASCII in four parts, of which the last is a
# count or a status.
well_formed() {
	local line part='[ -{}~]+' LC_ALL=C
	for line; do
		[[ $line =~ ^$part' | '$part' | '$part' | '([0-9]+|[1-5][0-9][0-9]' '[A-Za-z ]+(' ('[a-z-]+')')?)$ ]] ||
			fail "not a line of the log: $line" || return
	done
}

# with_own_run COMMANDS: makes these shell commands run the handler, as "$@", in a separate mount namespace
# with an empty /run.
with_own_run() {
	needs_mounts
	runner=(unshare --mount sh -c "mount -t tmpfs own /run; $1" -)
}

# with_journal: provides a journal socket to the handler; one datagram sent to it is written to `journal`.
with_journal() {
	# shellcheck disable=SC2016 # the inner shell's words
	with_own_run 'mkdir -p /run/systemd/journal
		"$tools/receive_datagrams" /run/systemd/journal/socket 1 >journal 3>&- &
		until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done
		"$@"
		status=$?
		wait
		exit $status'
}

# journal_field NAME: prints the value of the field in `journal`, which must have it once.
journal_field() {
	equal "$(grep -c "^$1=" journal)" 1 "number of $1" >&2 || return
	sed -n "s/^$1=//p" journal
}

@test "a hit logs path, address, port and count" {
	get /a.txt
	equal "$log" '/a.txt | - | - | 1'
	get /
	equal "$log" '/index.html | - | - | 1'
	get '/a.txt?q'
	equal "$log" '/a.txt | - | - | 2'
}

@test "an uncounted request logs its status and reason" {
	get /sub
	equal "$log" '/sub | - | - | 301 Moved Permanently'
	get /nothing
	equal "$log" '/nothing | - | - | 404 Not Found (not-found)'
	get /.secret
	equal "$log" '/.secret | - | - | 404 Not Found (hidden)'
	get '/%zz'
	equal "$log" '/%zz | - | - | 400 Bad Request (target-bad-encoding)'
	rm "$site/index.html"
	get '/?q'
	equal "$log" '/ | - | - | 404 Not Found (not-found)'
	ask 'nonsense'
	[[ $log == '- | - | - | 400 Bad Request ('*')' ]]
}

@test "methods other than GET are logged before the path" {
	ask 'HEAD /a.txt HTTP/1.0'
	equal "$log" 'HEAD /a.txt | - | - | 200 OK'
	ask 'HEAD /nothing HTTP/1.0'
	equal "$log" 'HEAD /nothing | - | - | 404 Not Found (not-found)'
	ask 'POST /a.txt HTTP/1.0'
	equal "$log" 'POST /a.txt | - | - | 405 Method Not Allowed (method-not-allowed)'
	ask 'OPTIONS * HTTP/1.0'
	equal "$log" 'OPTIONS * | - | - | 204 No Content'
	ask 'get /a.txt HTTP/1.0'
	equal "$log" 'get /a.txt | - | - | 501 Not Implemented (method-unknown)'
	ask 'A|\xHH /a.txt HTTP/1.0'
	[[ $log == 'A\x7c\x5cxHH /a.txt | - | - | 400 '* ]]
	ask "$(printf 'M%.0s' {1..40}) /a.txt HTTP/1.0"
	equal "$log" "$(printf 'M%.0s' {1..29})... /a.txt | - | - | 501 Not Implemented (method-unknown)"
}

@test "a target cannot imitate a method and a path" {
	ask 'GET HEAD /a.txt HTTP/1.0'
	equal "$log" 'HEAD | - | - | 400 Bad Request (version-malformed)'
	mkdir "$site/HEAD "
	echo x >"$site/HEAD /a.txt"
	get '/HEAD%20/a.txt'
	equal "$log" '/HEAD%20/a.txt | - | - | 1'
}

@test "a listing is logged as a listing, not as a lost hit" {
	handler_options+=(--list)
	get /empty/
	equal "$log" '/empty/ | - | - | 200 OK (listing)'
	get /empty/ "If-None-Match: $(field ETag)"
	equal "$log" '/empty/ | - | - | 304 Not Modified (listing)'
	ask 'HEAD /empty/ HTTP/1.0'
	equal "$log" 'HEAD /empty/ | - | - | 200 OK (listing)'
}

@test "a lost hit logs its status and the reason" {
	handler_options=(--hits "$BATS_TEST_TMPDIR")
	get /a.txt
	equal "$log" '/a.txt | - | - | 200 OK (hits-not-a-file)'
}

@test "without a counter file the line shows the status instead of the count" {
	handler_options=()
	get /a.txt
	equal "$log" '/a.txt | - | - | 200 OK'
}

@test "the client's address comes from systemd, from tcpserver or from the socket" {
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
	get /a.txt
	equal "$log" '/a.txt | 192.0.2.7 | 51034 | 1'
	unset REMOTE_ADDR REMOTE_PORT
	export TCPREMOTEIP=2001:db8::7 TCPREMOTEPORT=4711
	get /a.txt
	equal "$log" '/a.txt | 2001:db8::7 | 4711 | 2'
	unset TCPREMOTEIP TCPREMOTEPORT
	on_socket
	get /a.txt
	[[ $log =~ ^'/a.txt | 127.0.0.1 | '[0-9]+' | 3'$ ]]
}

@test "terminal escapes, newlines, separators and UTF-8 are escaped" {
	get '/%1b%5b31m'
	equal "$log" '/%1B%5B31m | - | - | 404 Not Found (not-found)'
	get '/x%0a/a.txt%20|%207%20|%207%20|%2099'
	equal "$log" '/x%0A/a.txt%20%7C%207%20%7C%207%20%7C%2099 | - | - | 404 Not Found (not-found)'
	get '/my%20caf%c3%a9.txt'
	equal "$log" '/my%20caf%C3%A9.txt | - | - | 1'
	get $'/\e]0;title\a|\\'
	[[ $log == '/\x1b]0;title\x07\x7c\x5c | - | - | 400 Bad Request ('*')' ]]
	REMOTE_ADDR=$'\e[2J | ' REMOTE_PORT='1 | 2' get /a.txt
	well_formed "$log"
}

@test "no byte, encoded or raw, breaks the format of the line" {
	local encoded raw
	printf -v encoded '%%%02x' {1..255}
	get "/$encoded"
	equal "$http_status" 404
	well_formed "$log"
	printf -v raw '\\x%02x' {1..9} 11 12 {14..31} {33..255}
	get "/$(printf '%b' "$raw")"
	well_formed "$log"
}

@test "the longest names and targets stay on one line" {
	local name target
	printf -v name '%03800d' 0
	for target in "/$name" "/${name//0/%ff}" "/$name$name$name" "$name$name" "/%zz${name//0/|}"; do
		get "$target"
		equal "$(wc -l <<<"$log")" 1 lines
		well_formed "$log"
	done
}

@test "each line is one write" {
	local target
	with_strace
	for target in /a.txt "/$(printf '%%ff%.0s' {1..1200})"; do
		get "$target"
		equal "$(grep -cE '^(write|writev|sendto|sendmsg)\(2, ' trace)" 1 'number of writes'
	done
}

@test "lines of 64 concurrent handlers do not mix" {
	local part name i
	printf -v part '\xff%.0s' {1..100}
	printf -v name '%%FF%.0s' {1..100}
	name=/$name/$name/$name
	mkdir -p "$site/$part/$part"
	cp "$site/a.txt" "$site/$part/$part/$part"
	for i in {1..20}; do
		printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$name"
	done >requests
	mkfifo pipe
	cat pipe >lines 3>&- &
	reader=$!
	(
		for i in {1..64}; do
			"$MAYFLY" --root "$site" --keep-alive 5 <requests >/dev/null 3>&- &
		done
		wait
	) 2>pipe
	wait "$reader"
	equal "$(sort lines | uniq -c | tr -s ' ')" " 1280 $name | - | - | 200 OK"
}

@test "--log off writes nothing" {
	local target
	handler_options=(--hits "$BATS_TEST_TMPDIR" --log off)
	for target in /a.txt /nothing /sub /%zz; do
		get "$target"
		equal "$log" ''
	done
}

# bats test_tags=root
@test "a hit is a journal entry with fields" {
	with_journal
	handler_options+=(--log journal)
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
	get '/my%20caf%C3%A9.txt?q=1' 'Referer: http://localhost/' 'User-Agent: Mayfly-test/1'
	served "$site/my café.txt"
	equal "$log" ''
	tail -n 1 journal | cmp - <(echo .)
	equal "$(journal_field MESSAGE)" '/my%20caf%C3%A9.txt | 192.0.2.7 | 51034 | 1'
	equal "$(journal_field HTTP_METHOD)" GET
	equal "$(journal_field HTTP_TARGET)" '/my%20caf%C3%A9.txt?q=1'
	equal "$(journal_field HTTP_STATUS)" 200
	equal "$(journal_field HTTP_BYTES)" "$(stat -c %s "$site/my café.txt")"
	equal "$(journal_field HTTP_REFERER)" http://localhost/
	equal "$(journal_field HTTP_USER_AGENT)" Mayfly-test/1
	equal "$(journal_field REMOTE_ADDR)" 192.0.2.7
	equal "$(journal_field REMOTE_PORT)" 51034
	equal "$(journal_field HITS)" 1
	equal "$(journal_field PRIORITY)" 5
	equal "$(journal_field SYSLOG_IDENTIFIER)" mayfly
	[[ $(journal_field MESSAGE_ID) =~ ^[0-9a-f]{32}$ ]]
	[[ $(journal_field DURATION_USEC) =~ ^[0-9]+$ ]]
	refute grep -q '^REASON=' journal
	equal "$(grep -vcE '^[A-Z][A-Z_]*=.|^\.$' journal)" 0 'lines that are not a field'
}

# bats test_tags=root
@test "with --robots each request of a robot has the field ROBOT in the journal, also a refused one" {
	with_journal
	handler_options+=(--robots "$BATS_TEST_TMPDIR/robots" --log journal)
	get /a.txt 'User-Agent: Somebot/2.1'
	equal "$(journal_field ROBOT) $(journal_field HITS)" '1 1'
	get /nothing 'User-Agent: Somebot/2.1'
	equal "$(journal_field ROBOT) $(journal_field REASON)" '1 not-found'
	get /a.txt 'User-Agent: Mayfly-test/1'
	equal "$(journal_field HITS)" 1
	refute grep -q '^ROBOT=' journal
	get '/%zz' 'User-Agent: Somebot/2.1'
	equal "$(journal_field ROBOT) $(journal_field HTTP_STATUS)" '1 400'
	ask 'GET /a.txt HTTP/1.1'
	equal "$(journal_field HTTP_STATUS)" 400
	refute grep -q '^ROBOT=' journal
}

# bats test_tags=root
@test "in the journal a refusal is a notice and a lost hit a warning" {
	with_journal
	handler_options+=(--log journal)
	get /nothing
	equal "$(journal_field PRIORITY)" 5
	equal "$(journal_field HTTP_STATUS)" 404
	equal "$(journal_field REASON)" not-found
	refute grep -qE '^(HITS|HTTP_REFERER|HTTP_USER_AGENT)=' journal
	ask 'MAKE / HTTP/1.1' 'Host: a'
	equal "$(journal_field HTTP_STATUS) $(journal_field PRIORITY)" '501 5' # what a client sends is no fault of the server
	ask 'GET / HTTP/2.0' 'Host: a'
	equal "$(journal_field HTTP_STATUS) $(journal_field PRIORITY)" '505 5'
	handler_options=(--hits "$BATS_TEST_TMPDIR" --log journal)
	get /a.txt
	equal "$(journal_field PRIORITY)" 4
	equal "$(journal_field HTTP_STATUS)" 200
	equal "$(journal_field REASON)" hits-not-a-file
	refute grep -q '^HITS=' journal
}

# bats test_tags=root,uncounted
@test "an entry that the journal cannot take yet is sent again until it takes it" {
	local patience=60
	command -v strace >/dev/null || skip 'strace is missing'
	with_journal
	runner+=(strace --quiet=all -o trace -e trace=sendto -e inject=sendto:error=EAGAIN:when=1..2)
	handler_options+=(--log journal --sandbox off) # an injected call has no number that the filter allows
	get /a.txt
	equal "$(journal_field HITS)" 1
	equal "$(grep -c '^sendto(' trace)" 3 'calls'
}

# bats test_tags=root
@test "in the journal rules that cannot be applied are a warning" {
	with_journal
	handler_options+=(--log journal)
	mkfifo "$site/_redirects" "$site/_headers"
	get /a.txt
	equal "$(journal_field PRIORITY) $(journal_field REASON) $(journal_field HITS)" '4 headers-unreadable 1'
	get /nothing
	equal "$(journal_field PRIORITY) $(journal_field REASON)" '4 redirects-unreadable'
	rm "$site/_headers"
	get /nothing
	equal "$(journal_field PRIORITY) $(journal_field REASON)" '4 redirects-unreadable'
	rm "$site/_redirects"
	head -c 65537 /dev/zero >"$site/_headers"
	get /a.txt
	equal "$(journal_field PRIORITY) $(journal_field REASON)" '4 headers-too-large'
}

# bats test_tags=root
@test "an unreadable file is logged like any refusal" {
	with_journal
	runner+=(setpriv '--bounding-set=-dac_override,-dac_read_search')
	handler_options+=(--log journal)
	get /unreadable.txt
	equal "$(journal_field REASON)" file-forbidden
	equal "$(journal_field PRIORITY)" 5
}

# bats test_tags=root
@test "a client cannot add journal fields or control bytes" {
	with_journal
	handler_options+=(--log journal)
	get /a.txt $'User-Agent: caf\xc3\xa9\t|\\ PRIORITY=0' $'Referer: \xff\xfe'
	equal "$(journal_field HTTP_USER_AGENT)" 'caf\xc3\xa9\x09\x7c\x5c PRIORITY=0'
	equal "$(journal_field HTTP_REFERER)" '\xff\xfe'
	get $'/\x01\x1b\r\rPRIORITY=0'
	equal "$http_status" 400
	equal "$(journal_field PRIORITY)" 5
	equal "$(LC_ALL=C tr -d '\n -~' <journal | wc -c)" 0 'control bytes'
	get "/$(printf '%%0aPRIORITY=0%.0s' {1..300})"
	equal "$(journal_field PRIORITY)" 5
	equal "$(journal_field HTTP_STATUS)" 404
}

# repeat COUNT TEXT: prints the text COUNT times.
repeat() {
	local text
	printf -v text '%*s' "$1" ''
	echo "${text// /$2}"
}

# bats test_tags=root
@test "--log journal:NAMESPACE logs to that namespace, else to the machine's journal, else to standard error" {
	with_journal
	handler_options+=(--log journal:blog)
	get /a.txt
	equal "$(journal_field HITS)" 1
	runner=("${runner[@]//\/journal/\/journal.blog}")
	get /a.txt
	equal "$(journal_field HITS)" 2
	handler_options+=(--log journal)
	# shellcheck disable=SC2016 # the inner shell's words
	with_own_run 'exec "$@"'
	get /a.txt
	equal "$log" '/a.txt | - | - | 3'
	handler_options+=(--log journal:blog)
	get /a.txt
	equal "$log" '/a.txt | - | - | 4'
}

# bats test_tags=root
@test "client data is cut between escapes in the journal, and the cut is marked" {
	with_journal
	handler_options+=(--log journal)
	get "/$(repeat 3000 a)" "User-Agent: $(repeat 3000 $'\xff')" "Referer: $(repeat 3000 b)"
	equal "$(journal_field MESSAGE)" "/$(repeat 1020 a)... | - | - | 404 Not Found (name-too-long)"
	equal "$(journal_field HTTP_TARGET)" "/$(repeat 1020 a)..."
	equal "$(journal_field HTTP_USER_AGENT)" "$(repeat 127 '\xff')..."
	equal "$(journal_field HTTP_REFERER)" "$(repeat 509 b)..."
	get "/$(repeat 1023 c)" "User-Agent: $(repeat 128 $'\xff')" "Referer: $(repeat 512 d)"
	equal "$(journal_field HTTP_TARGET)" "/$(repeat 1023 c)"
	equal "$(journal_field HTTP_USER_AGENT)" "$(repeat 128 '\xff')"
	equal "$(journal_field HTTP_REFERER)" "$(repeat 512 d)"
	get "/$(repeat 400 %ff)"
	equal "$(journal_field MESSAGE)" "/$(repeat 340 %FF)... | - | - | 404 Not Found (name-too-long)"
	ask "$(repeat 300 M) / HTTP/1.0"
	equal "$(journal_field HTTP_METHOD)" "$(repeat 29 M)..."
}

# logs_host HOST FIELD: with --vhosts, a request with this Host must be logged with this field HTTP_HOST.
logs_host() {
	ask 'GET /nothing HTTP/1.1' "Host: $1"
	equal "$(journal_field HTTP_HOST)" "$2" "field of $1"
}

# bats test_tags=root
@test "with --vhosts the entry has the host, in lower case and without port; otherwise it has none" {
	with_journal
	handler_options+=(--log journal --vhosts)
	logs_host example.org example.org
	logs_host Example.ORG.:8080 example.org
	logs_host '[2001:db8::7]:80' '[2001:db8::7]:80'
	logs_host 'a"b' 'a"b'
	logs_host $'a\tb' 'a\x09b'
	logs_host "$(repeat 300 a)" "$(repeat 252 a)..."
	ask 'GET http://example.org/nothing HTTP/1.1' 'Host: other.example'
	equal "$(journal_field HTTP_HOST)" example.org
	ask 'GET /nothing HTTP/1.0'
	refute grep HTTP_HOST journal
	handler_options=(--hits hits --log journal)
	ask 'GET /nothing HTTP/1.1' 'Host: example.org'
	refute grep HTTP_HOST journal
}

# bats test_tags=root
@test "the longest entry has all its fields in less than 4 KiB" {
	local field
	with_journal
	runner=(env "REMOTE_ADDR=$(repeat 100 a)" "REMOTE_PORT=$(repeat 100 1)" "${runner[@]}")
	handler_options+=(--log journal --vhosts)
	ask_raw < <(printf '%s /%s HTTP/1.1\r\nHost: '"$(repeat 300 $'\xb0')"'\r\nHost: a\r\nUser-Agent: %s\r\nReferer: %s\r\n\r\n' \
		"$(repeat 100 M)" "$(repeat 2000 $'\x80')" "$(repeat 2000 $'\x90')" "$(repeat 2000 $'\xa0')")
	for field in MESSAGE MESSAGE_ID SYSLOG_IDENTIFIER PRIORITY HTTP_METHOD HTTP_TARGET HTTP_HOST HTTP_STATUS HTTP_BYTES \
		HTTP_REFERER HTTP_USER_AGENT REMOTE_ADDR REMOTE_PORT DURATION_USEC REASON; do
		journal_field "$field" >/dev/null
	done
	equal "$(journal_field REMOTE_ADDR)" "$(repeat 61 a)..."
	equal "$(journal_field REMOTE_PORT)" "$(repeat 13 1)..."
	(($(wc -c <journal) < 4096)) || fail "$(wc -c <journal) bytes"
	equal "$(grep -vcE '^[A-Z][A-Z_]*=.|^\.$' journal)" 0 'lines that are not a field'
}

@test "a stopped reader of standard error costs a log line, not the response" {
	mkfifo stopped
	exec 6<>stopped
	dd if=/dev/zero of=stopped bs=4096 oflag=nonblock status=none 2>/dev/null || true # fills the pipe
	runner=(sh -c 'exec "$@" 2>&6' -)
	local begin waited
	begin=$(now_ms)
	get /a.txt
	waited=$(($(now_ms) - begin))
	served "$site/a.txt"
	((waited >= 1900 && waited < 18000)) || fail "waited $waited ms for the reader"
}

@test "a log file may exceed the size limit of the counter file" {
	truncate -s 100M large
	runner=(sh -c 'exec "$@" 2>>large' -)
	get /a.txt
	served "$site/a.txt"
	equal "$(tail -n 1 large | tr -d '\0')" '/a.txt | - | - | 1'
}

# bats test_tags=root
@test "--log auto uses the journal if standard error is the client" {
	with_journal
	runner=("$tools/on_socket" sh -c 'exec "$@" 2>&1' - "${runner[@]}")
	get /a.txt
	served "$site/a.txt"
	equal "$(journal_field HITS)" 1
}

# bats test_tags=root
@test "--log auto uses the journal if standard error is the stream in JOURNAL_STREAM" {
	with_journal
	# shellcheck disable=SC2016 # the inner shell's words
	runner+=(sh -c 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$@"' -)
	get /a.txt
	equal "$log" ''
	equal "$(journal_field HITS)" 1
	runner=(env JOURNAL_STREAM=1:2)
	get /a.txt
	equal "$log" '/a.txt | - | - | 2'
}

# bats test_tags=root
@test "--log auto uses the journal if standard error is /dev/null" {
	with_journal
	runner+=(sh -c 'exec "$@" 2>/dev/null' -)
	get /a.txt
	equal "$(journal_field HITS)" 1
}

# bats test_tags=root
@test "without a journal the log goes to standard error" {
	# shellcheck disable=SC2016 # the inner shell's words
	with_own_run 'exec "$@"'
	handler_options+=(--log journal)
	get /a.txt
	served "$site/a.txt"
	equal "$log" '/a.txt | - | - | 1'
}

# bats test_tags=root
@test "without a journal nothing is logged if standard error is the client" {
	# shellcheck disable=SC2016 # the inner shell's words
	with_own_run 'exec "$@" 2>&1'
	runner=("$tools/on_socket" "${runner[@]}")
	handler_options+=(--log journal)
	get /a.txt
	served "$site/a.txt"
	equal "$log" ''
	equal "$(count_of /a.txt)" 1
}

# log_of IN OUT ERROR: runs the handler with each of these descriptors on one of the socket pairs a and b, sends a request on
# that of standard input, and prints which pairs have received the response and the log.
log_of() {
	timeout 60 python3 -c 'if True:
		import socket, subprocess, sys
		pairs = {name: socket.socketpair() for name in "ab"}
		own = [pairs[name][1] for name in sys.argv[1:4]]
		pairs[sys.argv[1]][0].sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
		subprocess.run(sys.argv[4:], stdin=own[0], stdout=own[1], stderr=own[2])
		for ours, its in pairs.values():
			its.close()
		received = {name: pair[0].makefile().read() for name, pair in pairs.items()}
		for what in ("HTTP/1.1 200", "/a.txt | "):
			print(what.strip(" |"), "on", *[name for name in "ab" if what in received[name]])' "$@" \
		"$MAYFLY" --root "$site" --log stderr
}

@test "the log goes to a socket that is not the client's, and to no socket that is" {
	equal "$(log_of a a b)" $'HTTP/1.1 200 on a\n/a.txt on b'
	equal "$(log_of a a a)" $'HTTP/1.1 200 on a\n/a.txt on'
	equal "$(log_of a b a)" $'HTTP/1.1 200 on b\n/a.txt on'
	equal "$(log_of a b b)" $'HTTP/1.1 200 on b\n/a.txt on'
}

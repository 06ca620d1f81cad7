# HTTPS by mayfly-https.socket: tlswrapper and the handler behind it, per connection.
# bats file_tags=once
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; container.bash
load container
load https

setup_file() {
	build_tools hits_dump call_inside
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	install_certificate site.test
	export trusted=$BATS_FILE_TMPDIR/site.test.crt
	inside systemctl enable --quiet --now mayfly.socket mayfly-https.socket mayfly-http.socket
}

# refuses_start PROBLEM [COMMAND]: whether mayfly-https.socket does not start, the journal names the problem and the
# command that solves it, and mayflyctl check does.
refuses_start() {
	local findings
	refute inside systemctl restart mayfly-https.socket 2>/dev/null || return
	contains "$(journal --unit=mayfly-https.socket --lines=20 --output=cat)" "mayfly: $1${2+$'\n'    $2}" || return
	findings=$(inside /usr/local/bin/mayflyctl check || true)
	contains "$findings" "$1${2+$'\n'    $2}" || return
	contains "$findings" 'mayfly-https.socket is not active' || return
	inside systemctl reset-failed mayfly-https.socket
}

@test "systemd accepts the units without a warning" {
	run inside systemd-analyze verify --man=no --recursive-errors=yes mayfly-https.socket mayfly-https@a.service \
		mayfly-http.socket mayfly-http@a.service mayfly-https-check.{path,service} mayflytls.slice mayfly-acme.{service,timer}
	equal "$status/$output" 0/
	equal "$(journal --boot | grep -E 'systemd(-[a-z]+)?\[.*/mayfly[^ ]*\.[a-z]+:[0-9]+: ')" ''
}

@test "the socket does not start without tlswrapper or a usable certificate, and the journal says what to do" {
	inside mv /usr/bin/tlswrapper /root/
	refuses_start 'tlswrapper is missing' 'apt-get install tlswrapper'
	inside mv /root/tlswrapper /usr/bin/
	inside mv "$pem" /root/good.pem
	refuses_start "no certificate in $pem" 'mayflyctl https NAME'
	make_certificate other
	write "$pem" < <(cat other.key "$BATS_FILE_TMPDIR/site.test.crt")
	inside chmod 600 "$pem"
	refuses_start "$pem: the private key does not match the certificate"
	write "$pem" <other.crt
	refuses_start "$pem: no private key"
	inside mv /root/good.pem "$pem"
	inside chmod 640 "$pem"
	refuses_start "$pem: other users can read the private key" "chmod 600 $pem"
	for mode in 0 200; do
		inside chmod "$mode" "$pem"
		refuses_start "$pem: its mode does not let tlswrapper read it" "chmod 600 $pem"
	done
	inside chmod 600 "$pem"
	inside chown mayfly "$pem"
	refuses_start "$pem: does not belong to root, so that tlswrapper cannot read it" "chown root $pem"
	inside chown root "$pem"
	inside systemctl start mayfly-https.socket
	wait_until no_failed_unit
}

@test "pages are served, counted in the same file, and logged as HTTPS with the client's address" {
	fetch / | cmp - "$repository/www/index.html"
	visit / >/dev/null
	equal "$(machine_counts)" $'2\t/index.html'
	wait_until https_instances_are 0
	all_is_logged
	journal -t mayfly --output=cat >log
	grep -qE '^/index.html \| 127\.0\.0\.1 \| [0-9]+ \| 1 \| https$' log
	grep -qE '^/index.html \| 127\.0\.0\.1 \| [0-9]+ \| 2$' log
	equal "$(journal -t mayfly HTTP_SCHEME=https --output=cat --output-fields=HITS)" 1
	equal "$(inside /usr/local/bin/mayflyctl log --format json | grep -cE '"scheme": ?"https"')" 1
	fetch / --resolve 'site.test:443:[::1]' -o page -w '%{remote_ip}' >address
	wait_until https_instances_are 0
	contains "$(journal -t mayfly --output=cat)" '/index.html | ::1 | '
}

# BIG_MIB is the size of the file.
@test "1 GiB, HEAD, ranges, a condition, and several requests per connection" {
	local big=/proc/$MACHINE/root/srv/mayfly/big.bin size=$((${BIG_MIB:-1024} << 20))
	openssl enc -aes-128-ctr -pass pass:big -nosalt </dev/zero 2>/dev/null | head -c "$size" >"$big"
	fetch /big.bin --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 | cmp - "$big"
	equal "$(fetch /big.bin --head | grep -ic "^Content-Length: $size")" 1
	fetch /big.bin --range $((size - 24))- | cmp - <(tail -c 24 "$big")
	fetch /big.bin --range "100-199,$((size / 2))-$((size / 2 + 99))" -o parts
	equal "$(grep -ac '^Content-Range: bytes ' parts)" 2
	equal "$(fetch /style.css -H 'If-None-Match: *' -o got -w '%{http_code} %{size_download}')" '304 0'
	equal "$(fetch '/{index.html,style.css}' -o got -w '%{num_connects} ')" '1 0 ' 'new connections of each request'
	rm "$big"
}

@test "TLS 1.2 with ECDHE and AEAD ciphers is spoken, nothing older" {
	local suite
	equal "$(fetch / -o page -w '%{http_version} %{ssl_verify_result}')" '1.1 0'
	refute fetch / -o page --tls-max 1.1 2>/dev/null
	for suite in ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256; do
		fetch / -o page --ciphers "$suite" || fail "$suite"
	done
	refute fetch / -o page --ciphers ECDHE-ECDSA-AES128-SHA256 2>/dev/null
}

@test "the handler is confined as on mayfly.socket, and the other two processes are in a jail" {
	local process
	open_connection
	https_processes
	equal "$(status_field "$handler" Uid | cut -f 1)" "$(inside id -u mayfly)" 'user of the handler'
	equal "$(status_field "$handler" CapPrm)/$(status_field "$handler" NoNewPrivs)/$(status_field "$handler" Seccomp)" \
		0000000000000000/1/2
	for process in "$network" "$keeper"; do
		equal "$(status_field "$process" CapPrm)/$(status_field "$process" NoNewPrivs)" 0000000000000000/1
		refute equal "$(status_field "$process" Uid | cut -f 1)" 0 'user'
		contains "$(readlink "/proc/$process/root")" /empty
		equal "$(find "/proc/$process/root/" -mindepth 1)" '' 'files of the jail'
	done
	for process in "$handler" "$network" "$keeper"; do
		[[ $(readlink "/proc/$process/fd/2") != "$(readlink "/proc/$network/fd/0")" ]] || fail 'standard error is the connection'
	done
	close_connection
}

# has_key PROCESS: whether the memory of the process contains the private key: as $secret, hexadecimal digits, or as
# $line, a line of its PEM file.
has_key() {
	python3 - "$1" "$secret" "$line" <<'END'
import re, sys
secrets = bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[2])[::-1], sys.argv[3].encode()
found = False
with open(f'/proc/{sys.argv[1]}/maps') as maps, open(f'/proc/{sys.argv[1]}/mem', 'rb') as memory:
    for line in maps:
        start, end, rights = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+)', line).groups()
        if rights[0] == 'r' and '[v' not in line:
            memory.seek(int(start, 16))
            try:
                area = memory.read(int(end, 16) - int(start, 16))
                found = found or any(secret in area for secret in secrets)
            except OSError:
                pass
sys.exit(not found)
END
}

@test "only the process of the key has it in its memory, and only root can read the file" {
	local user
	secret=$(openssl pkey -in "$BATS_FILE_TMPDIR/site.test.key" -noout -text |
		sed -n '/^priv:/,/^pub:/{/^ /p}' | tr -d ' :\n' | sed 's/^00//')
	equal "${#secret}" 64 'hexadecimal digits of the key'
	line=$(sed -n 2p "$BATS_FILE_TMPDIR/site.test.key")
	open_connection
	has_key "$keeper"
	refute has_key "$network"
	refute has_key "$handler"
	for user in mayfly nobody; do
		refute inside setpriv --reuid="$user" --clear-groups --regid=nogroup cat "$pem" 2>/dev/null
		refute inside setpriv --reuid="$user" --clear-groups --regid=nogroup ls /etc/mayfly-tls 2>/dev/null
	done
	# From inside the handler's process: its root directory is the machine's, its rights are its own.
	refute nsenter --target "$handler" --mount --root setpriv --reuid="$(status_field "$handler" Uid | cut -f 1)" \
		--regid="$(status_field "$handler" Gid | cut -f 1)" --clear-groups --bounding-set=-all cat "$pem" 2>/dev/null
	close_connection
}

# only_root_can_look_into PROCESS...: whether root can look into each of the processes, and user mayfly into none.
only_root_can_look_into() {
	local process
	start_attacker root
	for process; do
		equal "$(look_into "$attacker" "$process") $(<denied)" '8 ' "root, $(<"/proc/$process/comm")" || return
	done
	stop_attacker
	start_attacker mayfly
	equal "$(look_into "$attacker" "$attacker") $(<denied)" '7 ptrace EPERM' 'user mayfly, its own process' || return
	for process; do
		equal "$(look_into "$attacker" "$process")" 0 "user mayfly, $(<"/proc/$process/comm")" || return
		equal "$(grep -cE ' (EACCES|EPERM)$' denied)" 8 'permission denied' || return
	done
	stop_attacker
}

# bats test_tags=uncounted
@test "user mayfly cannot look into any process of a connection, neither during the handshake nor after it" {
	local processes
	wait_until https_processes_are 0
	limit_handshakes 600
	hold_https 1
	wait_until https_processes_are 4
	mapfile -t processes < <(https_processes | cut -d ' ' -f 1)
	only_root_can_look_into "${processes[@]}"
	let_go
	unlimit_handshakes
	open_connection
	only_root_can_look_into "$handler" "$network" "$keeper"
	close_connection
}

# The handler's seccomp filter has no call that opens a file by a flag of the caller; bats/sandbox.bats tries the rest.
# bats test_tags=uncounted
@test "neither the handler nor the process of the network can read the private key" {
	local path
	start_attacker root
	open_connection
	[[ $(call_from "$attacker" openat -100 "$pem" 0) =~ ^[0-9]+$ && $(call_from "$attacker" openat2 -100 "$pem" zeros 24) =~ ^[0-9]+$ ]]
	equal "$(call_from "$network" faccessat -100 / 0)" 0 'the network, its jail'
	for path in "$pem" "/..$pem" "/proc/1/root$pem" "/proc/$(inner_id "$keeper")/mem"; do
		equal "$(call_from "$attacker" faccessat -100 "$path" 0)" 0 "root, $path"
		equal "$(call_from "$network" faccessat -100 "$path" 0)" ENOENT "the network, $path"
	done
	equal "$(call_from "$network" openat -100 / 0)" EMFILE 'the network opens its jail'
	equal "$(readlink "/proc/$network/fd/"* "/proc/$keeper/fd/"* | grep -cvE '^(socket|pipe):|^/dev/')" 0 'files of tlswrapper'
	equal "$(readlink "/proc/$handler/fd/"* | grep -c mayfly-tls)" 0 'descriptors of the directory of the key'
	equal "$(read_memory "$network" "$keeper") $(trace "$network" "$keeper")" 'EPERM EPERM' 'the network'
	[[ $(read_memory "$attacker" "$keeper") == 8 && $(trace "$attacker" "$keeper") == 0 ]]
	# All of this has disturbed nothing.
	printf 'GET /style.css HTTP/1.1\r\nHost: site.test\r\n\r\n' >&"$request"
	wait_until two_responses
	stop_attacker # until then, it would have to wait for the process that it traces
	close_connection
	kills_handler call_from openat -100 "$pem" 0
	kills_handler call_from openat2 -100 "$pem" zeros 24
	kills_handler read_memory
	kills_handler trace
}

# kills_handler COMMAND [ARGUMENT...]: whether the seccomp filter kills a handler that makes this call; read_memory and trace
# are for the process with the key.
kills_handler() {
	local arguments=("${@:2}")
	open_connection
	[[ $1 == call_from ]] || arguments=("$keeper")
	equal "$("$1" "$handler" "${arguments[@]}")" SIGSYS "the handler, $*" || return
	patience=60 wait_until https_processes_are 0 || return
	close_connection
}

two_responses() {
	[[ $(grep -ac '^HTTP/1.1 200 OK' shown) == 2 ]]
}

@test "whichever process of a connection is killed, all others end, and nothing is left" {
	local sockets victim
	wait_until https_instances_are 0
	sockets=$(systemd_sockets)
	for victim in handler network keeper; do
		open_connection
		kill -KILL "${!victim}"
		nothing_is_left "$sockets"
		close_connection
	done
	limit_handshakes 600
	for victim in 1 2 3; do
		hold_https 1
		wait_until https_processes_are 4
		kill -KILL "$(https_processes | grep ' tlswrapper$' | sed -n "${victim}s/ .*//p")"
		nothing_is_left "$sockets"
		let_go
	done
	unlimit_handshakes
	fetch / >/dev/null
}

@test "if mayfly-handshake is killed, the client is served, and nothing is left" {
	local sockets
	wait_until https_instances_are 0
	sockets=$(systemd_sockets)
	limit_handshakes 600
	nsenter --target "$MACHINE" --net timeout 300 python3 -c 'import os, socket, ssl, time
client = socket.create_connection(("127.0.0.1", 443))
received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
session = ssl._create_unverified_context().wrap_bio(received, sent)
def do(call):
    while True:
        try:
            return call()
        except ssl.SSLWantReadError:
            client.sendall(sent.read())
            received.write(client.recv(65536) or exit("the connection was closed"))
        finally:
            client.sendall(sent.read())
try:
    session.do_handshake()
except ssl.SSLWantReadError:
    pass
client.sendall(sent.read(100))
while not os.path.exists("killed"):
    time.sleep(0.02)
do(session.do_handshake)
session.write(b"GET /style.css HTTP/1.0\r\n\r\n")
print(do(lambda: session.read(65536)).decode())' >shown 3>&- &
	holder=$!
	wait_until https_processes_are 4
	kill -KILL "$(https_processes | sed -n 's/ mayfly-handshak$//p')"
	wait_until https_processes_are 3
	touch killed
	wait "$holder"
	holder=
	contains "$(<shown)" 'HTTP/1.1 200 OK'
	nothing_is_left "$sockets"
	unlimit_handshakes
}

# cursor: prints the position of the end of the journal.
cursor() {
	journal --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'
}

@test "systemctl stop ends connections, also during the handshake, and leaves nothing but a line of tlswrapper" {
	local begin sockets unit
	wait_until https_instances_are 0
	sockets=$(systemd_sockets)
	begin=$(cursor)
	for unit in 'mayfly-https@*' mayflytls.slice; do
		open_connection
		inside systemctl stop "$unit"
		nothing_is_left "$sockets"
		close_connection
		hold_https 1
		wait_until https_processes_are 4
		inside systemctl stop "$unit"
		nothing_is_left "$sockets"
		let_go
	done
	# KillMode=mixed would avoid this line, but systemd then logs "Killing process" if mayfly-handshake ends last.
	equal "$(logged_since "$begin" 4 | grep -v '^tlswrapper: fatal: 127.0.0.1: child process killed by signal 15$')" '' 'warnings'
	no_failed_unit
	fetch / >/dev/null
}

@test "systemctl stop of the socket ends no connection" {
	open_connection
	inside systemctl stop mayfly-https.socket
	printf 'GET /style.css HTTP/1.1\r\nHost: site.test\r\n\r\n' >&"$request"
	wait_until two_responses
	refute fetch / 2>/dev/null
	close_connection
	inside systemctl start mayfly-https.socket
	fetch / >/dev/null
}

# logged_since CURSOR PRIORITY: prints what the units of a connection have logged, of this priority or above. (With a
# unit and a cursor, journalctl of systemd 252 skips the first entry.)
logged_since() {
	journal --after-cursor="$1" --output=json |
		jq -r --argjson max "$2" 'select((._SYSTEMD_UNIT // "") + (.UNIT // "") | test("mayfly-https[@-]|mayflytls")) |
			select((.PRIORITY | tonumber) <= $max) | .MESSAGE'
}

@test "garbage, an early close or reset, renegotiation and an unknown name leave no process, no failed unit and no failure in the log" {
	local cursor
	cursor=$(cursor)
	# shellcheck disable=SC2016 # expanded by the inner shell
	nearby bash -c 'for i in {1..20}; do
		exec 5<>/dev/tcp/127.0.0.1/443
		case $((i % 4)) in
		0) head -c 3000 /dev/urandom >&5 ;;
		1) printf "GET / HTTP/1.0\r\n\r\n" >&5 ;;
		2) printf "\026\003\001\002\000\001\000\001\374\003\003" >&5 ;;
		3) printf "\200" >&5 ;;
		esac
		exec 5>&-
	done'
	nearby openssl s_client -connect 127.0.0.1:443 -noservername </dev/null >answer 2>&1 || true
	contains "$(<answer)" 'CN = site.test'
	# A real ClientHello, then a reset; nothing, then a reset; nothing, then an end; no common cipher.
	nearby python3 -c 'import socket, ssl, struct
def connect():
    client = socket.create_connection(("127.0.0.1", 443))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return client
hello = ssl.MemoryBIO()
try:
    ssl._create_unverified_context().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
except ssl.SSLWantReadError:
    pass
hello = hello.read()
for received in (0, 10, 65536):
    client = connect()
    client.sendall(hello)
    client.recv(received)
    client.close()
connect().close()
socket.create_connection(("127.0.0.1", 443)).close()
context = ssl._create_unverified_context()
context.set_ciphers("AES128-SHA")
context.maximum_version = ssl.TLSVersion.TLSv1_2
try:
    context.wrap_socket(connect())
    raise SystemExit("a handshake without forward secrecy")
except OSError:
    pass'
	(printf 'R\n'; sleep 1) | nearby timeout 30 openssl s_client -connect 127.0.0.1:443 -tls1_2 >answer 2>&1 || true
	wait_until https_instances_are 0
	wait_until https_processes_are 0
	# systemd logs getpeername for a client that resets its connection before systemd has accepted it.
	equal "$(journal --after-cursor="$cursor" | grep -iE 'failed|fatal|segfault' | grep -v getpeername || true)" ''
	equal "$(logged_since "$cursor" 4)" '' 'warnings'
	no_failed_unit
	fetch / >/dev/null
}

@test "a client that closes without close_notify, or in the middle of a response, leaves nothing but its log line" {
	local cursor sockets
	wait_until https_instances_are 0
	sockets=$(systemd_sockets)
	cursor=$(cursor)
	inside sh -c 'head -c 20000000 /dev/zero >/srv/mayfly/left.bin'
	for _ in 1 2 3; do
		rm -f part
		nsenter --target "$MACHINE" --net curl -sk --limit-rate 10000 -o part https://127.0.0.1/left.bin 3>&- &
		holder=$!
		wait_until test -s part
		kill -KILL "$holder"
		wait "$holder" || true
		holder=
		open_connection
		close_connection
	done
	nothing_is_left "$sockets"
	inside rm /srv/mayfly/left.bin
	equal "$(journal -t mayfly --output=cat | grep -cE '^/left.bin \| .*\(client-left\) \| https$')" 3 'log lines'
	equal "$(logged_since "$cursor" 4)" '' 'warnings'
	no_failed_unit
}

@test "a client that uploads a body receives the complete 405, each time" {
	head -c 1000000 /dev/zero >body
	for _ in {1..10}; do
		equal "$(fetch / --data-binary @body -H Expect: -o page -w '%{http_code}')" 405
		contains "$(<page)" '</html>'
	done
}

# errors TEXT: prints how many errors contain the text, by the command in mayfly-https.socket(5).
errors() {
	journal -p err -u 'mayfly-https@*' -u mayfly-https-check.service --output=cat | grep -cF -- "$1" || true
}

there_are_more_errors() {
	(($(errors "$1") > $2))
}

# check_fails_when PROBLEM COMMAND...: whether after the command mayfly-https-check.service fails with this problem in the
# journal.
check_fails_when() {
	local before
	before=$(errors "$1")
	"${@:2}"
	wait_until has_check_failed
	wait_until there_are_more_errors "$1" "$before"
}

has_check_failed() {
	inside systemctl is-failed --quiet mayfly-https-check.service
}

@test "a key that does not match its certificate, replaced while the socket is active, is an error in the journal" {
	local problem='the private key does not match the certificate'
	inside cp -a "$pem" /root/good.pem
	make_certificate other
	cat other.key "$BATS_FILE_TMPDIR/site.test.crt" >mismatch.pem
	check_fails_when "mayfly: $pem: $problem" write "$pem" <mismatch.pem
	wait_until there_are_more_errors 'Failed to start mayfly-https-check.service' 0
	refute fetch / -o page 2>/dev/null
	run inside /usr/local/bin/mayflyctl check
	equal "$status" 2
	contains "$output" "$pem: $problem"
	contains "$output" "a request to https://site.test/ fails: "
	inside mv /root/good.pem "$pem"
	wait_until refute has_check_failed
	fetch / -o page

	check_fails_when '/etc/mayfly-tls/names/other.test: other users' write /etc/mayfly-tls/names/other.test <mismatch.pem
	inside rm /etc/mayfly-tls/names/other.test
	wait_until refute has_check_failed
	check_fails_when "$pem: other users can read the private key" inside chmod 644 "$pem"
	inside chmod 600 "$pem"
	wait_until refute has_check_failed
	no_failed_unit
}

@test "the certificates are watched while the socket is active" {
	inside systemctl stop mayfly-https.socket
	equal "$(inside systemctl is-active mayfly-https-check.path || true)" inactive
	inside systemctl start mayfly-https.socket
	inside systemctl is-active --quiet mayfly-https-check.path
}

# limit_handshakes SECONDS: replaces the time limit of handshakes in mayfly-https@.service, and that of tlswrapper after
# a message.
limit_handshakes() {
	local unit
	unit=$(inside systemctl show --property=FragmentPath --value mayfly-https@a.service)
	inside sed "s|/mayfly-handshake [0-9]* |/mayfly-handshake $1 |; s| -t [0-9]* | -t 600 |" "$unit" |
		write /run/systemd/system/mayfly-https@.service
	inside systemctl daemon-reload
	contains "$(inside systemctl show --property=ExecStart mayfly-https@a.service)" "mayfly-handshake $1 "
}

unlimit_handshakes() {
	inside rm /run/systemd/system/mayfly-https@.service
	inside systemctl daemon-reload
}

# send_slowly SECONDS: sends a handshake one byte at a time, for as long. Prints whether the server closed the
# connection.
send_slowly() {
	nearby python3 -c 'import select, socket, sys, time
client = socket.create_connection(("127.0.0.1", 443))
end = time.monotonic() + float(sys.argv[1])
closed = False
try:
    for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500):
        client.sendall(bytes([byte]))
        if select.select([client], [], [], 1)[0]:
            closed = client.recv(1) == b""
            break
        if time.monotonic() > end:
            break
except ConnectionError:
    closed = True
print(closed)' "$1"
}

@test "a handshake that takes longer than 20 seconds is ended, and leaves no line in the journal" {
	local begun cursor
	cursor=$(cursor)
	begun=$SECONDS
	equal "$(send_slowly 300)" True 'connection closed'
	((SECONDS - begun >= 19)) || fail "closed after $((SECONDS - begun)) seconds"
	wait_until https_instances_are 0
	wait_until https_processes_are 0
	equal "$(logged_since "$cursor" 7)" ''
	no_failed_unit
}

@test "the limit of the handshake limits no download, and no connection that is idle after it" {
	limit_handshakes 1
	equal "$(send_slowly 300)" True 'connection closed'
	inside sh -c 'head -c 30000000 /dev/urandom >/srv/mayfly/big.bin'
	fetch /big.bin --limit-rate 5M | cmp - "/proc/$MACHINE/root/srv/mayfly/big.bin"
	inside rm /srv/mayfly/big.bin
	nearby python3 -c 'import socket, ssl, time
context = ssl._create_unverified_context()
clients = [context.wrap_socket(socket.create_connection(("127.0.0.1", 443))) for _ in range(8)]
time.sleep(3)
for client in clients:
    client.sendall(b"HEAD /style.css HTTP/1.1\r\nHost: site.test\r\n\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 200 ")'
	unlimit_handshakes
}

https_tasks_are() {
	[[ $(inside systemctl show --property=TasksCurrent --value mayflytls.slice) == "$1" ]]
}

# The limit of 20 seconds would end some of them before the last ones have begun.
@test "with 500 half-open handshakes other clients are served, on both ports" {
	local i
	limit_handshakes 600
	hold_https 500
	wait_until https_tasks_are 2000
	for ((i = 1; i <= 20; i++)); do
		fetch / --max-time 120 --interface "127.0.2.$i" -o page -w '%{time_total}\n' >>durations
		cmp page "$repository/www/index.html"
	done
	visit / --max-time 120 >/dev/null
	wait_until https_tasks_are 2000
	sort -n durations | awk '{ t[NR] = $1 } END { printf "# HTTPS: median %d ms, at most %d ms\n", t[10] * 1000, t[NR] * 1000 }' >&3
	let_go
	wait_until https_instances_are 0
	wait_until https_processes_are 0
	no_failed_unit
	unlimit_handshakes
}

@test "one address cannot hold more than 32 connections, and others are served" {
	equal "$(inside systemctl show --property=DeferAcceptUSec --value mayfly-https.socket)" 5s
	wait_until https_instances_are 0
	limit_handshakes 600
	PER_ADDRESS=1000 hold_https 40
	wait_until https_instances_are 32
	fetch / --interface 127.0.2.1 -o page
	cmp page "$repository/www/index.html"
	wait_until https_instances_are 32
	refute fetch / --interface 127.0.1.1 -o page 2>/dev/null
	let_go
	wait_until https_instances_are 0
	fetch / --interface 127.0.1.1 -o page
	unlimit_handshakes
}

@test "port 80 redirects to https, and serves challenges, which are not counted" {
	local before
	before=$(machine_counts)
	equal "$(nearby curl -sS -o page -w '%{http_code} %{redirect_url}' -H 'Host: site.test' 'http://127.0.0.1/a?b=1')" \
		'301 https://site.test/a?b=1'
	echo proof | write /var/lib/mayfly-acme/.well-known/acme-challenge/token
	equal "$(nearby curl -sS -H 'Host: site.test' http://127.0.0.1/.well-known/acme-challenge/token)" proof
	equal "$(machine_counts)" "$before"
}

@test "a renewed certificate serves the next connection, and a download continues" {
	inside sh -c 'head -c 30000000 /dev/urandom >/srv/mayfly/big.bin'
	fetch /big.bin --limit-rate 5M -o got 3>&- &
	holder=$!
	wait_until https_processes_are 3
	mkdir new
	(cd new && install_certificate site.test)
	refute fetch / -o page 2>/dev/null
	trusted=$PWD/new/site.test.crt fetch / -o page
	wait "$holder"
	holder=
	cmp got "/proc/$MACHINE/root/srv/mayfly/big.bin"
	inside rm /srv/mayfly/big.bin
}

@test "the deploy hook of certbot installs the renewed certificate, and refuses one without its key" {
	make_certificate site.test
	write /root/live/privkey.pem <site.test.key
	write /root/live/fullchain.pem <site.test.crt
	inside env RENEWED_LINEAGE=/root/live /usr/local/share/mayfly/https install
	trusted=$PWD/site.test.crt fetch / -o page
	make_certificate other
	write /root/live/privkey.pem <other.key
	run inside env RENEWED_LINEAGE=/root/live /usr/local/share/mayfly/https install
	equal "$status" 1
	contains "$output" 'the private key does not match the certificate'
	equal "$(inside ls /etc/mayfly-tls)" $'names\nsite.pem'
	trusted=$PWD/site.test.crt fetch / -o page
}

# renew_lineage NAME...: runs the deploy hook with a new certificate for these names.
renew_lineage() {
	make_certificate lineage "$(printf 'DNS:%s,' "$@" | sed 's/,$//')"
	write /root/live/privkey.pem <lineage.key
	write /root/live/fullchain.pem <lineage.crt
	cat lineage.key lineage.crt >lineage.pem
	inside env RENEWED_LINEAGE=/root/live /usr/local/share/mayfly/https install
}

@test "the deploy hook of certbot installs further certificates in names, and keeps site.pem" {
	local directory=/proc/$MACHINE/root/etc/mayfly-tls
	inside cp -a "$pem" /root/site.pem
	renew_lineage shop.test www.shop.test
	inside cmp "$pem" /root/site.pem
	cmp lineage.pem "$directory/names/shop.test"
	cmp lineage.pem "$directory/names/www.shop.test"
	equal "$(inside find /etc/mayfly-tls -type f -perm /077)" ''
	renew_lineage shop.test Site.test '*.site.test'
	cmp lineage.pem "$directory/site.pem"
	cmp lineage.pem "$directory/names/shop.test"
	refute cmp -s lineage.pem "$directory/names/www.shop.test"
	equal "$(inside ls /etc/mayfly-tls/names)" $'shop.test\nwww.shop.test'
	run renew_lineage '*.wild.test'
	equal "$status" 1
	contains "$output" 'names/ cannot have wildcards'
	inside rm "$pem"
	renew_lineage other.test
	cmp lineage.pem "$directory/site.pem"
	inside mv /root/site.pem "$pem"
	inside rm /etc/mayfly-tls/names/shop.test /etc/mayfly-tls/names/www.shop.test
}

@test "a second run of the script waits for the first" {
	local slow
	inside cp -a "$pem" /root/site.pem
	make_certificate lineage DNS:site.test
	cat lineage.key lineage.crt | write /root/lineage.pem
	inside mkfifo /root/slow.pem
	inside /usr/local/share/mayfly/https install /root/slow.pem &
	slow=$!
	wait_until refute inside flock --nonblock /etc/mayfly-tls/.lock true
	run inside timeout 2 /usr/local/share/mayfly/https install /root/lineage.pem
	equal "$status" 124
	inside cmp "$pem" /root/site.pem
	inside sh -c 'cat /root/lineage.pem >/root/slow.pem'
	wait "$slow"
	inside cmp "$pem" /root/lineage.pem
	inside mv /root/site.pem "$pem"
}

@test "names/NAME is used if the client asks for the name, and site.pem for other names" {
	install_name www.site.test
	inside systemctl restart mayfly-https.socket
	nearby curl -sS --max-time 60 --cacert www.site.test.crt --resolve www.site.test:443:127.0.0.1 -o page https://www.site.test/
	nearby openssl s_client -connect 127.0.0.1:443 -servername site.test </dev/null 2>/dev/null | grep -q 'CN = site.test'
	nearby openssl s_client -connect 127.0.0.1:443 -servername ../site.pem </dev/null 2>/dev/null | grep -q 'CN = site.test'
	inside rm /etc/mayfly-tls/names/www.site.test
}

# visit_name NAME [ARGUMENT...]: sends a GET to the name by HTTPS, and trusts only its own certificate.
visit_name() {
	nearby curl -sS --max-time "$patience" --cacert "$1.crt" --resolve "$1:443:127.0.0.1" "${@:2}" "https://$1/"
}

# certificate_for [ARGUMENT...]: prints the subject of the certificate that `openssl s_client` with these arguments gets.
certificate_for() {
	nearby openssl s_client -connect 127.0.0.1:443 "$@" </dev/null 2>/dev/null | openssl x509 -noout -subject
}

@test "with --vhosts, two names in names have their own certificates and sites; other clients get site.pem" {
	local name
	for name in blog.test shop.test default; do
		echo "site $name" | write "/srv/mayfly/$name/index.html"
	done
	install_name blog.test
	install_name shop.test
	echo MAYFLY_OPTIONS=--vhosts | write /etc/default/mayfly
	for name in blog.test shop.test; do
		equal "$(visit_name "$name")" "site $name"
		equal "$(certificate_for -servername "$name")" "subject=CN = $name"
	done
	refute visit_name shop.test --cacert blog.test.crt 2>/dev/null
	# The name in the handshake selects the certificate, the Host field selects the site.
	equal "$(visit_name shop.test -H 'Host: blog.test')" 'site blog.test'
	cp "$trusted" nowhere.test.crt
	refute visit_name nowhere.test 2>/dev/null
	equal "$(visit_name nowhere.test --insecure)" 'site default'
	equal "$(certificate_for -servername nowhere.test)" 'subject=CN = site.test'
	equal "$(certificate_for -noservername)" 'subject=CN = site.test'
	(printf 'GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n'; sleep 1) |
		nearby timeout 60 openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:443 -noservername >page 2>/dev/null || true
	contains "$(<page)" 'site shop.test'
	wait_until https_instances_are 0
	equal "$(machine_counts | grep //shop.test/)" $'2\t//shop.test/index.html'
	inside rm -r /srv/mayfly/{blog.test,shop.test,default} /etc/mayfly-tls/names/{blog.test,shop.test} /etc/default/mayfly
}

@test "tlswrapper -p: the log shows the address of the PROXY header" {
	printf '%s\n' '[Service]' ExecStart= "ExecStart=/usr/local/libexec/mayfly-handshake 20 /usr/bin/tlswrapper -Q -p 1 -T 10 -t 60 -f $pem -u mayfly \\" \
		'	/usr/local/sbin/mayfly --root /srv/mayfly --log journal --https' |
		write /run/systemd/system/mayfly-https@.service.d/proxy.conf
	inside systemctl daemon-reload
	nearby python3 -c 'import socket, ssl
client = socket.create_connection(("127.0.0.1", 443))
client.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")
client = ssl._create_unverified_context().wrap_socket(client)
client.sendall(b"GET /style.css HTTP/1.0\r\n\r\n")
while client.recv(65536):
    pass'
	inside rm /run/systemd/system/mayfly-https@.service.d/proxy.conf
	inside systemctl daemon-reload
	wait_until https_instances_are 0
	contains "$(journal -t mayfly --output=cat)" '/style.css | 192.0.2.7 | 4711 | 200 OK | https'
}

# bats test_tags=uncounted
@test "the exposure of the units by systemd-analyze security" {
	inside systemd-analyze security mayfly-https@a.service --no-pager | tail -n 1 >exposure
	cat exposure >&3
	inside systemd-analyze security --threshold=60 mayfly-https@a.service >/dev/null
	inside systemd-analyze security --threshold=20 mayfly-acme.service >/dev/null
	inside systemd-analyze security --threshold=20 mayfly-https-check.service >/dev/null
}

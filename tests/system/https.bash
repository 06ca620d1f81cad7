# Shared by the tests of HTTPS: a machine with tlswrapper, a certificate of the test's own, and requests.
# Goes with container.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # used by the suites; container.bash

HTTPS_PACKAGES=systemd-sysv,dbus,make,libjson-c5,tlswrapper,uacme,certbot,pebble,openssl,curl,ca-certificates
pem=/etc/mayfly-tls/site.pem

start_https_machine() {
	start_machine certificates "$HTTPS_PACKAGES"
}

# make_certificate NAME [SUBJECTALTNAME]: writes NAME.key and NAME.crt, self-signed, to the current directory.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 3 \
		-subj "/CN=$1" -addext "subjectAltName=${2-DNS:$1}" 2>/dev/null
}

# install_certificate NAME: makes a certificate and installs it as its owner would.
install_certificate() {
	make_certificate "$1"
	write "/root/$1.key" <"$1.key"
	write "/root/$1.crt" <"$1.crt"
	inside /usr/local/share/mayfly/https install "/root/$1.key" "/root/$1.crt"
}

# fetch PATH [ARGUMENT...]: sends a GET by HTTPS to site.test, whose certificate is in $trusted.
fetch() {
	nearby curl -sS --max-time "$patience" --cacert "$trusted" --resolve site.test:443:127.0.0.1 "${@:2}" \
		"https://site.test$1"
}

# https_instances: prints the HTTPS connections for which systemd has a unit, one per line.
https_instances() {
	inside systemctl list-units --all --plain --no-legend 'mayfly-https@*'
}

https_instances_are() {
	local there
	there=$(https_instances) || return
	[[ $(grep -c . <<<"$there") == "$1" ]]
}

# https_processes: prints the processes of all HTTPS connections, as `ID NAME` of this machine.
https_processes() {
	local process
	for process in /proc/[0-9]*; do
		grep -qs 'mayflytls.slice/' "$process/cgroup" || continue
		echo "${process#/proc/} $(<"$process/comm")"
	done
}

https_processes_are() {
	[[ $(https_processes | wc -l) == "$1" ]]
}

# hold_https COUNT [BYTES]: opens COUNT connections, 25 from each address, from 127.0.1.1 on, and sends these bytes on
# each, a string of Python: by default the beginning of a handshake. They stay open until let_go.
hold_https() {
	# Not `nearby`: let_go must end the process that holds the connections.
	nsenter --target "$MACHINE" --net python3 -c 'import socket, sys, time
held = []
for i in range(int(sys.argv[1])):
    address = "127.0.1.%d" % (1 + i // 25)
    held.append(socket.create_connection(("127.0.0.1", 443), source_address=(address, 0)))
    held[-1].sendall(eval(sys.argv[2]))
open("held", "w").close()
time.sleep(600)' "$1" "${2-b'\\x16\\x03\\x01\\x02'}" 3>&- &
	holder=$!
	wait_until test -e held
}

# status_field PROCESS NAME
status_field() {
	sed -n "s/^$2:\s*//p" "/proc/$1/status"
}

# Opens a connection that stays after one request. Sets handler, network and keeper, its processes, as seen from here.
open_connection() {
	wait_until https_instances_are 0
	wait_until https_processes_are 0
	echo 'MAYFLY_HTTPS_OPTIONS=--keep-alive 50' | write /etc/default/mayfly
	rm -f go
	mkfifo go
	nearby timeout 300 openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:443 -servername site.test <go >shown 2>/dev/null 3>&- &
	holder=$!
	exec {request}>go
	printf 'GET /style.css HTTP/1.1\r\nHost: site.test\r\n\r\n' >&"$request"
	wait_until grep -q ' 200 OK' shown
	wait_until https_processes_are 3
	handler=$(https_processes | sed -n 's/ mayfly$//p')
	read -r -d '' network keeper < <(https_processes | sed -n 's/ tlswrapper$//p') || true
	# The process of the network has the connection on descriptor 0.
	[[ $(readlink "/proc/$network/fd/0") == socket:* ]] || read -r network keeper <<<"$keeper $network"
}

close_connection() {
	exec {request}>&-
	kill "$holder" 2>/dev/null || true
	wait "$holder" || true
	holder=
	inside rm -f /etc/default/mayfly
	wait_until https_instances_are 0
	wait_until https_processes_are 0
}

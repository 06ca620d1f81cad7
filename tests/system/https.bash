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

# https_processes: prints the processes of all HTTPS connections of the machine, as `ID NAME`, as seen from here. (Suites that
# run at the same time have machines of their own.)
https_processes() {
	local file process
	for file in $(grep -ls 'mayflytls.slice/' /proc/[0-9]*/cgroup || true); do
		process=${file%/cgroup}
		[[ $process/ns/pid -ef /proc/$MACHINE/ns/pid ]] || continue
		echo "${process#/proc/} $(<"$process/comm")"
	done
}

https_processes_are() {
	[[ $(https_processes | wc -l) == "$1" ]]
}

# hold_https COUNT [BYTES]: opens COUNT connections, $PER_ADDRESS (25) from each address, from 127.0.1.1 on, and sends these
# bytes on each, a string of Python: by default the beginning of a handshake. They stay open until let_go.
hold_https() {
	rm -f held
	# Not `nearby`: let_go must end the process that holds the connections.
	nsenter --target "$MACHINE" --net python3 -c 'import socket, sys, time
held = []
for i in range(int(sys.argv[1])):
    address = "127.0.1.%d" % (1 + i // int(sys.argv[3]))
    held.append(socket.create_connection(("127.0.0.1", 443), source_address=(address, 0)))
    held[-1].sendall(eval(sys.argv[2]))
open("held", "w").close()
time.sleep(600)' "$1" "${2-b'\\x16\\x03\\x01\\x02'}" "${PER_ADDRESS-25}" 3>&- &
	holder=$!
	wait_until test -e held
}

# install_name NAME: makes a certificate, NAME.crt here, and installs it for clients that ask for the name.
install_name() {
	make_certificate "$1"
	# shellcheck disable=SC2016 # expanded inside
	cat "$1.key" "$1.crt" | inside sh -c 'umask 077; cat >"/etc/mayfly-tls/names/$1"' sh "$1"
}

# inner_id PROCESS: prints the id that the process has inside the machine.
inner_id() {
	sed -n 's/^NSpid:.*\s//p' "/proc/$1/status"
}

# start_attacker USER: starts a process of this user in the machine, without capabilities unless it is root. Sets attacker,
# its id as seen from here.
start_attacker() {
	local rights=()
	[[ $1 == root ]] || rights=(--reuid="$1" --regid="$1" --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all)
	nsenter --target "$MACHINE" --all --root --wd setpriv "${rights[@]}" sleep 600 3>&- &
	waiter=$!
	pausers+=("$waiter")
	wait_until is_attacker_there
}

is_attacker_there() {
	attacker=$(children_of "$waiter" | tr -d ' ')
	[[ -n $attacker && $(<"/proc/$attacker/comm") == sleep ]]
}

stop_attacker() {
	kill "$attacker"
	wait "$waiter" || true
}

# call_from PROCESS CALL ARGUMENT...: makes a system call in the process, and prints its result.
call_from() {
	"$tools/call_inside" "$@"
}

# read_memory PROCESS VICTIM, trace PROCESS VICTIM: print the result of reading the memory of VICTIM, and of tracing it,
# in the first process. A number is success.
read_memory() {
	call_from "$1" process_vm_readv "$(inner_id "$2")" here 1 "$(address_in "$2")" 1 0
}

trace() {
	call_from "$1" ptrace 0x4206 "$(inner_id "$2")" 0 0 # PTRACE_SEIZE
}

# look_into PROCESS VICTIM: prints in how many ways out of eight the first process can look into the other. Prints the others to
# the file `denied`.
look_into() {
	local way result succeeded=0
	: >denied
	for way in mem maps environ auxv fd/ root/ memory ptrace; do
		case $way in
		memory) result=$(read_memory "$1" "$2") ;;
		ptrace) result=$(trace "$1" "$2") ;;
		*) result=$(call_from "$1" openat -100 "/proc/$(inner_id "$2")/$way" 0) ;;
		esac
		[[ -n $result ]] || return
		if [[ $result =~ ^[0-9]+$ ]]; then
			succeeded=$((succeeded + 1))
		else
			echo "$way $result" >>denied
		fi
	done
	echo "$succeeded"
}

# address_in PROCESS: prints an address of readable memory of the process (not of the vDSO), as call_inside expects it.
address_in() {
	sed -nE '/\[v/d; s/^([0-9a-f]+)-[0-9a-f]+ r.*/at:\1/p;T;q' "/proc/$1/maps"
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

# systemd_sockets: prints how many sockets systemd has open in the machine.
systemd_sockets() {
	readlink "/proc/$MACHINE/fd/"* 2>/dev/null | grep -c '^socket:'
}

systemd_sockets_are_at_most() {
	(($(systemd_sockets) <= $1))
}

# nothing_is_left SOCKETS: waits until no process, unit or open connection of HTTPS is left, and systemd has at most this
# many sockets.
nothing_is_left() {
	local patience=60
	wait_until https_processes_are 0 || return
	wait_until https_instances_are 0 || return
	wait_until systemd_sockets_are_at_most "$1" || return
	equal "$(nearby ss -Htn state established state close-wait '( sport = :443 )')" '' 'open connections'
}

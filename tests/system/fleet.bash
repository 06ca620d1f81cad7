# Shared by the tests of several machines: a network with a front end (192.0.2.10) and three machines
# (192.0.2.11 to 13); HAProxy with packaging/front/haproxy.cfg, Prometheus and node_exporter. Everything is
# removed after the tests. Requires container.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # container.bash; used by the suites
PATH=$PATH:/usr/sbin
machines=(1 2 3)
# The unit that accepts connections there: mayfly.socket or mayfly-busy.socket.
unit=${FLEET_UNIT:-mayfly.socket}
here=$BATS_FILE_TMPDIR

# network NAME: prints the name of a network namespace: "front", or the number of a machine.
network() {
	echo "mayfly-$FLEET-$1"
}

# at_front COMMAND...: runs the command in the network of the front end and its clients.
at_front() {
	nsenter --net="/run/netns/$(network front)" "$@"
}

# make_network: makes a bridge in the front end's network and connects each machine to it.
make_network() {
	local machine
	export FLEET=$$
	ip netns add "$(network front)"
	ip -n "$(network front)" link set lo up
	ip -n "$(network front)" link add bridge type bridge
	ip -n "$(network front)" addr add 192.0.2.10/24 dev bridge
	ip -n "$(network front)" link set bridge up
	for machine in "${machines[@]}"; do
		ip netns add "$(network "$machine")"
		ip -n "$(network front)" link add "cable$machine" type veth peer name eth0 netns "$(network "$machine")"
		ip -n "$(network front)" link set "cable$machine" master bridge up
		ip -n "$(network "$machine")" addr add "192.0.2.1$machine/24" dev eth0
		ip -n "$(network "$machine")" link set eth0 up
		ip -n "$(network "$machine")" link set lo up
	done
}

remove_network() {
	local machine
	for machine in front "${machines[@]}"; do
		ip netns delete "$(network "$machine")" || true
	done
}

# at MACHINE COMMAND...: runs a function of container.bash for that machine.
at() {
	local MACHINE MACHINE_BOOT MACHINE_DIRECTORY=$here/machine$1
	read -r MACHINE MACHINE_BOOT <"$here/machine$1.processes"
	"${@:2}"
}

# counts_file MACHINE: prints the path of its counter file, which outlives the machine as on a disk.
counts_file() {
	echo "$here/counts$1/hits"
}

# serve MACHINE: boots the machine and configures it as packaging/front/README.md says, with
# node_exporter as on Debian.
serve() {
	mkdir -p "$here/counts$1"
	MACHINE_NETWORK=/run/netns/$(network "$1") MACHINE_COUNTS=$here/counts$1 boot_machine "$here/machine$1"
	echo "$MACHINE $MACHINE_BOOT" >"$here/machine$1.processes"
	printf '%s\n' 'MAYFLY_OPTIONS=--proxy-protocol --proxy-from 192.0.2.10 --health-path /healthz' \
		'MAYFLY_ACCEPT_OPTIONS=--max-per-source 1024' | write /etc/default/mayfly
	write /etc/systemd/system/mayfly.socket.d/front.conf <"$repository/packaging/front/mayfly.socket.conf"
	write /usr/local/bin/prometheus-node-exporter <"$(command -v prometheus-node-exporter)"
	inside chmod 755 /usr/local/bin/prometheus-node-exporter
	inside mkdir -p /var/lib/prometheus/node-exporter
	inside systemd-run --quiet --unit=node-exporter /usr/local/bin/prometheus-node-exporter \
		--collector.disable-defaults --collector.textfile \
		--collector.textfile.directory=/var/lib/prometheus/node-exporter
	inside systemctl daemon-reload
	inside systemctl enable --quiet --now "$unit" mayfly-metrics.timer
}

# lose MACHINE: kills the machine without a shutdown. Its disk remains.
lose() {
	local processes
	read -r -a processes <"$here/machine$1.processes"
	kill -KILL "${processes[0]}"
	wait_until is_off "${processes[1]}"
}

is_off() {
	! kill -0 "$1" 2>/dev/null
}

# in_background NAME COMMAND...: starts the command in the front end's network, with its output in NAME.log.
# stop_all ends it.
in_background() {
	at_front setpriv --pdeathsig TERM "${@:2}" >"$here/$1.log" 2>&1 3>&- &
	echo $! >>"$here/background"
}

stop_all() {
	local process
	[[ -e $here/background ]] || return 0
	while read -r process; do
		kill "$process" 2>/dev/null || true
		wait "$process" 2>/dev/null || true
	done <"$here/background"
}

start_haproxy() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$here/site.key" -out "$here/site.crt" -days 2 \
		-subj /CN=192.0.2.10 -addext subjectAltName=IP:192.0.2.10 2>/dev/null
	cat "$here/site.crt" "$here/site.key" >"$here/site.pem"
	sed -e '/^\t\(user\|group\) haproxy$/d' -e "s|^global$|&\n\tstats socket $here/haproxy.sock|" -e "s|/etc/haproxy/site.pem|$here/site.pem|" \
		-e '/server one/{s/one .*/1 192.0.2.11:8080/;p;s/1 .*/2 192.0.2.12:8080/;p;s/2 .*/3 192.0.2.13:8080/}' \
		"$repository/packaging/front/haproxy.cfg" >"$here/haproxy.cfg"
	in_background haproxy haproxy -db -f "$here/haproxy.cfg"
}

# haproxy_statistic MACHINE FIELD: prints a field of HAProxy's statistics for that server.
haproxy_statistic() {
	python3 -c 'import csv, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.send(b"show stat mayfly 7 -1\n")
for row in csv.DictReader(s.makefile()):
    if row["svname"] == sys.argv[2]:
        print(row[sys.argv[3]])' "$here/haproxy.sock" "$@"
}

# has_check_result MACHINE CHECK: whether HAProxy's last health check of the machine has this result.
has_check_result() {
	[[ $(haproxy_statistic "$1" check_status 2>/dev/null) == "$2" && $(haproxy_statistic "$1" status) =~ ^(UP|DOWN)$ ]]
}

start_prometheus() {
	cat >"$here/prometheus.yml" <<-END
		global: {scrape_interval: 1s, evaluation_interval: 1s}
		rule_files: [$repository/packaging/prometheus/mayfly.rules.yml]
		scrape_configs:
		  - job_name: mayfly
		    static_configs: [{targets: ['192.0.2.11:9100', '192.0.2.12:9100', '192.0.2.13:9100']}]
	END
	in_background prometheus prometheus --config.file="$here/prometheus.yml" \
		--storage.tsdb.path="$here/prometheus" --web.listen-address=127.0.0.1:9090
}

# prometheus_query QUERY: prints a line per sample: its only label and its value.
prometheus_query() {
	at_front curl -sS --max-time "$patience" http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1" |
		jq -r '.data.result[] | "\(.metric[]) \(.value[1])"' | LC_ALL=C sort
}

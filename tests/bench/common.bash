# Shared by the parts of `make bench`: paths, servers to measure, arithmetic, and the output of results.

# shellcheck shell=bash disable=SC2034 # used by the parts
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export B
B=$(cd "${B:-build}" && pwd)
directory=$B/bench peers=$B/bench/peers tools=$B/bench site=$B/bench/site
mayfly=$B/mayfly

# The handler as its unit starts it, and with everything optional turned off.
everything=("$mayfly" --root "$site" --hits "$directory/hits" --log journal)
nothing=("$mayfly" --root "$site" --log off --sandbox off)
micro_httpd=("$peers/usr/sbin/micro-httpd" "$site")
busybox=("$peers/bin/busybox" httpd -i -h "$site")

# report_value NAME VALUE: records a result for scripts; all are printed at the end.
report_value() {
	echo "bench: $1=$2" >>"$directory/values"
}

# calculate EXPRESSION [FORMAT]: prints the value, as awk calculates it.
calculate() {
	awk "BEGIN { printf \"${2:-%.2f}\", $1 }"
}

# median: prints the median of the numbers on standard input, one per line.
median() {
	sort -g | awk '{ n[NR] = $1 } END { print NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2 }'
}

# heading TEXT: prints the title of a table.
heading() {
	printf '\n%s\n' "$1"
}

# with_journal COMMAND...: runs the command with a separate /run, in which a socket takes the place of the
# journal's. Runs as root, or as root of a user namespace.
with_journal() {
	local as=()
	((EUID == 0)) || as=(--user --map-root-user)
	# shellcheck disable=SC2016 # the inner shell's words
	unshare "${as[@]}" --mount bash -c '
		mount -t tmpfs own /run && mkdir -p /run/systemd/journal
		"$1/receive_datagrams" /run/systemd/journal/socket 1000000000 >/dev/null &
		timeout 60 sh -c "until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done" || exit
		"${@:2}"
		status=$?
		kill $!
		exit $status' bash "$tools" "$@"
}

# free_port: prints a TCP port that nothing uses.
free_port() {
	local port
	for _ in {1..100}; do
		port=$((10000 + RANDOM % 20000))
		[[ -z $(ss -Htln "sport = :$port") ]] && break
	done
	echo "$port"
}

# wait_for_port PORT: waits up to a minute until a process listens on it.
wait_for_port() {
	local deadline=$((SECONDS + 60))
	until [[ -n $(ss -Htln "sport = :$1") ]]; do
		((SECONDS < deadline)) || { echo "nothing listens on port $1" >&2; return 1; }
		sleep 0.05
	done
}

# Every started server is ended, also after an error.
servers=()
end_servers() {
	((${#servers[@]} == 0)) || kill "${servers[@]}" 2>/dev/null || true
	wait "${servers[@]}" 2>/dev/null || true
	servers=()
}

# start_server COMMAND...: starts a server that listens on $port by itself.
start_server() {
	"$@" >/dev/null 2>"$directory/server.log" &
	servers+=($!)
	wait_for_port "$port"
}

# The address on which under_tcpserver and with_nginx let servers listen.
address=127.0.0.1

# under_tcpserver COMMAND...: starts tcpserver with the command on a free port. Sets port.
under_tcpserver() {
	port=$(free_port)
	start_server tcpserver -c 256 -b 256 -H -R -l 0 "$address" "$port" "$@"
}

# with_nginx LINE...: starts nginx with one worker, which serves $site on a free port, and more lines for
# its server block. Sets port.
with_nginx() {
	port=$(free_port)
	mkdir -p "$directory/nginx"
	cat >"$directory/nginx/conf" <<-END
		user $(id -un);
		daemon off;
		worker_processes 1;
		pid $directory/nginx/pid;
		error_log $directory/nginx/error.log;
		events { worker_connections 512; }
		http {
			types { text/html html; }
			sendfile on;
			tcp_nopush on;
			access_log $directory/nginx/access.log;
			client_body_temp_path $directory/nginx/body;
			proxy_temp_path $directory/nginx/proxy;
			fastcgi_temp_path $directory/nginx/fastcgi;
			uwsgi_temp_path $directory/nginx/uwsgi;
			scgi_temp_path $directory/nginx/scgi;
			server {
				listen $address:$port backlog=256;
				root $site;
				$*
			}
		}
	END
	start_server "$peers/usr/sbin/nginx" -e "$directory/nginx/error.log" -c "$directory/nginx/conf"
}

# cpu_time_of PID: prints the CPU time of the process and its waited-for children, in microseconds.
cpu_time_of() {
	local file ticks
	read -r file <"/proc/$1/stat"
	# shellcheck disable=SC2086 # words
	set -- ${file##*) }
	ticks=$((${12} + ${13} + ${14} + ${15}))
	echo $((ticks * (1000000 / $(getconf CLK_TCK))))
}

#!/usr/bin/env bats
# Part of `make bench`: the time until a browser has loaded a page, by performance.now() at its load event. The page has
# 3 style sheets, 3 scripts and 24 pictures of 8 KB. Mayfly runs under real systemd (SUITE=bookworm or trixie), nginx
# with one worker in the same network. Each load has a new browser and a new profile, except that the second visit has
# the profile of the first: it validates all files, because they have changed just before the first. NETWORKS=near
# leaves out the network that takes 100 ms.

# shellcheck disable=SC2154 # container.bash
load machine
load ../system/https

rounds=${ROUNDS:-15}
read -ra networks <<<"${NETWORKS:-near far}"
patience=60
servers=(nginx each each_kept busy busy_kept nginx_tls nginx_h2 https)
declare -gA titles=(
	[nginx]='nginx, 1 worker' [each]=mayfly.socket [each_kept]='mayfly.socket, --keep-alive 5'
	[busy]=mayfly-busy.socket [busy_kept]='mayfly-busy.socket, --keep-alive 5'
	[nginx_tls]='nginx with TLS' [nginx_h2]='nginx with TLS and HTTP/2' [https]='mayfly-https.socket')
declare -gA origins=([nginx]=http://site.test:8081 [nginx_tls]=https://site.test:8443 [nginx_h2]=https://site.test:8444
	[https]=https://site.test)
declare -gA addresses=([near]=127.0.0.1 [far]=192.0.2.1) ways=([near]=nearby [far]=far_away)
declare -gA networks_shown=([near]='' [far]=', 100 ms')
declare -gA rivals=([https]=nginx_tls [nginx_h2]=nginx_tls)

# picture: prints a BMP file of 52 times 52 pixels, 8 KB.
picture() {
	printf 'BM\xe6\x1f\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x34\0\0\0\x34\0\0\0\x01\0\x18\0\0\0\0\0\xb0\x1f\0\0'
	printf '\0%.0s' {1..16}
	head -c 8112 /dev/zero | tr '\0' '\252'
}

# Makes the page in the directory `www`. Its title becomes: the time in ms, the number of parts that have been loaded,
# and the number of those that were in the cache or have not changed.
make_page() {
	local i
	mkdir www
	for i in {1..3}; do
		{ echo "#s$i { color: red }"; head -c 8000 /dev/zero | tr '\0' ' '; } >"www/$i.css"
		{ echo "loaded$i = true;"; head -c 8000 /dev/zero | tr '\0' ' '; } >"www/$i.js"
	done
	for i in {1..24}; do picture >"www/$i.bmp"; done
	{
		echo '<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><title></title><script>
			addEventListener("load", () => {
				const time = performance.now(), parts = performance.getEntriesByType("resource");
				const known = parts.filter(part => part.transferSize < part.encodedBodySize).length;
				const complete = [...document.images].filter(image => image.naturalWidth === 52).length +
					[...document.styleSheets].filter(sheet => sheet.cssRules.length === 1).length +
					[window.loaded1, window.loaded2, window.loaded3].filter(Boolean).length;
				document.title = "load " + time + " " + complete + " " + known;
			});
			</script>'
		for i in {1..3}; do echo "<link rel=\"stylesheet\" href=\"$i.css\"><script src=\"$i.js\"></script>"; done
		echo '</head><body>'
		for i in {1..24}; do echo "<img src=\"$i.bmp\" alt=\"\">"; done
		echo '</body></html>'
	} >www/page.html
	chmod -R a+rX www
}

start_nginx() {
	cat >nginx.conf <<-END
		daemon off; pid $PWD/nginx.pid; worker_processes 1; user root; error_log $PWD/nginx.log;
		events {}
		http {
			types { text/html html; text/css css; text/javascript js; image/bmp bmp; }
			sendfile on; tcp_nopush on; access_log $PWD/access.log;
			client_body_temp_path $PWD/temporary; proxy_temp_path $PWD/temporary;
			fastcgi_temp_path $PWD/temporary; uwsgi_temp_path $PWD/temporary; scgi_temp_path $PWD/temporary;
			ssl_certificate $PWD/site.test.crt; ssl_certificate_key $PWD/site.test.key;
			root $PWD/www;
			server { listen 8081; }
			server { listen 8443 ssl; }
			server { listen 8444 ssl http2; }
		}
	END
	nsenter --target "$MACHINE" --net "$peers/usr/sbin/nginx" -e /dev/null -c "$PWD/nginx.conf" 3>&- &
	export nginx_pid=$!
}

# Makes a second network, from which it takes 100 ms to the machine and back. Sets far, a process in it.
make_far_network() {
	unshare --net sleep infinity 3>&- &
	export far=$!
	wait_until refute test /proc/self/ns/net -ef "/proc/$far/ns/net"
	"$BATS_FILE_TMPDIR/delay_packets" 50 "/proc/$MACHINE/ns/net" "/proc/$far/ns/net" 3>&- &
	export delayer=$!
	wait_until far_away test -e /proc/sys/net/ipv4/conf/delayed
	nearby ip address add 192.0.2.1 peer 192.0.2.2 dev delayed
	far_away ip address add 192.0.2.2 peer 192.0.2.1 dev delayed
	nearby ip link set delayed up
	far_away ip link set delayed up
	far_away ip link set lo up
	nearby sysctl --quiet --write net.ipv4.tcp_no_metrics_save=1
}

# far_away COMMAND...: runs a command in the second network.
far_away() {
	nsenter --target "$far" --net "$@"
}

setup_file() {
	export nginx_pid='' far='' delayer=''
	build_tools delay_packets
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	install_certificate site.test
	mkdir -p home/.pki/nssdb
	certutil -N -d sql:home/.pki/nssdb --empty-password
	certutil -A -d sql:home/.pki/nssdb -n site.test -t CP,, -i site.test.crt
	make_page
	tar -C www -c . | inside tar -C /srv/mayfly -x
	inside systemctl start mayfly-https.socket
	start_nginx
	make_far_network
}

teardown_file() {
	local process
	for process in "$nginx_pid" "$delayer" "$far" "$MACHINE_BOOT"; do
		kill "$process" 2>/dev/null || true
		wait "$process" || true
	done
}

# serve NAME: makes the machine serve this way.
serve() {
	case $1 in
	each* | busy*)
		inside systemctl stop mayfly.socket mayfly-busy.socket mayfly-busy.service
		echo "MAYFLY_OPTIONS=$([[ $1 != *_kept ]] || echo --keep-alive 5)" | write /etc/default/mayfly
		if [[ $1 == each* ]]; then inside systemctl start mayfly.socket; else inside systemctl start mayfly-busy.socket; fi
		;;
	https) inside rm -f /etc/default/mayfly ;;
	esac
	nearby curl -sS --fail --insecure --connect-to ::127.0.0.1: -o /dev/null "${origins[$1]-http://site.test:8080}/1.css"
	settle
}

# load_page NAME VISIT NETWORK ADDRESS: loads the page, and appends the time. At a second visit all parts must be known.
load_page() {
	local title known=0
	[[ $2 != *.second ]] || known=30
	HOME=$BATS_FILE_TMPDIR/home "$3" timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync --user-data-dir="$BATS_TEST_TMPDIR/profile.$1" \
		--host-resolver-rules="MAP site.test $4" --dump-dom "${origins[$1]-http://site.test:8080}/page.html" \
		>page 2>browser.log 3>&-
	title=$(sed -n 's|.*<title>load \(.*\)</title>.*|\1|p' page)
	[[ $title == *" 30 $known" ]] || fail "$1: parts are missing, or in the cache: [$title]" "$(<page)" || return
	echo "$title" >>"$results/$1.$2"
	settle
}

# visit_all NETWORK: loads the page from each server with new profiles, then with the same ones.
visit_all() {
	local server visit
	find "$BATS_FILE_TMPDIR/www" "/proc/$MACHINE/root/srv/mayfly" -type f -exec touch '{}' +
	sleep 2.1 # a file that has just changed has no strong entity tag
	for visit in first second; do
		for server in "${servers[@]}"; do
			serve "$server"
			load_page "$server" "$1.$visit" "${ways[$1]}" "${addresses[$1]}"
		done
	done
	rm -r "$BATS_TEST_TMPDIR"/profile.*
}

# cell NAME VISIT: prints the median time, and its ratio to nginx.
cell() {
	local rival=${rivals[$1]-nginx}
	printf ' %8.0f (%4s)' "$(column "$1.$2" 1)" "$(calculate "$(column "$1.$2" 1) / $(column "$rival.$2" 1)")"
}

@test "time until a page of 31 parts is loaded, on this machine and over 100 ms" {
	local server network visit
	for ((round = 0; round < rounds; round++)); do
		for network in "${networks[@]}"; do visit_all "$network"; done
		servers=("${servers[@]:1}" "${servers[0]}")
	done
	{
		heading "a page of 31 parts in a browser, $SUITE: median of $rounds loads in ms, and ratio to nginx (with TLS: to nginx with TLS)"
		printf '%-36s' ''
		for network in "${networks[@]}"; do
			printf ' %15s' "first visit${networks_shown[$network]}" "second${networks_shown[$network]}"
		done
		echo
		for server in nginx each each_kept busy busy_kept nginx_tls nginx_h2 https; do
			printf '%-36s' "${titles[$server]}"
			for network in "${networks[@]}"; do
				for visit in "$network.first" "$network.second"; do
					cell "$server" "$visit"
					report_value "page_${SUITE}_${server}_${visit/./_}_to_nginx" \
						"$(calculate "$(column "$server.$visit" 1) / $(column "${rivals[$server]-nginx}.$visit" 1)")"
				done
			done
			echo
		done
	} >&3
}

# Many clients at once: each gets its page, counts are exact, and the socket remains active. CROWD_ADDRESSES is the number of
# addresses that send 50 requests each at once, CROWD_REQUESTS that of the requests that are counted.
load container

setup_file() {
	build_tools hits_dump load_client
	start_site
}

@test "a burst of connections is answered and leaves no failed unit" {
	local clients=() i addresses=${CROWD_ADDRESSES:-20}
	# Each client sends 50 requests at once, from its own address.
	for ((i = 1; i <= addresses; i++)); do
		nearby curl --parallel --parallel-immediate --parallel-max 50 --interface "127.0.1.$i" \
			--max-time "$patience" --silent --show-error --no-progress-meter \
			--output /dev/null --write-out '%{http_code}\n' \
			"http://127.0.0.1:8080/?[1-50]" >"answers$i" 2>&1 3>&- &
		clients+=($!)
	done
	wait "${clients[@]}" || true
	sort answers* | uniq -c
	equal "$(cat answers* | grep -cx 200)" $((addresses * 50)) 'number of responses'
	equal "$(inside systemctl is-active mayfly.socket)" active
	no_failed_unit
	contains "$(visit /)" '<title>'
}

@test "GETs from many clients are counted exactly, each count once" {
	local names=(/a.txt /b.txt /c.txt /d.txt) name total=${CROWD_REQUESTS:-1000}
	for name in "${names[@]}"; do echo "$name" | write "/srv/mayfly$name"; done
	nearby "$tools/load_client" 8080 32 "$total" "${names[@]}" >responses
	cat responses
	equal "$(awk '{ n += $1 } END { print n }' responses)" "$total" 'number of responses'
	equal "$(machine_counts | grep '\.txt$')" "$(sort -k 2 responses)"
	journal -t mayfly --output=json --output-fields=HTTP_TARGET,HITS >entries
	for name in "${names[@]}"; do
		jq -r "select(.HTTP_TARGET == \"$name\").HITS" entries | sort -n >given
		seq "$(awk -v name="$name" '$2 == name { print $1 }' responses)" | cmp - given
	done
}

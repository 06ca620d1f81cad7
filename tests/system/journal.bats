# What the journal has of a connection: one entry of the handler with its fields, and nothing else.
load container

setup_file() {
	start_site
	# Starts mayfly.slice, whose start is logged once.
	visit / >/dev/null
	all_is_logged
}

# entries_after CURSOR: prints the later entries that contain "mayfly" anywhere, as JSON.
entries_after() {
	journal --after-cursor="$1" --output=json | jq -c 'select(tostring | test("mayfly"))'
}

# cursor: prints the present end of the journal.
cursor() {
	journal --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'
}

@test "each connection writes one entry" {
	local start
	start=$(cursor)
	visit /robots.txt >/dev/null
	visit /nothing >/dev/null
	wait_until instances_are 0
	entries_after "$start" >entries
	cat entries
	equal "$(jq -r .MESSAGE entries | sed -E 's/ [0-9]+ \| / PORT | /')" \
		'/robots.txt | 127.0.0.1 | PORT | 1
/nothing | 127.0.0.1 | PORT | 404 Not Found (not-found)'
}

@test "each entry has its fields" {
	local start
	start=$(cursor)
	visit '/style.css?a=b' -A 'An agent/1.0' -e 'http://example.org/' --local-port 33333-43333 \
		-w '%{local_port}' -o page >port
	visit /nothing -I >/dev/null
	all_is_logged
	entries_after "$start" >entries
	cat entries
	equal "$(jq -rc '[.SYSLOG_IDENTIFIER, .PRIORITY, .HTTP_METHOD, .HTTP_TARGET, .HTTP_STATUS, .HTTP_BYTES,
		.HTTP_USER_AGENT, .HTTP_REFERER, .REMOTE_ADDR, .REMOTE_PORT, .HITS, .REASON]' entries | head -n 1)" \
		"[\"mayfly\",\"5\",\"GET\",\"/style.css?a=b\",\"200\",\"$(wc -c <page)\",\
\"An agent/1.0\",\"http://example.org/\",\"127.0.0.1\",\"$(<port)\",\"1\",null]"
	equal "$(jq -rc '[.HTTP_METHOD, .HTTP_STATUS, .HTTP_BYTES, .HITS, .REASON]' entries | tail -n 1)" \
		'["HEAD","404","0",null,"not-found"]'
	equal "$(jq -r 'select((.DURATION_USEC | tonumber) > 0 and (.MESSAGE_ID | length) == 32) | .PRIORITY' \
		entries)" $'5\n5'
}

@test "an IPv6 client is logged with its address" {
	local start
	start=$(cursor)
	visit / --globoff --connect-to '127.0.0.1::[::1]:' >/dev/null
	all_is_logged
	equal "$(entries_after "$start" | jq -r .REMOTE_ADDR)" ::1
}

# mayflyctl report under real systemd: its figures, its page in a browser, and the timer.
# bats file_tags=once
# shellcheck disable=SC2016 # backquotes in messages are no commands
load container
load ../bats/browser

setup_file() {
	build_tools fail_calls
	start_site
	local name
	inside sh -c 'cd /srv/mayfly && head -c 300000 /dev/urandom >large.bin && echo "<p>x" >"odd <b>&name.html"'
	for name in / / / /large.bin '/odd%20%3Cb%3E&name.html' /nothing '/nothing?<script>alert(1)</script>'; do
		visit "$name" --output /dev/null
	done
	visit /missing.html --referer 'http://127.0.0.1:8080/"><img src=x onerror=alert(1)>' --output /dev/null
	wait_until has_logged 8
	inside journalctl --quiet --sync
}

has_logged() {
	[[ $(journal -t mayfly --output=cat | grep -c .) == "$1" ]]
}

teardown() {
	stop_browser
	inside rm -rf /tmp/report.html
}

ctl() {
	inside /usr/local/bin/mayflyctl "$@"
}

# of FILTER ARGUMENT...: prints what the filter of jq selects from `report --json`.
of() {
	ctl report --json "${@:2}" | jq -c "$1"
}

# show: opens the page in a browser.
show() {
	ctl report >"$BATS_TEST_TMPDIR/report.html"
	start_browser
	open_page "file://$BATS_TEST_TMPDIR/report.html"
}

@test "the figures are those of the counter file and of the journal" {
	equal "$(of .hits.total) $(of .hits.resources)" '5 3'
	equal "$(of '.hits.top[0]')" '{"path":"/index.html","hits":3}'
	equal "$(of .requests.total)" 8
	equal "$(of .requests.statuses)" '{"200":5,"404":3}'
	equal "$(of '[.requests.buckets[].requests] | add')" 8
	equal "$(of '.requests.bytes')" "$(ctl log --json | jq -s 'map(.bytes) | add')"
	equal "$(of '[.requests.buckets[].bytes] | add')" "$(of .requests.bytes)"
	equal "$(of '.requests.slowest | length')" 8
	equal "$(of '.requests.slowest | map(.duration_usec) | . == (sort | reverse)')" true
	equal "$(of '.requests.slowest | map(.duration_usec) | max')" \
		"$(ctl log --json | jq -s 'map(.duration_usec) | max')"
	contains "$(ctl report)" "<td class=\"n\">$(of '.requests.slowest[0].duration_usec' | awk '{printf "%.1f", $1 / 1000}')</td></tr>"
}

@test "missing pages are counted, with the page that links to them" {
	equal "$(of '.requests.missing | map(.requests) | add')" 3
	contains "$(of '.requests.missing[] | select(.target == "/missing.html").referer')" 'onerror'
}

@test "--since and --until set the period and its buckets" {
	equal "$(of .requests.total --since -1h)" 8
	equal "$(of .requests.total --until -1h)" 0
	equal "$(of '.requests.bucket_seconds, (.requests.buckets | length)' --since yesterday --until tomorrow)" $'3600\n48'
	equal "$(of '.requests.bucket_seconds, (.requests.buckets | length)' --since 2026-10-01 --until 2026-10-31)" $'86400\n30'
	equal "$(of '.requests.buckets | length < 401' --since '1971-01-01')" true
	equal "$(of '[.requests.buckets[].requests] | add' --since '1971-01-01')" 8
}

# in_berlin JQ ARGUMENT...: as `of`, in a zone with summer time.
in_berlin() {
	inside env TZ=CET-1CEST,M3.5.0,M10.5.0/3 /usr/local/bin/mayflyctl report --json "${@:2}" | jq -c "$1"
}

@test "hours and days of the report are those of the local calendar" {
	# The clocks went forward on 2026-03-29 and back on 2026-10-25.
	equal "$(in_berlin '.requests.buckets | length' --since 2026-03-29 --until 2026-03-30)" 23
	equal "$(in_berlin '.requests.buckets | length' --since 2026-10-25 --until 2026-10-26)" 25
	equal "$(in_berlin '[.requests.buckets[].time] | [.[1] - .[0], .[2] - .[1], .[3] - .[2]]' \
		--since 2026-03-27T10:20 --until 2026-03-31)" '[49200,86400,82800]'
	equal "$(in_berlin '[.requests.buckets[].time] | [length, .[1] - .[0], .[2] - .[1]]' \
		--since '2026-03-30 10:20' --until '2026-03-30 12:30')" '[3,2400,3600]'
	equal "$(in_berlin '.requests.buckets | length' --since 2025-01-01 --until 2026-02-03)" 398
	equal "$(in_berlin '.requests.buckets | length <= 400' --since 2025-01-01T01:00 --until 2026-02-04)" true
	equal "$(in_berlin '[.requests.buckets[].requests] | add' --since 2020-01-01)" "$(of .requests.total --since 2020-01-01)"
}

@test "the default counter file is that of the installed units" {
	equal "$(of .hits.file)" '"/var/lib/mayfly/hits"'
	echo 'MAYFLY_OPTIONS=--hits /srv/elsewhere' | write /etc/default/mayfly
	run of .hits.file
	inside rm /etc/default/mayfly
	equal "$output" '"/srv/elsewhere"'
}

@test "a counter file or journal that cannot be read is an error on the page, the rest is shown" {
	equal "$(of '.hits.error, .requests.total' --hits /nowhere)" $'"no such file"\n8'
	run inside setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/mayflyctl report --json
	equal "$status" 0
	contains "$(jq -r .requests.error <<<"$output")" 'permission denied'
	equal "$(jq -r .hits.error <<<"$output")" 'permission denied; try as root'
	run inside setpriv --reuid=65534 --regid=65534 --clear-groups /usr/local/bin/mayflyctl report
	contains "$output" 'The journal cannot be read: permission denied; try as root'
	contains "$output" 'The counter file /var/lib/mayfly/hits: permission denied; try as root.'
}

@test "the page reports a damaged, foreign, empty or missing counter file" {
	inside sh -c 'cd /root && cp /var/lib/mayfly/hits damaged && printf Z | dd of=damaged bs=1 seek=4198433 conv=notrunc'
	equal "$(of '[.hits.damaged, .hits.resources]' --hits /root/damaged)" '[1,2]'
	contains "$(ctl report --hits /root/damaged)" \
		'The counter file /root/damaged: damaged; counts may be missing; run &quot;mayflyctl hits verify --hits /root/damaged&quot;.'
	inside sh -c 'echo foreign >/root/foreign'
	contains "$(ctl report --hits /root/foreign)" \
		'The counter file /root/foreign: not a counter file, or one of another version.'
	echo 'MAYFLY_OPTIONS=--hits /var/lib/mayfly/new' | write /etc/default/mayfly
	equal "$(of '[.hits.total, .hits.error]')" '[0,null]'
	contains "$(ctl report)" '<p>Nothing has been counted yet.</p>'
	inside rm /etc/default/mayfly
	printf '%s\n' '[Service]' ExecStart= 'ExecStart=/usr/local/sbin/mayfly --root /srv/mayfly' |
		write /etc/systemd/system/mayfly@.service.d/own.conf
	inside systemctl daemon-reload
	equal "$(of .hits 2>/dev/null)" null
	run ctl report
	inside sh -c 'rm /etc/systemd/system/mayfly@.service.d/own.conf && systemctl daemon-reload'
	contains "$output" '<p>Nothing is counted: the handler has no --hits.</p>'
	refute contains "$output" 'Nothing has been counted yet'
}

# bats test_tags=any-debian
@test "the page is complete, escapes clients' text and loads nothing" {
	show
	equal "$(in_page 'return document.querySelectorAll("h2").length')" 10
	contains "$(in_page 'return document.body.innerText')" '/index.html'
	equal "$(in_page 'return document.querySelectorAll("script, img, b, iframe").length')" 0
	equal "$(in_page 'return performance.getEntriesByType("resource").length')" 0
	equal "$(in_page 'return document.querySelectorAll("section svg[role=img] rect").length')" 8
	equal "$(console_errors)" ''
	refute grep -qE '(src|href)="?[a-z]+:?//' "$BATS_TEST_TMPDIR/report.html"
}

# bats test_tags=any-debian
@test "the page is accessible, light and dark, and fits a phone" {
	local scheme
	show
	resize 360 740
	for scheme in light dark; do
		set_media_feature prefers-color-scheme "$scheme"
		screenshot "$scheme.png"
		equal "$(accessibility_faults)" '' "faults ($scheme)"
		equal "$(in_page 'return document.documentElement.scrollWidth <= innerWidth')" true
	done
	refute cmp -s light.png dark.png
}

# bats test_tags=any-debian
@test "links from other sites, entry pages and subscribers of feeds are shown" {
	local i
	inside sh -c 'cd /srv/mayfly && echo a >page.html && echo b >feed.xml'
	visit /page.html --referer http://own.example/ --output /dev/null
	for i in 1 2 3; do visit /style.css --referer http://own.example/page.html --output /dev/null; done
	visit '/page.html?x=1' --referer 'https://news.example:8443/item?id=1' --output /dev/null
	visit /page.html --referer https://news.example/ --user-agent 'of another visitor' --output /dev/null
	visit /page.html --referer 'javascript:alert(1)' --output /dev/null
	visit /feed.xml --user-agent 'Feedbot/1.0 (+https://reader.example; 42 subscribers; like Gecko)' --output /dev/null
	visit /feed.xml --user-agent 'Feedbot/1.0 (+https://reader.example; 40 subscribers; like Gecko)' --output /dev/null
	visit /nothing-else --referer https://wrong.example/ --output /dev/null
	wait_until has_logged 18
	inside journalctl --quiet --sync
	equal "$(of .requests.referrers)" '[{"host":"news.example","requests":2}]'
	equal "$(of '.requests.entry_pages[] | select(.target == "/page.html").requests')" 3
	equal "$(of .requests.subscribers)" '[{"feed":"/feed.xml Feedbot/1.0","subscribers":42}]'
	show
	contains "$(in_page 'return document.body.innerText')" 'Subscribers of feeds'
}

# bats test_tags=any-debian
@test "the history shows hits by month, and what is read more than before" {
	local i today noon day
	today=$(inside date +%F)
	noon=$(date -d "$today 12:00" +%s)
	equal "$(of '.hits.trends[0].before')" null
	for ((i = 1; i < 500; i++)); do
		printf -v day '%(%F)T' $((noon - i * 86400))
		printf 'mayfly-hits 1\n%s\t/index.html\n%s\t/page-%s.html\nend\t2\n' $((i < 8 ? 2 : 1)) 1 $((i % 30)) \
			>"/proc/$MACHINE/root/var/lib/mayfly/history/$day"
	done
	equal "$(of '.hits.months | length > 15')" true
	equal "$(of '.hits.trends[0] | [.path, .hits > .before]')" '["/index.html",true]'
	show
	contains "$(in_page 'return document.body.innerText')" 'Hits by month'
	contains "$(ctl report --since -30d)" 'more</p>'
	resize 360 740
	equal "$(accessibility_faults)" '' faults
	equal "$(in_page 'return document.documentElement.scrollWidth <= innerWidth')" true
	inside sh -c 'rm /var/lib/mayfly/history/*'
	echo nonsense | write "/var/lib/mayfly/history/$today"
	contains "$(ctl report)" "The history cannot be read: /var/lib/mayfly/history/$today: line 1: not &quot;mayfly-hits 1&quot;"
	inside sh -c 'rm /var/lib/mayfly/history/*'
}

@test "--output replaces a file completely or not at all" {
	inside sh -c 'echo old >/tmp/report.html'
	ctl report --output /tmp/report.html
	contains "$(inside cat /tmp/report.html)" '</html>'
	equal "$(inside stat -c %a /tmp/report.html)" 644
	inside sh -c 'echo old >/tmp/report.html'
	run inside sh -c 'ulimit -f 1; trap "" XFSZ; /usr/local/bin/mayflyctl report --output /tmp/report.html'
	equal "$status" 1
	contains "$output" '/tmp/report.html: cannot write: File too large'
	equal "$(inside sh -c 'cat /tmp/report.html*')" old
	run ctl report --output /dev/null
	equal "$status $output" '1 mayflyctl: /dev/null: not a regular file'
	inside test -c /dev/null
	run inside sh -c '/usr/local/bin/mayflyctl report >/dev/full'
	equal "$status $output" '1 mayflyctl: cannot write to standard output'
}

@test "a wrong command line is one error line" {
	local arguments
	for arguments in '--since never' '--since now --until yesterday' '--hits' '--nonsense' operand '--since @-5'; do
		# shellcheck disable=SC2086 # words
		run ctl report $arguments
		equal "$status ${#lines[@]}" '100 1' "with $arguments: $output"
	done
}

@test "the timer writes the page, and is disabled by default" {
	equal "$(inside systemctl is-enabled mayfly-report.timer || true)" disabled
	inside systemctl enable --quiet --now mayfly-report.timer
	equal "$(inside systemctl is-active mayfly-report.timer)" active
	inside systemctl start mayfly-report.service || fail "$(journal -u mayfly-report)"
	contains "$(inside cat /var/lib/mayfly-report/index.html)" '/index.html'
	refute inside grep -q 'cannot be read' /var/lib/mayfly-report/index.html
	equal "$(inside stat -c '%U %a' /var/lib/mayfly-report/index.html)" 'mayfly 644'
	no_failed_unit
}

# bats test_tags=any-debian
@test "no command crashes if a call of a library function fails" {
	fail_each_call_inside report
	fail_each_call_inside report --json --since yesterday
	fail_each_call_inside log --json --path / --address 127.0.0.1 --status 2xx
}

# bats test_tags=any-debian
@test "log with other options does not crash if a call of a library function fails" {
	fail_each_call_inside log --lines 2 --host site.test --robots --address 127.0.0.1
	fail_each_call_inside log --no-robots --anonymize --format combined --since yesterday --until now
}

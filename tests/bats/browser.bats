#!/usr/bin/env bats
# A browser as a client: headless Chromium with its cache.
# bats file_tags=once,tools

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load browser

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	cat >"$site/index.html" <<-'END'
		<!DOCTYPE html>
		<title>Home</title>
		<link rel="stylesheet" href="style.css">
		<link rel="icon" href="data:,">
		<p id="words">Words.</p>
	END
	printf 'p { color: rgb(1, 2, 3) }\n' >"$site/style.css"
	find "$site" -type f -exec touch -d '1 hour ago' {} +
	# The entity tag would change between two visits when it becomes strong.
	wait_until unchanged_for_two_seconds "$site/index.html"
	wait_until unchanged_for_two_seconds "$site/style.css"
}

teardown() {
	stop_browser
	stop_server
}

# saw COUNT STATUS PATH: waits until the log has exactly COUNT lines with this status and path. A line may
# appear after the page.
saw() {
	wait_until is_logged "$@" || fail "not $*: $(<"$server_log")"
}

is_logged() {
	(($(grep -c "^$3 | 127.0.0.1 | [0-9]* | $2\$" "$server_log") == $1))
}

shows_the_page() {
	equal "$(in_page 'return document.getElementById("words").textContent')" '"Words."'
	equal "$(in_page 'return getComputedStyle(document.getElementById("words")).color')" '"rgb(1, 2, 3)"'
}

@test "a page loads its style sheet, each requested once" {
	start_server --root "$site"
	start_browser
	open_page "http://127.0.0.1:$port/"
	shows_the_page
	saw 1 '200 OK' /index.html
	saw 1 '200 OK' /style.css
}

@test "a reload gets 304, and the browser shows its cached page" {
	start_server --root "$site" --cache-control no-cache --keep-alive 5
	start_browser
	open_page "http://127.0.0.1:$port/"
	reload
	shows_the_page
	saw 1 '304 Not Modified' /index.html
	saw 1 '304 Not Modified' /style.css
	saw 2 '200 OK' '/.*'
}

@test "a reload shows a changed file" {
	start_server --root "$site" --cache-control no-cache
	start_browser
	open_page "http://127.0.0.1:$port/"
	printf 'p { color: rgb(3, 2, 1) }\n' >"$site/style.css"
	reload
	equal "$(in_page 'return getComputedStyle(document.getElementById("words")).color')" '"rgb(3, 2, 1)"'
	saw 1 '304 Not Modified' /index.html
	saw 2 '200 OK' /style.css
}

@test "text of any name is shown, not downloaded" {
	local name
	for name in a.yaml a.toml a.log a.conf a.md README a.sh a.py a.nobodyknowsthis notes; do
		printf 'Words.\n' >"$site/$name"
	done
	printf '<gpx><name>Words.</name></gpx>\n' >"$site/a.gpx"
	printf '<rss><title>Words.</title></rss>\n' >"$site/a.rss"
	start_server --root "$site"
	start_browser
	for name in a.yaml a.toml a.log a.conf a.md README a.sh a.py a.nobodyknowsthis notes a.gpx a.rss; do
		open_page "http://127.0.0.1:$port/$name"
		contains "$(in_page 'return document.documentElement.textContent')" 'Words.' || fail "not shown: $name"
		contains "$(in_page 'return location.pathname')" "/$name"
	done
}

@test "a script of another origin can revalidate what it has fetched" {
	local data script
	touch -d '1 hour ago' "$site/a.txt"
	start_server --root "$site" --header 'Access-Control-Allow-Origin: *' \
		--header 'Access-Control-Expose-Headers: *' --header 'Access-Control-Allow-Headers: If-Modified-Since'
	data=http://localhost:$port/a.txt
	start_browser
	open_page "http://127.0.0.1:$port/"
	script="const done = arguments[0], get = headers => fetch('$data', {headers, cache: 'no-store'});
		get({}).then(r => get({'If-Modified-Since': r.headers.get('Last-Modified')})).then(r => done(r.status), done)"
	equal "$(webdriver POST "$session/execute/async" "$(jq -n --arg script "$script" '{script: $script, args: []}')")" 304
}

@test "a page is read in the charset that it declares, and in UTF-8 if it declares none" {
	printf '<!DOCTYPE html>\n<title>a</title>\n<meta charset="iso-8859-1">\n<p>caf\351' >"$site/latin.html"
	printf '<!DOCTYPE html>\n<title>a</title>\n<p>caf\303\251' >"$site/utf8.html"
	start_server --root "$site"
	start_browser
	for name in latin.html utf8.html; do
		open_page "http://127.0.0.1:$port/$name"
		equal "$(in_page 'return document.querySelector("p").textContent === "caf\u00e9"')" true "$name"
	done
}

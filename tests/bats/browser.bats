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
	interval=0.2 wait_until unchanged_for_two_seconds "$site/index.html"
	interval=0.2 wait_until unchanged_for_two_seconds "$site/style.css"
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

# Each text of the badge in the window: whether it lies in the area before it, and how far it is stretched or
# squeezed to its textLength, as a ratio.
badge_texts='return [...document.querySelectorAll("text")].map(text => {
	const box = text.getBBox(), area = text.previousElementSibling.getBBox(), length = text.getAttribute("textLength");
	text.removeAttribute("textLength");
	const natural = text.getComputedTextLength();
	text.setAttribute("textLength", length);
	return {text: text.textContent, ratio: length / natural, inside: box.x >= area.x + 5 && box.y >= area.y &&
		box.x + box.width <= area.x + area.width - 5 && box.y + box.height <= area.y + area.height};
})'

@test "the texts of a badge lie within their areas, at nearly their natural width" {
	local label texts
	start_server --root "$site" --hits hits --counter-path /counter
	start_browser
	for label in hits visits+%26+more iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW \
		bes%C3%B8k %D0%BF%D1%80%D0%BE%D1%81%D0%BC%D0%BE%D1%82%D1%80%D1%8B %CE%B5%CF%80%CE%B9%CF%83%CE%BA; do
		open_page "http://127.0.0.1:$port/counter/.svg?label=$label"
		texts=$(in_page "$badge_texts")
		equal "$(jq -c '[length, all(.inside), all(.ratio > 0.93 and .ratio < 1.25)]' <<<"$texts")" '[2,true,true]' "$texts"
		in_page 'return [document.documentElement.getBBox().width, document.documentElement.width.baseVal.value]' >sizes
		equal "$(jq '.[0] == .[1]' sizes)" true "$(<sizes)"
	done
	for label in %E8%A8%AA%E5%95%8F%E8%80%85 %F0%9F%90%90+%F0%9F%A6%8B %D8%B2%D9%8A%D8%A7%D8%B1%D8%A9; do
		open_page "http://127.0.0.1:$port/counter/.svg?label=$label&style=flat-square"
		equal "$(in_page "$badge_texts" | jq -c '[length, all(.inside)]')" '[2,true]' "$label"
	done
}

@test "a badge has the colors of light and dark mode, unless its query sets them" {
	local color fill='return [...document.querySelectorAll("path, text")].map(e => getComputedStyle(e).fill).join(" ")'
	start_server --root "$site" --hits hits --counter-path /counter
	start_browser
	open_page "http://127.0.0.1:$port/counter/.svg"
	set_media_feature prefers-color-scheme light
	equal "$(in_page "$fill")" '"rgb(68, 82, 79) rgb(255, 255, 255) rgb(11, 107, 96) rgb(255, 255, 255)"'
	set_media_feature prefers-color-scheme dark
	equal "$(in_page "$fill")" '"rgb(51, 65, 62) rgb(227, 236, 233) rgb(127, 214, 198) rgb(20, 32, 30)"'
	open_page "http://127.0.0.1:$port/counter/.svg?color=white&labelColor=%23fd0"
	for color in light dark; do
		set_media_feature prefers-color-scheme "$color"
		equal "$(in_page "$fill")" '"rgb(255, 221, 0) rgb(0, 0, 0) rgb(255, 255, 255) rgb(0, 0, 0)"'
	done
}

@test "an image without a path shows the hits of its page, and scripts of any origin can read counters" {
	local script
	printf '<!DOCTYPE html>\n<title>a</title>\n<img src="/counter.svg?label=" alt="">\n' >"$site/page.html"
	start_server --root "$site" --hits hits --counter-path /counter
	for _ in {1..9}; do curl -sS -o out "http://127.0.0.1:$port/page.html"; done
	start_browser
	open_page "http://127.0.0.1:$port/page.html" # its tenth hit
	equal "$(in_page 'return document.images[0].naturalWidth')" 26 # two digits of 7 pixels, and two edges of 6
	script="const done = arguments[0];
		fetch('http://localhost:$port/counter/page.html.json').then(r => r.json()).then(counter => done(counter.hits), done)"
	equal "$(webdriver POST "$session/execute/async" "$(jq -n --arg script "$script" '{script: $script, args: []}')")" 10
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

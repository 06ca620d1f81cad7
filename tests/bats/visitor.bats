#!/usr/bin/env bats
# What a visitor sees in a real browser: the site of www/, error pages, listings, downloads and sound; and
# how many connections many reloads open.
# bats file_tags=once,tools

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load browser

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# A browser opens connections in advance. Without the long timeout a slow test would log a 408 on them.
patient=(--header-timeout 3600)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
}

teardown() {
	stop_browser
	stop_server
}

# is_accessible: whether axe-core finds no fault in the light and the dark color scheme, and the page fits a
# phone's width.
is_accessible() {
	local scheme
	resize 360 740
	for scheme in light dark; do
		set_media_feature prefers-color-scheme "$scheme"
		screenshot "$scheme.png"
		equal "$(accessibility_faults)" '' "faults ($scheme)"
		equal "$(in_page 'return document.documentElement.scrollWidth <= innerWidth')" true 'fits a phone'
	done
	refute cmp -s light.png dark.png
	set_media_feature prefers-color-scheme light
	resize 1000 700
}

# bats test_tags=network
@test "pages are valid HTML: the site, an error, listings" {
	cp "$repository"/www/*.html .
	sed '1,/^\\r$/d' "$BATS_TEST_DIRNAME/golden/404.http" >error.html
	mkdir -p "$site/empty" "$site/<b>&\""
	touch "$site/file" "$site/"$'odd\n"\xff<>.png'
	printf '\n# <b>\r\n\t&\x01\n' >"$site/README.md"
	ask_raw --list <<<$'GET / HTTP/1.0\r\n\r'
	mv "$body_file" listing.html
	ask_raw --list <<<$'GET /empty/ HTTP/1.0\r\n\r'
	mv "$body_file" empty.html
	html_faults ./*.html
	sed -i 's|</main>||' error.html
	refute html_faults error.html
}

@test "the site is small" {
	(($(cat "$repository"/www/* | wc -c) < 30000))
	refute grep -rqE '<script|https?://[^w]' "$repository/www" --include='*.html'
}

# bats test_tags=network
@test "the site loads from this server only, without console errors, accessible, and from the cache the second time" {
	start_server --root "$repository/www" --keep-alive 5 "${patient[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/"
	equal "$(in_page 'return document.title')" '"Mayfly works"'
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).color')" '"rgb(11, 107, 96)"'
	equal "$(in_page 'return document.querySelector("img").naturalWidth > 0')" true
	wait_until has_answers 200 '/(favicon\.ico|icon\.svg)'
	equal "$(in_page 'return performance.getEntriesByType("resource").every(e => e.name.startsWith(location.origin))')" true
	wait_until has_answers 200 /index.html
	wait_until has_answers 200 /style.css
	reload
	wait_until has_answers 304 /index.html
	equal "$(answers 200 /index.html) $(answers 200 /style.css)" '1 1'
	equal "$(answers '[45]..')" 0 'refusals'
	is_accessible
	equal "$(console_errors)" ''

	click 'a'
	wait_until is_at /manual.html
	is_accessible

	open_page "http://127.0.0.1:$port/nothing/here"
	wait_until has_answers 404 /nothing/here
	equal "$(in_page 'return document.querySelector("h1").textContent')" '"Not found"'
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).color')" '"rgb(11, 107, 96)"'
	equal "$(in_page 'return document.querySelector("img").naturalWidth > 0')" true
	is_accessible
	click 'a'
	wait_until is_at /
	equal "$(answers '[45]..')" 1 'refusals'
}

# counter_width: prints the width of the counter in the page.
counter_width() {
	in_page 'return document.querySelector("p img").naturalWidth'
}

has_counter() {
	(($(counter_width) > 20))
}

@test "the site shows its counter if that is switched on, and nothing in its place if not" {
	start_server --root "$repository/www" --hits "$PWD/hits" "${patient[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/"
	wait_until logged '/counter.svg |'
	equal "$(counter_width) $(in_page 'return document.querySelector("p img").complete')" '1 true'
	equal "$(console_errors)" ''
	stop_server
	start_server --root "$repository/www" --hits "$PWD/hits" --counter-path /counter "${patient[@]}"
	open_page "http://127.0.0.1:$port/"
	wait_until has_counter
	equal "$(curl -sS -H "Referer: http://127.0.0.1:$port/" "http://127.0.0.1:$port/counter.txt")" 2
	refute logged '/counter.svg'
	equal "$(console_errors)" ''
}

@test "the short manual lists each option of the handler" {
	"$MAYFLY" --help | grep -oE '^  --[a-z-]+' | grep -vE -- '--(help|version)' | tr -d ' ' >options
	sed -nE 's|^<dt><code>(--[a-z-]+)</code></dt>$|\1|p' "$repository/www/manual.html" | diff options -
}

# bats test_tags=network
@test "a built-in error page is styled, accessible, and requests no other file" {
	start_server --root "$site" "${patient[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/nothing"
	wait_until has_answers 404 /nothing
	contains "$(in_page 'return document.body.innerText')" 'Reason: not-found'
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).color')" '"rgb(11, 107, 96)"'
	is_accessible
	equal "$(wc -l <"$server_log")" 1 requests
}

# names: prints the names in the listing from top to bottom.
names() {
	in_page 'return [...document.querySelectorAll("td:first-child")].map(e => e.innerText.trim()).join(" ")'
}

# bats test_tags=network
@test "a listing is accessible, sorts, shows names as text, supports the back button and downloads" {
	mkdir "$site/below"
	printf 'aaaaa' >"$site/file10"
	printf 'aaa' >"$site/file2"
	printf 'a' >"$site/<img src=x onerror=document.title=1>"
	head -c 300000 /dev/urandom >"$site/Übung ☕.bin"
	mkdir downloads
	start_server --root "$site" --list-hits --hits "$BATS_TEST_TMPDIR/hits"
	start_browser
	open_page "http://127.0.0.1:$port/"
	equal "$(names)" '"below/ <img src=x onerror=document.title=1> file2 file10 Übung ☕.bin"'
	equal "$(in_page 'return document.title')" '"Index of /"'
	is_accessible
	click 'button[value="size"]'
	wait_until is_at '/?sort=size&order=asc'
	equal "$(names)" '"below/ <img src=x onerror=document.title=1> file2 file10 Übung ☕.bin"'
	click 'button[value="size"]'
	wait_until is_at '/?sort=size&order=desc'
	equal "$(names)" '"below/ Übung ☕.bin file10 file2 <img src=x onerror=document.title=1>"'
	click 'td a'
	wait_until is_at /below/
	click 'a[href="../"]'
	wait_until is_at /
	go_back
	wait_until is_at /below/
	go_back
	wait_until is_at '/?sort=size&order=desc'
	equal "$(console_errors)" ''

	download_to "$PWD/downloads"
	click 'a[href$=".bin"]'
	wait_until cmp -s 'downloads/Übung ☕.bin' "$site/Übung ☕.bin"
	reload
	equal "$(in_page 'return [...document.querySelectorAll("td:last-child")].map(e => e.innerText).join(" ")')" '" 1 0 0 0"'
}

# bats test_tags=network
@test "on a phone a listing fits, columns stack, and names break between words" {
	local name='A file name of several words, which is longer than the screen of a phone.pdf'
	printf 'aaa' >"$site/$name"
	printf 'a' >"$site/short.txt"
	: >"$site/a_name_of_one_word_$(printf '%0150d' 0).txt"
	printf '# Read me\n\nWords.\n' >"$site/README.md"
	start_server --root "$site" --list-hits --hits "$BATS_TEST_TMPDIR/hits"
	start_browser
	open_page "http://127.0.0.1:$port/"
	set_phone_screen
	equal "$(in_page 'return document.documentElement.scrollWidth <= innerWidth')" true 'fits the screen'
	is_accessible
	# The size is below the name, and to the left of the time, which is to the left of the hits.
	equal "$(in_page '
		const [name, kind, size, time, hits] = [...document.querySelectorAll("tbody tr")].at(-1).cells;
		const [a, b, c, d] = [name, size, time, hits].map(e => e.getBoundingClientRect());
		return a.bottom <= b.top && b.right <= c.left && c.right <= d.left && kind.offsetWidth === 0 && b.top === d.top')" true columns
	# Where the text of the first name is broken into lines, there is a space.
	equal "$(in_page '
		const text = [...document.querySelectorAll("bdi")].find(e => e.textContent.startsWith("A file")).firstChild;
		const range = document.createRange(), broken = [];
		let top;
		for (let i = 0; i < text.length; i++) {
			range.setStart(text, i); range.setEnd(text, i + 1);
			const now = range.getClientRects()[0]?.top;
			if (top !== undefined && now > top) broken.push(text.data[i - 1]);
			top = now ?? top;
		}
		return broken.length > 0 && broken.every(c => c === " ")')" true 'where the name is broken'
}

# make_sound FILE SECONDS: makes a WAV file of silence, whose samples are a hole.
make_sound() {
	local rate=44100 size
	size=$(($2 * rate * 4))
	# le32 NUMBER
	le32() { printf '%b' "$(printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
	{
		printf 'RIFF' && le32 $((size + 36)) && printf 'WAVEfmt ' && le32 16
		printf '\x01\x00\x02\x00' && le32 $rate && le32 $((rate * 4)) && printf '\x04\x00\x10\x00data' && le32 $size
	} >"$1"
	truncate -s $((size + 44)) "$1"
}

# A video element plays a WAV file, too.
@test "seeking in a video element uses ranges, and is one hit" {
	make_sound "$site/silence.wav" 600
	echo '<!DOCTYPE html><title>Sound</title><video src="silence.wav" preload="metadata"></video>' >"$site/index.html"
	# Its entity tag is weak before, so that no range applies.
	interval=0.2 wait_until unchanged_for_two_seconds "$site/silence.wav"
	start_server --root "$site" --hits "$BATS_TEST_TMPDIR/hits"
	start_browser
	open_page "http://127.0.0.1:$port/"
	equal "$(webdriver POST "$session/execute/async" "$(jq -n '{args: [], script: "
		const done = arguments[0], video = document.querySelector(\"video\"), times = [550, 100, 300, 20];
		const seek = () => { video.currentTime = times.shift() };
		video.onerror = () => done(video.error.message);
		video.onseeked = () => times.length > 0 ? seek() : done(video.currentTime + \" of \" + video.duration);
		video.readyState > 0 ? seek() : video.onloadedmetadata = seek"}')")" '"20 of 600"'
	open_page about:blank # ends what the browser still loads
	wait_until has_several_ranges
	equal "$(grep -cE '^/silence.wav \| 127.0.0.1 \| [0-9]* \| [0-9]+( \(client-left\))?$' "$server_log")" 1 hits
}

has_several_ranges() {
	(($(answers 206 /silence.wav) > 1))
}

@test "50 simultaneous reloads open no more connections than the socket allows" {
	local most
	most=$(sed -n 's/^MaxConnectionsPerSource=//p' "$repository/units/mayfly.socket")
	((most > 0))
	# shellcheck disable=SC2016 # the inner shell's words
	start_command sh -c 'echo +1 >>events; "$@"; echo -1 >>events' sh "$MAYFLY" --root "$repository/www" \
		"${patient[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/404.html"
	equal "$(webdriver POST "$session/execute/async" "$(jq -n '{args: [], script: "
		const done = arguments[0];
		let reloaded = 0;
		for (let i = 0; i < 50; i++) {
			const frame = document.createElement(\"iframe\");
			frame.src = \"/?\" + i;
			frame.onload = () => {
				frame.onload = () => { if (++reloaded == 50) done(frames[49].document.title) };
				frame.contentWindow.location.reload();
			};
			document.body.append(frame);
		}"}')")" '"Mayfly works"'
	equal "$(console_errors)" ''
	stop_browser
	awk -v most="$most" '
		{ now += $1; opened += $1 > 0; if (now > peak) peak = now }
		END { print opened " connections, " peak " at once"; exit !(opened >= 100 && peak <= most) }' events
	equal "$(answers '[45]..')" 0 refusals
}

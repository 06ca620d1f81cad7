#!/usr/bin/env bats
# Screenshots of Mayfly's pages for `make screenshots`, as PNG files in $SCREENSHOTS. These are not tests,
# but use their helpers. The report is made on a machine under systemd, because it reads the journal.
load ../system/container
load ../bats/browser

setup_file() {
	start_site
	mkdir -p "$SCREENSHOTS"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	start_browser
	resize 820 620
	set_media_feature prefers-color-scheme light
}

teardown() {
	stop_browser
	stop_server
}

# take NAME [SCHEME]: saves a screenshot of the open page.
take() {
	set_media_feature prefers-color-scheme "${2:-light}"
	screenshot "$1.png"
	pngquant --force --speed 1 --output "$SCREENSHOTS/$1.png" 32 "$1.png"
}

@test "the site, and its 404.html" {
	start_server --root "$repository/www"
	open_page "http://127.0.0.1:$port/"
	take site
	take site-dark dark
	open_page "http://127.0.0.1:$port/nothing"
	take 404
}

@test "an error page" {
	make_site
	start_server --root "$site"
	open_page "http://127.0.0.1:$port/nothing"
	take error
}

# make_file NAME SIZE DATE HITS: makes a file of this size and date in music/, and requests it HITS times.
make_file() {
	truncate -s "$2" "$site/music/$1"
	touch -d "$3" "$site/music/$1"
	for ((i = 0; i < $4; i++)); do
		curl -sS -o /dev/null "http://127.0.0.1:$port/music/$1"
	done
}

@test "a listing, with hits" {
	site=$BATS_TEST_TMPDIR/www
	mkdir -p "$site/music"/{live,scores}
	start_server --root "$site" --list-hits --hits "$PWD/hits"
	make_file cover.jpg 184223 '2026-03-02 10:12' 31
	make_file notes.txt 2817 '2026-05-17 21:40' 4
	make_file track1.ogg 4183922 '2026-03-02 10:14' 27
	make_file track2.ogg 5021873 '2026-03-02 10:15' 19
	make_file track10.ogg 3728190 '2026-03-02 10:19' 12
	touch -d '2026-06-01 09:00' "$site/music"/*/
	open_page "http://127.0.0.1:$port/music/"
	take listing
}

# write_badges: prints a page with badges, on the colors of light and of dark pages.
write_badges() {
	local badges='<img src="/counter/.svg" alt="">
		<img src="/counter/.svg?label=visits&amp;color=yellow&amp;style=flat-square" alt="">
		<img src="/counter/.svg?label=downloads&amp;color=e05d44&amp;labelColor=black" alt="">'
	cat <<-END
		<!DOCTYPE html>
		<title>Badges</title>
		<link rel="icon" href="data:,">
		<style>
		body { margin: 0; width: max-content }
		p { margin: 0; padding: 14px }
		img { display: inline-block; margin: 0 6px }
		</style>
		<p style="color-scheme: light; background: #f7faf8">$badges</p>
		<p style="color-scheme: dark; background: #14201e">$badges</p>
	END
}

@test "counters" {
	local body
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	write_badges >"$site/index.html"
	start_server --root "$site" --hits "$PWD/hits" --counter-path /counter
	curl -sS -o /dev/null "http://127.0.0.1:$port/?[1-1233]"
	open_page "http://127.0.0.1:$port/"
	body=$(webdriver POST "$session/element" '{"using": "css selector", "value": "body"}' | jq -r '.[]')
	webdriver GET "$session/element/$body/screenshot" | jq -r . | base64 -d >counter.png
	pngquant --force --speed 1 --output "$SCREENSHOTS/counter.png" 64 counter.png
}

# visit_times COUNT PATH: requests the path COUNT times.
visit_times() {
	for ((i = 0; i < $1; i++)); do visit "$2" -o /dev/null; done
}

@test "the report" {
	echo 'A song.' | write /srv/mayfly/songs/mayfly.txt
	visit_times 40 /
	visit_times 33 /style.css
	visit_times 12 /songs/mayfly.txt
	visit_times 4 /songs/dragonfly.txt
	visit_times 1 /wp-login.php
	journal -t mayfly >/dev/null
	inside /usr/local/bin/mayflyctl report >report.html
	open_page "file://$PWD/report.html"
	take report
}

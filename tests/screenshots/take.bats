#!/usr/bin/env bats
# Not tests, but what the tests share makes them easy: pictures of what Mayfly shows, as PNG in $SCREENSHOTS, for
# `make screenshots`. The report is that of a machine under systemd, whose journal it reads.
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
	media prefers-color-scheme light
}

teardown() {
	stop_browser
	stop_server
}

# take NAME [SCHEME]: a picture of the page that is open.
take() {
	media prefers-color-scheme "${2:-light}"
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

# make_file NAME SIZE DATE HITS
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

# ask_for COUNT PATH
ask_for() {
	for ((i = 0; i < $1; i++)); do visit "$2" -o /dev/null; done
}

@test "the report" {
	echo 'A song.' | write /srv/mayfly/songs/mayfly.txt
	ask_for 40 /
	ask_for 33 /style.css
	ask_for 12 /songs/mayfly.txt
	ask_for 4 /songs/dragonfly.txt
	ask_for 1 /wp-login.php
	journal -t mayfly >/dev/null
	inside /usr/local/bin/mayflyctl report >report.html
	open_page "file://$PWD/report.html"
	take report
}

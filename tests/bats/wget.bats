#!/usr/bin/env bats
# wget as a client: pages, whole sites, slow downloads and interrupted downloads.
# bats file_tags=once

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load clients

# wgets STATUS WGET-ARGUMENT...: runs wget, which must exit with STATUS. Its messages go to wget.log.
wgets() {
	local status=0
	timeout 100 wget --tries=1 --no-verbose "${@:2}" >wget.log 2>&1 || status=$?
	equal "$status" "$1" "wget's exit status ($(<wget.log))"
}

@test "wget gets a page, and exits with 8 for a 404" {
	serve
	wgets 0 -O got "$url/"
	cmp got "$site/index.html"
	wgets 8 -O got "$url/nothing"
	contains "$(<wget.log)" 'ERROR 404: Not Found'
}

# Eight times the send timeout. (50 MB at 60 kB/s with the default timeout would take 14 minutes.)
@test "--limit-rate: a download much longer than the send timeout completes" {
	head -c 12000000 /dev/urandom >"$site/big"
	serve --send-timeout 1
	wgets 0 --limit-rate=1500k -O got "$url/big"
	cmp got "$site/big"
	wait_until logged '/big | 127.0.0.1'
	refute logged '('
}

# cut_after BYTES: downloads `big` with wget -c, which a limit of the file's size interrupts.
cut_after() {
	(ulimit -f "$(($1 / 1024))" && refute wget -c --tries=1 -nv "$url/big")
	equal "$(wc -c <big)" "$1" 'received bytes'
}

@test "-c: wget resumes a download that broke twice, which is one hit" {
	local whole
	serve --hits "$BATS_TEST_TMPDIR/hits"
	cut_after 1048576
	cut_after 2097152
	wgets 0 -c "$url/big"
	cmp big "$site/big"
	whole=$(stat -c '%i %Y' big)
	wgets 0 -c "$url/big"
	cmp big "$site/big"
	equal "$(stat -c '%i %Y' big)" "$whole" 'inode and time of the complete file after another request'
	equal "$(hits_of /big)" 1
}

@test "-r: wget mirrors a site without an error, with and without keep-alive" {
	local keep_alive
	for keep_alive in 0 5; do
		serve --keep-alive "$keep_alive"
		wgets 0 -r -P "mirror$keep_alive" -nH "$url/"
		find "mirror$keep_alive" -type f -printf '%P\n' | LC_ALL=C sort >names
		diff names - <<'END'
a.txt
index.html
my café.txt
sub/deep/file.txt
sub/index.html
END
		while read -r name; do
			cmp "mirror$keep_alive/$name" "$site/$name"
		done <names
		stop_server
	done
}

@test "-r: wget gets each file and each listing of a directory once" {
	rm "$site/index.html" "$site/sub/index.html"
	serve --list-hits --hits "$BATS_TEST_TMPDIR/hits" --keep-alive 5
	wgets 0 -r -P mirror -nH "$url/"
	cmp mirror/sub/deep/file.txt "$site/sub/deep/file.txt"
	equal "$(grep -c '200 OK (listing)' "$server_log")" 6 'listings of six directories, two of them through a link'
	equal "$(cut -d ' ' -f 1 "$server_log" | sort | uniq -d)" '' 'names that were requested twice'
}

@test "-N: a file that is not newer is not downloaded again" {
	serve
	wgets 0 -N "$url/a.txt"
	equal "$(stat -c %Y a.txt)" "$(stat -c %Y "$site/a.txt")" 'time of the copy'
	wgets 0 -N "$url/a.txt"
	wait_until logged '304 Not Modified'
	printf 'Changed.\n' >"$site/a.txt"
	wgets 0 -N "$url/a.txt"
	cmp a.txt "$site/a.txt"
}

@test "--compression: wget decodes a compressed page" {
	precompress
	serve
	wgets 0 --compression=gzip -S -O got "$url/long.txt"
	contains "$(<wget.log)" 'Content-Encoding: gzip'
	cmp got "$site/long.txt"
}

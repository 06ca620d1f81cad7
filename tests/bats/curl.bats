#!/usr/bin/env bats
# curl as a client: pages, redirects, content codings, conditions, ranges, and how it resumes interrupted downloads.
# bats file_tags=once

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load clients

# fetch CURL-ARGUMENT...: runs curl, which writes the file `got`, and prints the status code.
fetch() {
	curl -sS --max-time 60 -o got -w '%{http_code}\n' "$@"
}

@test "curl gets a page and its header" {
	serve
	equal "$(fetch "$url/")" 200
	cmp got "$site/index.html"
	equal "$(fetch --head "$url/")" 200
	contains "$(<got)" "Content-Length: $(wc -c <"$site/index.html")"
	equal "$(fetch "$url/nothing")" 404
}

@test "curl follows the redirect to a directory" {
	serve
	equal "$(curl -sSL --max-time 60 -o got -w '%{http_code} %{num_redirects} %{url_effective}' "$url/sub?a=1")" \
		"200 1 $url/sub/?a=1"
	cmp got "$site/sub/index.html"
}

@test "curl gets files by encoded names and by paths with dot segments" {
	serve
	equal "$(fetch "$url/my%20caf%C3%A9.txt")" 200
	cmp got "$site/my café.txt"
	equal "$(fetch --path-as-is "$url/sub/../../../a.txt")" 200
	cmp got "$site/a.txt"
	equal "$(fetch --path-as-is "$url/../outside/secret.txt")" 404
}

# bats test_tags=pipes
@test "curl gets parts of a file" {
	serve
	equal "$(fetch -r 100-199 "$url/big")" 206
	cmp got <(tail -c +101 "$site/big" | head -c 100)
	equal "$(fetch -r 4999000- "$url/big")" 206
	cmp got <(tail -c 1000 "$site/big")
	equal "$(fetch -r -70 "$url/big")" 206
	cmp got <(tail -c 70 "$site/big")
	equal "$(fetch -r 5000000- "$url/big")" 416
	equal "$(fetch -r 0-9,20-29 "$url/big")" 206
	equal "$(grep -ac '^Content-Range: bytes ' got)" 2
}

# bats test_tags=pipes
@test "curl resumes a broken download, which is one hit" {
	serve --hits "$BATS_TEST_TMPDIR/hits"
	# A limit of 1 MiB per file interrupts the download.
	(ulimit -f 1024 && refute curl -sS --max-time 60 -o got "$url/big")
	equal "$(wc -c <got)" 1048576 'received bytes'
	equal "$(curl -sS --max-time 60 -C - -o got -w '%{http_code}' "$url/big")" 206
	cmp got "$site/big"
	equal "$(hits_of /big)" 1
}

@test "curl resumes a download whose handler was killed" {
	local status=0
	truncate -s 40M "$site/big" # more than the kernel buffers
	serve
	curl -sS --max-time 60 --limit-rate 1000k -o got "$url/big" 2>curl.log 3>&- &
	wait_until test -s got
	# shellcheck disable=SC2046 # a list of numbers
	kill -KILL $(children_of "$server_pid")
	wait $! || status=$?
	equal "$status" 18 "curl's exit status ($(<curl.log))"
	(($(wc -c <got) < 40 << 20))
	equal "$(curl -sS --max-time 60 -C - -o got -w '%{http_code}' "$url/big")" 206
	cmp got "$site/big"
}

@test "curl leaves a complete download unchanged" {
	serve
	cp "$site/big" got
	equal "$(curl -sS --max-time 60 -C - -o got -w '%{http_code}' "$url/big")" 416
	cmp got "$site/big"
}

@test "--compressed: each coding decodes to the same bytes" {
	local coding
	precompress
	serve
	for coding in br zstd gzip; do
		equal "$(fetch --compressed -H "Accept-Encoding: $coding" -D fields "$url/long.txt")" 200
		contains "$(<fields)" "Content-Encoding: $coding"
		cmp got "$site/long.txt"
	done
	equal "$(fetch --compressed -D fields "$url/long.txt")" 200
	contains "$(<fields)" 'Content-Encoding: br'
	cmp got "$site/long.txt"
}

@test "-z: a file that is not newer is not sent" {
	serve
	equal "$(fetch -R "$url/a.txt")" 200
	mv got mine
	equal "$(fetch -z mine "$url/a.txt")" 304
	equal "$(fetch -z "$(date -uR -r mine)" "$url/a.txt")" 304
	equal "$(fetch -z 'yesterday' "$url/a.txt")" 200
	equal "$(fetch -z '-Mon, 01 Jan 2001 00:00:00 GMT' "$url/a.txt")" 412
	echo changed >"$site/a.txt"
	equal "$(fetch -z mine "$url/a.txt")" 200
	cmp got "$site/a.txt"
}

@test "--etag-compare: a file with the same tag is not sent" {
	serve
	interval=0.2 wait_until unchanged_for_two_seconds "$site/a.txt"
	equal "$(fetch --etag-save tag "$url/a.txt")" 200
	equal "$(fetch --etag-compare tag "$url/a.txt")" 304
	touch -r "$site/a.txt" stamp
	printf 'hello.\n' >"$site/a.txt"
	touch -r stamp "$site/a.txt"
	equal "$(fetch --etag-compare tag "$url/a.txt")" 200
	cmp got "$site/a.txt"
}

# bats test_tags=pipes
@test "several files use one connection with --keep-alive" {
	local format='%{http_code} %{num_connects}\n'
	serve --keep-alive 10
	equal "$(curl -sS --max-time 60 -w "$format" -o got -o got2 -o got3 "$url/a.txt" "$url/" "$url/sub/")" \
		$'200 1\n200 0\n200 0'
	cmp got "$site/a.txt"
	cmp got2 "$site/index.html"
	cmp got3 "$site/sub/index.html"
}

@test "an unexpected body does not disturb the response" {
	serve --keep-alive 10
	head -c 300000 /dev/zero >body
	equal "$(fetch -X GET --data-binary @body "$url/a.txt")" 200
	cmp got "$site/a.txt"
	equal "$(fetch -X GET -H 'Transfer-Encoding: chunked' --data-binary @body "$url/a.txt")" 200
	cmp got "$site/a.txt"
}

#!/usr/bin/env bats
# `make precompress`: which files get compressed siblings, that these decode to the same bytes, and what
# happens to them when a file changes. precompressed.bats tests to which clients the handler sends them.
# bats file_tags=once

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load make

setup() {
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	command=("$repository/packaging/precompress" --)
	before_root=''
}

# use_make: runs `make precompress` in this test, not only the program that it runs: a make takes much longer than that.
use_make() {
	command=("${make[@]}" precompress)
	before_root=ROOT=
}

# precompress ROOT: runs it; prints its output, sorted, with names relative to the root.
precompress() {
	"${command[@]}" "$before_root$1" >"$BATS_TEST_TMPDIR/made" || return
	sed "s|^$1/||" "$BATS_TEST_TMPDIR/made" | LC_ALL=C sort
}

# list_files: prints the files of the site with inode, mode, size and times.
list_files() {
	find "$site" -type f -printf '%P %i %m %s %T@ %C@\n' | sort
}

# decode FILE: prints the decompressed content of a sibling.
decode() {
	case $1 in
	*.br) brotli --decompress --stdout -- "$1" ;;
	*.zst) zstd --decompress --quiet --stdout -- "$1" ;;
	*.gz) gzip --decompress --stdout -- "$1" ;;
	esac
}

@test "each file that compresses well gets three siblings, other files none" {
	local file suffix names=(text.html 'my page.txt' -dash.txt -dir/-r.css "it's \"\$HOME\" *.txt" $'new\nline.txt' huge.svg)
	use_make
	mkdir "$site"/{-dir,.git,.well-known}
	for file in "${names[@]}" .hidden.txt .git/config .well-known/x.txt picture.png; do
		seq 2000 >"$site/$file"
		touch -d '2020-02-02 02:02:02.123456789' "$site/$file"
	done
	truncate -s 9M "$site/huge.svg" # larger than the largest window
	chmod 640 "$site/text.html"
	printf '%0256d' 0 >"$site/tiny.txt"
	head -c 5000 /dev/urandom >"$site/random.txt"
	ln -s text.html "$site/link.html"
	find "$site" | sort >"$BATS_TEST_TMPDIR/expected"
	for file in "${names[@]}"; do
		printf '%s\n' "$site/$file".{br,zst,gz} >>"$BATS_TEST_TMPDIR/expected"
	done
	precompress "$site"
	diff <(sort "$BATS_TEST_TMPDIR/expected") <(find "$site" | sort)
	for file in "${names[@]}"; do
		for suffix in br zst gz; do
			cmp "$site/$file" <(decode "$site/$file.$suffix")
			equal "$(stat -c '%y %a' "$site/$file.$suffix")" "$(stat -c '%y %a' "$site/$file")" "time and mode of $file"
		done
	done
	equal "$(zstd -lv "$site/huge.svg.zst" | sed -n 's/^Window Size:.*(\(.*\))/\1/p')" "$((8 << 20)) B" 'window (RFC 9659)'

	list_files >"$BATS_TEST_TMPDIR/before"
	equal "$(precompress "$site")" '' 'output of a second run'
	diff "$BATS_TEST_TMPDIR/before" <(list_files)
	echo more >>"$site/text.html"
	head -c 5000 /dev/urandom >"$site/-dash.txt"
	equal "$(precompress "$site")" $'text.html.br\ntext.html.gz\ntext.html.zst' 'siblings written again'
	cmp "$site/text.html" <(decode "$site/text.html.gz")
	# The old siblings no longer belong to the file.
	get /-dash.txt 'Accept-Encoding: br, gzip, zstd'
	cmp "$site/-dash.txt" "$body_file"
}

@test "a file that changes during the run is compressed again by the next run" {
	local changing=$BATS_TEST_TMPDIR/bin/brotli
	seq 2000 >"$site/text.html"
	touch -d @784111777 "$site/text.html"
	mkdir "${changing%/*}"
	printf '#!/bin/sh\n%s "$@" && echo more >>"%s"\n' "$(command -v brotli)" "$site/text.html" >"$changing"
	chmod +x "$changing"
	PATH=${changing%/*}:$PATH precompress "$site"
	get /text.html 'Accept-Encoding: br'
	cmp "$site/text.html" "$body_file"
	contains "$(precompress "$site")" text.html.br
	cmp "$site/text.html" <(decode "$site/text.html.br")
}

@test "a file that is older than its siblings, with other content, is compressed again" {
	seq 2000 >"$site/text.html"
	seq 2000 >"$site/random.html"
	precompress "$site"
	seq 3000 >"$site/text.html"
	head -c 5000 /dev/urandom >"$site/random.html"
	touch -d 2020-02-02 "$site/text.html" "$site/random.html"
	contains "$(precompress "$site")" 'random.html.gz: removed'
	cmp "$site/text.html" <(decode "$site/text.html.br")
	refute ls "$site"/random.html.*
}

@test "a file that only has the name of a sibling is not changed" {
	local name
	seq 2000 >"$site/text.html"
	head -c 5000 /dev/urandom >"$site/random.bin"
	for name in text.html.gz random.bin.gz random.bin.zst random.bin.br; do
		echo own >"$site/$name"
		touch -d 2020-02-02 "$site/$name"
	done
	seq 2000 | gzip >"$site/coded.html.zst" # which zstd --test accepts
	seq 2000 | zstd --quiet >"$site/zstd.html.zst"
	touch -d 2020-02-02 "$site/zstd.html.zst" # or it could have the time of its file
	seq 3000 | tee "$site/coded.html" >"$site/zstd.html"
	run --separate-stderr precompress "$site"
	contains "$stderr" 'coded.html.zst: not in the coding of its name, so that it is not replaced'
	equal "$(gzip -dc <"$site/coded.html.zst")" "$(seq 2000)"
	cmp "$site/zstd.html" <(decode "$site/zstd.html.zst")
	contains "$stderr" 'text.html.gz: not in the coding of its name, so that it is not replaced'
	for name in text.html.gz random.bin.gz random.bin.zst random.bin.br; do
		equal "$(<"$site/$name")" own "$name"
	done
	cmp "$site/text.html" <(decode "$site/text.html.zst")
}

@test "files in compressed formats, and those that clients read in parts, get no siblings" {
	local name
	for name in a.pdf A.PDF a.tgz a.tar.bz2 a.7z a.svgz a.woff a.jxl a.m4a a.opus a.mkv a.mov a.ts a.epub a.docx a.odt a.jar \
		a.apk a.deb a.rpm a.pmtiles a.sqlite a.tiff a.zip a.jpeg a.jpg a.ogg a.br _redirects _headers; do
		seq 2000 >"$site/$name"
	done
	equal "$(precompress "$site")" ''
	for name in a.html a.js a.mjs a.css a.json a.map a.svg a.xml a.txt a.wasm a.ttf a.otf a.ico a.bmp a.tar a.glb README \
		flag.jp.svg; do
		seq 2000 >"$site/$name"
	done
	equal "$(precompress "$site" | wc -l)" 54 'siblings written'
}

@test "a file without a date that replaces another one is compressed again" {
	local constant
	for constant in @1 @0 1985-10-26 @946684800; do
		seq 2000 >"$site/text.html"
		touch -d "$constant" "$site/text.html"
		contains "$(precompress "$site")" text.html.br
		equal "$(precompress "$site")" '' "output of a second run at $constant"
		sleep 0.05 # the clock of status changes
		seq 3000 >"$site/text.html"
		touch -d "$constant" "$site/text.html"
		get /text.html 'Accept-Encoding: br'
		cmp "$site/text.html" "$body_file"
		contains "$(precompress "$site")" text.html.br
		cmp "$site/text.html" <(decode "$site/text.html.br")
		get /text.html 'Accept-Encoding: br'
		equal "$(field Content-Encoding)" br "coding at $constant"
	done
}

@test "a root whose name begins with a dash" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -- -site
	seq 2000 >-site/text.html
	"$repository/packaging/precompress" -- -site
	cmp -- ./-site/text.html <(decode ./-site/text.html.gz)
}

@test "a root that is not a directory gets one error" {
	local root
	use_make
	for root in "$BATS_TEST_TMPDIR/nothing" '' "$BATS_TEST_FILENAME"; do
		run ! --separate-stderr precompress "$root"
		equal "$(grep -v '^make: ' <<<"$stderr")" "precompress: \"$root\" is not a directory" || return
		equal "$(wc -l <<<"$stderr") $output" '2 ' 'lines, one of them from make'
	done
}

@test "--help, and an error for wrong usage" {
	local precompress=$repository/packaging/precompress
	run -0 --separate-stderr "$precompress" --help
	contains "$output" 'Usage: precompress DIRECTORY'
	contains "$output" 'Exit status:'
	run -100 "$precompress"
	equal "$output" 'precompress: one directory expected; try --help'
	run -100 "$precompress" "$site" "$site"
	equal "$output" 'precompress: one directory expected; try --help'
	run -100 "$precompress" -q
	equal "$output" 'precompress: unknown option "-q" (a directory of that name is "./-q"); try --help'
}

@test "an unreadable file gets an error, the others get siblings" {
	give_ordinary_user_access
	seq 2000 >"$site/text.html"
	seq 2000 >"$site/other.html"
	chmod 000 "$site/text.html"
	chmod 777 "$site"
	cp "$repository/packaging/precompress" "$BATS_TEST_TMPDIR"
	run -1 --separate-stderr as_ordinary_user "$BATS_TEST_TMPDIR/precompress" "$site"
	equal "$(sort -u <<<"$stderr")" "precompress: $site/text.html: cannot be compressed: Permission denied"
	equal "$(find "$site" -type f -printf '%P\n' | LC_ALL=C sort)" $'other.html\nother.html.br\nother.html.gz\nother.html.zst\ntext.html'
}

@test "a directory that the user cannot write to gets one error" {
	give_ordinary_user_access
	mkdir -p "$site"/{a,b}
	for file in "$site"/{,a/,b/}{one,two}.html; do seq 2000 >"$file"; done
	((EUID == 0)) || chmod 555 "$site"/{,a,b}
	cp "$repository/packaging/precompress" "$BATS_TEST_TMPDIR"
	run -1 --separate-stderr as_ordinary_user "$BATS_TEST_TMPDIR/precompress" "$site"
	equal "$output" ''
	equal "$stderr" "precompress: $site and 2 more below $site: $(as_ordinary_user id -un) has no permission to write to them"
	chmod 755 "$site"/{,a,b}
}

@test "siblings that are not regular files are not changed and do not stop the run" {
	seq 2000 >"$site/text.html"
	mkfifo "$site/text.html.gz" "$site/fifo.html"
	mkdir "$site/text.html.br"
	ln -s /etc/passwd "$site/text.html.zst"
	run -0 timeout 60 "$repository/packaging/precompress" "$site"
	equal "$(wc -l <<<"$output")" 3 'lines'
	contains "$output" 'text.html.gz: not in the coding of its name, so that it is not replaced'
	equal "$(find "$site" -printf '%P %y\n' | LC_ALL=C sort)" $' d\nfifo.html p\ntext.html f\ntext.html.br d\ntext.html.gz p\ntext.html.zst l'
}

@test "names cannot control the terminal" {
	seq 2000 >"$site/"$'a\e[2J\xc2\x9bm\nb é.html'
	run -0 "$repository/packaging/precompress" "$site"
	equal "${lines[0]}" "$site/a?[2J?m?b é.html.br"
}

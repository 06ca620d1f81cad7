#!/usr/bin/env bats
# Precompressed files (RFC 9110 8.4, 12.5.3): which sibling of a file is sent to which client, and
# with which fields. make_precompress.bats tests how they are made, curl.bats and wget.bats that
# clients decode them.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

# make_coded FILE [SUFFIX...]: makes a file of the site and its siblings. Their content need not be
# compressed to be sent.
make_coded() {
	local suffix
	for suffix in '' "${@:2}"; do
		echo "bytes of ${1##*/}${suffix:+, as $suffix}" >"$site/$1$suffix"
		touch -d @784111777 "$site/$1$suffix"
	done
}

setup_file() {
	make_site "$BATS_FILE_TMPDIR/www"
	export site
	make_coded page.html .br .zst .gz
	make_coded two.txt .zst .gz
	make_coded one.txt .gz
	make_coded none.txt
	make_coded sub/index.html .br
	interval=0.2 wait_until unchanged_for_two_seconds "$site/sub/index.html.br"
}

# Makes a separate site for this test, which changes its files.
make_own_site() {
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
}

# is_coded CODING FILE WHAT: whether the file is sent in this coding (- for none) and announced so, with its
# own type and length.
is_coded() {
	local suffix=".$1" coding=$1
	case $1 in
	-) suffix='' coding='' ;;
	gzip) suffix=.gz ;;
	zstd) suffix=.zst ;;
	esac
	equal "$exit_status $http_status" '0 200' "answer to $3" || return
	equal "$(grep -i '^content-encoding:' <<<"$head")" "${coding:+Content-Encoding: $coding}" "coding for $3" || return
	cmp "$body_file" "$site/$2$suffix" || return
	equal "$(field Content-Length)" "$(stat -c %s "$body_file")" Content-Length || return
	[[ $2 != *.html ]] || equal "$(field Content-Type)" 'text/html; charset=utf-8' Content-Type
}

@test "the coding with the highest weight is sent; of equal ones br, then zstd, then gzip" {
	local file coding value
	get /page.html
	is_coded - page.html 'no field'
	while read -r file coding value; do
		get "/$file" "Accept-Encoding: $value"
		is_coded "$coding" "$file" "$value"
		equal "$(grep -i '^vary:' <<<"$head")" 'Vary: Accept-Encoding'
	done <<-'END'
		page.html br gzip, zstd, br
		page.html zstd gzip, zstd
		page.html gzip GZip
		page.html gzip x-gzip
		page.html gzip X-GZIP;q=0.5, deflate
		page.html br *
		page.html zstd br;q=0, *
		page.html gzip br;q=0.5, gzip;q=0.8, zstd;q=0.7
		page.html gzip *;q=0.999, gzip;q=1.000
		page.html br gzip;q=0.3, *;q=0.3
		page.html br gzip ; q=0.5 , br	; Q=0.6,
		page.html - identity, br;q=0.9
		page.html br identity;q=0.5, br;q=0.5
		page.html br br;q=0.001, identity;q=0
		page.html br identity;q=0, *
		page.html - br;q=0, gzip;q=0.000
		page.html - *;q=0
		page.html - identity;q=0
		page.html - identity, *;q=0
		page.html - deflate, compress
		page.html - brotli, br2, br=1, "br"
		page.html - br;q=1.001, gzip;q=2, zstd;q=x, br;level=1
		page.html gzip br;q=0.1234, gzip;q=0.1
		page.html -
		two.txt zstd br, gzip, zstd
		two.txt gzip br, gzip
		two.txt - br
		one.txt gzip *
		one.txt - br, zstd
		one.txt - br, identity;q=0
	END
	get /page.html 'Accept-Encoding: gzip' 'Accept-Encoding: br;q=0.5'
	is_coded gzip page.html 'two lines'
	get /none.txt 'Accept-Encoding: br, *;q=0.1, identity;q=0'
	is_coded - none.txt 'a file that has no siblings'
}

@test "Vary is sent with 200, 206 and 304 of files with siblings, and with nothing else" {
	local accept target field expected
	for target in /page.html /one.txt /none.txt; do
		expected='Vary: Accept-Encoding'
		[[ $target != /none.txt ]] || expected=
		for accept in br gzip identity; do
			for field in '200 X: x' '206 Range: bytes=0-3' '304 If-None-Match: *'; do
				get $target "Accept-Encoding: $accept" "${field#* }"
				equal "$http_status $(grep -i '^vary:' <<<"$head")" "${field%% *} $expected" "$target as $accept"
			done
		done
	done
	ask 'HEAD /page.html HTTP/1.1' 'Host: a' 'Accept-Encoding: zstd'
	equal "$http_status $(field Content-Encoding) $(field Vary)" '200 zstd Accept-Encoding'
	equal "$(field Content-Length) $(stat -c %s "$body_file")" "$(stat -c %s "$site/page.html.zst") 0"
}

@test "each coding has its own entity tag, even if one file has four names" {
	local suffix coding tags=()
	make_own_site
	make_coded page.html
	for suffix in br zst gz; do
		ln "$site/page.html" "$site/page.html.$suffix"
	done
	for coding in br zstd gzip identity; do
		get /page.html "Accept-Encoding: $coding"
		tags+=("$(field ETag)")
	done
	equal "$(printf '%s\n' "${tags[@]}" | sort -u | wc -l)" 4 'different tags'
}

@test "conditions and ranges apply to the selected coding" {
	local length tag date other status fields
	get /page.html 'Accept-Encoding: br'
	tag=$(field ETag) date=$(field Last-Modified) length=$(field Content-Length)
	get /page.html 'Accept-Encoding: gzip'
	other=$(field ETag)
	while IFS='|' read -r status fields; do
		fields=${fields//BR/$tag} fields=${fields//DATE/$date}
		IFS='|' read -ra fields <<<"${fields//GZIP/$other}"
		get /page.html 'Accept-Encoding: br' "${fields[@]}"
		equal "$http_status" "$status" "answer to ${fields[*]}"
		case $status in
		200) is_coded br page.html "${fields[*]}" ;;
		206)
			equal "$(field Content-Range) $(field Content-Encoding) $(field ETag)" "bytes 6-8/$length br $tag"
			equal "$(field Content-Type) $(field Content-Length)" 'text/html; charset=utf-8 3'
			cmp "$body_file" <(tail -c +7 "$site/page.html.br" | head -c 3)
			;;
		304)
			equal "$(field ETag)" "$tag"
			refute grep -i '^content-' <<<"$head"
			;;
		416) equal "$(field Content-Range)" "bytes */$length" ;;
		esac
	done <<-'END'
		304|If-None-Match: BR
		200|If-None-Match: GZIP
		200|If-Match: BR
		412|If-Match: GZIP
		206|Range: bytes=6-8
		206|Range: bytes=6-8|If-Range: BR
		200|Range: bytes=6-8|If-Range: DATE
		200|Range: bytes=6-8|If-Range: GZIP
		304|Range: bytes=6-8|If-None-Match: BR
		416|Range: bytes=1000-
		200|Range: bytes=0-1,4-5
	END
}

# The table of mayfly(8), Compressed files: each way in which a file and its siblings come to a site.

# is_used WHAT: whether the sibling page.html.br is sent; is_unused: whether the file is, as if there were no sibling.
is_used() {
	get /page.html 'Accept-Encoding: br'
	is_coded br page.html "$1"
}

is_unused() {
	get /page.html 'Accept-Encoding: br'
	is_coded - page.html "$1" || return
	refute grep -i '^vary:' <<<"$head"
}

# Makes two releases, v1 and the newer v2, each with one page, and an empty site.
make_releases() {
	make_own_site
	for release in 1 2; do
		mkdir "$BATS_TEST_TMPDIR/v$release"
		echo "release $release" >"$BATS_TEST_TMPDIR/v$release/page.html"
		touch -d "2026-01-0$release" "$BATS_TEST_TMPDIR/v$release/page.html"
	done
	cd "$BATS_TEST_TMPDIR" || return
}

# Makes a sibling of the site's present page with the same modification time, as precompress, brotli, zstd and gzip
# do.
compress_page() {
	echo "coded: $(<www/page.html)" >www/page.html.br
	touch -r www/page.html www/page.html.br
}

# Makes a sibling with a later modification time, as a bundler does.
bundle_page() {
	compress_page
	touch -r www/page.html -d '1 second' www/page.html.br
}

# Waits until a status change gets a later time than the previous ones.
let_clock_move() {
	local file=$BATS_TEST_TMPDIR/clock before
	: >"$file"
	before=$(stat -c %z "$file")
	until [[ $(stat -c %z "$file") != "$before" ]]; do
		chmod 600 "$file"
	done
}

@test "after a roll-back the sibling of the withdrawn release is not used" {
	make_releases
	cp -p v2/page.html www/
	compress_page
	is_used 'precompress'
	let_clock_move
	cp -p v1/page.html www/
	is_unused 'cp -p of an older release'
	compress_page
	is_used 'precompress again'
	cp -p v2/page.html www/
	is_unused 'cp -p of a newer release'
	rm www/page.html.br
	bundle_page
	is_used 'a bundler'
	let_clock_move
	cp -p v1/page.html www/
	is_unused 'cp -p over what a bundler made'
	cp -p v2/page.html www/
	bundle_page
	let_clock_move
	cp -p v1/page.html x && mv x www/page.html
	is_unused 'mv over what a bundler made'
	cp -p v2/page.html www/
	bundle_page
	let_clock_move
	ln -f v1/page.html www/page.html
	is_unused 'ln over what a bundler made'
}

@test "a roll-back by a symbolic link to a file does not use the sibling of the withdrawn release" {
	make_releases
	cp -a v1 v2 www/
	ln -s v2/page.html www/page.html
	compress_page
	is_used 'a link, with the time of its file'
	bundle_page
	is_unused 'a link, with a later time'
	compress_page
	ln -sfn v1/page.html www/page.html
	is_unused 'another link'
}

@test "siblings are used after copies that keep the modification times" {
	make_releases
	mkdir www/a
	cp -p v2/page.html www/
	compress_page
	cp -a www/page.html www/page.html.br www/a/
	mv www b && mv b/a www
	is_used 'cp -a'
	rm -r www && mkdir www && tar -C b -cf - page.html.br page.html | tar -C www -xf -
	is_used 'tar, the sibling first'
	rm -r www && mkdir www && cp --preserve=timestamps b/page.html.br www/ && let_clock_move
	cp --preserve=timestamps b/page.html www/
	is_used 'cp --preserve=timestamps, as rsync -t does it'
	chmod 600 www/page.html
	is_used 'a change of permissions'
	sed -i 's/^/more /' www/page.html
	is_unused 'a change of the file'
}

@test "a copy of what a build tool compressed is used only if it was written after its file" {
	make_releases
	cp -p v2/page.html www/
	bundle_page
	mv www built && mkdir www
	cp -p built/page.html www/
	let_clock_move
	cp -p built/page.html.br www/
	is_used 'the sibling last, as rsync and tar copy them in the order of their names'
	rm www/*
	cp -p built/page.html.br www/
	let_clock_move
	cp -p built/page.html www/
	is_unused 'the sibling first'
}

@test "a link that leads to the directory of another release leads to the siblings of that release" {
	make_releases
	rmdir www
	for release in 1 2; do
		mkdir -p "all/$release"
		cp -p "v$release/page.html" "all/$release/"
		ln -sfn "all/$release" www
		compress_page
	done
	ln -s . all/1/inside
	ln -s . all/2/inside
	for release in 2 1; do
		ln -sfn "all/$release" www
		is_used "release $release, the root is a link"
		get /inside/page.html 'Accept-Encoding: br'
		equal "$(field Content-Encoding) $body" "br coded: release $release"
	done
}

@test "newer siblings are used only if the file has not changed since they were written" {
	make_releases
	cp v2/page.html www/
	let_clock_move
	echo coded >www/page.html.br
	is_used 'a build, or git checkout, that writes the sibling last'
	let_clock_move
	chmod 600 www/page.html
	is_unused 'a change of the file after that, even of its permissions only'
	rm www/page.html.br
	echo coded >www/page.html.br
	let_clock_move
	touch www/page.html
	is_unused 'touch'
	cp v1/page.html www/
	is_unused 'cp without -p'
}

@test "files dated 1970: a sibling is used only if it was written after the file" {
	make_releases
	touch -d @1 v1/page.html v2/page.html
	cp -p v2/page.html www/
	let_clock_move
	compress_page
	is_used 'the sibling is the last change'
	let_clock_move
	cp -p v1/page.html www/
	is_unused 'another file with the same time'
}

@test "an empty sibling is not used" {
	local suffix
	make_own_site
	make_coded page.html .br .zst .gz
	for suffix in br zst gz; do
		: >"$site/page.html.$suffix"
		touch -d @784111777 "$site/page.html.$suffix"
	done
	get /page.html 'Accept-Encoding: br, zstd, gzip'
	is_coded - page.html 'empty siblings'
	refute grep -i '^vary:' <<<"$head"
}

@test "a sibling one nanosecond older than its file is not used; a newer one is, with its own date" {
	make_own_site
	make_coded page.html .br .gz
	touch -d @784111777.000000001 "$site/page.html"
	get /page.html 'Accept-Encoding: br, gzip'
	is_coded - page.html 'old siblings'
	refute grep -i '^vary:' <<<"$head"
	touch -d @784111777.000000001 "$site/page.html.gz"
	get /page.html 'Accept-Encoding: br, gzip'
	is_coded gzip page.html 'one old sibling'
	touch -d @784111779 "$site/page.html.br"
	get /page.html 'Accept-Encoding: br, gzip'
	is_coded br page.html 'a newer sibling'
	equal "$(field Last-Modified)" 'Sun, 06 Nov 1994 08:49:39 GMT'
	get /page.html 'Accept-Encoding: br' 'If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT'
	equal "$http_status" 200
	get /page.html 'Accept-Encoding: gzip' 'If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT'
	equal "$http_status" 304
}

@test "a file whose type is that of its decoded form is sent with its coding; an archive is not" {
	local name type
	make_own_site
	while read -r name type; do
		echo "$name" | gzip >"$site/$name"
		for accept in '' 'Accept-Encoding: identity' 'Accept-Encoding: br'; do
			get "/$name" "${accept:-X: x}"
			equal "$http_status $(field Content-Encoding) $(field Content-Type)" "200 gzip $type"
			cmp "$body_file" "$site/$name"
			refute grep -i '^vary:' <<<"$head"
		done
		get "/$name" 'Range: bytes=0-1'
		equal "$http_status $(field Content-Encoding)" '206 gzip'
	done <<-'END'
		drawing.svgz image/svg+xml
		DRAWING.SVGZ image/svg+xml
		model.x3dz model/x3d+xml
		model.x3dvz model/x3d-vrml
	END
	echo x >"$site/drawing.svgz.br"
	get /drawing.svgz 'Accept-Encoding: br'
	equal "$(field Content-Encoding)" gzip 'coding of a file with a sibling of its own'
	for name in all.tgz all.tar.gz all.gz page.html.gz; do
		echo "$name" | gzip >"$site/$name"
		get "/$name" 'Accept-Encoding: gzip'
		equal "$http_status $(field Content-Encoding) $(field Content-Type)" '200  application/gzip'
	done
}

@test "a sibling that is not a regular readable file below the root is not used" {
	make_own_site
	give_ordinary_user_access
	runner=("${ordinary_user[@]}")
	make_coded page.html .br .gz
	make_coded two.txt .br
	mv "$site/page.html.br" "$BATS_TEST_TMPDIR/outside.br"
	ln -s ../outside.br "$site/page.html.br"
	mkdir "$site/page.html.zst"
	chmod 000 "$site/page.html.gz"
	mkfifo "$site/two.txt.gz"
	get /page.html 'Accept-Encoding: *'
	is_coded - page.html 'no siblings'
	refute grep -i '^vary:' <<<"$head"
	get /two.txt 'Accept-Encoding: gzip'
	is_coded - two.txt 'a FIFO next to it'
	equal "$(field Vary)" Accept-Encoding
}

@test "a hit counts for the original; a sibling requested by its own name is a separate resource" {
	handler_options=(--hits "$BATS_TEST_TMPDIR/hits")
	get /page.html
	get /page.html 'Accept-Encoding: br'
	equal "$log" '/page.html | - | - | 2'
	get /page.html 'Accept-Encoding: gzip' 'Range: bytes=0-3'
	equal "$log" '/page.html | - | - | 3'
	get /sub/ 'Accept-Encoding: br'
	is_coded br sub/index.html 'the index of a directory'
	equal "$log" '/sub/index.html | - | - | 1'
	get /page.html.gz 'Accept-Encoding: gzip'
	is_coded - page.html.gz 'the name of a sibling'
	equal "$(field Content-Type) $(field Vary)" 'application/gzip '
	equal "$log" '/page.html.gz | - | - | 1'
}

#!/usr/bin/env bats
# Ranges (RFC 9110 14): which bytes are sent for which Range, as one part and as multipart/byteranges; when
# the complete file is sent instead; and the effects of If-Range, conditions and HEAD. precompressed.bats
# tests ranges of compressed files.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup_file() {
	make_site "$BATS_FILE_TMPDIR/www"
	export site
	head -c 1000 /dev/urandom >"$site/data.png"
	touch -d @784111777 "$site/data.png"
	interval=0.2 wait_until unchanged_for_two_seconds "$site/data.png"
}

setup() {
	data=$site/data.png
	date='Sun, 06 Nov 1994 08:49:37 GMT'
}

# bytes FIRST LAST: prints these bytes of the file.
bytes() {
	tail -c "+$(($1 + 1))" "$data" | head -c $(($2 - $1 + 1))
}

# is_part FIRST LAST WHAT: whether the response is exactly this part of data.png.
is_part() {
	equal "$exit_status $http_status" '0 206' "answer to $3" || return
	equal "$(field Content-Range)" "bytes $1-$2/1000" "Content-Range for $3" || return
	equal "$(field Content-Length)" "$(($2 - $1 + 1))" "Content-Length for $3" || return
	cmp "$body_file" <(bytes "$1" "$2")
}

# is_whole WHAT: whether the response is all of data.png, as without Range.
is_whole() {
	equal "$exit_status $http_status" '0 200' "answer to $1" || return
	equal "$(field Content-Length) $(field Accept-Ranges)" '1000 bytes' "fields for $1" || return
	refute grep -i '^content-range:' <<<"$head" || return
	cmp "$body_file" "$data"
}

# is_multipart FIRST-LAST...: whether the body consists of exactly these parts.
is_multipart() {
	local boundary range
	equal "$exit_status $http_status" '0 206' 'answer' || return
	boundary=$(field Content-Type)
	[[ $boundary =~ ^multipart/byteranges\;\ boundary=([0-9A-Za-z]{16,70})$ ]] || fail "type: $boundary" || return
	boundary=${BASH_REMATCH[1]}
	refute grep -i '^content-range:' <<<"$head" || return
	for range; do
		printf '\r\n--%s\r\nContent-Type: image/png\r\nContent-Range: bytes %s/1000\r\n\r\n' "$boundary" "$range"
		bytes "${range%-*}" "${range#*-}"
	done >"$BATS_TEST_TMPDIR/expected"
	printf '\r\n--%s--\r\n' "$boundary" >>"$BATS_TEST_TMPDIR/expected"
	cmp "$body_file" "$BATS_TEST_TMPDIR/expected" || return
	equal "$(field Content-Length)" "$(stat -c %s "$body_file")" Content-Length
}

# is_unsatisfiable LENGTH TARGET VALUE: whether this Range of the target, which has LENGTH bytes, gets 416.
is_unsatisfiable() {
	get "$2" "Range: $3"
	equal "$http_status" 416 "answer to $3" || return
	equal "$(grep -i '^content-range:' <<<"$head")" "Content-Range: bytes */$1" || return
	contains "$body" '<title>416 ' || return
	equal "$log" "$2 | - | - | 416 Range Not Satisfiable (range-unsatisfiable)"
}

# bats test_tags=pipes
@test "one range: first-last, first- and -suffix, cut at the end of the file" {
	local first last value
	while read -r first last value; do
		get /data.png "Range: $value"
		is_part "$first" "$last" "$value"
		equal "$(field Content-Type) $(field Last-Modified)" "image/png $date"
	done <<-'END'
		0 999 bytes=0-
		0 0 bytes=0-0
		10 19 bytes=10-19
		10 19 BYTES=00010-00019
		999 999 bytes=999-
		999 999 bytes=-1
		0 999 bytes=-1000
		0 999 bytes=-1001
		0 999 bytes=-18446744073709551616
		990 999 bytes=990-1000
		990 999 bytes=990-18446744073709551615
		990 999 bytes=990-99999999999999999999999
		5 6 bytes= ,5-6 , ,
		5 6 bytes=5-6,1000-,2000-2001,-0
	END
	ask 'GET /data.png HTTP/1.0' 'range: bytes=1-2'
	is_part 1 2 'HTTP/1.0'
}

@test "a range after the end, and a suffix of zero bytes, get 416" {
	local value
	for value in bytes=1000- bytes=1000-1000 bytes=-0 bytes=1000-,2000-2001 bytes=18446744073709551615- \
		bytes=99999999999999999999-99999999999999999999; do
		is_unsatisfiable 1000 /data.png "$value"
	done
}

@test "an empty file: first- gets 416, a suffix gets the whole file" {
	is_unsatisfiable 0 /nothing.txt bytes=0-
	is_unsatisfiable 0 /nothing.txt bytes=0-0,-0
	is_unsatisfiable 0 /nothing.txt bytes=-0
	get /nothing.txt 'Range: bytes=-5'
	equal "$http_status $(field Content-Length) $body" '200 0 '
	refute grep -i '^content-range:' <<<"$head"
}

@test "an unknown unit and a malformed range are ignored" {
	local value
	for value in '' bytes bytes= 'bytes=,' bytes=- bytes=a-b bytes=9-5 bytes=0x1-2 bytes=1-2x 'bytes=1 -2' 'bytes=1- 2' \
		'bytes=0-1;2-3' 'bytes=0-1 2-3' bytes=0-1,x bytes=x,0-1 bytes=1000-,x bytes=1000-,9-5 'bytes =0-1' bytes:0-1 \
		bytes=--1 bytes=+1-2 bytes=1-2-3 bytes=1 lines=0-1 bytesx=0-1 'none' '"bytes=0-1"' bytes==0-1; do
		get /data.png "Range: $value"
		is_whole "$value"
	done
	get /data.png 'Range: bytes=0-1' 'Range: bytes=4-5'
	is_whole 'two lines'
	get /data.png 'X-Range: bytes=0-1'
	is_whole 'another field'
}

# bats test_tags=pipes
@test "several ranges: each part and the total length are exact" {
	local sixteen boundary
	get /data.png 'Range: bytes=0-0,10-19'
	is_multipart 0-0 10-19
	boundary=$(field Content-Type)
	get /data.png 'Range: bytes=0-9,10-19'
	is_multipart 0-9 10-19
	[[ $(field Content-Type) != "$boundary" ]] || fail "the same boundary twice: $boundary"
	get /data.png 'Range: bytes=-10, 0-9'
	is_multipart 990-999 0-9
	get /data.png 'Range: bytes=0-1,500-501,999-'
	is_multipart 0-1 500-501 999-999
	get /data.png 'Range: bytes=7-8,1000-2000,600-9999'
	is_multipart 7-8 600-999
	printf -v sixteen '%s-%s,' {0..31}
	get /data.png "Range: bytes=$sixteen"
	# shellcheck disable=SC2086 # a list of ranges
	is_multipart ${sixteen//,/ }
}

@test "ranges are sent in the order in which they are requested" {
	local value ranges
	while read -r value ranges; do
		get /data.png "Range: bytes=$value"
		# shellcheck disable=SC2086 # a list of ranges
		is_multipart $ranges || fail "answer to $value"
	done <<-'END'
		20-29,10-19,0-9 20-29 10-19 0-9
		0-9,20-29,10-19 0-9 20-29 10-19
		-10,0-9,500-509,30-39 990-999 0-9 500-509 30-39
		30-39,1000-1001,20-29,-1 30-39 20-29 999-999
		31-31,29-29,27-27,25-25,23-23,21-21,19-19,17-17,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30 31-31 29-29 27-27 25-25 23-23 21-21 19-19 17-17 16-16 18-18 20-20 22-22 24-24 26-26 28-28 30-30
	END
}

@test "overlapping ranges in any order, and too many, get the whole file once" {
	local value seventeen
	printf -v seventeen '%s-%s,' {0..33}
	for value in bytes=0-9,5-14 bytes=0-9,9-9 bytes=0-,0- bytes=-10,-5 bytes=0-9,0-9 bytes=10-19,0-10 \
		bytes=500-,-600 bytes=20-29,10-19,0-20 bytes=20-29,0-9,29-30 "bytes=$seventeen" \
		"bytes=0-0$(printf ',%s-' {1000..1015})"; do
		get /data.png "Range: $value"
		is_whole "$value"
	done
}

# bats test_tags=pipes
@test "ranges beyond 4 GiB" {
	data=$BATS_TEST_TMPDIR/www/data.png
	local size=6442450944 at=5368709120
	site=${data%/*}
	mkdir "$site"
	truncate -s "$size" "$data"
	printf 'five GiB' | dd of="$data" bs=1 seek="$at" conv=notrunc status=none
	printf end | dd of="$data" bs=1 seek=$((size - 3)) conv=notrunc status=none
	ask 'HEAD /data.png HTTP/1.1' 'Host: a'
	equal "$(field Content-Length)" $size
	get /data.png "Range: bytes=$at-$((at + 7))"
	equal "$http_status $(field Content-Range) $body" "206 bytes $at-$((at + 7))/$size five GiB"
	get /data.png 'Range: bytes=-3'
	equal "$(field Content-Range) $body" "bytes $((size - 3))-$((size - 1))/$size end"
	get /data.png "Range: bytes=$((size - 3))-$((size + 5))"
	equal "$(field Content-Range) $body" "bytes $((size - 3))-$((size - 1))/$size end"
	get /data.png "Range: bytes=$((at - 1))-$((at + 3)),$((size - 3))-"
	equal "$(field Content-Length)" "$(stat -c %s "$body_file")" Content-Length
	equal "$(tr -d '\0\r' <"$body_file" | grep -A 2 ^Content-Range:)" "Content-Range: bytes $((at - 1))-$((at + 3))/$size

five
--
Content-Range: bytes $((size - 3))-$((size - 1))/$size

end"
	is_unsatisfiable $size /data.png "bytes=$size-"
}

@test "If-Range: a strong tag or the exact date gets the range, anything else the whole file" {
	local status tag value
	get /data.png
	tag=$(field ETag)
	[[ $tag == \"* ]] || fail "not a strong tag: $tag"
	while read -r status value; do
		value=${value//TAG/$tag}
		get /data.png 'Range: bytes=10-19' "If-Range: ${value//DATE/$date}"
		case $status in
		206) is_part 10 19 "$value" ;;
		200) is_whole "$value" ;;
		esac
	done <<-'END'
		206 TAG
		206 DATE
		206 Sunday, 06-Nov-94 08:49:37 GMT
		206 Sun Nov  6 08:49:37 1994
		200 W/TAG
		200 "other"
		200 TAG, "other"
		200 *
		200
		200 other
		200 Sun, 06 Nov 1994 08:49:36 GMT
		200 Sun, 06 Nov 1994 08:49:38 GMT
		200 Sun, 06 Nov 2094 08:49:37 GMT
	END
	get /data.png 'Range: bytes=10-19' "If-Range: $tag" "If-Range: $tag"
	is_whole 'two lines'
	get /data.png 'Range: bytes=1000-' 'If-Range: "other"'
	is_whole 'an unsatisfiable range, which If-Range makes irrelevant'
	get /data.png 'Range: bytes=0-1,4-5' 'If-Range: "other"'
	is_whole 'several ranges'
	get /data.png "If-Range: $tag"
	is_whole 'If-Range alone'
}

# has_weak_tag: touches the file, because on a slow machine the tag may be strong by now; then whether its
# entity tag is weak.
has_weak_tag() {
	touch "$data"
	get /data.png
	[[ $(field ETag) == W/* ]]
}

@test "If-Range: a weak tag and a date of the current second get the whole file" {
	data=$BATS_TEST_TMPDIR/www/data.png
	site=${data%/*}
	mkdir "$site"
	head -c 1000 /dev/urandom >"$data"
	wait_until has_weak_tag
	get /data.png 'Range: bytes=0-9' "If-Range: $(field ETag)"
	is_whole 'a weak tag'
	touch -d '+1 hour' "$data" # Last-Modified is then the current time
	get /data.png
	get /data.png 'Range: bytes=0-9' "If-Range: $(field Last-Modified)"
	is_whole 'the current date'
}

# bats test_tags=pipes
@test "conditions are evaluated before ranges" {
	local status fields tag
	get /data.png
	tag=$(field ETag)
	while read -r status fields; do
		fields=${fields//TAG/$tag}
		get /data.png "Range: ${fields%% *}" "${fields#* }"
		equal "$http_status" "$status" "answer to $fields"
		case $status in
		206) is_part 10 19 "$fields" ;;
		416) ;;
		*) refute grep -iE '^content-range:' <<<"$head" ;;
		esac
	done <<-'END'
		206 bytes=10-19 If-Match: TAG
		412 bytes=10-19 If-Match: "other"
		412 bytes=1000- If-Match: "other"
		206 bytes=10-19 If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT
		412 bytes=10-19 If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT
		304 bytes=10-19 If-None-Match: TAG
		304 bytes=0-1,4-5 If-None-Match: W/TAG
		304 bytes=1000- If-None-Match: *
		206 bytes=10-19 If-None-Match: "other"
		416 bytes=1000- If-None-Match: "other"
		304 bytes=10-19 If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT
	END
}

# bats test_tags=pipes
@test "HEAD ignores Range" {
	local value of_get
	get /data.png
	of_get=$(grep -v ^Date: <<<"$head")
	for value in bytes=0-9 bytes=0-1,4-5 bytes=1000-; do
		ask 'HEAD /data.png HTTP/1.1' 'Host: a' "Range: $value"
		equal "$(grep -v ^Date: <<<"$head")" "$of_get" 'header of HEAD'
		equal "$(stat -c %s "$body_file")" 0 'bytes of a body'
	done
}

# bats test_tags=pipes
@test "a 206 counts as one hit for any number of parts and ends after its Content-Length; a 416 counts nothing" {
	local value
	handler_options=(--hits "$BATS_TEST_TMPDIR/hits")
	ask_raw --keep-alive 20 < <(
		for value in 0-9 0-2,4-5,10-19 1000-; do
			printf 'GET /data.png HTTP/1.1\r\nHost: a\r\nRange: bytes=%s\r\n\r\n' $value
		done
	)
	equal "$log" '/data.png | - | - | 1
/data.png | - | - | 2
/data.png | - | - | 416 Range Not Satisfiable (range-unsatisfiable)'
	tail -c +11 "$body_file" >"$BATS_TEST_TMPDIR/second"
	split_response "$BATS_TEST_TMPDIR/second"
	equal "$http_status" 206 'second answer'
	tail -c "+$(($(field Content-Length) + 1))" "$body_file" >"$BATS_TEST_TMPDIR/third"
	split_response "$BATS_TEST_TMPDIR/third"
	equal "$http_status" 416 'third answer'
}

@test "a range that has the beginning of an HTML file has the charset that the file declares" {
	local last
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	{ echo '<!DOCTYPE html><meta charset="iso-8859-1">' && seq 2000; } >"$site/page.html"
	for last in 9 1022 1023 2000 4095; do
		get /page.html "Range: bytes=0-$last"
		equal "$http_status $(field Content-Type)" '206 text/html' "bytes 0 to $last"
		equal "$(wc -c <"$body_file")" $((last + 1))
	done
}

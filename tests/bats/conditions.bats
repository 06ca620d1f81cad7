#!/usr/bin/env bats
# Conditional requests (RFC 9110 13) and validators (RFC 9110 8.8): which requests get 304 and 412, with
# which fields, and when an entity tag is strong. ranges.bats tests If-Range.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup_file() {
	make_site "$BATS_FILE_TMPDIR/www"
	export site
	touch -d @784111777 "$site/a.txt"
	interval=0.2 wait_until unchanged_for_two_seconds "$site/a.txt"
}

setup() {
	get /a.txt
	equal "$http_status $(field Last-Modified)" '200 Sun, 06 Nov 1994 08:49:37 GMT'
	tag=$(field ETag)
	[[ $tag =~ ^\"[!-~]+\"$ ]] || fail "not a strong tag: $tag"
	get /a.txt 'If-Match: "other"'
	contains "$body" '<title>412 Precondition Failed</title>'
	length_of_412=$(wc -c <"$body_file")
}

# is_answer STATUS METHOD WHAT: whether the response is the expected one for a.txt, field by field: the file
# (200), no body (304) or an error page (412).
is_answer() {
	local common=$'Date: now\nConnection: close\nX-Content-Type-Options: nosniff\n' expected length=0
	case $1 in
	200) expected="HTTP/1.1 200 OK
${common}ETag: $tag
Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
Accept-Ranges: bytes
Content-Type: text/plain; charset=utf-8
Content-Length: 7" length=7 ;;
	304) expected="HTTP/1.1 304 Not Modified
${common}ETag: $tag" ;;
	412) expected="HTTP/1.1 412 Precondition Failed
${common}Content-Type: text/html; charset=utf-8
Content-Length: $length_of_412" length=$length_of_412 ;;
	esac
	equal "$exit_status ${head/Date: *GMT$'\n'Connection:/Date: now$'\n'Connection:}" "0 $expected" "answer to $3" || return
	[[ $2 == GET ]] || length=0
	equal "$(stat -c %s "$body_file")" "$length" "bytes of the answer to $3"
}

# answers: reads rows from standard input, `STATUS FIELD | FIELD`. Requests a.txt with these fields by GET
# and by HEAD, and compares the response. In a row TAG is the entity tag of the file; SAME its date, BEFORE
# and AFTER one second from it, FUTURE a date in the future.
answers() {
	local status row fields method rows=0
	while read -r status row; do
		row=${row//TAG/$tag} row=${row//SAME/Sun, 06 Nov 1994 08:49:37 GMT}
		row=${row//BEFORE/Sun, 06 Nov 1994 08:49:36 GMT} row=${row//AFTER/Sun, 06 Nov 1994 08:49:38 GMT}
		row=${row//FUTURE/Sat, 06 Nov 2094 08:49:37 GMT}
		IFS='|' read -ra fields <<<"${row// | /|}"
		for method in ${methods:-GET HEAD}; do
			ask "$method /a.txt HTTP/1.1" 'Host: localhost' "${fields[@]}"
			is_answer "$status" "$method" "$row" || return
		done
		rows=$((rows + 1))
	done
	((rows > 0))
}

# bats test_tags=pipes
@test "conditions are evaluated in the order of RFC 9110 13.2.2" {
	answers <<-'END'
		200 If-Match: TAG
		412 If-Match: "other"
		200 If-Match: TAG | If-Unmodified-Since: BEFORE
		412 If-Match: "other" | If-Unmodified-Since: SAME
		412 If-Match: "other" | If-None-Match: TAG
		412 If-None-Match: TAG | If-Match: "other"
		304 If-Match: TAG | If-None-Match: TAG
		412 If-Match: "other" | If-Modified-Since: SAME
		304 If-Match: TAG | If-Modified-Since: SAME
		200 If-Match: TAG | If-None-Match: "other"
		200 If-Unmodified-Since: SAME
		200 If-Unmodified-Since: AFTER
		412 If-Unmodified-Since: BEFORE
		412 If-None-Match: TAG | If-Unmodified-Since: BEFORE
		304 If-Unmodified-Since: SAME | If-None-Match: TAG
		412 If-Unmodified-Since: BEFORE | If-Modified-Since: SAME
		304 If-Unmodified-Since: AFTER | If-Modified-Since: AFTER
		304 If-None-Match: TAG
		304 If-None-Match: TAG | If-Modified-Since: BEFORE
		200 If-None-Match: "other" | If-Modified-Since: AFTER
		200 If-None-Match: | If-Modified-Since: SAME
		200 If-None-Match: other | If-Modified-Since: SAME
		304 If-Modified-Since: SAME
		304 If-Modified-Since: AFTER
		200 If-Modified-Since: BEFORE
	END
}

@test "entity tags: lists, *, weak and strong comparison" {
	methods=GET answers <<-'END'
		304 If-None-Match: "a", TAG, "b"
		304 If-None-Match: ,, "a,b" ,TAG,
		304 If-None-Match: "a" | If-None-Match: TAG
		304 If-None-Match: W/TAG
		304 If-None-Match: W/"a",W/TAG
		304 If-None-Match: *
		304 if-none-match: TAG
		200 If-None-Match: w/TAG
		200 If-None-Match: TAG "b"
		200 If-None-Match: "aTAG
		200 If-None-Match: "*"
		200 If-None-Match: "a", *
		200 If-None-Match-X: TAG
		200 If-Match: "a", TAG
		200 If-Match: "a" | If-Match: TAG
		200 If-Match: *
		412 If-Match: W/TAG
		200 If-Match: W/TAG, TAG
		412 If-Match: "a", "b"
		412 If-Match:
		412 If-Match: "*"
		412 If-Match: a
	END
	tag=${tag//\"/} methods=GET
	ask 'GET /a.txt HTTP/1.1' 'Host: localhost' "If-None-Match: $tag"
	equal "$http_status" 200 'answer to a tag without quotes'
}

@test "dates in three formats are accepted; malformed, repeated and future dates are ignored" {
	methods=GET answers <<-'END'
		304 If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT
		304 If-Modified-Since: Sun Nov  6 08:49:37 1994
		200 If-Modified-Since: Sunday, 06-Nov-94 08:49:36 GMT
		200 If-Modified-Since: Sun Nov  6 08:49:36 1994
		412 If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT
		412 If-Unmodified-Since: Sun Nov  6 08:49:36 1994
		304 If-Modified-Since: Sat, 29 Feb 2020 23:59:60 GMT
		200 If-Modified-Since: Sun, 29 Feb 2021 00:00:00 GMT
		200 If-Modified-Since: FUTURE
		200 If-Unmodified-Since: FUTURE
		200 If-Modified-Since:
		200 If-Modified-Since: 784111777
		200 If-Modified-Since: Sun, 06 Nov 1994 08:49:37
		200 If-Modified-Since: Sun, 06 Nov 1994 08:49:37 CET
		200 If-Modified-Since: Sun, 06 Nov 1994 08:49:37 +0000
		200 If-Modified-Since: Sun, 6 Nov 1994 08:49:37 GMT
		200 If-Modified-Since: SAME; length=7
		200 If-Modified-Since: SAME, SAME
		200 If-Modified-Since: SAME | If-Modified-Since: SAME
		200 If-Unmodified-Since: yesterday
		200 If-Unmodified-Since: BEFORE | If-Unmodified-Since: BEFORE
	END
}

# bats test_tags=pipes
@test "304 counts as a hit and keeps the connection; 412 does neither" {
	handler_options=(--hits "$BATS_TEST_TMPDIR/hits")
	ask_raw --keep-alive 20 < <(
		printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n'
		printf 'GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-Match: "other"\r\n\r\n'
	)
	equal "$log" '/a.txt | - | - | 1
/a.txt | - | - | 412 Precondition Failed (precondition-failed)'
	equal "$http_status $(field Connection)" '304 keep-alive' 'first answer'
	equal "${body%%$'\r'*}" 'HTTP/1.1 412 Precondition Failed' 'second answer'
}

@test "conditions do not apply to responses that are not a file" {
	local status method target field
	while read -r status method target; do
		for field in 'If-Match: "a"' 'If-None-Match: *' 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT'; do
			ask "$method $target HTTP/1.1" 'Host: localhost' "$field"
			equal "$http_status" "$status" "answer to $method $target with $field"
		done
	done <<-'END'
		404 GET /nothing
		404 HEAD /.secret
		301 GET /sub
		405 POST /a.txt
		204 OPTIONS /a.txt
	END
}

# overwrite FILE TEXT: replaces the content by TEXT of the same size and keeps the modification time.
overwrite() {
	local modified size
	modified=$(stat -c %.9Y "$1") size=$(stat -c %s "$1")
	printf %s "$2" >"$1"
	touch -d "@$modified" "$1"
	equal "$(stat -c '%.9Y %s' "$1")" "$modified $size" 'time and size'
}

@test "an entity tag is weak until two seconds after a change, and no two states share a tag" {
	local file=$BATS_TEST_TMPDIR/www/file before strong young next weak=0
	site=${file%/*}
	mkdir "$site"
	echo AAAA >"$file"
	touch -d @784111777 "$file"
	interval=0.2 wait_until unchanged_for_two_seconds "$file"
	get /file
	next=$(field ETag)
	while ((weak == 0)); do # a slow machine may take two seconds before the first request
		overwrite "$file" BBBBB
		for _ in {1..500}; do
			before=$(unchanged_for_two_seconds "$file" && echo yes || true)
			get /file >/dev/null
			strong=$(field ETag)
			if [[ $strong != W/* ]]; then break; fi
			equal "$before" '' 'whether the tag is weak though the last change is old'
			young=$strong weak=$((weak + 1))
			sleep 0.02
		done
		unchanged_for_two_seconds "$file" || fail "strong tag too early: $strong"
	done
	[[ $young =~ ^W/\"w-[!-~]+\"$ ]] || fail "weak tag: $young"
	[[ $strong =~ ^\"[!-~]+\"$ && $strong != *w* ]] || fail "strong tag: $strong"
	[[ $strong != "$next" ]] || fail "same tag for other content: $strong"
	get /file "If-None-Match: $next, $young, ${young#W/}"
	equal "$http_status $body" '200 BBBBB'
	get /file "If-Match: $next"
	equal "$http_status" 412
	get /file "If-None-Match: W/$strong"
	equal "$http_status" 304
}

# statuses_of_a_young_file: changes a file, requests it with its entity tag, its date and If-Match, and
# prints the statuses.
statuses_of_a_young_file() {
	local young date field
	echo young >"$site/file"
	get /file >/dev/null
	young=$(field ETag) date=$(field Last-Modified)
	[[ $young == W/* ]] || return 0
	for field in "If-None-Match: $young" "If-Modified-Since: $date" "If-Match: $young" 'If-Match: *'; do
		get /file "$field" >/dev/null
		echo "$http_status"
	done
}

@test "recently changed file: its weak tag and its date yield 304, and If-Match with the weak tag yields 412" {
	local statuses
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	for _ in {1..10}; do
		statuses=$(statuses_of_a_young_file)
		! unchanged_for_two_seconds "$site/file" || continue # too slow: the tag may be strong by now
		equal "$statuses" $'304\n304\n412\n200'
		return
	done
	fail 'the machine was too slow each time'
}

@test "a time before the year 0000 yields no Last-Modified and no date conditions" {
	site=$(mktemp -d -p /dev/shm) # tmpfs stores any time
	echo odd >"$site/file"
	touch -d @-62167219201 "$site/file"
	modified=$(stat -c %Y "$site/file")
	get /file 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT'
	rm -r "$site"
	equal "$modified" -62167219201
	equal "$http_status $body" '200 odd'
	refute contains "$head" Last-Modified
}

@test "a modification time that reproducible builds set is not sent, and no date matches it" {
	local time date
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	# OSTree and Bazel; Nix and Guix; zip; Gradle; npm; Bazel; and before 1970.
	for time in @0 @1 1980-01-01 '1980-02-01 UTC' '1985-10-26 08:15 UTC' @946684800 @-1 '0001-01-01 UTC'; do
		echo new >"$site/file"
		touch -d "$time" "$site/file"
		date=$(LC_ALL=C date -ud "$time" '+%a, %d %b %Y %T GMT')
		get /file
		equal "$http_status $body" '200 new'
		refute contains "$head" Last-Modified
		get /file "If-Modified-Since: $date"
		equal "$http_status $body" '200 new' "answer to If-Modified-Since at $time"
		get /file "If-Modified-Since: $(LC_ALL=C date -ud "1 hour ago" '+%a, %d %b %Y %T GMT')"
		equal "$http_status $body" '200 new' "answer to a later If-Modified-Since at $time"
		get /file 'Range: bytes=1-2' "If-Range: $date"
		equal "$http_status $body" '200 new' "answer to If-Range at $time"
		get /file "If-Unmodified-Since: $(LC_ALL=C date -ud '1970-01-01 UTC - 1 day' '+%a, %d %b %Y %T GMT')"
		equal "$http_status $body" '200 new' "answer to If-Unmodified-Since at $time"
	done
	for time in '1990-01-01 UTC' @946684799 @946684801; do
		touch -d "$time" "$site/file"
		date=$(LC_ALL=C date -ud "$time" '+%a, %d %b %Y %T GMT')
		get /file "If-Modified-Since: $date"
		equal "$http_status" 304 "answer to If-Modified-Since at $time"
	done
}

@test "extreme times yield a valid Last-Modified that is not in the future, and different tags" {
	local time modified now date tag tags=()
	site=$BATS_TEST_TMPDIR/www
	mkdir "$site"
	echo odd >"$site/file"
	for time in @-1 @-0.5 @-2147483648 @0 @1 1900-01-01 '0001-01-01 UTC' '1995-01-01 UTC' '+1 hour' 2199-01-01 9999-12-31 \
		@253402300800 @67768036191676799; do
		touch -d "$time" "$site/file"
		modified=$(stat -c %Y "$site/file") now=$EPOCHSECONDS # as the file system stored it
		get /file
		date=$(field Last-Modified)
		equal "$http_status $body" '200 odd'
		((modified < 631152000)) || [[ $date =~ ^[A-Z][a-z]{2},\ [0-9]{2}\ [A-Z][a-z]{2}\ [0-9]{4}\ [0-9]{2}:[0-9]{2}:[0-9]{2}\ GMT$ ]] ||
			fail "Last-Modified at $time: $date"
		if ((modified > now)); then
			equal "$date" "$(field Date)" "Last-Modified at $time, in the future"
		elif ((modified < 631152000)); then
			equal "$date" '' "Last-Modified at $time"
		else
			equal "$date" "$(LC_ALL=C date -ud "@$modified" '+%a, %d %b %Y %T GMT')" "Last-Modified at $time"
			get /file "If-Modified-Since: $date"
			equal "$http_status" 304 "answer to a modification at $time"
		fi
		tag=$(field ETag) tag=${tag#W/\"w-} tag=${tag//\"/}
		tags+=("$tag")
		get /file "If-None-Match: W/\"w-$tag\", \"$tag\"" # the tag may be strong by now
		equal "$http_status" 304 "answer to the tag at $time"
	done
	equal "$(printf '%s\n' "${tags[@]}" | sort -u | wc -l)" "${#tags[@]}" 'number of different tags'
}

@test "a 304 leaves out fields of the owner that describe the content" {
	handler_options=(--header 'Content-Language: en' --header 'X-Other: a')
	get /a.txt
	equal "$(field Content-Language) $(field X-Other)" 'en a'
	get /a.txt "If-None-Match: $tag"
	equal "$http_status $(field Content-Language) $(field X-Other)" '304  a'
}

#!/usr/bin/env bats
# Each system call of a handler fails, in each way that its manual lists: system_calls/handler. The response is right, or
# an error, or visibly incomplete; the counter file is valid and has all earlier hits; the log says what was lost.
# bats file_tags=once,slow

# shellcheck disable=SC2030,SC2031,SC2034,SC2119,SC2120,SC2154,SC2317 # tests run in subshells; system_calls.bash
load helpers
load counter
load system_calls

setup_file() {
	build_tools hits_dump inject on_pipes on_socket receive_datagrams
	make_sites "$BATS_FILE_TMPDIR"
}

# make_sites DIRECTORY: makes the roots that the tests serve; sub-directories of DIRECTORY. The table knows the names.
make_sites() {
	cd "$1" || return
	mkdir -p www/folder/sub rules/folder hosts/{a.example,default}
	echo Hello. >www/page.txt
	seq 8000 >www/page_long.txt
	seq 170000 >www/page_huge.txt
	{ echo '<!DOCTYPE html><meta charset="iso-8859-1"><title>Home</title>' && seq 8000; } >www/page.html
	echo '<!DOCTYPE html><title>Index</title>' >www/index.html
	mkdir www/linked
	echo target >www/link_target.txt
	echo entry >www/linked/link_entry.txt
	ln -s link_target.txt www/link.txt
	ln -s linked www/link_folder
	ln -s link_entry.txt www/linked/link_second.txt
	printf 'no extension' >www/untyped
	cp www/page_long.txt www/page_long.txt.gz # bash compares it: text without NUL bytes
	echo 1 >www/folder/entry.txt
	echo 2 >www/folder/entry_2.txt
	ln -s entry.txt www/folder/entry_link.txt
	echo '# Read me' >www/folder/README.md
	echo Hello. >rules/page.txt
	echo '<!DOCTYPE html><title>Missing</title>' >rules/404.html
	echo '/old /page.txt 302' >rules/_redirects
	printf '/*\n  X-Rule: yes\n' >rules/_headers
	echo a >hosts/a.example/page.txt
	echo default >hosts/default/page.txt
	find . -exec touch -h -d @784111777 {} +
	interval=0.2 wait_until unchanged_for_two_seconds hosts/default/page.txt
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	ln -s "$BATS_FILE_TMPDIR"/{www,rules,hosts} .
	table=$BATS_TEST_DIRNAME/system_calls/handler
	transport=("$tools/on_socket") standing_faults=() is_head=
	options=(--root www --hits hits --log stderr --header-timeout 2 --send-timeout 2)
}

teardown() {
	[[ -z ${journal_process-} ]] || kill "$journal_process"
}

# request LINE...: what the client sends: these lines, each with CRLF, and an empty line. Appends to an earlier request.
request() {
	printf '%s\r\n' "$@" '' >>request
}

# get TARGET [FIELD...]
get() {
	request "GET $1 HTTP/1.1" 'Host: localhost' "${@:2}"
}

run_case() {
	case_status=0
	before_case
	"${transport[@]}" "$tools/inject" record "${standing_faults[@]}" "$@" -- "$MAYFLY" "${options[@]}" <request >response 2>log || case_status=$?
}

# What a test may do before each case.
before_case() {
	:
}

begin_sweep() {
	run_case
	read_counts
	read_log # waits for the journal
	expected_responses=() expected_log='' expected_hits=0
	hits_before=$hits_now
	run_case
	read_counts
	read_responses
	read_log
	expected_responses=("${responses[@]}")
	expected_log=$log
	expected_hits=$((hits_now - hits_before)) hits_before=$hits_now
	((case_status == 0)) || fail "exit status $case_status"
}

# read_counts: sets hits_now to the sum of all counts; fails if a file is invalid, or a count is smaller than before.
read_counts() {
	local file count path
	hits_now=0 counts_error=
	for file in hits robots; do
		[[ -s $file ]] || continue
		"$tools/hits_dump" "$file" >dump 2>&1 || counts_error="$file: $(<dump)"
		while IFS=$'\t' read -r count path; do
			((count >= ${known_counts[$file$path]-0})) || counts_error="$file: $path has lost hits"
			known_counts[$file$path]=$count
			hits_now=$((hits_now + count))
		done <dump
	done
}

declare -gA known_counts=()

# read_responses: sets the array `responses` from the file `response`; what differs between two runs is made equal. An
# incomplete response ends with CUT.
read_responses() {
	local LC_ALL=C text head length boundary length_field=$'\r\n'"Content-Length: ([0-9]+)" date_field=$'\r\n'"(Date:[^"$'\r'"]*)"
	read_text response
	responses=()
	while [[ -n $text ]]; do
		head=${text%%$'\r\n\r\n'*}
		if [[ $head == "$text" ]]; then
			responses+=("$text"CUT)
			return
		fi
		text=${text:${#head}+4}
		length=0
		[[ ! $head =~ $length_field ]] || length=${BASH_REMATCH[1]}
		[[ ! $head =~ $date_field ]] || head=${head/"${BASH_REMATCH[1]}"/Date: now}
		if [[ $head =~ boundary=([a-z]+) ]]; then
			boundary=${BASH_REMATCH[1]}
			head=${head//"$boundary"/boundary} text=${text//"$boundary"/bbbbbbbbbbbbbbbbbbbbbbbb}
		fi
		[[ $head != 'HTTP/1.1 304'* && $head != 'HTTP/1.1 204'* && -z $is_head ]] || length=0
		((length <= ${#text})) || head+=CUT
		responses+=("$head"$'\r\n\r\n'"${text:0:length}")
		text=${text:length}
	done
}

# read_case_log: sets `text` to what was logged.
read_case_log() {
	read_text log
}

# read_log: sets `log` to the same, without what differs between two runs.
read_log() {
	local LC_ALL=C text line
	read_case_log
	log=
	[[ -n $text ]] || return 0
	while IFS= read -r line; do
		[[ ! $line =~ ^(.*)\ \|\ 127\.0\.0\.1\ \|\ [0-9]+\ \|\ (.*)$ ]] || line="${BASH_REMATCH[1]} | ${BASH_REMATCH[2]}"
		[[ ! $line =~ ^(.*)\|\ [0-9]+(| \([a-z0-9:-]+\))$ ]] || line="${BASH_REMATCH[1]}| N${BASH_REMATCH[2]}"
		log+=$line$'\n'
	done <<<"${text%$'\n'}"
}

# outcome_of_case: sets `outcome` to one of:
#
#   same        response, count and log are as without the fault
#   noted       the same, and the log has more
#   uncounted   the response is the same, the hit is lost, and the log says why
#   unlogged    the response and the count are the same, and less is logged
#   misnamed    the same, and the log names the client or the counter differently
#   STATUS      another complete response, and the log says why
#   changed     the response has the same status but is different, and the log says why
#   cut         the response is incomplete, which the client notices; the log says why
#   none        no response; the log says why
#   exit-N      the same with this exit status
#
# -silently is appended if the log does not say why. An error response without the fault has a line in the log anyway;
# if it is changed, cut or missing, error- is put in front instead.
outcome_of_case() {
	read_responses
	read_log
	read_counts
	local counted=$((hits_now - hits_before)) logs expected
	hits_before=$hits_now
	compare_logs
	compare_responses
	if [[ -n $counts_error ]]; then
		outcome="counts: $counts_error"
	elif ((counted < 0 || counted > expected_hits)); then
		outcome="counted $counted"
	elif [[ $outcome == same ]]; then
		outcome_of_same_response
	elif [[ $outcome == @(changed|cut|none) && $expected == HTTP/1.1\ [45]* ]]; then
		outcome=error-$outcome
	elif [[ $logs != more ]]; then
		outcome+=-silently
	fi
	case $case_status in
	0) ;;
	102 | 111)
		[[ $outcome != *none* ]] || outcome=${outcome/*none/exit-$case_status}
		[[ $outcome == @(503?(-silently)|exit-*) ]] || outcome="exit status $case_status"
		;;
	*) outcome="exit status $case_status" ;;
	esac
}

outcome_of_same_response() {
	if ((counted < expected_hits)); then
		outcome=uncounted
		[[ $log == *' (hits-'* ]] || outcome+=-silently
	else
		case $logs in
		same) outcome=same ;;
		more) outcome=noted ;;
		less) outcome=unlogged ;;
		differently) outcome=misnamed ;;
		esac
	fi
}

# compare_logs: sets `logs` to same; more, if the log has a line with a reason or an error message that it does not have
# without the fault; differently, if other lines differ; or less, if lines are missing.
compare_logs() {
	local line reason='^mayfly: .| \([a-z0-9:-]+\)$'
	logs=same
	[[ $log != "$expected_log" ]] || return 0
	logs=less
	[[ ${log//[!$'\n']/} != "${expected_log//[!$'\n']/}" ]] || logs=differently
	while IFS= read -r line; do
		if [[ $line =~ $reason && $'\n'$expected_log != *$'\n'"$line"$'\n'* ]]; then logs='more'; fi
	done <<<"$log"
}

# compare_responses: sets `outcome` to that of the first response that differs.
compare_responses() {
	local i got
	outcome=same
	((${#responses[@]} <= ${#expected_responses[@]})) || outcome='more responses'
	for i in "${!expected_responses[@]}"; do
		got=${responses[i]-} expected=${expected_responses[i]}
		[[ $got != "$expected" ]] || continue
		if [[ -z $got ]]; then
			outcome=none
		elif [[ $got == *CUT || $got == *$'CUT\r\n\r\n'* ]]; then
			outcome='other bytes'
			if is_beginning; then outcome='cut'; fi
		else
			outcome=malformed
			[[ ! $got =~ ^HTTP/1\.1\ ([0-9]+)\  ]] || outcome=${BASH_REMATCH[1]}
			[[ $expected != "HTTP/1.1 $outcome "* ]] || outcome=changed
		fi
		return
	done
}

# is_beginning: whether the incomplete response `got` is the beginning of `expected`. If its head is
# incomplete, only as far as the date.
is_beginning() {
	local head=${got%CUT}
	[[ $got == *$'CUT\r\n\r\n'* ]] && head=${got/$'CUT\r\n\r\n'/$'\r\n\r\n'}
	[[ $expected == "$head"* ]] && return
	[[ $head == *Date:* && $head != *$'\r\n\r\n'* ]] && head=${head%%Date:*}
	[[ $expected == "$head"* ]]
}

# is_clean OUTCOME: whether this may happen after two faults. The second may be one of the log, or cut a response that the
# first has changed.
is_clean() {
	[[ $1 =~ ^(same|other bytes|noted|uncounted|unlogged|misnamed|[345][0-9][0-9]|changed|cut|none|error-.*|exit-.*)(-silently)?$ ]]
}

show_case() {
	printf '    exit status %s, response: %s, log: %s\n' "$case_status" "$(head -c 60 response | head -n 1)" "$(head -c 300 log)"
}


@test "GET of a file" {
	get /page.txt
	sweep
}

# counts_from_here: makes each case begin with the present counter file.
counts_from_here() {
	cp --sparse=always hits before
	read_counts
	initial_hits=$hits_now
	before_case() {
		cp --sparse=always before hits
		known_counts=() hits_before=$initial_hits
	}
}

@test "a resource's first hit" {
	get /index.html
	run_case
	counts_from_here
	rm request
	get /page.txt
	sweep '* hits'
}

@test "the first hit of all" {
	before_case() {
		rm -f hits
		known_counts=() hits_before=0
	}
	get /page.txt
	sweep '* hits'
}

@test "a hit that waits for the lock" {
	standing_faults=(flock:1:EAGAIN)
	get /page.txt
	sweep '@(flock|setitimer|rt_*) *'
}

@test "GET of a long file" {
	get /page_long.txt
	sweep '* @(stdout|page*.txt)'
}

@test "GET of a file of more than 1 MiB" {
	get /page_huge.txt
	sweep 'setsockopt *'
}

@test "GET of a long HTML file" {
	get /page.html
	sweep '@(fstat|pread64|send*|ioctl) @(stdout|page.html)'
}

@test "GET of a precompressed file" {
	get /page_long.txt 'Accept-Encoding: gzip'
	sweep '* page*'
}

@test "GET of a file whose type is in its bytes" {
	get /untyped
	sweep 'pread64 *'
}

@test "GET with standard error closed" {
	transport=(sh -c 'exec "$@" 2>&-' - "$tools/on_socket")
	get /page.txt
	sweep 'open* null'
}

@test "GET of an index file" {
	get /
	sweep '* @(index*|.)'
}

@test "GET through links" {
	get /link.txt
	get /link_folder/link_second.txt
	options+=(--keep-alive 5)
	sweep '@(open*|fstat|read*|pread64) link*'
}

@test "304" {
	get /page.txt 'If-Modified-Since: Mon, 12 Jan 2026 00:00:00 GMT'
	sweep '@(openat2|fstat|flock|pwrite64|sendto) @(page.txt|_headers|hits|stdout)'
}

@test "a range" {
	get /page_long.txt 'Range: bytes=100-50000'
	sweep '@(pread64|send*|ioctl) @(stdout|page_long.txt)'
}

@test "several ranges" {
	get /page.html 'Range: bytes=0-9,20-29,5000-50000'
	sweep '@(getrandom|pread64|sendfile|sendto) *'
}

@test "404" {
	get /missing
	# Rules that cannot be read are logged only if the request has no reason code itself.
	sweep '@(openat2|close) !(_headers)'
}

@test "404 with a page of the site, and rules" {
	options+=(--root rules)
	get /missing
	sweep '@(openat2|fstat|read|pread64|close) @(_*|404.html|missing)'
}

@test "a redirect by a rule, and fields by rules" {
	options+=(--root rules --keep-alive 5)
	get /old
	get /page.txt
	sweep '@(openat2|fstat|read|close) @(_*|page.txt|old)'
}

@test "a listing with hits" {
	get /folder/entry.txt
	run_case
	counts_from_here
	rm request
	options+=(--list-hits)
	get /folder/
	sweep '@(getdents64|openat*|fstat|read*|pread64|close|flock) !(std*|_headers)'
}

@test "a redirect to a directory, and a name without extension" {
	options+=(--extension txt --keep-alive 5)
	get /folder
	get /page
	sweep '@(openat2|fstat|close) !(std*|*.@(gz|zst|br))'
}

@test "POST, refused, and its body drained" {
	request 'POST /page.txt HTTP/1.1' 'Host: a' 'Content-Length: 10'
	printf '0123456789' >>request
	sweep '@(recvfrom|shutdown|sendto) *'
}

@test "HEAD" {
	is_head=yes
	request 'HEAD /page.txt HTTP/1.1' 'Host: a'
	sweep '@(openat2|sendto) @(page.txt|stdout)'
}

@test "OPTIONS" {
	request 'OPTIONS * HTTP/1.1' 'Host: a'
	sweep '@(openat2|sendto) *'
}

@test "two requests on one connection" {
	options+=(--keep-alive 5)
	get /page.txt
	get /page_long.txt
	sweep '@(recvfrom|send*|close|flock|openat2|write) !(*.@(gz|zst|br))'
}

@test "hosts" {
	options+=(--root hosts --vhosts --keep-alive 5)
	request 'GET /page.txt HTTP/1.1' 'Host: a.example'
	request 'GET /page.txt HTTP/1.1' 'Host: unknown.example'
	sweep '@(openat2|fstat|close) !(std*|*.@(gz|zst|br))'
}

@test "robots" {
	echo Shopper >robots_list
	options+=(--robots robots --robots-list robots_list)
	get /page.txt 'User-Agent: Shopper/2.1'
	sweep '* @(robots*|hits)'
}

@test "a counter that is shown" {
	get /page.txt
	run_case
	rm request
	options+=(--counter-path /hits)
	get /hits/page.txt.svg
	# The other calls are those of other responses, and are not logged here.
	sweep '@(openat2|fstat|pread64|flock|close) @(page.txt|hits)'
}

@test "a health check" {
	options+=(--health-path /health)
	get /health
	sweep '@(openat*|fstat|pread64|sendto|close) @(.|hits|www|stdout)'
}

@test "a PROXY header" {
	options+=(--proxy-protocol --proxy-from 127.0.0.1)
	printf 'PROXY TCP4 192.0.2.7 192.0.2.1 51034 80\r\n' >request
	get /page.txt
	sweep '@(getpeername|recvfrom|sendto) std*'
}

@test "pipes, as behind a TLS wrapper" {
	transport+=("$tools/on_pipes")
	export REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034
	options+=(--keep-alive 5)
	get /page.txt
	get /page_long.txt
	sweep '@(read|write|poll|ioctl|pread64|getpeername) @(std*|page*)'
}

# log_to_journal: makes the handler log to a process in place of journald, in a mount namespace with a separate /run. The
# process writes the datagrams to the file `journal`. The mark that logger sends after each case shows that
# the case's datagrams are there.
log_to_journal() {
	needs_mounts
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount sh -c 'umask 0 && mount -t tmpfs own /run && mkdir -p /run/systemd/journal &&
		exec "$tools/receive_datagrams" /run/systemd/journal/socket 100000 >>journal' 3>&- &
	journal_process=$!
	journal_socket=/proc/$journal_process/root/run/systemd/journal/socket
	wait_until test -S "$journal_socket"
	transport=(nsenter --mount --target "$journal_process" --wd="$PWD" "$tools/on_socket")
	options+=(--log journal)
	before_case() {
		: >journal
	}
	read_case_log() {
		local lines line
		logger --socket "$journal_socket" mark
		wait_until has_mark
		mapfile -t lines <journal
		read_text log
		for line in "${lines[@]}"; do
			[[ $line != MESSAGE=*' | '* ]] || text+=${line#MESSAGE=}$'\n'
			[[ $line != MESSAGE=* || $line == *' | '* ]] || text+="mayfly: ${line#MESSAGE=}"$'\n'
		done
	}
}

has_mark() {
	local text
	read_text journal
	[[ $text == *': mark'* ]]
}

# bats test_tags=root
@test "the journal" {
	log_to_journal
	get /page.txt
	sweep '* @(socket|1)'
}

# bats test_tags=root
@test "a download that is cut, in the journal" {
	log_to_journal
	get /page_long.txt
	sweep 'sendfile *'
}

# A handler that counts branches has no sandbox, and is no longer observed when it exits.
# bats test_tags=root,uncounted
@test "every line of the table was used" {
	needs_mounts # as the test of the journal
	all_rows_are_used
}

@test "the table has every system call that the sandbox allows" {
	local name names
	read_table "$table"
	# restart_syscall and rt_sigreturn are the kernel's; clock_gettime is in the vDSO; ppoll is glibc's poll.
	names=$(sed -nE 's/^    (OPENAT2\(.*|\{"([a-z0-9_]+)".*)$/\2/p' "$BATS_TEST_DIRNAME/../../src/seccomp/filter.c" | sort -u |
		grep -vE '^(|restart_syscall|rt_sigreturn|clock_gettime|ppoll)$')
	(($(wc -l <<<"$names") > 20))
	for name in $names; do
		printf '%s\n' "${rows[@]}" | grep -q "^$name " || fail "$name"
	done
}

# System calls of mayflyctl's commands that ask systemd and the journal fail: of check, status, sites, report, log and https
# (not of `sites add`, `sites remove` and `https install`). The table system_calls/ctl lists calls, errors and what may
# happen: the command prints what it prints without the fault, or says what it could not find out; nothing that it reports is
# wrong, and no file or process is left.
#
# Only a part is tried: of the first three calls of each name on each object one fault in `stride`, and of each line of the
# table at least one. FAULTS=all tries all faults of these three calls, but no pairs. tests/bats/system_calls_ctl.bats does
# the same for commands that read or write counts. Tried on Debian 12 only: what a command does after an error does not depend
# on the Debian release.
# bats file_tags=once,slow,any-debian

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317 # tests run in subshells; system_calls.bash
load container
load https
load ../bats/ctl_hits
load ../bats/system_calls

setup_file() {
	build_tools inject
	start_https_machine
	cd "$BATS_FILE_TMPDIR" || return
	install -m 755 "$tools/inject" "/proc/$MACHINE/root/opt/inject"
	make_certificate site.test DNS:site.test,DNS:www.site.test
	write /root/site.key <site.test.key
	write /root/site.crt <site.test.crt
	write /usr/local/share/ca-certificates/site.crt <site.test.crt
	inside /usr/local/share/mayfly/https install /root/site.key /root/site.crt
	inside update-ca-certificates >/dev/null 2>&1
	printf '%s\n' '127.0.0.1 localhost site.test www.site.test' | write /etc/hosts
	inside systemctl enable --quiet --now mayfly.socket mayfly-https.socket mayfly-http.socket
	echo Blog | write /srv/blog/index.html
	inside /usr/local/bin/mayflyctl sites add blog --root /srv/blog --listen 8083
	visit / --output /dev/null
	visit /missing.html --output /dev/null
	nearby curl -sS --output /dev/null http://127.0.0.1:8083/
	nearby curl -sS --output /dev/null http://127.0.0.1:8083/missing.html
	all_is_logged
	python3 -c 'import errno, os
for number, name in errno.errorcode.items(): print(name, os.strerror(number))' >errors
	# What takes long, and is no part of mayflyctl.
	printf '#!/bin/sh\n' | write /usr/bin/systemd-analyze
	printf '#!/bin/sh\n' | write /usr/local/share/mayfly/https
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	table=$BATS_TEST_DIRNAME/system_calls/ctl
	expected_status=0 status_may_be_zero=0 stride=150 same_max=3 pair_distance=0 page=
	declare -gA error_texts=()
	local name text
	while read -r name text; do
		error_texts[$name]=$text
	done <"$BATS_FILE_TMPDIR/errors"
}

teardown() {
	inside rm -f /etc/default/mayfly /etc/default/mayfly-blog
}

run_case() {
	local fault=${1-}
	fault=${fault##*:}
	fault_text=${error_texts[${fault:-none}]-$'\n'} # no line contains that
	case_status=0
	[[ -z $page ]] || echo old >"/proc/$MACHINE/root$page"
	inside /opt/inject /tmp/calls "$@" -- /usr/local/bin/mayflyctl "${command[@]}" >out 2>err </dev/null || case_status=$?
	cp "/proc/$MACHINE/root/tmp/calls" record
	[[ -z $page ]] || read_page
}

# read_page: adds the page that the command wrote to its output. An error may leave the old page, which counts as none.
read_page() {
	read_text "/proc/$MACHINE/root$page"
	[[ $case_status != 1 || $text != $'old\n' ]] || return 0
	[[ $text == *$'</html>\n' ]] || echo "incomplete page of ${#text} characters" >>out
	printf '%s' "$text" >>out
}

begin_sweep() {
	run_case
	equal "$case_status" "$expected_status" 'exit status' || fail "$(<err)" || return
	read_lines
	expected_lines=("${lines[@]}")
	read_text err
	expected_err=$text
	read_state
	expected_state=$state
}

# read_state: sets `state` to what a command could leave: files of these names, and processes after five seconds.
read_state() {
	local patience=5
	state=$(inside find /etc/systemd/system /etc/mayfly-tls /run/report /tmp -name '*mayfly*' ! -name 'systemd-private*' -o -path '/run/report/*' 2>/dev/null | sort)
	wait_until no_process_is_left >/dev/null || state+=$'\n'$processes
}

# no_process_is_left: whether no process of mayflyctl, or of what it runs, is in the machine. (Clients start the handlers.)
# Sets `processes` to the names of all.
no_process_is_left() {
	processes=$(pgrep --ns "$MACHINE" --nslist pid -l . | cut -d ' ' -f 2)
	[[ $'\n'$processes$'\n' == *$'\nsystemd\n'* && ! $'\n'$processes$'\n' =~ $'\n'(mayflyctl|openssl|nft|systemctl|systemd-analyze|inject)$'\n' ]]
}

# read_lines: sets `lines` to the lines of the output, without what differs between two runs.
read_lines() {
	mapfile -t lines < <(normal_lines <out)
}

normal_lines() {
	cat
}

# A line that says that something is not known. (Any error may make another one: then its text is there.)
unknown_lines=': (cannot|information is missing)|not checked|cannot (act|be|find user|open|query|read|reach|run)|did not answer|not known|out of memory'

# A line that says that a counter file has a fault, or is locked.
damaged_lines='the counter file .* has [0-9]+ faults?|damaged|locked by'

# has_line LINE LINE...: whether the first is among the others.
has_line() {
	local line
	for line in "${@:2}"; do
		[[ $line != "$1" ]] || return 0
	done
	return 1
}

# outcome_of_case: sets `outcome` to one of:
#
#   same     exit status and output are as without the fault
#   noted    the same, and standard error has more
#   unknown  lines are missing or changed, and the output or standard error says what could not be found out
#   damaged  the same as `unknown`, but only because a counter file is reported to be damaged or locked
#   failed   an error, and no output
#   cut      only a part of the output, and an error that it could not be written
#   other    another problem is reported, which the error may mean
#
# and appends
#
#   -silently  if lines are missing or changed and nothing says why, or the exit status does not
#   -lost      if lines are missing that is_excused does not excuse
#   -wrong     if there is a line that is not right
#   -left      if a file or a process is left
outcome_of_case() {
	local line text says=0 damaged=0
	read_lines
	read_text err
	missing=() wrong_lines=() unknown=()
	[[ $text != *mayflyctl:\ ?* ]] || says=1
	for line in "${expected_lines[@]}"; do
		has_line "$line" "${lines[@]}" || missing+=("$line")
	done
	for line in "${lines[@]}"; do
		! has_line "$line" "${expected_lines[@]}" || continue
		if [[ $line =~ $unknown_lines || $line == *$'\t?' || $line == *"$fault_text"* ]]; then
			says=$((says + 1))
			unknown+=("$line")
		elif [[ $line =~ $damaged_lines ]]; then
			damaged=$((damaged + 1))
			unknown+=("$line")
		else
			wrong_lines+=("$line")
		fi
	done
	if ((${#missing[@]} + ${#wrong_lines[@]} + ${#unknown[@]} == 0 && ${#lines[@]} == ${#expected_lines[@]} && case_status == expected_status)); then
		outcome=same
		[[ $text == "$expected_err" ]] || outcome=noted
	elif ((${#lines[@]} == 0 && says && case_status == 1)); then
		outcome=failed
	elif [[ $case_status == 1 && $text == *'cannot write to standard output'* ]] &&
		{ ((${#wrong_lines[@]} + ${#unknown[@]} == 0)) || [[ "${expected_lines[*]}" == "${lines[*]}"* ]]; }; then
		outcome='cut'
	elif ((${#wrong_lines[@]} > 0 && ${#missing[@]} == 0 && says + damaged == 0 && case_status == (expected_status > 1 ? expected_status : 1))); then
		outcome=other
	else
		outcome=unknown
		((says > 0 || damaged == 0)) || outcome=damaged
		{ ((says + damaged > 0)) && is_told_by_status; } || outcome+=-silently
		is_excused $((says + damaged)) || outcome+=-lost
		((${#wrong_lines[@]} == 0)) || outcome+=-wrong
	fi
	((case_status <= 3)) || outcome="exit status $case_status"
	read_state
	[[ $state == "$expected_state" ]] || outcome+=-left
}

# is_told_by_status: whether the exit status is not as if all were known. That of check is 3, or says how severe its lines are.
is_told_by_status() {
	local status=1
	if [[ ${command[0]} != check ]]; then
		((case_status != expected_status || status_may_be_zero))
		return
	fi
	! has_line_of CRITICAL "${lines[@]}" || status=2
	((case_status == 3 || case_status == status))
}

# is_excused COUNT: whether so many lines that say what is not known may explain that the lines of `missing` are not
# there: up to three each, all of the root directory if it is not checked, and none of critical severity. If check exits
# with 3, it has no answer from systemd.
is_excused() {
	local line count=0
	((case_status != 3)) || return 0
	for line in "${missing[@]}"; do
		[[ $line != CRITICAL* ]] || return
		[[ $line == *' /srv/mayfly/'* && "${unknown[*]}" == *'root directory'* ]] || count=$((count + 1))
	done
	((count <= 3 * $1))
}

# has_line_of BEGINNING LINE...
has_line_of() {
	local line
	for line in "${@:2}"; do
		[[ $line != "$1"* ]] || return 0
	done
	return 1
}

show_case() {
	printf '    exit status %s, error: %s\n' "$case_status" "$(head -c 300 err)"
	diff <(printf '%s\n' "${expected_lines[@]}") <(printf '%s\n' "${lines[@]}") | sed 's/^/    /' | head -n 8
}

@test "check" {
	command=(check --quiet)
	sweep
}

@test "status" {
	command=(status)
	status_may_be_zero=1 # problems of a site are in the output
	# A second line about the same thing, for example that parts of the counter file are damaged, is joined to the first.
	normal_lines() { sed -z 's/\n               /; /g' | sed -E '/^(Connections|Memory|Processes|Tasks)/s/[0-9.]+/N/g'; }
	sweep
}

@test "sites" {
	command=(sites --format tsv)
	status_may_be_zero=1 # the count is a question mark
	sweep
}

# Of JSON, a line for each value. Without the hits of a damaged file: those are not all.
values() {
	jq -r 'del(.hits.file) | if (.hits.damaged // 0) > 0 then .hits |= {damaged} else . end | paths(scalars) as $path | "\($path | map(tostring) | join(".")): \(getpath($path))"'
}

# Sets `command` to a report in JSON, and how its output is compared.
use_report() {
	command=(report --json --since "$(date -d 'yesterday 00:00' '+%F %T')" --until "$(date -d 'tomorrow 00:00' '+%F %T')")
	status_may_be_zero=1 # the page says what could not be read
	normal_lines() { values; }
	# Without a counter file or the journal, all values of `hits` or of `requests` are missing.
	is_excused() {
		local line
		for line in "${missing[@]}"; do
			has_line_of "${line%%.*}." "${unknown[@]}" || return
		done
	}
}

@test "report" {
	use_report
	sweep
}

@test "report --output" {
	inside mkdir -p /run/report
	page=/run/report/page
	command=(report --since "$(date -d 'yesterday 00:00' '+%F %T')" --until "$(date -d 'tomorrow 00:00' '+%F %T')" --output "$page")
	status_may_be_zero=1 # the page says what could not be read
	stride=4
	sweep '@(openat|newfstatat|dup2|write|fsync|renameat|getrandom|close) @(page*|report|stdout|-|run)'
}

@test "log" {
	command=(log)
	sweep
}

@test "https" {
	command=(https site.test www.site.test)
	# An error ends the steps.
	is_excused() { [[ $case_status == 1 && "${expected_lines[*]}" == "${lines[*]}"* ]]; }
	run_case # the first time, systemctl reports links that it creates
	sweep
}

@test "a user that cannot be looked up is not reported as missing" {
	command=(check --quiet)
	expect '@(same|unknown)' openat passwd EMFILE
	command=(log --user nobody)
	same_max=1
	expect 'exit status 100' openat passwd EMFILE
	contains "$(<err)" 'Too many open files'
}

@test "check ends if it cannot act as root again" {
	command=(check --quiet)
	expect unknown setresuid 0 EPERM
	equal "$case_status" 3 'exit status'
	contains "$(<err)" 'mayflyctl: cannot act as root again: Operation not permitted'
}

@test "check goes on if it cannot act as the handler's user" {
	command=(check --quiet)
	same_max=1
	expect unknown setgroups '*' EPERM
	contains "$(<out)" 'not checked: cannot act as user mayfly: Operation not permitted'
}

@test "check reports that a program cannot be run" {
	command=(check --quiet)
	same_max=20
	normal_lines() { tee -a all; }
	expect unknown '@(clone|clone3|fork|vfork)' - EAGAIN
	contains "$(<all)" 'cannot run openssl'
	contains "$(<all)" 'systemd-analyze could not be run'
}

@test "sites shows no count of a file that cannot be read" {
	command=(sites --format tsv) status_may_be_zero=1
	same_max=20
	expect '@(same|unknown)' pread64 hits EIO
}

@test "report says that a counter file cannot be read completely, each time that it is read" {
	use_report
	same_max=8
	expect '@(same|unknown|damaged)' pread64 hits EIO
}

@test "log and status do not take a journal that cannot be opened for an empty one" {
	command=(log)
	expect failed openat system.journal ENFILE
	contains "$(<err)" 'mayflyctl: cannot read the journal: its files cannot be opened'
	command=(status) status_may_be_zero=1
	expect unknown openat system.journal ENFILE
}

@test "hits --output leaves no file if memory runs out" {
	local number failed=0
	inside mkdir -p /run/report
	# Much memory is allocated to read these.
	printf '#%60000s\n' '' | write /etc/default/mayfly
	inside cp /etc/default/mayfly /etc/default/mayfly-blog
	command=(hits --output /run/report/hits)
	run_case
	equal "$case_status" 0 'exit status without a fault'
	read_state
	expected_state=$state
	for number in {1..8}; do
		run_case "brk:$number+:0" mmap:1+:ENOMEM # 0: the break is not moved
		read_state
		equal "$state" "$expected_state" "files after $number, exit status $case_status: $(<err)"
		((case_status == 0)) || { equal "$case_status" 1 && contains "$(<err)" 'mayflyctl: ' && failed=$((failed + 1)); }
	done
	((failed > 0))
}

@test "check, of sites with problems" {
	expected_status=2
	inside sh -c 'cd /srv/mayfly && ln -s nowhere dangling && ln -s . loop && chmod 600 style.css && echo /old >_redirects &&
		echo MAYFLY_OPTION=--verbose >/etc/default/mayfly && chown root /var/lib/mayfly-blog/* && systemctl stop mayfly-site-blog.socket &&
		systemctl enable --quiet mayfly-busy.socket'
	damage_byte "$((records + 20))" "/proc/$MACHINE/root/var/lib/mayfly/hits"
	command=(check --quiet)
	sweep
}

# bats test_tags=uncounted
@test "every line of the table was used" {
	all_rows_are_used
}

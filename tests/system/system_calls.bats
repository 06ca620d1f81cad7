# Each system call of the commands of mayflyctl that ask systemd and the journal fails, in each way that its manual
# lists: the table system_calls/ctl. The command then prints what it prints without the fault, or says what it could not
# find out; nothing that it reports is wrong, and no file or process is left. tests/bats/system_calls_ctl.bats does
# the same for commands that read or write counts.
# bats file_tags=once,slow

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
	expected_status=0 status_may_be_zero=0 stride=97 same_max=3 pair_distance=0
	declare -gA error_texts=()
	local name text
	while read -r name text; do
		error_texts[$name]=$text
	done <"$BATS_FILE_TMPDIR/errors"
}

run_case() {
	local fault=${1-}
	fault=${fault##*:}
	fault_text=${error_texts[${fault:-none}]-nothing}
	case_status=0
	inside /opt/inject /tmp/calls "$@" -- /usr/local/bin/mayflyctl "${command[@]}" >out 2>err </dev/null || case_status=$?
	cp "/proc/$MACHINE/root/tmp/calls" record
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

# read_state: sets `state` to what a command could leave: files of these names, and processes.
read_state() {
	state=$(inside find /etc/systemd/system /etc/mayfly-tls /run/report /tmp -name '*mayfly*' ! -name 'systemd-private*' -o -path '/run/report/*' 2>/dev/null | sort)
}

# read_lines: sets `lines` to the lines of the output, without what differs between two runs.
read_lines() {
	mapfile -t lines < <(normal_lines <out)
}

normal_lines() {
	cat
}

# A line that says that something is not known. (Any error may make another one: then its text is there.)
unknown_lines=': (cannot|information is missing)|not checked|cannot (act|be|find user|open|query|read|reach|run)|did not answer|not known|out of memory|damaged|locked by'

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
#   failed   an error, and no output
#   other    another problem is reported, which the error may mean
#
# -silently is appended if lines are missing or changed and nothing says why, -wrong if there is a line that is not
# right, and -left if a file is left.
outcome_of_case() {
	local line text missing=0 says=0 wrong=0
	read_lines
	read_text err
	wrong_lines=()
	[[ $text != *mayflyctl:\ ?* ]] || says=1
	for line in "${expected_lines[@]}"; do
		has_line "$line" "${lines[@]}" || missing=$((missing + 1))
	done
	for line in "${lines[@]}"; do
		! has_line "$line" "${expected_lines[@]}" || continue
		if [[ $line =~ $unknown_lines || $line == *$'\t?' || $line == *"$fault_text"* ]]; then
			says=1
		else
			wrong=$((wrong + 1))
			wrong_lines+=("$line")
		fi
	done
	if ((missing == 0 && wrong == 0 && ${#lines[@]} == ${#expected_lines[@]} && case_status == expected_status)); then
		outcome=same
		[[ $text == "$expected_err" ]] || outcome=noted
	elif ((${#lines[@]} == 0 && says && case_status == 1)); then
		outcome=failed
	elif ((wrong > 0 && missing == 0 && case_status == 1 && !says)); then
		outcome=other
	else
		outcome=unknown
		((says && (case_status != 0 || status_may_be_zero))) || outcome+=-silently
		((wrong == 0)) || outcome+=-wrong
	fi
	((case_status <= 3)) || outcome="exit status $case_status"
	read_state
	[[ $state == "$expected_state" ]] || outcome+=-left
}

show_case() {
	printf '    exit status %s, error: %s\n' "$case_status" "$(head -c 300 err)"
	diff <(printf '%s\n' "${expected_lines[@]}") <(printf '%s\n' "${lines[@]}") | sed 's/^/    /' | head -n 8
}

is_clean() {
	[[ $1 == @(same|noted|unknown|failed) ]]
}

@test "check" {
	command=(check --quiet)
	sweep
}

@test "status" {
	command=(status)
	status_may_be_zero=1 # problems of a site are in the output
	normal_lines() { sed -E '/^(Connections|Memory|Processes|Tasks)/s/[0-9.]+/N/g'; }
	sweep
}

@test "sites" {
	command=(sites --format tsv)
	status_may_be_zero=1 # the count is a question mark
	sweep
}

# Of JSON, a line for each value.
values() {
	jq -r 'del(.hits.file) | paths(scalars) as $path | "\($path | map(tostring) | join(".")): \(getpath($path))"'
}

@test "report" {
	normal_lines() { values; }
	command=(report --json --since "$(date -d 'yesterday 00:00' '+%F %T')" --until "$(date -d 'tomorrow 00:00' '+%F %T')")
	status_may_be_zero=1 # the page says what could not be read
	sweep
}

@test "report --output" {
	inside mkdir -p /run/report
	echo old | write /run/report/page
	command=(report --since "$(date -d 'yesterday 00:00' '+%F %T')" --until "$(date -d 'tomorrow 00:00' '+%F %T')" --output /run/report/page)
	status_may_be_zero=1
	sweep '@(openat|newfstatat|dup2|write|fsync|renameat|getrandom|close) @(page*|report|stdout|-|run|/)'
}

@test "log" {
	command=(log)
	sweep
}

@test "https" {
	command=(https site.test www.site.test)
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
	expect failed setresuid 0 EPERM
	contains "$(<err)" 'mayflyctl: cannot act as root again: Operation not permitted'
}

@test "check reports that a program cannot be run" {
	command=(check --quiet)
	same_max=20
	expect unknown '@(clone|clone3|fork|vfork)' - EAGAIN
	contains "$(<out)" 'cannot run openssl'
}

@test "sites shows no count of a file that cannot be read" {
	command=(sites --format tsv) status_may_be_zero=1
	same_max=20
	expect '@(same|unknown)' pread64 hits EIO
}

@test "log and status do not take a journal that cannot be opened for an empty one" {
	command=(log)
	expect failed openat system.journal ENFILE
	contains "$(<err)" 'mayflyctl: cannot read the journal: its files cannot be opened'
	command=(status) status_may_be_zero=1
	expect unknown openat system.journal ENFILE
}

@test "hits --output leaves no file if memory runs out" {
	local number
	inside mkdir -p /run/report
	# Much memory is allocated to read these.
	printf '#%60000s\n' '' | write /etc/default/mayfly
	inside cp /etc/default/mayfly /etc/default/mayfly-blog
	command=(hits --output /run/report/hits)
	run_case
	read_state
	expected_state=$state
	for number in {1..8}; do
		run_case "brk:$number+:0" mmap:1+:ENOMEM # 0: the break is not moved
		read_state
		equal "$state" "$expected_state" "files after $number, exit status $case_status: $(<err)"
		((case_status == 0)) || contains "$(<err)" 'mayflyctl: '
	done
	inside rm -f /etc/default/mayfly /etc/default/mayfly-blog
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

@test "every line of the table was used" {
	all_rows_are_used
}

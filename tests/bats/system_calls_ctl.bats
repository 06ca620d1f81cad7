#!/usr/bin/env bats
# System calls of mayflyctl's commands that read or write counts fail: one in `stride` of the faults that system_calls/ctl
# lists, and at least one of each of its lines. FAULTS=all tries all, except that `verify --repair` repeats its calls and only 16 of
# each name are tried, and pairs of calls that are close to each other. The command succeeds, or prints an error and exits with 1;
# each file has its old or its new content; no temporary file is left; and the same command succeeds afterwards. So do
# calls of library functions.
# bats file_tags=once,slow

# shellcheck disable=SC2030,SC2031,SC2034,SC2119,SC2120,SC2154,SC2317 # tests run in subshells; system_calls.bash
load helpers
load counter
load ctl_hits
load system_calls

export TZ=UTC

# 2026-11-27 12:00:00, and the next day.
yesterday=1795780800 today=1795867200

setup_file() {
	build_tools hits_dump inject moved_clock fail_calls
	make_files "$BATS_FILE_TMPDIR"
}

# at TIME ARGUMENT...: runs mayflyctl at this time.
at() {
	CLOCK=$1 LD_PRELOAD=$tools/moved_clock "$CTL" "${@:2}"
}

# make_files DIRECTORY: makes the directory `before`, with which each case begins. The table knows the names.
make_files() {
	cd "$1" || return
	mkdir before other
	make_hits before/hits 3 /a.html 5 /b.html
	make_hits before/robots 2 /a.html
	make_hits other/hits 4 /b.html 7 /c.html
	at "$yesterday" hits snapshot --hits other/hits
	mv other/hits before/more
	mkdir -p before/history/robots
	mv other/history before/history/more
	at "$yesterday" hits snapshot --hits before/hits
	make_hits before/added 1 /a.html
	at "$yesterday" hits merge --hits before/hits before/added
	rm -rf before/added before/history/added
	at "$yesterday" hits export --hits before/more before/saved
	echo old >before/list
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -a --sparse=always "$BATS_FILE_TMPDIR/before" .
	table=$BATS_TEST_DIRNAME/system_calls/ctl
	expected_status=0
	counted_message='; the next snapshot records '
	stride=40 pair_distance=6
}

run_case() {
	rm -rf case
	cp -a --sparse=always before case
	run_again "$@"
}

# run_again FAULT...: runs the command on the files as they are. The fault `place=N` is one of fail_calls.c.
run_again() {
	case_status=0
	(
		cd case || exit
		export CLOCK=$today
		if [[ ${1-} == place=* ]]; then
			FAIL_PLACE=${1#*=} FAIL_LIST=../places LD_PRELOAD=$tools/moved_clock:$tools/fail_calls exec "$CTL" "${command[@]}"
		else
			LD_PRELOAD=$tools/moved_clock exec "$tools/inject" ../record "$@" -- "$CTL" "${command[@]}"
		fi
	) >out 2>err </dev/null || case_status=$?
}

# read_state DIRECTORY: sets `counts` and `state` to the counts and the other files of the directory. A counter file or an
# entry of the history without counts may be missing, and a history without entries.
read_state() {
	local file text
	counts='' state=
	[[ ! -s $1/hits ]] || counts=$("$tools/hits_dump" "$1/hits" 2>&1 | grep -v $'^0\t' | sort)
	[[ $counts ]] || counts=none
	for file in "$1"/{,.}* "$1"/history/{,.}* "$1"/history/*/{,.}*; do
		[[ $file != */@(.|..|.lock|history|history/more|history/robots) && $file != "$1/hits" && -e $file ]] || continue
		state+=$'\n'${file#"$1"}
		if [[ -d $file || -L $file ]]; then
			state+=/
		elif [[ $file == *.damaged-* ]]; then # of the same second, -2 is a second one
			state=${state%$'\n'*}
			cmp -s before/hits "$file" || state+=$'\nincomplete copy'
			[[ $state == *$'\ncopy'* ]] || state+=$'\ncopy'
		elif [[ $file != */@(robots|more) ]]; then
			read_text "$file"
			[[ $text != *$'end\t0\n' || $text == *'# dropped'* ]] || text=
			if [[ $text ]]; then state+=$'\n'$text; else state=${state%$'\n'*}; fi
		fi
	done
}

begin_sweep() {
	read_state before
	state_before=$counts$state
	run_case
	equal "$case_status" "$expected_status" 'exit status' || fail "$(<err)" || return
	read_state case
	expected_state=$counts$state expected_counts=$counts
	read_text out
	expected_out=$text
	read_text err
	expected_err=$text
}

# outcome_of_case: sets `outcome` to one of:
#
#   same     exit status, output and files are as without the fault
#   noted    the same, and standard error has more, or hits verify reports a page that could not be read
#   left     the same, but the empty directory .staged is left, which the next import --replace uses
#   failed   an error; the files are as before, and the same command now succeeds
#   done     an error, but the files are as without the fault
#   counted  an error, the counter file is as without the fault, and the message says so; its history is not
#   half     an error, but only a part of the change was made; the same command now completes it
#
# and appends -silently if no message says so.
outcome_of_case() {
	local out err
	read_text out && out=$text
	read_text err && err=$text
	read_state case
	if ((case_status == expected_status)) && [[ $out == "$expected_out" && $counts$state == "$expected_state" ]]; then
		outcome=same
		[[ $err == "$expected_err" ]] || outcome=noted
		return
	elif ((case_status == expected_status)) && [[ $out == *'cannot be read from the disk'* && $counts$state == "$expected_state" ]]; then
		outcome=noted
		return
	elif ((case_status == expected_status)) && [[ $out == "$expected_out" && $state == */history/.staged/* &&
		$counts${state/$'\n/history/.staged/'/} == "$expected_state" ]]; then
		outcome=left
		return
	fi
	outcome="exit status $case_status"
	((case_status == 1)) || return 0
	case $counts$state in
	"$state_before") outcome='failed' ;;
	"$expected_state") outcome='done' ;;
	"$expected_counts"*) outcome='counted' ;;
	*) outcome='half' ;;
	esac
	[[ $outcome != counted || $err == *"$counted_message"* ]] || outcome=half
	[[ $err == *mayflyctl:\ ?* || $out == *' fault'* || $out == *'"fault":'* ]] || outcome+=-silently
	[[ $outcome == @(failed|half) ]] || return 0
	run_again
	read_state case
	[[ $case_status == "$expected_status" && $counts$state == "$expected_state" ]] || outcome="$outcome, and then exit status $case_status"
}

# is_clean OUTCOME: whether this may happen after two faults. The second may be that of the message.
is_clean() {
	[[ $1 == @(same|noted|left|failed|done|counted|half)?(-silently) ]]
}

show_case() {
	printf '    exit status %s, error: %s\n' "$case_status" "$(head -c 300 err)"
	diff <(echo "$expected_state") <(echo "$counts$state") | sed 's/^/    /' | head -n 12
}

@test "hits" {
	command=(hits --hits hits)
	sweep
}

@test "hits --by day" {
	command=(hits --hits hits --by day)
	sweep
}

@test "hits --output" {
	command=(hits --hits hits --output list)
	sweep
}

@test "hits export" {
	command=(hits export --hits hits list)
	sweep
}

@test "hits import" {
	command=(hits import --hits hits saved)
	sweep
}

@test "hits import into a new file" {
	rm -r before/hits before/history
	command=(hits import --hits hits saved)
	sweep
}

@test "hits import --replace" {
	command=(hits import --hits hits --replace saved)
	sweep
}

@test "hits merge" {
	command=(hits merge --hits hits more)
	sweep
}

@test "hits reset" {
	command=(hits reset --hits hits --yes '/a*')
	sweep
}

@test "hits snapshot" {
	command=(hits snapshot --hits hits)
	sweep
}

@test "hits verify" {
	command=(hits verify --hits hits)
	sweep
}

@test "hits verify --repair" {
	occurrences_max=16
	damage_byte $((records + 20)) before/hits
	command=(hits verify --hits hits --repair)
	sweep
}

# fail_each_call ARGUMENT...: runs this command once per place from which it calls a library function, and lets that call
# fail; at every eighth place unless PLACES=all. It must succeed, or print an error and exit with 1.
fail_each_call() {
	local places number name bad=0 step=8
	[[ ${PLACES-} != all ]] || step=1
	command=("$@")
	begin_sweep || return
	rm -f places
	run_case place=0
	mapfile -t places <places
	((${#places[@]} > 10)) || fail "only ${#places[@]} places" || return
	while read -r number name; do
		((number % step == 0)) || continue
		run_case "place=$number"
		outcome_of_case
		[[ $outcome == @(same|noted|left|failed|done|counted|half) ]] || is_copy_without_time ||
			bad_case "${command[*]}: $number $name" "$outcome"
	done < <(printf '%s\n' "${places[@]}")
	((bad == 0))
}

# is_copy_without_time: whether the local time was unknown to verify --repair, so that the name of the copy has none, and
# nothing else differs.
is_copy_without_time() {
	[[ "${command[*]} $name $case_status" == 'hits verify --hits hits --repair localtime_r 0' && $counts$state == "$expected_state" ]] || return
	[[ $(<out) == "$(sed -E 's/(damaged-)[0-9]+T[0-9]+/\1/' <<<"$expected_out")" ]]
}

# make_days COUNT: makes a history of as many days before today.
make_days() {
	local number day
	rm -f before/history/*-* before/history/earlier
	for ((number = 1; number <= $1; number++)); do
		printf -v day '%(%F)T' $((today - number * 86400))
		printf '%s\n' 'mayfly-hits 1' "# history $day" "# period $day $day" "# taken $((today - (number - 1) * 86400))" \
			$'1\t/a.html' $'end\t1' >"before/history/$day"
	done
}

@test "each call of a library function: hits" {
	fail_each_call hits --hits hits
}

@test "each call of a library function: hits --by month" {
	fail_each_call hits --hits hits --by month --json
}

@test "each call of a library function: hits --by-host" {
	fail_each_call hits --hits hits --by-host --format openmetrics
}

@test "each call of a library function: hits --robots" {
	fail_each_call hits --hits hits --robots --top 1 --json '/a*'
}

@test "each call of a library function: hits --output" {
	fail_each_call hits --hits hits --output list
}

@test "each call of a library function: hits export" {
	fail_each_call hits export --hits hits list
}

@test "each call of a library function: hits export to standard output" {
	fail_each_call hits export --hits hits -
}

@test "each call of a library function: hits import" {
	fail_each_call hits import --hits hits saved
}

@test "each call of a library function: hits import --replace" {
	fail_each_call hits import --hits hits --replace saved
}

@test "each call of a library function: hits merge" {
	fail_each_call hits merge --hits hits more
}

@test "each call of a library function: hits reset" {
	fail_each_call hits reset --hits hits --yes '/a*'
}

@test "each call of a library function: hits reset of all counts" {
	fail_each_call hits reset --hits hits --yes
}

@test "each call of a library function: hits snapshot" {
	fail_each_call hits snapshot --hits hits
}

@test "each call of a library function: hits snapshot that makes a month of days" {
	make_days 403 # 400 stay days, the others become a month
	fail_each_call hits snapshot --hits hits
}

@test "each call of a library function: hits verify" {
	fail_each_call hits verify --hits hits --json
}

@test "each call of a library function: hits verify --repair" {
	make_days 2
	damage_byte $((records + 20)) before/hits
	fail_each_call hits verify --hits hits --repair
}

@test "each call of a library function: hits verify --repair, interrupted" {
	make_days 2
	damage_byte $((records + 20)) before/hits
	FAIL_ERROR=4 fail_each_call hits verify --hits hits --repair # EINTR
}

@test "a read that returns nothing hides no count" {
	command=(hits --hits hits)
	expect '@(failed|same)' pread64 hits 0 # the last one is at the end
	command=(hits export --hits hits list)
	expect '@(failed|same|half)' pread64 hits 0 # half: only good records, with an error
	command=(hits snapshot --hits hits)
	expect '@(failed|same|half)' pread64 hits 0
}

@test "reset reports what it cannot read" {
	command=(hits reset --hits hits --yes '/a*')
	expect '@(same|failed|counted)' newfstatat hits EIO
}

@test "what a reset dropped is in the history although it could not be synchronized" {
	local syncs
	command=(hits reset --hits hits --yes '/a*')
	begin_sweep
	mapfile -t syncs < <(sed -n 's/^fsync \([0-9]*\) hits$/\1/p' record)
	equal "${#syncs[@]}" 3 'syncs: by the snapshot before, by the reset, by the snapshot after'
	run_case "fsync:${syncs[1]}:EIO"
	outcome_of_case
	equal "$outcome" 'done'
}

@test "an import of which a write fails adds nothing" {
	command=(hits import --hits hits saved)
	expect failed pwrite64 hits EIO
	expect failed fsync hits EIO
	rm -r before/hits before/history
	expect failed pwrite64 hits EIO
}

@test "an export never replaces a counter file, and leaves no temporary file" {
	expected_status=1
	command=(hits export --hits hits hits)
	expect '@(same|noted)' newfstatat hits EIO
	expected_status=0
	command=(hits export --hits hits list)
	expect failed getrandom - EAGAIN
	expect failed getrandom - short
	expect failed write stdout ENOSPC
	expect failed renameat '*' EIO
}

@test "a snapshot does not leave out robots, or a directory without the rights of its group" {
	command=(hits snapshot --hits hits)
	expect same access robots EIO
	rm -r before/history
	expect failed fchmod history EIO
}

@test "a merge of a file that cannot be compared adds nothing" {
	command=(hits merge --hits hits more)
	expect failed newfstatat more EIO
}

@test "import --replace leaves no directory of staged entries" {
	command=(hits import --hits hits --replace saved)
	expect failed openat .staged EMFILE
	expect failed fchmod .staged EIO
}

@test "import --replace keeps the counts that it has restored if the disk fails" {
	local number
	command=(hits import --hits hits --replace saved)
	begin_sweep
	for number in {1..30}; do
		run_case "fsync:$number:EIO"
		! grep -q ' counts were restored' err || break
	done
	contains "$(<err)" ' counts were restored'
	read_state case
	equal "$counts" "$expected_counts" "counts after error $number of fsync"
}

@test "a repair keeps a complete copy, or changes nothing" {
	damage_byte $((records + 20)) before/hits
	command=(hits verify --hits hits --repair)
	expect failed pwrite64 'hits.damaged*' 0
	expect failed fsync 'hits.damaged*' EIO
}

@test "a repair that cannot be synchronized is an error" {
	damage_byte $((records + 20)) before/hits
	command=(hits verify --hits hits --repair)
	expect 'done' fsync hits EIO
}

# bats test_tags=uncounted
@test "every line of the table was used" {
	all_rows_are_used
}

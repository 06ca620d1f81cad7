# Shared by the suites of failing system calls, in addition to helpers.bash and counter.bash: reads a table of system
# calls and errors, runs a program once for each fault that tests/tools/inject can make, and compares what
# happened with what the table allows.
#
# A line of a table: `CALL OBJECT | ERROR... | OUTCOME...`, where CALL and OBJECT are patterns of what inject prints, and
# ERROR is one of its faults, with + for the later calls as well. `-` in place of errors: the line says why there are none.
# All lines that match a call apply to it. `# ` begins a comment.
#
# A suite may try only a part: `stride`, `same_max` and `occurrences_max`. Even then it tries each line at least once. FAULTS=all
# sets only the stride to 1, and also tries pairs of faults, up to `pair_distance`.

# shellcheck shell=bash disable=SC2034,SC2154 # used by the suites; helpers.bash

# read_table FILE: sets the array `rows`, and `errors` and `outcomes` of each row.
read_table() {
	local line pattern
	rows=() errors=() outcomes=()
	while IFS= read -r line; do
		line=${line%%'# '*}
		[[ $line == *[^[:space:]]* ]] || continue
		[[ $line =~ ^([^ ]+)\ +([^ ]+)\ *\|([^|]+)\|(.+)$ ]] || fail "malformed line: $line" || return
		rows+=("${BASH_REMATCH[1]} ${BASH_REMATCH[2]}")
		errors+=("${BASH_REMATCH[3]}")
		outcomes+=(" ${BASH_REMATCH[4]} ")
	done <"$1"
}

# rows_of CALL OBJECT: sets `matching` to the indices of the rows that apply.
rows_of() {
	local i
	matching=()
	for i in "${!rows[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ "$1 $2" != ${rows[i]} ]] || matching+=("$i")
	done
}

# read_tried: sets the array `tried`: its indices are the rows of which a test has tried an error.
read_tried() {
	local row
	tried=()
	while read -r row; do
		[[ $row == sweep ]] || tried[row]=yes
	done <"$BATS_FILE_TMPDIR/used"
}

# note_tried ROW: an error of the row has been tried, or the row has none and applies to a call.
note_tried() {
	[[ -z ${tried[$1]-} ]] || return 0
	tried[$1]=yes
	echo "$1" >>"$BATS_FILE_TMPDIR/used"
}

# How many calls of one name are tried: fewer than all in a program that repeats itself.
occurrences_max=1000

# How many calls of one name on one object are tried.
same_max=1000

# One fault in so many is tried: more than 1 in a suite that would take too long. FAULTS=all sets it to 1. The first fault of a
# row that no test has tried is tried as well.
stride=1

# The maximum distance between the two calls of a pair.
pair_distance=1000

# read_text FILE: sets `text` to its content. (Unlike $(<FILE), without a process.)
read_text() {
	IFS= read -r -d '' text <"$1" || true
}

# sweep [PATTERN]: runs `run_case FAULT...` without a fault, and then once for each fault of the table at each call that
# matches the pattern, `CALL OBJECT`. After each, `outcome_of_case` sets `outcome` to a word, which the table must
# allow. Fails if the table has no row for a call. Bad cases are printed. The Nth call of one name may be another one in the next
# run: see try_fault. Fails if that is so for more than one fault in four.
sweep() {
	local bad=0 cases=0 skipped=0 status=0
	echo sweep >>"$BATS_FILE_TMPDIR/used"
	untraced sweep_quickly "$@" || status=$?
	echo "$cases faults, $skipped skipped, $bad bad"
	return "$status"
}

# untraced COMMAND...: runs the command without the trap of bats, which takes longer than most commands.
untraced() {
	local trap_before status=0
	trap_before=$(trap -p DEBUG)
	trap - DEBUG
	"$@" || status=$?
	eval "$trap_before"
	return "$status"
}

sweep_quickly() {
	local pattern=${1-*} calls call name number object i error seen=0
	local -a tried
	local -A same=()
	[[ ${FAULTS-} != all ]] || stride=1
	read_table "$table" || return
	read_tried
	begin_sweep || return
	mapfile -t calls <record
	for call in "${calls[@]}"; do
		read -r name number object _ <<<"$call"
		rows_of "$name" "$object"
		((${#matching[@]} > 0)) || bad_case "$name $object" 'not in the table'
		# shellcheck disable=SC2053 # a pattern
		[[ $number -le $occurrences_max && "$name $object" == $pattern ]] || continue
		((++same["$name $object"] <= same_max)) || continue
		for i in "${matching[@]}"; do
			for error in ${errors[i]}; do
				[[ $error != - ]] || { note_tried "$i" && continue; }
				((seen++ % stride == 0)) || [[ -z ${tried[i]-} ]] || continue
				try_fault "$name" "$number" "$object" "$error" "$i"
			done
		done
	done
	[[ ${FAULTS-} != all ]] || try_pairs
	run_case # without a fault
	outcome_of_case
	[[ $outcome == same ]] || bad_case 'no fault, at the end' "$outcome"
	((skipped * 4 <= cases)) || bad_case "$skipped of $cases faults" 'skipped'
	((cases > 0 && bad == 0))
}

# read_faulted FAULT: sets `faulted` to the object of the call that the fault changed in this run, the first one of an
# error that returns at the later calls too; empty if there was no such call, or it was too short to be shortened.
read_faulted() {
	local line record_lines
	faulted=
	mapfile -t record_lines <record
	for line in "${record_lines[@]}"; do
		[[ $line == *" $1" ]] || continue
		read -r _ _ faulted _ <<<"$line"
		return
	done
}

# try_fault CALL NUMBER OBJECT ERROR ROW: counts the case as skipped if the fault was made at a call to which the row does
# not apply, or was not made: then nothing may differ.
try_fault() {
	local later='' allowed=${outcomes[$5]} faulted
	[[ $4 != *+ ]] || later=+
	run_case "$1:$2$later:${4%+}"
	read_faulted "$1:$2$later:${4%+}"
	cases=$((cases + 1))
	# shellcheck disable=SC2053 # a pattern
	if [[ -z $faulted ]]; then
		skipped=$((skipped + 1))
		allowed=' same '
	elif [[ "$1 $faulted" != ${rows[$5]} ]]; then
		skipped=$((skipped + 1))
		return
	else
		note_tried "$5"
	fi
	outcome_of_case
	[[ $allowed == *" $outcome "* ]] || bad_case "$1 $2 $3 $4" "$outcome, not$allowed"
}

# find_faults: sets `faults` to one fault per call, `NAME:N:ERROR`: the last of the table, which is usually fatal.
find_faults() {
	local call name number object i error
	faults=()
	for call in "${calls[@]}"; do
		read -r name number object _ <<<"$call"
		rows_of "$name" "$object"
		for i in "${matching[@]}"; do
			for error in ${errors[i]}; do
				[[ $error == - || $error == *+ ]] || fault=$name:$number:$error
			done
		done
		[[ -z $fault ]] || faults+=("$fault")
		fault=
	done
}

# try_pairs: every two of these faults together. What happens is not in the table: `is_clean` decides.
try_pairs() {
	local faults fault='' i j
	find_faults
	for i in "${!faults[@]}"; do
		for ((j = i + 1; j < ${#faults[@]} && j - i <= pair_distance; j++)); do
			run_case "${faults[i]}" "${faults[j]}"
			outcome_of_case
			cases=$((cases + 1))
			is_clean "$outcome" || bad_case "${faults[i]} ${faults[j]}" "$outcome"
		done
	done
}

# expect OUTCOME CALL OBJECT ERROR: at each call of this name on this object, at most same_max, the error must have the
# outcome. At least half of the calls must be the same ones in the next run. (bats runs each test in a process of its own:
# `command` is that of the test.)
expect() {
	untraced expect_quickly "$@"
}

expect_quickly() {
	local calls name number object fault faulted count=0 made=0
	begin_sweep || return
	mapfile -t calls <record
	for call in "${calls[@]}"; do
		read -r name number object _ <<<"$call"
		# shellcheck disable=SC2053 # a pattern
		[[ $name == $2 && $object == $3 ]] || continue
		((count < same_max)) || break
		count=$((count + 1))
		fault=$name:$number:$4
		run_case "$fault"
		read_faulted "$fault"
		# shellcheck disable=SC2053 # a pattern
		[[ $faulted == $3 ]] || continue
		made=$((made + 1))
		outcome_of_case
		# shellcheck disable=SC2053 # a pattern
		[[ $outcome == $1 ]] || fail "$fault $object: $outcome, not $1: $(<err)" || return
	done
	((count > 0)) || fail "no call $2 $3" || return
	((made * 2 >= count)) || fail "only $made of $count calls $2 $3 were made again"
}

# all_rows_are_used: whether an error of each row of the table was tried in one of the tests of this file, if all have run.
all_rows_are_used() {
	local i unused=0
	(($(grep -c '^sweep' "$BATS_FILE_TMPDIR/used") == $(grep -c '^	sweep' "$BATS_TEST_FILENAME"))) || skip 'not all tests have run'
	read_table "$table"
	for i in "${!rows[@]}"; do
		grep -qx "$i" "$BATS_FILE_TMPDIR/used" || {
			echo "not tried: ${rows[i]} |${errors[i]}"
			unused=$((unused + 1))
		}
	done
	((unused == 0))
}

# bad_case FAULT PROBLEM
bad_case() {
	bad=$((bad + 1))
	echo "$1: $2"
	((bad > 40)) || show_case
}

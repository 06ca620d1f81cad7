# mayflyctl hits snapshot and hits --by: the history of a counter file, also if a snapshot is killed, the disk is full, or two run at
# once. tests/unit/test_history.c tests sums and dates.
# shellcheck disable=SC2016 # expanded by another shell
load helpers
load counter
load ctl_hits

setup_file() {
	build_tools moved_clock
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TZ=UTC
}

# add [COUNT PATH]...: adds counts as handlers do, without a note in the history.
add() {
	make_hits more "$@"
	[[ ! -e history ]] || mv history aside
	"$CTL" hits merge --hits hits more >/dev/null
	[[ ! -e aside ]] || mv aside history
}

# replace [COUNT PATH]...: replaces the counter file, without a note in the history.
replace() {
	make_hits other "$@"
	mv other hits
}

# history: prints the entries of the history and their hits, `NAME SUM`, separated by commas.
history() {
	local file
	for file in history/*; do
		echo "${file##*/} $(awk -F '\t' '/^[0-9]/ { n += $1 } END { print n + 0 }' "$file")"
	done | paste -sd ,
}

# sum: prints the sum of all hits of the history, less what was dropped.
sum() {
	cat history/* | awk -F '\t' '/^# dropped/ { sub("# dropped ", "", $1); n -= $1; next } /^[0-9]/ { n += $1 } END { print n }'
}

# at TIME ARGUMENT...: runs `mayflyctl hits` on the file `hits` at this time.
at() {
	CLOCK=$(date -d "$1" +%s) LD_PRELOAD=$tools/moved_clock "$CTL" hits --hits hits "${@:2}"
}

# make_days: makes a history: a snapshot at each midnight of 2026-12-28 to 2027-01-06, except for the two of January 2 and 3.
# On each day there are as many hits as the day of the month says. The first test that needs it keeps a copy for the others,
# except if there is a file of robots, which gets a history too.
make_days() {
	local day kept=$BATS_FILE_TMPDIR/days
	[[ ! -e $kept || -e robots ]] || { cp -a "$kept/hits" "$kept/history" . && return; }
	make_hits hits 100 /old.html
	at '2026-12-27 0:00:02' snapshot >/dev/null
	for day in 2026-12-{27..31} 2027-01-0{1..5}; do
		add "$((10#${day##*-}))" /a.html
		[[ $day == 2027-01-0[23] ]] || at "$day 0:00:02 tomorrow" snapshot >/dev/null
	done
	add 6 /a.html
	[[ -e robots ]] || { mkdir "$kept" && cp -a hits history "$kept"; }
}

# periods UNIT [ARGUMENT]...: prints the periods and their hits at noon of 2027-01-06, separated by commas.
periods() {
	at '2027-01-06 12:00' --by "$@" --format tsv | tail -n +2 | cut -f 1,4 | tr '\t' ' ' | paste -sd ,
}

@test "hits of each day, week, month and year" {
	make_days
	equal "$(periods day)" 'up to 2026-12-26 100,2026-12-27 27,2026-12-28 28,2026-12-29 29,2026-12-30 30,2026-12-31 31,2027-01-01 1,2027-01-02 to 2027-01-04 9,2027-01-05 5,2027-01-06 6'
	equal "$(periods week)" 'up to 2026-W52 100,2026-W52 27,2026-W53 119,2026-W53 to 2027-W01 9,2027-W01 11'
	equal "$(periods month)" 'up to 2026-12 100,2026-12 145,2027-01 21'
	equal "$(periods year)" 'up to 2026 100,2026 145,2027 21'
	equal "$(at '2027-01-06 12:00' --by day --json | jq -c '[.hits, ([.periods[].hits] | add), .periods[-1].open, .periods[0].first]')" \
		'[266,266,true,null]'
}

@test "--since, --until and GLOB select hits" {
	make_days
	add 1000 /b.txt
	equal "$(periods day --since 2027-01-01 --until 2027-01-02)" '2027-01-01 1'
	equal "$(periods day --since 2027-01-03 --until 2027-01-06)" '2027-01-02 to 2027-01-04 9,2027-01-05 5'
	equal "$(periods day --since yesterday)" '2027-01-05 5,2027-01-06 1006'
	equal "$(periods month '*.html')" 'up to 2026-12 100,2026-12 145,2027-01 21'
	equal "$(periods month /a.html)" '2026-12 145,2027-01 21'
	equal "$(periods year --until '1 day ago' '/old*')" 'up to 2026 100,2026 0,2027 0'
}

@test "on a terminal periods are a table with bars" {
	make_days
	on_terminal "CLOCK=$(date -d '2027-01-06 12:00' +%s) LD_PRELOAD=$tools/moved_clock LC_ALL=C.UTF-8 NO_COLOR=1 $CTL hits --hits hits --by month" 40
	equal "$screen" $'PERIOD         HITS\nup to 2026-12   100  █████████████▏\n2026-12         145  ███████████████████\n2027-01          21  ██▊\n266 hits'
	on_terminal "CLOCK=$(date -d '2027-01-06 12:00' +%s) LD_PRELOAD=$tools/moved_clock LC_ALL=C NO_COLOR=1 $CTL hits --hits hits --by month" 40
	contains "$screen" $'2027-01          21  ###\n'
	on_terminal "LC_ALL=C NO_COLOR=1 $CTL hits --hits hits --by month" 20
	refute contains "$screen" '#'
}

@test "a reset is shown with the period in which it happened" {
	make_days
	replace 3 /a.html
	equal "$(at '2027-01-06 12:00' --by day --json | jq -c '.periods[-1] | [.period, .hits, .dropped]')" '["2027-01-06",3,260]'
	on_terminal "CLOCK=$(date -d '2027-01-06 12:00' +%s) LD_PRELOAD=$tools/moved_clock NO_COLOR=1 $CTL hits --hits hits --by month"
	contains "$screen" '2027-01: reset, or replaced by an older copy: 260 hits less in the counter file'
}

@test "the history is read in a time zone that is not installed" {
	local expected
	make_days
	expected=$(periods day)
	equal "$(TZ=Europe/Nowhere periods day)" "$expected"
}

@test "without a snapshot all hits are in one period, and a note says so" {
	make_hits hits 5 /a
	run -0 --separate-stderr hits --by day
	contains "$output" $'up to 2'
	equal "$stderr" 'No snapshot was taken yet; mayfly-history.timer takes one every night.'
	hits snapshot
	run -0 --separate-stderr hits --by day --since 2101-01-01 --format tsv
	equal "$output/$stderr" $'period\tfirst\tlast\thits\tdropped/The history has no such period.'
	echo foreign >hits
	complaint 1 'hits: not a counter file, or one of another version' --by day
	rm hits
	run -0 hits --by day
	contains "$output" $'\t5\t0'
}

@test "options that do not fit --by are refused" {
	make_hits hits 5 /a
	usage_error hits '--since and --until require --by' --since today
	for option in --by-host '--top 3' '--sort path' '--format openmetrics'; do
		# shellcheck disable=SC2086 # words
		usage_error hits '--by excludes --by-host, --top, --sort and --format openmetrics' --by day $option
	done
	usage_error hits '--since is not earlier than --until' --by day --since today --until yesterday
	usage_error hits '--by: "hour" is not day, week, month or year' --by hour
	usage_error hits "--since: \"never\" is not a time such as '2026-11-23 08:00:00', yesterday or -1h" --by day --since never
}

@test "reset records exactly what was dropped" {
	make_days
	add 50 /a.html
	at '2027-01-06 12:00' reset --yes >/dev/null
	add 8 /a.html
	equal "$(at '2027-01-06 13:00' --by day --json | jq -c '.periods[-1] | [.period, .hits, .dropped]')" '["2027-01-06",64,316]'
	equal "$(sum)" 0
	# In part.
	add 5 /b.html
	at '2027-01-06 14:00' reset --yes /b.html >/dev/null
	equal "$(at '2027-01-06 13:00' --by day --json | jq -c '.periods[-1] | [.hits, .dropped]')" '[69,321]'
}

@test "reset of more than half of all hits counts the rest once" {
	make_days
	at '2027-01-06 11:00' reset --yes /a.html >/dev/null
	at '2027-01-06 12:00' snapshot >/dev/null
	equal "$(at '2027-01-06 12:00' --by day --json | jq -c '[.hits, (.periods[-1] | .hits, .dropped)]')" '[266,6,166]'
	equal "$(sum)" 100
}

# run_recipe TIME: runs commands of a guide from standard input, `sudo mayflyctl hits ...`, on the files here.
run_recipe() {
	local line words
	while read -r line; do
		read -ra words <<<"${line#sudo mayflyctl hits }"
		at "$1" "${words[@]/#\/var\/backups/.}" || return
	done
}

# backup_commands VERB: prints the commands of the guide that export or import.
backup_commands() {
	sed -n '/^## Back up the counts$/,/^## [^B]/ s/^    //p' "$BATS_TEST_DIRNAME/../../packaging/guide/counts.md" | grep "hits $1 "
}

@test "the commands of the guide restore the counts and each day, also those of robots" {
	local before robots
	make_hits robots 40 /robots.txt
	make_days
	before=$(periods day) robots=$(periods day --robots)
	contains "$robots" '2026-12-26 40'
	equal "$(backup_commands export | wc -l) $(backup_commands import | wc -l)" '2 2'
	backup_commands export | run_recipe '2027-01-06 11:00'
	add 1000 /a.html 5 /new.html
	at '2027-01-07 0:00:01' snapshot >/dev/null
	add 30 /a.html
	at '2027-01-08 0:00:01' snapshot >/dev/null
	run -0 run_recipe '2027-01-08 11:00' < <(backup_commands import)
	equal "$output" $'Restored 266 hits on 2 resources to hits.\nRestored 40 hits on 1 resource to robots.'
	equal "$(counts)" '166 /a.html,100 /old.html'
	equal "$(at '2027-01-08 12:00' --by day --format tsv | tail -n +2 | cut -f 1,4,5 | tr '\t' ' ' | paste -sd ,)" \
		"${before//,/ 0,} 0,2027-01-08 0 0"
	contains "$(at '2027-01-08 12:00' --robots --by day --format tsv)" $'\t40\t0'
	equal "$(sum 2>/dev/null)" 266
	# A second time, and after a year.
	run_recipe '2028-01-08 11:00' < <(backup_commands import) >/dev/null
	equal "$(at '2028-01-08 12:00' --by day --format tsv | tail -n +2 | cut -f 1,4 | tr '\t' ' ' | paste -sd ,)" "$before,2028-01-08 0"
	# After the loss of all.
	rm -r hits history robots
	run_recipe '2027-01-06 11:30' < <(backup_commands import) >/dev/null
	equal "$(periods day)" "$before"
	equal "$(periods day --robots)" "$robots"
}

@test "import --replace of a text without a history leaves hits of unknown days" {
	make_days
	printf 'mayfly-hits 1\n1000\t/a.html\nend\t1\n' >text
	at '2027-01-06 12:00' import --replace text >/dev/null
	equal "$(periods day)" 'up to 2027-01-06 1000,2027-01-06 0'
	rm -r history hits
	hits import --replace text >/dev/null
	refute test -e history
	equal "$(counts)" '1000 /a.html'
}

@test "import --replace drops counts that an import could not add to" {
	make_hits hits 18446744073709551615 /a 3 /b
	printf 'mayfly-hits 1\n7\t/a\nend\t1\n' | hits import --replace - >/dev/null
	equal "$(counts)" '7 /a'
}

# hit PATH: requests a file of `site`.
hit() {
	printf 'GET %s HTTP/1.0\r\n\r\n' "$1" | "$MAYFLY" --root site --hits "$PWD/hits" --log off >/dev/null
}

@test "import --replace keeps hits that are counted meanwhile" {
	local client i
	make_days
	hits export saved
	mkdir site && echo text >site/meanwhile.html && chmod -R a+rX .
	{
		while [[ ! -e stop ]]; do hit /meanwhile.html && echo >>answered; done
	} 3>&- &
	client=$!
	wait_until test -s answered
	for i in 1 2 3 4 5; do hits import --replace saved >/dev/null; done
	touch stop && wait "$client"
	hits snapshot >/dev/null
	equal "$(sum)" "$(hits --json | jq .total)"
	equal "$(counts | sed 's/[0-9]* .meanwhile.html,//')" '166 /a.html,100 /old.html'
	hit /meanwhile.html
	hits snapshot >/dev/null
	equal "$(sum)" "$(hits --json | jq .total)"
}

@test "if the disk is full, import --replace changes nothing" {
	local call
	command -v strace >/dev/null || skip 'strace is missing'
	make_days
	at '2027-01-06 11:00' export saved
	add 100 /a.html
	cp -r history before && cp hits hits.before
	for call in mkdirat:error=ENOSPC fsync:error=ENOSPC:when=3 renameat:error=ENOSPC; do
		run -1 strace --quiet=all --signal=none --output=/dev/null --trace="${call%%:*}" --inject="$call" \
			"$CTL" hits --hits hits import --replace saved
		contains "$output" ': No space left on device; nothing was changed'
		cmp hits hits.before
		diff -r before history
	done
}

# bats test_tags=once,slow
@test "import --replace that is killed at any system call can be repeated, and then is complete" {
	local before name occurrence killed=0 status
	command -v strace >/dev/null || skip 'strace is missing'
	make_days
	before=$(periods day)
	at '2027-01-06 11:00' export saved
	add 1000 /a.html 5 /new.html
	at '2027-01-07 0:00:01' snapshot >/dev/null
	mkdir kept && cp -r history hits kept
	strace --quiet=all --signal=none --output=trace "$CTL" hits --hits hits import --replace saved >/dev/null
	awk -F '(' '!/^[a-z0-9_]+\(/ { next } { n[$1]++ } /"history"/ { begun = 1 } begun { print $1, n[$1] }' trace |
		grep -E '^(mkdirat|unlinkat|renameat|pwrite64|write|fsync|exit_group) ' >calls
	while read -r name occurrence; do
		rm -rf history hits && cp -r kept/* .
		status=0
		strace --quiet=all --signal=none --output=/dev/null --trace="$name" --inject="$name:signal=KILL:when=$occurrence" \
			"$CTL" hits --hits hits import --replace saved >/dev/null || status=$?
		equal "$status" 137 "exit status at $name $occurrence"
		at '2027-01-06 11:30' import --replace saved >/dev/null
		equal "$(periods day)" "$before" "days after $name $occurrence"
		equal "$(sum) $(counts)" '266 166 /a.html,100 /old.html' "sum after $name $occurrence"
		refute test -e history/.staged
		((++killed))
	done <calls
	echo "# killed at $killed system calls" >&3
	((killed > 30))
}

# records_recipe: prints the commands of mayfly-hits(5) that remove records, for the files here.
records_recipe() {
	awk '/^Remove the records/ { on = 1 } on && /^\.Ed/ { exit } on && sub(/^# /, "")' "$BATS_TEST_DIRNAME/../../packaging/man/mayfly-hits.5" |
		sed "s|/var/lib/mayfly|$PWD|; s/reset/& --yes/; s/-o mayfly -g mayfly/-o $(id -un) -g $(id -gn)/; s|^mayflyctl|$CTL|"
}

@test "the commands of mayfly-hits(5) remove records, and leave each day as it was" {
	local before
	make_hits hits 100 /a.html 140 /old/b.html
	at '2027-01-05 0:00:01' snapshot >/dev/null
	add 40 /a.html
	before=$(periods day)
	equal "$(records_recipe | wc -l)" 7
	CLOCK=$(date -d '2027-01-06 11:00' +%s) LD_PRELOAD=$tools/moved_clock run -0 sh -ec "$(records_recipe)"
	equal "$(counts)" '140 /a.html'
	refute grep -q /old/b.html hits
	refute test -e new
	refute contains "$(at '2027-01-06 11:30' snapshot 2>&1)" less
	equal "$(periods day)" "$before,2027-01-06 0"
	equal "$(sum)" 140
	equal "$("$CTL" hits --hits hits.old --format tsv | tail -n 1)" $'140\t/a.html'
}

@test "an import without a history adds hits of unknown days" {
	make_days
	printf 'mayfly-hits 1\n1000\t/a.html\nend\t1\n' >text
	run -0 at '2027-01-06 12:00' import text
	equal "$output" 'Added 1000 hits on 1 resource to hits.'
	equal "$(periods day | tr , '\n' | sed -n '1p;$p' | paste -sd ,)" 'up to 2027-01-06 1100,2027-01-06 6'
	make_hits other 7 /c.html
	at '2027-01-06 12:00' merge other >/dev/null
	equal "$(periods day | tr , '\n' | sed -n '1p;$p' | paste -sd ,)" 'up to 2027-01-06 1107,2027-01-06 6'
	equal "$(sum)" 1273
}

@test "export and import carry the history along" {
	local before
	make_days
	before=$(periods day)
	at '2027-01-06 11:00' export saved
	grep -qx '# with history' saved
	equal "$(tail -n 1 saved)" $'history\t9'
	mkdir new
	CLOCK=$(date -d '2027-01-06 11:30' +%s) LD_PRELOAD=$tools/moved_clock "$CTL" hits import --hits new/hits saved
	mkdir old && mv hits history old && mv new/* .
	equal "$(periods day)" "$before"
	equal "$(counts)" "$(counts old/hits)"
	# A second time doubles everything, day by day.
	at '2027-01-06 11:45' import - <saved >/dev/null
	equal "$(periods day)" "$(tr , '\n' <<<"$before" | awk '{ $NF *= 2; print }' | paste -sd ,)"
	equal "$(periods year)" 'up to 2026 200,2026 290,2027 42'
}

@test "a truncated or invalid history is not imported" {
	local count i
	make_days
	hits export saved
	cp -r history before && cp hits hits.before
	count=$(wc -l <saved)
	for i in 3 5 8 9 $((count / 2)) $((count - 2)) $((count - 1)); do
		head -n "$i" saved >shortened
		run -1 --separate-stderr hits import shortened
		contains "$stderr" 'nothing was added'
	done
	sed '$s/.*/history\t8/' saved >shortened
	complaint 1 "shortened: line $count: the last line counts other entries than there are; some are missing; nothing was added" import shortened
	{ cat saved && echo more; } >shortened
	complaint 1 "shortened: line $count: data after the end marker; nothing was added" import shortened
	sed 's/^# period 2026-12-28.*/# period 2026-12-28 2026-12-00/' saved >shortened
	run -1 --separate-stderr hits import shortened
	contains "$stderr" ': the period is not two dates; nothing was added'
	sed '0,/^# history/{/^# history/d}' saved >shortened
	run -1 --separate-stderr hits import shortened
	contains "$stderr" ': no line "# history"; nothing was added'
	cmp hits hits.before
	diff -r before history
}

@test "merge adds up the days of several machines, also folded ones" {
	local name
	make_days
	mkdir north south && cp -r hits history north && mv hits history south
	printf 'mayfly-hits 1\n# folded 1 2 3 4 5\n7\t/a.html\nend\t1\n' >north/history/2024-02
	make_hits north/more 7 /a.html
	mv north/history north/kept && "$CTL" hits merge --hits north/hits north/more >/dev/null && mv north/kept north/history
	at '2027-01-06 12:00' merge north/hits south/hits >/dev/null
	equal "$(periods day | tr , '\n' | head -n 3 | paste -sd ,)" 'up to 2026-12-26 200,2024-02-01 to 2024-02-29 7,2026-12-27 54'
	equal "$(periods year)" 'up to 2026 200,2024 7,2026 290,2027 42'
	equal "$(counts)" '339 /a.html,200 /old.html'
	for name in north south; do refute cmp -s "$name/hits" hits; done
}

@test "a snapshot records what was counted since the last one" {
	make_hits hits 5 /a 3 /b
	run -0 --separate-stderr hits snapshot
	contains "$output" 'Recorded 8 hits on 2 resources for all days up to 20'
	equal "$stderr" ''
	equal "$(history)" 'earlier 8'
	add 2 /a
	run -0 hits snapshot
	contains "$output" 'Recorded 2 hits on 1 resource for 20'
	equal "$(sum)" 10
	run -0 hits snapshot
	contains "$output" 'Recorded 0 hits on 0 resources for 20'
	equal "$(sum)" 10
	equal "$(stat -c %a history history/earlier | paste -sd ' ')" '750 640'
	head -n 1 history/20* | grep -qx 'mayfly-hits 1'
	"$CTL" hits --hits copy import - < <(cat history/20*) # each entry is an export
	equal "$(counts copy)" '2 /a'
}

@test "a file of another name has a history of its own" {
	make_hits hits 5 /a
	make_hits robots 7 /a
	make_hits third 9 /a
	run -0 hits snapshot
	equal "${#lines[@]}" 2 # that of robots too
	"$CTL" hits snapshot --hits third
	equal "$(sum 2>/dev/null)" 5
	contains "$(<history/third/earlier)" $'9\t/a'
	contains "$(<history/robots/earlier)" $'7\t/a'
}

@test "lower counts than before are reported, and never negative" {
	make_hits hits 100 /a 3 /b
	hits snapshot
	replace 4 /a
	run -0 --separate-stderr hits snapshot
	contains "$output" 'Recorded 4 hits on 1 resource for 20'
	equal "$stderr" 'mayflyctl: hits: reset, or replaced by an older copy: 103 hits on 2 resources less than at the last snapshot'
	equal "$(sum)" 4
	refute grep -q -- '-[0-9]*'$'\t' history/*
}

@test "a damaged or foreign counter file is not recorded" {
	make_hits hits 5 /a
	hits snapshot
	damage_byte $((records + 33))
	complaint 1 'hits: damaged; run "mayflyctl hits verify --hits hits"' snapshot
	echo foreign >hits
	complaint 1 'hits: not a counter file, or one of another version' snapshot
	equal "$(history)" 'earlier 5'
}

@test "a damaged history is reported with its line, and not changed" {
	local line problem
	make_hits hits 5 /a
	hits snapshot
	echo nonsense >history/2026-01-01
	complaint 1 'history/2026-01-01: line 1: not "mayfly-hits 1"; this is not an export' snapshot
	printf 'mayfly-hits 1\n1\t/a\n' >history/2026-01-01
	complaint 1 'history/2026-01-01: line 3: no end marker; the text was cut off' snapshot
	printf 'mayfly-hits 1\n# period 2026-01-01\n1\t/a\nend\t1\n' >history/2026-01-01
	complaint 1 'history/2026-01-01: line 2: the period is not two dates' snapshot
	while IFS='|' read -r line problem; do
		printf '%s\n' 'mayfly-hits 1' '# history 2026-01-01' "$line" $'1\t/a' $'end\t1' >history/2026-01-01
		complaint 1 "history/2026-01-01: line 3: $problem" snapshot
	done <<-'END'
		# history yesterday|the name is neither a date nor a month
		# period x 2026-01-01|the period is not two dates
		# period 2026-01-02 2026-01-01|the period is not two dates
		# period 2026-00-01 2026-01-01|the period is not two dates
		# folded 0|a day that was folded is not in 1-31
		# taken noon|the time is not a number of seconds
	END
	rm history/2026-01-01 && mkfifo history/2026-01-01
	complaint 1 'history/2026-01-01: not a regular file' snapshot
	rm history/2026-01-01 && ln -s /dev/zero history/2026-01-01
	complaint 1 'history/2026-01-01: Too many levels of symbolic links' snapshot
}

@test "if the disk is full, the history is as before" {
	make_hits hits 5 /a
	hits snapshot
	add 2 /a
	run -1 sh -c 'ulimit -f 0; trap "" XFSZ; exec "$CTL" hits --hits hits snapshot 2>&1'
	contains "$output" ': cannot write: File too large'
	equal "$(history)" 'earlier 5'
	refute test -e history/.new
	hits snapshot
	equal "$(sum)" 7
}

@test "two snapshots at once record each hit once" {
	local i pids=()
	make_hits hits 5 /a
	hits snapshot
	add 1000 /a
	for i in 1 2 3 4 5 6; do
		"$CTL" hits --hits hits snapshot >"said.$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	equal "$(sum)" 1005
	equal "$(cat said.* | grep -c 'Recorded 1000 hits')" 1
}

# make_old_history: makes a history whose next snapshot folds two months, after an interrupted folding.
make_old_history() {
	local i
	make_hits hits 500 /a
	mkdir history
	for ((i = 0; i < 404; i++)); do
		printf 'mayfly-hits 1\n1\t/a\nend\t1\n' >"history/$(date -d "2024-01-29 + $i days" +%F)"
	done
	printf 'mayfly-hits 1\n# folded 29\n1\t/a\nend\t1\n' >history/2024-01
}

# bats test_tags=once,slow
@test "a snapshot that is killed at any system call loses and repeats nothing" {
	local name occurrence killed=0 status
	command -v strace >/dev/null || skip 'strace is missing'
	make_old_history
	cp -r history before && cp -r history linked
	strace --quiet=all --signal=none --output=trace "$CTL" hits --hits hits snapshot >/dev/null
	equal "$(sum)" 500
	equal "$(find history -name '2*-*-*' | wc -l)" 400
	awk -F '(' '!/^[a-z0-9_]+\(/ { next } { n[$1]++ } /"history"/ { begun = 1 } begun { print $1, n[$1] }' trace |
		grep -vE '^(exit_group|read|lseek|pread64|newfstatat|fstat|close|brk|mmap|munmap|fcntl) ' >calls
	# Of more than 400 days that are opened, some stand for all.
	awk 'NR == FNR { last = NR; next } $1 != "openat" || $2 < 12 || $2 % 97 == 0 || FNR > last - 40' calls calls >chosen
	while read -r name occurrence; do
		# Links, as no entry is ever written to again: the copies would take three quarters of the time of this test.
		rm -rf history && cp -al linked history
		status=0
		strace --quiet=all --signal=none --output=/dev/null --trace="$name" --inject="$name:signal=KILL:when=$occurrence" \
			"$CTL" hits --hits hits snapshot >/dev/null || status=$?
		equal "$status" 137 "exit status at $name $occurrence"
		run -0 hits snapshot
		equal "$(sum)" 500 "sum after $name $occurrence"
		equal "$(find history -name '2*-*-*' | wc -l)" 400
		equal "$(cat history/2024-01 history/2024-02 | awk '/^[0-9]/ { n += $1 } END { print n }')" \
			"$(cat history/2024-0[12] | sed -n 's/# folded//p' | wc -w)" "hits per folded day after $name $occurrence"
		((++killed))
	done <chosen
	diff -r before linked
	echo "# killed at $killed system calls" >&3
	((killed > 20))
}

@test "a history of another user or that others can write to is not written to" {
	[[ $EUID == 0 ]] || skip 'needs root'
	make_hits hits 5 /a
	mkdir -m 750 history
	chown games history
	complaint 1 'history: belongs to games, who must take the snapshots; or chown it' snapshot
	chown root history && chmod 770 history
	complaint 1 'history: other users can write to it; chmod go-w it' snapshot
	rmdir history && ln -s /root history
	complaint 1 'history: Not a directory' snapshot
}

@test "a file in the history that another user owns is not read" {
	[[ $EUID == 0 ]] || skip 'needs root'
	make_hits hits 5 /a
	hits snapshot
	local entry
	entry=$(echo history/*)
	chown games "$entry"
	complaint 1 "hits: $entry: belongs to another user than its directory" --by day
	complaint 1 "$entry: belongs to another user than its directory" snapshot
}

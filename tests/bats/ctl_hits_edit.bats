# mayflyctl hits export, import, merge, reset and verify: their effect on a counter file, also when they are
# killed. tests/unit tests the functions of the counter file.
# shellcheck disable=SC2016 # backquotes in messages are no commands
load helpers
load ctl_hits

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "an import restores exactly what an export wrote" {
	make_hits hits "${all_bytes[@]}" 18446744073709551615 /most
	run -0 --separate-stderr hits export saved
	equal "$output$stderr" ''
	equal "$(head -n 1 saved)" 'mayfly-hits 1'
	equal "$(tail -n 1 saved)" $'end\t9'
	hits export - | cmp - saved
	run -0 "$CTL" hits import --hits again saved
	"$CTL" hits --hits again export - | cmp - saved
	make_hits hits 3 /a
	hits export saved
	hits import saved
	equal "$(hits import - <saved)" 'Added 3 hits on 1 resource to hits.'
	equal "$(counts)" '9 /a'
}

@test "an export that cannot be written is an error" {
	make_hits hits 3 /a
	complaint 1 'nowhere/saved: cannot write: No such file or directory' export nowhere/saved
	complaint 1 '/dev/full: not a regular file' export /dev/full
	run -1 sh -c '"$CTL" hits --hits hits export - 2>&1 >/dev/full'
	equal "$output" 'mayflyctl: cannot write to standard output'
}

@test "an export replaces an older one completely or not at all" {
	make_hits hits 3 /a
	echo old >saved
	run -1 sh -c 'ulimit -f 0; trap "" XFSZ; exec "$CTL" hits --hits hits export saved 2>&1'
	equal "$output" 'mayflyctl: saved: cannot write: File too large'
	equal "$(cat saved*)" old
	hits export saved
	hits export - | cmp - saved
	equal "$(echo saved*)" saved files
}

@test "output to the counter file itself is refused" {
	local form
	make_hits hits 3 /a
	ln hits other-name
	for form in 'export hits' 'export ./other-name' '--output hits' '--json --output other-name'; do
		# shellcheck disable=SC2086 # words
		complaint 1 "${form##* }: this is the counter file; choose another name" $form
	done
	run -1 --separate-stderr "$CTL" report --hits hits --output other-name
	equal "$output/$stderr" '/mayflyctl: other-name: this is the counter file; choose another name'
	equal "$(counts) $(echo hits* other-name*)" '3 /a hits other-name'
}

@test "an import adds all counts or none" {
	make_hits hits 3 /a
	cp hits before
	printf 'mayfly-hits 1\n1\t/a\n2\t/b%%zz\nend\t2\n' >wrong
	complaint 1 'wrong: line 3: the path is not percent-encoded; nothing was added' import wrong
	printf 'mayfly-hits 1\n1\t/a\n2\t/b\n' >wrong
	complaint 1 'wrong: line 4: no end marker; the text was cut off; nothing was added' import wrong
	complaint 1 'hits: line 1: not "mayfly-hits 1"; this is not an export; nothing was added' import hits
	complaint 1 'nothing: cannot read: No such file or directory' import nothing
	complaint 1 '.: cannot read: not a regular file' import .
	cmp hits before
	make_hits hits 18446744073709551610 /z 1 /a
	printf 'mayfly-hits 1\n5\t/a\n6\t/z\nend\t2\n' >much
	complaint 1 'the count of /z would not fit 64 bits; nothing was added' import much
	printf 'mayfly-hits 1\n5\t/a\n3\t/z\n18446744073709551615\t/z\nend\t3\n' >much
	complaint 1 'much: a count does not fit 64 bits; nothing was added' import much
	equal "$(counts)" '1 /a,18446744073709551610 /z'
	printf 'mayfly-hits 1\n5\t/z\nend\t1\n' | hits import -
	equal "$(counts)" '1 /a,18446744073709551615 /z'
}

@test "a FIFO or device as operand is refused in one line, not waited for" {
	local form problem='not a regular file'
	make_hits hits 3 /a
	cp hits before
	mkfifo fifo
	hits export saved
	hits() { timeout 20 "$CTL" hits --hits hits "$@"; }
	complaint 1 "fifo: cannot read: $problem" import fifo
	complaint 1 "/dev/zero: cannot read: $problem" import /dev/zero
	complaint 1 "fifo: cannot open: $problem" merge fifo
	complaint 1 "fifo: $problem" export fifo
	complaint 1 "fifo: $problem" --output fifo
	for form in '' 'export -' 'import saved' 'merge before' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086 # words
		complaint 1 "fifo: cannot open: $problem" $form --hits fifo
	done
	contains "$(timeout 20 "$CTL" report --hits fifo)" "The counter file fifo: cannot open: $problem."
	run -1 timeout 20 "$CTL" report --hits hits --output fifo
	equal "$output" "mayflyctl: fifo: $problem"
	cmp hits before
	# A pipe as standard input is read.
	printf 'mayfly-hits 1\n4\t/a\nend\t1\n' | hits import -
	equal "$(counts)" '7 /a'
}

# bucket PATH: prints the offset of the head of the path's bucket: 64-bit FNV-1a modulo 524288.
bucket() {
	local hash=$((0xcbf29ce484222325)) i
	for ((i = 0; i < ${#1}; i++)); do
		hash=$(((hash ^ $(printf '%d' "'${1:i:1}")) * 0x100000001b3))
	done
	echo $((4096 + (hash & 524287) * 8))
}

@test "an import into a damaged file adds nothing" {
	make_hits hits 1 /a
	printf '\4' | dd of=hits bs=1 seek="$(bucket /z)" conv=notrunc status=none
	printf 'mayfly-hits 1\n5\t/a\n5\t/b\n5\t/z\nend\t3\n' >text
	complaint 1 'hits: damaged or unreadable; run "mayflyctl hits verify --hits hits"' import text
	equal "$(counts)" '1 /a'
	run -1 hits verify
	contains "$output" "byte $(bucket /z), 8 bytes: invalid link"
	hits verify --repair
	hits import text
	equal "$(counts)" '6 /a,5 /b,5 /z'
}

@test "a merge adds up the counter files of several machines exactly" {
	make_hits one 3 /a 1 /b
	make_hits two 9007199254740993 /a 5 /c%FF
	make_hits hits 10 /a
	cp one one.before
	equal "$(hits merge one two)" 'Added 9007199254741002 hits on 3 resources to hits.'
	equal "$(counts)" '9007199254741006 /a,1 /b,5 /c%FF'
	cmp one one.before
	# A missing counter file is created.
	"$CTL" hits merge --hits all hits one
	equal "$(counts all)" '9007199254741009 /a,2 /b,5 /c%FF'
}

@test "a merge refuses a file that is named twice, and adds nothing if one cannot be read" {
	make_hits one 3 /a
	make_hits two 3 /a
	make_hits hits 1 /a
	ln -s hits link
	complaint 1 'link: named twice; its hits would be counted twice' merge one link
	complaint 1 'one: named twice; its hits would be counted twice' merge one two one
	complaint 1 'three: no such file' merge one three
	echo 'mayfly-hits 1' >text
	complaint 1 'text: not a counter file, or one of another version' merge one text
	damage_byte $((records + 33)) two
	complaint 1 'two: damaged; nothing was added; run "mayflyctl hits verify --hits two"' merge one two
	make_hits two 18446744073709551615 /a
	complaint 1 'a count does not fit 64 bits; nothing was added' merge one two
	equal "$(counts)" '1 /a'
}

# bats test_tags=root
@test "a counter file that root creates belongs to the owner of its directory" {
	mkdir directory
	chown 65534:65533 directory
	chmod a+x "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null
	make_hits directory/hits 3 /a
	equal "$(stat -c '%u:%g %a' directory/hits)" '65534:65533 640'
}

@test "a reset drops only what matches, and requires --yes without a terminal" {
	make_hits hits 3 /a 4 /b/1 5 /b/2
	usage_error 'hits reset' '--yes is required if there is no terminal to ask on' reset
	equal "$(hits reset --yes '/b/*')" 'Dropped 9 hits on 2 resources.'
	equal "$(counts)" '3 /a'
	run -0 --separate-stderr hits reset --yes '/b/*'
	equal "$output/$stderr" '/Nothing to drop.'
	equal "$(hits reset --yes)" 'Dropped 3 hits on 1 resource.'
	equal "$(counts)" ''
	hits verify
}

@test "a reset on a terminal asks first" {
	make_hits hits 3 /a 4 /b
	run script -qec "$CTL hits --hits hits reset" /dev/null <<<n
	equal "$status" 1
	contains "$output" 'Drop 7 hits on 2 resources in hits? [y/N] '
	contains "$output" 'mayflyctl: nothing was dropped'
	equal "$(counts)" '3 /a,4 /b'
	run -0 script -qec "$CTL hits --hits hits reset /a" /dev/null <<<y
	contains "$output" 'Drop 3 hits on 1 resource in hits? [y/N] '
	contains "$output" 'Dropped 3 hits on 1 resource.'
	equal "$(counts)" '4 /b'
}

@test "a reset accepts only y and yes, in any case" {
	local answer
	for answer in y Y yes YES Yes; do
		make_hits hits 3 /a
		run -0 script -qec "$CTL hits --hits hits reset" /dev/null <<<"$answer"
		equal "$(counts)" '' "after $answer"
	done
	for answer in '' n no yess 'y y' ye; do
		make_hits hits 3 /a
		run -1 script -qec "$CTL hits --hits hits reset" /dev/null <<<"$answer"
		equal "$(counts)" '3 /a' "after $answer"
	done
}

@test "verify reports nothing damaged in a sound file" {
	make_hits hits 3 /a 4 /b
	equal "$(hits verify)" 'hits: 2 good records, nothing damaged'
	equal "$(hits verify --repair)" 'hits: 2 good records, nothing damaged'
	equal "$(hits verify --json | jq -cS .)" '{"faults":[],"file":"hits","records":2}'
	equal "$(echo hits*)" hits 'files'
}

@test "verify reports what is damaged and where" {
	make_hits hits 3 /a 4 /b 5 /c
	damage_byte $((records + 40 + 33))
	damage_byte $((records + 80 + 8))
	run -1 --separate-stderr hits verify
	equal "$stderr" ''
	equal "$output" "byte $((records + 40)), 40 bytes: neither a record nor empty
byte $((records + 88)), 8 bytes: invalid link; hits are lost: /c
hits: 2 good records, 2 faults"
	run -1 hits verify --json
	equal "$(jq -c '[.records, .faults[].fault]' <<<"$output")" '[2,"bytes","link"]'
	equal "$(jq -c '.faults[1]' <<<"$output")" "{\"offset\":$((records + 88)),\"length\":8,\"fault\":\"link\",\
\"message\":\"invalid link; hits are lost\",\"path\":\"/c\"}"
	# A list omits damaged records and reports that.
	run -1 --separate-stderr hits
	equal "$output" $'5\t62.5%\t/c\n3\t37.5%\t/a'
	equal "$stderr" 'mayflyctl: hits: damaged; counts may be missing; run "mayflyctl hits verify --hits hits"'
	run -1 --separate-stderr hits export -
	equal "$output" $'mayfly-hits 1\n3\t/a\n5\t/c\nend\t2'
	contains "$stderr" 'hits: damaged; only the good records were exported'
}

@test "a reset of a file with one damaged record drops the others and reports the damage" {
	make_hits hits 3 /a 4 /b 5 /c
	damage_byte $((records + 40 + 33))
	run -1 --separate-stderr hits reset --yes /a
	equal "$output" 'Dropped 3 hits on 1 resource.'
	equal "$stderr" 'mayflyctl: hits: damaged; counts may be missing; run "mayflyctl hits verify --hits hits"'
}

@test "a repair keeps every good record, and a copy of the damaged file" {
	local inode copy
	make_hits hits 3 /a 4 /b 5 /c
	chmod 600 hits
	inode=$(stat -c %i hits)
	damage_byte $((records + 40 + 33))
	damage_byte 3
	cp hits damaged
	run -0 hits verify --repair
	copy=$(echo hits.damaged-*)
	equal "${output##*$'\n'}" 'hits: 2 good records, nothing damaged'
	contains "$output" "Repaired; the damaged file is kept as $copy"
	cmp damaged "$copy"
	equal "$(stat -c '%i %a' hits)" "$inode 600"
	equal "$(stat -c '%u %g %a' "$copy")" "$(id -u) $(id -g) 600"
	equal "$(counts)" '3 /a,5 /c'
	# A second copy within one second gets another name.
	damage_byte $((records + 33))
	run -0 hits verify --repair --json
	equal "$(jq -c '[.records, .left, (.faults | length)]' <<<"$output")" '[1,[],1]'
	test -s "$(jq -r .copy <<<"$output")"
	equal "$(find . -name 'hits.damaged-*' | wc -l)" 2
	equal "$(counts)" '5 /c'
}

@test "a count at its limit is a fault that only a reset removes" {
	make_hits hits 18446744073709551615 /a 1 /b
	run -1 hits verify --repair
	equal "$output" "byte $records, 8 bytes: count at its limit; hits are lost: /a
hits: 2 good records, 1 fault"
	equal "$(echo hits*)" hits 'files'
	hits reset --yes /a
	hits verify
	equal "$(counts)" '1 /b'
}

# killed_at CALL NUMBER COMMAND...: runs the command and kills it before the nth call of this name. Sets killed.
# Fails if the command ends in another way than by that or with exit status 0.
killed_at() {
	local status=0
	{ strace --quiet=all --signal=none -o trace -e "trace=$1" --inject="$1:signal=KILL:when=$2" "${@:3}" \
		>output 2>&1 || status=$?; } 2>/dev/null
	[[ $status == 0 || $status == 137 ]] || fail "exit status $status: $(<output)"
	killed=$((status == 137))
}

# at_each_call COMMAND...: for each call of the command that changes something: runs `before`, the command killed
# at this call, and `after`. Then the same once without a kill. Sets deaths.
at_each_call() {
	local call number
	command -v strace >/dev/null || skip 'strace is missing'
	deaths=0
	for call in pwrite64 ftruncate fsync fchown fchmod; do
		for number in {1..40}; do
			before
			killed_at "$call" "$number" "$@" || return
			after || return
			((killed)) || break
			((++deaths))
		done
		((number < 40)) || fail "no end of $call" || return
	done
}

@test "a repair killed at any call has dropped nothing, and can be repeated" {
	local deaths killed
	make_hits damaged 3 /a 4 /b 5 /c
	damage_byte $((records + 40 + 33)) damaged
	damage_byte 3 damaged
	before() {
		rm -f hits*
		cp damaged hits
	}
	# The copy takes three blocks, size, owner, mode and fsync; the repair the damage, two links or more, the header and fsync.
	after() {
		hits verify --repair >output && equal "$(counts)" '3 /a,5 /c'
	}
	at_each_call "$CTL" hits verify --repair --hits hits
	((deaths >= 11)) || fail "$deaths deaths"
}

@test "an import or reset killed at any call leaves old or new counts" {
	local deaths killed now
	printf 'mayfly-hits 1\n10\t/a\n10\t/new\nend\t2\n' >text
	before() {
		make_hits hits 1 /a 2 /b
	}
	after() {
		hits verify >output || return
		now=$(counts)
		[[ $now =~ ^(1|11)\ /a,2\ /b(,10\ /new)?$ ]] || fail "$now after $deaths deaths"
	}
	at_each_call "$CTL" hits import --hits hits text
	# The calls: the new record and its link, two counts, fsync.
	equal "$deaths $now" '5 11 /a,2 /b,10 /new'
	after() {
		hits verify >output || return
		now=$(counts)
		[[ $now =~ ^(1\ /a,)?(2\ /b)?$ ]] || fail "$now after $deaths deaths"
	}
	at_each_call "$CTL" hits reset --yes --hits hits
	equal "$deaths $now" '3 '
}

# mayflyctl hits and report on counter files that a compromised handler could write: each command ends within
# 120 seconds, with at most 64 MiB of address space more than for an empty file.
# bats file_tags=once,slow
load helpers
load counter
load ctl_hits

# An empty file takes less than 24 MiB, except with sanitizers.
LIMIT=$(((24 + 64) << 20))

setup_file() {
	build_tools hostile_counter
	export TMPDIR=$BATS_FILE_TMPDIR
	local kind
	for kind in bad-heads bad-links garbage sparse chain cycles one-path long-paths million; do
		"$tools/hostile_counter" "$kind" "$BATS_FILE_TMPDIR/$kind"
	done
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# bounded STATUS COMMAND...: runs mayflyctl with the limits, standard output to the file out. It must exit with this status.
bounded() {
	local expected=$1 status=0
	shift
	prlimit --as="$LIMIT" timeout --kill-after=1 120 "$CTL" "$@" >out 2>err || status=$?
	equal "$status" "$expected" "exit status of $*"
	refute grep -E 'memory|temporary' err
}

# copy_hits KIND: copies this file to hits.
copy_hits() {
	rm -f hits*
	cp --sparse=always "$BATS_FILE_TMPDIR/$1" hits
}

# lists KIND STATUS RESOURCES TOTAL: each command that reads counts must find these in the file.
lists() {
	local file=$BATS_FILE_TMPDIR/$1 resources=$3
	bounded "$2" hits --hits "$file" --json
	equal "$(jq -c '[.resources, .total, (.counts | length)]' out)" "[$resources,$4,$resources]"
	bounded "$2" hits --hits "$file"
	equal "$(wc -l <out)" "$resources"
	bounded "$2" hits --hits "$file" --format tsv --sort path
	equal "$(wc -l <out)" $((resources + 1))
	[[ $1 != million ]] || tail -n +2 out | LC_ALL=C sort -c -t $'\t' -k 2
	bounded "$2" hits --hits "$file" --format openmetrics --top 3
	equal "$(grep -c "total{" out)" $((resources < 3 ? resources : 3))
	bounded "$2" hits --hits "$file" '*b*a*'
	bounded "$2" hits --hits "$file" export -
	equal "$(tail -n 1 out)" $'end\t'"$resources"
	bounded 0 report --hits "$file"
}

# verifies KIND STATUS RECORDS FAULTS: verify must find these in the file.
verifies() {
	local file=$BATS_FILE_TMPDIR/$1
	bounded "$2" hits --hits "$file" verify
	contains "$(tail -n 1 out)" "$3 good record"
	(($(wc -l <out) <= 22)) || fail "$(wc -l <out) lines"
	bounded "$2" hits --hits "$file" verify --json
	equal "$(grep -c '"fault":' out || true) $(tail -n 2 out | tr -d ' \n')" "$4 \"records\":$3}"
}

@test "lists, exports and reports of hostile files are bounded" {
	lists bad-heads 0 0 0
	lists bad-links 0 102 1671168
	lists garbage 1 0 0
	lists sparse 0 1 1
	lists one-path 0 1 1671168
	lists long-paths 0 16384 549722275840
}

# bats test_tags=uncounted
@test "lists, exports and reports of a giant chain are bounded" {
	lists chain 0 1392640 969723781120
}

# bats test_tags=uncounted
@test "lists, exports and reports of cyclic chains are bounded" {
	lists cycles 0 1392640 969723781120
}

# bats test_tags=uncounted
@test "lists, exports and reports of a million good records are bounded" {
	lists million 0 1000000 500000500000
}

@test "verify of hostile files is bounded, and reports a full bucket" {
	verifies bad-heads 1 0 524288
	verifies bad-links 1 1671168 2195456
	verifies garbage 1 1392640 1900544
	verifies sparse 0 1 0
	verifies cycles 1 1392640 16384
	verifies one-path 0 1671168 0
	verifies long-paths 0 16384 0
	verifies million 0 1000000 0
	verifies chain 1 1392640 1
	contains "$(<out)" '"fault":"chain","message":"bucket full; hits on its other resources are lost"'
}

@test "repair and reset of hostile files are bounded and leave a sound file" {
	local kind hits
	for kind in bad-heads bad-links garbage sparse chain cycles one-path long-paths; do
		copy_hits "$kind"
		bounded 0 hits --hits hits verify --repair
		bounded 0 hits --hits hits verify
		contains "$(<out)" 'nothing damaged'
		bounded 0 hits --hits hits reset --yes
		bounded 0 hits --hits hits export -
		equal "$(tail -n 1 out)" $'end\t0'
	done
}

@test "repair of a damaged file of 1 TiB that is mostly a hole is bounded, and so is the copy that it keeps" {
	copy_hits sparse
	printf damage | dd of=hits bs=1 seek=$((4198400 + 2048)) conv=notrunc status=none
	bounded 1 hits --hits hits verify
	bounded 0 hits --hits hits verify --repair
	bounded 0 hits --hits hits verify
	equal "$(stat -c %s hits.damaged-*)" "$(stat -c %s "$BATS_FILE_TMPDIR/sparse")" 'size of the copy'
	(($(stat -c %b hits.damaged-*) < 1000)) || fail "the copy takes $(stat -c %b hits.damaged-*) blocks"
}

@test "merge and import of hostile files are bounded" {
	local kind
	for kind in bad-heads bad-links sparse one-path long-paths; do
		rm -f all text again
		bounded 0 hits --hits all merge "$BATS_FILE_TMPDIR/$kind"
		bounded 0 hits --hits all export text
		bounded 0 hits --hits again import text
		bounded 0 hits --hits again export -
		cmp text out
	done
	# A bucket with more records than allowed: nothing is added.
	bounded 1 hits --hits new merge "$BATS_FILE_TMPDIR/chain"
	contains "$(<err)" 'damaged or unreadable'
	bounded 0 hits --hits new --json
	equal "$(jq -c .total out)" 0
	# A text without an end.
	{ echo 'mayfly-hits 1' && printf '1\t/' && head -c 100000000 /dev/zero | tr '\0' a; } >endless
	bounded 1 hits --hits new import endless
	contains "$(<err)" 'endless: line 2: the path is longer than 4064 bytes'
}

@test "a repaired giant chain counts hits again" {
	make_site
	handler_options=(--hits "$PWD/hits")
	copy_hits chain
	get /
	contains "$log" '(hits-damaged)'
	bounded 0 hits --hits hits verify --repair
	get /
	contains "$log" '| 1'
	get /
	contains "$log" '| 2'
	bounded 0 hits --hits hits --json --top 1
	equal "$(jq -c .total out)" $((969723781120 + 2))
}

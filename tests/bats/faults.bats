#!/usr/bin/env bats
# Faults of the counter file and of the system: the page is served, the lost hit is logged with its reason,
# files of other programs are not overwritten, and counting continues from the old counts after the fault.
# system_calls.bats makes each system call fail.

load helpers
load counter

setup_file() {
	build_tools hits_dump on_socket
}

setup() {
	make_counted_site
}

teardown() {
	[[ -z ${disk_keeper:-} ]] || kill "$disk_keeper"
	[[ -z ${lock_holder:-} ]] || kill -KILL "$lock_holder"
}

# loses_hit REASON [TARGET]: requests a page; it must arrive complete, and its hit must be lost for this reason.
loses_hit() {
	local target=${2:-/a.txt}
	get "$target"
	served "$site$target" && equal "$log" "$target | - | - | 200 OK ($1)" log
}

# loses_hit_and_writes_nothing REASON: the same, and the counter file must not change in a single byte.
loses_hit_and_writes_nothing() {
	local sum size
	sum=$(md5sum <"$hits")
	size=$(stat -c %s:%b "$hits")
	loses_hit "$1" || return
	equal "$(md5sum <"$hits")" "$sum" content && equal "$(stat -c %s:%b "$hits")" "$size" size
}

# counts_hit COUNT [TARGET]: requests a page; its hit must get this count.
counts_hit() {
	local target=${2:-/a.txt}
	get "$target"
	served "$site$target" && equal "$log" "$target | - | - | $1" log
}

# Counts two hits of the page and one of another, and copies the counter file to `before`.
count_before() {
	counts_hit 1
	counts_hit 2
	get /sub/
	cp --sparse=always "$hits" before
}

# mount_tiny_disk SIZE: mounts a tmpfs of this size as $disk until the test ends. It is in a separate mount
# namespace, which is reached through the process that keeps it.
mount_tiny_disk() {
	needs_mounts
	mkdir disk
	# shellcheck disable=SC2016 # the inner shell's words
	unshare --mount sh -c 'mount -t tmpfs -o size="$1" tiny disk && : >disk/mounted
		exec sleep 1000' - "$1" 3>&- &
	disk_keeper=$!
	disk=/proc/$disk_keeper/root$PWD/disk
	wait_until test -e "$disk/mounted"
	rm "$disk/mounted"
	count_in "$disk/hits"
}

# Fills the tiny disk to the last byte.
fill_disk() {
	head -c 64M /dev/zero >"$disk/filler" 2>/dev/null || true
	refute dd if=/dev/zero of="$disk/one_more" count=1 status=none 2>/dev/null
	rm "$disk/one_more"
}

# bats test_tags=root
@test "full disk, no counter file yet: the page is served, the hit is lost" {
	mount_tiny_disk 256k
	fill_disk
	loses_hit hits-disk-full
	loses_hit hits-disk-full
	rm "$disk/filler"
	counts_hit 1
	equal "$(counts)" $'1\t/a.txt'
}

# bats test_tags=root
@test "disk that becomes full: known resources are counted, new ones are lost, none is damaged" {
	local i name
	mount_tiny_disk 256k
	counts_hit 1
	counts_hit 1 /sub/deep/file.txt
	fill_disk
	counts_hit 2
	for i in {1..20}; do
		printf -v name '%0240d' "$i"
		cp "$site/a.txt" "$site/$name"
		get "/$name"
		served "$site/a.txt"
		[[ $log == *' | 1' || $log == *' | 200 OK (hits-disk-full)' ]] || fail "log: $log"
	done
	contains "$log" '(hits-disk-full)'
	counts >now
	rm "$disk/filler"
	equal "$(counts)" "$(<now)"
	counts_hit 3
	counts_hit 1 "/$name"
	counts_hit 2 /sub/deep/file.txt
	counts
}

@test "unwritable counter file: the page is served, the hit is lost" {
	give_ordinary_user_access
	counts_hit 1
	chmod 444 "$hits"
	runner=("${ordinary_user[@]}")
	loses_hit_and_writes_nothing hits-not-permitted
	chmod 666 "$hits"
	counts_hit 2
}

# bats test_tags=root
@test "counter file on a read-only file system: the page is served, the hit is lost" {
	mount_tiny_disk 1M
	counts_hit 1
	nsenter --mount --target "$disk_keeper" mount -o remount,ro tiny "$PWD/disk"
	loses_hit_and_writes_nothing hits-read-only
	count_in "$disk/missing"
	loses_hit hits-read-only
	count_in "$disk/hits"
	nsenter --mount --target "$disk_keeper" mount -o remount,rw tiny "$PWD/disk"
	counts_hit 2
}

@test "files of other programs are never changed" {
	local file
	echo 'Shopping list:' >text
	cp /bin/true elf
	cp /etc/ld.so.cache database
	printf 'SQLite format 3\0\20\0\1\1\0\100\40\40\0\0\0\3\0\0\0\2' >sqlite
	truncate -s 4096 sqlite
	printf '\0' >zero
	truncate -s 100 zeros
	truncate -s 4096 page_of_zeros
	truncate -s 2M sparse_zeros
	for file in text elf database sqlite zero zeros page_of_zeros sparse_zeros; do
		count_in "$file"
		loses_hit_and_writes_nothing hits-foreign || fail "$file"
	done
	rm "$hits"
	counts_hit 1
}

@test "a damaged counter file is never changed" {
	local at size link
	count_before
	for at in 0 11 12 16 20 24 63; do
		cp --sparse=always before "$hits"
		printf '\377' | dd of="$hits" bs=1 seek="$at" conv=notrunc status=none
		loses_hit_and_writes_nothing hits-foreign || fail "byte $at of the header"
	done
	for size in 65 4096 100000 4198399; do
		cp --sparse=always before "$hits"
		truncate -s "$size" "$hits"
		loses_hit_and_writes_nothing hits-damaged || fail "$size bytes"
	done
	# Links of the table that point into the header, into the table, and between two records.
	for link in '\100\0\0\0\0\0\0\0' '\0\20\0\0\0\0\0\0' '\1\20\100\0\0\0\0\0'; do
		cp --sparse=always before "$hits"
		printf "$link%.0s" {1..524288} | dd of="$hits" bs=4096 seek=1 conv=notrunc status=none
		loses_hit_and_writes_nothing hits-damaged || fail "link $link"
	done
	cp --sparse=always before "$hits"
	counts_hit 3
	equal "$(count_of /sub/index.html)" 1
}

@test "counter file that is not a regular file, or has no directory: the page is served, the hit is lost" {
	local file
	mkdir directory
	mkfifo pipe
	ln -s directory link
	for file in directory pipe link /dev/null /dev/full; do
		count_in "$file"
		loses_hit hits-not-a-file || fail "$file"
	done
	count_in missing/hits
	loses_hit hits-missing-folder
	refute test -e missing
	mkdir missing
	counts_hit 1
}

@test "while a stopped process holds the lock, pages are served uncounted after a bounded wait" {
	local i
	counts_hit 1
	cp "$hits" before
	flock --exclusive --no-fork "$hits" sleep 1000 3>&- &
	lock_holder=$!
	wait_until refute flock --nonblock "$hits" true
	kill -STOP "$lock_holder"
	for i in {1..8}; do
		printf '%s\r\n' 'GET /a.txt HTTP/1.0' '' |
			timeout 60 "$MAYFLY" --root "$site" --hits "$hits" >"response$i" 2>"log$i" 3>&- &
		pids[i]=$!
	done
	for i in {1..8}; do
		exit_status=0
		wait "${pids[i]}" || exit_status=$?
		split_response "response$i"
		served "$site/a.txt"
		equal "$(<"log$i")" '/a.txt | - | - | 200 OK (hits-locked)'
	done
	cmp before "$hits"
	kill -KILL "$lock_holder"
	wait "$lock_holder" || true
	lock_holder=
	counts_hit 2
}

# Whether any process holds the lock of the counter file.
holds_lock() {
	! flock --nonblock "$hits" true
}

@test "handler stopped while it holds the lock: after a second of waiting pages are served, uncounted" {
	local tracer
	counts_hit 1
	# strace stops the handler after its first flock has returned.
	strace --quiet=all -o stopped -e trace=flock --inject=flock:signal=STOP:when=1 \
		"$MAYFLY" --root "$site" --hits "$hits" --sandbox off < <(printf 'GET /a.txt HTTP/1.0\r\n\r\n') \
		>response 2>log 3>&- &
	tracer=$!
	# Called earlier, holds_lock might hold the lock itself when the handler wants it.
	wait_until grep -qs "stopped by SIGSTOP" stopped
	holds_lock
	lock_holder=$(pgrep --parent "$tracer")
	with_strace --trace=flock,setitimer
	get /a.txt
	served "$site/a.txt"
	contains "$log" '| 200 OK (hits-locked)'
	# Four alarms of 250 ms each, then none.
	equal "$(grep -c 'flock(.*ERESTARTSYS' trace)" 4 'interrupted waits'
	equal "$(sed -n 's/^setitimer(ITIMER_REAL, {it_interval=\([^}]*}\).*/\1/p' trace | paste -sd ' ')" \
		'{tv_sec=0, tv_usec=250000} {tv_sec=0, tv_usec=0}'
	kill -KILL "$lock_holder"
	wait "$tracer" || true
	lock_holder=
	get /a.txt
	equal "$(count_of /a.txt)" 2
}

@test "a hit waits for a lock that is held briefly" {
	counts_hit 1
	mkfifo go
	flock --exclusive "$hits" cat go >/dev/null 3>&- &
	lock_holder=$!
	wait_until refute flock --nonblock "$hits" true
	with_strace --trace=flock
	get /a.txt >got 3>&- &
	wait_until grep -qs EAGAIN trace
	: >go
	wait $!
	lock_holder=
	equal "$(count_of /a.txt)" 2
}

@test "a response sent in pieces arrives complete" {
	head -c 5M /dev/urandom >"$site/large.bin"
	on_socket
	get /large.bin
	served "$site/large.bin"
	equal "$(count_of /large.bin)" 1
}

@test "limit on file size: the page is served, the hit is lost" {
	(
		ulimit -f 100
		ask_raw --hits "$BATS_TEST_TMPDIR/limited" <<<$'GET /a.txt HTTP/1.0\r\n\r'
		equal "$exit_status $http_status $body" '0 200 Hello.'
		contains "$log" '(hits-disk-full)'
	)
}

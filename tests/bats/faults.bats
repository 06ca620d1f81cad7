#!/usr/bin/env bats
# Whatever is wrong with the counter file or with the system, the page is served, the loss is logged
# with its reason, nothing that is not Mayfly's is overwritten, and counting goes on with the old counts
# when the trouble is over.

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

# lost REASON [TARGET]: asks for a page; it must come whole, and its hit be lost for this reason.
lost() {
	local target=${2:-/a.txt}
	get "$target"
	served "$site$target" && equal "$log" "$target | - | - | 200 OK ($1)" log
}

# lost_and_untouched REASON: the same, and the counter file must stay byte for byte what it is.
lost_and_untouched() {
	local sum size
	sum=$(md5sum <"$hits")
	size=$(stat -c %s:%b "$hits")
	lost "$1" || return
	equal "$(md5sum <"$hits")" "$sum" content && equal "$(stat -c %s:%b "$hits")" "$size" size
}

# counted NUMBER [TARGET]
counted() {
	local target=${2:-/a.txt}
	get "$target"
	served "$site$target" && equal "$log" "$target | - | - | $1" log
}

# Two hits of the page, and one of another.
count_before() {
	counted 1
	counted 2
	get /sub/
	cp --sparse=always "$hits" before
}

# tiny_disk SIZE: a file system of the test's own, in $disk, for as long as the test runs. It is in a
# mount namespace of its own, which we reach through the process that keeps it.
tiny_disk() {
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

# Leaves not a byte of the tiny disk free.
fill_disk() {
	head -c 64M /dev/zero >"$disk/filler" 2>/dev/null || true
	refute dd if=/dev/zero of="$disk/one_more" count=1 status=none 2>/dev/null
	rm "$disk/one_more"
}

# bats test_tags=root
@test "a full disk before the counter file exists costs the hit, not the page" {
	tiny_disk 256k
	fill_disk
	lost hits-disk-full
	lost hits-disk-full
	rm "$disk/filler"
	counted 1
	equal "$(counts)" $'1\t/a.txt'
}

# bats test_tags=root
@test "a disk that becomes full: known resources are counted, new ones are lost, none is damaged" {
	local i name
	tiny_disk 256k
	counted 1
	counted 1 /sub/deep/file.txt
	fill_disk
	counted 2
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
	counted 3
	counted 1 "/$name"
	counted 2 /sub/deep/file.txt
	counts
}

@test "an unwritable counter file costs the hit, not the page" {
	open_up
	counted 1
	chmod 444 "$hits"
	runner=("${ordinary_user[@]}")
	lost_and_untouched hits-not-permitted
	chmod 666 "$hits"
	counted 2
}

# bats test_tags=root
@test "a counter file on a read-only file system costs the hit, not the page" {
	tiny_disk 1M
	counted 1
	nsenter --mount --target "$disk_keeper" mount -o remount,ro tiny "$PWD/disk"
	lost_and_untouched hits-read-only
	count_in "$disk/missing"
	lost hits-read-only
	count_in "$disk/hits"
	nsenter --mount --target "$disk_keeper" mount -o remount,rw tiny "$PWD/disk"
	counted 2
}

@test "files of other programs are never changed" {
	local file
	echo 'My dear diary,' >text
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
		lost_and_untouched hits-foreign || fail "$file"
	done
	rm "$hits"
	counted 1
}

@test "a damaged counter file is never changed" {
	local at size link
	count_before
	for at in 0 11 12 16 20 24 63; do
		cp --sparse=always before "$hits"
		printf '\377' | dd of="$hits" bs=1 seek="$at" conv=notrunc status=none
		lost_and_untouched hits-foreign || fail "byte $at of the header"
	done
	for size in 65 4096 100000 4198399; do
		cp --sparse=always before "$hits"
		truncate -s "$size" "$hits"
		lost_and_untouched hits-damaged || fail "$size bytes"
	done
	# Links of the table that lead into the header, into the table, and between two records.
	for link in '\100\0\0\0\0\0\0\0' '\0\20\0\0\0\0\0\0' '\1\20\100\0\0\0\0\0'; do
		cp --sparse=always before "$hits"
		printf "$link%.0s" {1..524288} | dd of="$hits" bs=4096 seek=1 conv=notrunc status=none
		lost_and_untouched hits-damaged || fail "link $link"
	done
	cp --sparse=always before "$hits"
	counted 3
	equal "$(count_of /sub/index.html)" 1
}

@test "a counter file that is not a regular file, or has no directory, costs the hit" {
	local file
	mkdir folder
	mkfifo pipe
	ln -s folder link
	for file in folder pipe link /dev/null /dev/full; do
		count_in "$file"
		lost hits-not-a-file || fail "$file"
	done
	count_in missing/hits
	lost hits-missing-folder
	refute test -e missing
	mkdir missing
	counted 1
}

@test "while a stopped process holds the lock, pages are served uncounted after a bounded wait" {
	local i
	counted 1
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
	counted 2
}

holds_lock() {
	! flock --nonblock "$hits" true
}

@test "handler stopped while it holds the lock: pages are served after one second of waiting, uncounted" {
	local tracer
	counted 1
	# strace stops the handler when its first flock has returned.
	strace --quiet=all -o stopped -e trace=flock --inject=flock:signal=STOP:when=1 \
		"$MAYFLY" --root "$site" --hits "$hits" --sandbox off < <(printf 'GET /a.txt HTTP/1.0\r\n\r\n') \
		>response 2>log 3>&- &
	tracer=$!
	# holds_lock, asked before, might have the lock at the moment when the handler wants it.
	wait_until grep -qs "stopped by SIGSTOP" stopped
	holds_lock
	lock_holder=$(pgrep --parent "$tracer")
	under_strace --trace=flock,setitimer
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
	counted 1
	mkfifo go
	flock --exclusive "$hits" cat go >/dev/null 3>&- &
	lock_holder=$!
	wait_until refute flock --nonblock "$hits" true
	under_strace --trace=flock
	get /a.txt >got 3>&- &
	wait_until grep -qs EAGAIN trace
	: >go
	wait $!
	lock_holder=
	equal "$(count_of /a.txt)" 2
}

# fault_at_each CALLS FAULT CHECK...: serves /a.txt once for each of its system calls whose name matches,
# with that fault injected there, from the counter file in `before` each time; then the check must hold.
fault_at_each() {
	local name occurrence faults=0
	record_calls /a.txt
	served "$site/a.txt" || return
	while read -r name occurrence; do
		cp --sparse=always before "$hits"
		under_strace --trace="$name" --inject="$name:$2:when=$occurrence"
		get /a.txt
		echo "$2 at $name $occurrence"
		grep -q INJECTED trace || fail 'nothing was injected' || return
		"${@:3}" || return
		faults=$((faults + 1))
	done < <(grep -E "^($1) " calls)
	echo "$faults faults"
	((faults > 0))
}

was_counted() {
	served "$site/a.txt" && [[ $log == '/a.txt | 127.0.0.1 | '*' | 3' ]] && equal "$(count_of /a.txt)" 3
}

# The page came; the hit was counted or its loss logged; the next one counts.
was_survived() {
	served "$site/a.txt" || return
	[[ $log == *' | 3' || $log == *" | 200 OK ("$1\) ]] || fail "log: $log" || return
	local now
	now=$(count_of /a.txt) || return
	((now == 2 || now == 3)) || fail "count: $now" || return
	runner=()
	counted $((now + 1))
	equal "$(count_of /sub/index.html)" 1
}

@test "interrupted system calls are repeated" {
	count_before
	fault_at_each 'read|readv|pread64|preadv|write|writev|pwrite64|pwritev|send.*|recv.*|poll|ppoll|flock|open.*|close|fallocate|ftruncate' \
		error=EINTR was_counted
}

@test "an I/O error of the counter file costs the hit, not the page" {
	count_before
	fault_at_each 'pread64|preadv|pwrite64|pwritev|ftruncate|fallocate|flock' error=EIO \
		was_survived 'hits-*'
}

@test "a disk that becomes full within a hit costs the hit, not the page" {
	count_before
	fault_at_each 'pwrite64|pwritev|ftruncate|fallocate' error=ENOSPC was_survived hits-disk-full
}

@test "a response sent in pieces arrives complete" {
	head -c 5M /dev/urandom >"$site/large.bin"
	on_socket
	get /large.bin
	served "$site/large.bin"
	equal "$(count_of /large.bin)" 1
}

# Of a response, without the tag, which is another once the file has rested.
behind_the_date() {
	tail -n +3 "$response_file" | grep -v '^ETag: '
}

@test "a partial send is continued" {
	local whole
	count_before
	on_socket
	get /a.txt
	whole=$(behind_the_date)
	under_strace --inject=sendto:retval=3:when=1
	get /a.txt
	# What the kernel claims to have taken, and has not: three bytes of the status line.
	equal "$(head -c 12 "$response_file")" 'P/1.1 200 OK'
	equal "$(behind_the_date)" "$whole"
	equal "$exit_status" 0
}

client_left() {
	equal "$exit_status" 0 'exit status' && equal "$(count_of /a.txt)" 3 &&
		[[ $log == *' | 3 (client-left)' ]]
}

@test "a client that has closed is not an error, and its hit counts" {
	local error
	count_before
	for error in EPIPE ECONNRESET; do
		fault_at_each 'sendto|sendmsg|sendfile' "error=$error" client_left
	done
}

@test "a page that cannot be opened for lack of descriptors gets 500 and is not counted" {
	local error
	count_before
	for error in EMFILE ENFILE ENOMEM EIO; do
		under_strace --inject="openat2:error=$error"
		get /a.txt
		equal "$exit_status" 0 'exit status'
		equal "$http_status" 500 status
		[[ $log == '/a.txt | 127.0.0.1 | '*' | 500 Internal Server Error (file-open-failed)' ]]
		cmp before "$hits"
	done
}

@test "a counter file that cannot be opened for lack of descriptors costs the hit" {
	local error opener
	count_before
	under_strace
	get /a.txt
	opener=$(sed -nE "s|^(open[a-z]*)\(.*\"$hits\".*|\1|p" trace)
	for error in EMFILE ENFILE EIO; do
		cp before "$hits"
		under_strace --inject="$opener:error=$error" --trace-path="$hits"
		get /a.txt
		served "$site/a.txt"
		[[ $log == *' | 200 OK (hits-unavailable)' ]]
		cmp before "$hits"
	done
}

@test "a limit on file size costs the hit, not the response" {
	(
		ulimit -f 100
		ask_raw --hits "$BATS_TEST_TMPDIR/limited" <<<$'GET /a.txt HTTP/1.0\r\n\r'
		equal "$exit_status $http_status $body" '0 200 Hello.'
		contains "$log" '(hits-disk-full)'
	)
}

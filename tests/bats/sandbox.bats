#!/usr/bin/env bats
# What a handler may still do when it reads the first byte of its client: read files below the root, and use
# its open descriptors. Sanitizers need more, and so does counting branches: such handlers are not confined.
# bats file_tags=once,uncounted

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

setup() {
	make_counted_site
}

teardown() {
	stop_server
}

# status_of NAME: prints a value of /proc/PID/status of the connection's handler.
status_of() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$handler/status"
}

# limits_of NAME: prints the soft and the hard limit.
limits_of() {
	sed -nE "s/^$1 +([^ ]+) +([^ ]+) .*/\1 \2/p" "/proc/$handler/limits"
}

# The command that start_waiting_handler runs the handler with, for example to change its user.
handler_command=()

# start_waiting_handler OPTION...: connects to a handler with these options, and waits until it is in the
# sandbox and waits for the request.
start_waiting_handler() {
	start_command "${handler_command[@]}" "$MAYFLY" --root "$site" --hits "$hits" --header-timeout 3600 "$@"
	connect
	printf 'GET ' >&5
	wait_until has_handler
	wait_until handler_sleeps
}

has_handler() {
	handler=$(pgrep -P "$server_pid" -f "^$MAYFLY --root $site ")
}

# A handler sleeps only while it waits for the request. (Only root could see what it waits for.)
handler_sleeps() {
	[[ $(status_of State) == S ]]
}

# bats test_tags=root
@test "no attempt to leave the sandbox succeeds, with any version of Landlock" {
	local column guide=$BATS_TEST_DIRNAME/../../packaging/guide/security.md
	needs_mounts
	build_tools escape
	mkdir cell
	unshare --mount timeout 300 "$tools/escape" "$PWD/cell" | tee attempts
	contains "$(<"$guide")" "sandbox.bats: $(wc -l <attempts) attempts"
	# An attempt that fails outside the sandbox too would prove nothing.
	equal "$(awk -F ' [|] ' '$2 != "done"' attempts)" '' 'attempts that fail outside too'
	for column in 3 4 5 6; do # the kernel's Landlock, and ABI 3, 2, 1
		equal "$(awk -F ' [|] ' -v column="$column" \
			'$column !~ /^(EACCES|SYS|XFSZ|XCPU|KILL)$/' attempts)" '' 'attempts that succeed'
	done
	# Landlock and seccomp each protect every file, ...
	equal "$(awk -F ' [|] ' '/^openat2/ && $7 != "EACCES"' attempts)" '' 'attempts that Landlock alone does not stop'
	# ... except that Landlock before ABI 3 does not prevent truncation. Files of other users are then
	# protected by their permissions.
	equal "$(awk -F ' [|] ' '/^openat2/ && $8 != "EACCES" { print $1 }' attempts)" "$(sed 's/^/openat2 to truncate /' <<-'END'
		a file of this user, O_ACCMODE
		the counter file, O_ACCMODE
		a file below the root, O_RDONLY
		a file below the root, O_ACCMODE
		a descriptor, O_ACCMODE
	END
	)" 'attempts that Landlock of ABI 2 alone does not stop'
}

# bats test_tags=root
@test "the constants that the filter compares pointers with are in read-only memory" {
	start_waiting_handler
	local address base='' range permissions rest found=''
	address=$((16#$(nm "$MAYFLY" | awk '$3 == "pinned" { print $1 }')))
	while read -r range permissions rest; do
		: "${base:=$((16#${range%-*}))}"
		((base + address < 16#${range%-*} || base + address >= 16#${range#*-})) || found=$permissions
	done <"/proc/$handler/maps"
	[[ $found == r-?p ]] || fail "permissions of the pinned constants: [$found]"
}

@test "a waiting handler has no rights left" {
	local name
	build_tools hits_dump
	start_waiting_handler
	equal "$(status_of NoNewPrivs) $(status_of Seccomp)" '1 2'
	for name in CapInh CapPrm CapEff CapAmb; do
		equal "$(status_of "$name")" 0000000000000000 "$name"
	done
	for name in 'Max processes' 'Max core file size'; do
		grep -qE "^$name +0 +0 " "/proc/$handler/limits"
	done
	grep -qE '^Max address space +[0-9]{1,9} ' "/proc/$handler/limits"
	grep -qE '^Max file size +[0-9]{8} ' "/proc/$handler/limits"
	grep -qE '^Max open files +[0-9]{1,2} ' "/proc/$handler/limits"
	equal "$(limits_of 'Max cpu time')" '7200 7210' 'seconds of CPU time'
	equal "$(stat -c %U "/proc/$handler/fd")" root 'owner of /proc/PID/fd'
	printf '/a.txt HTTP/1.0\r\n\r\n' >&5
	receive
	cmp "$site/a.txt" "$body_file"
	equal "$(counts)" $'1\t/a.txt'
}

# can_look_into: whether a process of the same user may read the handler's memory map, which needs the permission
# of ptrace(2).
can_look_into() {
	as_ordinary_user cat "/proc/$handler/maps" >maps 2>/dev/null && [[ -s maps ]]
}

@test "no process of the same user can look into a confined handler, or trace it" {
	give_ordinary_user_access
	handler_command=("${ordinary_user[@]}")
	start_waiting_handler --sandbox off
	can_look_into
	exec 5>&-
	stop_server
	start_waiting_handler
	refute can_look_into
	command -v strace >/dev/null || skip 'strace is missing'
	refute as_ordinary_user timeout 10 strace -o /dev/null -p "$handler"
	kill -0 "$handler"
}

@test "a lower limit is not raised" {
	ulimit -S -n 15
	start_waiting_handler
	[[ $(limits_of 'Max open files') =~ ^15\ (1[6-9]|[23][0-9])$ ]]
	exec 5>&-
	stop_server
	ulimit -H -n 16
	ulimit -t 7000
	start_waiting_handler
	equal "$(limits_of 'Max open files')" '15 16'
	equal "$(limits_of 'Max cpu time')" '7000 7000'
}

@test "--sandbox off keeps all rights" {
	start_waiting_handler --sandbox off
	local left
	left=$(status_of NoNewPrivs) left+=\ $(status_of Seccomp)
	handler=self # the test itself may run confined
	equal "$left" "$(status_of NoNewPrivs) $(status_of Seccomp)"
}

# with_failing_call CALL ERROR: makes the system call fail with this error, as on a kernel without it.
with_failing_call() {
	command -v strace >/dev/null || skip 'strace is missing'
	runner=(strace -o /dev/null -e "trace=$1" -e "inject=$1:error=$2")
}

@test "a kernel that lacks a part of the sandbox is logged; --sandbox require refuses to serve" {
	local call error part
	while read -r call error part; do
		with_failing_call "$call" "$error"
		handler_options=()
		get /a.txt
		served "$site/a.txt"
		equal "$log" "mayfly: sandbox incomplete: kernel has no $part
/a.txt | - | - | 200 OK"
		handler_options=(--sandbox require)
		ask_raw </dev/null
		equal "$exit_status" 111 "exit status without $part"
		equal "$(wc -c <"$response_file")" 0 'bytes of a response'
		equal "$log" "mayfly: sandbox incomplete: kernel has no $part"
		REMOTE_ADDR=192.0.2.7 REMOTE_PORT=51034 get /a.txt
		equal "$exit_status" 111 "exit status without $part, with a client"
		is_unavailable
		equal "$log" "mayfly: sandbox incomplete: kernel has no $part
/a.txt | 192.0.2.7 | 51034 | 503 Service Unavailable (sandbox-incomplete)"
	done <<-'END'
		landlock_create_ruleset ENOSYS Landlock
		landlock_create_ruleset EOPNOTSUPP Landlock
		landlock_restrict_self EPERM Landlock
		capset EPERM capset
		prlimit64 EPERM resource limits
	END
}

# bats test_tags=slow
@test "a handler linked with glibc works in the sandbox" {
	local target
	# -O0: the compiler takes half as long.
	make --silent -C "$BATS_TEST_DIRNAME/../.." CC=gcc CFLAGS=-O0 "B=$PWD/glibc" "$PWD/glibc/mayfly" >made 2>&1 || fail "$(<made)"
	refute cmp -s "$PWD/glibc/mayfly" "$MAYFLY"
	build_tools hits_dump
	MAYFLY=$PWD/glibc/mayfly handler_options=(--hits "$hits" --sandbox require)
	for target in /a.txt /a.txt /nothing /sub /sub/; do
		get "$target"
		equal "$exit_status" 0
	done
	equal "$(counts)" $'2\t/a.txt\n1\t/sub/index.html' counts
	start_server --root "$site" --hits "$hits" --sandbox require
	equal "$(curl -sS --max-time 60 -r 2-3,5- "http://127.0.0.1:$port/a.txt" | grep -c 'Content-Range')" 2
}

@test "the filter can be generated for another processor" {
	local filter=${MAYFLY%/*}/seccomp/filter
	"$filter" aarch64 >arm
	"$filter" x86_64 >intel
	grep -qi 0xc00000b7 arm   # AUDIT_ARCH_AARCH64
	grep -qi 0xc000003e intel # AUDIT_ARCH_X86_64
	refute grep -qi 0xc000003e arm
	refute "$filter" pdp11
	refute "$filter"
}

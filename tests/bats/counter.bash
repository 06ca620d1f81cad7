# What the tests of counting, of killed handlers, of faults and of the log share, on top of helpers.bash:
# the small programs of tests/tools, reading a counter file, and a handler on a socket, under strace where
# a fault is to be injected.

# LeakSanitizer cannot look at a process that strace holds; the handler allocates nothing anyway.
export ASAN_OPTIONS=detect_leaks=0

# build_tools NAME...: builds programs of tests/tools for the tests of this file, into $tools.
build_tools() {
	local source=$BATS_TEST_DIRNAME/../.. name library
	tools=$BATS_FILE_TMPDIR
	export tools
	for name; do
		library=()
		case $name in
		hostile_counter) library=("$source/src/counter/layout.c" "$source"/src/base/*.c) ;;
		hits_dump) library=("$source"/src/counter/*.c "$source"/src/base/{buffer,fnv}.c) ;;
		escape) library=(-I"${MAYFLY%/*}/generated" "$source/src/mayfly/sandbox.c" "$source/src/mayfly/beneath.c"
			"-Wl,--wrap=syscall" "-Wl,--wrap=prctl") ;;
		esac
		cc -std=c11 -D_GNU_SOURCE -I"$source/src" -o "$tools/$name" "$source/tests/tools/$name.c" \
			"${library[@]}" || return
	done
}

# The site of helpers.bash, the test's own folder to work in, and a counter file that is not there yet.
make_counted_site() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	count_in "$BATS_TEST_TMPDIR/hits"
}

# count_in FILE: makes it the counter file of what follows.
count_in() {
	hits=$1
	handler_options=(--hits "$hits")
}

# counts: the counter file's records, `count<TAB>path` sorted by path; fails where it is damaged.
counts() {
	"$tools/hits_dump" "$hits" >dump || return
	LC_ALL=C sort -k 2 dump
}

# count_of PATH: its count; 0 where it has none, and where there is no file.
count_of() {
	if [[ ! -e $hits ]]; then echo 0 && return; fi
	"$tools/hits_dump" "$hits" >dump || return
	awk -F '\t' -v path="$1" '$2 == path { n = $1 } END { print n + 0 }' dump
}

# on_socket [COMMAND...]: from here on get and ask are made over a TCP connection, and the handler is
# run by the command.
on_socket() {
	runner=("$tools/on_socket" "$@")
}

# under_strace [OPTION...]: the same under strace, which injects what --inject says; its own words go
# to `trace`. To inject it replaces the call by one that there is not, which the sandbox would not let pass.
under_strace() {
	command -v strace >/dev/null || skip 'strace is missing'
	handler_options+=(--sandbox off)
	on_socket strace --quiet=all --signal=none --output=trace "$@"
}

# record_calls TARGET: the system calls of a handler that answers this, as `name occurrence` lines into
# `calls`. They begin where main does, which looks at its descriptors first: what a sanitizer's run
# time does before is not ours.
record_calls() {
	under_strace --trace=all
	get "$1"
	awk -F '(' '!/^[a-z0-9_]+\(/ { next } { n[$1]++ } /^(fstat|newfstatat)\(0,/ { main = 1 } main { print $1, n[$1] }' \
		trace >calls
}

# served FILE: whether the last response is a 200 with exactly this file as its body.
served() {
	equal "$exit_status" 0 'exit status' && equal "$http_status" 200 status && cmp "$1" "$body_file"
}

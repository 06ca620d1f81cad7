# Shared by the suites of counting, killed handlers, faults and the log, in addition to helpers.bash: the
# programs of tests/tools, reading a counter file, and a handler on a socket, if needed under strace, which
# injects faults.


# is_current PROGRAM: whether it is newer than whatever the programs of tests/tools are built from.
is_current() {
	local file
	[[ -x $1 ]] || return
	for file in "$source"/src/*/*.[ch] "${MAYFLY%/*}"/generated/*/* "$source"/tests/tools/* "${BASH_SOURCE[0]}"; do
		[[ $1 -nt $file ]] || return
	done
}

# build_tools NAME...: makes programs of tests/tools in $tools, for the tests of this file. They are kept in the build
# directory, in a directory that `make unit` makes, and are only compiled again if a source has changed.
build_tools() {
	local source=$BATS_TEST_DIRNAME/../.. name library kept=${MAYFLY%/*}/tools
	tools=$BATS_FILE_TMPDIR
	export tools
	for name; do
		if is_current "$kept/$name"; then
			cp "$kept/$name" "$tools/" || return
			continue
		fi
		library=()
		case $name in
		hostile_counter) library=("$source/src/counter/layout.c" "$source"/src/base/*.c) ;;
		hits_dump) library=("$source"/src/counter/*.c "$source"/src/base/{buffer,fnv}.c) ;;
		moved_clock | fail_calls) library=(-shared -fPIC) ;;
		escape) library=(-I"${MAYFLY%/*}/generated" "$source/src/mayfly/sandbox.c" "$source/src/base/beneath.c"
			"-Wl,--wrap=syscall" "-Wl,--wrap=prctl") ;;
		esac
		cc -std=c11 -D_GNU_SOURCE -I"$source/src" -o "$tools/$name" "$source/tests/tools/$name.c" \
			"${library[@]}" || return
		[[ ! -w $kept ]] || { cp "$tools/$name" "$kept/$name.$$" && mv -f "$kept/$name.$$" "$kept/$name"; } || return
	done
}

# Makes the site of helpers.bash, changes to the test's directory, and selects a counter file that does
# not exist yet.
make_counted_site() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	count_in "$BATS_TEST_TMPDIR/hits"
}

# count_in FILE: selects the counter file for the following requests.
count_in() {
	hits=$1
	handler_options=(--hits "$hits")
}

# counts: prints the records of the counter file, `count<TAB>path`, sorted by path; fails if it is damaged.
counts() {
	"$tools/hits_dump" "$hits" >dump || return
	LC_ALL=C sort -k 2 dump
}

# count_of PATH: prints its count; 0 if it has no record or the file does not exist.
count_of() {
	if [[ ! -e $hits ]]; then echo 0 && return; fi
	"$tools/hits_dump" "$hits" >dump || return
	awk -F '\t' -v path="$1" '$2 == path { n = $1 } END { print n + 0 }' dump
}

# on_socket [COMMAND...]: makes the following get and ask use a TCP connection. COMMAND runs the handler.
on_socket() {
	runner=("$tools/on_socket" "$@")
}

# with_strace [OPTION...]: the same under strace with these options; its output goes to `trace`.
# The sandbox is off, because --inject replaces a call by a nonexistent one, which the seccomp
# filter would refuse.
with_strace() {
	command -v strace >/dev/null || skip 'strace is missing'
	handler_options+=(--sandbox off)
	on_socket strace --quiet=all --signal=none --output=trace "$@"
}

# record_calls TARGET: writes the system calls of a handler that serves TARGET to `calls`, as `name
# occurrence` lines. The list begins with main, which first examines its descriptors: earlier calls belong
# to a sanitizer's runtime.
record_calls() {
	with_strace --trace=all
	get "$1"
	awk -F '(' '!/^[a-z0-9_]+\(/ { next } { n[$1]++ } /^(fstat|newfstatat)\(0,/ { main = 1 } main { print $1, n[$1] }' \
		trace >calls
}

# served FILE: whether the last response is a 200 whose body is exactly this file.
served() {
	equal "$exit_status" 0 'exit status' && equal "$http_status" 200 status && cmp "$1" "$body_file"
}

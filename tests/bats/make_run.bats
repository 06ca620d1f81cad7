#!/usr/bin/env bats
# `make run`: what the terminal shows, what is served, how it ends, and what it refuses.
# tests/system/fresh_*.bats runs it on fresh machines.
# bats file_tags=once

# shellcheck disable=SC2030,SC2031,SC2154 # tests run in subshells; helpers.bash
load helpers
load make

# Time limit of wait_until in seconds: make may have to build the handler first.
patience=600

setup_file() {
	export hits=${MAYFLY%/*}/hits
	[[ -e $hits ]] || export made_hits=yes
}

# Remove the counter file if this suite made it: one made by root is not writable for other users.
teardown_file() {
	[[ -z ${made_hits-} ]] || rm -f "$hits"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	site="$BATS_TEST_TMPDIR/my site"
	make_site "$site"
	# The counts in the build directory are kept, so each test has its own page.
	page=/page-$$-$RANDOM.txt
	printf 'a page\n' >"$site$page"
	port=$(free_port)
	shown=$BATS_TEST_TMPDIR/shown
	make_run=("${make[@]}" run)
}

teardown() {
	[[ -z ${server_pid-} ]] || kill -KILL -- "-$server_pid" 2>/dev/null || true
	pkill -KILL -f -- "--root $site " || true
}

# start_in_group COMMAND...: runs the command as the leader of a process group, with the default action for SIGINT
# (which bash ignores in background jobs) and SIGHUP (which nohup ignores).
start_in_group() {
	setsid env --default-signal=INT,HUP "$@" <&0 >"$shown" 2>&1 3>&- &
	server_pid=$!
	wait_until is_listening_or_dead
	is_listening "$port" || fail "$(<"$shown")"
}

# Starts `make run` and waits for the greeting; after it, signals end `make run` cleanly.
start_site() {
	start_in_group "${make_run[@]}" "PORT=$port" "ROOT=$site"
	wait_until shows "$(greeting)"
}

is_dead() {
	! kill -0 "$server_pid" 2>/dev/null
}

# ends_with STATUS: waits for `make run` to end with that status, or with 2 if make notices the end of its
# recipe before the signal; then no handler may be left after 30 seconds.
ends_with() {
	local status=0
	wait_until is_dead || return
	wait "$server_pid" || status=$?
	server_pid=
	[[ $status =~ ^($1|2)$ ]] || fail "exit status is $status" || return
	refute is_listening "$port" && patience=30 wait_until refute pgrep -af -- "--root $site "
}

# fetch ARGUMENT...: runs curl and prints the client's port.
fetch() {
	curl -sS --max-time 60 -w '%{local_port}' "$@"
}

# shows LINE: whether the terminal shows this line.
shows() {
	grep -qxF -- "$1" "$shown"
}

# shows_exactly LINE...: waits for the last of the lines, and compares everything that the terminal shows.
shows_exactly() {
	wait_until shows "${*: -1}" || fail "$(<"$shown")" || return
	equal "$(tr -d '\r' <"$shown")" "$(printf '%s\n' "$@")" 'the terminal'
}

# greeting [PLACES]: prints the greeting of `make run`.
greeting() {
	echo "Mayfly serves $site at ${1:-http://127.0.0.1:$port and http://[::1]:$port} (Ctrl-C ends it)"
}

# listens_on ADDRESS...: whether the port is open on exactly these addresses, in the notation of
# /proc/net/tcp, sorted.
listens_on() {
	sed -nE "s/^ *[0-9]+: ([0-9A-F]+):$(printf %04X "$port") [0-9A-F]+:0000 0A .*/\1/p" \
		/proc/net/tcp /proc/net/tcp6 | LC_ALL=C sort >listeners
	equal "$(<listeners)" "$(printf '%s\n' "$@")" 'the addresses'
}

# refuses WORDS ARGUMENT...: whether `make run` prints one line with these words and make's own error line,
# and serves nothing.
refuses() {
	run timeout 60 "${make_run[@]}" "PORT=$port" "ROOT=$site" "${@:2}"
	equal "$status" 2 "exit status of make run ${*:2}" || return
	[[ $output =~ ^"make run: "[^$'\n']*"$1"[^$'\n']*$'\n'"make: *** "[^$'\n']*$ ]] ||
		fail "not one line about $1: $output"
}

@test "the terminal shows the URL, then one line per request" {
	start_site
	first=$(fetch -o got "http://127.0.0.1:$port$page")
	wait_until shows "$page | 127.0.0.1 | $first | 1" # the log line may appear after the page, even after the next page
	second=$(fetch -o /dev/null "http://127.0.0.1:$port$page")
	wait_until shows "$page | 127.0.0.1 | $second | 2"
	third=$(fetch -o /dev/null "http://127.0.0.1:$port/nothing")
	shows_exactly "$(greeting)" "$page | 127.0.0.1 | $first | 1" "$page | 127.0.0.1 | $second | 2" \
		"/nothing | 127.0.0.1 | $third | 404 Not Found (not-found)"
	cmp got "$site$page"
}

@test "make run serves IPv6" {
	start_site
	client=$(fetch -o got "http://[::1]:$port$page")
	shows_exactly "$(greeting)" "$page | ::1 | $client | 1"
	cmp got "$site$page"
}

@test "make run without arguments serves www on port 8080" {
	site=www
	take_port_8080
	start_in_group "${make_run[@]}"
	fetch -o got http://127.0.0.1:8080/style.css
	cmp got "$repository/www/style.css"
	wait_until shows "$(greeting)"
}

@test "counts are kept between runs, in the build directory" {
	start_site
	fetch -o /dev/null "http://127.0.0.1:$port$page"
	kill -INT -- "-$server_pid"
	ends_with 130
	start_site
	client=$(fetch -o /dev/null "http://127.0.0.1:$port$page")
	shows_exactly "$(greeting)" "$page | 127.0.0.1 | $client | 2"
	[[ -s $hits ]]
}

@test "Ctrl-C ends make run silently and leaves no process" {
	mkfifo keyboard
	exec 7<>keyboard
	printf -v command '%q ' exec "${make_run[@]}" "PORT=$port" "ROOT=$site"
	start_in_group script --quiet --return --command "$command" /dev/null <keyboard 7>&-
	wait_until shows "$(greeting)"$'\r'
	client=$(fetch -o /dev/null "http://127.0.0.1:$port$page")
	wait_until shows "$page | 127.0.0.1 | $client | 1"$'\r'
	printf '\003' >&7
	ends_with 130
	shows_exactly "$(greeting)" "$page | 127.0.0.1 | $client | 1" '^C'
}

@test "Ctrl-C ends a download in progress" {
	truncate -s 1G "$site/large.bin"
	start_site
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /large.bin HTTP/1.0\r\n\r\n' >&5
	read -r -N 1 -u 5
	pgrep -f "^$MAYFLY --root $site "
	kill -INT -- "-$server_pid"
	ends_with 130
}

@test "a closed terminal, or SIGTERM to make alone, ends make run" {
	start_site
	kill -HUP -- "-$server_pid"
	ends_with 129
	start_site
	kill -TERM "$server_pid"
	ends_with 143
}

@test "a port in use is refused" {
	start_site
	refuses "port $port is taken"
}

@test "it listens on the loopback addresses only" {
	start_site
	listens_on 00000000000000000000000001000000 0100007F
}

@test "LISTEN selects another address, which the greeting shows" {
	local address places
	while read -r address kernel places; do
		start_in_group "${make_run[@]}" "PORT=$port" "ROOT=$site" "LISTEN=$address"
		wait_until shows "$(greeting "$places")" || fail "LISTEN=$address: $(<"$shown")"
		listens_on "$kernel"
		kill -INT -- "-$server_pid"
		ends_with 130
	done <<-END
		127.0.0.2 0200007F http://127.0.0.2:$port
		0.0.0.0 00000000 http://0.0.0.0:$port, every IPv4 address of this machine
		[::] 00000000000000000000000000000000 http://[::]:$port, every address of this machine
		::1 00000000000000000000000001000000 http://[::1]:$port
	END
}

@test "a LISTEN that is not an IP address is refused" {
	local address
	# shellcheck disable=SC2016 # no expansion intended
	for address in localhost '*' "'" '$(id)' 'a b' fe80::1%lo 127.0.0.1:80x; do
		refuses "LISTEN=$address is not an IP address" "LISTEN=$address"
	done
}

@test "an address that this machine does not have is refused, without a greeting" {
	for address in 192.0.2.254 999.0.0.1 -1 '[2001:db8::1]'; do
		run timeout 60 "${make_run[@]}" "PORT=$port" "ROOT=$site" "LISTEN=$address"
		equal "$status" 2 'exit status'
		refute contains "$output" "$(greeting)"
		[[ $output =~ "LISTEN=$address"|"$address".*:\ (Cannot\ assign|Invalid\ argument) ]] || fail "$output"
	done
}

@test "a directory with any characters in its name can be served" {
	local name
	# shellcheck disable=SC2016 # no expansion intended
	for name in '-a$b $(HOME)$$' "#it's "'"b" c;d' '50%a\b my café'; do
		mkdir -- "$name"
		printf '%s\n' "$name" >"./$name$page"
		site=$PWD/$name
		start_site
		client=$(fetch -o got "http://127.0.0.1:$port$page")
		equal "$(<got)" "$name"
		kill -INT -- "-$server_pid"
		ends_with 130
	done
	mkdir ./-x
	"$repository/packaging/run" --check . "$port" -x
}

@test "a build directory that make cannot use is refused" {
	local name
	# shellcheck disable=SC2016 # no expansion intended
	for name in 'a b' 'a$b' '$(HOME)' "it's" 'a"b' -x 'a:b' 'a%b' '~' ''; do
		run timeout 60 "${make[@]}" run "B=$name"
		equal "$status" 2 'exit status'
		[[ $output =~ ^Makefile:[0-9]+:\ '*** '"B=$name: the name of a build directory "[^$'\n']*$ ]] || fail "$output"
	done
}

@test "a missing root, or one that is not a directory, is refused" {
	refuses 'missing is not a directory' "ROOT=$site/missing"
	refuses 'a.txt is not a directory' "ROOT=$site/a.txt"
	refuses 'ROOT= is not a directory' ROOT=
}

@test "an unreadable root is refused" {
	give_ordinary_user_access
	mkdir -m 0 locked
	install "$repository/packaging/run" .
	run -1 "${ordinary_user[@]}" ./run . "$port" locked
	[[ $output =~ ^"make run: ROOT=locked: "[a-z]+" may not read it"$ ]]
}

@test "a privileged port is refused to ordinary users" {
	give_ordinary_user_access
	install "$repository/packaging/run" .
	run -1 "${ordinary_user[@]}" ./run . 1 www
	[[ $output =~ ^"make run: port 1 is for root alone; "[^$'\n']*$ ]]
}

@test "an invalid port is refused" {
	# shellcheck disable=SC2016 # no expansion intended
	for other in 0 00080 65536 100000 http 80x -1 '8 0' '' "'" '$(id)' '8$$0' '"'; do
		refuses "PORT=$other is not a port" "PORT=$other"
	done
}

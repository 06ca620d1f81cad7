#!/usr/bin/env bats
# Hits of robots in a counter file of their own: --robots and --robots-list.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load counter

person='User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
robot='User-Agent: Somebot/2.1'

setup_file() {
	build_tools hits_dump load_client
}

setup() {
	make_counted_site
	robots=$BATS_TEST_TMPDIR/robots
	handler_options+=(--robots "$robots")
}

teardown() {
	stop_server
}

# robots_of PATH: prints the count of a path in the counter file of robots.
robots_of() {
	local hits=$robots
	count_of "$1"
}

@test "hits of people and of robots are counted in two files of the same format" {
	get /a.txt "$person"
	equal "$log" '/a.txt | - | - | 1'
	get /a.txt "$robot"
	equal "$log" '/a.txt | - | - | 1 (robot)'
	get /a.txt
	equal "$log" '/a.txt | - | - | 2 (robot)' 'without User-Agent'
	get / 'User-Agent: curl/7.88.1'
	get /a.txt 'User-Agent:'
	get /a.txt "$person"
	equal "$(counts)" $'2\t/a.txt'
	hits=$robots
	equal "$(counts)" $'3\t/a.txt\n1\t/index.html'
}

@test "without --robots all are counted together" {
	handler_options=(--hits "$hits")
	get /a.txt "$person"
	get /a.txt "$robot"
	equal "$log" '/a.txt | - | - | 2'
	[[ ! -e $robots ]]
}

@test "what is no hit is none of a robot either" {
	get /a.txt "$robot" 'Range: bytes=3-'
	equal "$log" '/a.txt | - | - | 206 Partial Content'
	get /a.txt "$robot" 'Sec-Purpose: prefetch'
	equal "$log" '/a.txt | - | - | 200 OK (prefetch)'
	get /nothing "$robot"
	equal "$log" '/nothing | - | - | 404 Not Found (not-found)'
	ask 'HEAD /a.txt HTTP/1.1' 'Host: a' "$robot"
	equal "$log" 'HEAD /a.txt | - | - | 200 OK'
	equal "$(stat -c %s "$robots")" 0 'size of the counter file of robots'
}

# agents RESULT AGENT...: requests a.txt with each User-Agent; RESULT is `person` or `robot`.
agents() {
	local agent
	for agent in "${@:2}"; do
		get /a.txt "User-Agent: $agent"
		case $log in
		*' (robot)') equal robot "$1" "$agent" || return ;;
		*) equal person "$1" "$agent" || return ;;
		esac
	done
}

@test "--robots-list adds robots and excepts some" {
	printf '# scripts\naiohttp\n\n!somebot/\n!CUBOT\n' >list
	handler_options+=(--robots-list list)
	agents person 'Somebot/2.1 (+https://a.example)' 'Mozilla/5.0 (Linux; CUBOT_X18)' Firefox/128.0
	agents robot 'Python/3.11 AIOhttp/3.9' Otherbot
	equal "$(count_of /a.txt) $(robots_of /a.txt)" '3 2'
}

@test "a list of 16 KiB is read to its end" {
	printf '%16369s\nFirefox/128.0.\n' '' >list
	equal "$(wc -c <list)" 16385
	sed -i 's/\.$//' list
	handler_options+=(--robots-list list)
	agents robot Firefox/128.0
	equal "$(count_of /a.txt) $(robots_of /a.txt)" '0 1'
}

@test "a list that cannot be used is logged, and the page is served by the generic words" {
	local list message
	head -c 16385 /dev/zero | tr '\0' '\n' >large
	printf 'a\n!\n' >invalid
	mkdir directory
	while IFS='|' read -r list message; do
		ask_raw --robots-list "$list" < <(printf 'GET /a.txt HTTP/1.0\r\n%s\r\n\r\n' "$robot")
		equal "$http_status" 200
		contains "$log" "mayfly: $message"
		contains "$log" ' (robot)'
		equal "$(wc -l <<<"$log")" 2 'lines of the log'
		exit_status=0
		"$MAYFLY" --root "$site" --hits "$hits" --robots "$robots" --robots-list "$list" --check-config \
			>out 2>&1 </dev/null || exit_status=$?
		equal "$exit_status $(<out)" "102 mayfly: $message"
	done <<-'END'
		large|cannot use the list of robots large: larger than 16 KiB
		directory|cannot use the list of robots directory: Is a directory
		invalid|line 2 of the list of robots invalid: no text after !, or after line 1000
	END
}

@test "a missing list is empty while the site is served, and reported by --check-config" {
	get /a.txt "$robot"
	ask_raw --robots-list missing < <(printf 'GET /a.txt HTTP/1.0\r\n%s\r\n\r\n' "$robot")
	equal "$log" '/a.txt | - | - | 2 (robot)'
	exit_status=0
	"$MAYFLY" --root "$site" --hits "$hits" --robots "$robots" --robots-list missing --check-config >out 2>&1 \
		</dev/null || exit_status=$?
	equal "$exit_status $(<out)" '102 mayfly: cannot use the list of robots missing: No such file or directory'
}

@test "a counter file of robots that cannot be used loses only their hits" {
	echo foreign >"$robots"
	get /a.txt "$person"
	equal "$http_status $log" '200 /a.txt | - | - | 1'
	get /a.txt "$robot"
	equal "$http_status $log" '200 /a.txt | - | - | 200 OK (hits-foreign)'
	equal "$(<"$robots")" foreign
	rm "$robots"
	mkdir "$robots"
	get /a.txt "$robot"
	equal "$http_status $log" '200 /a.txt | - | - | 200 OK (hits-not-a-file)'
	get /a.txt "$person"
	equal "$log" '/a.txt | - | - | 2'
	ask_raw --health-path /healthz --proxy-from unix < <(printf 'GET /healthz HTTP/1.0\r\n\r\n')
	equal "$http_status" 503 'health'
	contains "$log" '(hits-not-a-file)'
	"$MAYFLY" --root "$site" --hits "$hits" --robots "$robots" --check-config >out 2>&1 </dev/null && fail 'OK'
	contains "$(<out)" "cannot count hits in $robots: hits-not-a-file"
}

@test "listings and the counter that a page can show have the hits of people" {
	get /sub/deep/file.txt "$person"
	get /sub/deep/file.txt "$robot"
	get /sub/deep/file.txt "$robot"
	handler_options+=(--list-hits --counter-path /counter)
	get '/sub/deep/?format=json' "$robot"
	contains "$body" '"hits":1'
	get /counter/sub/deep/file.txt.txt "$robot"
	equal "$body" 1
}

@test "a hit of a robot by a rule is logged with the rule" {
	echo '/old /a.txt 200' >"$site/_redirects"
	get /old "$robot"
	equal "$http_status $(robots_of /a.txt) $log" '200 1 /a.txt | - | - | 1 (redirects:1)'
}

@test "the options require each other" {
	local message
	while IFS='|' read -r options message; do
		# shellcheck disable=SC2086 # a list of words
		"$MAYFLY" --root "$site" $options --check-config >out 2>&1 </dev/null && fail "accepted: $options"
		equal "$(<out)" "mayfly: $message"
	done <<-'END'
		--robots robots|--robots requires --hits
		--hits hits --robots hits|--robots and --hits name the same file
		--hits hits --robots-list list|--robots-list requires --robots
		--hits hits --robots=|--robots: "" is not the name of a file
	END
}

@test "17 clients at once: people and robots are all counted" {
	start_server --root "$site" --hits "$hits" --robots "$robots"
	"$tools/load_client" "$port" 16 "$(scaled 1000)" /a.txt >complete &
	for _ in {1..100}; do
		curl -sS -o /dev/null -A Firefox "http://127.0.0.1:$port/a.txt"
	done
	wait $!
	equal "$(robots_of /a.txt)" "$(scaled 1000)" 'hits of robots'
	equal "$(count_of /a.txt)" 100 'hits of people'
}

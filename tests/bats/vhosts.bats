#!/usr/bin/env bats
# --vhosts: the site is the directory with the name of the host. Which directory that is, which it never is,
# and under which path hits are counted.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers

setup() {
	root=$BATS_TEST_TMPDIR/www
	outside=$BATS_TEST_TMPDIR/outside
	site=$root
	handler_options=(--vhosts)
	make_host_site example.org example.org
	make_host_site www.example.org www.example.org
	make_host_site 192.0.2.7 192.0.2.7
	make_host_site default default
	echo 'above the hosts' | tee "$root/index.html" >"$root/a.txt"
	mkdir "$outside"
	echo outside | tee "$outside/index.html" >"$outside/a.txt"
}

# make_host_site DIRECTORY WORD: makes the site of a host; all its files contain the word.
make_host_site() {
	mkdir -p "$root/$1/sub"
	tee "$root/$1/index.html" "$root/$1/sub/index.html" <<<"$2" >"$root/$1/a.txt"
}

# ask_host HOST TARGET: sends a GET with this Host; the handler must exit with 0.
ask_host() {
	ask "GET $2 HTTP/1.1" "Host: $1"
	equal "$exit_status" 0 'exit status'
}

# leads_to WORD HOST...: whether these hosts get the site with this word, and the log has its directory.
leads_to() {
	local host
	for host in "${@:2}"; do
		ask_host "$host" /
		equal "$http_status $body" "200 $1" "answer to $host" || return
		equal "$log" "//$1/index.html | - | - | 200 OK" log || return
	done
}

# have_no_site HOST...: whether these hosts get 404 because no directory has their name.
have_no_site() {
	local host
	for host; do
		ask_host "$host" /
		equal "$http_status" 404 "answer to $host" || return
		[[ $log == *' | 404 Not Found (host-unknown)' ]] || fail "log: $log"
	done
}

@test "the directory is named after the host, in lower case, without port and final dot" {
	leads_to example.org example.org Example.ORG EXAMPLE.ORG:8080 example.org. example.org: example.org.:80
	leads_to www.example.org www.example.org
	leads_to 192.0.2.7 192.0.2.7 192.0.2.7:80
	make_host_site Upper.example upper
	leads_to default Upper.example upper.example
}

@test "a host without a directory, and a request without a host, get default" {
	leads_to default other.example org example example.org.other ample.org default Default
	leads_to default '' :80 .
	ask 'GET / HTTP/1.0'
	equal "$body" default
	equal "$log" '//default/index.html | - | - | 200 OK'
	touch "$root/file"
	leads_to default file index.html a.txt
}

@test "neither the host's directory nor default: 404" {
	rm -r "$root/default"
	have_no_site other.example '' . .. '[::1]' 127.0.0.1
	leads_to example.org example.org
	ask 'GET / HTTP/1.0'
	equal "$http_status" 404
	ask 'HEAD /.secret HTTP/1.1' 'Host: other.example'
	[[ $log == *'(host-unknown)' ]]
	ask_host other.example /
	local page=$body
	ask_host example.org /nothing
	equal "$page" "$body" 'the page for a host without a directory'
	touch "$root/default"
	have_no_site other.example
}

@test "no host leads to the root, its parent or a nested directory" {
	mkdir -p "$root/example.org/deep" "$root/%2e%2e" "$root/%2e" "$root/example.org%2fdeep" "$root/[::1]" \
		"$root/[2001:db8::7]" "$root/::1" "$root/a%62.example"
	leads_to default . .. ... .: ..:80 '[::1]' '[2001:db8::7]:80' '[v1.x]' %2e %2e%2e %2E%2E %2e. .%2e \
		%2e%2e%2foutside example.org%2fdeep %2f a%62.example example.org%00
	local host
	for host in ../outside /outside example.org/deep example.org/../../outside '..\outside' "$outside" 'a b'; do
		ask_host "$host" /
		equal "$http_status" 400 "answer to $host"
		contains "$log" '(host-malformed)'
	done
	for host in .. %2e%2e; do
		ask "GET http://$host/outside/a.txt HTTP/1.1" 'Host: a'
		equal "$http_status" 404 "answer to $host"
		refute grep outside "$body_file"
	done
}

@test "no host leads to a hidden directory; a dot within a name is allowed" {
	mkdir "$root/.git" "$root/.well-known"
	echo hidden | tee "$root/.git/index.html" >"$root/.well-known/index.html"
	leads_to default .git .GIT .git. .well-known .git:80
	make_host_site a..b a..b
	make_host_site ...c dots
	make_host_site d. d.
	make_host_site e-_~f e-_~f
	leads_to a..b a..b A..B
	leads_to d. d..
	leads_to default ...c d
	leads_to e-_~f e-_~f
}

@test "a link may give a site a second name, but may not leave the root" {
	ln -s example.org "$root/alias.example"
	ln -s ../outside "$root/leaving.example"
	ln -s "$root/example.org" "$root/absolute.example"
	ln -s . "$root/itself.example"
	ln -s nowhere "$root/dangling.example"
	ask_host alias.example /
	equal "$body" example.org
	equal "$log" '//alias.example/index.html | - | - | 200 OK'
	leads_to default leaving.example dangling.example
	ask_host absolute.example /
	equal "$body" example.org
	ln -s "$root/example.org/a.txt" "$root/example.org/absolute.txt"
	ln -s "$root/www.example.org/index.html" "$root/example.org/neighbour.txt"
	ask_host example.org /absolute.txt
	equal "$http_status" 200
	ask_host example.org /neighbour.txt
	equal "$http_status" 404
	ask_host itself.example /a.txt
	equal "$body" 'above the hosts'
	rm -r "$root/default"
	have_no_site leaving.example
	ln -s ../outside "$root/default"
	have_no_site leaving.example other.example
}

@test "no path leads from one site to another" {
	local target
	ln -s ../www.example.org "$root/example.org/neighbour"
	ln -s ../a.txt "$root/example.org/up.txt"
	for target in /../www.example.org/a.txt /..%2fwww.example.org/a.txt /neighbour/a.txt /up.txt \
		/www.example.org/a.txt //www.example.org/a.txt; do
		ask_host example.org "$target"
		equal "$http_status" 404 "answer to $target"
	done
	ask_host example.org /neighbour/
	contains "$log" '(target-escapes-root)'
}

@test "paths within a host's site work as without --vhosts" {
	local reason target
	ask_host Example.org /sub
	equal "$http_status $(field Location)" '301 /sub/'
	ask_host Example.org //sub/
	equal "$http_status $body" '200 example.org'
	equal "$log" '//example.org/sub/index.html | - | - | 200 OK'
	echo hidden >"$root/example.org/.secret"
	while read -r reason target; do
		ask_host example.org "$target"
		equal "$log" "$target | - | - | 404 Not Found ($reason)"
	done <<-'END'
		not-found /nothing
		hidden /.secret
		hidden /.nothing
	END
}

@test "hits are counted per host, under the name of its directory" {
	local hits=$BATS_TEST_TMPDIR/hits
	handler_options+=(--hits "$hits")
	ask_host example.org /
	equal "$log" '//example.org/index.html | - | - | 1'
	ask_host EXAMPLE.ORG.:80 /index.html
	equal "$log" '//example.org/index.html | - | - | 2'
	ask_host www.example.org /
	equal "$log" '//www.example.org/index.html | - | - | 1'
	ask_host other.example /
	equal "$log" '//default/index.html | - | - | 1'
	ask_host another.example /
	equal "$log" '//default/index.html | - | - | 2'
	ask_host example.org /a.txt
	equal "$log" '//example.org/a.txt | - | - | 1'
	handler_options=(--hits "$hits")
	ask_host example.org /index.html
	equal "$log" '/index.html | - | - | 1'
}

@test "two hosts share one connection" {
	ask_raw --keep-alive 20 < <(printf 'GET /a.txt HTTP/1.1\r\nHost: %s\r\n\r\n' www.example.org example.org \
		other.example http.example example.org)
	equal "$log" '//www.example.org/a.txt | - | - | 200 OK
//example.org/a.txt | - | - | 200 OK
//default/a.txt | - | - | 200 OK
//default/a.txt | - | - | 200 OK
//example.org/a.txt | - | - | 200 OK'
	equal "$(grep -axE '[a-z.]+' "$response_file" | tr '\n' ' ')" \
		'www.example.org example.org default default example.org '
}

@test "a host of maximum length is served, a longer one gets 404" {
	local longest host
	printf -v longest '%0251d.com' 0
	equal ${#longest} 255
	make_host_site "$longest" "$longest"
	leads_to "$longest" "$longest" "$longest." "$longest:8080"
	for host in "${longest}x" "x$longest" "$longest.." "$(printf '%03000d' 0)" "$(printf '%012000d' 0)"; do
		ask_host "$host" /a.txt
		equal "$http_status $body" '200 default'
	done
}

@test "the longest host, target and index name are served together" {
	local host index length name target=/
	printf -v host '%0251d.com' 0
	printf -v index '%0255d' 0
	for length in 255 255 255 255 255 255 255 255 255 255 255 255 255 170; do
		printf -v name "%0${length}d" 0
		target+=$name/
	done
	equal ${#target} 3500
	mkdir "$root/$host"
	(
		cd "$root/$host" || exit
		for name in ${target//\// }; do mkdir "$name" && cd "$name" || exit; done
		echo deep >"$index"
	)
	handler_options+=(--index "$index")
	ask_host "$host" "$target"
	equal "$http_status $body" '200 deep'
}

@test "without --vhosts all hosts share one site" {
	handler_options=()
	local host
	for host in example.org other.example '' default; do
		ask_host "$host" /a.txt
		equal "$body" 'above the hosts'
		equal "$log" '/a.txt | - | - | 200 OK'
	done
}

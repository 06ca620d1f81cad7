#!/usr/bin/env bats
# Sites that real generators build: Eleventy, and an application of one page by Vite. Each is served whole by its own
# _redirects and _headers, and visited in a browser. Their sources are in tests/sites.
#
# To update a generator, edit its package.json and make package-lock.json with Debian 12's npm 9, which refuses what later
# versions write for optional packages: `npm install --package-lock-only --omit-lockfile-registry-resolved`.
# bats file_tags=once,network,tools

# shellcheck disable=SC2034,SC2154 # helpers.bash
load helpers
load browser

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

immutable='public, max-age=31536000, immutable'

# A browser opens connections in advance. Without the long timeout a slow test would log a 408 on them.
handler_options=(--extension html --keep-alive 5 --header-timeout 3600)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	stop_browser
	stop_server
}

# try_npm ARGUMENT...: runs npm in the current directory. Prints what it prints only if it fails.
try_npm() {
	timeout 240 npm --no-update-notifier --prefer-offline --fetch-timeout=60000 --fetch-retries=3 \
		--fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=20000 "$@" >npm.log 2>&1 </dev/null 3>&- && return
	tail -n 30 npm.log | cut -c 1-300
	return 1
}

# build_site NAME: sets site to the directory that the generator of tests/sites/NAME has written. The build directory
# keeps it, and the packages, until a source changes. No script of a package runs during the installation.
build_site() {
	local sources=$repository/tests/sites/$1 folder=$repository/build/sites/$1 lock state
	mkdir -p "${folder%/*}"
	exec {lock}>"$folder.lock"
	flock "$lock"
	state=$(cd "$sources" && find . -type f -exec sha256sum {} + | sort)
	if [[ ! -e $folder/built || $(<"$folder/built") != "$state" ]]; then
		rm -rf "$folder"
		cp -r "$sources" "$folder"
		cd "$folder" || return
		try_npm ci --ignore-scripts --no-audit --no-fund ||
			fail "npm cannot install the packages of tests/sites/$1/package-lock.json; it needs the network" || return
		try_npm run build || fail "the generator of tests/sites/$1 failed" || return
		echo "$state" >built
		cd "$BATS_TEST_TMPDIR" || return
	fi
	exec {lock}>&-
	site=$folder/dist
}

# site_files [DIRECTORY]: prints the paths of the site's files, or of those in a directory of it.
site_files() {
	(cd "$site" && find "${1-.}" -type f | sed 's|^\./||' | sort)
}

# Whether each file of the site is served as it was built, with a media type of its own; the two of rules are not served.
is_served_whole() {
	local name extension
	local -A types=([html]='text/html; charset=utf-8' [css]='text/css; charset=utf-8'
		[js]='text/javascript; charset=utf-8' [svg]=image/svg+xml)
	for name in $(site_files); do
		get "/$name"
		if [[ $name == _* ]]; then
			equal "$http_status" 404 "status of $name" || return
			continue
		fi
		extension=${name##*.}
		equal "$http_status $(field Content-Type)" "200 ${types[$extension]}" "answer of $name" || return
		cmp "$body_file" "$site/$name" || return
	done
}

# are_immutable DIRECTORY: whether the directory of the site has files, and all of them may be cached for good.
are_immutable() {
	local name names
	names=$(site_files "$1")
	[[ -n $names ]] || return
	for name in $names; do
		get "/$name"
		equal "$http_status $(field Cache-Control)" "200 $immutable" "answer of $name" || return
	done
}

# shows HEADING: whether the page has this heading, in the color of the site's style sheet.
shows() {
	[[ $(in_page '
		const heading = document.querySelector("h1");
		return heading && heading.textContent + " " + getComputedStyle(heading).color') == "\"$1 rgb(12, 34, 56)\"" ]]
}

# visit PATH HEADING: loads the page.
visit() {
	open_page "http://127.0.0.1:$port$1"
	wait_until shows "$2"
}

# follow SELECTOR PATH HEADING: clicks a link that leads there.
follow() {
	click "$1"
	wait_until is_at "$2"
	wait_until shows "$3"
}

@test "Eleventy: each file is served as built, and its hashed style sheet is immutable" {
	build_site eleventy
	is_served_whole
	are_immutable bundle
	for name in / /about /posts/ /posts/first; do
		get "$name"
		equal "$http_status $(field Cache-Control)" '200 no-cache' "answer of $name"
		equal "$(field Content-Security-Policy)" "default-src 'self'"
	done
}

@test "Eleventy: clean URLs, slashes and the addresses of the old host lead to the pages" {
	build_site eleventy
	# leads PATH STATUS LOCATION
	leads() {
		get "$1"
		equal "$http_status $(field Location)" "$2 $3" "answer of $1"
	}
	leads /about/ 301 /about
	leads /posts 301 /posts/
	leads /posts/first/ 301 /posts/first
	leads /blog/first 301 /posts/first
	leads '/blog/first/?a=b' 301 '/posts/first?a=b'
	leads /feed 302 /posts/
	leads /retired/page 410 ''
	cmp "$body_file" "$site/404.html"
	leads /nothing 404 ''
	cmp "$body_file" "$site/404.html"
	equal "$(field Cache-Control)" ''
	equal "$(field X-Robots-Tag)" ''
	handler_options+=(--hits "$BATS_TEST_TMPDIR/hits")
	leads /about 200 ''
	equal "$(field X-Robots-Tag) $log" 'noindex /about.html | - | - | 1'
	leads /about.html 200 ''
	equal "$log" '/about.html | - | - | 2'
}

@test "Eleventy: a visitor clicks through the pages without a console error" {
	build_site eleventy
	start_server --root "$site" "${handler_options[@]}"
	start_browser
	visit / Home
	follow '#about' /about About
	follow '#posts' /posts/ Posts
	follow .post /posts/first 'The first post'
	go_back
	wait_until shows Posts
	visit '/about/?a=b' About
	is_at '/about?a=b'
	visit /feed Posts
	is_at /posts/
	visit /blog/second 'The second post'
	is_at /posts/second
	reload
	wait_until shows 'The second post'
	equal "$(console_errors)" ''
	wait_until has_answers 200 '/bundle/.*'
	equal "$(answers '...' '/bundle/.*')" 1 'requests of the style sheet'

	visit /nothing/here 'Page not found'
	follow '#home' / Home
	wait_until has_answers 404 /nothing/here
	equal "$(answers '[45]..')" 1 refusals
}

@test "Vite: each file is served as built, and hashed assets are immutable" {
	build_site spa
	is_served_whole
	are_immutable assets
	for name in / /users/7 /no/such/view; do
		get "$name"
		equal "$http_status $(field Cache-Control) $(field Content-Security-Policy)" "200 no-cache default-src 'self'" \
			"answer of $name"
		cmp "$body_file" "$site/index.html"
	done
}

@test "Vite: a missing asset of an earlier build is 404 and not cached, instead of the page" {
	build_site spa
	get /assets/index-00000000.js
	equal "$http_status $(field Cache-Control)" '404 '
	cmp "$body_file" "$site/404.html"
}

@test "Vite: views and deep links work without a console error, and assets load once" {
	local name
	build_site spa
	start_server --root "$site" "${handler_options[@]}"
	start_browser
	visit / Home
	equal "$(in_page 'const image = document.querySelector("img"); return image.decode().then(() => image.naturalWidth)')" 64
	follow '#user' /users/7 'User 7'
	follow '#settings' /settings Settings
	go_back
	wait_until shows 'User 7'
	wait_until has_answers 200 /index.html
	equal "$(answers 200 /index.html)" 1 'loads of the page'

	visit /users/12 'User 12'
	reload
	wait_until shows 'User 12'
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).marginTop')" '"3px"'
	visit /account/9 'User 9'
	is_at /users/9
	visit '/settings?a=b' Settings
	visit /no/such/view 'No such view'
	follow '#home' / Home
	equal "$(console_errors)" ''
	for name in $(site_files assets); do
		wait_until has_answers 200 "/$name"
		equal "$(answers '...' "/$name")" 1 "requests of $name"
	done
	equal "$(answers '[45]..')" 0 refusals
}

#!/usr/bin/env bats
# Sites as generators build them, with their own _redirects and _headers, in a browser: a single-page
# application of Vite, and pages of Eleventy.
# bats file_tags=once,tools,network

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load helpers
load browser

# A browser opens connections in advance. Without the long timeout a slow test would log a 408 on them.
patient=(--header-timeout 3600)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	hits=$BATS_TEST_TMPDIR/hits
	options=(--hits "$hits" --keep-alive 5 --cache-control no-cache "${patient[@]}")
}

teardown() {
	stop_browser
	stop_server
}

# heading_is TEXT: whether the page shows this heading.
heading_is() {
	[[ $(in_page 'return (document.querySelector("h1") || {}).textContent') == "\"$1\"" ]]
}

# cache_control PATH: the field of the response to this path.
cache_control() {
	curl -sSo /dev/null -w '%header{cache-control}' "http://127.0.0.1:$port$1"
}

# build_application: builds a single-page application with Vite. Sets $site.
build_application() {
	local modules
	modules=$(npm_package vite@5.4.11) || return
	mkdir -p app/public app/src/pages
	cat >app/index.html <<-'END'
		<!DOCTYPE html>
		<html lang="en">
		<meta charset="utf-8">
		<title>Application</title>
		<link rel="icon" href="data:,">
		<nav><a id="home" href="/">Home</a> <a id="user" href="/user/7/edit?tab=name">User</a></nav>
		<main></main>
		<script type="module" src="/src/main.js"></script>
	END
	cat >app/src/main.js <<-'END'
		import './style.css'
		const pages = { '/': () => import('./pages/home.js'), '/user': () => import('./pages/user.js') }
		async function show() {
			const page = await pages[location.pathname.startsWith('/user/') ? '/user' : '/']()
			document.querySelector('main').innerHTML = page.render(location)
		}
		addEventListener('popstate', show)
		addEventListener('click', event => {
			if (!event.target.closest('nav a')) return
			event.preventDefault()
			history.pushState({}, '', event.target.href)
			show()
		})
		show()
	END
	printf 'h1 { color: rgb(1, 2, 3); background: url(./dot.svg) }\n' >app/src/style.css
	printf '<svg xmlns="http://www.w3.org/2000/svg"><!-- %s --></svg>\n' "$(printf 'x%.0s' {1..5000})" >app/src/dot.svg
	printf "export const render = () => '<h1>Home</h1>'\n" >app/src/pages/home.js
	cat >app/src/pages/user.js <<-'END'
		import './user.css'
		export const render = at => `<h1>User ${at.pathname.split('/')[2]} ${at.search}</h1>`
	END
	printf 'main { margin: 1px }\n' >app/src/pages/user.css
	printf '# old addresses\n/account/:id /user/:id/edit 302\n/* /index.html 200\n' >app/public/_redirects
	cat >app/public/_headers <<-'END'
		/*
		  Content-Security-Policy: default-src 'self'; img-src 'self' data:
		  X-Frame-Options: DENY
		/assets/*
		  ! Cache-Control
		  Cache-Control: public, max-age=31536000, immutable
	END
	"$modules/.bin/vite" build --logLevel warn app
	site=$PWD/app/dist
}

@test "Vite: a single-page application works, and each of its deep links" {
	build_application
	start_server --root "$site" "${options[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/"
	wait_until heading_is Home
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).color')" '"rgb(1, 2, 3)"'
	click '#user'
	wait_until heading_is 'User 7 ?tab=name'
	reload
	wait_until heading_is 'User 7 ?tab=name'
	go_back
	wait_until heading_is Home
	open_page "http://127.0.0.1:$port/user/8/a/b/c"
	wait_until heading_is 'User 8 '
	open_page "http://127.0.0.1:$port/account/9"
	wait_until heading_is 'User 9 '
	equal "$(in_page 'return location.pathname')" '"/user/9/edit"'
	equal "$(console_errors)" ''
	equal "$(grep -c ' | [45][0-9][0-9] ' "$server_log")" 0 'responses with an error'
	equal "$(grep -c '(redirects:2)' "$server_log") $(grep -cE '^/index.html .*\(redirects:3\)$' "$server_log")" '1 3'
}

@test "Vite: files with a hash in their name are immutable and come from the cache, the page is not" {
	local file
	build_application
	start_server --root "$site" "${options[@]}"
	for file in "$site"/assets/*; do
		equal "$(cache_control "/assets/${file##*/}")" 'public, max-age=31536000, immutable'
	done
	((${#file} > 0))
	equal "$(cache_control /) $(cache_control /any/link)" 'no-cache no-cache'
	start_browser
	open_page "http://127.0.0.1:$port/"
	wait_until heading_is Home
	: >"$server_log"
	open_page "http://127.0.0.1:$port/user/1"
	wait_until heading_is 'User 1 '
	open_page "http://127.0.0.1:$port/"
	wait_until heading_is Home
	wait_until is_logged_once
	equal "$(console_errors)" ''
}

# is_logged_once: whether the second visits have asked for the page twice, and for no asset a second time.
is_logged_once() {
	[[ $(grep -c '^/index.html ' "$server_log") == 2 ]] &&
		[[ -z $(grep -o '^/assets/[^ ]*' "$server_log" | sort | uniq -d) ]] &&
		! grep -q '^/assets/main\|^/assets/index' "$server_log"
}

# build_pages: builds a site of several pages with Eleventy. Sets $site.
build_pages() {
	local modules
	modules=$(npm_package @11ty/eleventy@3.0.0) || return
	mkdir -p pages/_includes pages/posts pages/css
	cat >pages/_includes/page.njk <<-'END'
		<!DOCTYPE html>
		<html lang="en">
		<meta charset="utf-8">
		<title>{{ title }}</title>
		<link rel="icon" href="data:,">
		<link rel="stylesheet" href="/css/style.css">
		<nav><a id="home" href="/">Home</a> <a id="about" href="/about">About</a> <a id="posts" href="/posts/first/">First</a></nav>
		<h1>{{ title }}</h1>
		{{ content | safe }}
	END
	printf -- '---\nlayout: page.njk\ntitle: Start\n---\nWords.\n' >pages/index.md
	printf -- '---\nlayout: page.njk\ntitle: About\npermalink: /about.html\n---\nWords.\n' >pages/about.md
	printf -- '---\nlayout: page.njk\ntitle: Missing\npermalink: /404.html\n---\nWords.\n' >pages/404.md
	printf -- '---\nlayout: page.njk\ntitle: First post\n---\nWords.\n' >pages/posts/first.md
	printf 'h1 { color: rgb(4, 5, 6) }\n' >pages/css/style.css
	printf '/blog/:slug /posts/:slug/\n/feed /posts/first 302\n' >pages/_redirects
	printf '/*\n  Referrer-Policy: no-referrer\n/about\n  X-Robots-Tag: noindex\n' >pages/_headers
	cat >eleventy.config.cjs <<-'END'
		module.exports = config => {
			for (const name of ['_redirects', '_headers', 'css']) config.addPassthroughCopy({ [`pages/${name}`]: name })
			return { dir: { input: 'pages', output: 'site' } }
		}
	END
	"$modules/.bin/eleventy" --quiet --config=eleventy.config.cjs
	site=$PWD/site
}

@test "Eleventy: pages, names without .html, old addresses and the error page work" {
	build_pages
	start_server --root "$site" --extension html "${options[@]}"
	start_browser
	open_page "http://127.0.0.1:$port/"
	wait_until heading_is Start
	equal "$(in_page 'return getComputedStyle(document.querySelector("h1")).color')" '"rgb(4, 5, 6)"'
	click '#about'
	wait_until is_at /about
	heading_is About
	open_page "http://127.0.0.1:$port/about/?a=b"
	is_at '/about?a=b'
	click '#posts'
	wait_until is_at /posts/first/
	heading_is 'First post'
	open_page "http://127.0.0.1:$port/blog/first?x=1"
	is_at '/posts/first/?x=1'
	open_page "http://127.0.0.1:$port/feed"
	is_at /posts/first/
	equal "$(console_errors)" ''
	equal "$(grep -c ' | [45][0-9][0-9] ' "$server_log")" 0 'responses with an error'
	open_page "http://127.0.0.1:$port/nothing/here"
	heading_is Missing
	equal "$(answers 404 /nothing/here)" 1
	equal "$(curl -sSo /dev/null -w '%header{x-robots-tag} %header{referrer-policy}' "http://127.0.0.1:$port/about")" \
		'noindex no-referrer'
	equal "$("${MAYFLY%/*}/mayflyctl" hits --hits "$hits" | grep -c '/about\.html')" 1
}

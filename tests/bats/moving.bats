#!/usr/bin/env bats
# packaging/guide/moving.md, "Moving a site here": what the page says of each host is tried with the rules
# and options that it shows.

# shellcheck disable=SC2016,SC2034,SC2154 # texts of the page; helpers.bash
load helpers

guide=$BATS_TEST_DIRNAME/../../packaging/guide/moving.md

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	site=$BATS_TEST_TMPDIR/www
	mkdir -p "$site/assets" "$site/_astro"
	printf 'home\n' >"$site/index.html"
	printf 'about\n' >"$site/about.html"
	printf 'missing\n' >"$site/404.html"
	printf 'gone\n' >"$site/410.html"
	printf 'x\n' | tee "$site/assets/app-1a2b.js" "$site/_astro/a.css" "$site/a.pdf" >"$site/a.own"
}

teardown() {
	[[ -z ${nginx_pid-} ]] || { kill "$nginx_pid" && wait "$nginx_pid"; } || true
	stop_server
}

# block TEXT: the indented lines of the page that follow the first paragraph with this text.
block() {
	awk -v text="$1" '!found && index($0, text) { found = 1; next }
		found && /^ *$/ { if (seen) exit; next }
		found && /^    / { seen = 1; print substr($0, 5); next }
		seen { exit }' "$guide"
}

# cell TEXT: the second cell of the table's row whose first cell has this text, without its backquotes.
cell() {
	awk -F ' [|] |^[|] | [|]$' -v text="$1" 'index($2, text) && !/^\|---/ { gsub("`", "", $3); print $3; exit }' "$guide"
}

# option_of TEXT: the options in that cell, as the handler gets them.
option_of() {
	mapfile -t handler_options < <(cell "$1" | xargs -n 1)
	((${#handler_options[@]} > 0))
}

# redirects TARGET STATUS LOCATION
redirects() {
	get "$1"
	equal "$http_status $(field Location)" "$2 $3" "answer to $1"
}

# copy_build: runs the command that copies the built site dist, for the site of this test.
copy_build() {
	local command
	command=$(block 'Copy the built site')
	command=${command#"${command%%[! ]*}"}
	equal "$command" "sudo rsync -a --delete dist/ /srv/mayfly/"
	command=${command#sudo }
	bash -c "${command/\/srv\/mayfly/$site}"
}

# bats test_tags=tools
@test "the copied site has the new files and rules, and nothing of the old site" {
	mkdir dist
	printf 'new home\n' >dist/index.html
	printf '/about /\n' >dist/_redirects
	copy_build
	get /
	equal "$body" 'new home'
	redirects /about 301 /
	equal "$(find "$site" -type f -printf '%P\n' | sort | paste -sd ' ')" '_redirects index.html'
}

# coding_of TARGET: prints the Content-Encoding of the answer to a client that accepts gzip.
coding_of() {
	get "$1" 'Accept-Encoding: gzip' >/dev/null
	field Content-Encoding
}

# bats test_tags=tools
@test "after each copy the files are compressed again; this replaces gzip_static of nginx" {
	contains "$(<"$guide")" '`sudo /usr/share/mayfly/precompress /srv/mayfly`'
	equal "$(cell 'gzip_static on;')" precompress
	mkdir dist
	for text in first second; do
		seq -f "$text %g" 200 >dist/long.txt
		copy_build
		refute test -e "$site/long.txt.gz"
		equal "$(coding_of /long.txt)" ''
		"$BATS_TEST_DIRNAME/../../packaging/precompress" "$site"
		equal "$(coding_of /long.txt)" gzip
		gzip --decompress --stdout "$site/long.txt.gz" | diff - dist/long.txt
	done
}

@test "the commands of the last step exist" {
	local line
	line=$(grep -F 'Set up HTTPS' -A1 "$guide" | paste -sd ' ')
	contains "$line" '`mayflyctl https`'
	"${MAYFLY%/*}/mayflyctl" https --help >help
	contains "$(grep -A1 -F 'Set up HTTPS' "$guide")" '`sudo mayflyctl log --status 404`'
	run -100 "${MAYFLY%/*}/mayflyctl" log --status 404 --nothing
	contains "$output" 'unknown option --nothing'
}

@test "the first options: names without .html, and no-cache" {
	mapfile -t handler_options < <(sed -n 's/^ *MAYFLY_OPTIONS=//p' "$guide" | xargs -n 1)
	get /about
	equal "$http_status $body $(field Cache-Control)" '200 about no-cache'
}

@test "assets with a hash in their name are immutable, other files are not" {
	handler_options=(--cache-control no-cache)
	block 'write into `_headers`' >"$site/_headers"
	for name in /assets/app-1a2b.js /_astro/a.css; do
		get "$name"
		equal "$(field Cache-Control)" 'public, max-age=31536000, immutable'
	done
	get /
	equal "$(field Cache-Control)" no-cache
}

@test "a single-page application gets its page for each deep link" {
	block 'A single-page application' >"$site/_redirects"
	get /user/7/edit
	equal "$http_status $body" '200 home'
	get /assets/app-1a2b.js
	equal "$body" x
	get /assets/app-0000.js
	equal "$http_status $body" '404 missing'
}

@test "the command for a sitemap prints the addresses whose status is not 200" {
	local name command
	mkdir "$site/posts" dist
	touch "$site/posts/index.html"
	for name in '' about posts posts/ old; do
		echo "<url><loc>https://example.org/$name</loc></url><url><loc>http://example.org/$name</loc></url>"
	done >dist/sitemap.xml
	echo "<loc>https://example.org/a.pdf?a=1&amp;b=2</loc><loc>https://example.org/no?a&amp;b&amp;c</loc>" >>dist/sitemap.xml
	start_server --root "$site" --extension html
	command=$(block 'Request each page of the sitemap')
	contains "$command" 'http://localhost:8080|'
	bash -c "${command//localhost:8080/127.0.0.1:$port}" >answers
	printf '%s\n' "301 http://127.0.0.1:$port/posts"{,} "404 http://127.0.0.1:$port/old"{,} \
		"404 http://127.0.0.1:$port/no?a&b&c" | diff answers -
}

@test "what differs from most hosts" {
	handler_options=(--extension html)
	redirects /about/ 301 /about
	get /About
	equal "$http_status $body" '404 missing'
	mkdir "$site/blog" "$site/.well-known"
	printf 'missing post\n' >"$site/blog/404.html"
	get /blog/nothing
	equal "$http_status $body" '404 missing'
	cell 'in a subdirectory' | sed 's/^a line for the directory: //' >"$site/_redirects"
	get /blog/nothing
	equal "$http_status $body" '404 missing post'
	printf '/about /elsewhere\n' >"$site/_redirects"
	get /about
	equal "$http_status $body" '200 about'
	tee "$site/.well-known/x" "$site/.x" <<<known
	get /.well-known/x
	equal "$http_status $body" '200 known'
	get /.x
	equal "$http_status $body" '404 missing'
	rm "$site/404.html"
	get /nothing
	contains "$body" '<style>'
}

@test "Netlify: the tables of netlify.toml as lines of the two files" {
	block 'become one line' >"$site/_redirects"
	block 'and two of' >"$site/_headers"
	redirects /blog/a/b 302 /posts/a/b
	get /a.pdf
	equal "$(field X-Robots-Tag)" noindex
	get /a.own
	equal "$(field X-Robots-Tag)" ''
}

@test "Netlify: the lines that are not supported have no effect" {
	for line in '/old /new 301!' '/path id=:id /new/:id' '/x /y 302 Country=de' \
		'/api/* https://api.example.org/:splat 200'; do
		printf '%s\n' "$line" >"$site/_redirects"
		get "${line%%[ *]*}"
		equal "$http_status $body" '404 missing'
	done
	printf '/:name/*\n  X-A: 1\n/assets/*\n  X-B: 1\n' >"$site/_headers"
	get /assets/app-1a2b.js
	equal "$(field X-A)$(field X-B)" 1
	for text in '301!' 'id=:id' 'Country=' '/api/*' '`:name` in a pattern of `_headers`'; do
		contains "$(<"$guide")" "$text"
	done
}

@test "Netlify: passwords of Basic-Auth reach no visitor" {
	printf '/*\n  X-A: 1\n  Basic-Auth: user:password\n' >"$site/_headers"
	for name in / /_headers /nothing; do
		get "$name"
		refute grep -ai password "$response_file"
		equal "$(field X-A)" 1
	done
}

@test "Cloudflare Pages: what differs" {
	printf '/a /b\n/c /d 302\n/foo/* /bar\n' >"$site/_redirects"
	redirects /a 301 /b
	redirects /c 302 /d
	redirects /foo 301 /bar
	handler_options=(--extension html --hits hits)
	get /about
	equal "$log" '/about.html | - | - | 1'
	get /about.html
	equal "$http_status $log" '200 /about.html | - | - | 2'
	printf '/*/x/*\n  X-A: 1\n/:a\n  X-B: 1\n/*.own\n  X-C: 1\n' >"$site/_headers"
	get /a.own
	equal "$(field X-A)$(field X-B)$(field X-C)" 1
	printf '/*\n  X-A: /:splat\n' >"$site/_headers"
	get /a.own
	equal "$(field X-A)" /:splat
	equal "$(cell 'https://:project.pages.dev/*')" ':name is not supported in a host: write the name, https://mysite.pages.dev/*, or remove the lines'
	printf '%s\n' 'https://:project.pages.dev/*' '  X-A: 1' 'https://mysite.pages.dev/*' '  X-B: 1' >"$site/_headers"
	ask 'GET /a.own HTTP/1.1' 'Host: mysite.pages.dev'
	equal "$(field X-A) $(field X-B)" ' 1'
	cell 'is a single-page application' | sed 's/^write //' >"$site/_redirects"
	get /deep
	equal "$body" home
}

@test "GitHub Pages: names, caching, a project's site and its old addresses" {
	option_of '`/about` serves `about.html`'
	get /about
	equal "$body" about
	option_of 'max-age=600'
	get /
	equal "$(field Cache-Control)" max-age=600
	mkdir "$site/project"
	printf 'project\n' >"$site/project/index.html"
	get /project/
	equal "$body" project
	rm -r "$site/project"
	block 'keeps the old addresses valid' >"$site/_redirects"
	redirects /project/a?b 301 /a?b
	redirects /project 301 /
	get /nothing
	equal "$http_status $body" '404 missing'
}

@test "GitHub Pages: CNAME, and what Jekyll writes" {
	printf 'example.org\n' >"$site/CNAME"
	get /CNAME
	equal "$http_status $body" '200 example.org'
	contains "$(<"$guide")" 'Remove `CNAME`'
	rm "$site/CNAME"
	get /CNAME
	equal "$http_status" 404
	mkdir "$site/pretty" "$site/moved"
	printf 'pretty\n' >"$site/pretty/index.html"
	contains "$(cell 'permalink: pretty')" 'needs no option'
	redirects /pretty 301 /pretty/
	get /pretty/
	equal "$http_status $body" '200 pretty'
	printf '<meta http-equiv="refresh" content="0; url=/about.html">\n' >"$site/moved/index.html"
	printf '/moved/ /about.html\n' >"$site/_redirects"
	contains "$(cell jekyll-redirect-from)" 'its pages work'
	get /moved/
	contains "$body" refresh
	rm -r "$site/moved"
	redirects /moved/ 301 /about.html
	equal "$(cell 'begin with `_` are not copied')" 'include: [_redirects, _headers] in _config.yml'
}

@test "nginx: index, autoindex, try_files and error_page" {
	option_of 'index home.html;'
	printf 'other home\n' >"$site/home.html"
	get /
	equal "$body" 'other home'
	option_of 'autoindex on;'
	get /assets/
	contains "$body" app-1a2b.js
	option_of 'try_files $uri $uri.html $uri/ =404;'
	get /about
	equal "$body" about
	get /nothing
	equal "$http_status $body" '404 missing'
	handler_options=()
	cell 'try_files $uri /index.html;' >"$site/_redirects"
	get /nothing
	equal "$http_status $body" '200 home'
}

@test "nginx: return and rewrite" {
	{
		cell 'location = /old'
		cell 'rewrite ^/blog/'
		cell 'location /gone/'
	} >"$site/_redirects"
	equal "$(wc -l <"$site/_redirects")" 3
	redirects /old 301 /new
	redirects /blog/a/b?c 301 /posts/a/b?c
	redirects /gone/a 410 ''
	equal "$body" gone
}

@test "nginx: add_header and types" {
	option_of 'add_header Name value always;'
	get /nothing
	equal "$(field Name)" value
	handler_options=()
	for row in 'location ~ \\.pdf$' 'types {'; do
		cell "$row" | sed 's/, in _headers$//; s/, then /\n  /'
	done >"$site/_headers"
	get /a.pdf
	equal "$(field Name)" value
	get /a.own
	equal "$(field Content-Type) $(field Name)" 'text/x-own '
}

# answers_of PATH...: prints path, status, path of Location, and Cache-Control of each answer on $port.
answers_of() {
	local path
	for path; do
		curl -sS --max-time 60 -o /dev/null -w "$path %{http_code} %header{location} %header{cache-control}\n" \
			"http://127.0.0.1:$port$path" | sed -E 's|https?://[^/]+||' || return
	done
}

# bats test_tags=tools
@test "nginx: the example's server block and what replaces it answer alike" {
	local paths=(/ /about /about.html /posts/ /posts/first /feed /feed.xml /retired/x /blog/2024/first /old/about
		/old/posts/first /assets/app-1a2b.js /nothing /assets/nothing.js)
	mkdir "$site/posts"
	touch "$site/posts/"{index,first}.html "$site/feed.xml"
	port=$(free_port)
	{
		echo "user root; pid $PWD/nginx.pid; error_log $PWD/error.log; daemon off; events {} http { access_log off;"
		block 'For example, this server block' | sed "s|listen 8080|listen 127.0.0.1:$port|; s|/srv/blog|$site|"
		echo '}'
	} >nginx.conf
	nginx -t -c "$PWD/nginx.conf" -e "$PWD/error.log"
	nginx -c "$PWD/nginx.conf" -e "$PWD/error.log" 3>&- &
	nginx_pid=$!
	wait_until is_listening "$port"
	answers_of "${paths[@]}" >nginx.answers
	block 'with this `_redirects`' >"$site/_redirects"
	block 'and this `_headers`' >"$site/_headers"
	read -ra handler_options < <(sed -n 's/^becomes `\(--.*\)` with this `_redirects`$/\1/p' "$guide")
	start_server --root "$site" "${handler_options[@]}"
	answers_of "${paths[@]}" >mayfly.answers
	diff nginx.answers mayfly.answers
	equal "$(grep -c ' 200 ' mayfly.answers)" 7
}

@test "a host with nothing but _redirects leads to another host" {
	mkdir "$site/example.org" "$site/www.example.org"
	printf 'home\n' >"$site/example.org/index.html"
	block 'directory for that host' >"$site/www.example.org/_redirects"
	handler_options=(--vhosts)
	for target in / /a/b?c; do
		ask "GET $target HTTP/1.1" 'Host: www.example.org'
		equal "$http_status $(field Location)" "301 https://example.org$target"
	done
	ask 'GET / HTTP/1.1' 'Host: example.org'
	equal "$body" home
}

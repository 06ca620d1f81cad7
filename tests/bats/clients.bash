# What the suites of real clients share (curl.bats, wget.bats and clients.bats): a site, a server of it, and the end of that
# server. Goes with helpers.bash.

# shellcheck shell=bash disable=SC2034,SC2154 # what the tests use is not seen here; helpers.bash

# The site of helpers.bash, with links to follow, 5 MB in `big`, and `long.txt`, which compresses well. All files are an
# hour old: Last-Modified is a strong validator only if it is older than the response.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_site
	printf '<!DOCTYPE html>\n<a href="a.txt">a</a> <a href="sub/">sub</a> <a href="my%%20caf%%C3%%A9.txt">c</a>\n' \
		>"$site/index.html"
	printf '<!DOCTYPE html>\n<a href="../index.html">up</a> <a href="deep/file.txt">deep</a>\n' \
		>"$site/sub/index.html"
	head -c 5000000 /dev/urandom >"$site/big"
	seq 20000 >"$site/long.txt"
	find "$site" -type f -exec touch -d '1 hour ago' {} +
}

teardown() {
	stop_server
}

# serve [OPTION...]: starts a handler with these options, at $url.
serve() {
	start_server --root "$site" "$@"
	url=http://127.0.0.1:$port
}

# precompress: makes the compressed variants of the site's files, except of `big`, which brotli would try to compress for
# seven seconds.
precompress() {
	rm "$site/big"
	"$BATS_TEST_DIRNAME/../../packaging/precompress" "$site"
}

# hits_of PATH: prints the hits of the counter file `hits`, as the next hit of this path sees them.
hits_of() {
	local line
	line=$("$MAYFLY" --root "$site" --hits "$BATS_TEST_TMPDIR/hits" --log stderr \
		<<<"GET $1 HTTP/1.0"$'\r\n\r' 2>&1 >/dev/null)
	echo $((${line##* } - 1))
}

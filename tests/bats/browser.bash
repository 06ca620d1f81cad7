# Shared by the tests with a browser: headless Chromium, driven through chromedriver by the WebDriver
# protocol of the W3C. Requires helpers.bash; a test file has `teardown() { stop_browser; stop_server; }`.

# shellcheck shell=bash disable=SC2154 # helpers.bash

# webdriver METHOD PATH [JSON]: sends a command to the driver and prints the value of the answer as JSON.
# Fails if the driver reports an error, or does not answer; then it prints the driver's last log lines.
webdriver() {
	local answer
	answer=$(curl -sS --max-time 300 -X "$1" ${3:+--json "$3"} "http://127.0.0.1:$driver_port$2") || {
		driver_notes >&2
		return 1
	}
	jq -e .value <<<"$answer" || [[ $answer == '{"value":null}' ]] || return
	[[ $(jq '.value | type == "object" and has("error")' <<<"$answer") == false ]]
}

driver_notes() {
	is_driver_alive && echo 'chromedriver runs' || echo 'chromedriver has exited'
	tail -n 20 "$driver_log" | cut -c 1-300
}

is_driver_alive() {
	kill -0 "$driver_pid" 2>/dev/null
}

# Whether the driver has chosen a free port, and logged it. Sets driver_port.
has_driver_port() {
	driver_port=$(sed -n 's/.* started successfully on port \([0-9]*\)\.*$/\1/p' "$driver_log")
	[[ -n $driver_port ]]
}

has_driver_port_or_is_dead() {
	has_driver_port || ! is_driver_alive
}

# try_browser [ARGUMENT...]: starts a driver in its own process group, which the browser joins, and opens a
# window with a new profile.
try_browser() {
	driver_log=$BATS_TEST_TMPDIR/chromedriver.log
	: >"$driver_log"
	setsid chromedriver --port=0 --log-path="$driver_log" >/dev/null 2>&1 3>&- &
	driver_pid=$!
	patience=60 wait_until has_driver_port_or_is_dead && has_driver_port || return
	session=/session/$(webdriver POST /session "$(jq -n --arg profile "$(mktemp -d -p "$BATS_TEST_TMPDIR")" --args '
		{capabilities: {alwaysMatch: {timeouts: {script: 240000}, "goog:chromeOptions": {args: ([
			"headless=new", "remote-debugging-pipe", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync",
			"disable-background-networking", "disable-component-update", "user-data-dir=\($profile)"
		] + $ARGS.positional)}}}}' "$@")" | jq -r .sessionId)
	[[ $session == /session/?* && $session != /session/null ]]
}

# start_browser [ARGUMENT...]: opens a window of a browser with these further arguments. Sets $session, the
# path prefix of its commands. Tries three times, because a browser may crash while it starts; a later crash
# fails the test.
start_browser() {
	local attempt
	for attempt in 1 2 3; do
		try_browser "$@" && return
		echo "browser did not start, attempt $attempt"
		driver_notes
		stop_browser
	done
	fail 'browser did not start'
}

# Ends the driver and its browser.
stop_browser() {
	[[ -n ${driver_pid-} ]] || return 0
	[[ ${session-} != /session/?* ]] || webdriver DELETE "$session" >/dev/null 2>&1 || true
	kill -- "-$driver_pid" 2>/dev/null || true
	wait "$driver_pid" 2>/dev/null || true
	driver_pid='' session=''
}

# open_page URL: returns when the page is loaded.
open_page() {
	webdriver POST "$session/url" "$(jq -n --arg url "$1" '{url: $url}')" >/dev/null
}

reload() {
	webdriver POST "$session/refresh" '{}' >/dev/null
}

go_back() {
	webdriver POST "$session/back" '{}' >/dev/null
}

# click SELECTOR: clicks the first element that the CSS selector matches. If that opens another page,
# returns when it is loaded.
click() {
	local found
	found=$(webdriver POST "$session/element" "$(jq -n --arg value "$1" '{using: "css selector", value: $value}')") ||
		fail "no element $1" || return
	webdriver POST "$session/element/$(jq -r '.[]' <<<"$found")/click" '{}' >/dev/null
}

# in_page SCRIPT: runs the script in the page and prints the value that it returns, as JSON.
in_page() {
	webdriver POST "$session/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}

# resize WIDTH HEIGHT: sets the size of the window in CSS pixels.
resize() {
	webdriver POST "$session/window/rect" "{\"width\": $1, \"height\": $2}" >/dev/null
}

# set_phone_screen: gives the page the screen of a small phone; a window may not be as narrow.
set_phone_screen() {
	webdriver POST "$session/goog/cdp/execute" '{"cmd": "Emulation.setDeviceMetricsOverride", "params":
		{"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true}}' >/dev/null
}

# set_media_feature NAME VALUE: sets a CSS media feature, for example prefers-color-scheme to dark.
set_media_feature() {
	webdriver POST "$session/goog/cdp/execute" "$(jq -n --arg name "$1" --arg value "$2" '
		{cmd: "Emulation.setEmulatedMedia", params: {features: [{name: $name, value: $value}]}}')" >/dev/null
}

# download_to DIRECTORY: makes the browser save downloads there without asking.
download_to() {
	webdriver POST "$session/goog/cdp/execute" "$(jq -n --arg directory "$1" '
		{cmd: "Browser.setDownloadBehavior", params: {behavior: "allow", downloadPath: $directory}}')" >/dev/null
}

# screenshot FILE: writes a screenshot of the window as PNG.
screenshot() {
	webdriver GET "$session/screenshot" | jq -r . | base64 -d >"$1"
}

# console_errors: prints the errors that the browser has logged since the last call, one per line.
console_errors() {
	webdriver POST "$session/se/log" '{"type": "browser"}' | jq -r '.[] | select(.level == "SEVERE").message'
}

# answers STATUS [PATH]: prints the number of such responses in the server's log.
answers() {
	grep -cE "^${2:-.*} \| 127\.0\.0\.1 \| [0-9]* \| $1 " "$server_log" || true
}

has_answers() {
	(($(answers "$@") > 0))
}

# is_at PATH: whether the page with this path and query is loaded. A click may return earlier.
is_at() {
	[[ $(in_page 'return document.readyState == "complete" && location.pathname + location.search') == "\"$1\"" ]]
}

# npm_package PACKAGE@VERSION: prints the node_modules directory of the package; downloads it from npm
# the first time.
npm_package() {
	local directory lock
	directory=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/npm/$1
	mkdir -p "$directory"
	exec {lock}>"$directory/lock"
	flock "$lock"
	[[ -e $directory/node_modules/${1%@*} ]] ||
		npm install --silent --no-save --no-package-lock --prefix "$directory" "$1" >&2 || return
	exec {lock}>&-
	echo "$directory/node_modules"
}

# html_faults FILE...: prints the faults that html-validate finds in pages (HTML standard).
html_faults() {
	local modules
	modules=$(npm_package html-validate@9.7.1) || return
	"$modules/.bin/html-validate" --preset standard "$@"
}

# accessibility_faults: prints the faults that axe-core finds in the page, one per line: `impact
# rule: elements`.
accessibility_faults() {
	local modules
	modules=$(npm_package axe-core@4.10.3) || return
	jq -n --rawfile axe "$modules/axe-core/axe.min.js" '{script: $axe, args: []}' >axe.json
	webdriver POST "$session/execute/sync" @axe.json >/dev/null || return
	webdriver POST "$session/execute/async" "$(jq -n '{args: [], script: "axe.run().then(arguments[0])"}')" >axe.json ||
		return
	jq -e '.passes | length > 0' axe.json >/dev/null || return
	jq -r '.violations[] | "\(.impact) \(.id): \([.nodes[].target[0]] | join(" "))"' axe.json
}

# What the tests with a browser share: headless Chromium, driven through chromedriver by the W3C's WebDriver
# protocol. Goes with helpers.bash; a test file has `teardown() { stop_browser; stop_server; }`.

# shellcheck shell=bash disable=SC2154 # helpers.bash

# webdriver METHOD PATH [JSON]: prints the value that the driver answers with, as JSON; its complaint is a
# failure. A driver that does not answer is a failure too: what it noted last is shown.
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
	is_driver_alive && echo 'chromedriver lives' || echo 'chromedriver is dead'
	tail -n 20 "$driver_log" | cut -c 1-300
}

is_driver_alive() {
	kill -0 "$driver_pid" 2>/dev/null
}

# The driver takes a port that is free, and says which.
has_driver_port() {
	driver_port=$(sed -n 's/.* started successfully on port \([0-9]*\)\.*$/\1/p' "$driver_log")
	[[ -n $driver_port ]]
}

has_driver_port_or_is_dead() {
	has_driver_port || ! is_driver_alive
}

# Starts a driver, in a process group that its browser belongs to as well, and has it open a window with a
# profile of its own.
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

# start_browser [ARGUMENT...]: one window, of a browser with these arguments more. Sets $session, the path of
# what it is told. A browser that falls over while it starts is started again; one that does so later fails the
# test.
start_browser() {
	local attempt
	for attempt in 1 2 3; do
		try_browser "$@" && return
		echo "no browser, attempt $attempt"
		driver_notes
		stop_browser
	done
	fail 'no browser'
}

# Ends the driver, and whatever is left of its browser.
stop_browser() {
	[[ -n ${driver_pid-} ]] || return 0
	[[ ${session-} != /session/?* ]] || webdriver DELETE "$session" >/dev/null 2>&1 || true
	kill -- "-$driver_pid" 2>/dev/null || true
	wait "$driver_pid" 2>/dev/null || true
	driver_pid='' session=''
}

# open_page URL: returns when the page is there.
open_page() {
	webdriver POST "$session/url" "$(jq -n --arg url "$1" '{url: $url}')" >/dev/null
}

reload() {
	webdriver POST "$session/refresh" '{}' >/dev/null
}

go_back() {
	webdriver POST "$session/back" '{}' >/dev/null
}

# click SELECTOR: on the first element that the CSS selector finds, as a mouse would. Where that leads to
# another page, it returns when that is there.
click() {
	local found
	found=$(webdriver POST "$session/element" "$(jq -n --arg value "$1" '{using: "css selector", value: $value}')") ||
		fail "no element $1" || return
	webdriver POST "$session/element/$(jq -r '.[]' <<<"$found")/click" '{}' >/dev/null
}

# in_page SCRIPT: what `return ...` says in the page, as JSON.
in_page() {
	webdriver POST "$session/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}

# resize WIDTH HEIGHT: the window, in CSS pixels.
resize() {
	webdriver POST "$session/window/rect" "{\"width\": $1, \"height\": $2}" >/dev/null
}

# media NAME VALUE: what the page is told of its surroundings, prefers-color-scheme dark say.
media() {
	webdriver POST "$session/goog/cdp/execute" "$(jq -n --arg name "$1" --arg value "$2" '
		{cmd: "Emulation.setEmulatedMedia", params: {features: [{name: $name, value: $value}]}}')" >/dev/null
}

# download_to FOLDER: without asking.
download_to() {
	webdriver POST "$session/goog/cdp/execute" "$(jq -n --arg folder "$1" '
		{cmd: "Browser.setDownloadBehavior", params: {behavior: "allow", downloadPath: $folder}}')" >/dev/null
}

# screenshot FILE: of the window, as PNG.
screenshot() {
	webdriver GET "$session/screenshot" | jq -r . | base64 -d >"$1"
}

# console_errors: what the browser has complained of since this was last asked, a line each.
console_errors() {
	webdriver POST "$session/se/log" '{"type": "browser"}' | jq -r '.[] | select(.level == "SEVERE").message'
}

# npm_package PACKAGE@VERSION: prints the folder that it is in; it comes from npm, once.
npm_package() {
	local folder lock
	folder=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/npm/$1
	mkdir -p "$folder"
	exec {lock}>"$folder/lock"
	flock "$lock"
	[[ -e $folder/node_modules/${1%@*} ]] ||
		npm install --silent --no-save --no-package-lock --prefix "$folder" "$1" >&2 || return
	exec {lock}>&-
	echo "$folder/node_modules"
}

# html_faults FILE...: what html-validate finds wrong in pages, after the HTML standard.
html_faults() {
	local modules
	modules=$(npm_package html-validate@9.7.1) || return
	"$modules/.bin/html-validate" --preset standard "$@"
}

# accessibility_faults: what axe-core finds wrong in the page, a line each: `impact rule: elements`.
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

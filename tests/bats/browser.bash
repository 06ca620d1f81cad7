# What the tests with a browser share: headless Chromium, driven through chromedriver by the W3C's WebDriver
# protocol. Goes with helpers.bash; a test file has `teardown() { stop_browser; stop_server; }`.

# shellcheck shell=bash disable=SC2154 # helpers.bash

# webdriver METHOD PATH [JSON]: prints the value that the driver answers with, as JSON; its complaint is a
# failure.
webdriver() {
	local answer
	answer=$(curl -sS --max-time 60 -X "$1" ${3:+--json "$3"} "http://127.0.0.1:$driver_port$2") || return
	jq -e .value <<<"$answer" || [[ $answer == '{"value":null}' ]] || return
	[[ $(jq '.value | type == "object" and has("error")' <<<"$answer") == false ]]
}

is_driver_ready() {
	webdriver GET /status 2>/dev/null | jq -e .ready
}

# start_browser: one window with a profile of its own. Sets $session, the path of what it is told.
start_browser() {
	driver_port=$(free_port)
	chromedriver --port="$driver_port" --silent >/dev/null 2>&1 3>&- &
	driver_pid=$!
	wait_until is_driver_ready >/dev/null || return
	session=/session/$(webdriver POST /session "$(jq -n --arg profile "$BATS_TEST_TMPDIR/profile" '
		{capabilities: {alwaysMatch: {"goog:chromeOptions": {args: [
			"headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync",
			"disable-background-networking", "disable-component-update", "user-data-dir=\($profile)"
		]}}}}')" | jq -r .sessionId)
}

stop_browser() {
	[[ -n ${driver_pid-} ]] || return 0
	[[ -z ${session-} ]] || webdriver DELETE "$session" >/dev/null || true
	kill "$driver_pid" 2>/dev/null || true
	wait "$driver_pid" 2>/dev/null || true
}

# visit URL: returns when the page is there.
visit() {
	webdriver POST "$session/url" "$(jq -n --arg url "$1" '{url: $url}')" >/dev/null
}

reload() {
	webdriver POST "$session/refresh" '{}' >/dev/null
}

# in_page SCRIPT: what `return ...` says in the page, as JSON.
in_page() {
	webdriver POST "$session/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}

# The times of --since and --until, compared with those of systemd.
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	CTL=${MAYFLY%/*}/mayflyctl
	export TZ=CET-1CEST,M3.5.0,M10.5.0/3
	: >hits
}

# of_mayflyctl TIME: prints the seconds since 1970 that report takes the time for.
of_mayflyctl() {
	"$CTL" report --hits hits --json --since 1971-01-01 --until "$1" | jq .until
}

# of_systemd TIME: prints the same as systemd-analyze(1) says, rounded down.
of_systemd() {
	systemd-analyze timestamp -- "$1" | sed -n 's/^ *UNIX seconds: @\([0-9]*\).*/\1/p'
}

@test "each form means the same as to systemd" {
	local form mine theirs
	while IFS= read -r form; do
		theirs=$(of_systemd "$form")
		mine=$(of_mayflyctl "$form")
		[[ $mine && $theirs ]] || fail "$form: [$mine] [$theirs]" || return
		# A second may pass between the two; report ends at the end of the current one.
		((mine >= theirs - 1 && mine <= theirs + 3)) || fail "$form: $mine, not $theirs" || return
	done <<-'END'
		now
		today
		yesterday
		-1h
		-1week
		-1month
		-1M
		-1y
		-3d2h
		-3d 2h 5min
		-1.5h
		-90
		-500ms
		2 hours ago
		1 week 1 second ago
		@1774858830
		@1774858830.5
		2026-03-30
		2026-03-29 12:00
		2026-03-30 10:20:30
		2026-03-30 10:20:30.5
		26-03-30
		Mon 2026-03-30
		monday 2026-03-30 10:20
		2026-03-30 10:20:30 UTC
		2026-07-01 10:20:30 UTC
		today UTC
	END
}

@test "what systemd refuses is refused" {
	local form other_day
	other_day=$(LC_ALL=C date -d '3 days' +%a) # without a date, systemd accepts only the weekday of today
	while IFS= read -r form; do
		refute of_systemd_accepts "$form" || return
		run -100 "$CTL" report --hits hits --since "$form"
		contains "$output" "--since: \"$form\" is not a time such as" || return
	done <<-END
		noon
		Mon
		$other_day 10:20
		Tue 2026-03-30
		today 10:00
		2026-03-30 24:00
		-1x
		@
		-1h ago
		2026-03-30 10:20 No/Where
	END
}

of_systemd_accepts() {
	systemd-analyze timestamp -- "$1" >/dev/null 2>&1
}

@test "the period is in the output, in local time with its zone" {
	contains "$("$CTL" report --hits hits --since 2026-03-28 --until '2026-03-30 10:20')" \
		'2026-03-28 00:00 CET to 2026-03-30 10:20 CEST'
	equal "$("$CTL" report --hits hits --json --since 2026-03-28 --until 2026-03-30 | jq -c '[.since, .until]')" \
		'[1774652400,1774821600]'
}

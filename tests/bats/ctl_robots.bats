#!/usr/bin/env bats
# mayflyctl hits with a counter file of robots: which commands use it, and what shows its hits.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # expanded by another shell; tests run in subshells; helpers.bash
load helpers
load ctl_hits

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_hits hits 5 /a 3 /b
	make_hits robots 40 /a 2 /c
}

@test "--robots lists, exports, verifies, imports, merges and resets the file robots next to --hits" {
	equal "$(hits --robots --format tsv --sort path | tail -n +2 | tr '\t\n' ' ,')" '40 /a,2 /c,'
	equal "$(hits export --robots - | grep -c /c)" 1
	contains "$(hits verify --robots)" 'robots: 2 good records, nothing damaged'
	make_hits more 1 /c
	hits merge --robots more
	hits export --hits more - | hits import --robots -
	equal "$(counts robots)" '40 /a,4 /c'
	hits reset --yes --robots /a
	equal "$(counts robots) $(counts)" '4 /c 5 /a,3 /b'
}

@test "--hits DIRECTORY/FILE --robots uses DIRECTORY/robots; a missing one is an error" {
	mkdir site other
	cp hits robots site
	cp hits other
	equal "$(hits --hits site/hits --robots --json | jq .file)" '"site/robots"'
	complaint 1 'other/robots: no such file' --hits other/hits --robots
	complaint 1 'other/robots: no such file' verify --hits other/hits --robots
}

@test "lists of people show the sum of robots" {
	on_terminal '"$CTL" hits --hits hits'
	contains "$screen" '8 hits on 2 resources; 42 of robots'
	equal "$(hits --json | jq '[.total, .robots]' -c)" '[8,42]'
	rm robots
	equal "$(hits --json | jq '[.total, .robots]' -c)" '[8,null]'
	on_terminal '"$CTL" hits --hits hits'
	refute contains "$screen" robots
}

@test "if only robots have come, an empty list says so" {
	make_hits hits
	run -0 --separate-stderr hits
	equal "$output" ''
	equal "$stderr" 'No hit of a person has been counted yet; "mayflyctl hits --robots" shows 42 of robots.'
}

# bats test_tags=tools
@test "OpenMetrics has families of a site's hits and of those of robots" {
	hits --site blog --format openmetrics >exposed
	promtool check metrics <exposed
	/usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
list(parse(sys.stdin.read()))' <exposed
	contains "$(<exposed)" 'mayfly_hits_total{site="blog",path="/a"} 5'
	contains "$(<exposed)" $'mayfly_site_hits_total{site="blog"} 8\n'
	contains "$(<exposed)" $'mayfly_robot_hits_total{site="blog"} 42\n'
	hits --robots --format openmetrics >exposed
	promtool check metrics <exposed
	equal "$(grep -v '^#' exposed)" $'mayfly_robot_resource_hits_total{path="/a"} 40\nmayfly_robot_resource_hits_total{path="/c"} 2'
	rm robots
	refute grep -q '^mayfly_robot' <(hits --format openmetrics)
}

@test "a file robots that is no counter file is left out" {
	echo 'User-agent: *' >robots
	run -0 --separate-stderr hits --format openmetrics
	refute contains "$output" 'mayfly_robot_hits_total 0'
	contains "$output" 'mayfly_site_hits_total 8'
}

@test "a snapshot records the hits of both files, in two histories" {
	export TZ=UTC
	run -0 hits snapshot
	contains "$output" 'Recorded 8 hits on 2 resources for'
	contains "$output" 'Recorded 42 hits on 2 resources for'
	make_hits more 7 /c
	hits merge --robots more
	equal "$(hits --by year --robots --json | jq '[.periods[].hits] | add')" 49
	equal "$(hits --by year --json | jq '[.periods[].hits] | add')" 8
	run -0 hits snapshot --robots
	equal "${#lines[@]}" 1
	run -0 hits snapshot
	equal "${#lines[@]}" 2
	hits reset --yes --robots /a
	equal "$(hits --by year --robots --json | jq '[.periods[] | .hits - .dropped] | add') $(counts robots)" '9 9 /c'
}

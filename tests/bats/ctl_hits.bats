# mayflyctl hits: what it lists, in which formats, and what it cannot list. What changes counts is
# ctl_hits_edit.bats' to ask, what is done while the site is served ctl_hits_load.bats'.
load helpers
load ctl_hits

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "--help tells of each form and each option" {
	local word
	run -0 "$CTL" hits --help
	for word in export import merge reset verify --hits --top --sort --watch --format --json --yes --repair; do
		contains "$output" "  $word "
	done
	contains "$("$CTL" --help)" '  hits     show how often each resource was served'
}

@test "what is wrong with the command line is said" {
	misuse 'hits has no option --nothing' --nothing
	misuse 'hits has no option -x' -xy
	misuse 'hits has no option -x' --top 3 -xy
	misuse 'hits has no option -@' -@
	misuse 'hits: --watch takes no value' --watch=foo
	misuse 'hits has no option --watcher' --watcher
	misuse 'hits: a value is missing behind --top' --top
	misuse 'hits: 0 is not a number of resources' --top 0
	misuse 'hits: -1 is not a number of resources' --top -1
	misuse 'hits: 3x is not a number of resources' --top 3x
	misuse 'hits: size is not hits or path' --sort size
	misuse 'hits: xml is not table, json, tsv or openmetrics' --format xml
	misuse 'hits:  is not the name of a file' --hits ''
	misuse 'hits: /b is one operand too many' /a /b
	misuse 'hits export: the file to write is missing' export
	misuse 'hits export: b is one operand too many' export a b
	misuse 'hits import: the file to read is missing' import
	misuse 'hits merge: a counter file is missing' merge
	misuse 'hits verify: x is one operand too many' verify x
	misuse 'hits: verfy is no word of it, and matches no path: they begin with /' verfy
	misuse 'hits:  is no word of it, and matches no path: they begin with /' ''
	misuse 'hits reset: a* is no word of it, and matches no path: they begin with /' reset --yes 'a*'
	misuse 'hits has no option --yes' --yes
	misuse 'hits export has no option --top' export --top 3 -
	misuse 'hits reset has no option --repair' reset --repair
	misuse 'hits verify has no option --watch' verify --watch
	misuse 'hits --watch shows a table and nothing else' --watch --json
}

@test "a list: the most hit first, with shares of all hits" {
	make_hits hits 5 /b 120 /index.html 5 /a 70 /caf%C3%A9.html
	run -0 --separate-stderr hits
	equal "$output" $'120\t60.0%\t/index.html\n70\t35.0%\t/caf%C3%A9.html\n5\t2.5%\t/a\n5\t2.5%\t/b'
	equal "$stderr" ''
	equal "$(hits --sort path | cut -f 3 | paste -sd ' ')" '/a /b /caf%C3%A9.html /index.html'
	equal "$(hits --top 1)" $'120\t60.0%\t/index.html'
	equal "$(hits --top 1 --sort path)" $'5\t2.5%\t/a'
}

@test "a pattern chooses, compares decoded paths, and its star matches slashes" {
	make_hits hits 3 /downloads/x/y.tar 2 /downloads/z 1 /caf%C3%A9.html 4 /
	equal "$(hits '/downloads/*' --format tsv)" $'hits\tpath\n3\t/downloads/x/y.tar\n2\t/downloads/z'
	equal "$(hits '/café*')" $'1\t10.0%\t/caf%C3%A9.html'
	equal "$(hits --top 1 '*')" $'4\t40.0%\t/'
	equal "$(hits '?')" $'4\t40.0%\t/'
	equal "$(hits '[/]caf*')" $'1\t10.0%\t/caf%C3%A9.html'
	equal "$(hits '\/caf*')" $'1\t10.0%\t/caf%C3%A9.html'
}

@test "nothing to show is said in words, and is no failure" {
	make_hits hits
	run -0 --separate-stderr hits
	equal "$output/$stderr" '/Nothing was counted yet.'
	: >hits
	run -0 --separate-stderr hits --format tsv
	equal "$output/$stderr" $'hits\tpath/Nothing was counted yet.'
	make_hits hits 3 /a
	run -0 --separate-stderr hits /b
	equal "$output/$stderr" '/No resource that was hit matches this.'
	run -0 --separate-stderr hits /b --json
	equal "$(jq -c '[.total, .counts]' <<<"$output")" '[3,[]]'
}

@test "on a terminal the columns are aligned, and bars fit its width" {
	local columns line long LC_ALL=C.UTF-8
	long=$(printf '/long%.0s' {1..30})
	make_hits hits 1000 /index.html 500 /a 1 "$long"
	for columns in 20 40 60 80 132 250; do
		on_terminal "TERM=dumb LC_ALL=C.UTF-8 $CTL hits --hits hits" "$columns"
		contains "$screen" 'HITS   SHARE'
		contains "$screen" '1501 hits on 3 resources'
		((columns < 40)) || while read -r line; do
			line=${line//[█▉▊▋▌▍▎▏]/#}
			((${#line} <= columns)) || fail "${#line} columns of $columns: $line"
		done <<<"$screen"
	done
	# Of 250 columns there are enough for 32 of the bar; the second one is half of it.
	contains "$screen" "1000   66.6%  $(printf '█%.0s' {1..32})  /index.html"
	contains "$screen" " 500   33.3%  $(printf '█%.0s' {1..16})$(printf ' %.0s' {1..16})  /a"
	contains "$screen" "   1    0.1%  ▏$(printf ' %.0s' {1..31})  $long"
	on_terminal "TERM=dumb LC_ALL=C $CTL hits --hits hits --top 2"
	contains "$screen" "1000   66.6%  $(printf '#%.0s' {1..32})  /index.html"
	contains "$screen" '1501 hits on 3 resources, 2 of them shown'
}

@test "colours are for terminals that have them, unless NO_COLOR is set" {
	make_hits hits 3 /a
	on_terminal "TERM=xterm $CTL hits --hits hits"
	contains "$screen" $'\e[32m'
	on_terminal "TERM=xterm NO_COLOR=1 $CTL hits --hits hits"
	refute contains "$screen" $'\e'
	on_terminal "TERM=dumb $CTL hits --hits hits"
	refute contains "$screen" $'\e'
	refute contains "$(TERM=xterm hits)" $'\e'
}

# bats test_tags=tools
@test "OpenMetrics: promtool and a strict parser read every path back" {
	make_hits hits "${all_bytes[@]}" 18446744073709551615 /most 7 '/%22%5C%0A%7D'
	hits --format openmetrics >exposed
	promtool check metrics <exposed
	equal "$(tail -n 1 exposed)" '# EOF'
	equal "$(grep -c '^mayfly_hits_total{path="[ -~]*"} [0-9]*$' exposed)" 10
	contains "$(<exposed)" 'mayfly_hits_total{path="/most"} 18446744073709551615'
	contains "$(<exposed)" 'mayfly_hits_total{path="/%22%5C%0A%7D"} 7'
	/usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for sample in family.samples:
        print("%d\t%s" % (sample.value, sample.labels["path"]))' <exposed | LC_ALL=C sort -k 2 >read-back
	hits --format tsv | tail -n +2 | LC_ALL=C sort -k 2 | diff - read-back
	make_hits hits
	hits --format openmetrics 2>/dev/null >exposed
	promtool check metrics <exposed
	equal "$(tail -n 1 exposed)" '# EOF'
}

@test "JSON and TSV" {
	make_hits hits 3 /a 1 /caf%C3%A9%FF%22
	hits --json >list.json
	equal "$(jq -c '[.file, .total, .resources, .damaged]' list.json)" '["hits",4,2,0]'
	# The multiplication makes it a number of jq's: as read, jq 1.7 prints it as it was written.
	equal "$(jq -c '.counts[] | .share *= 1' list.json)" \
		$'{"path":"/a","hits":3,"share":0.75}\n{"path":"/caf%C3%A9%FF%22","hits":1,"share":0.25}'
	hits --format json | cmp - list.json
	equal "$(hits --format tsv)" $'hits\tpath\n3\t/a\n1\t/caf%C3%A9%FF%22'
}

@test "files that are none of ours, or not to be had, are one clear line" {
	local form
	echo 'Dear diary' >text
	mkdir folder
	mkfifo fifo
	printf 'mayfly-hits 1\n1\t/a\nend\t1\n' >saved
	for form in '' 'export -' 'import saved' 'merge text' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086
		[[ $form == merge* ]] ||
			complaint 1 'text is not a counter file, or one of another version' $form --hits text
		# shellcheck disable=SC2086
		[[ $form == merge* || $form == import* ]] || complaint 1 'none does not exist' $form --hits none
		# shellcheck disable=SC2086
		run -1 --separate-stderr hits $form --hits folder
		equal "$output${#stderr_lines[@]}" 1
		# shellcheck disable=SC2086
		run -1 --separate-stderr hits $form --hits fifo
		equal "$output${#stderr_lines[@]}" 1
	done
	equal "$(<text)" 'Dear diary'
	complaint 1 'none/hits cannot be made: its folder does not exist' import saved --hits none/hits
}

# bats test_tags=root
@test "a file that one may not open is one clear line" {
	make_hits hits 3 /a
	open_up
	chmod 600 hits
	install -m 755 "$CTL" ctl
	for form in '' 'export -' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr as_ordinary_user ./ctl hits --hits hits $form
		equal "$output/$stderr" '/mayflyctl: hits may not be opened by this user: try as root'
	done
}

@test "a lock that is not to be had is one clear line" {
	local form number=0 status jobs=()
	make_hits hits 3 /a
	printf 'mayfly-hits 1\n1\t/a\nend\t1\n' >saved
	cp hits before
	exec 7<hits
	flock -x 7
	for form in '' 'export -' 'import saved' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086
		hits $form >"out.$number" 2>&1 3>&- 7>&- &
		jobs+=($!)
		((++number))
	done
	for number in "${!jobs[@]}"; do
		status=0
		wait "${jobs[number]}" || status=$?
		equal "$status" 1 'exit status'
		equal "$(<"out.$number")" 'mayflyctl: hits was locked by another program for five seconds'
	done
	exec 7<&-
	cmp hits before
}

@test "--watch off a terminal is refused" {
	make_hits hits 3 /a
	complaint 1 '--watch draws on a terminal, and standard output is none' --watch
}

# watch_shows TEXT: the last screen that was drawn has it.
watch_shows() {
	local LC_ALL=C.UTF-8 drawn
	IFS= read -r -d '' drawn <watched || true
	[[ ${drawn##*$'\e[2J'} == *"$1"* ]]
}

@test "--watch draws anew as the file changes, and ends by Ctrl-C" {
	local watcher number status=0
	make_hits hits 3 /a
	mkfifo typed
	: >watched
	script -qefc "stty rows 10 cols 60; exec $CTL hits --watch --hits hits" watched <typed >/dev/null 3>&- &
	watcher=$!
	exec 6>typed
	wait_until watch_shows '3 hits on 1 resource'
	printf 'mayfly-hits 1\n2\t/a\n7\t/b\nend\t2\n' | hits import - >/dev/null
	wait_until watch_shows '12 hits on 2 resources'
	# Rows that do not fit are left out.
	# shellcheck disable=SC2046
	make_hits many $(for number in {1..40}; do echo "$number /$number"; done)
	hits merge many >/dev/null
	wait_until watch_shows ', 5 of them shown'
	# The file may be made anew.
	rm hits
	wait_until watch_shows 'Nothing was counted yet.'
	make_hits next 8 /next
	mv next hits
	wait_until watch_shows '8 hits on 1 resource'
	printf '\003' >&6
	wait "$watcher" || status=$?
	exec 6>&-
	equal "$status" 0 'exit status'
	contains "$(<watched)" $'\e[?1049l\e[?25h'
}

@test "--watch leaves the screen before it says what is wrong" {
	local watcher status=0
	make_hits hits 3 /a
	mkfifo typed
	: >watched
	script -qefc "stty rows 10 cols 60; exec $CTL hits --watch --hits hits" watched <typed >/dev/null 3>&- &
	watcher=$!
	exec 6>typed
	wait_until watch_shows '3 hits on 1 resource'
	echo foreign >foreign
	mv foreign hits
	wait "$watcher" || status=$?
	exec 6>&-
	equal "$status" 1 'exit status'
	contains "$(<watched)" $'\e[?1049l\e[?25hmayflyctl: hits is not a counter file, or one of another version'
}

# bats test_tags=root
@test "without systemd the file is where make install puts it" {
	# shellcheck disable=SC2016 # the inner shell's
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /run && mount -t tmpfs none /var/lib && exec "$1" hits' sh "$CTL"
	equal "$output/$stderr" '/mayflyctl: /var/lib/mayfly/hits does not exist'
	make_hits hits 3 /a
	# shellcheck disable=SC2016
	run -0 unshare --mount sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /var/lib &&
		mkdir /var/lib/mayfly && cp hits /var/lib/mayfly/ && exec "$1" hits' sh "$CTL"
	equal "$output" $'3\t100.0%\t/a'
}

@test "--output replaces a file at once, or leaves it alone" {
	make_hits hits 3 /a
	echo old >list
	hits --format openmetrics --output list
	hits --format openmetrics | cmp - list
	equal "$(stat -c %a list)" 644
	(umask 077 && hits --json --output list)
	equal "$(jq .total list) $(stat -c %a list)" '3 600'
	echo old >list
	# shellcheck disable=SC2016 # expanded there
	run -1 sh -c 'ulimit -f 0; trap "" XFSZ; exec "$CTL" hits --hits hits --output list 2>&1'
	equal "$output" 'mayflyctl: cannot write list: File too large'
	equal "$(cat list*)" old
	complaint 1 'cannot write /nowhere/list: No such file or directory' --output /nowhere/list
	complaint 1 'list is not a regular file' --output "$(rm list && mkdir list && echo list)"
	complaint 1 'missing does not exist' --hits missing --output new
	refute test -e new
	make_hits hits
	run -0 --separate-stderr hits --format openmetrics --output new
	equal "$output$stderr" ''
	equal "$(tail -n 1 new)" '# EOF'
	misuse 'hits --watch is for a terminal, not for a file' --watch --output list
	misuse 'hits merge has no option --output' merge --output list other
}

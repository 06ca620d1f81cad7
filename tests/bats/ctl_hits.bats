# mayflyctl hits: lists of hits in all formats, and files that cannot be listed. ctl_hits_edit.bats tests the
# subcommands that change counts, ctl_hits_load.bats all of them while handlers count.
load helpers
load ctl_hits

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "--help lists all subcommands and options, --help of a subcommand only its own" {
	local word
	run -0 "$CTL" hits --help
	for word in export import merge reset snapshot verify --hits --top --sort --format --json --output; do
		contains "$output" "  $word "
	done
	contains "$("$CTL" --help)" '  hits    show the hits of each resource'
	equal "$("$CTL" hits export --help | head -n 1)" 'Usage: mayflyctl hits export [OPTION]... FILE'
	equal "$("$CTL" hits --help verify)" "$("$CTL" hits verify -h)"
	contains "$("$CTL" hits verify --help)" '  --repair '
	refute contains "$("$CTL" hits verify --help)" '  --top '
}

@test "a wrong command line is one error line" {
	usage_error hits 'unknown option --nothing' --nothing
	usage_error hits 'unknown option -x' -xy
	usage_error hits 'unknown option -x' --top 3 -xy
	usage_error hits 'unknown option -@' -@
	usage_error hits '--json takes no value' --json=foo
	usage_error hits '--top requires a value' --top
	usage_error hits '--top: "0" is not in 1-999999999' --top 0
	usage_error hits '--top: "-1" is not in 1-999999999' --top -1
	usage_error hits '--top: "3x" is not in 1-999999999' --top 3x
	usage_error hits '--top: "1000000000" is not in 1-999999999' --top 1000000000
	usage_error hits '--sort: "size" is not hits or path' --sort size
	usage_error hits '--format: "xml" is not table, json, tsv or openmetrics' --format xml
	usage_error hits '--hits: "" is not the name of a file' --hits ''
	usage_error hits 'unexpected argument "/b"' /a /b
	usage_error 'hits export' 'hits export requires FILE' export
	usage_error 'hits export' 'unexpected argument "b"' export a b
	usage_error 'hits import' 'hits import requires FILE' import
	usage_error 'hits merge' 'hits merge requires FILE...' merge
	usage_error 'hits verify' 'unexpected argument "x"' verify x
	usage_error hits 'unknown subcommand "x"' x
	usage_error hits 'unknown subcommand ""' ''
	usage_error 'hits reset' '"a*" matches no path; paths begin with /' reset --yes 'a*'
	usage_error hits 'unknown option --yes' --yes
	usage_error 'hits export' 'unknown option --top' export --top 3 -
	usage_error 'hits reset' 'unknown option --repair' reset --repair
	usage_error 'hits verify' 'unknown option --sort' verify --sort path
	usage_error hits 'unexpected argument "\x1b[31m"' /a $'\e[31m'
}

@test "a misspelt subcommand or option gets the nearest one as a suggestion" {
	complaint 100 'unknown subcommand "verfy"; did you mean "verify"?' verfy
	complaint 100 'unknown subcommand "exprot"; did you mean "export"?' exprot -
	complaint 100 'unknown option --fromat; did you mean --format?' --fromat json
	complaint 100 'unknown option --fromat=json; did you mean --format?' --fromat=json
	complaint 100 'unknown option --repiar; did you mean --repair?' verify --repiar
}

@test "a list has the most hits first, with shares of all hits" {
	make_hits hits 5 /b 120 /index.html 5 /a 70 /caf%C3%A9.html
	run -0 --separate-stderr hits
	equal "$output" $'120\t60.0%\t/index.html\n70\t35.0%\t/caf%C3%A9.html\n5\t2.5%\t/a\n5\t2.5%\t/b'
	equal "$stderr" ''
	equal "$(hits --sort path | cut -f 3 | paste -sd ' ')" '/a /b /caf%C3%A9.html /index.html'
	equal "$(hits --top 1)" $'120\t60.0%\t/index.html'
	equal "$(hits --top 1 --sort path)" $'5\t2.5%\t/a'
}

@test "a pattern selects decoded paths, and * matches slashes" {
	make_hits hits 3 /downloads/x/y.tar 2 /downloads/z 1 /caf%C3%A9.html 4 /
	equal "$(hits '/downloads/*' --format tsv)" $'hits\tpath\n3\t/downloads/x/y.tar\n2\t/downloads/z'
	equal "$(hits '/café*')" $'1\t10.0%\t/caf%C3%A9.html'
	equal "$(hits --top 1 '*')" $'4\t40.0%\t/'
	equal "$(hits '?')" $'4\t40.0%\t/'
	equal "$(hits '[/]caf*')" $'1\t10.0%\t/caf%C3%A9.html'
	equal "$(hits '\/caf*')" $'1\t10.0%\t/caf%C3%A9.html'
}

@test "an empty list is reported on standard error, with exit status 0" {
	make_hits hits
	run -0 --separate-stderr hits
	equal "$output/$stderr" '/Nothing has been counted yet.'
	: >hits
	run -0 --separate-stderr hits --format tsv
	equal "$output/$stderr" $'hits\tpath/Nothing has been counted yet.'
	make_hits hits 3 /a
	run -0 --separate-stderr hits /b
	equal "$output/$stderr" '/No resource with hits matches.'
	run -0 --separate-stderr hits /b --json
	equal "$(jq -c '[.total, .counts]' <<<"$output")" '[3,[]]'
}

@test "on a terminal columns are aligned and bars fit the width" {
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
	# With 250 columns a bar has the maximum of 32; the second bar is half as long.
	contains "$screen" "1000   66.6%  $(printf '█%.0s' {1..32})  /index.html"
	contains "$screen" " 500   33.3%  $(printf '█%.0s' {1..16})$(printf ' %.0s' {1..16})  /a"
	contains "$screen" "   1    0.1%  ▏$(printf ' %.0s' {1..31})  $long"
	on_terminal "TERM=dumb LC_ALL=C $CTL hits --hits hits --top 2"
	contains "$screen" "1000   66.6%  $(printf '#%.0s' {1..32})  /index.html"
	contains "$screen" '1501 hits on 3 resources, 2 of them shown'
}

@test "output has colours only on a colour terminal without NO_COLOR" {
	make_hits hits 3 /a
	on_terminal "TERM=xterm $CTL hits --hits hits"
	contains "$screen" $'\e[32m'
	on_terminal "TERM=xterm NO_COLOR=1 $CTL hits --hits hits"
	refute contains "$screen" $'\e'
	on_terminal "TERM=xterm NO_COLOR= $CTL hits --hits hits" # empty: as if it were not set
	contains "$screen" $'\e[32m'
	on_terminal "TERM=dumb $CTL hits --hits hits"
	refute contains "$screen" $'\e'
	refute contains "$(TERM=xterm hits)" $'\e'
}

# bats test_tags=tools
@test "promtool and a strict parser of OpenMetrics read every path" {
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
        if "path" in sample.labels: print("%d\t%s" % (sample.value, sample.labels["path"]))' <exposed | LC_ALL=C sort -k 2 >read-back
	hits --format tsv | tail -n +2 | LC_ALL=C sort -k 2 | diff - read-back
	make_hits hits
	hits --format openmetrics 2>/dev/null >exposed
	promtool check metrics <exposed
	equal "$(tail -n 1 exposed)" '# EOF'
}

@test "JSON and TSV have all counts and figures" {
	make_hits hits 3 /a 1 /caf%C3%A9%FF%22
	hits --json >list.json
	equal "$(jq -c '[.file, .total, .resources, .damaged]' list.json)" '["hits",4,2,0]'
	# The multiplication makes jq 1.7 format the number; otherwise it prints the text that it read.
	equal "$(jq -c '.counts[] | .share *= 1' list.json)" \
		$'{"path":"/a","hits":3,"share":0.75}\n{"path":"/caf%C3%A9%FF%22","hits":1,"share":0.25}'
	hits --format json | cmp - list.json
	equal "$(hits --format tsv)" $'hits\tpath\n3\t/a\n1\t/caf%C3%A9%FF%22'
}

@test "foreign and missing files are one error line" {
	local form
	echo 'Dear diary' >text
	mkdir directory
	mkfifo fifo
	printf 'mayfly-hits 1\n1\t/a\nend\t1\n' >saved
	for form in '' 'export -' 'import saved' 'merge text' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086
		[[ $form == merge* ]] ||
			complaint 1 'text: not a counter file, or one of another version' $form --hits text
		# shellcheck disable=SC2086
		[[ $form == merge* || $form == import* ]] || complaint 1 'none: no such file' $form --hits none
		# shellcheck disable=SC2086
		run -1 --separate-stderr hits $form --hits directory
		equal "$output${#stderr_lines[@]}" 1
		# shellcheck disable=SC2086
		run -1 --separate-stderr hits $form --hits fifo
		equal "$output${#stderr_lines[@]}" 1
	done
	equal "$(<text)" 'Dear diary'
	complaint 1 'none/hits: cannot be created: no such directory' import saved --hits none/hits
}

# bats test_tags=root
@test "a file without permission is one error line" {
	make_hits hits 3 /a
	give_ordinary_user_access
	chmod 600 hits
	install -m 755 "$CTL" ctl
	for form in '' 'export -' 'reset --yes' verify 'verify --repair'; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr as_ordinary_user ./ctl hits --hits hits $form
		equal "$output/$stderr" '/mayflyctl: hits: permission denied; try as root'
	done
}

@test "a lock held for 5 seconds is one error line" {
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
		equal "$(<"out.$number")" 'mayflyctl: hits: locked by another program for 5 seconds'
	done
	exec 7<&-
	cmp hits before
}

# strace lets the blocking flock calls fail at once.
@test "the wait for a lock is four alarms of 1.25 seconds" {
	local form
	command -v strace >/dev/null || skip 'strace is missing'
	make_hits hits 3 /a
	printf 'mayfly-hits 1\n1\t/a\nend\t1\n' >saved
	exec 7<hits
	flock -x 7
	for form in '' 'import saved' 'reset --yes' 'verify --repair'; do
		# shellcheck disable=SC2086
		run -1 strace --quiet=all --signal=none -o trace -e trace=flock,setitimer -e inject=flock:error=EINTR:when=2+ \
			"$CTL" hits --hits hits $form 7>&-
		equal "$output" 'mayflyctl: hits: locked by another program for 5 seconds'
		equal "$(sed -nE 's/^(flock|setitimer)\(.*(LOCK_NB|it_interval=\{[^}]*\}|INJECTED).*/\1 \2/p' trace | paste -sd ,)" \
			'flock LOCK_NB,setitimer it_interval={tv_sec=1, tv_usec=250000},flock INJECTED,flock INJECTED,flock INJECTED,flock INJECTED,setitimer it_interval={tv_sec=0, tv_usec=0}'
	done
	exec 7<&-
}

# bats test_tags=root
@test "without systemd the default is the file of make install" {
	needs_mounts
	# shellcheck disable=SC2016 # the inner shell expands it
	run -1 --separate-stderr unshare --mount sh -c \
		'mount -t tmpfs none /run && mount -t tmpfs none /var/lib && exec "$1" hits' sh "$CTL"
	equal "$output/$stderr" '/mayflyctl: /var/lib/mayfly/hits: no such file'
	make_hits hits 3 /a
	# shellcheck disable=SC2016
	run -0 unshare --mount sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /var/lib &&
		mkdir /var/lib/mayfly && cp hits /var/lib/mayfly/ && exec "$1" hits' sh "$CTL"
	equal "$output" $'3\t100.0%\t/a'
}

@test "--output replaces a file completely or not at all" {
	make_hits hits 3 /a
	echo old >list
	hits --format openmetrics --output list
	hits --format openmetrics | cmp - list
	equal "$(stat -c %a list)" 644
	(umask 077 && hits --json --output list)
	equal "$(jq .total list) $(stat -c %a list)" '3 600'
	echo old >list
	# shellcheck disable=SC2016 # the inner shell expands it
	run -1 sh -c 'ulimit -f 0; trap "" XFSZ; exec "$CTL" hits --hits hits --output list 2>&1'
	equal "$output" 'mayflyctl: list: cannot write: File too large'
	equal "$(cat list*)" old
	complaint 1 '/nowhere/list: cannot write: No such file or directory' --output /nowhere/list
	complaint 1 'list: not a regular file' --output "$(rm list && mkdir list && echo list)"
	complaint 1 'missing: no such file' --hits missing --output new
	refute test -e new
	make_hits hits
	run -0 --separate-stderr hits --format openmetrics --output new
	equal "$output$stderr" ''
	equal "$(tail -n 1 new)" '# EOF'
	usage_error 'hits merge' 'unknown option --output' merge --output list other
}

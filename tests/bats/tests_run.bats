#!/usr/bin/env bats
# tests/run, on which all other tests rely: how it counts suites that pass, fail, skip, crash or end before their
# plan is complete; how it reads a list of suites; and that tests/suites lists all suites.
# bats file_tags=once

# shellcheck disable=SC2016,SC2154 # for other shells; helpers.bash
load helpers

setup() {
	runner=$(cd "$BATS_TEST_DIRNAME/.." && pwd)/run
	cd "$BATS_TEST_TMPDIR" || return
	unset B CI FILTER_TAGS JOBS SUITE SUITE_SECONDS
	make_suite passing 'echo 1..2; echo "ok 1 - one"; echo "ok 2 - two"'
	make_suite failing 'echo 1..2; echo "ok 1 - one"; echo "not ok 2 - two"; exit 1'
	make_suite skipping 'echo 1..4; echo "ok 1 one # skip not here"; echo "not ok 2 # SKIP two"
		echo "ok 3 # SKIP three"; echo "ok 4 four"'
}

# make_suite NAME SCRIPT: makes a suite that runs the script.
make_suite() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# run_suites COMMAND...: runs the command without the variables of the tests/run that runs this test. Sets last, its
# last line.
run_suites() {
	run env -u MAYFLY -u MAYFLY_BUILD "$@"
	last=${output##*$'\n'}
}

# rejects MESSAGE ARGUMENT...: tests/run prints this message and exits before any suite has started.
rejects() {
	run_suites "$runner" "${@:2}"
	equal "$status" 2 'exit status' && equal "$output" "tests/run: $1" 'the message'
}

# passes LAST-LINE COMMAND...: the command exits with 0, and this is its last line.
passes() {
	run_suites "${@:2}"
	equal "$status" 0 'exit status' && equal "$last" "$1" 'the last line'
}

# fails LAST-LINE COMMAND...: the command exits with 1, and this is its last line.
fails() {
	run_suites "${@:2}"
	equal "$status" 1 'exit status' && equal "$last" "$1" 'the last line'
}

@test "passed tests are counted" {
	passes '4 passed, 0 failed' "$runner" ./passing ./passing
}

@test "the output of a suite and one summary line are shown" {
	run_suites "$runner" ./passing
	local took='# took [0-9]+\.[0-9] s \([0-9]+\.[0-9] s user, [0-9]+\.[0-9] s system\)'
	[[ $output =~ ^$'# ./passing\n1..2\nok 1 - one\nok 2 - two\n'$took$'\n2 passed, 0 failed'$ ]]
}

@test "after more than ten suites those are listed that took most processor time" {
	local line
	make_suite busy 'echo 1..1; i=0; while [ $i -lt 500000 ]; do i=$((i + 1)); done; echo "ok 1 - one"'
	run_suites "$runner" ./passing{,,,,,}{,,} ./busy
	equal "$(grep -c '^# .* s (took [0-9]* s): ' <<<"$output")" 10 'suites in the list'
	line=$(grep -m 1 -A 1 '^# took [0-9]* s, and [0-9]* s of processor time' <<<"$output" | tail -n 1)
	[[ $line =~ ^'#     '[0-9]' s (took '[0-9]+' s): ./busy'$ ]] || fail "$output"
	run_suites "$runner" ./passing ./busy
	refute grep -q 'processor time' <<<"$output"
}

@test "a failed test is counted and listed at the end" {
	fails '3 passed, 1 failed' "$runner" ./failing ./passing
	equal "${lines[-2]}" '# failed: ./failing: not ok 2 - two'
}

@test "skipped tests are counted: as bats, cmocka 1.1.5 and cmocka 1.1.7 report them" {
	passes '3 passed, 0 failed, 3 skipped' "$runner" ./skipping ./passing
}

@test "with CI=true a skipped test counts as failed" {
	fails '3 passed, 3 failed' CI=true "$runner" ./skipping ./passing
}

@test "a suite that crashes before its plan is complete has failed" {
	make_suite crashing 'echo 1..3; echo "ok 1 - one"; kill -SEGV $$'
	fails '3 passed, 1 failed' "$runner" ./crashing ./passing
	equal "${lines[-2]}" '# failed: ./crashing: ended with status 139 after 1 of 3 tests'
}

@test "a suite with too few, too many or no tests has failed" {
	make_suite short 'echo 1..3; echo "ok 1 - one"'
	fails '1 passed, 1 failed' "$runner" ./short
	make_suite long 'echo 1..1; echo "ok 1 - one"; echo "ok 2 - two"'
	fails '2 passed, 1 failed' "$runner" ./long
	make_suite mute ':'
	fails '2 passed, 1 failed' "$runner" ./mute ./passing
	printf '#!/bin/missing\n' >broken && chmod +x broken
	fails '2 passed, 1 failed' "$runner" ./broken ./passing
}

@test "a suite that exits with an error has failed even if all tests passed" {
	make_suite leaking 'echo 1..1; echo "ok 1 - one"; echo "a leak" >&2; exit 23'
	fails '1 passed, 1 failed' "$runner" ./leaking
	contains "$output" 'a leak'
}

@test "a run without tests fails" {
	fails '0 passed, 1 failed' "$runner"
	make_suite empty 'echo 1..0'
	fails '0 passed, 1 failed' "$runner" ./empty
}

@test "cmocka suites are parsed, including a crash" {
	printf '#include <%s>\n' setjmp.h stdarg.h stddef.h stdint.h stdlib.h cmocka.h >unit.c
	cat >>unit.c <<'END'
static void passes(void **state) { (void)state; }
static void fails(void **state) { (void)state; assert_int_equal(1, 2); }
static void skips(void **state) { (void)state; skip(); }
static void crashes(void **state) { (void)state; if (getenv("CRASH")) abort(); }
int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(passes), cmocka_unit_test(fails),
		cmocka_unit_test(skips), cmocka_unit_test(crashes), cmocka_unit_test(passes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
END
	cc -o unit unit.c -lcmocka
	fails '3 passed, 1 failed, 1 skipped' "$runner" ./unit
	fails '1 passed, 2 failed, 1 skipped' "$runner" CRASH=1 ./unit
}

@test "bats suites and their tags work" {
	printf '%s\n' '@test "a" { [[ $WORD == given ]]; }' '# bats test_tags=root' '@test "b" { false; }' \
		'@test "c" { skip; }' >suite.bats
	fails '1 passed, 1 failed, 1 skipped' "$runner" WORD=given ./suite.bats
	passes '1 passed, 0 failed, 1 skipped' "$runner" WORD=given FILTER_TAGS='!root' ./suite.bats
}

@test "a bats test that fails shows what its last command printed" {
	printf '%s\n' 'bats_require_minimum_version 1.5.0' \
		'@test "a" { run -0 --separate-stderr sh -c "echo printed; echo reported >&2; exit 1"; }' >suite.bats
	fails '0 passed, 1 failed' "$runner" ./suite.bats
	contains "$output" $'\n# printed\n'
	contains "$output" $'\n# reported\n'
}

@test "without CAP_SYS_ADMIN suites that boot machines are skipped, and one line gives the reason" {
	local without=()
	((EUID != 0)) || without=(setpriv --bounding-set -sys_admin --inh-caps -sys_admin)
	mkdir -p tests/system
	printf '%s\n' '@test "a" { true; }' '# bats test_tags=root' '@test "b" { false; }' >tests/system/suite.bats
	passes '2 passed, 0 failed, 2 skipped' "${without[@]}" "$runner" tests/system/suite.bats ./passing
	contains "${lines[0]}" '# tests/system needs CAP_SYS_ADMIN'
	equal "$(grep -c 'needs CAP_SYS_ADMIN' <<<"$output")" 1
	fails '2 passed, 1 failed' "${without[@]}" "$runner" CI=true FILTER_TAGS=root tests/system/suite.bats ./passing
}

# Makes `saying`, a suite whose test is named after its variables.
make_saying() {
	make_suite saying 'echo 1..1; echo "ok 1 - [${WORD-}] [${OTHER-}] [${MAYFLY-}] [${MAYFLY_BUILD-}]"'
}

# results: prints the titles and the results of the last run.
results() {
	grep -E '^(ok|# [^t])' <<<"$output"
}

@test "a variable applies to the suites after it, and stands in their titles" {
	make_saying
	run_suites "$runner" JOBS=1 ./saying WORD='two words' ./saying OTHER=x ./saying
	equal "$(results)" '# ./saying
ok 1 - [] [] [] []
# WORD=two\ words ./saying
ok 1 - [two words] [] [] []
# WORD=two\ words OTHER=x ./saying
ok 1 - [two words] [x] [] []'
}

@test "B names the build directory: MAYFLY and MAYFLY_BUILD follow it, unless they are given after it" {
	make_saying
	run_suites "$runner" JOBS=1 B=one ./saying B=/two ./saying MAYFLY=/three ./saying
	equal "$(grep '^ok' <<<"$output")" "ok 1 - [] [] [$PWD/one/mayfly] [$PWD/one]
ok 1 - [] [] [/two/mayfly] [/two]
ok 1 - [] [] [/three] [/two]"
	run_suites env B=one "$runner" ./saying
	contains "$output" "[$PWD/one/mayfly] [$PWD/one]"
}

@test "the source of a unit test stands for its program in the build directory" {
	mkdir -p tests/unit build/unit other/unit
	touch tests/unit/test_x.c
	cp passing build/unit/test_x
	cp skipping other/unit/test_x
	passes '2 passed, 0 failed' "$runner" tests/unit/test_x.c
	passes '3 passed, 0 failed, 3 skipped' "$runner" tests/unit/test_x.c B=other tests/unit/test_x.c
	rejects 'there is no third/unit/test_x: `make unit` builds it' ./passing B=third tests/unit/test_x.c
}

@test "a missing suite, or a variable that comes too late, is an error before any suite starts" {
	make_suite touching 'touch began; echo 1..1; echo "ok 1"'
	rejects 'there is no suite ./missing' ./touching ./missing
	rejects 'there is no suite lower=case' ./touching lower=case
	rejects 'there is no suite .' ./touching .
	for variable in JOBS=1 SUITE_SECONDS=1 CI=true; do
		rejects "$variable applies to all suites: put it in front of them" ./touching $variable ./touching
	done
	rejects '--list requires one FILE, and is the last option' --list
	rejects '--list requires one FILE, and is the last option' --list one ./touching
	rejects 'cannot read missing' --list missing
	refute test -e began
}

# list LINE...: writes the file `list`.
list() {
	printf '%s\n' "$@" >list
}

@test "a list: each line has its own variables, and those of its pass" {
	make_saying
	list '# A comment, with a quote: it isn'"'"'t read.' '' './saying' 'pass WORD=one' 'OTHER=x ./saying' \
		$'\t./saying' 'pass WORD=two B=$B/sanitize' 'OTHER=y  WORD=three ./saying ' 'pass'
	printf ./saying >>list # without an end of line
	run_suites "$runner" JOBS=1 B=b --list list
	equal "$(results)" "# ./saying
ok 1 - [] [] [$PWD/b/mayfly] [$PWD/b]
# WORD=one OTHER=x ./saying
ok 1 - [one] [x] [$PWD/b/mayfly] [$PWD/b]
# WORD=one ./saying
ok 1 - [one] [] [$PWD/b/mayfly] [$PWD/b]
# WORD=two B=b/sanitize OTHER=y WORD=three ./saying
ok 1 - [three] [y] [$PWD/b/sanitize/mayfly] [$PWD/b/sanitize]
# ./saying
ok 1 - [] [] [$PWD/b/mayfly] [$PWD/b]"
	equal "$last" '5 passed, 0 failed'
}

@test "a pattern in a list: all matches that no earlier line of its pass names, in alphabetical order" {
	for name in d b a c; do cp passing "./$name"; done
	list 'X=1 ./c' 'X=2 ./c' './[ab]' './?' 'pass P=1' './b' './?' './c'
	run_suites "$runner" --print --list list
	equal "$output" 'X=1 ./c
X=2 ./c
./a
./b
./d
P=1 ./b
P=1 ./a
P=1 ./c
P=1 ./d
P=1 ./c'
}

@test "a wrong line in a list is an error that names the line, before any suite starts" {
	local wrong message
	make_suite touching 'touch began; echo 1..1; echo "ok 1"'
	while IFS='|' read -r wrong message; do
		list './touching' '' "$wrong" './touching'
		rejects "list:3: $message" --list list
	done <<-'END'
		./missing|there is no suite ./missing
		./m*|nothing matches ./m*
		WORD=one|no suite after WORD=one
		./touching ./passing|./touching is not NAME=VALUE
		./touching WORD=one|no suite after WORD=one
		word=one ./touching|word=one is not NAME=VALUE
		pass one|one is not NAME=VALUE
		pass ./touching|./touching is not NAME=VALUE
		pass JOBS=1|JOBS=1 applies to all suites: put it in front of them
		FILTER_TAGS='!once' ./touching|quotes and backslashes have no special meaning
		WORD=two\ words ./touching|quotes and backslashes have no special meaning
		Pass WORD=one|no suite after WORD=one
		tests/unit/test_x.c|there is no suite tests/unit/test_x.c
	END
	refute test -e began
}

@test "tests/suites has every suite in its first pass, and none twice with the same variables" {
	cd "$BATS_TEST_DIRNAME/../.."
	run_suites "$runner" --print --list tests/suites
	equal "$status" 0 'exit status'
	equal "$(sort <<<"$output" | uniq -d)" '' 'suites that run twice'
	equal "$(grep '^SUITE=bookworm ' <<<"$output" | grep -v ' B=' | grep -o '[^ ]*$' | sort -u)" \
		"$(printf '%s\n' tests/{bats,system}/*.bats tests/unit/test_*.c tests/coverage tests/lint tests/prove tests/fuzz/run | sort)" 'the first pass'
}

# make_waiting_suite NAME OTHER: makes a suite that ends when the other one has started.
make_waiting_suite() {
	make_suite "$1" "touch began.$1; until [ -e began.$2 ]; do sleep 0.01; done; echo 1..1; echo 'ok 1 - $1'"
}

@test "up to JOBS suites run in parallel, whatever their variables" {
	make_waiting_suite one two
	make_waiting_suite two one
	passes '2 passed, 0 failed' timeout 20 "$runner" JOBS=2 ./one ./two
	rm began.*
	run_suites timeout 2 "$runner" JOBS=1 ./one ./two
	equal "$status" 124 'exit status'
	refute test -e began.two
	rm began.*
	passes '2 passed, 0 failed' timeout 20 "$runner" JOBS=2 ./one WORD=other ./two
}

@test "a suite that hangs is killed with its processes, and has failed" {
	make_suite endless 'echo 1..2; echo "ok 1 - one"; sleep 1000 & echo $! >process; wait'
	SECONDS=0
	fails '1 passed, 1 failed' timeout 60 "$runner" SUITE_SECONDS=1 ./endless
	equal "${lines[-2]}" '# failed: ./endless: took longer than 1 s, and was ended after 1 of 2 tests'
	wait_until has_ended "$(<process)"
}

@test "a bats test that hangs in a child process is killed, and the next test runs" {
	printf '%s\n' "load '$BATS_TEST_DIRNAME/helpers'" \
		"@test 'a' { run sh -c 'sh -c \"sleep 1000; echo\" | cat'; }" "@test 'b' { wait_until false; }" \
		"@test 'c' { true; }" >hanging.bats
	fails '1 passed, 2 failed' timeout 120 "$runner" BATS_TEST_TIMEOUT=5 ./hanging.bats
	contains "$output" 'not ok 1 a # timeout after 5s'
}

@test "the time limit of a bats test waits in no process that may outlive the test" {
	printf '%s\n' "load '$BATS_TEST_DIRNAME/helpers'" \
		"@test 'a' { sleep 0.5; for process in \$(descendants_of \$\$); do cat /proc/\$process/comm || true; done >names; }" >limited.bats
	passes '1 passed, 0 failed' "$runner" BATS_TEST_TIMEOUT=60 ./limited.bats
	grep -qx bash names
	refute grep -x sleep names
}

# has_ended PROCESS: whether the process has ended, even if its parent has not read the exit status.
has_ended() {
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

@test "ending the runner ends its suites" {
	make_suite endless 'echo $$ >process; exec sleep 1000'
	"$runner" ./endless 3>&- &
	wait_until test -s process
	kill "$!"
	run wait "$!"
	wait_until has_ended "$(<process)"
}

#!/usr/bin/env bats
# tests/run, which all other tests rely on: what it makes of suites that pass, fail, skip, crash, or
# say less than they have planned.
# bats file_tags=once

# shellcheck disable=SC2154 # helpers.bash
load helpers

setup() {
	runner=$(cd "$BATS_TEST_DIRNAME/.." && pwd)/run
	cd "$BATS_TEST_TMPDIR" || return
	unset CI FILTER_TAGS SUITE
	suite passing 'echo 1..2; echo "ok 1 - one"; echo "ok 2 - two"'
	suite failing 'echo 1..2; echo "ok 1 - one"; echo "not ok 2 - two"; exit 1'
	suite skipping 'echo 1..4; echo "ok 1 one # skip not here"; echo "not ok 2 # SKIP two"
		echo "ok 3 # SKIP three"; echo "ok 4 four"'
}

# suite NAME SCRIPT
suite() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# Without what the outer tests/run has put in the environment.
run_suites() {
	run env -u MAYFLY "$@"
	last=${output##*$'\n'} # of nothing, too
}

passes() {
	run_suites "${@:2}"
	equal "$status" 0 'exit status' && equal "$last" "$1" 'the last line'
}

fails() {
	run_suites "${@:2}"
	equal "$status" 1 'exit status' && equal "$last" "$1" 'the last line'
}

@test "passed tests are counted" {
	passes '4 passed, 0 failed' "$runner" ./passing ./passing
}

@test "the output of a suite and one summary line are shown" {
	run_suites "$runner" ./passing
	local took='# took [0-9]+ s \([0-9]+ s user, [0-9]+ s system\)'
	[[ $output =~ ^$'# ./passing\n1..2\nok 1 - one\nok 2 - two\n'$took$'\n2 passed, 0 failed'$ ]]
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

@test "a suite that dies before its plan is complete has failed" {
	suite crashing 'echo 1..3; echo "ok 1 - one"; kill -SEGV $$'
	fails '3 passed, 1 failed' "$runner" ./crashing ./passing
	equal "${lines[-2]}" '# failed: ./crashing: ended with status 139 after 1 of 3 tests'
}

@test "a suite with too few, too many or no tests has failed" {
	suite short 'echo 1..3; echo "ok 1 - one"'
	fails '1 passed, 1 failed' "$runner" ./short
	suite long 'echo 1..1; echo "ok 1 - one"; echo "ok 2 - two"'
	fails '2 passed, 1 failed' "$runner" ./long
	suite mute ':'
	fails '2 passed, 1 failed' "$runner" ./mute ./passing
	fails '2 passed, 1 failed' "$runner" ./missing ./passing
}

@test "a suite that exits with an error has failed even if all tests passed" {
	suite leaking 'echo 1..1; echo "ok 1 - one"; echo "a leak" >&2; exit 23'
	fails '1 passed, 1 failed' "$runner" ./leaking
	contains "$output" 'a leak'
}

@test "a run without tests fails" {
	fails '0 passed, 1 failed' "$runner"
	suite empty 'echo 1..0'
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
	# shellcheck disable=SC2016 # the other file's
	printf '%s\n' '@test "a" { [[ $WORD == given ]]; }' '# bats test_tags=root' '@test "b" { false; }' \
		'@test "c" { skip; }' >suite.bats
	fails '1 passed, 1 failed, 1 skipped' "$runner" WORD=given ./suite.bats
	passes '1 passed, 0 failed, 1 skipped' "$runner" WORD=given FILTER_TAGS='!root' ./suite.bats
}

@test "without CAP_SYS_ADMIN the suites that boot machines are skipped, and one line says why" {
	local without=()
	((EUID != 0)) || without=(setpriv --bounding-set -sys_admin --inh-caps -sys_admin)
	mkdir -p tests/system
	printf '%s\n' '@test "a" { true; }' '# bats test_tags=root' '@test "b" { false; }' >tests/system/suite.bats
	passes '2 passed, 0 failed, 2 skipped' "${without[@]}" "$runner" tests/system/suite.bats ./passing
	contains "${lines[0]}" '# tests/system needs CAP_SYS_ADMIN'
	equal "$(grep -c 'needs CAP_SYS_ADMIN' <<<"$output")" 1
	fails '2 passed, 1 failed' "${without[@]}" "$runner" CI=true FILTER_TAGS=root tests/system/suite.bats ./passing
}

@test "a variable applies to the suites after it" {
	# shellcheck disable=SC2016 # the suite's variable
	suite saying 'echo 1..1; echo "ok 1 - [$WORD]"'
	run_suites "$runner" ./saying WORD='two words' ./saying
	equal "$(grep '^ok' <<<"$output")" $'ok 1 - []\nok 1 - [two words]'
}

# waiting NAME OTHER: a suite that is done when the other one has begun.
waiting() {
	suite "$1" "touch began.$1; until [ -e began.$2 ]; do sleep 0.01; done; echo 1..1; echo 'ok 1 - $1'"
}

@test "up to JOBS suites with the same environment run in parallel" {
	waiting one two
	waiting two one
	passes '2 passed, 0 failed' timeout 20 "$runner" JOBS=2 ./one ./two
	rm began.*
	run_suites timeout 2 "$runner" JOBS=1 ./one ./two
	equal "$status" 124 'exit status'
	run_suites timeout 2 "$runner" JOBS=2 ./one WORD=other ./two
	equal "$status" 124 'exit status'
	refute test -e began.two
}

@test "a suite that hangs is killed with its processes, and has failed" {
	suite endless 'echo 1..2; echo "ok 1 - one"; sleep 1000 & echo $! >process; wait'
	SECONDS=0
	fails '1 passed, 1 failed' timeout 60 "$runner" SUITE_SECONDS=1 ./endless
	equal "${lines[-2]}" '# failed: ./endless: took longer than 1 s, and was ended after 1 of 2 tests'
	wait_until has_ended "$(<process)"
}

@test "a bats test that hangs in a child process is killed, and the next test runs" {
	printf '%s\n' "load '$BATS_TEST_DIRNAME/helpers'" \
		"@test 'a' { run sh -c 'sh -c \"sleep 1000; echo\" | cat'; }" "@test 'b' { wait_until false; }" \
		"@test 'c' { true; }" >hanging.bats
	fails '1 passed, 2 failed' timeout 60 "$runner" BATS_TEST_TIMEOUT=2 ./hanging.bats
	contains "$output" 'not ok 1 a # timeout after 2s'
}

# Whether a process has ended; one that nobody has asked for its status yet has.
has_ended() {
	! grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

@test "ending the runner ends its suites" {
	suite endless 'echo $$ >process; exec sleep 1000'
	"$runner" ./endless 3>&- &
	wait_until test -s process
	kill "$!"
	run wait "$!"
	wait_until has_ended "$(<process)"
}

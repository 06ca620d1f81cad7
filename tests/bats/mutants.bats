#!/usr/bin/env bats
# tests/mutants/run on a small project: which mutants it makes, which it counts, and that a mutant cannot harm the
# machine. `make mutants` runs it on Mayfly.
# bats file_tags=root,once

load helpers

# A function of which the tests notice each mutant except those of its limit.
make_project() {
	mkdir -p project/{src/base,tests/unit,tests/bats,tests/mutants}
	cd project || return
	cp "$BATS_TEST_DIRNAME/../mutants/run" tests/mutants/
	: >tests/mutants/suites
	# shellcheck disable=SC2016 # make's variables
	printf '%s\n' 'all: build/libc/base/age.o' \
		'build/libc/base/age.o: src/base/age.c' \
		'	@mkdir -p $(@D)' \
		'	@cc $(CFLAGS) -Wall -Werror -Isrc -c -o $@ $<' \
		'build/unit/%: tests/unit/%.c build/libc/base/age.o' \
		'	@mkdir -p $(@D)' \
		'	@cc -Isrc -o $@ $^' \
		'build/sanitize/unit/%: tests/unit/%.c src/base/age.c' \
		'	@mkdir -p $(@D)' \
		'	@cc -fsanitize=address -Isrc -o $@ $^' >Makefile
	echo 'int age_is_valid(int age);' >src/base/age.h
	printf '%s\n' '#include "base/age.h"' \
		'enum { AGE_MAX = 150 };' \
		'int age_is_valid(int age)' \
		'{' \
		'	if (age < 0)' \
		'		return 0;' \
		'	return age <= AGE_MAX; /* 150 < 151 */' \
		'}' >src/base/age.c
	printf '%s\n' '#include "base/age.h"' \
		'#include <stdio.h>' \
		'static void check(int number, int good, const char *what)' \
		'{' \
		'	printf("%sok %d - %s\n", good ? "" : "not ", number, what);' \
		'}' \
		'int main(void)' \
		'{' \
		'	printf("1..3\n");' \
		'	check(1, !age_is_valid(-1), "negative ages are invalid");' \
		'	check(2, age_is_valid(0) && age_is_valid(30), "ages from 0 are valid");' \
		'	check(3, !age_is_valid(9999), "large ages are invalid");' \
		'	return 0;' \
		'}' >tests/unit/test_age.c
}

setup() {
	cd "$BATS_TEST_TMPDIR" && make_project
}

# The tool runs as an ordinary user.
make_ordinary() {
	give_ordinary_user_access
	runner=("${ordinary_user[@]}" env TMPDIR=/tmp)
}

# try ARGUMENT...: runs the tool.
try() {
	run "${runner[@]}" timeout 300 tests/mutants/run "$@"
}

@test "each change is listed with its place" {
	try --list src/base/age.c
	equal "$status" 0 'exit status' || return
	equal "$output" "$(
		printf 'src/base/age.c:2 -\n-enum { AGE_MAX = 150 };\n+enum { AGE_MAX = %s };\n\n' 151 1500 15
		printf 'src/base/age.c:5 age_is_valid\n-	if (age < 0)\n+	if (%s)\n\n' '!(age < 0)' '(age < 0) && 0' 'age <= 0' 'age < 1'
		printf 'src/base/age.c:6 age_is_valid\n-		return 0;\n+		%s\n\n' '{ }' 'return 1;'
		printf 'src/base/age.c:7 age_is_valid\n-	return age <= AGE_MAX; /* 150 < 151 */\n'
		printf '+	%s /* 150 < 151 */\n\n' '{ }'
		printf 'src/base/age.c:7 age_is_valid\n-	return age <= AGE_MAX; /* 150 < 151 */\n'
		printf '+	%s /* 150 < 151 */' 'return age < AGE_MAX;'
	)"
}

@test "mutants are noticed, survive, or do not count" {
	chmod -R go= .
	TMPDIR=$(mktemp -d) && export TMPDIR
	chmod 755 "$TMPDIR"
	try --count 100 src/base/age.c
	rmdir "$TMPDIR" || return # else files are left
	equal "$status" 1 'exit status' || return
	contains "$output" $'noticed: src/base/age.c:5 if (age <= 0)\n    by tests/unit/test_age.c: ages from 0 are valid' || return
	contains "$output" $'SURVIVED: src/base/age.c:2 -\n-enum { AGE_MAX = 150 };\n+enum { AGE_MAX = 1500 };' || return
	# 15 is noticed; 151, 1500 and `<` survive. A function without its last `return` does not build.
	contains "$output" 'src/base: 7 of 10 noticed (70 %); not counted: 1 that do not build, 0 identical' || return
}

@test "a mutant of a file that no unit test is linked with is no identical one" {
	echo 'src/base/* tests/unit/test_age.c' >tests/mutants/suites
	# shellcheck disable=SC2016 # make's variables
	printf '%s\n' 'all: build/libc/base/main.o' 'build/libc/base/main.o: src/base/main.c' '	@cc $(CFLAGS) -c -o $@ $<' >>Makefile
	echo 'int main(void) { return 0; }' >src/base/main.c
	try --count 1 src/base/main.c
	contains "$output" $'SURVIVED: src/base/main.c:1 main\n-int main(void) { return 0; }\n+int main(void) { return 1; }'
}

@test "a seed chooses the same mutants each time, and another seed others" {
	local first
	try --count 3 --seed 5 src/base/age.c
	first=$output
	try --count 3 --seed 5 src/base/age.c
	equal "$output" "$first" || return
	try --count 3 --seed 6 src/base/age.c
	[[ $output != "$first" ]]
}

@test "a listed mutant is not tried, and one that does not exist is reported" {
	local noticed
	try --count 100 src/base/age.c
	noticed=$(grep ^noticed <<<"$output")
	printf '# comment\n\nsrc/base/age.c -\n-enum { AGE_MAX = 150 };\n+enum { AGE_MAX = 1500 };\nNobody is older.\n' >tests/mutants/equivalent
	try --count 100 src/base/age.c
	contains "$output" 'src/base: 7 of 9 noticed' || return
	contains "$output" '1 not tried' || return
	equal "$(grep ^noticed <<<"$output")" "$noticed" 'order of the other mutants' || return
	sed -i 's/1500/1600/' tests/mutants/equivalent
	try --count 1 src/base/age.c
	contains "$output" 'there is no such mutant any more: src/base/age.c - enum { AGE_MAX = 150 };' || return
	sed -i '$d' tests/mutants/equivalent
	try --count 1 src/base/age.c
	contains "$output" 'no old line, new line and reason'
}

@test "a mutant that hangs, forks, fills the disk and deletes files harms nothing" {
	local outside
	outside=$(mktemp -d -p "${MAYFLY%/*}") # neither in /tmp nor in /var/tmp, which mutants do not see
	touch "$outside/kept"
	make_ordinary
	chown 65534:65534 "$outside" && chown -R 65534:65534 .
	printf '%s\n' '#include "base/age.h"' 'int age_is_valid(int age) {' '	return age > 0; }' >src/base/age.c
	printf '%s\n' '#include "base/age.h"' '#include <stdio.h>' '#include <stdlib.h>' '#include <unistd.h>' \
		'int main(void)' '{' \
		'	if (!age_is_valid(0) && age_is_valid(1)) {' \
		'		printf("1..1\nok 1 - age\n");' \
		'		return 0;' \
		'	}' \
		"	system(\"rm -rf '$PWD' '$outside'; yes | head -c 4G >/tmp/full\");" \
		'	for (int i = 0; i < 3000; i++)' \
		'		if (fork() == 0)' \
		'			break;' \
		'	for (;;)' \
		'		pause();' \
		'}' >tests/unit/test_age.c
	try --count 1 --patience 5 src/base/age.c
	rm "$outside/kept" && rmdir "$outside" || return
	contains "$output" 'by tests/unit/test_age.c: exceeds its time limit' || return
	[[ -e src/base/age.c && ! -e /tmp/full ]] || return
	equal "$(pgrep -cx test_age)" 0 'processes left'
}

# runs_tests COUNT: whether exactly COUNT processes run tests.
runs_tests() {
	[[ $(pgrep -cx test_age) == "$1" ]]
}

@test "if the tool is killed, no process is left" {
	local directory
	directory=$(mktemp -d) # the tool cannot remove its files
	chmod 755 "$directory"
	printf '%s\n' '#include <unistd.h>' 'int main(void) {' '	for (;;)' '		pause();' '}' >tests/unit/test_age.c
	echo '#include "base/age.h"' >>tests/unit/test_age.c
	TMPDIR=$directory tests/mutants/run --count 1 src/base/age.c 3>&- &
	wait_until runs_tests 1
	kill -KILL "$!"
	patience=60 wait_until runs_tests 0
	rm -r "$directory"
}

# make_disturbed SHELL-COMMAND: the only test passes without the mutant; with it, it runs the command, and passes if
# that succeeds, as on a machine that was busy for a while.
make_disturbed() {
	printf '%s\n' '#include "base/age.h"' 'int age_is_valid(int age) {' '	return age > 0; }' >src/base/age.c
	printf '%s\n' '#include "base/age.h"' '#include <stdio.h>' '#include <stdlib.h>' '#include <unistd.h>' \
		'int main(void)' '{' \
		'	int is_mutant = age_is_valid(0) || !age_is_valid(1);' \
		"	int passes = !is_mutant || system(\"$1\") == 0;" \
		'	printf("1..1\n%sok 1 - age\n", passes ? "" : "not ");' \
		'	return 0;' \
		'}' >tests/unit/test_age.c
}

@test "a failure that does not occur a second time does not count" {
	make_disturbed 'test -e /tmp/again || { touch /tmp/again; false; }'
	try --count 1 src/base/age.c
	equal "$status" 1 'exit status' || return
	contains "$output" 'SURVIVED: src/base/age.c:3 age_is_valid' || return
	contains "$output" 'perhaps not the cause: tests/unit/test_age.c: age' || return
	contains "$output" 'src/base: 0 of 1 noticed'
	make_disturbed false
	try --count 1 src/base/age.c
	contains "$output" 'src/base: 1 of 1 noticed'
}

# The failure occurs with the mutant twice, then without it; from then on the test is ignored, and the mutant survives.
@test "a failure that also occurs without the mutant does not count" {
	run -0 python3 -B - <<-'END'
		import importlib.machinery, types
		tool = types.ModuleType('tool')
		importlib.machinery.SourceFileLoader('tool', 'tests/mutants/run').exec_module(tool)
		suite, jobs = 'tests/unit/test_age.c', []
		results = [['noticed', suite, 'age', True], {suite: [['age'], 1]}, ['survived'], ['survived']]
		tool.run_inside = lambda tree, job: jobs.append(job) or results[len(jobs) - 1]
		trial = tool.Trial.__new__(tool.Trial)
		trial.tree, trial.everything, trial.system = 'tree', False, False
		trial.baseline = {name: (name, 1, []) for name in (suite, tool.SANITIZE + suite)}
		print(trial.run(tool.mutants_of('src/base/age.c')[0]))
		print([(job['only'], job['suites']) for job in jobs[1:]])
	END
	equal "${lines[0]}" '# fails without a mutant: tests/unit/test_age.c: age' || return
	equal "${lines[1]}" "['survived']" result || return
	equal "${lines[2]}" "[('age', [('tests/unit/test_age.c', 1, [])]), (None, [('tests/unit/test_age.c', 1, ['age'])]), (None, [('SANITIZE=1 tests/unit/test_age.c', 1, [])])]" 'jobs after the first one'
}

@test "a test that fails without a mutant is ignored" {
	echo 'src/base/* tests/bats/age.bats' >tests/mutants/suites
	printf '%s\n' '@test "always fails" {' '	false' '}' >tests/bats/age.bats
	try --count 100 src/base/age.c
	contains "$output" '# fails without a mutant: tests/bats/age.bats: always fails' || return
	refute grep -q 'perhaps not the cause' <<<"$output"
	contains "$output" 'src/base: 7 of 10 noticed'
}

# The suite writes beside itself, as one that boots a machine does: the namespaces would not allow it.
@test "with --system a suite under systemd notices a mutant that the others do not" {
	mkdir tests/system
	echo 'src/base/* tests/system/age.bats' >tests/mutants/suites
	# shellcheck disable=SC2016 # make's variables, and those of the suite
	{
		printf '%s\n' 'all: build/age' 'build/age: tests/age.c build/libc/base/age.o' '	@cc -Isrc -o $@ $^' >>Makefile
		printf '%s\n' '@test "nobody is 151" {' '	echo run >>"$BATS_TEST_DIRNAME/runs"' '	[ "$("$MAYFLY_BUILD/age" 151)" = 0 ]' '}' \
			>tests/system/age.bats
	}
	printf '%s\n' '#include "base/age.h"' '#include <stdio.h>' '#include <stdlib.h>' \
		'int main(int count, char **words)' '{' '	printf("%d\n", age_is_valid(atoi(words[count - 1])));' '}' >tests/age.c
	try --count 100 src/base/age.c
	contains "$output" 'src/base: 7 of 10 noticed' || return
	[[ ! -e tests/system/runs ]] || return
	try --count 100 --system src/base/age.c
	contains "$output" $'noticed: src/base/age.c:2 enum { AGE_MAX = 1500 };\n    by tests/system/age.bats: nobody is 151' || return
	contains "$output" 'SURVIVED: src/base/age.c:7 age_is_valid' || return # `<` makes no difference at 151
	contains "$output" 'src/base: 9 of 10 noticed' || return
	# Once with `<`; three times with each of the others.
	equal "$(wc -l <tests/system/runs)" 7 'runs of the suite' || return
	make_ordinary
	try --count 1 --system src/base/age.c
	equal "$status:$output" '1:mutants: --system requires root'
}

@test "an ordinary user can run it as well" {
	make_ordinary
	try --count 100 src/base/age.c
	contains "$output" 'src/base: 7 of 10 noticed'
}

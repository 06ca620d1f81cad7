# What the tests of the Makefile share, on top of helpers.bash: how to call make so that it takes the
# handler under test for up to date.

# shellcheck shell=bash disable=SC2034 # what the tests use is not seen here
repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

make=(make --no-print-directory -C "$repository" "B=${MAYFLY%/*}")
! grep -q __asan_init "$MAYFLY" || make+=(SANITIZE=1)

# Of an outer make this keeps what that was told of the build, but neither its jobs nor that it is there.
if [[ ${MAKEFLAGS-} == *' -- '* ]]; then MAKEFLAGS=${MAKEFLAGS#*' -- '}; else MAKEFLAGS=; fi
unset MAKELEVEL

# take_port_8080: sets port, to that of `make run` without words; one suite after another has it, until its
# test ends.
take_port_8080() {
	local lock
	port=8080
	exec {lock}<"$repository/Makefile"
	flock "$lock"
	wait_until refute is_listening 8080
}

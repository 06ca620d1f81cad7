# Shared by the tests of the Makefile, in addition to helpers.bash: a make that does not rebuild the
# handler under test.

# shellcheck shell=bash disable=SC2034 # the suites use these variables
repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

make=(make --no-print-directory -C "$repository" "B=${MAYFLY%/*}")
! grep -q __asan_init "$MAYFLY" || make+=(SANITIZE=1)

# Keep the variables of an outer make, but not its job server.
if [[ ${MAKEFLAGS-} == *' -- '* ]]; then MAKEFLAGS=${MAKEFLAGS#*' -- '}; else MAKEFLAGS=; fi
unset MAKELEVEL

# take_port_8080: sets port to the default port of `make run`. A lock gives it to one suite at a time, until
# the test ends.
take_port_8080() {
	local lock
	port=8080
	exec {lock}<"$repository/Makefile"
	flock "$lock"
	wait_until refute is_listening 8080
}

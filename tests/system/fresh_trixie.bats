# The first hour on a fresh Debian 13 without sudo, as root and as an ordinary user: the commands in README
# work. The user's handler is linked against glibc.
#
# Risks that only this suite covers: commands, compiler and libraries of Debian 13; all of `make check` for an ordinary
# user, which no other suite runs, and on this Debian, where the unit tests and tests/bats run nowhere else; and a handler
# that is linked against glibc.
# bats file_tags=once,network

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load container
load fresh

setup_file() {
	export SUITE=trixie
	start_fresh_machine
}

@test "an ordinary user without sudo gets the command for root" {
	for target in run check deb dist; do
		refuses 'Debian packages are missing; as root, type: apt-get update && apt-get install -y --no-install-recommends [^;&]*' \
			newcomer make "$target"
	done
	run at newcomer make test
	contains "${lines[0]}" 'make test: run it as root, or install sudo'
}

# fresh_bookworm.bats runs tests within the build; the last two tests here run them on this Debian.
@test "make deb as root's first command builds the package; with nocheck it does not install what only the tests need" {
	at root env DEB_BUILD_OPTIONS=nocheck make deb >made 2>&1 || fail "$(tail -n 30 made)"
	refute has bats
	refute has libcmocka-dev
	at root sh -c 'dpkg-deb --info build/mayfly_*.deb'
}

@test "the package installs, and the page is served" {
	at root sh -c 'exec apt-get install -y ./build/mayfly_*.deb' >installed 2>&1 || fail "$(<installed)"
	fetches_page
	no_failed_unit
	at root apt-get purge -y mayfly
}

@test "make run by the ordinary user builds and serves once root has installed the packages" {
	start_make_run newcomer
	serves
	ends
}

@test "make check CC=gcc by the ordinary user passes once root has typed the command that it has printed" {
	run at newcomer make check CC=gcc
	[[ ${lines[0]} =~ 'as root, type: '(.*)$ ]]
	at root sh -c "${BASH_REMATCH[1]}" >installed 2>&1 || fail "$(<installed)"
	passes at newcomer env TZ=Pacific/Kiritimati make check CC=gcc
}

@test "root's tests pass with a handler that is linked against glibc" {
	passes at root tests/run B=/home/newcomer/mayfly/build FILTER_TAGS=root \
		tests/bats/log.bats tests/bats/faults.bats tests/bats/sandbox.bats \
		FILTER_TAGS= SUPERSERVER=tcpserver tests/bats/superservers.bats
}

# The first hour on a fresh Debian 12 as an ordinary user with sudo: the commands in README work, and report
# what is missing before they do anything.
#
# Risks that only this suite covers: commands and package lists of Debian 12; that `make deb` runs `make check`, in the
# unpacked tarball and with the compiler flags of Debian packages; that the tests pass there for an ordinary user, with no
# other package than those that `make check` names. For the last one, one suite per package has to run: all tests run on
# Debian 12 in the first pass of tests/suites, and for an ordinary user in fresh_trixie.bats.
# bats file_tags=once,network

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # tests run in subshells; helpers.bash
load container
load fresh

setup_file() {
	export SUITE=bookworm
	start_fresh_machine sudo
	echo 'newcomer ALL=(ALL) NOPASSWD: ALL' | write /etc/sudoers.d/newcomer
}

@test "make without the packages names the command and installs nothing" {
	run at newcomer make
	equal "$status" 2 'exit status'
	# shellcheck disable=SC2016 # a message, no expansion intended
	[[ $output =~ (^|$'\n')'make: gcc is missing: `make needs`'$'\n''make: *** '[^$'\n']*$ ]]
	refute has gcc
}

@test "make run refuses invalid arguments before it installs anything" {
	for argument in PORT=99999 LISTEN=localhost ROOT=missing; do
		run at newcomer make run "$argument"
		equal "$status" 2 'exit status'
		[[ $output =~ ^'make run: '$argument' is not a'[^$'\n']*$'\n''make: *** '[^$'\n']*$ ]] || fail "$output"
	done
	refute has gcc
}

@test "make check without the packages names all of them in one line, and compiles nothing" {
	refuses 'missing Debian packages: gcc [^;]* bats [^;]* zstd; to install them, type: packaging/need build check' \
		newcomer make check
}

@test "a user who may not use sudo gets the command for root" {
	run at newcomer sudo -u nobody packaging/need build
	equal "$status" 1 'exit status'
	contains "${lines[-1]}" 'as root, type: apt-get update && apt-get install -y --no-install-recommends gcc '
	refute has gcc
}

@test "make run installs missing packages, builds and serves" {
	start_make_run newcomer
	shows 'Mayfly needs some Debian packages, and installs them now: sudo apt-get install -y --no-install-recommends gcc '
	serves
	ends
	equal "$(at newcomer stat -c %U build/mayfly build/hits | sort -u)" newcomer 'owner of the build'
}

@test "a second make run installs and builds nothing" {
	start_make_run newcomer
	serves
	ends
	equal "$(head -n 1 "$shown")" "$(greeting)"$'\r'
	equal "$(grep -c '' "$shown")" 3 'lines'
}

@test "make run installs a single missing package" {
	at newcomer sudo apt-get remove -y gperf
	start_make_run newcomer
	shows $'Mayfly needs some Debian packages, and installs them now: sudo apt-get install -y --no-install-recommends gperf\r'
	serves
	ends
}

# files: prints the machine's files, without the clones and directories that change by themselves.
files() {
	inside find / -xdev -type f ! -path '/home/*' ! -path '/root/*' ! -path '/tmp/*' ! -path '/var/lib/systemd/*' \
		! -path '/var/log/*' | LC_ALL=C sort
}

@test "after make install and enabling the socket the page is served and counted" {
	files >"$BATS_FILE_TMPDIR/before"
	at newcomer sudo make install
	at newcomer sudo systemctl enable --quiet --now mayfly.socket
	inside cmp /usr/local/share/mayfly/mayfly.default /etc/default/mayfly
	fetches_page
	wait_until instances_are 0
	equal "$(at newcomer sudo mayflyctl hits --format tsv)" $'hits\tpath\n1\t/index.html'
}

@test "make uninstall leaves the site, the counts and the user" {
	at newcomer sudo make uninstall
	files | LC_ALL=C comm -13 "$BATS_FILE_TMPDIR/before" - >left
	equal "$(grep -v '^/srv/mayfly/' left)" /var/lib/mayfly/hits 'remaining files outside the site'
	equal "$(grep -c '^/srv/mayfly/' left)" "$(find "$repository/www" -type f | wc -l)" 'files of the site'
	inside id mayfly
	no_failed_unit
}

# choose_suites USER: leaves in that user's tests/quick suites that together use each package that `make check` names, and the
# unit tests, except for five that take most of the time of all.
choose_suites() {
	{
		printf 'pass\n\n'
		(cd "$repository" && printf '%s\n' tests/unit/test_*.c) |
			grep -vE '/test_(counter_(kills|power|repair)|history|hits_commands)\.c$'
		printf 'tests/bats/%s.bats\n' counting ctl_hits faults install make_precompress paths precompressed python_server
	} | write "/home/$1/mayfly/tests/quick"
}

@test "make deb runs make check, which passes after the command that make check has printed" {
	run at newcomer make check
	[[ ${lines[0]} =~ 'to install them, type: '(.*)$ ]]
	# shellcheck disable=SC2086 # words of a command
	at newcomer ${BASH_REMATCH[1]} >installed 2>&1 || fail "$(<installed)"
	choose_suites newcomer
	passes at newcomer env TZ=Pacific/Kiritimati make deb
}

#!/usr/bin/env bats
# The options of mayflyctl and of each command: --help, the manual and the parser agree. (The other ctl_*.bats test
# errors, ctl_completion.bats tests bash completion.)

load helpers

setup_file() {
	export CTL=${CTL:-${MAYFLY%/*}/mayflyctl}
	MANUAL=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/packaging/man/mayflyctl.1
	export MANUAL
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# words_in_help [WORD...]: prints the commands or subcommands that a --help lists.
words_in_help() {
	"$CTL" "$@" --help | sed -nE 's/^  ([a-z]+) +[a-z].*$/\1/p'
}

# commands: prints all commands and subcommands, one per line.
commands() {
	local command word
	for command in $(words_in_help); do
		echo "$command"
		for word in $(words_in_help "$command"); do echo "$command $word"; done
	done
}

# options_in_help COMMAND: prints `--name PLACEHOLDER` for each option except --help, one per line, sorted.
options_in_help() {
	# shellcheck disable=SC2086 # words
	"$CTL" $1 --help | sed -nE 's/^ +(-[a-z], )?--([a-z-]+)( [A-Z]+)?  .*$/--\2\3/p' | grep -vx -e --help | sort
}

# section COMMAND: prints the command's section of the manual.
section() {
	sed -n "/^\.Ss $1\$/,/^\.S[hs] /p" "$MANUAL" | tail -n +2
}

@test "the manual has the commands of --help, each with one summary" {
	local command
	equal "$(commands | sort)" "$(sed -n 's/^\.Ss \([a-z ]*\)$/\1/p' "$MANUAL" | sort)"
	for command in $(words_in_help); do
		contains "$("$CTL" --help)" "  $command"
	done
	(($(commands | wc -l) == 15)) || fail "$(commands)"
}

@test "summaries of commands begin in one column, two after the longest name" {
	local words width
	for words in '' hits sites; do
		# shellcheck disable=SC2086 # words
		"$CTL" $words --help | sed -nE 's/^  ([a-z]+ +)[a-z].*$/\1/p' >columns
		width=$(tr -d ' ' <columns | wc -L)
		equal "$(awk '{print length}' columns | sort -u)" $((width + 2)) "mayflyctl $words --help"
	done
}

@test "each line of --help fits 80 columns, and each option has a description" {
	local command lines
	while read -r command; do
		# shellcheck disable=SC2086 # words
		"$CTL" $command --help >help
		refute grep -E '^.{81}' help || return
		lines=$(grep -cE '^ +(-[a-z], )?--[a-z]' help)
		equal "$(grep -cE '^  (-[a-z], |    )--[a-z-]+( [A-Z]+)? {2,}[a-z].{7,}$' help)" "$lines" \
			"options of $command with a text" || return
		equal "$(tail -n 1 help)" 'See mayflyctl(1).' "$command" || return
		equal "$(head -n 1 help | grep -oE '^Usage: mayflyctl [a-z ]+ \[OPTION\]')" "Usage: mayflyctl $command [OPTION]" ||
			return
	done < <(commands)
}

@test "the manual describes the options that --help lists, with the same placeholders" {
	local command
	while read -r command; do
		equal "$(section "$command" | sed -nE 's/^\.It Fl ([a-z] , Fl )?-([a-z-]+)( Ar ([A-Z]+))?$/--\2 \4/p' |
			sed 's/ $//' | sort)" "$(options_in_help "$command")" "options of $command" || return
	done < <(commands)
}

@test "the manual's synopsis has the options and operands that --help lists" {
	local command usage
	while read -r command; do
		sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$MANUAL" | sed -n "/^\.Cm $command\$/,/^\.Nm/p" >synopsis
		equal "$(sed -nE 's/^\.Op Fl -([a-z-]+)( Ar ([A-Z]+))?$/--\1 \3/p' synopsis | sed 's/ $//' | sort)" \
			"$(options_in_help "$command")" "options of $command" || return
		# shellcheck disable=SC2086 # words
		usage=$("$CTL" $command --help | head -n 1)
		equal "$(sed -nE 's/^(\.Op )?\.?Ar ([A-Z]+)( \.\.\.)?$/\2/p' synopsis)" "$(grep -oE '[A-Z]{3,}' <<<"${usage#*OPTION}")" \
			"operands of $command" || return
	done < <(commands)
}

@test "each value that --help lists is accepted and in the manual; other values are refused" {
	local command option list value number=0
	while read -r command; do
		# shellcheck disable=SC2086 # words
		"$CTL" $command --help | sed -nE 's/^ +--([a-z-]+) [A-Z]+ +[^:]*: ([a-z]+(, [a-z]+)* or [a-z]+) \(default.*$/\1 \2/p' >lists
		while read -r option list; do
			for value in ${list//,/}; do
				[[ $value != or ]] || continue
				# shellcheck disable=SC2086 # words
				run --separate-stderr "$CTL" $command "--$option" "$value" --nothing
				contains "$stderr" 'unknown option --nothing'
				contains "$(section "$command")" "Cm $value"
				((++number))
			done
			# shellcheck disable=SC2086 # words
			run -100 --separate-stderr "$CTL" $command "--$option" nothing
			contains "$stderr" "--$option: \"nothing\" is not $list"
		done <lists
	done < <(commands)
	equal "$number" 12 'values that were tried'
}

@test "-h and --help print the same at any place" {
	local command
	while read -r command; do
		# shellcheck disable=SC2086 # words
		equal "$("$CTL" $command -h)" "$("$CTL" $command x --help)" "$command" || return
	done < <(commands | grep -vx hits)
}

@test "--version prints the version of the package; a longer or shorter option is unknown" {
	local option
	equal "$("$CTL" --version)" \
		"mayflyctl $(sed -n '1s/^mayfly (\(.*\)) .*/\1/p' "$BATS_TEST_DIRNAME/../../packaging/debian/changelog")"
	for option in --versio --versions -V; do
		run -100 --separate-stderr "$CTL" "$option"
		contains "$stderr" "unknown option $option"
	done
}

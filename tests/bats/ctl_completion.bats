# Completion of mayflyctl's arguments in bash.
load helpers

setup() {
	PATH=${MAYFLY%/*}:$PATH
	# shellcheck source=/dev/null
	source "$BATS_TEST_DIRNAME/../../packaging/completions/mayflyctl"
}

# completed WORD...: prints the completions of the last word, sorted, in one line.
completed() {
	COMP_WORDS=(mayflyctl "$@") COMP_CWORD=$#
	_mayflyctl
	printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
}

@test "commands and options are completed" {
	equal "$(completed st)" status
	equal "$(completed lo)" log
	equal "$(completed --v)" --version
	equal "$(completed nothing)" ''
}

@test "hits: subcommands, options, values and files are completed" {
	cd "$BATS_TEST_TMPDIR" || return
	touch one two
	equal "$(completed hits '')" '--by --by-host --format --help --hits --json --output --robots --since --site --sort --top --until export import merge reset snapshot verify'
	equal "$(completed hits --)" '--by --by-host --format --help --hits --json --output --robots --since --site --sort --top --until'
	equal "$(completed hits -x --hits x im)" import
	equal "$(completed hits --format '')" 'json openmetrics table tsv'
	equal "$(completed hits --sort '')" 'hits path'
	equal "$(completed hits --by '')" 'day month week year'
	equal "$(completed hits --top '')" '10 20 50'
	equal "$(completed log -n '')" '10 20 50 all'
	equal "$(completed hits --hits o)" one
	equal "$(completed hits import t)" two
	equal "$(completed hits merge one '')" 'one two'
	equal "$(completed hits export --)" '--help --hits --robots --site'
	equal "$(completed hits --hits x reset '')" '--help --hits --robots --site --yes'
	equal "$(completed hits verify --)" '--help --hits --json --repair --robots --site'
}

@test "status: options are completed" {
	equal "$(completed status '')" '--help --json --site --user'
}

@test "log: all options of --help and values are completed" {
	equal "$(completed log --)" "$(mayflyctl log --help | grep -oE -- '--[a-z-]{3,}' | sort -u | paste -sd ' ')"
	equal "$(completed log --format '')" 'combined json line'
	equal "$(completed log -f --since y)" yesterday
	equal "$(completed log --path '')" ''
}

@test "check and report: all options of --help are completed" {
	local command
	for command in check report; do
		equal "$(completed "$command" --)" \
			"$(mayflyctl "$command" --help | grep -oE -- '--[a-z-]{3,}' | sort -u | paste -sd ' ')"
	done
	equal "$(completed report --until y)" yesterday
}

@test "an unknown command has no completions" {
	equal "$(completed nothing '')" ''
}

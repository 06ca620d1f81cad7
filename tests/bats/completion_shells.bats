# Completion of mayflyctl's arguments in the real shells: bash and zsh on a terminal, and fish. ctl_completion.bats tests
# all commands in bash. A stub stands for mayflyctl where a site or a counter file is needed.
# bats file_tags=once, tools
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	completions=$BATS_TEST_DIRNAME/../../packaging/completions
	mkdir bin functions home
	cp "$completions/_mayflyctl" functions/
	cat >bin/mayflyctl <<-END
		#!/bin/sh
		case "\$*" in
		'sites --format tsv') printf 'site\tstate\nmayfly\tactive\nblog\tactive\n' ;;
		'hits --top 1000 --format tsv' | 'hits --format tsv --top 1000') printf 'hits\tpath\n9\t/a.html\n2\t/downloads/b\n' ;;
		'hits --by-host --format tsv') printf 'hits\thost\n9\texample.org\n' ;;
		*) exec "${MAYFLY%/*}/mayflyctl" "\$@" ;;
		esac
	END
	chmod +x bin/mayflyctl
	export PATH=$PWD/bin:$PATH HOME=$PWD/home
	touch one.txt
	mkdir dir
}

# in_bash LINE EXPECTED, in_zsh LINE EXPECTED: type the line and Tab in an interactive shell, and print what the terminal
# then shows: at once if that is what is expected, else after ten seconds.
in_bash() {
	printf 'source %q\nPS1=\nbind "set show-all-if-ambiguous on"\n' "$completions/mayflyctl" >rc
	on_terminal "$1" "$2" bash --rcfile rc -i
}

in_zsh() {
	cat >home/.zshrc <<-END
		fpath=($PWD/functions \$fpath)
		autoload -U compinit
		compinit -u -D
		PS1= PROMPT_EOL_MARK= RPS1=
	END
	on_terminal "$1" "$2" zsh -i
}

# on_terminal LINE EXPECTED SHELL...: does that on a pseudo-terminal.
on_terminal() {
	python3 - "$@" <<-'END'
		import os, pty, re, select, sys, time
		line, expected = sys.argv[1:3]
		pid, master = pty.fork()
		if pid == 0:
		    os.environ['TERM'] = 'dumb'
		    os.execvp(sys.argv[3], sys.argv[3:])
		def read(seconds, text):
		    """Returns what the terminal shows until it shows the text; applies backspaces."""
		    shown, end = '', time.monotonic() + seconds
		    while text not in shown and time.monotonic() < end:
		        if not select.select([master], [], [], 0.1)[0]:
		            continue
		        shown += re.sub(r'\x1b\[[?0-9;]*[a-zA-Z]|\a', '', os.read(master, 65536).decode(errors='replace'))
		        while re.search(r'[^\x08]\x08', shown):
		            shown = re.sub(r'[^\x08]\x08', '', shown)
		    return shown
		os.write(master, b'echo re""ady\n')
		read(20, '\nready')
		os.write(master, line.encode() + b'\t')
		print(read(10, expected))
		os.kill(pid, 9)
	END
}

# in_fish LINE: prints the completions that fish has for the line.
in_fish() {
	fish --no-config -c "source '$completions/mayflyctl.fish'; complete -C '$1'" | cut -f 1 | sort | paste -sd ' '
}

@test "fish completes commands, subcommands, options and values" {
	equal "$(in_fish 'mayflyctl st')" status
	equal "$(in_fish 'mayflyctl sites a')" add
	equal "$(in_fish 'mayflyctl hits ex')" export
	equal "$(in_fish 'mayflyctl hits --form')" --format
	equal "$(in_fish 'mayflyctl hits --format ')" 'json openmetrics table tsv'
	equal "$(in_fish 'mayflyctl log -n ')" '10 20 50 all'
	equal "$(in_fish 'mayflyctl log --since y')" yesterday
	equal "$(in_fish 'mayflyctl sites add --root d')" dir/
	equal "$(in_fish 'mayflyctl hits import o')" one.txt
}

@test "fish completes sites, paths and hosts" {
	equal "$(in_fish 'mayflyctl log --site ')" 'blog mayfly'
	equal "$(in_fish 'mayflyctl sites remove b')" blog
	equal "$(in_fish 'mayflyctl hits /')" '/a.html /downloads/b'
	equal "$(in_fish 'mayflyctl log --path /d')" /downloads/b
	equal "$(in_fish 'mayflyctl log --host ')" example.org
}

# completes SHELL LINE EXPECTED: whether Tab completes the line to this one.
completes() {
	local shown
	shown=$("in_$1" "$2" "$3")
	[[ $shown == *"$3"* ]] || fail "$1: $2: [$3] is not in [$shown]"
}

@test "bash and zsh complete words, options, values, sites and paths on a terminal" {
	local shell
	for shell in bash zsh; do
		completes "$shell" 'mayflyctl st' 'mayflyctl status'
		completes "$shell" 'mayflyctl sites rem' 'mayflyctl sites remove'
		completes "$shell" 'mayflyctl hits --by-h' 'mayflyctl hits --by-host'
		completes "$shell" 'mayflyctl log --since yes' 'mayflyctl log --since yesterday'
		completes "$shell" 'mayflyctl status --site bl' 'mayflyctl status --site blog'
		completes "$shell" 'mayflyctl sites remove bl' 'mayflyctl sites remove blog'
		completes "$shell" 'mayflyctl log --path /d' 'mayflyctl log --path /downloads/b'
		completes "$shell" 'mayflyctl hits /a' 'mayflyctl hits /a.html'
		completes "$shell" 'mayflyctl hits import on' 'mayflyctl hits import one.txt'
		completes "$shell" 'mayflyctl hits --format o' 'mayflyctl hits --format openmetrics'
	done
}

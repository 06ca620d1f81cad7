# Completion of mayflyctl(1) for fish. Commands, options and values are read from --help.

# The operand or the value of an option with this placeholder and help text.
function __mayflyctl_values
    set -l text (string replace -ar '\([^)]*\)' '' -- $argv[2])
    switch $argv[1]
        case FILE
            __fish_complete_path (commandline -ct)
        case DIR
            __fish_complete_directories (commandline -ct) ''
        case NAME
            mayflyctl sites --format tsv 2>/dev/null | string match -rv '^site\t' | string replace -r '\t.*' ''
        case USER
            __fish_complete_users
        case GLOB
            mayflyctl hits --format tsv --top 1000 2>/dev/null | string match -rv '^hits\t' | cut -f 2 | sort -u
        case HOST
            mayflyctl hits --by-host --format tsv 2>/dev/null | string match -rv '^hits\t' | cut -f 2 | sort -u
        case WHEN
            printf '%s\n' now today yesterday -1h -1d -1week
        case CODE
            printf '%s\n' 2xx 3xx 4xx 5xx 200 206 301 304 400 403 404 405 408 500
        case N
            printf '%s\n' 10 20 50 (string match -r '\ball\b' -- $text)
        case '*'
            set -l list (string match -r '(?:^|: )([a-z]+(?:, [a-z]+)* +or [a-z]+)' -- $text)
            test -z "$list[2]"; or string split ' ' -- (string replace -ar ',| or' '' -- $list[2])
    end
end

# The words and options of a command's --help, with their descriptions; with an option before the current word, its
# values.
function __mayflyctl_complete
    set -l words (commandline -opc)
    set -l previous $words[-1]
    set -l command $words[2]
    set -l help (mayflyctl $command --help 2>/dev/null)
    for word in $words[3..]
        if string match -qr "^  $word +[a-z]" -- $help
            set -a command $word
            set help (mayflyctl $command --help 2>/dev/null)
            break
        end
    end
    for line in $help
        set -l option (string match -r '^ +((?:-[a-z], )?)--([a-z-]+) ([A-Z]+) +(.*)' -- $line)
        if test (count $option) -eq 5
            if test "$previous" = "--$option[3]"; or test "$previous, " = "$option[2]"
                __mayflyctl_values $option[4] $option[5]
                return
            end
        end
    end
    string match -r '^  [a-z]+ +[a-z].*' -- $help | string replace -r '^  ([a-z]+) +' '$1\t'
    string match -r '^ +(?:-[a-z], )?--[a-z-]+.*' -- $help |
        string replace -r '^ +(?:-[a-z], )?(--[a-z-]+)(?: [A-Z]+)? +' '$1\t'
    set -l operand (string match -r '^Usage: .*\.\.\. \[?([A-Z]+)' -- $help[1])
    test -z "$operand[2]"; or __mayflyctl_values $operand[2] ''
end

complete -c mayflyctl -f -a '(__mayflyctl_complete)'

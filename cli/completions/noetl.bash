# Completion of noetl's command lines in bash: source it, or put it where bash-completion looks.
_noetl() {
    local IFS=$'\n' rest=$COMP_LINE stripped word part prefix line i
    local -a words=()
    COMPREPLY=()
    # Bash splits words at "=" and ":" too: what stands together in the line belongs together.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        stripped=${rest#"${rest%%[![:blank:]]*}"}
        if ((i > 0)) && [[ $stripped == "$rest" && -n $word ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        rest=${stripped#"$word"}
    done
    word=${words[${#words[@]} - 1]}
    part=${COMP_WORDS[COMP_CWORD]}
    [[ $part != [=:] ]] || part=
    prefix=${word%"$part"}
    while IFS= read -r line; do
        case $line in
            :files | :folders)
                compopt -o filenames
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
                    compgen "$([[ $line == :files ]] && echo -f || echo -d)" -- "$part"
                )
                ;;
            *)
                line=${line%%$'\t'*}
                [[ $line != *= ]] || compopt -o nospace
                COMPREPLY+=("${line#"$prefix"}")
                ;;
        esac
    done < <("${COMP_WORDS[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _noetl noetl

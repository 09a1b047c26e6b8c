#compdef noetl
# Completion of noetl's command lines in zsh: as "_noetl" in a folder of $fpath, or sourced behind compinit.
_noetl() {
    local line
    local -a found shown
    for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            '') ;;
            :files) _files ;;
            :folders) _files -/ ;;
            *)
                found+=("${line%%$'\t'*}")
                shown+=("${line%%$'\t'*}  ${line#*$'\t'}")
                ;;
        esac
    done
    (( ${#found} == 0 )) || compadd -l -d shown -a found
}
if [ "$funcstack[1]" = "_noetl" ]; then
    _noetl "$@"
else
    compdef _noetl noetl
fi

#!/bin/sh
# check_doors.sh CC ROOMS
#
# Compiles, for each room and each other, a file that asks for the other's header with the include folders of the room:
# it is there if the room names the other, or gets it through those it names, and else it is not. ROOMS is as for
# check_includes.sh.
set -eu
cc=$1
rooms=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# Prints the rooms that $1 reaches, itself among them.
reached() {
    awk -F'|' -v start="$1" '
        { named[$1] = $3 }
        function visit(name, list, i, count) {
            if (name in done) return
            done[name] = 1
            print name
            count = split(named[name], list, ",")
            for (i = 1; i <= count; i++) visit(list[i])
        }
        END { visit(start) }' "$rooms"
}

# finds ROOM ITS_FOLDER FOLDERS: whether an include of the room's header is found in the folders, a,b,c.
finds() {
    header=$(ls "$2"/*.h | head -n 1)
    printf '#if !__has_include("%s/%s")\n#error not found\n#endif\n' "$1" "${header##*/}" >"$work/probe.c"
    old=$IFS
    IFS=,
    set -- $3
    IFS=$old
    for folder in "$@"; do
        set -- "$@" "-I$folder"
        shift
    done
    "$cc" -fsyntax-only "$@" "$work/probe.c" 2>/dev/null
}

checked=0
while IFS='|' read -r room own_folder named includes; do
    reached "$room" >"$work/reached"
    while IFS='|' read -r other other_folder rest; do
        checked=$((checked + 1))
        if grep -qx "$other" "$work/reached"; then
            finds "$other" "$other_folder" "$includes" && continue
            echo "$room names $other, and cannot include its header"
            bad=1
        elif finds "$other" "$other_folder" "$includes"; then
            echo "$room does not name $other, and can include its header"
            bad=1
        fi
    done <"$rooms"
done <"$rooms"
if [ $checked -lt 4 ]; then
    echo "there was nothing to check"
    exit 1
fi
exit $bad

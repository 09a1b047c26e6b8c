#!/bin/sh
# check_symbols.sh NM ALLOWED ARCHIVE...
#
# Every symbol that the archives need is defined in one of them or listed in ALLOWED. Says which archive needs
# which other symbol, and ends with 1 if there is one.
set -eu
if [ $# -lt 3 ]; then
    echo "usage: check_symbols.sh NM ALLOWED ARCHIVE..." >&2
    exit 2
fi
nm=$1
allowed=$2
shift 2

# nm -A prints "archive:object:[address] type name".
"$nm" -A -g "$@" | awk -v allowed="$allowed" -v archives=$# '
    BEGIN {
        while ((getline line < allowed) > 0) {
            sub(/#.*/, "", line)
            count = split(line, names, " ")
            for (i = 1; i <= count; i++) {
                if (sub(/\*$/, "", names[i])) prefixes[names[i]] = 1
                else exact[names[i]] = 1
            }
        }
    }
    NF >= 2 {
        split($1, place, ":")
        seen[place[1]] = 1
        type = $(NF - 1)
        if (type ~ /^[Uwv]$/) needed[$NF, place[1]] = needed[$NF, place[1]] " " place[2]
        else defined[$NF] = 1
    }
    function is_allowed(name, prefix) {
        if (name in exact || name in defined) return 1
        for (prefix in prefixes)
            if (index(name, prefix) == 1) return 1
        return 0
    }
    END {
        for (key in needed) {
            split(key, part, SUBSEP)
            if (is_allowed(part[1])) continue
            sub(/.*\//, "", part[2])
            printf "%s needs \"%s\", in%s\n", part[2], part[1], needed[key]
            bad = 1
        }
        if (bad)
            print "A PURE room does no I/O and reads no clock: take the result as an argument, or move the code to " \
                "another room; if the function is pure, list it in tests/purity/allowed.txt."
        for (archive in seen) count_seen++
        if (count_seen != archives) {
            printf "%d of %d archives have no symbols\n", archives - count_seen, archives
            bad = 1
        }
        exit bad
    }'

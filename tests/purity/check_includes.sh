#!/bin/sh
# check_includes.sh ROOMS ROOT
#
# No source below ROOT includes a path with "..", and a room's sources include only headers of the room itself and of
# the rooms that its CMakeLists.txt names. ROOMS has a line for each room: name|folder|named,rooms|include,folders.
#
# The compiler sees to most of this; but a room that is reached through another room's headers compiles too.
set -eu
rooms=$1
root=$2

find "$root" -name .git -prune -o \( -name '*.[ch]' -o -name '*.def' -o -name '*.inc' \) -type f -print |
    xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null |
    awk -F'|' -v rooms="$rooms" -v root="$root/" '
    BEGIN {
        while ((getline line < rooms) > 0) {
            split(line, part, "|")
            folder[part[1]] = part[2]
            count = split(part[3], named, ",")
            for (i = 1; i <= count; i++) may[part[1], named[i]] = 1
            may[part[1], part[1]] = 1
            total++
        }
    }
    # The room with the longest folder that the path is in; "" if there is none, as for tests.
    function room_of(path, name, best) {
        for (name in folder)
            if (index(path, folder[name] "/") == 1 && (best == "" || length(folder[name]) > length(folder[best])))
                best = name
        return best
    }
    {
        match($0, /:[0-9]+:/)
        file = substr($0, 1, RSTART - 1)
        line = substr($0, RSTART + 1, RLENGTH - 2)
        path = $0
        sub(/^[^"]*"/, "", path)
        sub(/".*/, "", path)
        where = substr(file, length(root) + 1) ":" line
        checked++
        if (path ~ /(^|\/)\.\.(\/|$)/) {
            printf "%s: \"%s\" has \"..\" in it; write \"room/file.h\"\n", where, path
            bad = 1
        }
        owner = room_of(file)
        first = path
        sub(/\/.*/, "", first)
        if (owner == "" || first == path || !(first in folder)) next
        target = room_of(folder[first] substr(path, length(first) + 1))
        if (!((owner, target) in may)) {
            printf "%s: \"%s\" is of the room %s, which the ROOMS of %s do not name\n", where, path, target, owner
            bad = 1
        }
    }
    END {
        if (checked == 0 || total == 0) {
            print "there was nothing to check"
            bad = 1
        }
        exit bad
    }'

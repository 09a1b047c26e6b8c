#!/bin/sh
# check_the_checks.sh FOLDER NM CC IMPURE_ARCHIVE
#
# The checks of this folder find what they are for: each is given something wrong, and has to name it.
set -eu
here=$1
nm=$2
cc=$3
impure=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect_refusal WORDS COMMAND...: the command ends with 1 and prints all the words.
expect_refusal() {
    words=$1
    shift
    status=0
    "$@" >"$work/out" 2>&1 || status=$?
    for word in $words; do
        if [ $status -ne 1 ] || ! grep -qF -- "$word" "$work/out"; then
            echo "$* ended with $status, and had to end with 1 and a word about $word:"
            cat "$work/out"
            exit 1
        fi
    done
}

expect_refusal "libimpure.a \"time\" \"open\"" "$here/check_symbols.sh" "$nm" "$here/allowed.txt" "$impure"
if grep -q '"strlen"' "$work/out"; then
    echo "strlen is allowed, and was refused"
    exit 1
fi
: >"$work/empty.c"
"$cc" -c "$work/empty.c" -o "$work/empty.o"
ar rc "$work/libempty.a" "$work/empty.o"
expect_refusal "archives" "$here/check_symbols.sh" "$nm" "$here/allowed.txt" "$work/libempty.a"

mkdir -p "$work/root/low" "$work/root/high/inner" "$work/root/tests" "$work/doors/low" "$work/doors/high" "$work/doors/inner"
echo '#include "low/low.h"' >"$work/root/high/high.h"
: >"$work/root/low/low.h"
: >"$work/root/high/inner/inner.h"
ln -s "$work/root/low" "$work/doors/low/low"
ln -s "$work/root/high" "$work/doors/high/high"
ln -s "$work/root/high/inner" "$work/doors/inner/inner"
low="low|$work/root/low||$work/doors/low"
high="high|$work/root/high|low|$work/doors/high,$work/doors/low"
inner="inner|$work/root/high/inner|high|$work/doors/inner,$work/doors/high,$work/doors/low"
printf '%s\n' "$low" "$high" "$inner" >"$work/rooms"
"$here/check_includes.sh" "$work/rooms" "$work/root"
"$here/check_doors.sh" "$cc" "$work/rooms"

echo '#include "../low/low.h"' >"$work/root/tests/up.c"
expect_refusal "tests/up.c:1 .." "$here/check_includes.sh" "$work/rooms" "$work/root"
rm "$work/root/tests/up.c"
echo '#include "high/high.h"' >"$work/root/low/climbs.c"
expect_refusal "low/climbs.c:1 high/high.h" "$here/check_includes.sh" "$work/rooms" "$work/root"
rm "$work/root/low/climbs.c"
printf '\n#include "low/low.h"\n' >"$work/root/high/inner/skips.c"
expect_refusal "high/inner/skips.c:2 low/low.h" "$here/check_includes.sh" "$work/rooms" "$work/root"
echo '#include "high/inner/inner.h"' >"$work/root/high/inner/skips.c"
"$here/check_includes.sh" "$work/rooms" "$work/root"
echo '#include "high/inner/inner.h"' >"$work/root/high/enters.c"
expect_refusal "high/enters.c:1 inner" "$here/check_includes.sh" "$work/rooms" "$work/root"

printf '%s\n' "$low,$work/doors/high" "$high" "$inner" >"$work/rooms"
expect_refusal "low high" "$here/check_doors.sh" "$cc" "$work/rooms"
printf '%s\n' "$low" "high|$work/root/high|low|$work/doors/high" "$inner" >"$work/rooms"
expect_refusal "high low" "$here/check_doors.sh" "$cc" "$work/rooms"

#!/usr/bin/env bash
# test_installed.sh CMAKE BUILD CC EXAMPLES EXPECTED [FLAG...]
#
# The library as somebody else gets it: installed into a prefix of its own, found with pkg-config, linked both ways.
# FLAGs are the sanitizers' of the build, which a program with the library needs as well.
set -Eeuo pipefail
cmake=$1 build=$2 cc=$3 examples=$4 expected=$5
shift 5
work=$(mktemp -d "${TMPDIR:-/tmp}/noetl-installed.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --component render --prefix "$work/first" >"$work/install.log" || {
    cat "$work/install.log"
    exit 1
}
mv "$work/first" "$work/prefix" # it may be moved
pc=$(find "$work/prefix" -name noetl-render.pc)
export PKG_CONFIG_PATH=${pc%/*}
library=$(pkg-config --variable=libdir noetl-render)

check() {
    "$@" >"$work/output" || {
        echo "$* ended with $?"
        exit 1
    }
    diff -u "$expected" "$work/output"
}
read -ra cflags < <(pkg-config --cflags noetl-render)
read -ra shared < <(pkg-config --libs noetl-render)
strict=(-std=c11 -Wall -Wextra -Werror -pedantic)

"$cc" "${strict[@]}" "$@" "${cflags[@]}" "$examples/render_embed.c" "${shared[@]}" -o "$work/with_shared"
LD_LIBRARY_PATH=$library check "$work/with_shared"
"$cc" "${strict[@]}" "$@" "${cflags[@]}" "$examples/render_embed.c" "$library/libnoetl_render.a" -lm \
    -o "$work/with_static"
check "$work/with_static"

# Nothing but the names of the header: dynamic ones of the shared form, global ones of the static.
header=$(grep -oE '\bnoetl_[a-z_]+\(' "$work/prefix/include/noetl/render.h" | tr -d '(' | sort -u)
for names in "$(nm -D --defined-only "$library/libnoetl_render.so")" "$(nm -g --defined-only "$library/libnoetl_render.a")"; do
    diff -u <(echo "$header") <(awk 'NF == 3 && $2 ~ /^[A-Z]$/ { print $3 }' <<<"$names" | grep -v '^__' | sort -u)
done

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# coverage.sh - builds with gcov in a folder of its own, runs the test suite
# and prints the lines covered for each source file.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$dir"
cd "$dir"
./autogen.sh >/dev/null 2>&1
./configure -q CC=gcc CFLAGS='-O0 -g' --enable-coverage
make -s -j2 >/dev/null
make -s -j2 check >/dev/null || echo "coverage: some tests failed" >&2

for layer in base capture dissect ui; do
    for source in "$layer"/*.c; do
        gcov -n -o "$layer" "$source" 2>/dev/null |
            awk -v want="$source" '
                /^File/ { file = $2; gsub(/\x27/, "", file) }
                /^Lines executed/ && file == want {
                    sub(/^Lines executed:/, "")
                    split($0, part, /% of /)
                    printf "%6.1f %% of %5d lines  %s\n", part[1], part[2], want
                }'
    done
done | sort -n | uniq | tee "$top/coverage.txt"

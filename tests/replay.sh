#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replay.sh - runs every fuzz target over its corpus (TAP), one test a target.
set -u
srcdir=${srcdir:-.}
number=0
for target in tests/fuzz/fuzz_*; do
    case $target in *.c | *.o | *.log | *.trs) continue ;; esac
    [ -x "$target" ] || continue
    name=${target##*/fuzz_}
    corpus=$srcdir/tests/fuzz/corpus/$name
    number=$((number + 1))
    # libFuzzer wants the files, the replay program takes the folder too.
    if output=$("$target" "$corpus"/* 2>&1); then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        printf '%s\n' "$output" | tail -n 20 | sed 's/^/# /'
    fi
done
echo "1..$number"

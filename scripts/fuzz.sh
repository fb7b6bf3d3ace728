#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fuzz.sh SECONDS JOBS TARGET... - runs each libFuzzer target for that long,
# JOBS of them at once, on a copy of its corpus; exits 1 if one found
# something (the input stays behind as crash-TARGET-*).
set -u
srcdir=${srcdir:-.}
seconds=$1 jobs=$2
shift 2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run_one() { # TARGET
    name=$(basename "$1")
    name=${name#fuzz_}
    mkdir -p "$work/$name"
    if [ -d "$srcdir/tests/fuzz/corpus/$name" ]; then
        cp "$srcdir/tests/fuzz/corpus/$name"/* "$work/$name/"
    fi
    if "$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -artifact_prefix="crash-$name-" -print_final_stats=1 "$work/$name" \
        >"$work/$name.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log")
        echo "fuzz_$name: $runs executions in $seconds s, nothing found"
    else
        echo "fuzz_$name: FOUND SOMETHING"
        tail -n 30 "$work/$name.log"
        touch "$work/failed"
    fi
}

running=0
for target in "$@"; do
    run_one "$target" &
    running=$((running + 1))
    if [ "$running" -ge "$jobs" ]; then
        wait
        running=0
    fi
done
wait
[ ! -e "$work/failed" ]

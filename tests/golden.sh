#!/bin/sh
# SPDX-License-Identifier: MIT
#
# golden.sh - what wsray prints for each sample, against the files in
# tests/golden (TAP).  `make update-golden` runs it with UPDATE=1, which
# rewrites them; read the diff before you commit it.
#
# tests/golden/LIST holds a line for each case: NAME STATUS SAMPLE ARGUMENT...
# where SAMPLE is - for a case that reads none.
# The expected output stands in tests/golden/NAME, standard output first, then
# standard error behind a line "--- stderr" if there was any.
#
# The screen in README.md is such a file too.
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
UPDATE=${UPDATE:-}
export TZ=UTC0 LC_ALL=C.UTF-8 NO_COLOR=1 COLUMNS=

case $WSRAY in
/*) ;;
*) WSRAY=$(pwd)/$WSRAY ;;
esac
cd "$srcdir" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
ok() { number=$((number + 1)); printf 'ok %d - %s\n' "$number" "$*"; }
not_ok() { number=$((number + 1)); printf 'not ok %d - %s\n' "$number" "$*"; }

run_case() { # NAME STATUS SAMPLE ARGUMENT...
    name=$1 want=$2 sample=$3
    shift 3
    [ "$sample" = - ] || set -- "$@" "samples/$sample"
    "$WSRAY" "$@" >"$work/out" 2>"$work/err"
    status=$?
    if [ -s "$work/err" ]; then
        echo '--- stderr' >>"$work/out"
        cat "$work/err" >>"$work/out"
    fi
    if [ -n "$UPDATE" ]; then
        cp "$work/out" "tests/golden/$name"
    fi
    if [ "$status" -ne "$want" ]; then
        not_ok "$name: exit status $status instead of $want"
    elif cmp -s "tests/golden/$name" "$work/out"; then
        ok "$name"
    else
        not_ok "$name: output differs"
        diff "tests/golden/$name" "$work/out" | head -n 12 | sed 's/^/# /'
    fi
}

while read -r name want sample arguments; do
    case $name in '' | \#*) continue ;; esac
    # shellcheck disable=SC2086 # arguments are a list of words
    run_case "$name" "$want" "$sample" $arguments
done <tests/golden/LIST

# Every sample is described and has a text and a JSON case.
for file in samples/*.pcap samples/*.pcapng samples/*.gz samples/*.zst; do
    [ -f "$file" ] || continue
    sample=${file#samples/}
    if grep -q "$sample" samples/README.md; then
        ok "$sample stands in samples/README.md"
    else
        not_ok "$sample does not stand in samples/README.md"
    fi
    for command in report json; do
        if grep -qE "^[^#]+ [0-9]+ $sample $command" tests/golden/LIST; then
            ok "$sample has a golden $command"
        else
            not_ok "$sample has no golden $command"
        fi
    done
    if [ "$(wc -c <"$file")" -le 307200 ]; then
        ok "$sample is at most 300 KiB"
    else
        not_ok "$sample is larger than 300 KiB"
    fi
done
# README.md shows what wsray prints, between two marks.
block() { # the block of README.md
    awk '/^<!-- screen -->$/ { on = 1; next }
        /^<!-- \/screen -->$/ { on = 0 }
        on' README.md
}
{
    # shellcheck disable=SC2016 # the marks and the prompt of README.md
    printf '```\n$ ./wsray report samples/good-chat.pcapng\n'
    "$WSRAY" report samples/good-chat.pcapng
    # shellcheck disable=SC2016
    printf '```\n'
} >"$work/screen" 2>&1
if [ -n "$UPDATE" ]; then
    awk -v screen="$work/screen" '
        /^<!-- \/screen -->$/ { on = 0 }
        !on
        /^<!-- screen -->$/ {
            on = 1
            while ((getline line <screen) > 0)
                print line
        }' README.md >"$work/README.md" && cp "$work/README.md" README.md
fi
block >"$work/shown"
if cmp -s "$work/shown" "$work/screen"; then
    ok 'the screen in README is what wsray prints'
else
    not_ok 'the screen in README is what wsray prints'
    diff "$work/shown" "$work/screen" | head -n 12 | sed 's/^/# /'
fi
printf '1..%d\n' "$number"

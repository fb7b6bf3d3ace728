#!/bin/sh
# SPDX-License-Identifier: MIT
#
# stats.sh - the figures of `wsray stats` against those of `wsray json`, of
# every sample (TAP).
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
if ! python3 -c '' 2>/dev/null; then
    echo "1..0 # SKIP python3 is not installed"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
compare() { # NAME WHAT-BOTH-GET...
    name=$1
    shift
    number=$((number + 1))
    "$WSRAY" json --payload-limit 0 "$@" >"$work/json" 2>/dev/null
    "$WSRAY" stats --width 400 "$@" >"$work/text" 2>/dev/null
    if python3 "$srcdir/tests/stats-check.py" "$work/json" "$work/text" \
        >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        head -n 10 "$work/log" | sed 's/^/# /'
    fi
}

for sample in "$srcdir"/samples/*.pcap*; do
    compare "${sample##*/}" "$sample"
done
# All of them as one capture: times go back and forth, more codes, more of
# everything.
compare 'all samples in a row' "$srcdir"/samples/*.pcap*

# No line is wider than it may be.
for width in 40 80; do
    number=$((number + 1))
    widest=$("$WSRAY" stats --width $width "$srcdir"/samples/*.pcap* \
        2>/dev/null | python3 -c '
import sys
print(max(len(line.rstrip("\n")) for line in sys.stdin))')
    if [ "$widest" -le $width ]; then
        echo "ok $number - fits $width columns"
    else
        echo "not ok $number - $widest columns instead of $width"
    fi
done
echo "1..$number"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# schema.sh - the JSON of every sample against doc/events.schema.json (TAP).
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
# Debian's own python3 has the packages of Debian.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
if ! "$python" -c 'import jsonschema' 2>/dev/null; then
    echo "1..0 # SKIP python3 with jsonschema is not installed"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
for sample in "$srcdir"/samples/*.pcap*; do
    number=$((number + 1))
    name=${sample##*/}
    "$WSRAY" json --digest sha256 "$sample" >"$work/$name.json" 2>"$work/err"
    echo 'frame-opcode-reserved 1' >"$work/expect"
    "$WSRAY" check --format json "$sample" >>"$work/$name.json" 2>>"$work/err"
    "$WSRAY" check --format json -v --expect "$work/expect" "$sample" \
        >>"$work/$name.json" 2>>"$work/err"
    if "$python" "$srcdir/tests/schema-check.py" \
        "$srcdir/doc/events.schema.json" "$work/$name.json" >"$work/log" 2>&1
    then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        head -n 10 "$work/log" | sed 's/^/# /'
    fi
done
echo "1..$number"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# corpus.sh - captures that start in mid-stream (TAP): in those of other
# protocols wsray must find no WebSocket, in those named websocket-* it must
# find one.  The files of tests/corpus are pieces of what tests/live/corpus.sh
# captured of real programs.
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
folder=$srcdir/tests/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number=0
for file in "$folder"/*.pcap.gz "$srcdir/samples/broken-midstream.pcap"; do
    number=$((number + 1))
    name=${file##*/}
    name=${name%.gz}
    name=${name%.pcap}
    case $name in
    websocket-* | broken-midstream) want=1 ;;
    *) want=0 ;;
    esac
    "$WSRAY" json --payload-limit 0 "$file" >"$work/json" 2>"$work/err"
    status=$?
    found=$(grep -c '"type":"handshake"' "$work/json")
    packets=$(sed -n 's/.*"type":"summary","packets":\([0-9]*\).*/\1/p' \
        "$work/json")
    said="$name: $found connections in ${packets:-no} packets"
    if [ "$status" -ne 0 ] || [ "${packets:-0}" -eq 0 ] ||
        [ "$found" -ne "$want" ]; then
        echo "not ok $number - $said, exit status $status"
        grep '"type":"handshake"' "$work/json" | cut -c 1-300 | sed 's/^/# /'
        sed 's/^/# /' "$work/err"
    else
        echo "ok $number - $said"
    fi
done
size=$(cat "$folder"/*.pcap.gz | wc -c)
number=$((number + 1))
if [ "$size" -le 204800 ]; then
    echo "ok $number - the corpus takes $size bytes"
else
    echo "not ok $number - the corpus takes $size bytes, more than 200 KiB"
fi
echo "1..$number"

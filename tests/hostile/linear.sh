#!/bin/sh
# SPDX-License-Identifier: MIT
#
# linear.sh - the instructions that wsray takes for a hostile capture and for
# captures two and four times as large (TAP).  What the second doubling adds
# must be less than 2.3 times what the first one added: 2 is linear, 4 would be
# quadratic, and the start of the program cancels out.  Counted by perf, or by
# valgrind where the kernel does not let perf; skipped without both.
# Instructions do not depend on how busy the machine is, but a little on the
# random keys of the hash maps.  Exit status 1 when something grew faster.
#
#   LINEAR_TABLE=1   writes a table for doc/RELIABILITY.md instead of TAP

# shellcheck disable=SC2317 # functions called by name
set -u
WSRAY=${WSRAY:-./wsray}
GEN=${GEN:-./tests/hostile/gen_hostile}
export TZ=UTC0 LC_ALL=C.UTF-8 NO_COLOR=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

by_perf() {
    perf stat -x, -o "$work/stat" -e instructions:u "$@" >/dev/null 2>&1
    sed -n 's/^\([0-9][0-9]*\),.*instructions.*/\1/p' "$work/stat"
}

by_valgrind() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" \
        2>&1 >/dev/null | sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

count=
for way in by_perf by_valgrind; do
    n=$($way "$WSRAY" --version 2>/dev/null)
    if [ "${n:-0}" -gt 0 ] 2>/dev/null; then
        count=$way
        break
    fi
done
if [ -z "$count" ]; then
    echo '1..0 # SKIP neither perf nor valgrind counts instructions here'
    exit 0
fi
# valgrind is fifty times slower.
part=1
[ $count = by_valgrind ] && part=10

# Below so many instructions nothing can be said: what there is depends on the
# keys of the maps, or a limit was reached early and the rest is passed over.
FLAT=300000

number=0
failed=0
while read -r kind n options; do
    case $kind in '' | \#*) continue ;; esac
    n=$((n / part)) bytes=0 costs=''
    for times in 1 2 4; do
        "$GEN" "$kind" "$work/h" $((n * times)) || exit 1
        bytes=$(wc -c <"$work/h")
        # shellcheck disable=SC2086 # options are a list of words
        cost=$($count "$WSRAY" json $options "$work/h")
        [ "${cost:-0}" -gt 0 ] ||
            { echo "Bail out! nothing counted for $kind $options"; exit 1; }
        costs="$costs $cost"
    done
    # shellcheck disable=SC2086 # three numbers
    set -- $costs
    first=$(($2 - $1)) second=$(($3 - $2)) ratio=0 text='flat'
    if [ $second -ge $FLAT ]; then
        ratio=$((first > 0 ? second * 100 / first : 999))
        text=$((ratio / 100)).$(printf %02d $((ratio % 100)))
    fi
    number=$((number + 1))
    each=$((second > 0 ? second * 2 / bytes : 0))
    if [ -n "${LINEAR_TABLE:-}" ]; then
        echo "| $kind${options:+ $options} | $((n * 4)) | $each | $text |"
    elif [ $ratio -lt 230 ]; then
        echo "ok $number - $kind${options:+ $options}: $text, $each instructions a byte"
    else
        echo "not ok $number - $kind${options:+ $options}: $text, $each instructions a byte"
        failed=1
    fi
done <<'END'
syn 100000
syn 100000 --memory 4M
half-open 30000
collide 100000
one-byte 50000
one-byte-reverse 25000
one-byte-holes 25000
holes 20000
overlap 10000
early 10000
early 10000 --memory 4M
window 30000
retransmit 50000
frag-overlap 30000
frag-endless 20000
frag-tiny 50000
endless-head 2000000
drip-head 60000
drip-lines 16000
partial-heads 100
partial-heads 100 --memory 4M
unanswered 50
heads 30
upgrade-heads 30
pipelined 50000
upgrades 5000
connect 1000
proxy 50
idle 5000
idle 5000 --memory 4M
open-messages 5000
deflate-conns 2000
bombs 30
big-bomb 15
nested 100
finals 50000
huge-length 2000000
high-bit 500000
empty-fragments 50000
tiny-messages 50000
pings 10000
violations 50000
long-close 50
ng-ifaces 2000
ng-secrets 2000
END
[ -n "${LINEAR_TABLE:-}" ] || echo "1..$number"
exit $failed

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hostile.sh - wsray against captures made to kill it (TAP): it ends in time
# with the expected exit status, its memory stays below --memory plus a
# constant, its output stays bounded, and every limit it reaches is told.
#
#   HOSTILE_SCALE=N   makes the captures N times as large (by hand: 50)
#   HOSTILE_TABLE=1   writes a table for doc/RELIABILITY.md instead of TAP
#   WSRAY_SANITIZED=1 memory is not judged: a sanitizer takes its own
#
# A line of the table below: KIND N COMMAND STATUS OUT SAYS, where OUT is the
# most output in bytes for each byte of input (and 64 KiB more), and SAYS an
# extended regular expression for a line of standard error, or "-" for none,
# or "=ID" for a finding in the output of wsray.
set -u
WSRAY=${WSRAY:-./wsray}
GEN=${GEN:-./tests/hostile/gen_hostile}
MEASURE=${MEASURE:-./tests/hostile/measure}
SCALE=${HOSTILE_SCALE:-1}
export TZ=UTC0 LC_ALL=C.UTF-8 NO_COLOR=1

# What wsray may use: the budget, and beside it the program itself with its
# libraries and fixed buffers.  IP fragments and a compressed file's window
# have limits of their own.
BUDGET_MIB=16
CONSTANT_KIB=12288
FRAGMENTS_KIB=16384
WINDOW_KIB=147456

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
ok() { number=$((number + 1)); printf 'ok %d - %s\n' "$number" "$*"; }
not_ok() { number=$((number + 1)); printf 'not ok %d - %s\n' "$number" "$*"; }
skip() { number=$((number + 1)); printf 'ok %d - %s # SKIP %s\n' "$number" "$1" "$2"; }

# reads PROGRAM: it is here to compress, and this wsray can read what it writes.
reads() {
    command -v "$1" >/dev/null && "$WSRAY" --version | grep '^Files:' |
        grep -qw "$1"
}

# A sanitizer is recognised by its symbols.
sanitized=${WSRAY_SANITIZED:-}
if [ -z "$sanitized" ] && grep -q __asan_init "$WSRAY" 2>/dev/null; then
    sanitized=1
fi

judge() { # NAME WANT OUT SAYS ROOM_KIB BYTES
    name=$1 want=$2 out=$3 says=$4 room=$5 bytes=$6
    read -r status peak seconds written <"$work/cost"
    if [ -n "${HOSTILE_TABLE:-}" ]; then
        printf '| %s | %s | %s | %s | %s |\n' "$name" "$bytes" "$peak" \
            "$seconds" "$(sed 's/^wsray: //' "$work/err" | tr '\n' ' ' | cut -c 1-90)"
        return
    fi
    most=$((bytes * out + 65536))
    if [ "$status" -ne "$want" ]; then
        not_ok "$name: exit status $status instead of $want"
    elif [ -z "$sanitized" ] && [ "$peak" -gt "$room" ]; then
        not_ok "$name: peak of $peak KiB above $room KiB"
    elif [ "$written" -gt "$most" ]; then
        not_ok "$name: $written bytes of output, more than $most"
    elif ! said "$says"; then
        not_ok "$name: standard error does not say /$says/"
        head -n 3 "$work/err" | sed 's/^/# /'
    else
        ok "$name: $peak KiB, $seconds s, $written bytes"
    fi
}

said() { # SAYS
    case $1 in
    -) [ ! -s "$work/err" ] ;;
    =*) grep -q "\"id\":\"${1#=}\"" "$work/found" ;;
    *) grep -qE "$1" "$work/err" ;;
    esac
}

run() { # NAME FILE BYTES WANT OUT SAYS ROOM_KIB COMMAND
    "$MEASURE" "$work/err" 300 "$WSRAY" "$8" --memory ${BUDGET_MIB}M "$2" \
        >"$work/cost"
    case $6 in
    =*) "$WSRAY" json --memory ${BUDGET_MIB}M "$2" 2>/dev/null |
        grep '"type":"finding"' >"$work/found" ;;
    esac
    judge "$1" "$4" "$5" "$6" "$7" "$3"
}

room=$((BUDGET_MIB * 1024 + CONSTANT_KIB))

while read -r kind n command want out says; do
    case $kind in '' | \#*) continue ;; esac
    case $kind in
    ng-lie | long-record) ;;
    *) n=$((n * SCALE)) ;;
    esac
    "$GEN" "$kind" "$work/h" "$n" || exit 1
    bytes=$(wc -c <"$work/h")
    more=0
    case $kind in frag-*) more=$FRAGMENTS_KIB ;; esac
    run "$kind $n ($command)" "$work/h" "$bytes" "$want" "$out" "$says" \
        $((room + more)) "$command"
    rm -f "$work/h"
done <<'END'
# TCP
syn 200000 json 0 1 flows forgotten .--memory
half-open 60000 json 0 1 flows forgotten .--memory
collide 200000 json 0 1 flows forgotten .--memory
one-byte 100000 json 0 3 -
one-byte-reverse 50000 json 0 3 -
one-byte-holes 50000 json 0 3 holes given up .--early
holes 20000 json 0 3 -
overlap 10000 json 0 1 -
early 20000 json 0 2 streams gave up held bytes .--memory
window 50000 json 0 3 -
retransmit 100000 json 0 1 -
# IP fragments
frag-overlap 50000 json 0 1 -
frag-endless 20000 json 0 1 IP datagrams dropped .--fragment-bytes
frag-tiny 50000 json 0 1 -
# HTTP
endless-head 10000000 json 0 1 HTTP heads too long to read .--http-head-limit
drip-head 120000 json 0 1 had to wait
drip-lines 50000 json 0 1 -
partial-heads 500 json 0 1 flows forgotten .--memory
unanswered 150 json 0 2 flows forgotten .--memory
heads 100 json 0 1 -
upgrade-heads 100 json 0 3 -
pipelined 100000 json 0 1 -
upgrades 10000 json 0 30 had to wait
connect 1000 json 0 1 -
proxy 100 json 0 2 -
# WebSocket
idle 20000 report 0 2 flows forgotten .--memory
open-messages 10000 report 0 2 flows forgotten .--memory
big-messages 800 json 0 2 -
searches 2000 json 0 4 flows forgotten .--memory
deflate-conns 1000 json 0 25 =deflate-context-missing
bombs 100 json 0 400 =deflate-bomb
big-bomb 100 json 0 20 =deflate-bomb
nested 100 json 0 400 -
finals 20000 json 0 3 =deflate-inflate-failed
huge-length 10000000 json 0 1 -
high-bit 1000000 json 0 1 =frame-length-high-bit
empty-fragments 200000 json 0 250 -
tiny-messages 200000 json 0 250 -
pings 20000 json 0 8 -
violations 100000 json 0 250 =frame-opcode-reserved
long-close 100 json 0 2 =frame-control-too-long
# Files
long-record 4000000000 json 3 1 more than the .* that can be
ng-lie 0 json 3 1 captured bytes in a block of
ng-lie 1 json 3 1 at its start, .* at its end
ng-lie 2 json 3 1 more than the .* that can be
ng-lie 3 json 3 1 the file ends inside a block
ng-lie 4 json 3 1 less than the block type needs
ng-lie 5 json 3 1 more than the .* that can be
ng-lie 6 json 3 1 secrets longer than their block
ng-lie 7 json 3 1 is not a multiple of 4
ng-ifaces 50000 json 3 1 more than 16384 interfaces
ng-secrets 3000 json 0 1 secrets of the file not kept
END

# Compressed files, by the programs themselves.
for with in 'gzip -9' 'zstd -q --ultra -22 --long=27' 'xz -9' 'lz4 -q'; do
    program=${with%% *}
    if ! reads "$program"; then
        skip "zeros compressed by $program" "no program $program, or not in this wsray"
        continue
    fi
    # shellcheck disable=SC2086 # a command and its arguments
    "$GEN" zeros - $((500 * SCALE)) | $with -c >"$work/h"
    run "zeros $((500 * SCALE)) compressed by $program" "$work/h" \
        "$(wc -c <"$work/h")" 0 1 - $((room + WINDOW_KIB)) json
    head -c $(($(wc -c <"$work/h") / 2)) "$work/h" >"$work/cut"
    run "zeros cut in the middle, by $program" "$work/cut" \
        "$(wc -c <"$work/cut")" 3 1 'cut short|broken' $((room + WINDOW_KIB)) json
done
if reads xz; then
    "$GEN" zeros - 100 | xz --lzma2=dict=1GiB -c >"$work/h"
    run "xz with a dictionary of 1 GiB" "$work/h" 0 3 1 \
        'more than 128 MiB of memory' "$room" json
fi
if reads zstd; then
    "$GEN" zeros - 100 | zstd -q --ultra -22 --long=30 -c >"$work/h"
    run "zstd with a window of 1 GiB" "$work/h" 0 3 1 \
        'too much memory' "$room" json
fi
[ -n "${HOSTILE_TABLE:-}" ] || printf '1..%d\n' "$number"

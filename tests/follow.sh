#!/bin/sh
# SPDX-License-Identifier: MIT
#
# follow.sh - `wsray follow` of every connection of every sample (TAP): raw
# payloads are those that `wsray json` tells, C is accepted by a compiler, and
# nothing is written that a terminal would obey.
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
CC=${CC:-cc}
export TZ=UTC0 LC_ALL=C.UTF-8
if ! python3 -c '' 2>/dev/null; then
    echo "1..0 # SKIP python3 is not installed"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
result() { # STATUS NAME: the test's log is $work/log
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        head -n 10 "$work/log" | sed 's/^/# /'
    fi
}

# Each connection and sender has a file CONN.SENDER of its payloads, and CONN of
# both in their order.
cat >"$work/payloads.py" <<'END'
import collections, json, sys
from json_payload import payload_of
parts = collections.defaultdict(list)
conns = set()
for line in open(sys.argv[1], encoding='utf-8'):
    event = json.loads(line)
    if event['type'] == 'handshake':
        conns.add(event['conn'])
    if event['type'] != 'message':
        continue
    if event['truncated'] and event['complete']:
        sys.exit('message %r is truncated' % event['message'])
    payload = payload_of(event)
    for name in (event['from'], 'both'):
        parts['%d.%s' % (event['conn'], name)].append(payload)
for conn in sorted(conns):
    for name in ('client', 'server', 'both'):
        key = '%d.%s' % (conn, name)
        open(sys.argv[2] + '/' + key, 'wb').write(b''.join(parts[key]))
    print(conn)
END

raw() { # SAMPLE CONN...
    file=$1
    shift
    hows='both client server both,--units,frames'
    for conn in "$@"; do
        for how in $hows; do
            how=$(echo "$how" | tr , ' ')
            # shellcheck disable=SC2086 # options are words
            "$WSRAY" follow --format raw --conn "$conn" --from $how "$file" \
                >"$work/got" 2>/dev/null
            cmp "$work/want/$conn.${how%% *}" "$work/got" || return 1
        done
        hows=both # of the others
    done
}

# What text.h lets out, and line feeds.
safe() {
    ! LC_ALL=C grep -nP '[\x00-\x09\x0b-\x1f\x7f]' "$1" &&
        ! grep -nP '[\x{80}-\x{9f}\x{ad}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]' "$1"
}

texts() { # SAMPLE CONN...
    file=$1
    shift
    for conn in "$@"; do
        for how in 'text --width 40 --time epoch' 'json --width 60' \
            'hex --units frames' 'c --width 41 --units frames'; do
            # shellcheck disable=SC2086 # options are words
            "$WSRAY" follow --conn "$conn" --format $how "$file" \
                >"$work/got" 2>/dev/null
            safe "$work/got" || return 1
            case $how in
            c*) mv "$work/got" "$work/c/$conn.${how##* }.c" ;;
            *--width*)
                columns=${how#*--width }
                columns=${columns%% *}
                ! grep -nP "^.{$((columns + 1))}" "$work/got" || return 1 ;;
            esac
        done
        LC_ALL=C "$WSRAY" follow --conn "$conn" "$file" >"$work/got" 2>/dev/null
        ! LC_ALL=C grep -n '[^ -~]' "$work/got" || return 1
    done
    [ -z "$CC" ] || $CC -std=c11 -fsyntax-only -Wcomment -Werror "$work"/c/*.c
}

command -v "${CC%% *}" >/dev/null 2>&1 || CC=
for sample in "$srcdir"/samples/*.pcap*; do
    name=${sample##*/}
    rm -rf "$work/want" "$work/c"
    mkdir "$work/want" "$work/c"
    "$WSRAY" json --payload-limit 16M "$sample" >"$work/json" 2>/dev/null
    conns=$(PYTHONPATH=$srcdir/tests python3 "$work/payloads.py" \
        "$work/json" "$work/want" 2>"$work/log")
    # shellcheck disable=SC2086 # numbers are words
    raw "$sample" $conns >>"$work/log" 2>&1
    result $? "$name: raw payloads are those of json"
    # shellcheck disable=SC2086
    set -- $conns
    shift $(($# > 1 ? $# - 1 : 0))
    # shellcheck disable=SC2086
    texts "$sample" "${conns%%[!0-9]*}" ${1+"$1"} >"$work/log" 2>&1
    result $? "$name: text is safe, fits, and C is C"
done

chat=$srcdir/samples/good-chat.pcapng
if command -v script >/dev/null 2>&1; then
    script -qec "'$WSRAY' follow --format raw '$chat'" /dev/null \
        </dev/null >"$work/log" 2>&1
    test $? -eq 2 && grep -q 'raw payload does not go to a terminal' "$work/log"
    result $? 'raw payload does not go to a terminal'
else
    number=$((number + 1))
    echo "ok $number - raw payload does not go to a terminal # SKIP no script"
fi
"$WSRAY" follow --format raw --payload-limit 3 "$chat" >"$work/got" 2>"$work/log"
printf 'somsomhelyou\344\275\240youbyeyou' >"$work/want/limit"
cmp "$work/want/limit" "$work/got" >>"$work/log" &&
    grep -q '8 messages were cut (--payload-limit)' "$work/log"
result $? 'raw obeys --payload-limit and tells so'

# Live: a line is there as soon as its packet is.
mkfifo "$work/fifo"
"$WSRAY" follow - <"$work/fifo" >"$work/got" 2>"$work/log" &
reader=$!
size=$(wc -c <"$chat")
{
    head -c $((size * 2 / 3)) "$chat"
    tries=0
    while ! grep -q 'hello, is anybody there' "$work/got" &&
        [ "$tries" -lt 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    grep -q 'hello, is anybody there' "$work/got" && : >"$work/early"
    tail -c +$((size * 2 / 3 + 1)) "$chat"
} >"$work/fifo"
wait "$reader"
status=$?
"$WSRAY" follow "$chat" >"$work/want/chat"
test "$status" -eq 0 && test -f "$work/early" &&
    cmp "$work/want/chat" "$work/got" >>"$work/log"
result $? 'lines appear as they come'
echo "1..$number"

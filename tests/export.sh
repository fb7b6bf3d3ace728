#!/bin/sh
# SPDX-License-Identifier: MIT
#
# export.sh - what `wsray export` makes of every sample, against the output of
# `wsray json`, and what it says when something fails (TAP).
set -u
srcdir=$(cd "${srcdir:-.}" && pwd)
WSRAY=${WSRAY:-./wsray}
case $WSRAY in
/*) ;;
*) WSRAY=$(pwd)/$WSRAY ;;
esac
# Debian's own python3 has the packages of Debian.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export TZ=UTC0 LC_ALL=C.UTF-8

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
number=0
result() { # STATUS NAME
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        head -n 10 log err 2>/dev/null | sed 's/^/# /'
    fi
}
skip() { # NAME WHY
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}
wsray() { # STATUS ARGUMENT...: standard output in out, error in err
    want=$1
    shift
    timeout 60 "$WSRAY" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$want" ] && return 0
    echo "exit status $got instead of $want" >>err
    return 1
}
check() { # KIND FILE...: export-check.py
    "$python" "$srcdir/tests/export-check.py" "$@" >log 2>&1
}
good=$srcdir/samples/good-chat.pcapng
many=$srcdir/samples/good-gorilla-chat.pcapng
"$python" -c 'import jsonschema' 2>/dev/null
has_schema=$?

# ---- har ----

for sample in "$srcdir"/samples/*.pcap*; do
    name="${sample##*/}: the HAR holds what json tells"
    if [ $has_schema -ne 0 ]; then
        skip "$name" 'python3 with jsonschema is not installed'
        continue
    fi
    "$WSRAY" json --payload-limit 1G "$sample" >events 2>/dev/null
    "$WSRAY" export har "$sample" >sample.har 2>err
    check har events sample.har "$srcdir/tests/har.schema.json"
    result $? "$name"
done

wsray 0 export har -w a.har "$good" && [ ! -s out ] && [ ! -s err ] &&
    "$WSRAY" export har "$good" | cmp -s - a.har
result $? '-w FILE takes the place of standard output'
wsray 0 export har -w - "$good" && cmp -s out a.har
result $? '-w - is standard output'
# shellcheck disable=SC2094 # that is the point
wsray 0 export har - <"$good" && cmp -s out a.har
result $? 'a HAR is made of standard input'
wsray 0 export har --conn 2 "$many" && [ "$(grep -c '"_conn":' out)" -eq 1 ] &&
    grep -q '"_conn":2,' out
result $? '--conn chooses connections'
wsray 0 export har --only text "$good" && grep -q '"opcode":1,' out &&
    ! grep -q '"opcode":[^1]' out
result $? '--only chooses messages'
wsray 0 export har -Y 'websocket.opcode == ping' "$good" &&
    [ "$(grep -c '"opcode":9,' out)" -eq 2 ] && ! grep -q '"opcode":1,' out &&
    grep -q '"status":101' out
result $? '-Y chooses messages, and the handshake comes with them'

wsray 2 export har --conn 9 "$many" && grep -q '"entries":\[' out &&
    grep -qx 'wsray: --conn: connection 9: there are only [0-9]*' err
result $? 'a connection that is not there is told'
wsray 2 export har --conn 1,9- "$many" &&
    grep -q 'connection 9: there are only' err && grep -q '"_conn":1,' out
result $? 'and what is there is written'
wsray 2 export && grep -q 'export what? One of har' err
result $? 'export alone says what it can make'
wsray 2 export hra "$good" &&
    grep -q "'hra' is not one of har; did you mean 'har'" err
result $? 'so does a word that is none of them'

cp "$good" both.pcapng
wsray 2 export har -w both.pcapng both.pcapng && cmp -s both.pcapng "$good"
result $? 'what is read is not written over'
wsray 3 export har -w none/x.har "$good" &&
    grep -q '^wsray: none/x.har: .*No such file or directory$' err
result $? 'a directory that is not there is told'
mkdir closed && chmod 500 closed
if [ "$(id -u)" -ne 0 ]; then
    wsray 3 export har -w closed/x.har "$good" &&
        grep -q '^wsray: closed/x.har: Permission denied$' err
    result $? 'so is one that nothing may be written to'
else
    mkdir -m 755 shut
    wsray 3 export har -w shut/none/x.har "$good"
    result $? 'so is one that nothing may be written to'
fi
(
    ulimit -f 2
    wsray 3 export har -w limit.har "$many"
) && grep -q '^wsray: limit.har: at byte [0-9]*: File too large$' err
result $? 'a file that may not grow is told'
if [ -w /dev/full ]; then
    timeout 60 "$WSRAY" export har "$many" >/dev/full 2>err
    [ $? -eq 3 ] && grep -q '^wsray: standard output: No space left' err
    result $? 'so is a full disk'
else
    skip 'so is a full disk' 'no /dev/full'
fi
timeout 60 "$WSRAY" export har "$many" 2>err | head -c 10 >/dev/null
[ ! -s err ]
result $? 'a reader that goes away is no fault'

wsray 0 export har --no-secrets "$good" && cmp -s out a.har
result $? 'without secrets, a HAR without secrets is the same'

echo "1..$number"

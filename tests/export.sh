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
wsray 2 export && grep -q 'export what? One of har, payloads, pcapng' err
result $? 'export alone says what it can make'
wsray 2 export hra "$good" &&
    grep -q "'hra' is not one of har, payloads, pcapng; did you mean 'har'" err
result $? 'so does a word that is none of them'

cp "$good" both.pcapng
wsray 2 export har -w both.pcapng both.pcapng && cmp -s both.pcapng "$good"
result $? 'what is read is not written over'
wsray 3 export har -w none/x.har "$good" &&
    grep -q '^wsray: none/x.har: .*No such file or directory$' err
result $? 'a directory that is not there is told'
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

# ---- payloads ----

for sample in "$srcdir"/samples/*.pcap*; do
    rm -rf made
    "$WSRAY" json --payload-limit 1G "$sample" >events 2>/dev/null
    "$WSRAY" export payloads -w made "$sample" 2>err
    check payloads events made
    result $? "${sample##*/}: the files hold the payloads byte for byte"
done

wsray 0 export payloads -w dir "$many" && [ ! -s out ] && [ ! -s err ] &&
    [ "$(stat -c %a dir)" = 700 ] && [ "$(stat -c %a dir/index.tsv)" = 600 ]
result $? 'what is made is for nobody else'
wsray 3 export payloads -w dir "$many" &&
    grep -qx 'wsray: dir: is not empty; --force writes into it' err
result $? 'a directory that is not empty is refused'
: >dir/other
wsray 0 export payloads -w dir --force "$many" && [ -f dir/other ]
result $? 'but with --force, and what is in it stays'
mkdir empty
wsray 0 export payloads -w empty/ "$good" && [ -f empty/index.tsv ]
result $? 'one that is empty is used'
wsray 2 export payloads "$good" && grep -q 'needs a directory: -w DIR' err
result $? 'without a directory nothing is done'
wsray 3 export payloads -w none/dir "$good" &&
    grep -q '^wsray: none/dir: directory to be made, .*No such file' err
result $? 'the directory above it must be there'
: >file
wsray 3 export payloads -w file --force "$good" &&
    grep -q '^wsray: file: .*Not a directory$' err
result $? 'a file is no directory'
mkdir links && ln -s ../target "links/conn-0001-000001-client-text.txt"
wsray 3 export payloads -w links --force "$good"
[ ! -e target ] && grep -q '^wsray: links: conn-0001-[^ ]*: Too many levels' err
result $? 'nothing is written through a symbolic link'
wsray 0 export payloads -w some --conn 2 --only text "$many" &&
    [ -n "$(find some -name 'conn-0002-*')" ] &&
    [ -z "$(find some -name 'conn-0001-*' -o -name '*-binary*')" ]
result $? '--conn and --only choose messages'
(
    # shellcheck disable=SC3045
    ulimit -f 2
    wsray 3 export payloads -w small "$srcdir/samples/good-lengths.pcapng"
) && grep -q '^wsray: small: conn-[^ ]*: File too large: nothing is written from here on; [1-9][0-9]* messages were$' err &&
    [ "$(find small -name 'conn-*' | wc -l)" -eq "$(grep -c '^conn-' small/index.tsv)" ]
result $? 'after a failure, what stands there is whole and listed'

# ---- pcapng ----

connections() { # those of events
    sed -n 's/.*"type":"handshake","conn":\([0-9]*\),.*/\1/p' events
}

for sample in "$srcdir"/samples/*.pcap*; do
    "$WSRAY" json --payload-limit 1G "$sample" >events 2>/dev/null
    bad=0
    for conn in $(connections); do
        "$WSRAY" export pcapng --conn "$conn" -w slice.pcapng "$sample" 2>err
        "$WSRAY" json --payload-limit 1G slice.pcapng >slice-events 2>/dev/null
        check slice events slice-events "$sample" slice.pcapng "$conn" ||
            bad=1
        [ $bad -eq 0 ] || break
    done
    result $bad "${sample##*/}: a slice tells of its connection what the whole tells"
done

if command -v tshark >/dev/null 2>&1; then
    fields='-T fields -e frame.time_epoch -e frame.len -e frame.cap_len -e ip.id -e tcp.seq_raw'
    for name in good-chat good-gorilla-chat good-link-types odd-refused; do
        sample=$(ls "$srcdir/samples/$name".pcap*)
        "$WSRAY" json "$sample" >events 2>/dev/null
        bad=0
        for conn in $(connections); do
            port=$(sed -n "s/.*\"handshake\",\"conn\":$conn,.*\"client\":{\"ip\":\"[^\"]*\",\"port\":\([0-9]*\)}.*/\1/p" events)
            stream=$(tshark -r "$sample" -Y "tcp.port==$port" -T fields \
                -e tcp.stream 2>/dev/null | sort -u)
            "$WSRAY" export pcapng --conn "$conn" -w slice.pcapng "$sample"
            # shellcheck disable=SC2086 # options
            tshark -r "$sample" -Y "tcp.stream==$stream" $fields 2>err |
                sed 's/^\([0-9.]*[1-9]\)0*	/\1	/' >wanted
            # shellcheck disable=SC2086 # options
            tshark -r slice.pcapng $fields 2>err |
                sed 's/^\([0-9.]*[1-9]\)0*	/\1	/' >got
            { [ -s wanted ] && diff wanted got >log; } || bad=1
        done
        result $bad "$name: a slice holds the frames of tshark's tcp.stream"
    done
else
    skip 'a slice holds the frames of tcp.stream' 'tshark is not installed'
fi

wsray 0 export pcapng -w all.pcapng "$good" && [ ! -s out ] && [ ! -s err ] &&
    "$WSRAY" export pcapng "$good" | cmp -s - all.pcapng
result $? 'without -w packets go to standard output'
wsray 0 export pcapng -w two.pcapng --conn 1-2 "$many" "$good" &&
    "$WSRAY" report -q two.pcapng | grep -q '^2 connections'
result $? 'files are read as one capture'
wsray 0 export pcapng -Y 'websocket.opcode == ping' -w ping.pcapng "$good" &&
    cmp -s ping.pcapng all.pcapng
result $? '-Y chooses connections by their frames'
wsray 0 export pcapng -Y 'tcp.port == 1' -w none.pcapng "$good" && [ ! -s err ] &&
    wsray 0 report -q none.pcapng
result $? 'a slice of nothing is a file without packets'
wsray 2 export pcapng -w missing.pcapng --conn 9 "$good" &&
    grep -qx 'wsray: --conn: connection 9: there is only 1' err
result $? 'a connection that is not there is told'
# shellcheck disable=SC2094 # that is the point
wsray 2 export pcapng -w x.pcapng - <"$good" &&
    grep -q 'standard input cannot be: save it' err
result $? 'standard input cannot be read twice'
mkfifo fifo
wsray 2 export pcapng -w x.pcapng fifo && grep -q '^wsray: fifo: export pcapng reads twice' err
result $? 'nor can a FIFO'
wsray 2 export pcapng -w both.pcapng both.pcapng && cmp -s both.pcapng "$good"
result $? 'what is read is not written over by packets'
wsray 2 export pcapng --only text -w x.pcapng "$good" && grep -q -- '--only' err
result $? 'kinds of frame choose no packets'
(
    # shellcheck disable=SC3045
    ulimit -f 2
    wsray 3 export pcapng -w limit.pcapng "$many"
) && grep -q '^wsray: limit.pcapng: at byte [0-9]*: cannot be written: File too large$' err &&
    "$WSRAY" report -q limit.pcapng >/dev/null 2>&1
result $? 'a file that may not grow is told and can be read'
timeout 60 "$WSRAY" export pcapng "$srcdir/samples/good-lengths.pcapng" 2>err |
    head -c 10 >/dev/null
[ ! -s err ]
result $? 'a reader of packets that goes away is no fault'

echo "1..$number"

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lossy.sh [NAME...] - wsray against loss.  TAP on standard output; what is
# missing on this machine is skipped and says why.
#
# "wire": two real peers in two network namespaces joined by a bad wire
# (wire.c), captured at both ends.  TCP repairs what the wire does, so both
# captures must decode as if nothing had happened: all messages as both peers
# logged them (compare.py), the same frames at both ends.
#
# "capture": packets are left out of such a capture.  Nothing may be made up,
# and over all of them 99 % of what can be found must be, of each kind of loss
# 90 % (subset.py says why).
#
#   WSRAY              the program (default ./wsray)
#   WSRAY_LOSSY_COUNT  messages each end sends on each connection (12; without
#                      loss on the wire 5 times that)
#   WSRAY_LOSSY_SEEDS  seeds for each kind of capture loss (2)
#   WSRAY_LIVE_DIR     keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR    scratch folder for npm packages and build results

# shellcheck disable=SC2317,SC2034,SC2154 # called by name; common.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/common.sh"
seeds=${WSRAY_LOSSY_SEEDS:-2}

# name, client, server, deflate, MTU, options of wire.c
wires="wire-good ws ws takeover 1500 delay=1
wire-loss ws ws takeover 1500 delay=1 loss=3
wire-bursts python ws takeover 1500 delay=1 burst=0.3
wire-reorder-duplicate gorilla ws notakeover 1500 delay=1 reorder=10 duplicate=5
wire-corrupt ws python none 1500 delay=1 corrupt=3 corrupt_to=b
wire-small-mtu ws gorilla notakeover 296 loss=0.5 reorder=2
wire-all python python takeover 576 delay=1 loss=1 burst=0.1 reorder=3 duplicate=3"

# name, capture that packets are left out of, how, percent (subset.py)
captures="capture-single-0.1 wire-good single 0.1
capture-single-1 wire-good single 1
capture-single-10 wire-good single 10
capture-burst-3 wire-good burst 3
capture-client-3 wire-good client 3
capture-server-3 wire-good server 3
capture-start-10 wire-good start 10
capture-start-70 wire-good start 70
capture-end-40 wire-good end 40
capture-single-1-start wire-good single+start 1
capture-of-loss-1 wire-loss single 1
capture-of-all-1-start wire-all single+start 1"

require nsenter cc
[ -c /dev/net/tun ] || skip_all "no /dev/net/tun here"
build_peers
make_dir
trap clean_up EXIT
trap 'exit 1' INT TERM
cc -std=c11 -D_GNU_SOURCE -O2 -o "$dir/wire" "$here/wire.c" ||
    skip_all "wire.c does not build here"

talk() { # talk CLIENT SERVER DEFLATE: the peers, in their namespaces
    (within="nsenter -t $server_ns -n --" peer "$2" server "$base.server" \
        "$3" 1) >"$base.ready" 2>"$base.err" &
    server_pid=$!
    await ready "$base.ready" || return 1
    (within="nsenter -t $client_ns -n --" peer "$1" client "$base.client" \
        "$3" 2) >"$base.out" 2>&1 &
    client_pid=$!
    status=0
    wait "$server_pid" || status=1
    wait "$client_pid" || status=1
    [ "$status" = 0 ] || cat "$base.err" "$base.out"
    return "$status"
}

decode() { # decode NAME: NAME.pcap to NAME.json
    "$WSRAY" json --digest sha1 --payload-limit 4194304 "$1.pcap" \
        >"$1.json" && return 0
    echo "$WSRAY: exit status $?"
    return 1
}

run_wire() { # run_wire NAME CLIENT SERVER DEFLATE MTU WIRE-OPTION...
    base=$dir/$1
    client=$2
    server=$3
    deflate=$4
    count=${WSRAY_LOSSY_COUNT:-12}
    [ "$1" != wire-good ] || count=$((count * 5))
    shift 4
    rm -f "$base".*
    namespaces "$@" || return 1
    capture "$client_ns" "$base.client-end.pcap" || return 1
    client_capture=$capture_pid
    capture "$server_ns" "$base.server-end.pcap" || return 1
    server_capture=$capture_pid
    talk "$client" "$server" "$deflate"
    status=$?
    sleep 0.5 # last packets
    end_capture "$client_capture" "$base.client-end.pcap" || status=1
    end_capture "$server_capture" "$base.server-end.pcap" || status=1
    kill "$wire_pid"
    wait "$wire_pid"
    # shellcheck disable=SC2086 # a list
    kill $client_ns $server_ns
    started=
    [ "$status" = 0 ] || return 1
    packed=deflate
    [ "$deflate" != none ] || packed=plain
    ends="client-end server-end"
    # Checksums are not looked at, and of two copies the first one counts: an
    # end that receives corrupted segments reads them.
    case " $*" in *corrupt=*) ends="client-end" ;; esac
    for end in $ends; do
        decode "$base.$end" || return 1
        "$PYTHON" "$here/compare.py" "$base.client" "$base.server" \
            "$base.$end.json" "$conns" "$packed" || { echo "$end"; return 1; }
    done
    [ "$ends" = client-end ] || "$PYTHON" "$here/subset.py" same \
        "$base.client-end.json" "$base.server-end.json" || return 1
    tail -n 1 "$base.wire"
    # Was the wire as bad as it should be?
    for option; do
        case $option in
        loss=* | burst=*) did=lost ;;
        duplicate=*) did=duplicated ;;
        corrupt=*) did=corrupted ;;
        reorder=*) did=reordered ;;
        *) continue ;;
        esac
        ! grep -q " 0 $did" "$base.wire" || { echo "none $did"; return 1; }
    done
}

run_capture() { # run_capture NAME WIRE HOW PERCENT
    whole=$dir/$2.client-end
    lossy=$dir/$1
    if [ ! -s "$whole.json" ]; then
        echo "no capture: $2 did not run"
        return 1
    fi
    made_up=0
    : >"$dir/kind"
    for seed in $(seq "$seeds"); do
        "$PYTHON" "$here/subset.py" drop "$seed" "$3" "$4" "$whole.pcap" \
            "$lossy.pcap" || return 1
        decode "$lossy" || return 1
        "$PYTHON" "$here/subset.py" compare "$port" "$whole.pcap" \
            "$lossy.pcap" "$whole.json" "$lossy.json" >"$dir/compared" ||
            made_up=1
        cat "$dir/compared"
        cat "$dir/compared" >>"$dir/kind"
    done
    kind=$("$PYTHON" "$here/subset.py" recall kind <"$dir/kind") || made_up=1
    echo "this kind: $kind"
    return "$made_up"
}

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(printf '%s\n%s\n' "$wires" "$captures" | cut -d' ' -f1)
echo "1..$(($# + 2))"
n=0
: >"$dir/behind-holes"
: >"$dir/mid-stream"
failed=0
skipped=
for name; do
    n=$((n + 1))
    line=$(printf '%s\n%s\n' "$wires" "$captures" | grep "^$name ") ||
        { echo "Bail out! no test named $name"; exit 1; }
    # shellcheck disable=SC2086 # words
    set -- $line
    reason=
    case $name in
    wire-*)
        run=run_wire
        reason=$(missing "$2")
        [ -n "$reason" ] || reason=$(missing "$3")
        [ -z "$reason" ] || skipped="$skipped $name"
        ;;
    capture-*)
        run=run_capture
        case " $skipped " in *" $2 "*) reason="$2 was skipped" ;; esac
        ;;
    esac
    if [ -n "$reason" ]; then
        echo "ok $n - $name # SKIP $reason"
        continue
    fi
    # Not in a subshell: what it starts must be known here.
    if $run "$@" >"$dir/said" 2>&1; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"
        failed=1
    fi
    sed 's/^/# /' "$dir/said"
    case $name in
    *-start*) cat "$dir/said" >>"$dir/mid-stream" ;;
    capture-*) cat "$dir/said" >>"$dir/behind-holes" ;;
    esac
done
for where in behind-holes mid-stream; do
    n=$((n + 1))
    if recall=$("$PYTHON" "$here/subset.py" recall <"$dir/$where"); then
        echo "ok $n - $where: $recall"
    else
        echo "not ok $n - $where: $recall"
        failed=1
    fi
done
exit $failed

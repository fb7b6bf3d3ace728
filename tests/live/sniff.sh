#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sniff.sh [NAME...] - wsray while it captures.  TAP on standard output; what
# is missing on this machine is skipped and says why.
#
# "lo": two real peers on a private loopback, captured by wsray and tcpdump at
# the same time.  Every message as both peers logged it (compare.py); the same
# events from the file that wsray wrote meanwhile; as many packets as tcpdump.
#
# "wire": two network namespaces joined by a bad wire (wire.c), a wsray in each.
# The same for both, and the same frames at both ends.
#
# All others are cases of sniff.py.
#
#   WSRAY              the program (default ./wsray)
#   WSRAY_SNIFF_COUNT  messages each end sends on each connection (40; over the
#                      bad wire a third of that)
#   WSRAY_LIVE_DIR     keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR    scratch folder for npm packages and build results

# shellcheck disable=SC2317,SC2034,SC2154 # called by name; common.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/common.sh"
limit=60
messages=${WSRAY_SNIFF_COUNT:-40}

# name, client, server, deflate, options of wire.c
pairs="lo-ws-ws ws ws takeover
lo-python-ws python ws takeover
lo-ws-python ws python none
lo-chromium-ws chromium ws takeover
wire-ws-ws ws ws takeover loss=3 reorder=3
wire-python-python python python none burst=0.3 duplicate=3"

require nsenter mount setpriv cc
build_peers
make_dir
chmod 711 "$dir"
trap clean_up EXIT
trap 'exit 1' INT TERM
cc -std=c11 -D_GNU_SOURCE -O2 -o "$dir/wire" "$here/wire.c" ||
    skip_all "wire.c does not build here"
cases=$("$PYTHON" "$here/sniff.py" --list) ||
    { echo "Bail out! $PYTHON does not run sniff.py"; exit 1; }
# Like the name of any program, before cases change the folder.
WSRAY=$(cd "$(dirname "$(command -v "$WSRAY")")" && pwd)/$(basename "$WSRAY")
export WSRAY

sniff() { # sniff PID DEVICE NAME: starts a wsray there, sets sniff_pid
    timeout --foreground "$limit" nsenter -t "$1" -n -- "$WSRAY" -i "$2" \
        json --digest sha1 --payload-limit 0 -w "$3.pcapng" \
        tcp port "$port" >"$3.json" 2>"$3.err" &
    sniff_pid=$!
    started="$started $sniff_pid"
    await listening "$3.err"
}

end_sniff() { # end_sniff PID NAME PACKED: and looks at what it saw
    kill -INT "$1"
    wait "$1" || { echo "$WSRAY: exit status $?"; cat "$2.err"; return 1; }
    [ "$(wc -l <"$2.err")" = 1 ] || { cat "$2.err"; return 1; }
    "$WSRAY" json --digest sha1 --payload-limit 0 "$2.pcapng" \
        >"$2.file.json" || { echo "$WSRAY: exit status $?"; return 1; }
    "$PYTHON" "$here/sniff.py" same "$2.json" "$2.file.json" "$2.tcpdump" &&
        "$PYTHON" "$here/compare.py" "$base.client" "$base.server" "$2.json" \
            "$conns" "$3"
}

stage() { # stage [WIRE-OPTION...]: sets client_ns, server_ns, device, ends
    if [ $# = 0 ]; then
        new_namespace || return 1
        client_ns=$ns
        server_ns=$ns
        device=lo
        snaplen=262144
        ends=loopback
        count=$messages
        inside "$ns" ip link set lo up
    else
        namespaces 1500 delay=1 "$@" || return 1
        device=wire0
        snaplen=2048
        ends="client-end server-end"
        count=$((messages / 3))
    fi
}

end_stage() {
    # shellcheck disable=SC2086 # a list
    kill $started 2>/dev/null
    # shellcheck disable=SC2086
    wait $started 2>/dev/null
    started=
}

converse() { # converse CLIENT SERVER DEFLATE; status of both peers
    role=server
    [ "$1" != chromium ] || role=page
    (within="nsenter -t $server_ns -n --" peer "$2" "$role" "$base.server" \
        "$3" 1) >"$base.ready" 2>"$base.err" &
    server_pid=$!
    started="$started $server_pid"
    await ready "$base.ready" || return 1
    (within="nsenter -t $client_ns -n --" peer "$1" client "$base.client" \
        "$3" 2) >"$base.out" 2>&1 &
    client_pid=$!
    started="$started $client_pid"
    status=0
    wait "$server_pid" || status=1
    if [ "$1" = chromium ]; then
        kill "$client_pid"
        wait "$client_pid" 2>/dev/null
        mv "$base.server.page" "$base.client" || status=1
        rm -rf "$base.client.profile"
    else
        wait "$client_pid" || status=1
    fi
    [ "$status" = 0 ] || cat "$base.err" "$base.out"
    return "$status"
}

run_pair() { # run_pair NAME CLIENT SERVER DEFLATE WIRE-OPTION...
    base=$dir/$1
    client=$2
    server=$3
    deflate=$4
    shift 4
    rm -rf "$base".*
    packed=deflate
    [ "$deflate" != none ] || packed=plain
    conns=3
    [ "$client" != chromium ] || conns=1
    stage "$@" || return 1
    pids=
    for end in $ends; do
        of=$client_ns
        [ "$end" != server-end ] || of=$server_ns
        capture "$of" "$base.$end.tcpdump" "$device" "$snaplen" || return 1
        sniff "$of" "$device" "$base.$end" || return 1
        pids="$pids $sniff_pid $capture_pid"
    done
    converse "$client" "$server" "$deflate"
    status=$?
    sleep 0.3 # last packets
    # shellcheck disable=SC2086 # a list
    set -- $pids
    for end in $ends; do
        end_capture "$2" "$base.$end.tcpdump" || status=1
        [ "$status" != 0 ] || end_sniff "$1" "$base.$end" "$packed" ||
            { echo "$end"; status=1; }
        shift 2
    done
    [ "$status" != 0 ] || [ "$device" = lo ] ||
        "$PYTHON" "$here/subset.py" same "$base.client-end.json" \
            "$base.server-end.json" || status=1
    end_stage
    return "$status"
}

run_case() { # run_case NAME
    rm -rf "${dir:?}/$1"
    mkdir "$dir/$1" && chmod 711 "$dir/$1" || return 1
    timeout "$limit" unshare -nm "$PYTHON" "$here/sniff.py" "$1" "$dir/$1"
}

# shellcheck disable=SC2046,SC2086 # lists of words
[ $# -gt 0 ] || set -- $(echo "$pairs" | cut -d' ' -f1) $cases
echo "1..$#"
n=0
failed=0
for name; do
    n=$((n + 1))
    reason=
    case $name in
    lo-* | wire-*)
        line=$(echo "$pairs" | grep "^$name ") ||
            { echo "Bail out! no test named $name"; exit 1; }
        # shellcheck disable=SC2086 # words
        set -- $line
        run=run_pair
        reason=$(missing "$2")
        [ -n "$reason" ] || reason=$(missing "$3")
        case $name in
        wire-*)
            [ -n "$reason" ] || [ -c /dev/net/tun ] ||
                reason="no /dev/net/tun here"
            ;;
        esac
        ;;
    *)
        echo "$cases" | grep -qx "$name" ||
            { echo "Bail out! no test named $name"; exit 1; }
        set -- "$name"
        run=run_case
        ;;
    esac
    status=77
    if [ -z "$reason" ]; then
        # Not in a subshell: what it starts must be known here.
        $run "$@" >"$dir/said" 2>&1
        status=$?
        reason=$(head -n 1 "$dir/said")
    fi
    case $status in
    0)
        echo "ok $n - $name: $reason"
        sed '1d; s/^/# /' "$dir/said"
        ;;
    77) echo "ok $n - $name # SKIP $reason" ;;
    *)
        end_stage
        echo "not ok $n - $name"
        failed=1
        sed 's/^/# /' "$dir/said" | cut -c 1-2000
        ;;
    esac
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -rf "${dir:?}/$name"*
done
exit $failed

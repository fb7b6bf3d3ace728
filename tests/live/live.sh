#!/bin/sh
# SPDX-License-Identifier: MIT
#
# live.sh [NAME...] - wsray against real peers: each test has two programs talk
# on a private loopback under tcpdump, both write down every message, and
# compare.py compares that with "wsray json" of the capture.  TAP on standard
# output; what is missing on this machine is skipped and says why.
#
#   WSRAY              the program (default ./wsray)
#   WSRAY_LIVE_COUNT   messages each end sends on each connection (200)
#   WSRAY_LIVE_DIR     keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR    scratch folder for npm packages and build results

set -u
here=$(cd "$(dirname "$0")" && pwd)
gen=$here/../gen
WSRAY=${WSRAY:-./wsray}
count=${WSRAY_LIVE_COUNT:-200}
scratch=${WSRAY_PEERS_DIR:-${TMPDIR:-/tmp}/wsray-peers}
PYTHON=${PYTHON:-/usr/bin/python3} # Debian's: it sees python3-websockets
PYTHONDONTWRITEBYTECODE=1
WSRAY_CAPTURE_KIB=262144
NODE_PATH=$scratch/node_modules
export PYTHONDONTWRITEBYTECODE WSRAY_CAPTURE_KIB NODE_PATH
# shellcheck source=/dev/null
. "$gen/capture.sh"
port=9000

# name, client, server, deflate
tests="ws-ws-plain ws ws none
ws-ws-takeover ws ws takeover
ws-ws-notakeover ws ws notakeover
python-ws-takeover python ws takeover
ws-python-takeover ws python takeover
ws-python-plain ws python none
gorilla-ws-notakeover gorilla ws notakeover
ws-gorilla-notakeover ws gorilla notakeover
gorilla-gorilla-plain gorilla gorilla none
chromium-ws-takeover chromium ws takeover"

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# Before the namespace: rights, programs, and what needs the network.
if [ -z "${WSRAY_OWN_LOOPBACK:-}" ]; then
    command -v "$WSRAY" >/dev/null ||
        { echo "Bail out! no program $WSRAY (set WSRAY)"; exit 1; }
    [ "$(id -u)" = 0 ] || skip_all "needs root for tcpdump and a namespace"
    for program in tcpdump unshare ip timeout; do
        command -v $program >/dev/null || skip_all "no $program here"
    done
    unshare -n true 2>/dev/null || skip_all "no network namespaces here"
    mkdir -p "$scratch"
    "$gen/install-peers.sh" "$scratch" >"$scratch/npm.log" 2>&1
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE=$scratch/go \
        go build -o "$scratch/gorilla" "$here/gorilla/main.go" \
        >"$scratch/go.log" 2>&1
    own_loopback "$@"
fi
own_loopback

if [ -n "${WSRAY_LIVE_DIR:-}" ]; then
    dir=$WSRAY_LIVE_DIR
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
fi

missing() { # why peer $1 cannot run; prints nothing when it can
    case $1 in
    ws)
        [ -d "$NODE_PATH/ws" ] || echo "npm ws is not installed"
        ;;
    python)
        "$PYTHON" -c 'import websockets' 2>/dev/null ||
            echo "python3-websockets is not installed"
        ;;
    gorilla)
        [ -x "$scratch/gorilla" ] ||
            echo "gorilla/websocket did not build (go, golang-github-gorilla-websocket-dev)"
        ;;
    chromium)
        command -v chromium >/dev/null || echo "chromium is not installed"
        ;;
    esac
}

peer() { # peer KIND ROLE LOG CONNS DEFLATE SEED
    kind=$1
    role=$2
    log=$3
    conns_=$4
    shift 4
    case $kind in
    ws) set -- node "$here/peer.js" "$role" $port "$log" "$count" "$conns_" "$@" ;;
    python) set -- "$PYTHON" "$here/peer.py" "$role" $port "$log" "$count" "$conns_" "$@" ;;
    gorilla) set -- "$scratch/gorilla" "$role" $port "$log" "$count" "$conns_" "$@" ;;
    chromium)
        set -- chromium --headless --no-sandbox --disable-gpu --disable-quic \
            --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync \
            --user-data-dir="$log.profile" --remote-debugging-port=0 \
            "http://127.0.0.1:$port/?$count"
        ;;
    esac
    exec timeout 120 "$@"
}

run() { # run NAME CLIENT SERVER DEFLATE: one test; prints what was compared
    base=$dir/$1
    conns=3
    role=server
    if [ "$2" = chromium ]; then
        conns=1
        role=page
    fi
    rm -f "$base".*
    capture_start "$base.pcap" "port $port" || return 1
    (peer "$3" "$role" "$base.server" $conns "$4" 1) >"$base.ready" 2>"$base.err" &
    server_pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -qs ready "$base.ready" && break
        sleep 0.25
    done
    (peer "$2" client "$base.client" $conns "$4" 2) >"$base.out" 2>&1 &
    client_pid=$!
    status=0
    wait $server_pid || status=1
    if [ "$2" = chromium ]; then
        kill $client_pid
        wait $client_pid 2>/dev/null
        mv "$base.server.page" "$base.client" || status=1
        rm -rf "$base.client.profile"
    else
        wait $client_pid || status=1
    fi
    capture_stop || status=1
    if [ $status != 0 ]; then
        cat "$base.err" "$base.out"
        return 1
    fi
    "$WSRAY" json --digest sha1 --payload-limit 0 "$base.pcap" \
        >"$base.json" || { echo "$WSRAY: exit status $?"; return 1; }
    packed=deflate
    [ "$4" != none ] || packed=plain
    "$PYTHON" "$here/compare.py" "$base.client" "$base.server" "$base.json" \
        $conns $packed
}

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(echo "$tests" | cut -d' ' -f1)
echo "1..$#"
n=0
failed=0
for name; do
    n=$((n + 1))
    line=$(echo "$tests" | grep "^$name ") ||
        { echo "Bail out! no test named $name"; exit 1; }
    # shellcheck disable=SC2086 # four words
    set -- $line
    reason=$(missing "$2")
    [ -n "$reason" ] || reason=$(missing "$3")
    if [ -n "$reason" ]; then
        echo "ok $n - $name # SKIP $reason"
    elif said=$(run "$@"); then
        echo "ok $n - $name: $said"
    else
        echo "not ok $n - $name"
        echo "$said" | sed 's/^/# /'
        failed=1
    fi
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -f "$dir"/*.pcap "$dir"/*.json
done
exit $failed

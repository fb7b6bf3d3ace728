#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make-samples.sh [NAME...] - makes the files of samples/ again: all, or those
# named (without the ending).  Needs, for the samples of real peers: root (a
# network namespace, tcpdump), node and npm, python3-websockets, go with
# golang-github-gorilla-websocket-dev, chromium.  The byte-level ones need
# python3 only.  Not part of "make check": the files themselves are in the tree.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${WSRAY_SAMPLES_DIR:-$here/../../samples}
scratch=${WSRAY_PEERS_DIR:-${TMPDIR:-/tmp}/wsray-peers}
PYTHON=${PYTHON:-/usr/bin/python3} # Debian's: it sees python3-websockets
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
# shellcheck source=/dev/null
. "$here/capture.sh"

by_node="good-chat good-lengths good-segments good-fragments-ping
    good-deflate-context good-deflate-no-context odd-refused
    good-keepalive-upgrade good-proxy-connect"
by_peers="$by_node good-chromium good-python good-gorilla-chat"
by_bytes=$("$PYTHON" "$here/made.py" --list | sed 's/\..*//')
by_edit="broken-truncated"

# shellcheck disable=SC2086 # lists of words
[ $# -gt 0 ] || set -- $by_peers $by_bytes $by_edit

wanted() { # is $1 in the list $2?
    case " $(echo "$2" | tr '\n' ' ') " in *" $1 "*) return 0 ;; esac
    return 1
}

# What needs the outside network or much time comes before the namespace.
if [ -z "${WSRAY_OWN_LOOPBACK:-}" ]; then
    live=
    for name; do
        wanted "$name" "$by_node good-chromium" &&
            "$here/install-peers.sh" "$scratch" >/dev/null && live=1
        wanted "$name" "good-python" && live=1
        if [ "$name" = good-gorilla-chat ]; then
            live=1
            GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' \
                GOCACHE="$scratch/go" \
                go build -o "$scratch/chat" "$here/chat/main.go"
        fi
    done
    [ -z "$live" ] || own_loopback "$@"
else
    own_loopback
fi
NODE_PATH=$scratch/node_modules
export NODE_PATH

talk() { # runs the peers of sample $1
    case $1 in
    good-python) timeout 60 "$PYTHON" "$here/peers.py" ;;
    good-gorilla-chat)
        timeout 60 "$scratch/chat" server 8080 &
        server=$!
        timeout 60 "$scratch/chat" client 8080 alice &
        timeout 60 "$scratch/chat" client 8080 bob
        wait "$server"
        ;;
    good-chromium)
        profile=$(mktemp -d)
        timeout 60 node "$here/peers.js" good-chromium >"$profile/ready" &
        server=$!
        while ! grep -q ready "$profile/ready"; do sleep 0.1; done
        timeout 60 chromium --headless --no-sandbox --disable-gpu \
            --disable-quic --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync \
            --user-data-dir="$profile/data" --remote-debugging-port=0 \
            http://127.0.0.1:9000/ >"$profile/log" 2>&1 &
        browser=$!
        wait "$server" || { cat "$profile/log" >&2; return 1; }
        kill "$browser"
        wait "$browser" || true
        rm -rf "$profile"
        ;;
    *) timeout 60 node "$here/peers.js" "$1" ;;
    esac
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out"
for name; do
    if wanted "$name" "$by_bytes"; then
        "$PYTHON" "$here/made.py" "$out" "$name"
    elif [ "$name" = broken-truncated ]; then
        # Cut inside the block of a packet, in the middle of the talk.
        "$PYTHON" "$here/wire.py" cut "$out/good-chat.pcapng" \
            "$out/broken-truncated.pcapng" 2500
    elif wanted "$name" "$by_peers"; then
        capture_start "$tmp/$name" \
            'port 9000 or port 8765 or port 8080 or port 3128'
        talk "$name"
        capture_stop
        "$PYTHON" "$here/wire.py" to-pcapng "$tmp/$name" "$out/$name.pcapng"
    else
        echo "make-samples.sh: no sample named $name" >&2
        exit 2
    fi
    echo "made $name"
done

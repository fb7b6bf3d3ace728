# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# common.sh - read (.) by the scripts beside it: the peers and how to start
# them, network namespaces joined by a bad wire, captures inside of them.
# Needs here (this folder); sets scratch, PYTHON, NODE_PATH, port.

# shellcheck disable=SC2034,SC2154 # read, and set, by those who source this
WSRAY=${WSRAY:-./wsray}
scratch=${WSRAY_PEERS_DIR:-${TMPDIR:-/tmp}/wsray-peers}
PYTHON=${PYTHON:-/usr/bin/python3} # Debian's: it sees python3-websockets
PYTHONDONTWRITEBYTECODE=1
NODE_PATH=$scratch/node_modules
PATH=$PATH:/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE NODE_PATH PATH
port=9000
count=200
conns=3
limit=120 # seconds for a peer
page=    # what else stands in the address of page.html
within=  # a command in front of each peer's: nsenter
started= # by their ids: what must not outlive the script

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

require() { # require PROGRAM...: or skip everything
    command -v "$WSRAY" >/dev/null ||
        { echo "Bail out! no program $WSRAY (set WSRAY)"; exit 1; }
    [ "$(id -u)" = 0 ] || skip_all "needs root for tcpdump and namespaces"
    for program in tcpdump unshare ip timeout "$@"; do
        command -v "$program" >/dev/null || skip_all "no $program here"
    done
    unshare -n true 2>/dev/null || skip_all "no network namespaces here"
}

build_peers() { # what needs the network or a compiler; may fail: see missing
    mkdir -p "$scratch"
    "$here/../gen/install-peers.sh" "$scratch" >"$scratch/npm.log" 2>&1
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE=$scratch/go \
        go build -o "$scratch/gorilla" "$here/gorilla/main.go" \
        >"$scratch/go.log" 2>&1
}

build_lws() {
    # shellcheck disable=SC2046 # a list of options
    cc -std=c11 -D_GNU_SOURCE -O2 -o "$scratch/lws" "$here/lws.c" \
        $(pkg-config --cflags --libs libwebsockets 2>/dev/null || echo -lwebsockets) \
        >"$scratch/lws.log" 2>&1
}

make_dir() { # sets dir: kept when WSRAY_LIVE_DIR names it
    if [ -n "${WSRAY_LIVE_DIR:-}" ]; then
        dir=$WSRAY_LIVE_DIR
        mkdir -p "$dir"
    else
        dir=$(mktemp -d)
    fi
}

# shellcheck disable=SC2317 # called by trap
clean_up() {
    # shellcheck disable=SC2086 # a list
    [ -z "$started" ] || kill $started 2>/dev/null
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -rf "$dir"
}

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
    lws)
        [ -x "$scratch/lws" ] ||
            echo "lws.c did not build (libwebsockets-dev)"
        ;;
    chromium | nginx | haproxy)
        command -v "$1" >/dev/null || echo "$1 is not installed"
        ;;
    esac
}

peer() { # peer KIND ROLE LOG DEFLATE SEED: replaces this shell
    kind=$1
    role=$2
    log=$3
    shift 3
    set -- "$role" "$port" "$log" "$count" "$conns" "$@"
    case $kind in
    ws) set -- node "$here/peer.js" "$@" ;;
    python) set -- "$PYTHON" "$here/peer.py" "$@" ;;
    gorilla) set -- "$scratch/gorilla" "$@" ;;
    lws) set -- "$scratch/lws" "$@" ;;
    chromium)
        set -- chromium --headless --no-sandbox --disable-gpu --disable-quic \
            --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync \
            --user-data-dir="$log.profile" --remote-debugging-port=0 \
            "http://127.0.0.1:$port/?$count${page:+&$page}"
        ;;
    esac
    # shellcheck disable=SC2086 # words
    exec $within timeout "$limit" "$@"
}

await() { # await TEXT FILE: until the file holds the text
    for _ in $(seq 200); do
        grep -qs "$1" "$2" && return 0
        sleep 0.05
    done
    echo "no \"$1\" in $2:"
    cat "$2"
    return 1
}

inside() { # inside PID COMMAND...: in the network namespace of that process
    of=$1
    shift
    nsenter -t "$of" -n -- "$@"
}

new_namespace() { # sets ns: a process in a network namespace of its own
    unshare -n sleep 300 &
    ns=$!
    started="$started $ns"
    for _ in $(seq 100); do # unshare has done its work?
        [ "$(readlink /proc/$$/ns/net)" = "$(readlink "/proc/$ns/ns/net")" ] ||
            return 0
        sleep 0.02
    done
    echo "no namespace"
    return 1
}

# The peers talk to 127.0.0.1.  Here that is the server's loopback, and the
# client's namespace, whose own loopback is down, has a route to it.
namespaces() { # namespaces MTU WIRE-OPTION...: sets client_ns, server_ns
    mtu=$1
    shift
    new_namespace || return 1
    client_ns=$ns
    new_namespace || return 1
    server_ns=$ns
    "$dir/wire" "$client_ns" "$server_ns" "$@" \
        >"$base.wire" 2>&1 &
    wire_pid=$!
    started="$started $wire_pid"
    await ready "$base.wire" || return 1
    for ns in $client_ns $server_ns; do
        inside "$ns" sh -ec "
            echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
            echo 1 >/proc/sys/net/ipv6/conf/wire0/disable_ipv6
            ip link set wire0 mtu $mtu up" || return 1
    done
    inside "$client_ns" sh -ec '
        ip addr add 10.77.0.1/24 dev wire0
        ip route add 127.0.0.1 dev wire0 src 10.77.0.1' || return 1
    inside "$server_ns" sh -ec '
        ip link set lo up
        ip addr add 10.77.0.2/24 dev wire0'
}

# A small snap length (above the MTU) because libpcap's buffer holds as many
# packets as fit when each takes all of it.
capture() { # capture PID FILE [DEVICE [SNAPLEN]]: starts one, sets capture_pid
    nsenter -t "$1" -n -- tcpdump -i "${3:-wire0}" --immediate-mode -U \
        -s"${4:-2048}" -B 131072 --time-stamp-precision=nano -Z root -w "$2" \
        tcp >/dev/null 2>"$2.log" &
    capture_pid=$!
    started="$started $capture_pid"
    await 'listening on' "$2.log"
}

end_capture() { # end_capture PID FILE
    kill -INT "$1"
    wait "$1"
    grep -q '^0 packets dropped by kernel' "$2.log" && return 0
    cat "$2.log"
    return 1
}

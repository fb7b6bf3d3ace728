# SPDX-License-Identifier: MIT
"""sniffing.py - for sniff.py: a wsray that runs, peers on loopback that say
one thing at a time, capture files looked into without wsray."""

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "gen"))
from wire import BINARY, CLOSE, PING, TEXT  # noqa: E402,F401 # theirs too
from wire import close_payload, frame, request, response  # noqa: E402

WSRAY = os.path.abspath(os.environ.get("WSRAY", "./wsray"))
LIMIT = 20  # seconds to wait for what has to come
PORT = 9000


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(truth, text):
    if not truth:
        raise Failure(text)


def equal(got, wanted, what):
    if got != wanted:
        raise Failure("%s: %r, not %r" % (what, got, wanted))


def until(condition, what, limit=LIMIT):
    """What the condition says once that is true."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure("in %d s not %s" % (
                limit, what() if callable(what) else what))
        time.sleep(0.005)


def run(*command, **more):
    """A program that has to succeed; what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.PIPE, timeout=60, **more)
    check(done.returncode == 0, "%s: exit status %d: %s" % (
        " ".join(command), done.returncode,
        done.stderr.decode(errors="replace").strip()))
    return done.stdout


def is_instrumented():
    """A build for sanitizers or coverage: without a sandbox, and large."""
    return b"instrumentation" in run(WSRAY, "--version")


def proc_status(pid):
    """/proc/PID/status: {name: text}, or {} when it is gone."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            return dict((name, value.strip()) for name, value in
                        (line.split(":", 1) for line in f))
    except (FileNotFoundError, ProcessLookupError):
        return {}


started = []  # processes, which must not outlive the case


def start(command, **more):
    """A process that end_started() ends, should it still run."""
    process = subprocess.Popen(command, **more)
    started.append(process)
    return process


def end_started():
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


class Wsray:
    """One that runs.  Its standard output goes to the file NAME.out (unless
    stdout is given) and its standard error to NAME.err."""

    def __init__(self, name, *args, program=(WSRAY,), stdout=None, **more):
        self.out_name, self.err_name = name + ".out", name + ".err"
        more.setdefault("stdin", subprocess.DEVNULL)
        self.lines, self.rest = [], b""
        with open(self.out_name, "wb") as out, \
                open(self.err_name, "wb") as err:
            self.process = start(
                (*program, *args), stdout=out if stdout is None else stdout,
                stderr=err, **more)
        self.pid = self.process.pid
        self.file = open(self.out_name, "rb")

    def said(self):
        """Standard error so far."""
        with open(self.err_name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def events(self, kind=None):
        """Lines of JSON so far."""
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        self.lines += [json.loads(line) for line in lines]
        return [e for e in self.lines if kind in (None, e["type"])]

    def texts(self, sender=None):
        return [e.get("text") for e in self.events("message")
                if sender in (None, e["from"])]

    def ended(self):
        return self.process.poll() is not None

    def until(self, condition, what, limit=LIMIT):
        def done():
            ended = self.ended()
            result = condition()
            check(result or not ended, "ended (%s) before %s: %s" % (
                self.process.returncode, what, self.said().strip()))
            return result
        return until(done, lambda: "%s: %s" % (what, self.said().strip()),
                     limit)

    def until_said(self, text):
        self.until(lambda: text in self.said(), '"%s"' % text)
        return self

    def until_listening(self):
        return self.until_said("listening")

    def until_events(self, kind, n):
        """Waits for n of them; all there are."""
        return self.until(lambda: (len(self.events(kind)) >= n and
                                   self.events(kind)), "%d %s" % (n, kind))

    def until_text(self, text):
        self.until(lambda: text in self.texts(), "message %r" % text)

    def kill(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self

    def wait(self):
        """Its exit status, negative: the signal that killed it."""
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Failure("did not end: " + self.said().strip()) from None
        self.events()
        return status

    def end(self, wanted=0):
        """SIGINT; the last event, which is the summary."""
        self.kill()
        return self.over(wanted)

    def over(self, wanted):
        """Waits for that exit status; the last event: the summary."""
        status = self.wait()
        check(status == wanted, "exit status %d, not %d: %s" % (
            status, wanted, self.said().strip()))
        check(self.lines and self.lines[-1]["type"] == "summary",
              "no summary at the end")
        return self.lines[-1]

    def broker(self):
        """The process id of its broker."""
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid),
                  encoding="ascii") as f:
            children = [int(word) for word in f.read().split()]
        equal(len(children), 1, "child processes")
        equal(proc_status(children[0])["Name"], "wsray-broker", "its name")
        return children[0]


def live(name, *args, device="lo", **more):
    """A wsray that has begun to listen."""
    return Wsray(name, "-i", device, *args, **more).until_listening()


def read(name, *args):
    """All events that wsray finds in a file; it must have nothing to say."""
    done = Wsray(os.path.basename(name) + ".read", "json", *args, name)
    done.over(0)
    equal(done.said(), "", "on standard error")
    return done


class Talk:
    """A WebSocket between two sockets of this program, on loopback."""

    def __init__(self, port=PORT):
        listener = socket.create_server(("127.0.0.1", port))
        self.client = socket.create_connection(("127.0.0.1", port))
        self.server = listener.accept()[0]
        self.rng = random.Random(port)
        listener.close()
        for s in (self.client, self.server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def put(self, sender, data):
        """Sends and receives that, in a segment of its own if it fits."""
        a, b = self.client, self.server
        if sender == "server":
            a, b = b, a
        a.settimeout(LIMIT)
        b.settimeout(LIMIT)
        for at in range(0, len(data), 32768):
            part = data[at: at + 32768]
            a.sendall(part)
            check(b.recv(len(part), socket.MSG_WAITALL) == part,
                  "loopback is broken")

    def handshake(self):
        self.put("client", request())
        self.put("server", response())
        return self

    def say(self, sender, payload, opcode=TEXT):
        if isinstance(payload, str):
            payload = payload.encode()
        mask = self.rng.getrandbits(32).to_bytes(4, "big")
        self.put(sender, frame(opcode, payload,
                               mask=mask if sender == "client" else None))

    def close(self):
        for sender in ("client", "server"):
            self.say(sender, close_payload(1000), CLOSE)
        self.server.close()
        self.client.close()


# ------------------------------------------------------------- capture files
def read_pcapng(name):
    """[(block type, body)]: the whole file, which must end with a block."""
    with open(name, "rb") as f:
        data = f.read()
    blocks, at = [], 0
    while at < len(data):
        check(at + 12 <= len(data), "%s ends within a block" % name)
        kind, size = struct.unpack_from("<II", data, at)
        check(size >= 12 and at + size <= len(data),
              "%s ends within a block" % name)
        equal(struct.unpack_from("<I", data, at + size - 4)[0], size,
              "second length of a block")
        blocks.append((kind, data[at + 8: at + size - 4]))
        at += size
    check(blocks and blocks[0][0] == 0x0A0D0D0A, "%s is not pcapng" % name)
    return blocks


def saved_packets(name):
    """The bytes of each packet; the file must have been closed properly, with
    the system's figures at its end."""
    blocks = read_pcapng(name)
    check(blocks[-1][0] == 5, "%s has no statistics at its end" % name)
    return packets_of(blocks)


def packets_of(blocks):
    return [body[20: 20 + struct.unpack_from("<I", body, 12)[0]]
            for kind, body in blocks if kind == 6]


def tcpdump_counts(name):
    """How many packets tcpdump reads there."""
    return len(run("tcpdump", "-nr", name).splitlines())


def packet_socket(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((device, 0))
    return s


def veth(a, b):
    """Two devices, what goes into one comes out of the other."""
    run("ip", "link", "add", a, "type", "veth", "peer", "name", b)
    for name in (a, b):
        # Nothing of our own there: no neighbour discovery.
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w",
                  encoding="ascii") as f:
            f.write("1")
        run("ip", "link", "set", name, "up")


# ----------------------------------------------------------------- comparing
def without_live(e):
    """An event without what only a live capture, or only a file, knows."""
    if e["type"] == "capture":
        return {"type": "capture", "v": e["v"]}
    if e["type"] == "summary":
        return {**e, "dropped": None}
    return e


def same_events(one, two, what):
    for i, (a, b) in enumerate(zip(one, two)):
        equal(without_live(a), without_live(b), "%s: event %d" % (what, i + 1))
    equal(len(one), len(two), "%s: events" % what)


def frames_of(events):
    """What was on the wire, without times and packet numbers."""
    names = ("conn", "from", "frame", "offset", "fin", "rsv", "opcode",
             "mask", "length", "complete", "synced")
    return sorted(tuple(e[n] for n in names) for e in events
                  if e["type"] == "frame")


def read_lines(name):
    with open(name, "rb") as f:
        return [json.loads(line) for line in f]

# SPDX-License-Identifier: MIT
"""sniff_traffic.py - cases of sniff.py: what is seen, live or from a pipe."""

import json
import os
import random
import re
import resource
import selectors
import signal
import socket
import subprocess
import time

import day
import sniffing
from sniffing import BINARY, PING, PORT, TEXT
from sniffing import Talk, Wsray
from sniffing import check, equal, frame, frames_of, live, proc_status, read
from sniffing import is_instrumented, same_events, until


# ------------------------------------------------------------- losing nothing
def case_hole():
    """Frames behind a hole come while the connection is silent."""
    talk = Talk()
    # What is not captured: the segment of exactly this size.  The last packet
    # is the acknowledgement of all.
    lost = 777
    part = lost - 52
    w = live("hole", "json", "-w", "hole.pcapng", "-f",
             "tcp port %d and ip[2:2] != %d" % (PORT, lost))
    talk.handshake()
    talk.say("server", "before")
    w.until_text("before")
    # The hole is within a frame, so that it is known where the next begins.
    torn = frame(BINARY, b"x" * 2000)
    for at, to in ((0, 1000), (1000, 1000 + part), (1000 + part, len(torn))):
        talk.put("server", torn[at:to])
    talk.say("server", "behind")
    sent = time.monotonic()
    w.until_text("behind")
    took = time.monotonic() - sent
    equal([(e["from"], e["length"]) for e in w.events("gap")],
          [("server", part)], "gaps")
    equal([(e["length"], e["complete"]) for e in w.events("frame")],
          [(6, True), (2000, False), (6, True)], "frames")
    check(took < 1, "the frame behind the hole came after %.3f s" % took)
    w.end()
    again = read("hole.pcapng")
    equal(frames_of(again.lines), frames_of(w.lines), "frames of the file")
    print("told while nothing follows, after %.0f ms" % (took * 1000))


def say_many(talk, first, n, pause):
    """Numbered messages from both ends: [(when, text)]."""
    sent = []
    for i in range(first, first + n):
        for sender in ("client", "server"):
            text = "%s %05d %s" % (sender, i, "." * (i * 37 % 400))
            talk.say(sender, text)
            sent.append((time.monotonic(), text))
        time.sleep(pause)
    return sent


def case_kill_restart():
    """Begins in mid-connection; SIGKILL; begins again."""
    talk = Talk().handshake()
    say_many(talk, 0, 10, 0)
    first = live("first", "json", "-w", "first.pcapng")
    sent = say_many(talk, 10, 200, 0.01)
    broker = first.broker()
    first.kill(signal.SIGKILL)
    killed = time.monotonic()
    equal(first.wait(), -signal.SIGKILL, "exit status")
    until(lambda: not proc_status(broker), "broker gone")
    packets = len(sniffing.packets_of(sniffing.read_pcapng("first.pcapng")))
    equal(sniffing.tcpdump_counts("first.pcapng"), packets,
          "packets tcpdump reads")
    early = [text for when, text in sent if when < killed - 1]
    found = check_mid_stream(read("first.pcapng"), [t for _, t in sent],
                             len(early))

    second = live("second", "json", "-w", "second.pcapng")
    wanted = [text for _, text in say_many(talk, 1000, 50, 0)]
    second.until_text(wanted[-1])
    second.until_text(wanted[-2])
    talk.close()
    second.end()
    again = check_mid_stream(second, wanted, len(wanted))
    same_events(second.lines, read("second.pcapng").lines, "live and file")
    print("killed: %d packets readable, %d of %d messages; mid-stream again: "
          "%d of %d" % (packets, found, len(sent), again, len(wanted)))


# Of each sender: frames that are not told yet, for they are the evidence.
EVIDENCE_MAX = 10


def check_mid_stream(w, wanted, least):
    """Found in mid-stream: all but the first few of what was sent, up to at
    least the least-th.  How many."""
    equal([e["seen"] for e in w.events("handshake")], ["none"],
          "handshakes seen")
    found = 0
    for sender in ("client", "server"):
        texts = w.texts(sender)
        check(texts, "no message of the " + sender)
        of = [text for text in wanted if text.startswith(sender)]
        due = sum(text.startswith(sender) for text in wanted[:least])
        first = of.index(texts[0])
        equal(texts, of[first: first + len(texts)], "messages")
        check(first <= EVIDENCE_MAX, "the first %d are not told" % first)
        check(first + len(texts) >= due, "%d messages, not %d" % (
            first + len(texts), due))
        found += len(texts)
    return found


def case_thousand():
    """A thousand connections at once."""
    n = 1000
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    listener = socket.create_server(("127.0.0.1", PORT), backlog=n)
    listener.setblocking(False)
    w = live("thousand", "json", "-w", "thousand.pcapng")
    rng = random.Random(1000)
    clients, waiting, servers = {}, selectors.DefaultSelector(), []
    for _ in range(n):  # all under way before the first is accepted
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", PORT))
        waiting.register(s, selectors.EVENT_WRITE)
    while len(clients) < n or len(servers) < n:
        for key, _ in waiting.select(0.01):
            s = key.fileobj
            equal(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0,
                  "connecting")
            waiting.unregister(s)
            clients[s.getsockname()[1]] = s
            s.send(sniffing.request())
        try:
            while True:
                servers.append(listener.accept()[0])
        except BlockingIOError:
            pass
    servers = {s.getpeername()[1]: s for s in servers}
    equal(set(servers), set(clients), "ports")
    sent = {}
    for s in servers.values():
        s.setblocking(True)
        s.settimeout(sniffing.LIMIT)
        equal(s.recv(4096), sniffing.request(), "request")
        s.sendall(sniffing.response())
    for port, s in clients.items():
        s.setblocking(True)
        s.settimeout(sniffing.LIMIT)
        equal(s.recv(4096), sniffing.response(), "response")
        sizes = [rng.randrange(0, 1000) for _ in range(rng.randrange(1, 5))]
        for size in sizes:
            mask = rng.getrandbits(32).to_bytes(4, "big")
            s.sendall(frame(BINARY, b"d" * size, mask=mask))
        servers[port].sendall(frame(TEXT, b"%d" % port))
        sent[port] = (len(sizes), sum(sizes), str(port))
    for s in (*clients.values(), *servers.values()):
        s.close()
    # In the order of the packets, the last connection is not told last.
    w.until_events("end", n)
    summary = w.end()
    equal(summary["connections"], n, "connections")
    equal(summary["dropped"], 0, "dropped")
    conns = {e["conn"]: e for e in w.events("handshake")}
    equal(sorted(e["client"]["port"] for e in conns.values()), sorted(sent),
          "client ports")
    equal([e["seen"] for e in conns.values() if not e["accepted"]], [],
          "not accepted")
    seen = {e["client"]["port"]: [0, 0, None] for e in conns.values()}
    for e in w.events("message"):
        one = seen[conns[e["conn"]]["client"]["port"]]
        if e["from"] == "client":
            one[0] += 1
            one[1] += e["length"]
        else:
            one[2] = e["text"]
    equal({k: tuple(v) for k, v in seen.items()}, sent, "messages")
    equal(summary["messages"], n + sum(v[0] for v in sent.values()), "sum")
    again = read("thousand.pcapng")
    equal(frames_of(again.lines), frames_of(w.lines), "frames of the file")
    print("%d handshakes, %d messages, %d packets, none dropped" % (
        n, summary["messages"], summary["packets"]))


def case_day():
    """24 hours through a pipe and, at full speed, over a wire."""
    made = day.Day().whole()
    made.pcap("day.pcap")
    plain = Wsray("plain", "json", "day.pcap")
    equal(plain.process.wait(60), 0, "exit status")
    *ends_, summary = of_kinds(plain.out_name)
    for name, wanted in (("packets", len(made.packets)), ("flows", made.flows),
                         ("connections", made.connections),
                         ("frames", made.frames), ("messages", made.messages)):
        equal(summary[name], wanted, name)
    check(summary["duration"] > 86000, "less than a day")
    equal(sum(sum(e["payload_bytes"].values()) for e in ends_),
          made.payload_bytes, "payload bytes")
    equal(sum(not e["clean"] for e in ends_), 0, "unclean ends")

    with subprocess.Popen(("cat", "day.pcap"), stdout=subprocess.PIPE) as cat:
        piped = Wsray("pipe", "json", "-", stdin=cat.stdout)
        cat.stdout.close()
        memory = [peak_memory(piped)]
        equal(piped.process.returncode, 0, "exit status")
    equal(rest_of(piped.out_name) == rest_of(plain.out_name), True,
          "the same from the pipe")

    sniffing.veth("day0", "day1")
    w = live("wire", "json", "-B", "%dM" % DAY_BUFFER, device="day1")
    s = sniffing.packet_socket("day0")
    began = time.monotonic()
    for _, data in made.packets:
        s.send(data)
    took = time.monotonic() - began
    w.until(lambda: count_ends(w.out_name) == made.connections, "all ends")
    memory.append(int(proc_status(w.pid)["VmHWM"].split()[0]))
    w.kill()
    equal(w.process.wait(sniffing.LIMIT), 0, "exit status")
    events = of_kinds(w.out_name)
    got = events[-1]
    for name in ("packets", "bytes", "flows", "connections", "frames",
                 "messages"):
        equal(got[name], summary[name], name)
    equal(got["dropped"], 0, "dropped")
    equal(sorted(map(figures, events[:-1])), sorted(map(figures, ends_)),
          "figures of connections")
    # The kernel's buffer is counted where it is mapped; sanitizers keep what
    # was freed.
    for kib, more in zip(memory, (0, DAY_BUFFER)):
        check(kib < (DAY_MIB + more) << 10 or is_instrumented(),
              "%d KiB of memory" % kib)
    print("%d packets, %d connections, %d frames: the same from a pipe and at "
          "%.0f packets/s" % (summary["packets"], summary["connections"],
                              summary["frames"], len(made.packets) / took))
    print("%d KiB of memory at most, live %d, %d of them the kernel's" % (
        *memory, DAY_BUFFER << 10))


DAY_BUFFER, DAY_MIB = 64, 64


def rest_of(name):
    """The output without its first line, which names the source."""
    with open(name, "rb") as f:
        return f.read().split(b"\n", 1)[1]


def count_ends(name):
    with open(name, "rb") as f:
        return f.read().count(b'\n{"type":"end"')


def of_kinds(name):
    """The end of each connection, and the summary, which is last."""
    with open(name, "rb") as f:
        return [json.loads(line) for line in f
                if line.startswith((b'{"type":"end"', b'{"type":"summary"'))]


def figures(end):
    return tuple((end[name]["client"], end[name]["server"]) for name in
                 ("frames", "messages", "payload_bytes", "wire_bytes",
                  "gap_bytes", "close_code"))


def peak_memory(w):
    """Waits for its end; VmHWM in KiB."""
    peak = 0
    while not w.ended():
        peak = max(peak, int(proc_status(w.pid).get("VmHWM", "0").split()[0]))
        time.sleep(0.01)
    check(peak > 0, "no memory seen")
    return peak


# ------------------------------------------------------------- watching a file
def case_tail():
    """--tail, on a file that tcpdump writes."""
    dump = start_tcpdump("-w", "grows.pcap")
    w = Wsray("tail", "json", "--tail", "grows.pcap")
    talk = Talk().handshake()
    for text in ("one", "two", "three"):
        talk.say("client", text)
        w.until_text(text)
    check(dump.poll() is None and not w.ended(), "ended")
    talk.close()
    w.until_events("end", 1)
    dump.send_signal(signal.SIGINT)
    dump.wait(sniffing.LIMIT)
    summary = w.end()
    equal(summary["packets"], sniffing.tcpdump_counts("grows.pcap"), "packets")
    same_events(w.lines, read("grows.pcap").lines, "growing and whole")
    print("each message shown before the next was sent")


def start_tcpdump(*args, **more):
    with open("tcpdump.log", "wb") as log:
        dump = sniffing.start(
            ("tcpdump", "-i", "lo", "--immediate-mode", "-U", "-s0", "-Z",
             "root", *args, "tcp port %d" % PORT), stderr=log,
            stdin=subprocess.DEVNULL, **more)

    def ready():
        check(dump.poll() is None, "tcpdump ended")
        with open("tcpdump.log", encoding="utf-8") as f:
            return "listening on" in f.read()
    until(ready, "tcpdump listens")
    return dump


def case_pipe():
    """As ssh HOST tcpdump -U -w - | wsray -."""
    reader, writer = os.pipe()
    w = Wsray("pipe", "json", "-w", "pipe.pcapng", "-", stdin=reader)
    dump = start_tcpdump("-w", "-", stdout=writer)
    os.close(reader)
    os.close(writer)
    talk = Talk().handshake()
    for text in ("one", "two", "three"):
        talk.say("server", text)
        w.until_text(text)
    check(dump.poll() is None and not w.ended(), "ended")
    talk.close()
    w.until_events("end", 1)
    dump.send_signal(signal.SIGINT)
    dump.wait(sniffing.LIMIT)
    w.over(0)
    same_events(w.lines, read("pipe.pcapng").lines, "pipe and saved file")
    print("each message shown before the next was sent")


def case_latency():
    """From packet to printed line."""
    n, each = 150, 0.02
    reader, writer = os.pipe()
    w = Wsray("latency", "-i", "lo", "json", stdout=writer)
    os.close(writer)
    w.until_listening()
    os.set_blocking(reader, False)
    talk = Talk().handshake()
    sent, came, rest = {}, {}, b""
    ready = selectors.DefaultSelector()
    ready.register(reader, selectors.EVENT_READ)
    due = time.monotonic()
    while len(came) < n:
        now = time.monotonic()
        if len(sent) < n and now >= due:
            mark = b"%08d" % len(sent)
            sent[mark.hex()] = time.monotonic()
            talk.say("client", mark, PING)
            due += each
        if sent and len(sent) == n:
            check(now - due < sniffing.LIMIT, "%d of %d came" % (len(came), n))
        if not ready.select(max(0, due - time.monotonic())
                            if len(sent) < n else 1):
            continue
        data = os.read(reader, 65536)
        now = time.monotonic()
        check(data, "ended: " + w.said())
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            match = re.search(rb'"name":"ping".*"payload":"([0-9a-f]+)"', line)
            if match:
                came[match[1].decode()] = now
    took = sorted(came[mark] - sent[mark] for mark in sent)
    os.close(reader)
    w.process.kill()
    w.wait()
    check(took[-1] < 1, "one came after %.3f s" % took[-1])
    print("all %d pings came" % n)
    print("packet to line: median %.1f ms, p99 %.1f ms, most %.1f ms" % (
        took[n // 2] * 1000, took[n * 99 // 100] * 1000, took[-1] * 1000))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What -Y lets through, against a second evaluation in Python (TAP).

    filter-check.py WSRAY SAMPLES [TSHARK]

Each row is a filter and the same question asked of the objects of an
unfiltered `wsray json`: of a frame (f), the handshake of its connection (h),
the message that it completed (m, or None), the frame before it on its
connection (p, or None) and the time of the first packet (t0).  Rows for whole
connections ask the handshake alone.

With TSHARK, filters of Wireshark's fields are run by both, and the numbers of
the packets have to be the same.
"""

import base64
import json
import re
import struct
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal

WSRAY, SAMPLES = sys.argv[1:3]
TSHARK = sys.argv[3] if len(sys.argv) > 3 else ""
number = 0


def result(ok, name, why=""):
    global number
    number += 1
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    if not ok:
        print("# " + why)


def seconds(text):
    whole, part = text.rstrip("Z").split(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) + Decimal("0." + part)


def run(sample, *arguments):
    done = subprocess.run(
        [WSRAY, "json", *arguments, f"{SAMPLES}/{sample}"],
        capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise SystemExit(f"Bail out! {arguments}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def key(e):
    if e["type"] == "finding":
        return ("finding", e["conn"], e["id"], e["from"], e["count"])
    return (e["type"], e["conn"], e.get("from"), e.get("frame"),
            e.get("message"), e.get("offset"))


def text(m):
    return m.get("text") if m and m["kind"] == "text" else None


def payload(f, m):
    if f["opcode"] >= 8:
        if f["opcode"] == 8:
            if f["close_code"] is None:
                return b""
            return (f["close_code"].to_bytes(2, "big") +
                    (f["close_reason"] or "").encode())
        return bytes.fromhex(f["payload"] or "")
    if m is None:
        return None
    return (m["text"].encode() if m.get("text") is not None
            else base64.b64decode(m["base64"]))


def header(h, name):
    for key_, value in h["request_headers"] or []:
        if key_.lower() == name:
            return value
    return None


CHAT, FRAGMENTS = "good-chat.pcapng", "good-fragments-ping.pcapng"
DEFLATE, ODD = "good-deflate-context.pcapng", "odd-frames.pcap"
CLOSE, LOST = "odd-close.pcap", "broken-lost-segment.pcap"
V6, UTF8 = "good-ipv6-vlan.pcap", "odd-utf8.pcap"
MIDDLE, GO = "broken-midstream.pcap", "good-gorilla-chat.pcapng"
CHROME, LENGTHS = "good-chromium.pcapng", "good-lengths.pcapng"
REFUSED = "odd-refused.pcapng"

# Of frames.
FRAMES = [
    ("websocket.opcode == text", ODD, lambda f, h, m, p, t0: f["opcode"] == 1),
    ("websocket.opcode != text", ODD, lambda f, h, m, p, t0: f["opcode"] != 1),
    ("websocket.opcode in {3..7, 11..15}", ODD,
     lambda f, h, m, p, t0: f["name"] == "reserved"),
    ("websocket.opcode == continuation", UTF8,
     lambda f, h, m, p, t0: f["opcode"] == 0),
    ("websocket.fin == 0", FRAGMENTS, lambda f, h, m, p, t0: not f["fin"]),
    ("websocket.rsv != 0", ODD, lambda f, h, m, p, t0: f["rsv"] != 0),
    ("websocket.rsv & 6", ODD, lambda f, h, m, p, t0: f["rsv"] & 6),
    ("websocket.mask == 1", ODD, lambda f, h, m, p, t0: f["masked"]),
    ("websocket.masking_key[0] > 7f", CHAT,
     lambda f, h, m, p, t0: f["mask"] and int(f["mask"][:2], 16) > 0x7f),
    ("websocket.payload_length == 126", LENGTHS,
     lambda f, h, m, p, t0: f["header_length"] - 4 * f["masked"] == 4),
    ("websocket.payload_length == 127", LENGTHS,
     lambda f, h, m, p, t0: f["header_length"] - 4 * f["masked"] == 10),
    ("websocket.payload contains 61", CHAT,
     lambda f, h, m, p, t0: b"a" in (payload(f, m) or b"")),
    ("len(websocket.payload) > 5", FRAGMENTS,
     lambda f, h, m, p, t0: len(payload(f, m) or b"") > 5),
    ("websocket.payload[1:2] == \"el\"", CHAT,
     lambda f, h, m, p, t0: (payload(f, m) or b"")[1:3] == b"el"),
    ("websocket.payload.text", DEFLATE, lambda f, h, m, p, t0: text(m)),
    ("ws.text contains \"a\"", DEFLATE,
     lambda f, h, m, p, t0: "a" in (text(m) or "")),
    ("upper(ws.text) contains \"E\" and not ws.text contains \"E\"", CHAT,
     lambda f, h, m, p, t0: "e" in (text(m) or "") and "E" not in text(m)),
    ("ws.text matches \"[0-9]{2}.*[a-c]$\"", DEFLATE,
     lambda f, h, m, p, t0: re.search("[0-9]{2}.*[a-c]$", text(m) or "",
                                      re.I | re.S)),
    ("ws.text ~ r\"^\\W*\\w+ \"", CHAT,
     lambda f, h, m, p, t0: text(m) is not None and re.search(
         r"^\W*\w+ ", text(m), re.A)),
    ("websocket.payload.close.status_code", CLOSE,
     lambda f, h, m, p, t0: f.get("close_code") is not None),
    ("websocket.payload.close.status_code in {1000..1003 4000}", CLOSE,
     lambda f, h, m, p, t0: f.get("close_code") in (1000, 1001, 1002, 1003,
                                                    4000)),
    ("ws.close_code == 1000 and websocket.opcode", CLOSE,
     lambda f, h, m, p, t0: f.get("close_code") == 1000),
    ("websocket.payload.close.reason", CLOSE,
     lambda f, h, m, p, t0: f.get("close_reason")),
    ("frame.number > 20 and websocket.opcode", CHAT,
     lambda f, h, m, p, t0: f["packet"] > 20),
    ("frame.time_relative < 0.1 and websocket.opcode", CHAT,
     lambda f, h, m, p, t0: seconds(f["time"]) - t0 < Decimal("0.1")),
    ("frame.time_epoch > 1795251681.5 and websocket.opcode", CHAT,
     lambda f, h, m, p, t0: seconds(f["time"]) > Decimal("1795251681.5")),
    ("tcp.srcport == 9000 and websocket.opcode", CHAT,
     lambda f, h, m, p, t0: h[f["from"]]["port"] == 9000),
    ("tcp.dstport == 9000 and websocket.opcode", CHAT,
     lambda f, h, m, p, t0: h[f["from"]]["port"] != 9000),
    ("ws.dir == s2c and websocket.opcode", GO,
     lambda f, h, m, p, t0: f["from"] == "server"),
    ("ws.frame > 2 and ws.type == frame", ODD,
     lambda f, h, m, p, t0: f["frame"] > 2),
    ("ws.msg == 1 and ws.type == frame", FRAGMENTS,
     lambda f, h, m, p, t0: f["message"] == 1),
    ("ws.msg.len > 20", FRAGMENTS,
     lambda f, h, m, p, t0: m and (m["length"] or 0) > 20),
    ("ws.msg.frames >= 2", FRAGMENTS,
     lambda f, h, m, p, t0: m and m["frames"] >= 2),
    ("ws.len > 64K", LENGTHS, lambda f, h, m, p, t0: f["length"] > 65536),
    ("ws.len < 126", LENGTHS, lambda f, h, m, p, t0: f["length"] < 126),
    ("ws.wire_len == 8", CHAT,
     lambda f, h, m, p, t0: f["length"] + f["header_length"] == 8),
    ("ws.delta > 10ms", CHAT,
     lambda f, h, m, p, t0: p and seconds(f["time"]) - seconds(p["time"]) >
     Decimal("0.01")),
    ("!ws.delta and websocket.opcode", GO, lambda f, h, m, p, t0: p is None),
    ("ws.frag.index > 1", FRAGMENTS,
     lambda f, h, m, p, t0: f["message"] and f["opcode"] == 0),
    ("ws.deflate == 0", DEFLATE,
     lambda f, h, m, p, t0: m and not m["compressed"]),
    ("ws.complete == 0", LOST, lambda f, h, m, p, t0: not f["complete"]),
    ("ws.synced == 0", LOST, lambda f, h, m, p, t0: not f["synced"]),
    ("ws.synced == 0", MIDDLE, lambda f, h, m, p, t0: not f["synced"]),
    ("(websocket.mask == 0 xor ws.dir == s2c) and websocket.opcode", ODD,
     lambda f, h, m, p, t0: f["masked"] == (f["from"] == "server")),
]

# Of all of a connection.
CONNECTIONS = [
    ("ws.conn in {1, 3..5}", ODD, lambda h, e: h["conn"] in (1, 3, 4, 5)),
    ("tcp.stream == 2", ODD, lambda h, e: h["flow"] == 3),
    ("tcp.port == 9000", CHAT, lambda h, e: True),
    ("ip.addr != 127.0.0.1", CHAT, lambda h, e: False),
    ("ip.addr", V6, lambda h, e: "." in h["client"]["ip"]),
    ("ipv6.addr", V6, lambda h, e: ":" in h["client"]["ip"]),
    ("ws.client.port == 50001", V6, lambda h, e:
     h["client"]["port"] == 50001),
    ("ws.server.ip == ::/0", V6, lambda h, e: ":" in h["server"]["ip"]),
    ("http.request.method == GET", REFUSED, lambda h, e:
     h["method"] == "GET"),
    ("http.request.uri matches \"[5-9]\"", REFUSED,
     lambda h, e: re.search("[5-9]", h["target"])),
    ("http.host contains \"127\"", CHROME,
     lambda h, e: "127" in (h["host"] or "")),
    ("http.user_agent matches \"^go-\"", GO,
     lambda h, e: re.search("^go-", header(h, "user-agent") or "", re.I)),
    ("http.response.code in {400..499}", REFUSED,
     lambda h, e: h["status"] in range(400, 500)),
    ("ws.status != 101", REFUSED,
     lambda h, e: h["status"] not in (None, 101)),
    ("!ws.status", REFUSED, lambda h, e: h["status"] is None),
    ("ws.accepted == 0", REFUSED, lambda h, e: not h["accepted"]),
    ("ws.subprotocol == \"chat\"", CHROME,
     lambda h, e: h["subprotocol"] == "chat"),
    ("ws.origin contains 8080", GO,
     lambda h, e: "8080" in (h["origin"] or "")),
]

# Of ends: nothing else of the connection but its handshake is shown.
ENDS = [
    ("ws.verdict in {reset, protocol-error}", ODD, lambda h, e:
     e["verdict"] in ("reset", "protocol-error")),
    ("ws.closed_by == client", CLOSE, lambda h, e:
     e["closed_by"] == "client"),
    ("!ws.closed_by and ws.verdict", CLOSE, lambda h, e:
     e["closed_by"] is None),
    ("ws.clean == 1", CLOSE, lambda h, e: e["clean"]),
    ("ws.duration < 10ms", ODD, lambda h, e:
     Decimal(str(e["duration"])) < Decimal("0.01")),
    ("ws.close_code == 1001 and ws.type == end", CLOSE, lambda h, e:
     1001 in e["close_code"].values()),
]


class Capture:
    """The objects of an unfiltered run, and what belongs together."""

    def __init__(self, sample):
        self.events = run(sample)
        self.h, self.end, self.message, self.before = {}, {}, {}, {}
        last = {}
        for e, after in zip(self.events, self.events[1:]):
            if e["type"] == "handshake":
                self.h[e["conn"]] = e
            elif e["type"] == "end":
                self.end[e["conn"]] = e
            elif e["type"] == "frame":
                self.before[key(e)] = last.get(e["conn"])
                last[e["conn"]] = e
                if (after["type"] == "message" and e["fin"] and
                        (after["conn"], after["from"], after["message"]) ==
                        (e["conn"], e["from"], e["message"])):
                    self.message[key(e)] = after

    def of(self, *types):
        return [e for e in self.events if e["type"] in types]


captures = {}


def capture(sample):
    if sample not in captures:
        captures[sample] = Capture(sample)
    return captures[sample]


def first_packet(sample):
    """The time of the first packet of a pcapng file of one interface."""
    with open(f"{SAMPLES}/{sample}", "rb") as file:
        data = file.read()
    at, unit = 0, Decimal(10) ** -6
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        option = at + 16
        while kind == 1 and option + 4 < at + size:
            code, length = struct.unpack_from("<HH", data, option)
            if code == 9:  # if_tsresol
                unit = Decimal(10) ** -data[option + 4]
            if code == 0:
                break
            option += 4 + (length + 3) // 4 * 4
        if kind == 6:  # Enhanced Packet Block
            high, low = struct.unpack_from("<II", data, at + 12)
            return (high << 32 | low) * unit
        at += size
    raise SystemExit("Bail out! no packet")


def compare(name, want, got):
    want, got = set(want), set(got)
    result(want == got, name,
           f"missing {sorted(want - got, key=str)[:4]}, "
           f"too many {sorted(got - want, key=str)[:4]}")


def check_frames(text_, sample, wanted, t0):
    c = capture(sample)
    frames = [f for f in c.of("frame")
              if wanted(f, c.h[f["conn"]], c.message.get(key(f)),
                        c.before[key(f)], t0)]
    of = {(f["conn"], f["from"], f["frame"]) for f in frames}
    messages = {(f["conn"], f["from"], f["message"]) for f in frames}
    conns = {f["conn"] for f in frames}
    want = [key(e) for e in frames]
    want += [key(e) for e in c.of("message")
             if (e["conn"], e["from"], e["message"]) in messages]
    want += [key(e) for e in c.of("handshake", "end") if e["conn"] in conns]
    # Repeated findings bear the frame of the first one.
    want += [key(e) for e in c.of("finding")
             if (e["conn"], e["from"], e["frame"]) in of]
    got = [key(e) for e in run(sample, "-Y", text_)
           if e["type"] not in ("capture", "summary")]
    compare(f"{text_}: {len(frames)} frames of {sample}", want, got)


def check_connections(text_, sample, wanted, types=None):
    c = capture(sample)
    conns = {n for n, h in c.h.items() if wanted(h, c.end[n])}
    want = [key(e) for e in c.events if e.get("conn") in conns and
            (types is None or e["type"] in types)]
    got = [key(e) for e in run(sample, "-Y", text_)
           if e["type"] not in ("capture", "summary")]
    compare(f"{text_}: {len(conns)} connections of {sample}", want, got)


def check_findings():
    c = capture(ODD)
    for text_, wanted in (
            ("ws.severity >= error", lambda e: e["severity"] == "error"),
            ("ws.severity == note", lambda e: e["severity"] == "note"),
            ("ws.finding == frame-opcode-reserved",
             lambda e: e["id"] == "frame-opcode-reserved")):
        found = [e for e in c.of("finding") if wanted(e)]
        conns = {e["conn"] for e in found}
        want = [key(e) for e in found]
        want += [key(e) for e in c.of("handshake", "end")
                 if e["conn"] in conns]
        got = [key(e) for e in run(ODD, "-Y", text_)
               if e["type"] not in ("capture", "summary")]
        compare(f"{text_}: {len(found)} findings of {ODD}", want, got)
    gaps = capture(LOST).of("gap")
    got = [e for e in run(LOST, "-Y", "ws.gap_len > 0") if e["type"] == "gap"]
    compare(f"ws.gap_len: {len(gaps)} gaps", map(key, gaps), map(key, got))


def check_late_handshakes():
    """One that comes late says what it would have said."""
    for sample in (ODD, CHROME, DEFLATE, LOST, MIDDLE, V6):
        want = capture(sample).of("handshake")
        got = [e for e in run(sample, "-Y", "websocket.opcode or ws.verdict")
               if e["type"] == "handshake"]
        result(sorted(want, key=key) == sorted(got, key=key),
               f"late handshakes of {sample} are whole")


def check_commands():
    """report, check and stats show the connections that json shows."""
    text_ = "ws.close_code == 1002 and websocket.opcode"
    conns = {e["conn"] for e in run(ODD, "-Y", text_)
             if e["type"] == "handshake"}
    arguments = ["-Y", text_, f"{SAMPLES}/{ODD}"]
    out = {command: subprocess.run([WSRAY, command, *arguments],
                                   capture_output=True, text=True).stdout
           for command in ("report", "check", "stats")}
    quiet = subprocess.run([WSRAY, "-q", *arguments], capture_output=True,
                           text=True).stdout
    for name, shown in (("report", out["report"]), ("report -q", quiet)):
        got = {int(n) for n in re.findall(r"^#(\d+) ", shown, re.M)}
        result(bool(conns) and got == conns, f"{name} shows them",
               f"{got} instead of {conns}")
    result(f"of {len(conns)} connections" in out["check"] or
           f"on {len(conns)}" in out["check"] or
           str(len(conns)) in out["check"], "check counts them")
    result(str(len(conns)) in out["stats"], "stats counts them")


WIRESHARK = [
    "websocket.opcode == 1", "websocket.opcode != 1",
    "websocket.opcode in {8,9,10}", "websocket.fin == 0",
    "websocket.mask == 1", "websocket.rsv == 4",
    "websocket.payload_length == 126", "websocket.payload.text",
    "websocket.payload.text contains \"e\"",
    "websocket.payload.text matches \"^H\"",
    "websocket.masking_key[0:1] >= 80", "len(websocket.payload.text) > 5",
    "websocket.payload.close.status_code == 1000",
    "websocket.payload.close.reason",
    "lower(websocket.payload.text) contains \"h\"",
    "tcp.srcport == 9000 && websocket.opcode",
    "ip.src == 127.0.0.1 && websocket.opcode",
    "ip.addr != 127.0.0.1 && websocket.opcode",
    "ipv6.addr && websocket.opcode",
    "tcp.stream in {0, 2} && websocket.opcode",
    "frame.number in {5..12} && websocket.opcode",
    "frame.time_relative < 0.1 && websocket.opcode",
]
# Not those with fragments of compressed messages, which tshark 4.0 does not
# inflate, nor with several frames in a packet, which it takes as one.
BOTH = [CHAT, FRAGMENTS, LENGTHS, V6, CHROME]


def check_tshark():
    for sample in BOTH:
        wrong = []
        for text_ in WIRESHARK:
            done = subprocess.run(
                [TSHARK, "-n", "-r", f"{SAMPLES}/{sample}", "-Y", text_, "-T",
                 "fields", "-e", "frame.number"],
                capture_output=True, text=True)
            want = {int(n) for n in done.stdout.split()}
            got = {e["packet"] for e in run(sample, "-Y", text_)
                   if e["type"] == "frame"}
            if done.returncode != 0 or want != got:
                wrong.append(f"{text_}: tshark only {sorted(want - got)}, "
                             f"wsray only {sorted(got - want)}")
        result(not wrong, f"tshark has the same packets of {sample}, "
               f"{len(WIRESHARK)} filters", "; ".join(wrong))


def main():
    t0 = first_packet(CHAT)
    for text_, sample, wanted in FRAMES:
        check_frames(text_, sample, wanted, t0)
    for text_, sample, wanted in CONNECTIONS:
        check_connections(text_, sample, wanted)
    for text_, sample, wanted in ENDS:
        check_connections(text_, sample, wanted, ("handshake", "end"))
    check_findings()
    check_late_handshakes()
    check_commands()
    if TSHARK:
        check_tshark()
    else:
        result(True, "tshark has the same packets # SKIP no tshark")
    print(f"1..{number}")


main()

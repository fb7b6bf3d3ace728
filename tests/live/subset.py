# SPDX-License-Identifier: MIT
"""Loss by the capture: what wsray says of a capture with packets missing
against what it says of the whole one.

    subset.py drop SEED HOW PERCENT WHOLE.pcap LOSSY.pcap
    subset.py compare PORT WHOLE.pcap LOSSY.pcap WHOLE.json LOSSY.json
    subset.py recall [kind] < LINES
    subset.py same A.json B.json

drop leaves packets out.  HOW: single (each with PERCENT), burst (bursts of 8
in the mean, PERCENT of all packets), client or server (single, but only of the
packets that end sends), start (the first PERCENT), end (the last PERCENT);
"+start" behind one of the others leaves out the first quarter as well.

compare: no frame may be made up.  Each frame of the lossy decode stands in
the whole one at the same offset with the same header; offsets count from the
first captured byte, and where that lay is known from the packets.  What is
called complete was captured whole, and a complete message has the digest it
has in the whole decode; bytes of an incomplete one that are called known are
what they are in the whole one.  The JSON comes from "wsray json --digest sha1 --payload-limit N".

recall: over the lines that compare printed: of the frames whose bytes were all
captured and that lie more than 64 KiB and 20 frames behind a hole at least
99 % must have been found.  With "kind" behind it, over the lines of one kind
of loss: at least 90 % where 100 or more are due.  (Frames are missed together:
one hole after which the search takes longer loses dozens, so that 99 % of the
few hundred frames of one kind would be a test of luck.)

same: both ends of a wire tell the same frames.

Prints a line of counts; exit status 1 and what is wrong otherwise."""

import base64
import bisect
import json
import random
import re
import struct
import sys

HEADER = ("fin", "rsv", "opcode", "masked", "mask", "length", "header_length")
SENDERS = ("client", "server")
MOVED_ON = (64 << 10, 20)  # bytes and frames behind a hole
WANTED = 0.99
WANTED_OF_KIND, KIND_LEAST = 0.9, 100


def fail(text):
    print(text)
    sys.exit(1)


# ------------------------------------------------------------------ packets
def read_pcap(name):
    with open(name, "rb") as f:
        data = f.read()
    assert data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"), name
    link = struct.unpack_from("<I", data, 20)[0]
    packets, at = [], 24
    while at + 16 <= len(data):
        end = at + 16 + struct.unpack_from("<I", data, at + 8)[0]
        packets.append(data[at:end])
        at = end
    return data[:24], link, packets


class Segment:
    """What compare must know of a TCP segment over IPv4."""

    def __init__(self, link, packet):
        ip = packet[16 + {1: 14, 101: 0}[link]:]
        total = struct.unpack_from(">H", ip, 2)[0]
        tcp = ip[(ip[0] & 15) * 4: total]
        self.ok = len(tcp) >= 20 and ip[0] >> 4 == 4 and ip[9] == 6
        if self.ok:
            self.source, self.target, self.seq = struct.unpack_from(
                ">HHI", tcp)
            self.syn = bool(tcp[13] & 2)
            self.length = len(tcp) - (tcp[12] >> 4) * 4


class Stream:
    """The captured bytes of one direction; offsets count from the SYN."""

    def __init__(self):
        self.isn = self.base = None
        self.syn = False
        self.spans = []

    def add(self, segment):
        if segment.syn:
            self.syn = True
            if self.isn is None:
                self.isn = segment.seq + 1
        elif segment.length:
            at = (segment.seq - self.isn) & 0xffffffff
            if self.base is None:
                self.base = at
            self.spans.append((at, at + segment.length))

    def join(self):
        """Spans in order; what came before the first byte counts as lost."""
        base = 0 if self.syn or self.base is None else self.base
        out = []
        for start, end in sorted(self.spans):
            start = max(start, base)
            if start >= end:
                continue
            if out and start <= out[-1][1]:
                out[-1][1] = max(out[-1][1], end)
            else:
                out.append([start, end])
        self.base, self.spans = base, out
        self.starts = [s for s, _ in out]

    def has(self, start, end):
        i = bisect.bisect_right(self.starts, start) - 1
        return i >= 0 and end <= self.spans[i][1]

    def since_hole(self, start):
        """Where the captured run that holds start begins, None: it is whole
        from the SYN on."""
        i = bisect.bisect_right(self.starts, start) - 1
        run = self.spans[i][0]
        return None if run == 0 and self.syn else run


def read_streams(name, port, isns):
    """{(client port, sender): Stream}; isns: from the whole capture."""
    _, link, packets = read_pcap(name)
    out = {}
    for packet in packets:
        s = Segment(link, packet)
        if not s.ok or port not in (s.source, s.target):
            continue
        key = ((s.source, "client") if s.target == port
               else (s.target, "server"))
        stream = out.setdefault(key, Stream())
        if isns is not None and stream.isn is None:
            stream.isn = isns[key]
        stream.add(s)
    for stream in out.values():
        stream.join()
    return out


def drop(seed, how, percent, source, target):
    rng, percent = random.Random(int(seed)), float(percent)
    head, link, packets = read_pcap(source)
    how, _, plus = how.partition("+")
    servers = {s.target for s in (Segment(link, p) for p in packets[:1])}
    burst, kept = 0, []
    for i, packet in enumerate(packets):
        if plus == "start" and i < len(packets) / 4:
            continue
        if how == "start":
            lose = i < len(packets) * percent / 100
        elif how == "end":
            lose = i >= len(packets) * (1 - percent / 100)
        elif how == "burst":
            if not burst and rng.random() * 100 < percent / 8:
                burst = rng.randint(1, 15)
            lose, burst = burst > 0, max(burst - 1, 0)
        else:
            lose = rng.random() * 100 < percent
            if how in SENDERS:
                s = Segment(link, packet)
                lose = lose and (s.source in servers) == (how == "server")
        if not lose:
            kept.append(packet)
    with open(target, "wb") as f:
        f.write(head + b"".join(kept))
    print(len(packets) - len(kept), "of", len(packets), "packets dropped")


# ------------------------------------------------------------------- events
class Decode:
    """Of one capture: {(client port, sender): {offset: event}}."""

    def __init__(self, name):
        self.frames, self.messages, ports, self.seen = {}, {}, {}, {}
        firsts = {}
        with open(name, encoding="utf-8") as f:
            for line in f:
                e = json.loads(line)
                if e["type"] == "handshake":
                    ports[e["conn"]] = e["client"]["port"]
                    self.seen[e["client"]["port"]] = e["seen"]
                elif e["type"] == "frame":
                    key = (ports[e["conn"]], e["from"])
                    self.frames.setdefault(key, {})[e["offset"]] = e
                    if e["message"] is not None:
                        which = (e["conn"], e["from"], e["message"])
                        firsts.setdefault(which, []).append(e)
                elif e["type"] == "message":
                    which = (e["conn"], e["from"], e["message"])
                    first = min(firsts[which], key=lambda x: x["offset"])
                    e["starts"] = first["opcode"] != 0
                    key = (ports[e["conn"]], e["from"])
                    self.messages.setdefault(key, {})[first["offset"]] = e


def payload(e):
    """The bytes of a message, None: not all were printed."""
    if e["truncated"]:
        return None
    data = (e["text"].encode() if e.get("text") is not None
            else base64.b64decode(e["base64"])
            if e.get("base64") is not None else None)
    return data if data is not None and len(data) == e["length"] else None


def compare_messages(where, whole, lossy, base, counts):
    for offset, e in lossy.items():
        at = "%s, message at %d" % (where, offset + base)
        truth = whole.get(offset + base)
        if e["complete"]:
            if truth is None:
                fail(at + " is made up")
            for name in ("kind", "length", "frames", "compressed", "digest"):
                if e[name] != truth[name]:
                    fail("%s: %s is %s, in truth %s" % (
                        at, name, e[name], truth[name]))
            counts["complete"] += 1
        elif truth is not None and e["starts"] and e["known"] is not None:
            data, real = payload(e), payload(truth)
            if data is None or real is None or len(data) != len(real):
                continue
            for start, end in e["known"]:
                if data[start:end] != real[start:end]:
                    fail("%s: wrong in the known bytes %d to %d" % (
                        at, start, end))
                counts["known"] += end - start


def compare_stream(where, stream, whole, lossy, counts):
    for offset, e in lossy.items():
        at = "%s, frame at %d" % (where, offset + stream.base)
        truth = whole.get(offset + stream.base)
        if truth is None:
            fail(at + " is made up")
        for name in HEADER:
            if e[name] != truth[name]:
                fail("%s: %s is %s, in truth %s" % (
                    at, name, e[name], truth[name]))
        end = offset + stream.base + e["header_length"] + e["length"]
        if e["complete"] and not stream.has(offset + stream.base, end):
            fail(at + " was not captured whole")
        counts["frames"] += 1
    run, frames_since = -1, 0
    for offset, e in sorted(whole.items()):
        end = offset + e["header_length"] + e["length"]
        if not stream.has(offset, end):
            continue
        found = offset - stream.base in lossy
        counts["captured"] += 1
        counts["found"] += found
        hole = stream.since_hole(offset)
        if hole != run:
            run, frames_since = hole, 0
        frames_since += 1
        if hole is None or (offset - hole > MOVED_ON[0] and
                            frames_since > MOVED_ON[1]):
            counts["due"] += 1
            counts["due found"] += found


def compare(port, whole_pcap, lossy_pcap, whole_json, lossy_json):
    port = int(port)
    truth = read_streams(whole_pcap, port, None)
    streams = read_streams(lossy_pcap, port,
                           {k: s.isn for k, s in truth.items()})
    whole, lossy = Decode(whole_json), Decode(lossy_json)
    for key in lossy.frames:
        if key not in whole.frames:
            fail("client port %d is made up" % key[0])
    counts = dict.fromkeys(("frames", "captured", "found", "due", "due found",
                            "complete", "known"), 0)
    for key, frames in sorted(whole.frames.items()):
        where = "port %d, %s" % key
        if key not in streams:
            continue
        compare_stream(where, streams[key], frames,
                       lossy.frames.get(key, {}), counts)
        compare_messages(where, whole.messages.get(key, {}),
                         lossy.messages.get(key, {}), streams[key].base,
                         counts)
    late = sum(seen == "none" for seen in lossy.seen.values())
    said = ("%(frames)d frames, none made up; %(found)d of %(captured)d "
            "captured frames found, %(due found)d of %(due)d of those well "
            "behind a hole; %(complete)d complete messages equal, "
            "%(known)d bytes of others known and right" % counts)
    said += "; %d of %d connections found in mid-stream" % (
        late, len(lossy.seen))
    print(said)


def recall(of=None):
    found = due = 0
    for line in sys.stdin:
        m = re.search(r"(\d+) of (\d+) of those well behind a hole", line)
        if m:
            found += int(m[1])
            due += int(m[2])
    if not due:
        print("nothing was due # SKIP")
        return
    said = "%d of %d frames well behind a hole found" % (found, due)
    wanted = WANTED
    if of == "kind":
        wanted = WANTED_OF_KIND if due >= KIND_LEAST else 0
    if found < wanted * due:
        fail(said + ", too few")
    print(said)


def same(a, b):
    a, b = Decode(a).frames, Decode(b).frames
    if set(a) != set(b):
        fail("other connections: %s, %s" % (sorted(a), sorted(b)))
    for key, frames in a.items():
        x = [(o, *(e[n] for n in HEADER)) for o, e in sorted(frames.items())]
        y = [(o, *(e[n] for n in HEADER)) for o, e in sorted(b[key].items())]
        if x != y:
            fail("port %d, %s: other frames at both ends" % key)
    print("%d frames the same at both ends" % sum(map(len, a.values())))


if __name__ == "__main__":
    {"drop": drop, "compare": compare, "recall": recall,
     "same": same}[sys.argv[1]](*sys.argv[2:])

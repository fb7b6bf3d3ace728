# SPDX-License-Identifier: MIT
"""Captures that start in mid-stream, cut from whole ones.

    cut.py cut IN.pcap OUT WHAT...
    cut.py sample BYTES IN.pcap OUT.pcap.gz

cut: makes OUT-WHAT.pcap; WHAT is PART, PART-client, PART-server or PART-holes.
Of each TCP connection, or of what that end of it sends, the SYNs and the first
PART percent of the packets are left out; with holes 2 % of the others too.
Prints for each the number of connections that have payload left.

sample: a file of at most BYTES: from the connection with the most payload
the run of packets of at most SAMPLE_RAW bytes that has the most packets.
Times are made up, so that the file does not tell when it was made."""

import gzip
import random
import struct
import sys
import zlib

from subset import Segment, read_pcap

SAMPLE_RAW = 24 << 10
EPOCH = 1767225600  # 2026-01-01T00:00:00Z


def read_flows(name):
    """The packets of each connection: [(packet, segment, by client)]."""
    head, link, packets = read_pcap(name)
    flows, open_flows = [], {}
    for packet in packets:
        s = Segment(link, packet)
        if not s.ok:
            continue
        pair = frozenset((s.source, s.target))
        if pair not in open_flows or (s.syn and
                                      s.seq != open_flows[pair]["seq"] and
                                      s.source == open_flows[pair]["client"]):
            open_flows[pair] = {"client": s.source, "seq": s.seq,
                                "packets": []}
            flows.append(open_flows[pair])
        flow = open_flows[pair]
        flow["packets"].append((packet, s, s.source == flow["client"]))
    return head, [f["packets"] for f in flows]


def time_of(packet):
    return struct.unpack_from("<II", packet)


def cut_flow(flow, part, which, rng):
    # Of one direction alone it is that one's packets that are counted: the
    # other may end much later.
    if which in ("client", "server"):
        flow = [x for x in flow if x[2] == (which == "client")]
    for packet, s, _ in flow[len(flow) * part // 100:]:
        if not s.syn and (which != "holes" or rng.random() >= 0.02):
            yield packet, s


def cut(source, target, *whats):
    head, flows = read_flows(source)
    for what in whats:
        part, _, which = what.partition("-")
        rng, kept, alive = random.Random(what), [], 0
        for flow in flows:
            left = list(cut_flow(flow, int(part), which, rng))
            alive += any(s.length for _, s in left)
            kept += [p for p, _ in left]
        kept.sort(key=time_of)
        with open("%s-%s.pcap" % (target, what), "wb") as f:
            f.write(head + b"".join(kept))
        print(what, alive)


def pick(flow, limit):
    """Of some runs of packets that fit, not from the very start: the one with
    the most packets, for there most is said in small pieces; of equal ones
    that with the least redundance."""
    best, score = [], (0, 0)
    for start in range(len(flow) // 10, len(flow), len(flow) // 40 + 1):
        run, size = [], 0
        for packet in flow[start:]:
            size += len(packet[0])
            if size > limit:
                break
            run.append(packet)
        packed = zlib.compress(b"".join(p for p, _, _ in run))
        if (len(run), len(packed)) > score:
            best, score = run, (len(run), len(packed))
    return best


def sample(limit, source, target):
    limit = int(limit)
    head, flows = read_flows(source)
    flow = max(flows, key=lambda f: sum(s.length for _, s, _ in f))
    # Acknowledgements without payload only take room.
    flow = pick([x for x in flow if x[1].length and not x[1].syn],
                SAMPLE_RAW - len(head))
    data = head
    for i, (packet, _, _) in enumerate(flow):
        when = i * 1000000
        data += struct.pack("<II", EPOCH + when // 10**9, when % 10**9)
        data += packet[8:]
        packed = gzip.compress(data, mtime=0)
        if len(packed) > limit:
            break
        out = packed
    with open(target, "wb") as f:
        f.write(out)


if __name__ == "__main__":
    {"cut": cut, "sample": sample}[sys.argv[1]](*sys.argv[2:])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oracle.py json --digest sha1 --payload-limit 0 FILE

A second, independent reader of lossless captures, to check the checks: prints
the `handshake` and `message` lines that `wsray json` must print for FILE (of
their fields, those that compare.py reads).  Slow, whole file in memory; knows
Ethernet, IPv4 and IPv6 without extras, segments in any order, no losses,
one upgrade as the first request or behind others on the connection.
"""

import base64
import hashlib
import json
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "gen"))
import wire  # noqa: E402


def packets(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] != b"\x0a\x0d\x0d\x0a":
        unit, at = struct.unpack("<I", data[:4])[0], 24
        assert unit in (0xA1B2C3D4, 0xA1B23C4D), "not a capture"
        while at + 16 <= len(data):
            got = struct.unpack("<I", data[at + 8: at + 12])[0]
            yield data[at + 16: at + 16 + got]
            at += 16 + got
        return
    at = 0
    while at + 12 <= len(data):
        kind, n = struct.unpack("<II", data[at: at + 8])
        if kind == 6:
            got = struct.unpack("<I", data[at + 20: at + 24])[0]
            yield data[at + 28: at + 28 + got]
        at += n


def tcp_segments(path):
    """(source, destination, seq, flags, payload) of each TCP packet."""
    for p in packets(path):
        kind = struct.unpack("!H", p[12:14])[0]
        if kind == 0x0800 and p[23] == 6:
            ip_len = struct.unpack("!H", p[16:18])[0]
            src, dst, at = p[26:30], p[30:34], 14 + (p[14] & 15) * 4
            # 0: a segment of 64 KiB that the card was to cut
            end = 14 + ip_len if ip_len else len(p)
        elif kind == 0x86DD and p[20] == 6:
            src, dst, at = p[22:38], p[38:54], 54
            end = 54 + struct.unpack("!H", p[18:20])[0]
            end = end if end > 54 else len(p)
        else:
            continue
        sport, dport, seq = struct.unpack("!HHI", p[at: at + 8])
        body = p[at + (p[at + 12] >> 4) * 4: end]
        yield (src, sport), (dst, dport), seq, p[at + 13], body


class Stream:
    def __init__(self, seq):
        self.next, self.parts, self.held = seq, [], {}

    def add(self, seq, data):
        if (seq - self.next) & 0xFFFFFFFF >= 1 << 31:  # starts before
            data = data[(self.next - seq) & 0xFFFFFFFF:]
            seq = self.next
        if data:
            self.held.setdefault(seq, data)
        while self.next in self.held:
            data = self.held.pop(self.next)
            self.parts.append(data)
            self.next = (self.next + len(data)) & 0xFFFFFFFF

    def bytes(self):
        assert not self.held, "a hole in the capture"
        return b"".join(self.parts)


def connections(path):
    """[(client, server, client's Stream, server's Stream)] in SYN order."""
    live, out = {}, []
    for src, dst, seq, flags, body in tcp_segments(path):
        if flags & 0x12 == 0x02:
            c = (src, dst, Stream((seq + 1) & 0xFFFFFFFF), Stream(None))
            live[src, dst] = live[dst, src] = c
            out.append(c)
        elif (src, dst) in live:
            c = live[src, dst]
            stream = c[2] if src == c[0] else c[3]
            if flags & 2:
                stream.next = (seq + 1) & 0xFFFFFFFF
            elif body:
                stream.add(seq, body)
    return out


def head_values(head, name):
    out = []
    for line in head.split(b"\r\n")[1:]:
        n, _, v = line.partition(b":")
        if n.strip().lower() == name:
            out.append(v.strip())
    return b", ".join(out)


def frames(data):
    at = 0
    while at + 2 <= len(data):
        b0, b1 = data[at], data[at + 1]
        n, at = b1 & 127, at + 2
        if n == 126:
            n, at = struct.unpack("!H", data[at: at + 2])[0], at + 2
        elif n == 127:
            n, at = struct.unpack("!Q", data[at: at + 8])[0], at + 8
        key = b""
        if b1 & 128:
            key, at = data[at: at + 4], at + 4
        body = data[at: at + n]
        assert len(body) == n, "a frame without its end"
        at += n
        yield b0 >> 7, b0 >> 4 & 7, b0 & 15, (
            wire.xor_mask(body, key) if key else body)


class Inflater:
    """One sender's permessage-deflate, RFC 7692 section 7.2.2."""

    def __init__(self, takeover):
        self.takeover, self.z, self.history = takeover, None, b""

    def message(self, data):
        data, out = data + b"\x00\x00\xff\xff", b""
        if self.z is None or not self.takeover:
            self.z, self.history = zlib.decompressobj(-15), b""
        while data:
            out += self.z.decompress(data)
            if not self.z.eof:
                break
            data = self.z.unused_data  # BFINAL: blocks go on (7.2.3.4)
            self.z = zlib.decompressobj(
                -15, zdict=(self.history + out)[-32768:])
        self.history = (self.history + out)[-32768:]
        return out


def messages(data, deflate, takeover):
    parts, kind, packed, n, z = [], 0, False, 0, Inflater(takeover)
    for fin, rsv, opcode, body in frames(data):
        if opcode >= 8:
            continue
        if opcode:
            parts, kind, packed, n = [], opcode, deflate and rsv & 4, 0
        parts.append(body)
        n += 1
        if not fin:
            continue
        whole = b"".join(parts)
        wire_len = len(whole)
        if packed:
            whole = z.message(whole)
        yield {"kind": "text" if kind == 1 else "binary", "frames": n,
               "wire_length": wire_len, "compressed": bool(packed),
               "length": len(whole), "complete": True,
               "digest": hashlib.sha1(whole).hexdigest()}


def main(path):
    number = 0
    for client, server, up, down in connections(path):
        asked, answered = up.bytes(), down.bytes()
        at, start = answered.find(b"HTTP/1.1 101 "), asked.find(b"GET ")
        while start >= 0 and b"ec-WebSocket-Key" not in asked[
                start: asked.find(b"\r\n\r\n", start)]:
            start = asked.find(b"GET ", start + 1)
        if at < 0 or start < 0:
            continue
        number += 1
        asked_end = asked.index(b"\r\n\r\n", start) + 4
        answered_end = answered.index(b"\r\n\r\n", at) + 4
        request, response = asked[start:asked_end], answered[at:answered_end]
        key = head_values(request, b"sec-websocket-key")
        want = base64.b64encode(hashlib.sha1(key + wire.GUID).digest())
        ext = head_values(response, b"sec-websocket-extensions")
        print(json.dumps({
            "type": "handshake", "conn": number, "accepted": True,
            "client": {"port": client[1]}, "server": {"port": server[1]},
            "accept_ok": want == head_values(response,
                                             b"sec-websocket-accept"),
            "deflate": {} if b"permessage-deflate" in ext else None}))
        for side, data in (("client", asked[asked_end:]),
                           ("server", answered[answered_end:])):
            takeover = side.encode() + b"_no_context_takeover" not in ext
            for i, m in enumerate(messages(data, b"deflate" in ext, takeover)):
                print(json.dumps({"type": "message", "conn": number,
                                  "from": side, "message": i + 1, **m}))


if __name__ == "__main__":
    main(sys.argv[-1])

# SPDX-License-Identifier: MIT
"""day.py - a day of traffic, as a pcap file or as packets to send.

Twenty thousand connections all over 24 hours: short WebSockets, HTTP with
keep-alive (some become WebSockets at their last request), and WebSockets that
are open all day and idle but for a ping each five minutes.  The same day each
time."""

import base64
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "gen"))
from wire import ACK, BINARY, CLOSE, EPOCH_NS, FIN, PING, PONG  # noqa: E402
from wire import PSH, SYN, TEXT  # noqa: E402
from wire import close_payload, frame, request, response  # noqa: E402

NS = 10**9
HOURS = 24
SHORT, HTTP, IDLE, PING_EACH = 10000, 10000, 40, 300
ETHERNET = b"\x02\x00\x00\x00\x00\x02" b"\x02\x00\x00\x00\x00\x01" b"\x08\x00"
SERVER = bytes((192, 0, 2, 80))
HEADERS = struct.Struct("!14sBBHHHBBH4s4sHHIIBBHHH")
HTTP_REQUEST = b"GET /poll HTTP/1.1\r\nHost: server.example.com\r\n\r\n"
HTTP_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Day:
    """packets: [(ns, bytes)]; what is in them is counted."""

    def __init__(self, seed=24):
        self.rng = random.Random(seed)
        self.packets = []
        self.connections = self.flows = self.frames = self.messages = 0
        self.payload_bytes = 0

    def whole(self):
        """All that happens on it, in order of time."""
        whole = HOURS * 3600
        for i in range(IDLE):
            self.idle(i, whole)
        for i in range(SHORT):
            self.short(IDLE + i, self.rng.uniform(0, whole - 60))
        for i in range(HTTP):
            self.http(IDLE + SHORT + i, self.rng.uniform(0, whole - 60))
        self.packets.sort(key=lambda p: p[0])
        return self

    def idle(self, number, whole):
        flow = Flow(self, number, number * 0.01)
        flow.upgrade()
        last = whole - 60 + number * 0.01
        while flow.now + PING_EACH < last:
            flow.now += PING_EACH
            flow.frame(1, PING, b"keep-alive")
            flow.frame(0, PONG, b"keep-alive")
            if self.rng.random() < 0.02:
                flow.frame(1, TEXT, b'{"news":"few"}')
        flow.bye()

    def short(self, number, start):
        flow = Flow(self, number, start)
        flow.upgrade()
        for _ in range(self.rng.randrange(1, 5)):
            side = self.rng.randrange(2)
            flow.frame(side, BINARY if side else TEXT,
                       b"x" * self.rng.randrange(0, 300))
        flow.bye()

    def http(self, number, start):
        flow = Flow(self, number, start)
        for _ in range(self.rng.randrange(1, 4)):
            flow.put(0, HTTP_REQUEST)
            flow.put(1, HTTP_RESPONSE)
            flow.now += self.rng.uniform(0, 5)
        if number % 10 == 0:
            flow.upgrade()
            flow.frame(0, TEXT, b"the last request")
            flow.bye()
        else:
            flow.shut()

    def pcap(self, name):
        record = struct.Struct("<IIII").pack
        out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
        for ns, data in self.packets:
            out += (record(ns // NS, ns % NS, len(data), len(data)), data)
        with open(name, "wb") as f:
            f.write(b"".join(out))


class Flow:
    """One TCP connection; side 0 is the client.  now: seconds of the day."""

    def __init__(self, day, number, start):
        self.day, self.now = day, start
        address = bytes((10, 0, number // 50000, 1 + number % 250))
        ports = (10000 + number % 50000, 80)
        self.ends = ((address, SERVER, *ports),
                     (SERVER, address, ports[1], ports[0]))
        self.seq = [number * 7919, number * 104729]
        day.flows += 1
        self.put(0, b"", SYN)
        self.put(1, b"", SYN | ACK)
        self.put(0, b"", ACK)

    def put(self, side, data, flags=PSH | ACK):
        day = self.day
        source, target, source_port, target_port = self.ends[side]
        self.now += 0.001
        day.packets.append((EPOCH_NS + int(self.now * NS), HEADERS.pack(
            ETHERNET, 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0, source,
            target, source_port, target_port, self.seq[side] & 0xFFFFFFFF,
            self.seq[1 - side] & 0xFFFFFFFF if flags & ACK else 0, 0x50, flags,
            65535, 0, 0) + data))
        self.seq[side] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def upgrade(self):
        self.day.connections += 1
        key = self.day.rng.getrandbits(128).to_bytes(16, "big")
        key = base64.b64encode(key)
        self.put(0, request(key=key))
        self.put(1, response(key))

    def frame(self, side, opcode, payload):
        self.day.frames += 1
        self.day.messages += opcode in (TEXT, BINARY)
        self.day.payload_bytes += len(payload)
        mask = None if side else self.day.rng.getrandbits(32).to_bytes(4, "big")
        self.put(side, frame(opcode, payload, mask=mask))

    def shut(self):
        self.put(1, b"", FIN | ACK)
        self.put(0, b"", FIN | ACK)
        self.put(1, b"", ACK)

    def bye(self):
        for side in (0, 1):
            self.frame(side, CLOSE, close_payload(1000))
        self.shut()

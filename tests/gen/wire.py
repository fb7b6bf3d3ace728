# SPDX-License-Identifier: MIT
"""wire.py - packets made byte by byte, for traffic that no peer would send.

Standard library only and deterministic: no clock, no unseeded randomness, so
that a sample made twice is the same file twice.

    Capture   packets in time order, written as pcap or pcapng
    Conn      one TCP connection between two endpoints: handshake, data in
              any segmentation, FIN, RST; sequence numbers kept right
    frame()   one WebSocket frame with every field free (RFC 6455 section 5.2)
    request(), response()   the opening handshake (RFC 6455 section 4)
    *_link(), tunnel functions   what stands around the IP packet

Run as a program it edits captures:

    wire.py to-pcapng IN OUT         pcap to pcapng, interface named "lo"
    wire.py cut IN OUT BYTES         the first BYTES bytes of a file
"""

import base64
import hashlib
import ipaddress
import random
import struct
import sys
import zlib

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3

# 2026-01-15 09:00:00 UTC: where the clock of made captures starts.
EPOCH_NS = 1768467600 * 10**9

# Opcodes, RFC 6455 section 11.8
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

# Link types, as registered for pcap and pcapng
NULL, ETHERNET, PPP, RAW, LOOP, SLL = 0, 1, 9, 101, 108, 113
RADIOTAP, IPV4, IPV6, SLL2 = 127, 228, 229, 276

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


# --- WebSocket ---------------------------------------------------------------


def xor_mask(data, key):
    """Masks or unmasks, RFC 6455 section 5.3."""
    if not data:
        return b""
    keys = (key * (len(data) // 4 + 1))[: len(data)]
    n = int.from_bytes(data, "big") ^ int.from_bytes(keys, "big")
    return n.to_bytes(len(data), "big")


def frame(opcode, payload=b"", mask=None, fin=1, rsv=0, form=None, length=None):
    """One frame.  rsv: RSV1 = 4, RSV2 = 2, RSV3 = 1.  form: 7, 16 or 64 bits
    of length whatever the length is.  length: the length to claim."""
    n = len(payload) if length is None else length
    if form is None:
        form = 7 if n < 126 else 16 if n < 65536 else 64
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0x80 if mask is not None else 0
    if form == 7:
        head += bytes([bit | n])
    elif form == 16:
        head += bytes([bit | 126]) + struct.pack("!H", n)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", n)
    if mask is None:
        return head + payload
    return head + mask + xor_mask(payload, mask)


def close_payload(code=None, reason=b""):
    return b"" if code is None else struct.pack("!H", code) + reason


def accept_for(key):
    """Sec-WebSocket-Accept of a key, RFC 6455 section 4.2.2."""
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def head(first_line, headers, eol=b"\r\n"):
    lines = [first_line] + [n + b": " + v for n, v in headers]
    return eol.join(lines) + eol + eol


def request(host=b"server.example.com", target=b"/chat", extra=(),
            key=b"dGhlIHNhbXBsZSBub25jZQ=="):
    """The client's half; the default key is the one of RFC 6455 section 1.3."""
    return head(b"GET " + target + b" HTTP/1.1", [
        (b"Host", host), (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Key", key),
        *extra, (b"Sec-WebSocket-Version", b"13")])


def response(key=b"dGhlIHNhbXBsZSBub25jZQ==", accept=None, extra=()):
    """The server's half."""
    return head(b"HTTP/1.1 101 Switching Protocols", [
        (b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Accept", accept or accept_for(key)), *extra])


class Deflater:
    """permessage-deflate of one sender, RFC 7692 section 7.2.1."""

    def __init__(self, takeover=True, bits=15, level=9):
        self.takeover, self.bits, self.level = takeover, bits, level
        self.z = None

    def message(self, data, final=False):
        """final: end with a BFINAL block (section 7.2.3.4)."""
        if self.z is None or not self.takeover:
            self.z = zlib.compressobj(self.level, zlib.DEFLATED, -self.bits)
        out = self.z.compress(data)
        if final:
            out += self.z.flush(zlib.Z_FINISH) + b"\x00"
            self.z = None
            return out
        out += self.z.flush(zlib.Z_SYNC_FLUSH)
        assert out.endswith(b"\x00\x00\xff\xff")
        return out[:-4]


# --- TCP and IP --------------------------------------------------------------


def checksum(data):
    if len(data) % 2:
        data += b"\x00"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(src, dst, proto, body, ident=0, ttl=64, ext=b"", ext_first=None):
    """An IPv4 or IPv6 packet.  ext: IPv6 extension headers, ready made, the
    first of which has the number ext_first."""
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident,
                        0x4000, ttl, proto, 0, a.packed, b.packed)
        return h[:10] + struct.pack("!H", checksum(h)) + h[12:] + body
    nxt = proto if ext_first is None else ext_first
    return struct.pack("!IHBB16s16s", 6 << 28, len(ext) + len(body), nxt, ttl,
                       a.packed, b.packed) + ext + body


def transport(src, dst, proto, header, at, data):
    """header + data with the checksum (pseudo-header) put in at offset at."""
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    n = len(header) + len(data)
    pseudo = a.packed + b.packed
    pseudo += struct.pack("!HH" if a.version == 4 else "!IxxxB",
                          *((proto, n) if a.version == 4 else (n, proto)))
    c = checksum(pseudo + header + data)
    return header[:at] + struct.pack("!H", c) + header[at + 2:] + data


def udp_packet(src, sport, dst, dport, data):
    h = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return ip_packet(src, dst, 17, transport(src, dst, 17, h, 6, data))


def ip_fragments(packet, size):
    """An IPv4 packet without DF cut into fragments of size bytes of body
    (a multiple of 8), RFC 791 section 3.2."""
    head_, body, out = packet[:20], packet[20:], []
    for at in range(0, len(body), size):
        part = body[at: at + size]
        more = 0x2000 if at + size < len(body) else 0
        h = bytearray(head_)
        struct.pack_into("!H", h, 2, 20 + len(part))
        struct.pack_into("!H", h, 6, more | at // 8)
        struct.pack_into("!H", h, 10, 0)
        struct.pack_into("!H", h, 10, checksum(bytes(h)))
        out.append(bytes(h) + part)
    return out


# --- around the IP packet ------------------------------------------------------

MACS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))


def ethertype(packet):
    return 0x0800 if packet[0] >> 4 == 4 else 0x86DD


def ethernet_link(packet, side=0, tags=(), kind=None):
    """tags: (TPID, TCI) pairs, outermost first (IEEE 802.1Q)."""
    out = MACS[1 - side] + MACS[side]
    for tpid, tci in tags:
        out += struct.pack("!HH", tpid, tci)
    return out + struct.pack("!H", kind or ethertype(packet)) + packet


def mpls_link(packet, side=0, labels=(16, 17)):
    out = b""
    for i, label in enumerate(labels):
        out += struct.pack("!I", label << 12 | (i == len(labels) - 1) << 8 | 64)
    return ethernet_link(out + packet, side, kind=0x8847)


def pppoe_link(packet, side=0):
    proto = 0x0021 if packet[0] >> 4 == 4 else 0x0057
    body = struct.pack("!H", proto) + packet
    return ethernet_link(struct.pack("!BBHH", 0x11, 0, 1, len(body)) + body,
                         side, kind=0x8864)


def null_link(packet, side=0, order="<"):
    return struct.pack(order + "I", 2 if packet[0] >> 4 == 4 else 30) + packet


def raw_link(packet, side=0):
    return packet


def ppp_link(packet, side=0):
    proto = 0x0021 if packet[0] >> 4 == 4 else 0x0057
    return b"\xff\x03" + struct.pack("!H", proto) + packet


def sll_link(packet, side=0):
    return struct.pack("!HHH8sH", 4 * side, 1, 6, MACS[side] + b"\0\0",
                       ethertype(packet)) + packet


def sll2_link(packet, side=0):
    return struct.pack("!HHIHBB8s", ethertype(packet), 0, 1, 1, 4 * side, 6,
                       MACS[side] + b"\0\0") + packet


def radiotap_link(packet, side=0):
    """802.11 QoS data frame, to or from the access point, LLC/SNAP inside."""
    ap = bytes.fromhex("0200000000aa")
    tap = struct.pack("<BBHI", 0, 0, 8, 0)
    flags = 2 if side else 1  # FromDS or ToDS
    addrs = (ap, MACS[0], MACS[1]) if side == 0 else (MACS[0], ap, MACS[1])
    mac = struct.pack("<BBH", 0x88, flags, 0) + b"".join(addrs)
    mac += struct.pack("<HH", 0, 0)
    snap = bytes.fromhex("aaaa03000000") + struct.pack("!H", ethertype(packet))
    return tap + mac + snap + packet


OUTER = ("198.51.100.1", "198.51.100.2")
OUTER6 = ("2001:db8:ffff::1", "2001:db8:ffff::2")


def gre_tunnel(packet, side=0):
    body = struct.pack("!HH", 0, ethertype(packet)) + packet
    return ip_packet(OUTER[side], OUTER[1 - side], 47, body)


def ip_tunnel(packet, side=0):
    """IP in IPv4: protocol 4, or 41 for IPv6 inside (6in4)."""
    proto = 4 if packet[0] >> 4 == 4 else 41
    return ip_packet(OUTER[side], OUTER[1 - side], proto, packet)


def vxlan_tunnel(packet, side=0):
    head_ = struct.pack("!II", 8 << 24, 42 << 8)
    return udp_packet(OUTER[side], 50000 + side, OUTER[1 - side], 4789,
                      head_ + ethernet_link(packet, side))


def geneve_tunnel(packet, side=0):
    head_ = struct.pack("!BBHI", 0, 0, 0x6558, 42 << 8)
    return udp_packet(OUTER6[side], 50000 + side, OUTER6[1 - side], 6081,
                      head_ + ethernet_link(packet, side))


# --- connections ---------------------------------------------------------------


class Conn:
    """One TCP connection; side 0 is the client, side 1 the server.

    Every packet made is acknowledged by the next one of the other side, and
    ack() makes a pure acknowledgement.  step_ns passes before each packet.
    """

    MSS = 1448

    def __init__(self, cap, client=("192.0.2.10", 50000),
                 server=("192.0.2.80", 80), link=ethernet_link, seed=1,
                 iface=0, step_ns=500_000, ip_ext=(b"", None)):
        self.cap, self.ends, self.link = cap, (client, server), link
        self.iface, self.step_ns, self.ip_ext = iface, step_ns, ip_ext
        self.rng = random.Random(seed)
        self.seq = [self.rng.getrandbits(32), self.rng.getrandbits(32)]
        self.ackd = [0, 0]  # what each side has acknowledged
        self.ident = [1, 1]
        self.held = []

    def build(self, side, data=b"", flags=ACK, seq=None, ack=None, window=501):
        """One IP packet; does not move the sequence number."""
        (sa, sp), (da, dp) = self.ends[side], self.ends[1 - side]
        seq = self.seq[side] if seq is None else seq
        ack = self.seq[1 - side] if ack is None else ack
        opts = b""
        if flags & SYN:
            opts = bytes.fromhex("020405b4 01 030307 0402 0101".replace(" ", ""))
        if not flags & ACK:
            ack = 0
        h = struct.pack("!HHIIBBHHH", sp, dp, seq & 0xFFFFFFFF,
                        ack & 0xFFFFFFFF, (20 + len(opts)) // 4 << 4, flags,
                        64240 if flags & SYN else window, 0, 0) + opts
        body = transport(sa, da, 6, h, 16, data)
        self.ident[side] += 1
        return ip_packet(sa, da, 6, body, self.ident[side],
                         ext=self.ip_ext[0], ext_first=self.ip_ext[1])

    def put(self, side, packet, when=None):
        self.cap.now += self.step_ns
        frames = self.link(packet, side)
        for f in frames if isinstance(frames, list) else [frames]:
            self.cap.add(f, self.iface, when)

    def open(self):
        """SYN, SYN+ACK, ACK."""
        self.put(0, self.build(0, flags=SYN))
        self.seq[0] += 1
        self.put(1, self.build(1, flags=SYN | ACK))
        self.seq[1] += 1
        self.put(0, self.build(0))
        return self

    def segment(self, side, data, lost=False):
        """One segment; lost: sent, not captured.  Returns its IP packet."""
        p = self.build(side, data, ACK | PSH)
        self.seq[side] += len(data)
        if lost:
            self.cap.now += self.step_ns
        else:
            self.put(side, p)
        return p

    def send(self, side, data, cuts=None, ack=True):
        """Data in segments: at the MSS, or of the sizes in cuts (the rest in
        one).  ack: the other side acknowledges."""
        sizes = list(cuts or [])
        at = 0
        while at < len(data):
            n = sizes.pop(0) if sizes else (len(data) if cuts else self.MSS)
            self.segment(side, data[at: at + n])
            at += n
        if ack:
            self.ack(1 - side)

    def c(self, data, **kw):
        self.send(0, data, **kw)

    def s(self, data, **kw):
        self.send(1, data, **kw)

    def ack(self, side):
        self.put(side, self.build(side))

    def fin(self, side):
        self.put(side, self.build(side, flags=FIN | ACK))
        self.seq[side] += 1

    def rst(self, side):
        self.put(side, self.build(side, flags=RST | ACK))

    def shut(self, first=1):
        """FIN, FIN, ACK; the server first (RFC 6455 section 7.1.1)."""
        self.fin(first)
        self.fin(1 - first)
        self.ack(first)

    def key(self):
        """A masking key; reproducible, so never for real traffic."""
        return self.rng.getrandbits(32).to_bytes(4, "big")

    def handshake(self, **kw):
        extra = kw.pop("agree", ())
        key = base64.b64encode(self.rng.getrandbits(128).to_bytes(16, "big"))
        self.c(request(key=key, **kw), ack=False)
        self.s(response(key, extra=extra), ack=True)
        return self

    def cf(self, opcode, payload=b"", **kw):
        """A masked client frame in a segment of its own."""
        self.c(frame(opcode, payload, mask=self.key(), **kw))

    def sf(self, opcode, payload=b"", **kw):
        self.s(frame(opcode, payload, **kw))

    def bye(self, code=1000, reason=b"", first=0):
        """Close, Close, FIN, FIN (RFC 6455 section 7)."""
        p = close_payload(code, reason)
        for side in (first, 1 - first):
            (self.sf if side else self.cf)(CLOSE, p)
        self.shut()


# --- capture files ---------------------------------------------------------------


class Capture:
    """Packets in the order they were added; now is the clock."""

    def __init__(self, start_ns=EPOCH_NS):
        self.now = start_ns
        self.packets = []  # (ns, interface, bytes, length on the wire)

    def add(self, data, iface=0, when=None, wire_len=None):
        self.packets.append((self.now if when is None else when, iface, data,
                             len(data) if wire_len is None else wire_len))

    def pcap(self, path, link=ETHERNET, nano=False, order="<", snaplen=262144):
        magic, unit = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
        out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
        for ns, _, data, wire in self.packets:
            data = data[:snaplen]
            out.append(struct.pack(order + "IIII", ns // 10**9,
                                   ns % 10**9 // unit, len(data), wire) + data)
        write(path, b"".join(out))

    def pcapng(self, path, ifaces=(("lo", ETHERNET, 9, 262144),), comments=None):
        """ifaces: (name, link type, decimal digits of a second, snap length).
        comments: {packet number: text}."""
        body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        out = [block(0x0A0D0D0A, body)]
        for name, link, digits, snaplen in ifaces:
            opts = option(2, name.encode()) + option(9, bytes([digits]))
            out.append(block(1, struct.pack("<HHI", link, 0, snaplen)
                             + opts + option(0)))
        for i, (ns, iface, data, wire) in enumerate(self.packets):
            _, _, digits, snaplen = ifaces[iface]
            data = data[:snaplen]
            t = ns // 10 ** (9 - digits)
            opts = b""
            if comments and i + 1 in comments:
                opts = option(1, comments[i + 1].encode()) + option(0)
            out.append(block(6, struct.pack("<IIIII", iface, t >> 32,
                                            t & 0xFFFFFFFF, len(data), wire)
                             + pad(data) + opts))
        write(path, b"".join(out))


def pad(data):
    return data + b"\x00" * (-len(data) % 4)


def option(code, value=b""):
    return struct.pack("<HH", code, len(value)) + pad(value)


def block(kind, body):
    n = len(body) + 12
    return struct.pack("<II", kind, n) + body + struct.pack("<I", n)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def read_pcap(path):
    """Packets of a classic little-endian pcap: (link type, Capture)."""
    with open(path, "rb") as f:
        data = f.read()
    magic, _, _, _, _, _, link = struct.unpack("<IHHiIII", data[:24])
    unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic]
    cap, at = Capture(), 24
    while at + 16 <= len(data):
        sec, frac, got, wire = struct.unpack("<IIII", data[at: at + 16])
        if at + 16 + got > len(data):
            raise SystemExit("%s: cut inside a packet" % path)
        cap.add(data[at + 16: at + 16 + got], 0, sec * 10**9 + frac * unit, wire)
        at += 16 + got
    return link, cap


def main(args):
    if len(args) == 3 and args[0] == "to-pcapng":
        link, cap = read_pcap(args[1])
        cap.pcapng(args[2], (("lo", link, 9, 262144),))
    elif len(args) == 4 and args[0] == "cut":
        with open(args[1], "rb") as f:
            write(args[2], f.read(int(args[3])))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

# SPDX-License-Identifier: MIT
"""made.py - the samples that are made byte by byte, with wire.py.

    made.py FOLDER [NAME...]     all, or those named (without the ending)
    made.py --list

Each function makes one sample; its docstring is the story.  Addresses are
those for documentation (RFC 5737, RFC 3849); the clock starts at 2026-01-15
09:00 UTC; the same call always makes the same bytes.
"""

import json
import os
import struct
import sys

import wire
from wire import (BINARY, CLOSE, CONT, PING, PONG, TEXT, Capture, Conn,
                  Deflater, accept_for, close_payload, frame, head, request,
                  response)

HELLO_KEY = bytes.fromhex("37fa213d")  # the mask of RFC 6455 section 5.7
DEFLATE = (b"Sec-WebSocket-Extensions", b"permessage-deflate")
SAMPLES = {}


def sample(ending):
    def note(make):
        SAMPLES[make.__name__.replace("_", "-")] = (ending, make)
        return make
    return note


@sample("pcap")
def good_rfc_examples(cap, path):
    """The examples of RFC 6455: the handshake of section 1.3 with
    subprotocols, the frames of section 5.7, a second handshake."""
    c = Conn(cap, server=("192.0.2.80", 80)).open()
    c.c(request(extra=[(b"Origin", b"http://example.com"),
                       (b"Sec-WebSocket-Protocol", b"chat, superchat")]),
        ack=False)
    c.s(response(extra=[(b"Sec-WebSocket-Protocol", b"chat")]))
    c.s(frame(TEXT, b"Hello"))
    c.c(frame(TEXT, b"Hello", mask=HELLO_KEY))
    c.s(frame(TEXT, b"Hel", fin=0))
    c.s(frame(CONT, b"lo"))
    c.s(frame(BINARY, bytes(range(256))))
    c.s(frame(BINARY, bytes(i * 7 % 256 for i in range(65536))))
    c.bye(1000, b"", first=1)
    key = b"x3JJHMbDL1EzLkh9GBhXDw=="
    d = Conn(cap, ("192.0.2.11", 50001), ("192.0.2.80", 80), seed=2).open()
    d.c(request(key=key, extra=[(b"Origin", b"http://example.com"),
                                (b"Sec-WebSocket-Protocol",
                                 b"chat, superchat")]), ack=False)
    d.s(response(key, extra=[(b"Sec-WebSocket-Protocol", b"chat")]))
    # Here, as no connection may use a masking key twice.
    d.s(frame(PING, b"Hello"))
    d.c(frame(PONG, b"Hello", mask=HELLO_KEY))
    d.bye()
    cap.pcap(path)


@sample("pcap")
def good_deflate_examples(cap, path):
    """The permessage-deflate examples of RFC 7692 section 7.2.3, and the
    ways in which a message may be compressed."""
    c = Conn(cap).open().handshake(extra=[DEFLATE], agree=[DEFLATE])

    def z(hexa, side=1, op=TEXT, rsv=4, fin=1):
        c.send(side, frame(op, bytes.fromhex(hexa), rsv=rsv, fin=fin,
                           mask=None if side else HELLO_KEY))

    z("f248cdc9c90700")             # 7.2.3.1 one block
    z("f248cd", fin=0)              # 7.2.3.1 the same in two frames
    z("c9c90700", op=CONT, rsv=0)
    z("f200110000")                 # 7.2.3.2 history of the message before
    z("000500faff48656c6c6f00")     # 7.2.3.3 a block without compression
    z("f348cdc9c9070000")           # 7.2.3.4 a block with BFINAL
    z("f248050000 00ffffcac9c90700".replace(" ", ""))  # 7.2.3.5 two blocks
    z("00")                         # 7.2.3.6 an empty message
    c.sf(TEXT, b"not compressed")   # RSV1 clear: section 6.1 allows it
    z("f248cdc9c90700", side=0)
    deflate = Deflater()
    data = deflate.message(b"one message, a ping in the middle" * 4)
    c.sf(TEXT, data[:9], rsv=4, fin=0)
    c.sf(PING, b"between")
    c.cf(PONG, b"between")
    c.sf(CONT, data[9:])
    c.sf(TEXT, deflate.message(b"one message, history goes on" * 4), rsv=4)
    c.bye()
    # A window of 2^9 bytes for the server, no history for the client.
    params = (b"permessage-deflate; server_max_window_bits=9; "
              b"client_no_context_takeover")
    ext = (b"Sec-WebSocket-Extensions", params)
    d = Conn(cap, ("192.0.2.11", 50001), seed=2).open()
    d.handshake(extra=[ext], agree=[ext])
    server, client = Deflater(bits=9), Deflater(takeover=False)
    for i in range(4):
        text = json.dumps({"n": i, "rows": ["the same words"] * 40}).encode()
        d.sf(TEXT, server.message(text), rsv=4)
        d.cf(TEXT, client.message(text), rsv=4)
    d.bye()
    # Offered and not taken: frames stay as they are.
    e = Conn(cap, ("192.0.2.12", 50002), seed=3).open()
    e.handshake(extra=[DEFLATE])
    e.cf(TEXT, b"offered")
    e.sf(TEXT, b"and declined")
    e.bye()
    cap.pcap(path)


@sample("pcap")
def good_ipv6_vlan(cap, path):
    """IPv6 in a VLAN, then in two VLAN tags with extension headers."""
    client, server = ("2001:db8::10", 50000), ("2001:db8::80", 8080)

    def tagged(packet, side):
        return wire.ethernet_link(packet, side, tags=[(0x8100, 0x2064)])

    def twice(packet, side):
        return wire.ethernet_link(packet, side,
                                  tags=[(0x88A8, 200), (0x8100, 100)])

    # Hop-by-hop options (PadN), then destination options (PadN), RFC 8200
    # section 4; 0 is the number of the first, 6 (TCP) follows the last.
    ext = bytes.fromhex("3c000104000000000600010400000000")
    for i, (link, ip_ext) in enumerate([(tagged, (b"", None)),
                                        (twice, (ext, 0))]):
        c = Conn(cap, (client[0], client[1] + i), server, link=link,
                 seed=1 + i, ip_ext=ip_ext).open()
        c.handshake(host=b"[2001:db8::80]:8080")
        c.cf(TEXT, b"which network is this?")
        c.sf(TEXT, b"IPv6, VLAN 100")
        c.cf(PING, b"still there?")
        c.sf(PONG, b"still there?")
        c.bye(1000, b"done")
    cap.pcap(path)


def short_talk(c, name):
    c.open().handshake()
    c.cf(TEXT, b"hello through " + name)
    c.sf(TEXT, b"hello back")
    c.bye()


@sample("pcapng")
def good_link_types(cap, path):
    """One connection each on ten interfaces with ten link types and three
    time resolutions, in one pcapng file."""
    kinds = [
        ("ether0", wire.ETHERNET, 9, wire.ethernet_link),
        ("any-sll", wire.SLL, 6, wire.sll_link),
        ("any-sll2", wire.SLL2, 9, wire.sll2_link),
        ("null0", wire.NULL, 6, wire.null_link),
        ("loop0", wire.LOOP, 6,
         lambda p, s: wire.null_link(p, s, order=">")),
        ("tun0", wire.RAW, 9, wire.raw_link),
        ("tun4", wire.IPV4, 3, wire.raw_link),
        ("tun6", wire.IPV6, 9, wire.raw_link),
        ("ppp0", wire.PPP, 6, wire.ppp_link),
        ("wlan0", wire.RADIOTAP, 6, wire.radiotap_link),
    ]
    for i, (name, number, _, link) in enumerate(kinds):
        six = number == wire.IPV6
        c = Conn(cap, ("2001:db8::10" if six else "192.0.2.10", 50000 + i),
                 ("2001:db8::80" if six else "192.0.2.80", 80), link=link,
                 seed=1 + i, iface=i, step_ns=1_000_000)
        short_talk(c, name.encode())
    cap.pcapng(path, [(n, k, d, 262144) for n, k, d, _ in kinds],
               {1: "one interface after the other, ten link types"})


@sample("pcap")
def good_tunnels(cap, path):
    """MPLS, PPPoE, GRE, IP in IP, 6in4, VXLAN, Geneve, IP fragments: one
    connection in each."""
    def over(tunnel):
        return lambda p, s: wire.ethernet_link(tunnel(p, s), s)

    def fragments(p, side):
        free = p[:6] + b"\x00\x00" + p[8:]  # without "don't fragment"
        return [wire.ethernet_link(f, side)
                for f in wire.ip_fragments(free, 64)]

    kinds = [("MPLS", wire.mpls_link), ("PPPoE", wire.pppoe_link),
             ("GRE", over(wire.gre_tunnel)), ("IP in IP", over(wire.ip_tunnel)),
             ("6in4", over(wire.ip_tunnel)),
             ("VXLAN", over(wire.vxlan_tunnel)),
             ("Geneve", over(wire.geneve_tunnel)),
             ("IP fragments", fragments)]
    for i, (name, link) in enumerate(kinds):
        six = name == "6in4"
        c = Conn(cap, ("2001:db8::10" if six else "192.0.2.10", 50000 + i),
                 ("2001:db8::80" if six else "192.0.2.80", 80), link=link,
                 seed=1 + i)
        short_talk(c, name.encode())
    cap.pcap(path)


@sample("pcap")
def good_proxy_protocol(cap, path):
    """What a backend behind a load balancer sees: the PROXY protocol,
    version 1 (text) and 2 (binary), before the HTTP request."""
    v1 = b"PROXY TCP4 203.0.113.7 192.0.2.80 51234 443\r\n"
    v2 = (b"\r\n\r\n\x00\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x11, 12)
          + bytes([203, 0, 113, 7, 192, 0, 2, 80])
          + struct.pack("!HH", 51234, 443))
    keys = (b"ZRMnDiaeDTfyp03kUua0OA==", b"0j8IJBKLLzMMXH/QpqOkUA==")
    for i, prefix in enumerate((v1, v2)):
        c = Conn(cap, ("192.0.2.1", 50000 + i), ("192.0.2.80", 8080),
                 seed=1 + i).open()
        if i == 0:
            c.c(prefix + request(key=keys[i]), ack=False)  # in one segment
        else:
            c.c(prefix)
            c.c(request(key=keys[i]), ack=False)
        c.s(response(keys[i]))
        c.cf(TEXT, b"who am I?")
        c.sf(TEXT, b"203.0.113.7")
        c.bye()
    cap.pcap(path)


@sample("pcap")
def odd_wrong_accept(cap, path):
    """Six servers compute Sec-WebSocket-Accept: one rightly, five with the
    usual slips.  The client hangs up on those (RFC 6455 section 4.1)."""
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    answers = [
        b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",  # right
        b"BXhwxM0SZasKmCD9S4BfpPmCnEw=",  # key decoded before hashing
        b"YjM3YTRmMmNjMDYyNGYxNjkwZjY0NjA2Y2YzODU5NDViMmJlYzRlYQ==",
        b"WJfwerbIozKsJXHxxI0JTO1SQgU=",  # GUID in lower case
        b"xytUlkF2rVz2XzwONMCug9nn1qA=",  # key with a space behind it
        b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo",   # right, but padding cut off
    ]
    assert accept_for(key) == answers[0]
    for i, answer in enumerate(answers):
        c = Conn(cap, ("192.0.2.10", 50000 + i), seed=1 + i).open()
        c.c(request(), ack=False)
        c.s(response(accept=answer))
        if i == 0:
            c.sf(TEXT, b"right")
            c.bye()
        else:
            c.shut(first=0)
    cap.pcap(path)


@sample("pcap")
def odd_http_heads(cap, path):
    """Handshakes that are legal or nearly so and that strict parsers miss:
    absolute form, bare LF, odd case, repeated and folded headers, data in the
    same segment as the 101 or before it, a method in two segments, wss port."""
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    up = [(b"Host", b"localhost:8080"), (b"Upgrade", b"websocket"),
          (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Version", b"13"),
          (b"Sec-WebSocket-Key", key)]

    def get(target=b"/ws", headers=(), eol=b"\r\n"):
        return head(b"GET " + target + b" HTTP/1.1", list(headers) or up, eol)

    odd_case = [(b"hOST", b"localhost:8080"), (b"UPGRADE", b"WebSocket"),
                (b"connection", b"keep-alive, UPGRADE"),
                (b"SEC-WEBSOCKET-VERSION", b" 13 "),
                (b"sec-websocket-key", b"\t" + key)]
    repeated = up + [(b"Sec-WebSocket-Protocol", b"chat"),
                     (b"Sec-WebSocket-Protocol", b"superchat"),
                     (b"Sec-WebSocket-Extensions",
                      b"permessage-deflate; client_max_window_bits"),
                     (b"Sec-WebSocket-Extensions",
                      b'permessage-deflate; server_max_window_bits="10", x-own')]
    folded = up + [(b"X-Long", b"first line,\r\n  second line")]
    cookie = up + [(b"Cookie", b"session=not-a-real-one; theme=dark"),
                   (b"Origin", b"http://localhost:8080")]
    cases = [
        ("absolute form", get(b"ws://localhost:8080/ws", cookie), None),
        ("bare LF", get(eol=b"\n"), None),
        ("odd case", get(headers=odd_case), None),
        ("repeated", get(headers=repeated), None),
        ("folded", get(headers=folded), None),
        ("cut in the method", get(), [2, 1, 30]),
        ("blank lines first", b"\r\n\r\n" + get(), None),
        ("frames with the 101", get(), None),
        ("client before the 101", get(), None),
    ]
    for i, (name, req, cuts) in enumerate(cases):
        c = Conn(cap, ("192.0.2.10", 50000 + i), ("192.0.2.80", 8080),
                 seed=1 + i).open()
        text = frame(TEXT, name.encode(), mask=c.key())
        if name == "client before the 101":
            c.c(req + text)
        else:
            c.c(req, cuts=cuts, ack=False)
        extra = [(b"Sec-WebSocket-Protocol", b"superchat")]
        res = response(extra=extra if name == "repeated" else ())
        if name == "bare LF":
            res = res.replace(b"\r\n", b"\n")
        if name == "frames with the 101":
            res += frame(TEXT, b"welcome") + frame(PING, b"1")
        c.s(res)
        if name != "client before the 101":
            c.c(text)
        c.sf(TEXT, b"seen")
        c.bye()
    cap.pcap(path)


# Each of these is one connection: who sends it, and the frames.
FRAME_FAULTS = [
    ("client unmasked", 0, [dict(opcode=TEXT, payload=b"bare", mask=None)]),
    ("server masked", 1, [dict(opcode=TEXT, payload=b"masked",
                               mask=HELLO_KEY)]),
    ("length 5 in 16 bits", 0, [dict(opcode=TEXT, payload=b"Hello", form=16)]),
    ("length 5 in 64 bits", 0, [dict(opcode=TEXT, payload=b"Hello", form=64)]),
    ("RSV1 not agreed", 0, [dict(opcode=TEXT, payload=b"Hello", rsv=4)]),
    ("RSV2 and RSV3", 0, [dict(opcode=TEXT, payload=b"Hello", rsv=3)]),
    ("opcode 3", 0, [dict(opcode=3, payload=b"Hello")]),
    ("opcode 11", 0, [dict(opcode=11, payload=b"Hello")]),
    ("ping in two frames", 0, [dict(opcode=PING, payload=b"fragm", fin=0),
                               dict(opcode=CONT, payload=b"ent")]),
    ("ping of 126 bytes", 0, [dict(opcode=PING, payload=b"\xfe" * 126)]),
    ("continuation of nothing", 0, [dict(opcode=CONT, payload=b"orphan")]),
    ("two messages at once", 0, [dict(opcode=TEXT, payload=b"one", fin=0),
                                 dict(opcode=TEXT, payload=b"two"),
                                 dict(opcode=CONT, payload=b"end")]),
    ("zero masking key", 0, [dict(opcode=TEXT, payload=b"seen as sent",
                                  mask=bytes(4))]),
    ("empty fragments", 0, [dict(opcode=TEXT, payload=b"", fin=0),
                            dict(opcode=CONT, payload=b"", fin=0),
                            dict(opcode=CONT, payload=b"")]),
]


@sample("pcap")
def odd_frames(cap, path):
    """One rule of RFC 6455 section 5 broken in each connection; each time
    two good messages follow, which must still be read, then Close 1002."""
    for i, (_, side, frames) in enumerate(FRAME_FAULTS):
        c = Conn(cap, ("192.0.2.10", 50000 + i), seed=1 + i)
        c.open().handshake()
        for f in frames:
            if "mask" not in f:
                f = dict(f, mask=None if side else c.key())
            c.send(side, frame(**f))
        c.cf(TEXT, b"the next message")
        c.sf(TEXT, b"is read all the same")
        c.bye(1002, b"protocol error", first=1 - side)
    # The length with its top bit set: nothing after it can be trusted.
    c = Conn(cap, ("192.0.2.10", 50000 + len(FRAME_FAULTS)), seed=99)
    c.open().handshake()
    c.c(frame(BINARY, b"12345", mask=c.key(), form=64, length=1 << 63 | 5))
    c.bye(1002, b"length", first=1)
    # 2^32 + 5 bytes announced, five sent.
    c = Conn(cap, ("192.0.2.10", 50001 + len(FRAME_FAULTS)), seed=100)
    c.open().handshake()
    c.c(frame(BINARY, b"12345", mask=c.key(), form=64, length=(1 << 32) + 5))
    c.rst(1)
    cap.pcap(path)


@sample("pcap")
def odd_utf8(cap, path):
    """Text that is not UTF-8 (RFC 6455 section 8.1), and text that is but
    whose characters are cut by the frames."""
    kosme = "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()
    good = [kosme, "\u5e27 mask \u63a9\u7801 \U0001f600".encode(),
            b"\xef\xbf\xbe\xf4\x8f\xbf\xbf"]
    bad = [kosme + b"\xed\xa0\x80edited", b"\xc0\xaf", b"\xf4\x90\x80\x80",
           b"\x80", kosme[:-1], b"\xfe\xff"]
    c = Conn(cap).open().handshake()
    for text in good:
        c.sf(TEXT, text)
        parts = [text[i: i + 1] for i in range(len(text))]
        c.c(b"".join(frame(CONT if i else TEXT, p, mask=c.key(),
                           fin=int(i + 1 == len(parts)))
                     for i, p in enumerate(parts)))
    c.bye()
    for i, text in enumerate(bad):
        c = Conn(cap, ("192.0.2.10", 50001 + i), seed=2 + i)
        c.open().handshake()
        c.cf(TEXT, text)
        c.bye(1007, b"not UTF-8", first=1)
    # Also in a reason (section 5.5.1), and text that would act on a terminal.
    c = Conn(cap, ("192.0.2.10", 50100), seed=50).open().handshake()
    c.sf(TEXT, b"\x1b[2J\x1b]0;title\x07\r\nrow \xe2\x80\xaegnirts\x00\x7f")
    c.bye(1000, b"bad \xff reason")
    cap.pcap(path)


@sample("pcap")
def odd_close(cap, path):
    """How connections end: codes, no code, crossing, no answer, FIN only,
    RST, data after Close, one byte, codes that must not be sent, still
    open."""
    cases = ["clean 1001", "empty", "4000", "crossing", "no answer",
             "FIN only", "RST", "data after", "one byte", "1005 sent",
             "code 999", "client first in TCP", "mid frame", "open"]
    for i, name in enumerate(cases):
        c = Conn(cap, ("192.0.2.10", 50000 + i), seed=1 + i)
        c.open().handshake()
        c.cf(TEXT, name.encode())
        c.sf(TEXT, b"ok")
        close = close_payload
        if name == "clean 1001":
            c.bye(1001, b"going away", first=1)
        elif name == "empty":
            c.bye(None)
        elif name == "4000":
            c.bye(4000, b"application's own")
        elif name == "crossing":
            c.c(frame(CLOSE, close(1000), mask=c.key()), ack=False)
            c.s(frame(CLOSE, close(1001)), ack=False)
            c.shut()
        elif name == "no answer":
            c.cf(CLOSE, close(1000))
            c.shut()
        elif name == "FIN only":
            c.shut(first=0)
        elif name == "RST":
            c.rst(1)
        elif name == "data after":
            c.cf(CLOSE, close(1000))
            c.sf(TEXT, b"was on its way")
            c.cf(TEXT, b"must not be sent any more")
            c.sf(CLOSE, close(1000))
            c.shut()
        elif name == "one byte":
            c.cf(CLOSE, b"a")
            c.sf(CLOSE, close(1002))
            c.shut()
        elif name == "1005 sent":
            c.bye(1005)
        elif name == "code 999":
            c.bye(999)
        elif name == "client first in TCP":
            c.cf(CLOSE, close(1000))
            c.sf(CLOSE, close(1000))
            c.shut(first=0)
        elif name == "mid frame":
            c.s(frame(BINARY, b"x" * 300)[:200])
            c.shut()
    cap.pcap(path)


@sample("pcap")
def odd_reordered(cap, path):
    """Segments late, twice, overlapping, with data on the SYN's heels, a
    keep-alive probe, a zero-window probe: every message is still there."""
    c = Conn(cap).open().handshake()

    def later(packets):
        for side, p in packets:
            c.put(side, p)

    def make(side, data):
        p = c.build(side, data, wire.ACK | wire.PSH)
        c.seq[side] += len(data)
        return (side, p)

    texts = [frame(TEXT, b"message %d in order" % i) for i in range(6)]
    a = [make(1, t) for t in texts[:3]]
    later([a[2], a[0], a[1]])               # out of order
    c.ack(0)
    b = [make(1, t) for t in texts[3:]]
    later([b[0], b[0], b[1], b[2], b[1]])   # sent twice
    c.ack(0)
    start = c.seq[1]                        # overlap, same bytes
    two = frame(TEXT, b"first part|second part|third")
    c.put(1, c.build(1, two[:20], seq=start))
    c.put(1, c.build(1, two[10:], seq=start + 10))
    c.seq[1] = start + len(two)
    c.ack(0)
    start = c.seq[1]                        # overlap, other bytes: the first
    two = frame(TEXT, b"what was seen first counts")  # copy wins
    c.put(1, c.build(1, two[:16], seq=start))
    c.put(1, c.build(1, b"?" * 8 + two[16:], seq=start + 8))
    c.seq[1] = start + len(two)
    c.ack(0)
    c.put(0, c.build(0, b"\0", seq=c.seq[0] - 1))   # keep-alive probe
    c.ack(1)
    c.put(0, c.build(0, window=0))          # window closed, probe, open
    c.put(1, c.build(1, b"\x81", seq=c.seq[1]))
    c.put(0, c.build(0, window=0))
    c.put(0, c.build(0))
    c.sf(TEXT, b"after the zero window")
    c.bye()
    # The sequence number wraps, the FIN comes before the last data.
    d = Conn(cap, ("192.0.2.10", 50001), seed=2)
    d.seq[1] = 0xFFFFFF00
    d.open().handshake()
    for i in range(8):
        d.sf(TEXT, b"over the edge of 2^32: %d" % i)
    close = [(1, d.build(1, frame(CLOSE, close_payload(1001)), wire.ACK))]
    d.seq[1] += 4
    fin = d.build(1, flags=wire.FIN | wire.ACK)
    d.put(1, fin)
    d.put(*close[0])
    d.seq[1] += 1
    d.cf(CLOSE, close_payload(1001))
    d.fin(0)
    d.ack(1)
    # The same ports again, at once.
    e = Conn(cap, ("192.0.2.10", 50001), seed=3).open().handshake()
    e.sf(TEXT, b"same ports, another connection")
    e.bye()
    cap.pcap(path)


def quote_stream(n):
    """Messages of a feed, enough to fill segments."""
    return [json.dumps({"n": i, "price": 100 + i * 7 % 13,
                        "pad": "abcdefgh" * (20 + i * 5 % 17)}).encode()
            for i in range(n)]


@sample("pcap")
def broken_lost_segment(cap, path):
    """A feed of 100 messages in full segments; the capture misses one segment
    in the middle, which the receiver got: a gap, and no phantom frames."""
    c = Conn(cap).open().handshake()
    data = b"".join(frame(TEXT, t) for t in quote_stream(100))
    for n, at in enumerate(range(0, len(data), c.MSS)):
        c.segment(1, data[at: at + c.MSS], lost=n == 9)
        if n % 2:
            c.ack(0)
    c.ack(0)
    c.cf(TEXT, b"thank you")
    c.bye()
    # Inside one large frame the frame boundary stays known.
    d = Conn(cap, ("192.0.2.10", 50001), seed=2).open().handshake()
    data = frame(BINARY, bytes(i % 251 for i in range(10000)))
    for n, at in enumerate(range(0, len(data), d.MSS)):
        d.segment(1, data[at: at + d.MSS], lost=n == 3)
    d.ack(0)
    d.sf(TEXT, b"the next frame is where it must be")
    d.bye()
    cap.pcap(path)


def trades(n, snapshot):
    """Trades, as a ticker tells them, with one message among them that looks
    like none before it and is longer than a window of 2^9 bytes."""
    names = ("AMBR", "BASL", "CEDR", "DLTA", "EMBR", "FJRD", "GROV", "HAVN",
             "INDG", "JSPR", "KSTR")
    picture, state = [], 1
    for _ in range(640):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        picture.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[state >> 16 & 31])
    for i in range(n):
        trade = {"n": i, "name": names[i * 7 % 11],
                 "price": round(20 + i * 37 % 61 + i * 13 % 97 / 100, 2),
                 "volume": 100 + i * 7919 % 9000}
        yield json.dumps({"picture": "".join(picture)} if i == snapshot
                         else trade).encode()


@sample("pcap")
def broken_lost_deflate(cap, path):
    """permessage-deflate with context takeover and a window of 512 bytes; the
    fifth message of forty was not captured: what refers to it, and to what
    refers to it, cannot be known, until it has left the window."""
    ext = (b"Sec-WebSocket-Extensions",
           b"permessage-deflate; server_max_window_bits=9")
    c = Conn(cap).open().handshake(extra=[ext], agree=[ext])
    deflate = Deflater(bits=9)
    for i, text in enumerate(trades(40, 30)):
        c.segment(1, frame(TEXT, deflate.message(text), rsv=4), lost=i == 4)
        c.ack(0)
    c.bye()
    cap.pcap(path)


@sample("pcap")
def broken_midstream(cap, path):
    """The capture begins in a running connection: no SYN, no handshake, the
    first segment starts inside a frame."""
    whole = Capture(cap.now)
    c = Conn(whole, server=("192.0.2.80", 8443)).open().handshake()
    first = len(whole.packets)
    texts = quote_stream(40)
    data = b"".join(frame(TEXT, t) for t in texts)
    c.s(data[:5000])
    for t in texts[:6]:
        c.cf(TEXT, b"ack " + t[:12])
    c.s(data[5000:])
    c.cf(PING, b"heartbeat")
    c.sf(PONG, b"heartbeat")
    c.bye()
    cap.packets = whole.packets[first + 1:]
    cap.pcap(path)


@sample("pcap")
def broken_snaplen(cap, path):
    """Captured with a snap length of 256: the handshake is whole, the longer
    messages are cut, the lengths of the frames are still there."""
    c = Conn(cap).open()
    c.handshake()
    for i, t in enumerate(quote_stream(8)):
        c.sf(TEXT, t)
        c.cf(TEXT, b"got %d" % i)
    c.bye()
    cap.pcap(path, snaplen=256)


@sample("pcap")
def broken_one_direction(cap, path):
    """Only the client's packets were captured (asymmetric routing, a mirror
    port of one direction)."""
    whole = Capture(cap.now)
    c = Conn(whole).open().handshake()
    c.cf(TEXT, b"can you hear me?")
    c.sf(TEXT, b"never seen")
    c.cf(PING, b"?")
    c.sf(PONG, b"?")
    c.bye()
    mine = wire.MACS[1] + wire.MACS[0]
    cap.packets = [p for p in whole.packets if p[2].startswith(mine)]
    cap.pcap(path)


def main(args):
    if args == ["--list"]:
        print("\n".join("%s.%s" % (n, e) for n, (e, _) in SAMPLES.items()))
        return
    if not args:
        raise SystemExit(__doc__)
    for name in args[1:] or SAMPLES:
        ending, make = SAMPLES[name]
        make(Capture(), os.path.join(args[0], "%s.%s" % (name, ending)))


if __name__ == "__main__":
    main(sys.argv[1:])

# SPDX-License-Identifier: MIT
"""rude.py PORT

A client that breaks one rule of RFC 6455 on each connection and looks what the
server does.  The server is the "echo" of peer.js, peer.py or lws.c.  A line
each, with tabs between:

    local port, case, findings that wsray must make, findings that may
    accompany them, what the server did

Standard library only."""

import base64
import os
import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
WAIT = 1.0  # seconds for an answer; most come at once
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
# What may follow from any broken rule, by either side.
FOLLOWS = ("close-error-code frame-violation-tolerated "
           "tcp-fin-without-close-frame tcp-rst-while-open "
           "perf-reconnect-storm handshake-426-without-upgrade "
           "handshake-refused handshake-no-response close-reply-missing")


def frame(op, payload=b"", fin=1, rsv=0, mask=None, form=0):
    """mask: None = random, b"" = unmasked; form 126, 127: longer than needed"""
    out = bytes([fin << 7 | rsv << 4 | op])
    mask = os.urandom(4) if mask is None else mask
    bit = 128 if mask else 0
    n = len(payload)
    if form == 127 or n > 65535:
        out += bytes([bit | 127]) + struct.pack(">Q", n)
    elif form == 126 or n > 125:
        out += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        out += bytes([bit | n])
    if not mask:
        return out + payload
    return out + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


def request(drop=(), line=None, **fields):
    head = {"Host": "127.0.0.1:%d" % PORT, "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13"}
    head.update({k.replace("_", "-"): v for k, v in fields.items()})
    lines = [line or "GET / HTTP/1.1"]
    lines += ["%s: %s" % (k, v) for k, v in head.items() if k not in drop]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Peer:
    """The server's side of a connection, as far as it came."""

    def __init__(self):
        self.sock = socket.create_connection(("127.0.0.1", PORT))
        self.port = self.sock.getsockname()[1]
        self.data, self.frames, self.end = b"", [], None

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            self.end = self.end or "reset"

    def read(self, seconds):
        """False when there is no more"""
        self.sock.settimeout(max(seconds, 0.001))
        try:
            got = self.sock.recv(65536)
        except socket.timeout:
            return False
        except OSError:
            self.end = self.end or "reset"
            return False
        if not got:
            self.end = self.end or "closed"
            return False
        self.data += got
        return True

    def head(self):
        """status line, None when there is none"""
        until = time.monotonic() + WAIT
        while b"\r\n\r\n" not in self.data:
            if not self.read(until - time.monotonic()):
                return None
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        return int(head.split(b" ")[1])

    def parse(self):
        while len(self.data) >= 2:
            n, at = self.data[1] & 127, 2
            if n > 125:
                size = 2 if n == 126 else 8
                if len(self.data) < 2 + size:
                    return
                n, at = int.from_bytes(self.data[2:2 + size], "big"), 2 + size
            if len(self.data) < at + n:
                return
            self.frames.append((self.data[0] & 15, self.data[at:at + n]))
            self.data = self.data[at + n:]

    def read_until(self, done, seconds=WAIT):
        until = time.monotonic() + seconds
        self.parse()
        while not any(done(f) for f in self.frames):
            if not self.read(until - time.monotonic()):
                break
            self.parse()

    def closed_with(self):
        return next((p for op, p in self.frames if op == CLOSE), None)

    def leave(self):
        """A clean end, so that only the one rule is broken"""
        if self.closed_with() is None and not self.end:
            self.send(close(1000))
            self.read_until(lambda f: f[0] == CLOSE)
        until = time.monotonic() + WAIT
        while not self.end and self.read(until - time.monotonic()):
            pass
        self.sock.close()


def describe(peer):
    code = peer.closed_with()
    if code is not None:
        return "close %s" % (struct.unpack(">H", code[:2])[0]
                             if len(code) > 1 else "without code")
    if peer.end:
        return peer.end
    return None


def say(peer, case, ids, may, answer):
    print("\t".join([str(peer.port), case, ids, FOLLOWS + " " + may, answer]),
          flush=True)


def break_frames(case, ids, sent, may="", closes=False):
    """What breaks the rule; then, if that closes nothing: still there?"""
    peer = Peer()
    peer.send(request(Sec_WebSocket_Extensions="permessage-deflate")
              if "deflate" in case else request())
    status = peer.head()
    if status != 101:
        say(peer, case, ids, may, "HTTP %s at the handshake" % status)
        return
    peer.send(sent)
    if not closes:
        peer.send(frame(TEXT, b"still there?"))
    peer.read_until(lambda f: f[0] == CLOSE or f[1].endswith(b"still there?"))
    answer = describe(peer)
    if answer is None:
        echoed = any(p.endswith(b"still there?") for _, p in peer.frames)
        answer = "tolerated" if echoed else "nothing"
    elif peer.closed_with() is not None and not closes:
        peer.send(frame(CLOSE, peer.closed_with()))
    peer.leave()
    say(peer, case, ids, may, answer)


def break_close(case, ids, payload, may=""):
    peer = Peer()
    peer.send(request())
    peer.head()
    peer.send(frame(CLOSE, payload))
    peer.read_until(lambda f: f[0] == CLOSE)
    answer = describe(peer) or "nothing"
    peer.leave()
    say(peer, case, ids, may, answer)


def break_handshake(case, ids, head, may=""):
    peer = Peer()
    peer.send(head)
    status = peer.head()
    answer = "HTTP %d" % status if status else peer.end or "nothing"
    if status == 101:
        answer = "101, accepted"
        peer.leave()
    else:
        peer.sock.close()
    say(peer, case, ids, may, answer)


def ignore(case, ids, command, waits_for, may="", reply=b""):
    """The server is told to ping or to close; there is no right answer."""
    peer = Peer()
    peer.send(request())
    peer.head()
    peer.send(frame(TEXT, command))
    peer.read_until(lambda f: f[0] == waits_for)
    peer.send(reply)
    answers = []
    if waits_for == PING:
        for _ in range(3):  # other frames, so that it is seen to be alive
            time.sleep(0.25)
            peer.send(frame(TEXT, b"x"))
        peer.read_until(lambda f: f[0] == CLOSE, 0.2)
    else:
        start = time.monotonic()
        while not peer.end and peer.read(start + 2 * WAIT - time.monotonic()):
            pass
        answers.append(peer.end or "waits")
        if peer.end and time.monotonic() - start < 0.1:
            ids, answers = "-", ["closes TCP before an answer can come"]
    answer = "; ".join(answers) or describe(peer) or "tolerated"
    if waits_for == PING:
        peer.leave()
    peer.sock.close()
    say(peer, case, ids, may, answer)


def all_frames():
    hello = b"hello"
    break_frames("(nothing wrong)", "-", frame(TEXT, hello))
    break_frames("unmasked frame", "frame-client-unmasked",
                 frame(TEXT, hello, mask=b""))
    for op in (3, 7, 11, 15):
        break_frames("reserved opcode %d" % op, "frame-opcode-reserved",
                     frame(op, b"" if op > 8 else hello))
    break_frames("RSV1 without extension", "frame-rsv1-not-negotiated",
                 frame(TEXT, hello, rsv=4))
    break_frames("RSV2", "frame-rsv2-or-rsv3-set", frame(TEXT, hello, rsv=2))
    break_frames("RSV3", "frame-rsv2-or-rsv3-set", frame(TEXT, hello, rsv=1))
    break_frames("RSV1 on a ping, deflate agreed", "deflate-rsv1-on-control",
                 frame(PING, hello, rsv=4))
    break_frames("RSV1 on a continuation, deflate agreed",
                 "deflate-rsv1-on-continuation",
                 frame(TEXT, hello, fin=0) + frame(CONT, hello, rsv=4))
    break_frames("what does not inflate, deflate agreed",
                 "deflate-inflate-failed", frame(TEXT, b"\xff" * 20, rsv=4))
    break_frames("ping in two fragments", "frame-control-fragmented",
                 frame(PING, hello, fin=0) + frame(CONT, hello),
                 "frame-continuation-orphan")
    break_frames("ping of 126 bytes", "frame-control-too-long",
                 frame(PING, b"p" * 126))
    break_frames("close of 126 bytes", "frame-control-too-long",
                 close(1000, b"r" * 124), "close-data-after-close",
                 closes=True)
    break_frames("continuation of nothing", "frame-continuation-orphan",
                 frame(CONT, hello))
    break_frames("text inside a message", "frame-message-interleaved",
                 frame(TEXT, hello, fin=0) + frame(TEXT, hello),
                 "message-unfinished")
    break_frames("length 5 in 2 bytes", "frame-length-not-minimal",
                 frame(TEXT, hello, form=126))
    break_frames("length 5 in 8 bytes", "frame-length-not-minimal",
                 frame(TEXT, hello, form=127))
    break_frames("length with its highest bit", "frame-length-high-bit",
                 b"\x81\xff" + b"\x80" + bytes(7) + b"mask",
                 "frame-length-huge frame-sync-lost tcp-ended-mid-frame")
    for name, text in (("text with the byte FF", b"a\xffb"),
                       ("text with an overlong slash", b"\xc0\xaf"),
                       ("text with a surrogate", b"\xed\xa0\x80"),
                       ("text above U+10FFFF", b"\xf4\x90\x80\x80")):
        break_frames(name, "message-invalid-utf8", frame(TEXT, text))
    break_frames("text that ends inside a character",
                 "message-utf8-incomplete", frame(TEXT, b"\xe5\xb8"))
    break_frames("invalid UTF-8 in a second fragment", "message-invalid-utf8",
                 frame(TEXT, hello, fin=0) + frame(CONT, b"\xff"))
    break_frames("masking key 0 always", "security-mask-zero",
                 b"".join(frame(TEXT, hello, mask=bytes(4))
                          for _ in range(4)), "security-mask-constant")
    break_frames("one masking key for all", "security-mask-constant",
                 b"".join(frame(TEXT, hello, mask=b"same")
                          for _ in range(4)))
    break_frames("masking keys that count", "security-mask-predictable",
                 b"".join(frame(TEXT, hello, mask=struct.pack(">I", n))
                          for n in range(0x1000, 0x1010)))


def all_closes():
    code = struct.Struct(">H").pack
    break_close("(close 1000)", "-", code(1000) + b"done")
    break_close("(close without code)", "-", b"")
    break_close("close of one byte", "close-payload-one-byte", b"\x03")
    for n in (0, 999, 5000, 65535):
        break_close("close code %d" % n, "close-code-out-of-range", code(n))
    for n in (1005, 1006, 1015):
        break_close("close code %d" % n, "close-code-reserved-sent", code(n))
    for n in (1004, 1016, 2999):
        break_close("close code %d" % n, "close-code-unassigned", code(n))
    break_close("close code 1011 by a client", "close-code-wrong-role",
                code(1011))
    break_close("close code 4000", "close-code-application", code(4000))
    break_close("close reason is no UTF-8", "close-reason-invalid-utf8",
                code(1000) + b"\xff\xfe")
    break_frames("text after close", "close-data-after-close",
                 close(1000) + frame(TEXT, b"late"), closes=True)
    break_frames("ping after close", "close-control-after-close",
                 close(1000) + frame(PING, b"late"), closes=True)
    break_frames("two closes", "close-duplicate", close(1000) + close(1001),
                 "close-reply-code-differs", closes=True)
    break_frames("close inside a message", "message-unfinished",
                 frame(TEXT, b"half", fin=0) + close(1000), closes=True)
    ignore("no answer to a close", "close-reply-missing", b"#close", CLOSE,
           "close-server-tcp-late")
    ignore("no pong", "ping-unanswered", b"#ping", PING)
    ignore("a pong with other bytes", "pong-payload-differs", b"#ping", PING,
           "ping-unanswered pong-unsolicited", frame(PONG, b"where?"))
    break_frames("a pong nobody asked for", "pong-unsolicited",
                 frame(PONG, b"here"))


def all_handshakes():
    key = "Sec-WebSocket-Key"
    bad = "handshake-bad-request-accepted "
    break_handshake("no key", "handshake-key-missing", request([key]), bad)
    break_handshake("key is not base64", "handshake-key-invalid",
                    request(Sec_WebSocket_Key="!!!!not base64 at all!!="),
                    bad)
    break_handshake("key of 10 bytes", "handshake-key-invalid",
                    request(Sec_WebSocket_Key=base64.b64encode(
                        os.urandom(10)).decode()), bad)
    break_handshake("two keys", "handshake-key-duplicated",
                    request(sec_websocket_key=base64.b64encode(
                        os.urandom(16)).decode()), bad)
    break_handshake("key of the RFC's example", "security-key-weak",
                    request(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ=="))
    break_handshake("no version", "handshake-version-missing",
                    request(["Sec-WebSocket-Version"]), bad)
    break_handshake("version 12", "handshake-version-not-13",
                    request(Sec_WebSocket_Version="12"),
                    bad + "handshake-version-list-missing")
    break_handshake("version 013", "handshake-version-malformed",
                    request(Sec_WebSocket_Version="013"),
                    bad + "handshake-version-list-missing")
    break_handshake("GET over HTTP/1.0", "handshake-http-version-low",
                    request(line="GET / HTTP/1.0"), bad)
    break_handshake("POST", "handshake-method-not-get",
                    request(line="POST / HTTP/1.1"), bad)
    break_handshake("no Upgrade", "handshake-upgrade-missing",
                    request(["Upgrade"]), bad)
    break_handshake("no Connection", "handshake-connection-missing-upgrade",
                    request(["Connection"]), bad)
    break_handshake("no Host", "http-host-missing", request(["Host"]), bad)
    break_handshake("two Hosts", "http-host-invalid",
                    request(host="another.example"), bad)
    break_handshake("fragment in the target", "handshake-target-fragment",
                    request(line="GET /#here HTTP/1.1"), bad)
    break_handshake("blank before a colon", "http-field-invalid",
                    request(X_A="").replace(b"X-A:", b"X-A :"), bad)
    break_handshake("folded header", "http-header-folded",
                    request(X_A="one\r\n two"), bad)
    break_handshake("lines end in LF", "http-line-ending-not-crlf",
                    request().replace(b"\r\n", b"\n")[:-2] + b"\r\n\r\n", bad)
    break_handshake("subprotocol is no token",
                    "handshake-subprotocol-offer-invalid",
                    request(Sec_WebSocket_Protocol="a b/c, "), bad)
    break_handshake("subprotocol twice",
                    "handshake-subprotocol-offer-duplicated",
                    request(Sec_WebSocket_Protocol="chat, chat"),
                    bad)
    break_handshake("malformed extension list", "handshake-extension-syntax",
                    request(Sec_WebSocket_Extensions=";;=,"), bad)
    break_handshake("deflate with an unknown parameter",
                    "deflate-offer-invalid", request(
                        Sec_WebSocket_Extensions="permessage-deflate; nothing"
                    ), bad + "deflate-invalid-offer-accepted")
    break_frames_before_101()


def break_frames_before_101():
    peer = Peer()
    peer.send(request() + frame(TEXT, b"too early"))
    status = peer.head()
    peer.read_until(lambda f: True, WAIT / 2)
    echoed = any(p == b"too early" for _, p in peer.frames)
    answer = ("HTTP %s" % status if status != 101 else
              "101, echoed" if echoed else "101, then " + (
                  describe(peer) or "nothing"))
    peer.leave()
    say(peer, "a frame before the 101", "handshake-client-data-before-101",
        "handshake-bad-request-accepted", answer)


all_frames()
all_closes()
all_handshakes()

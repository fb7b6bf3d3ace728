# SPDX-License-Identifier: MIT
"""compare.py CLIENT-LOG SERVER-LOG JSON CONNS deflate|plain

Compares what both ends of some connections say they sent and received with
what wsray read from the wire: every message, one by one, in both directions
(kind, length, SHA-1).  Prints a line of counts; exit status 1 and the first
difference otherwise."""

import json
import sys


def read_log(name):
    """{(client port, sender): [(kind, length, SHA-1), ...]}"""
    out = {}
    with open(name, encoding="ascii") as f:
        for line in f:
            port, sender, kind, length, sha1 = line.split()
            out.setdefault((int(port), sender), []).append(
                (kind, int(length), sha1))
    return out


def read_json(name, deflate):
    out, ports, packed = {}, {}, 0
    with open(name, encoding="utf-8") as f:
        for line in f:
            e = json.loads(line)
            if e["type"] == "handshake" and e["accepted"]:
                port = ports[e["conn"]] = e["client"]["port"]
                if e["accept_ok"] is not True:
                    fail("port %d: the Accept does not match" % port)
                if (e["deflate"] is not None) != deflate:
                    fail("port %d: permessage-deflate is %s" % (
                        port, e["deflate"]))
            elif e["type"] == "message":
                at = "port %d, message %d of the %s" % (
                    ports[e["conn"]], e["message"], e["from"])
                if not e["complete"]:
                    fail(at + " is not complete")
                got = out.setdefault((ports[e["conn"]], e["from"]), [])
                got.append((e["kind"], e["length"], e["digest"]))
                if len(got) != e["message"]:
                    fail(at + " is out of turn")
                packed += e["compressed"]
            elif e["type"] == "gap":
                fail("a gap: %s" % line.strip())
            elif e["type"] == "finding" and e["severity"] == "error":
                fail("a finding: %s" % line.strip())
            elif e["type"] == "end" and e["conn"] in ports:
                if not e["clean"] or e["onclose_code"] != 1000:
                    fail("not a clean end: %s" % line.strip())
    return out, packed


def fail(text):
    print(text)
    sys.exit(1)


def compare(name, a, b):
    if set(a) != set(b):
        fail("%s: other connections: %s, %s" % (name, sorted(a), sorted(b)))
    for key in sorted(a):
        for i, (x, y) in enumerate(zip(a[key], b[key])):
            if x != y:
                fail("%s: port %d, %s, message %d: %s, %s" % (
                    name, *key, i + 1, x, y))
        if len(a[key]) != len(b[key]):
            fail("%s: port %d, %s: %d and %d messages" % (
                name, *key, len(a[key]), len(b[key])))


def main(client_log, server_log, events, conns, deflate):
    client, server = read_log(client_log), read_log(server_log)
    seen, packed = read_json(events, deflate == "deflate")
    if len({port for port, _ in client}) != int(conns):
        fail("%s connections were to be made" % conns)
    compare("client's log and server's log", client, server)
    compare("client's log and wsray", client, seen)
    n = {s: sum(len(v) for k, v in seen.items() if k[1] == s)
         for s in ("client", "server")}
    size = sum(m[1] for v in seen.values() for m in v)
    print("%s connections, %d messages of the client, %d of the server, "
          "%d compressed, %.1f MB: all equal" % (
              conns, n["client"], n["server"], packed, size / 1e6))


if __name__ == "__main__":
    main(*sys.argv[1:])

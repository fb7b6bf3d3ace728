# SPDX-License-Identifier: MIT
"""findings.py good JSON CONNECTIONS COUNT [WARNING...]
findings.py rude JSON DID KNOWN
findings.py table DID...

The judge of findings.sh.  "good": no error and only these warnings; so many
connections, each with COUNT messages from both ends and a clean end.  "rude":
what rude.py did (its lines in DID) is found, and nothing else is; KNOWN is the
output of "wsray findings".  "table": what the servers did, as Markdown."""

import collections
import json
import os
import re
import sys


def read(name):
    with open(name, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def show(e):
    where = " ".join("%s %s" % (k, e[k]) for k in
                     ("packet", "frame", "message") if e[k] is not None)
    return "%s: %s, conn %s from %s, %s: %s" % (
        e["severity"], e["id"], e["conn"], e["from"], where, e["text"])


def good(name, conns, count, *allowed):
    events, wrong, notes = read(name), [], collections.OrderedDict()
    seen = collections.Counter()
    for e in events:
        if e["type"] != "finding":
            continue
        seen[e["severity"]] += 1
        if e["severity"] == "error" or (
                e["severity"] == "warning" and e["id"] not in allowed):
            wrong.append(show(e))
        elif e["severity"] in ("warning", "note"):
            notes.setdefault((e["id"], e["from"]), []).append(e)
    accepted = {e["conn"] for e in events
                if e["type"] == "handshake" and e["accepted"]}
    if len(accepted) != int(conns):
        wrong.append("%d connections, not %s" % (len(accepted), conns))
    for e in events:
        if e["type"] != "end" or e["conn"] not in accepted:
            continue
        # A page's server tells it the port of its connection first.
        for sender in ("client", "server"):
            if e["messages"][sender] - int(count) not in (0, 1):
                wrong.append("conn %d, %d messages of the %s, not %s" % (
                    e["conn"], e["messages"][sender], sender, count))
        if not e["clean"] or e["onclose_code"] not in (1000, 1005):
            wrong.append("conn %d: %s (%s)" % (
                e["conn"], e["text"], e["onclose_code"]))
    print("%d connections, %s" % (len(accepted), ", ".join(
        "%d %s" % (n, s) for s, n in sorted(seen.items())) or "no finding"))
    for (name, sender), found in notes.items():
        print("%s x%d" % (show(found[0]), len(found)))
    for line in wrong:
        print("WRONG " + line)
    return bool(wrong)


def read_did(name):
    """Lines of rude.py: port, case, ids, companions, what the server did."""
    with open(name, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f]


def rude(name, did, known):
    with open(known, encoding="utf-8") as f:
        known = set(re.findall(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b", f.read()))
    events = read(name)
    ports, wrong, waiting = {}, [], set()
    found = collections.defaultdict(set)
    for e in events:
        if e["type"] == "handshake":
            ports[e["conn"]] = e["client"]["port"]
    for e in events:
        # What the server does wrong on its own is shown, not judged here.
        if e["type"] == "finding" and e["severity"] != "chat":
            found[ports.get(e["conn"])].add(
                (e["id"], e["severity"], e["from"]))
    right = 0
    for port, case, ids, companions, _ in read_did(did):
        here = found[int(port)]
        ids = set(ids.split()) - {"-"}
        may = ids | set(companions.split())
        got = {i for i, _, _ in here}
        loud = {i for i, severity, _ in here
                if severity in ("error", "warning")}
        waiting |= ids - known
        missing = (ids & known) - got
        extra = loud - may
        if missing or extra:
            wrong.append("%s (port %s): not found %s, too much %s, all %s" % (
                case, port, sorted(missing), sorted(extra), sorted(here)))
        elif ids <= known:
            right += 1
    print("%d of %d cases found as they should be" % (
        right, len(read_did(did))))
    if waiting:
        print("not implemented: " + " ".join(sorted(waiting)))
    for line in wrong:
        print("WRONG " + line)
    return bool(wrong)


def table(*names):
    columns, cases, found = [], collections.OrderedDict(), {}
    for name in names:
        server = os.path.basename(name)[len("rude-"):-len(".did")]
        columns.append(server)
        for _, case, ids, _, answer in read_did(name):
            cases.setdefault(case, {})[server] = answer
            if ids != "-":
                found[case] = ids
    print("| what the client does | finding | %s |" % " | ".join(columns))
    print("|---|---|%s" % ("---|" * len(columns)))
    for case, answers in cases.items():
        print("| %s | %s | %s |" % (
            case, ", ".join("`%s`" % i for i in found.get(case, "").split()),
            " | ".join(answers.get(c, "") for c in columns)))
    return False


sys.exit({"good": good, "rude": rude, "table": table}[sys.argv[1]](
    *sys.argv[2:]))

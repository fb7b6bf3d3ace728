#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks that `wsray stats` and `wsray json` tell the same figures.

usage: stats-check.py JSON TEXT

JSON is the output of `wsray json --payload-limit 0`, TEXT that of `wsray stats
--width 400`, of the same capture.  Prints a line for each difference; exit
status: 0 none, 1 some, 2 usage.
"""
import json
import re
import sys
from collections import Counter, defaultdict

SIDES = ("client", "server")
KINDS = {"text": "text", "binary": "binary"}


def number(word):
    return int(word.replace(",", ""))


def load(name):
    events = defaultdict(list)
    with open(name, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            events[event["type"]].append(event)
    return events


def read_text(name):
    """({label: {what: count}}, {title of table: [row of words]})"""
    labels, tables, title = {}, defaultdict(list), None
    with open(name, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("--- "):
                break
            if line.startswith("  "):
                tables[title].append(re.split(r"  +", line.strip()))
            elif "  " in line:
                label, pieces = re.split(r"  +", line, maxsplit=1)
                labels[label] = {}
                for piece in pieces.split(", "):
                    count, _, what = piece.partition(" ")
                    labels[label][re.sub(r"s$", "", what)] = count
            else:
                title = line
    return labels, tables


class Check:
    def __init__(self):
        self.wrong = 0

    def same(self, what, want, got):
        if want != got:
            print("%s: json %r, stats %r" % (what, want, got))
            self.wrong += 1


def without_zeros(counts):
    return {k: v for k, v in counts.items() if v}


def check_labels(check, events, labels):
    def told(label):
        return {k: number(v) for k, v in labels.get(label, {}).items()
                if re.fullmatch(r"[0-9,]+", v)}
    shakes, summary = events["handshake"], events["summary"][0]
    capture = labels["capture"]
    check.same("packets", summary["packets"], number(
        capture.get("packet", "0")))
    check.same("bytes", summary["bytes"], number(capture.get("byte", "0")))
    check.same("flows", summary["flows"], number(
        capture.get("TCP flow", "0")))
    # The text cuts after six decimals; "0.123456 s" lost its unit above.
    seconds = "%.9f" % summary["duration"]
    check.same("duration", [seconds[:-3]],
               [n for what, n in capture.items() if what == ""])
    want = Counter()
    for shake in shakes:
        want[""] += 1
        if shake["seen"] == "none":
            want["found in mid-stream"] += 1
        else:
            want["attempted"] += 1
            want["accepted" if shake["accepted"] else
                 "without an answer" if shake["status"] is None else
                 "refused"] += 1
        want["with permessage-deflate"] += shake["deflate"] is not None
    check.same("connections", without_zeros(want), told("connections"))
    ends = events["end"]
    check.same("ended", without_zeros({
        "": len(ends), "clean": sum(e["clean"] for e in ends)}),
        told("ended"))
    check.same("verdicts", dict(Counter(e["verdict"] for e in ends)),
               told("verdicts"))
    gaps = Counter(g["from"] for g in events["gap"])
    check.same("losses", without_zeros({
        "client gap": gaps["client"], "server gap": gaps["server"],
        "missing byte": sum(g["length"] for g in events["gap"]),
        "incomplete frame": sum(not f["complete"] for f in events["frame"]),
        "found by their shape": sum(not f["synced"] for f in
                                    events["frame"]),
        "undecoded byte": sum(sum(e["undecoded_bytes"].values()) for e in
                              events["end"])}), told("losses"))
    severities = Counter()
    for f in events["finding"]:
        severities[f["severity"]] += times(f)
    check.same("findings", dict(severities), told("findings"))


def times(finding):
    """Occurrences that a line adds: later lines bring the total."""
    return finding["count"] - 1 if finding["count"] > 1 else 1


def check_frames(check, events, rows):
    frames, least, most = Counter(), Counter(), Counter()
    for f in events["frame"]:
        for name in f["name"], "all":
            key = name, f["from"]
            frames[key] += 1
            most[key] += f["length"]
            if f["complete"]:
                least[key] += f["length"]
    check.same("opcodes", {name for name, _ in frames},
               {row[0] for row in rows[1:]})
    for row in rows[1:]:
        for i, side in enumerate(SIDES):
            key = row[0], side
            check.same("frames %s %s" % key, frames[key], number(row[1 + i]))
            got = number(row[3 + i])
            # What was announced and never came does not count.
            if not least[key] <= got <= most[key]:
                check.same("bytes %s %s" % key, most[key], got)


def nearest(values, percent):
    return sorted(values)[(len(values) * percent + 99) // 100 - 1]


def check_messages(check, events, rows, sizes):
    groups = defaultdict(list)
    for m in events["message"]:
        groups["%s by %s" % (KINDS.get(m["kind"], "other"),
                             m["from"])].append(m)
    told = {row[0]: row[1:] for row in rows[1:] if " by " in row[0]}
    check.same("message kinds", set(groups), set(told))
    for name in set(groups) & set(told):
        messages, got = groups[name], told[name]
        lengths = [m["length"] for m in messages if m["length"] is not None]
        check.same(name, [len(messages),
                          sum(m["frames"] > 1 for m in messages),
                          sum(m["frames"] for m in messages)],
                   [number(w) for w in got[:3]])
        if not lengths:
            check.same(name + " lengths", 3, len(got))
            continue
        total, low, median, p95, high = map(number, got[3:])
        check.same(name + " bytes", [sum(lengths), min(lengths),
                                     max(lengths)], [total, low, high])
        for percent, value in (50, median), (95, p95):
            exact = nearest(lengths, percent)
            if abs(exact - value) > exact / 32:
                check.same("%s p%d" % (name, percent), exact, value)
    unknown = sum(m["length"] is None for m in events["message"])
    note = [row for row in rows if row[0].endswith("of unknown length")]
    check.same("unknown lengths", unknown,
               number(note[0][0].split()[0]) if note else 0)
    octaves = Counter()
    for m in events["message"]:
        if m["length"] is not None:
            octaves[m["from"], m["length"].bit_length()] += 1
    got = Counter()
    for row in sizes[1:]:
        words = row[0].split()
        low = int(words[0]) << (" KMGTPE".index(words[1][0]) * 10
                                if len(words) > 1 else 0)
        check.same("size of a row", 0, low & (low - 1))
        for i, side in enumerate(SIDES):
            got[side, low.bit_length()] += number(row[1 + i])
    check.same("sizes", without_zeros(octaves), without_zeros(got))


def check_rest(check, events, tables):
    compressed = defaultdict(lambda: [0, 0, 0])
    for m in events["message"]:
        if m["compressed"]:
            row = compressed[m["from"]]
            row[0] += 1
            if m["length"] is not None:
                row[1] += m["length"]
                row[2] += m["wire_length"]
    check.same("compression", dict(compressed), {
        row[0]: [number(w) for w in row[1:4]]
        for row in tables["Compression"][1:] if row[0] in SIDES})

    headers, masks = Counter(), Counter()
    for f in events["frame"]:
        headers[f["from"]] += f["header_length"] - 4 * f["masked"]
        masks[f["from"]] += 4 * f["masked"]
    told = {row[0]: row[1:] for row in tables["Overhead"][1:]}
    for name, want in ("frame headers", headers), ("masking keys", masks):
        if told:
            check.same(name, [want[s] for s in SIDES],
                       [number(w) for w in told[name][:2]])
    # Payload is that of the frames; columns and rows add up.
    sums = [0, 0, 0]
    for row in tables["Overhead"][1:]:
        if len(row) != 5:
            continue
        client, server, both = map(number, row[1:4])
        check.same(row[0] + " both", client + server, both)
        if row[0] == "payload" and tables["Frames"]:
            check.same("payload", tables["Frames"][-1][-2:], row[1:3])
        if row[0] == "all":
            check.same("all", sums, [client, server, both])
        sums = [a + b for a, b in zip(sums, (client, server, both))]
    codes = defaultdict(Counter)
    for f in events["frame"]:
        if f["name"] != "close":
            continue
        code = f.get("close_code")
        codes[str(code) if code is not None else
              "none" if f["length"] < 2 else "?"][f["from"]] += 1
    check.same("close codes", {
        code: [n[s] for s in SIDES] for code, n in codes.items()}, {
        row[0]: [number(w) for w in row[-2:]]
        for row in tables["Close codes"][1:]})

    ids = Counter()
    for f in events["finding"]:
        ids[f["id"]] += times(f)
    rows = [r for r in tables["Most frequent findings"][1:] if len(r) == 4]
    check.same("frequent findings", [n for _, n in ids.most_common(10)],
               [number(row[0]) for row in rows])
    for row in rows:
        check.same(row[2], ids[row[2]], number(row[0]))

    ends = [(sum(e["payload_bytes"].values()), sum(e["frames"].values()),
             -e["conn"], sum(e["messages"].values()), e["verdict"])
            for e in events["end"]]
    where = {h["conn"]: (h["target"] or "-", peers(h))
             for h in events["handshake"]}
    want = [["#%d" % -conn, *where[-conn], frames, messages, size, verdict]
            for size, frames, conn, messages, verdict
            in sorted(ends, reverse=True) if frames][:10]
    check.same("top", want, [
        row[:3] + [number(w) for w in row[-4:-1]] + [row[-1]]
        for row in tables["Connections with most payload"][1:]])


def peers(shake):
    return " > ".join(
        ("[%s]:%d" if ":" in shake[side]["ip"] else "%s:%d")
        % (shake[side]["ip"], shake[side]["port"]) for side in SIDES)


def check_rates(check, events, rows):
    duration = events["summary"][0]["duration"]
    names = {"frames": "frame", "messages": "message"}
    # Files that are not in the order of time: it says so, and how many.
    if any("out of time" in row[0] for row in rows):
        return
    for row in rows[1:4]:
        if row[0] not in names:
            if all(f["complete"] for f in events["frame"]):
                seconds = Counter()
                for f in events["frame"]:
                    seconds[f["time"][:19]] += (f["length"] +
                                                f["header_length"])
                check.same("busiest second of bytes", max(seconds.values()),
                           number(row[2]))
            continue
        n = len(events[names[row[0]]])
        if duration and abs(n / duration - float(
                row[1].replace(",", ""))) > 0.5:
            check.same(row[0] + " a second", n / duration, row[1])
        seconds = Counter(e["time"][:19] for e in events[names[row[0]]])
        if not seconds:
            continue
        most = max(seconds.values())
        first = min(s for s, n in seconds.items() if n == most)
        check.same("busiest second of " + row[0], [most, first + "Z"],
                   [number(row[2]), row[3]])


def main():
    if len(sys.argv) != 3:
        print("usage: stats-check.py JSON TEXT", file=sys.stderr)
        return 2
    events, check = load(sys.argv[1]), Check()
    labels, tables = read_text(sys.argv[2])
    check_labels(check, events, labels)
    check_frames(check, events, tables["Frames"])
    check_messages(check, events, tables["Messages"],
                   tables["Message sizes"])
    check_rest(check, events, tables)
    check_rates(check, events, tables["Rates"])
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

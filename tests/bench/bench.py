#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench.py - how fast wsray is, and how much memory it takes.

    bench.py [--wsray ./wsray] [--size MB] [--runs N] [--only LOAD,...]
             [--no-tshark] [--tshark-size MB] [--tshark-runs N]
             [--big] [--markdown FILE] [--clean]

Builds the helpers of this folder and the loads (gen_load.c says what they
are) in $WSRAY_BENCH_DIR (default $TMPDIR/wsray-bench), checks on the small
part that wsray finds every frame and message in them, then runs everything in
turns and prints one table: CPU time (user + system, of the whole process,
median), what it is compared with, and the target.

    small        wsray itself on the load without the losses (lossy only)
    floor        a loop around libpcap that only reads each packet of the file
    inflate      zlib alone on the same compressed messages, from memory
    SHA-1        OpenSSL alone on as many bytes in messages as long, from memory
    report -q    wsray itself on the same file (stats)
    tshark       -T fields with the fields of a frame, on --tshark-size MB made
                 the same way; compared by CPU time for each byte

--big also measures memory on files ten times as large (made and removed one
by one).  Loads are kept for the next run; --clean removes them.  Files should
fit in memory beside everything else: the disk is not what is measured.  The
exit status is 1 when a target is missed.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MB = 10**6

# load: (what `report -q` is compared with, at most times that;
#        at least times faster than tshark, None: not compared;
#        `json` at least times faster than tshark)
LOADS = {
    "small": ("floor", 2, 140, 25),
    "lossy": ("floor", 5, 70, 12),
    "packed": ("floor", 5, 50, 12),
    "large": ("floor", 1.5, 50, None),
    "deflate": ("inflate", 1.3, 5, None),
    "http": ("floor", 1.5, None, None),
    "noise": ("floor", 1.5, None, None),
}
LOSS_TARGET = 3      # lossy, times small; per byte
RECALL_TARGET = 0.9  # lossy, frames found of those captured whole
STATS_TARGET = 2.5   # stats on small and packed, times report -q
DIGEST_TARGET = 1.5  # json --digest sha1 on large, times hashing alone
MEMORY_TARGET = 64   # MiB
HELPERS = {"gen_load": ["-lcrypto", "-lz"], "floor": ["-lpcap"],
           "inflate_only": ["-lz"], "hash_only": ["-lcrypto"]}
FIELDS = ("frame.number frame.time_epoch tcp.stream ip.src tcp.srcport "
          "websocket.fin websocket.rsv websocket.opcode websocket.mask "
          "websocket.masking_key websocket.payload_length").split()


def say(text):
    print(text, file=sys.stderr, flush=True)


def newer(a, b):
    return (not os.path.exists(b)
            or os.path.getmtime(a) > os.path.getmtime(b))


def build(folder):
    """Compiles the helpers; {name: path}."""
    out = {}
    for name, libs in HELPERS.items():
        source = os.path.join(HERE, name + ".c")
        out[name] = os.path.join(folder, name)
        if newer(source, out[name]):
            subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-O2",
                            "-D_GNU_SOURCE", source, "-o", out[name], *libs],
                           check=True)
    return out


def run(argv):
    """(CPU seconds, peak MiB) of one process.

    Standard output goes to /dev/null, unless it is a helper that prints its
    own measure."""
    helper = os.path.basename(argv[0]) in ("inflate_only", "hash_only")
    out = subprocess.PIPE if helper else subprocess.DEVNULL
    p = subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL)
    said = p.stdout.read().decode() if helper else ""
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise SystemExit("bench.py: exit status %d of %s" % (
            p.returncode, " ".join(argv)))
    cpu = float(said.split()[0]) if helper else (
        usage.ru_utime + usage.ru_stime)
    return cpu, usage.ru_maxrss / 1024


class Bench:
    def __init__(self, args):
        self.args, self.rows, self.missed = args, [], 0
        self.recall = None
        base = os.environ.get("WSRAY_BENCH_DIR") or os.path.join(
            tempfile.gettempdir(), "wsray-bench")
        self.folder = base
        os.makedirs(base, exist_ok=True)
        self.helpers = build(base)

    def load(self, kind, megabytes):
        """The load's file, made if it is not there; and its counts."""
        path = os.path.join(self.folder, "%s-%d.pcap" % (kind, megabytes))
        if newer(os.path.join(HERE, "gen_load.c"), path + ".json"):
            if shutil.disk_usage(self.folder).free < megabytes * MB * 2.5:
                raise SystemExit("bench.py: not enough room in %s for %d MB"
                                 % (self.folder, megabytes))
            say("making %s" % path)
            side = [path + ".side"] if kind in ("deflate", "large") else []
            if megabytes > self.args.size:
                side = []
            subprocess.run([self.helpers["gen_load"], kind, path,
                            str(megabytes * MB), *side], check=True)
        with open(path + ".json", encoding="ascii") as f:
            return path, json.load(f)

    def check(self, kind, path, want):
        """wsray must find in path what the generator put there."""
        p = subprocess.Popen([self.args.wsray, "json", path],
                             stdout=subprocess.PIPE)
        last, inflated = b"", 0
        for line in p.stdout:
            last = line
            if kind == "deflate" and b'"type":"message"' in line:
                inflated += json.loads(line)["length"]
        if p.wait():
            raise SystemExit("bench.py: wsray json failed on %s" % path)
        got = json.loads(last)
        exact = ["packets", "flows", "connections", "frames", "messages"]
        if kind == "lossy":
            del exact[3:]
            recall = got["frames"] / want["frames"]
            self.recall = "%.1f %% of %d" % (100 * recall, want["frames"])
            if not RECALL_TARGET <= recall <= 1:
                raise SystemExit("bench.py: lossy: frames found: "
                                 + self.recall)
        for name in exact:
            if got[name] != want[name]:
                raise SystemExit("bench.py: %s: %d %s, wsray says %d" % (
                    kind, want[name], name, got[name]))
        if inflated != want["inflated_bytes"]:
            raise SystemExit("bench.py: %s: %d bytes inflated, wsray says %d"
                             % (kind, want["inflated_bytes"], inflated))
        # security-plaintext, once for each of the four servers.
        warnings = 0 if kind in ("http", "noise") else 4
        if kind != "lossy" and (got["findings"]["error"] > 0 or
                                got["findings"]["warning"] != warnings):
            raise SystemExit("bench.py: %s: findings: %s" % (
                kind, got["findings"]))

    def median(self, commands, runs):
        """Runs the commands in turns; their medians and peaks."""
        seen = [[] for _ in commands]
        for _ in range(runs):
            for i, argv in enumerate(commands):
                seen[i].append(run(argv))
        return [(statistics.median(s[0] for s in one), max(s[1] for s in one))
                for one in seen]

    def row(self, load, what, cpu, base, base_cpu, figure, target, peak, ok):
        self.missed += not ok
        self.rows.append((load, what, cpu, base, base_cpu, figure, target, peak,
                          "ok" if ok else "MISSED"))

    def at_most(self, load, what, mine, base, theirs, limit):
        times = mine[0] / max(theirs, 1e-9)
        self.row(load, what, "%.3f" % mine[0], base, "%.3f" % theirs,
                 "%.2f x" % times, "<= %g x" % limit, "%.0f" % mine[1],
                 times <= limit and mine[1] < MEMORY_TARGET)

    def faster(self, load, what, mine, size, theirs, part, target):
        # Their time for as many bytes.
        same = theirs * size / part
        times = same / max(mine[0], 1e-9)
        self.row(load, what, "%.3f" % mine[0], "tshark", "%.1f" % same,
                 "%.0f times faster" % times, ">= %g" % target,
                 "%.0f" % mine[1],
                 times >= target and mine[1] < MEMORY_TARGET)

    def tshark(self, part):
        argv = ["tshark", "-n", "-r", part, "-T", "fields"]
        for field in FIELDS:
            argv += ["-e", field]
        return self.median([argv], self.args.tshark_runs)[0][0]

    def one(self, kind):
        base, limit, report_goal, json_goal = LOADS[kind]
        args = self.args
        small_part, part_counts = self.load(kind, args.tshark_size)
        say("%s: checking" % kind)
        self.check(kind, small_part, part_counts)
        path, counts = self.load(kind, args.size)
        side = path + ".side"
        base_argv = {"floor": [self.helpers["floor"], path],
                     "inflate": [self.helpers["inflate_only"], side]}[base]
        report = [args.wsray, "report", "-q", path]
        run(report)  # the file is in memory now
        say("%s: measuring" % kind)
        mine, theirs = self.median([report, base_argv], args.runs)
        self.at_most(kind, "report -q", mine, base, theirs[0], limit)
        if kind == "lossy":
            self.against_small(counts, path)
        if kind in ("small", "packed"):
            stats, quiet = self.median([[args.wsray, "stats", path], report],
                                       args.runs)
            self.at_most(kind, "stats", stats, "report -q", quiet[0],
                         STATS_TARGET)
        if kind == "large":
            digest = [args.wsray, "json", "--digest", "sha1",
                      "--payload-limit", "0", path]
            hashes = [self.helpers["hash_only"], side]
            d, h = self.median([digest, hashes], args.runs)
            self.at_most(kind, "json --digest sha1 --payload-limit 0", d,
                         "SHA-1", h[0], DIGEST_TARGET)
        if args.tshark and report_goal:
            say("%s: tshark" % kind)
            slow = self.tshark(small_part)
            self.faster(kind, "report -q", mine, counts["bytes"], slow,
                        part_counts["bytes"], report_goal)
            if json_goal:
                j = self.median([[args.wsray, "json", path]], args.runs)[0]
                self.faster(kind, "json", j, counts["bytes"], slow,
                            part_counts["bytes"], json_goal)
        if args.big:
            self.memory(kind)

    def against_small(self, counts, path):
        """What the holes cost: CPU time per byte against the same load
        without them."""
        whole, whole_counts = self.load("small", self.args.size)
        part = whole_counts["bytes"] / counts["bytes"]
        for what in ["report", "-q"], ["json"]:
            mine, theirs = self.median(
                [[self.args.wsray, *what, p] for p in (path, whole)],
                self.args.runs)
            self.at_most("lossy", " ".join(what), mine, "small",
                         theirs[0] / part, LOSS_TARGET)

    def memory(self, kind):
        path, _ = self.load(kind, 10 * self.args.size)
        say("%s: ten times as large" % kind)
        cpu, peak = run([self.args.wsray, "report", "-q", path])
        self.row(kind, "report -q, file ten times as large", "%.3f" % cpu, "-",
                 "-", "%.0f MiB" % peak, "< %d MiB" % MEMORY_TARGET,
                 "%.0f" % peak, peak < MEMORY_TARGET)
        os.remove(path)
        os.remove(path + ".json")

    def table(self):
        head = ("load", "wsray", "CPU s", "against", "CPU s", "figure",
                "target", "peak MiB", "")
        rows = [head, *self.rows]
        wide = [max(len(r[i]) for r in rows) for i in range(len(head))]
        rows.insert(1, tuple("-" * max(w, 1) for w in wide))
        return "\n".join("| %s |" % " | ".join(
            c.ljust(w) for c, w in zip(r, wide)) for r in rows)


def machine():
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith("model name"):
                    model = line.split(":")[1].strip()
                    break
    except OSError:
        pass
    return "%s, %d cores, %s %s" % (model, os.cpu_count(), platform.system(),
                                    platform.release())


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--wsray", default=os.environ.get("WSRAY", "./wsray"))
    ap.add_argument("--size", type=int, default=1000, metavar="MB")
    ap.add_argument("--runs", type=int, default=7)
    ap.add_argument("--only", default=",".join(LOADS), metavar="LOAD,...")
    ap.add_argument("--no-tshark", dest="tshark", action="store_false")
    ap.add_argument("--tshark-size", type=int, default=200, metavar="MB")
    ap.add_argument("--tshark-runs", type=int, default=1)
    ap.add_argument("--big", action="store_true")
    ap.add_argument("--markdown", metavar="FILE")
    ap.add_argument("--clean", action="store_true")
    args = ap.parse_args()
    if args.tshark and not shutil.which("tshark"):
        say("no tshark here: not compared with it")
        args.tshark = False
    bench = Bench(args)
    if args.clean:
        shutil.rmtree(bench.folder)
        return 0
    for kind in args.only.split(","):
        if kind not in LOADS:
            ap.error("loads are: " + ", ".join(LOADS))
    for kind in args.only.split(","):
        bench.one(kind)
    version = subprocess.run([args.wsray, "--version"], capture_output=True,
                             text=True, check=False).stdout.split("\n")[0]
    tshark = ("tshark on %d MB, runs: %d" % (args.tshark_size, args.tshark_runs)
              if args.tshark else "without tshark")
    if bench.recall:
        tshark += "; frames found in lossy: " + bench.recall
    facts = "%s; %d MB a load, median of %d, %s; %s" % (
        version, args.size, args.runs, tshark, machine())
    print(facts + "\n\n" + bench.table())
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as f:
            f.write("`%s`\n\n%s\n\n%s\n" % (
                " ".join(["tests/bench/bench.py", *sys.argv[1:]]), facts,
                bench.table()))
    if bench.missed:
        print("%d targets missed" % bench.missed)
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())

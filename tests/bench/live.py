#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live.py - how wsray does on a live interface.  Needs root (Linux).

    live.py [--wsray ./wsray] [--runs N] [--seconds N] [--frames N]
            [--only drops,delay,memory] [--loads LOAD,...] [--buffer MIB]
            [--markdown FILE]

Everything happens on the loopback device of a network namespace of its own;
live_load.c makes the traffic there.  Three parts:

    drops   the highest rate at which "tcpdump -w /dev/null" loses nothing
            with the same buffer and filter, halving and bisecting from as fast
            as the sender goes; at that rate tcpdump and wsray in turns, N runs
            each: packets and frames a second, packets lost, share of a
            processor (user and system time by time; kernel work for a captured
            packet is done in the sender's process, and is not in it).
            What wsray got is compared with what the device counted.
    delay   from the kernel's time of a frame's packet to the line about it
            leaving the pipe (line_delay.c), idle and at 50,000 frames a second
    memory  VmHWM and VmRSS of the process that decodes behind --frames frames

The helpers are built into $WSRAY_BENCH_DIR, as by bench.py."""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import bench

CONNS = 8
# name: (arguments of live_load before and behind RATE SECONDS, what one is,
#        how many of it run side by side)
LOADS = {
    "small": ("tcp", ["small", str(CONNS)], "frames", 1),
    "small-2": ("tcp", ["small", str(CONNS)], "frames", 2),
    "packed": ("tcp", ["small", str(CONNS), "20"], "frames", 1),
    "large": ("tcp", ["large", str(CONNS)], "frames", 1),
    "raw": ("raw", None, "packets", 1),
}
RAW_MB = 1000
HELPERS = {"live_load": ["-lcrypto"], "line_delay": []}
IDLE_RATE, BUSY_RATE = 20, 50000
MEMORY_RATE = 150000


def say(text):
    print(text, file=sys.stderr, flush=True)


def own_namespace():
    """Runs this program again where the loopback device is its own."""
    if os.environ.get("WSRAY_OWN_LOOPBACK"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["WSRAY_OWN_LOOPBACK"] = "1"
    os.execvp("unshare", ["unshare", "-n", "--", sys.executable, *sys.argv])


def lo_packets():
    with open("/proc/net/dev", encoding="ascii") as f:
        for line in f:
            if line.strip().startswith("lo:"):
                return int(line.split()[2])
    return 0


def cpu_ns(pid):
    """CPU time of all threads so far."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task),
                  encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


def memory(pid):
    out = {}
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            name, value = line.split(":", 1)
            if name in ("VmHWM", "VmRSS", "RssAnon"):
                out[name] = int(value.split()[0]) / 1024
    return out


class Capture:
    """tcpdump or wsray on lo, from listening to its end."""

    def __init__(self, argv, folder, stdout=subprocess.DEVNULL):
        self.log = open(os.path.join(folder, "live.log"), "w+b")
        self.p = subprocess.Popen(argv, stdout=stdout, stderr=self.log)
        for _ in range(500):
            if b"listening" in self.said():
                break
            if self.p.poll() is not None:
                break
            time.sleep(0.02)
        else:
            self.p.kill()
        if b"listening" not in self.said():
            raise SystemExit("live.py: %s: %s" % (argv, self.said().decode()))
        time.sleep(0.2)
        self.before_ns = cpu_ns(self.p.pid)

    def said(self):
        # Not by seek(): the child writes at the same place.
        return os.pread(self.log.fileno(), 1 << 20, 0)

    def settle(self):
        """Waits until it has nothing to do any more; CPU seconds so far."""
        time.sleep(1.2)  # tcpdump looks once a second when little comes
        last, quiet = cpu_ns(self.p.pid), 0
        for _ in range(600):
            time.sleep(0.05)
            now = cpu_ns(self.p.pid)
            quiet = quiet + 1 if now - last < 2e6 else 0
            last = now
            if quiet == 6:
                break
        return (last - self.before_ns) / 1e9

    def end(self):
        self.p.send_signal(signal.SIGINT)
        self.p.wait(60)
        text = self.said().decode()
        self.log.close()
        if self.p.returncode:
            raise SystemExit("live.py: exit status %d: %s" % (
                self.p.returncode, text))
        return text


class Live:
    def __init__(self, args):
        self.args = args
        self.folder = os.environ.get("WSRAY_BENCH_DIR") or os.path.join(
            tempfile.gettempdir(), "wsray-bench")
        os.makedirs(self.folder, exist_ok=True)
        bench.HELPERS.update(HELPERS)
        self.helpers = bench.build(self.folder)
        self.out, self.lost_any = [], 0

    def print(self, *lines):
        self.out.extend(lines)
        print("\n".join(lines), flush=True)

    def table(self, head, rows):
        rows = [head, *[[str(c) for c in r] for r in rows]]
        wide = [max(len(r[i]) for r in rows) for i in range(len(head))]
        rows.insert(1, ["-" * w for w in wide])
        self.print(*("| %s |" % " | ".join(c.ljust(w)
                                           for c, w in zip(r, wide))
                     for r in rows), "")

    def tcpdump(self):
        return ["tcpdump", "-i", "lo", "-n", "-Z", "root", "-B",
                str(self.args.buffer << 10), "-w", "/dev/null", "tcp"]

    def wsray(self, *command):
        return [self.args.wsray, "-i", "lo", "-B", "%dM" % self.args.buffer, *command]

    def raw_file(self):
        path = os.path.join(self.folder, "small-%d.pcap" % RAW_MB)
        if bench.newer(os.path.join(bench.HERE, "gen_load.c"), path):
            subprocess.run([self.helpers["gen_load"], "small", path,
                            str(RAW_MB * bench.MB)], check=True)
        with open(path, "rb") as f:  # into memory
            while f.read(1 << 24):
                pass
        return path

    def send(self, load, rate, seconds):
        mode, rest, _, n = LOADS[load]
        rest = rest or [self.raw_file()]
        argv = [self.helpers["live_load"], mode, str(rate / n), str(seconds),
                *rest]
        senders = [subprocess.Popen(argv, stdout=subprocess.PIPE)
                   for _ in range(n)]
        sent = [json.loads(p.communicate()[0]) for p in senders]
        total = {k: sum(one[k] for one in sent) for k in sent[0]}
        total["elapsed"] = max(one["elapsed"] for one in sent)
        return total

    # ------------------------------------------------------------- drops

    def one(self, argv, load, rate, seconds):
        """One run; a dictionary of figures."""
        stats = "stats" in argv
        output = open(os.path.join(self.folder, "live.out"), "w+b")
        c = Capture(argv, self.folder,
                    output if stats else subprocess.DEVNULL)
        before = lo_packets()
        sent = self.send(load, rate, seconds)
        cpu = c.settle()
        if argv[0] != "tcpdump":
            c.p.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
        text = c.end()
        on_lo = lo_packets() - before
        got = {"sent": sent, "cpu": cpu / sent["elapsed"], "on_lo": on_lo,
               "rate": on_lo / sent["elapsed"],
               "frames": sent["frames"] / sent["elapsed"],
               "sender": sent["cpu"] / sent["elapsed"]}
        if argv[0] == "tcpdump":
            got["packets"] = int(re.search(r"(\d+) packets? captured",
                                           text).group(1))
            got["lost"] = int(re.search(r"(\d+) packets? dropped by kernel",
                                        text).group(1))
            # Outgoing copies of what is on lo are dropped as well.
            got["lost"] = max(on_lo - got["packets"], 0) or got["lost"]
        else:
            got["packets"] = int(re.search(r"now: (\d+) packets", text)
                                 .group(1))
            m = re.search(r"(\d+) packets dropped by the kernel, (\d+) by "
                          r"interfaces; ([0-9.]+) of ([0-9.]+) MiB of the "
                          r"queue used, ([0-9.]+) at most", text)
            got["lost"] = int(m.group(1)) + int(m.group(2))
            got["queue"] = float(m.group(5))
            if got["packets"] + got["lost"] != on_lo:
                say("live.py: %d packets and %d lost, but %d on lo" % (
                    got["packets"], got["lost"], on_lo))
                got["lost"] = max(got["lost"], on_lo - got["packets"])
        if stats and load != "raw" and got["lost"] == 0:
            output.seek(0)
            row = re.search(r"^  all +([0-9,]+) +([0-9,]+) ",
                            output.read().decode(), re.M)
            frames = sum(int(row.group(i).replace(",", "")) for i in (1, 2))
            want = sent["frames"] + 2 * CONNS * LOADS[load][3] # and Close
            if frames != want:
                raise SystemExit("live.py: %d frames sent, wsray counts %d"
                                 % (want, frames))
        output.close()
        return got

    def is_safe(self, load, rate):
        """Whether tcpdump loses nothing in so many runs; the last run."""
        got = None
        for _ in range(max(3, self.args.runs)):
            got = self.one(self.tcpdump(), load, rate, self.args.seconds)
            if got["lost"]:
                return False, got
        return True, got

    def highest(self, load):
        """The rate for live_load (0: as fast as it goes)."""
        unit = LOADS[load][2]
        safe, got = self.is_safe(load, 0)
        if safe:
            return 0
        bad = got["sent"][unit] / got["sent"]["elapsed"]
        good = bad
        while not safe:
            bad, good = good, good / 2
            safe, got = self.is_safe(load, good)
        while bad / good > 1.1:
            rate = (good + bad) / 2
            safe, got = self.is_safe(load, rate)
            if safe:
                good = rate
            else:
                bad = rate
        return int(good)

    def drops(self):
        rows = []
        for load in self.args.loads.split(","):
            say("%s: looking for tcpdump's rate" % load)
            rate = self.highest(load)
            say("%s: %s" % (load, rate or "as fast as the sender goes"))
            commands = {"tcpdump": self.tcpdump(),
                        "stats": self.wsray("stats"),
                        "report": self.wsray("report"),
                        "json": self.wsray("json")}
            seen = {name: [] for name in commands}
            for _ in range(self.args.runs):
                for name, argv in commands.items():
                    seen[name].append(self.one(argv, load, rate,
                                               self.args.seconds))
            for name, runs in seen.items():
                def mid(what, runs=runs):
                    return statistics.median(r[what] for r in runs)
                lost = [r["lost"] for r in runs]
                rows.append((
                    load, "sender" if rate == 0 else "tcpdump", name,
                    "{:,.0f}".format(mid("rate")),
                    "{:,.0f}".format(mid("frames")) if load != "raw" else "-",
                    "{:,}".format(sum(lost)),
                    sum(1 for n in lost if n), "%.0f %%" % (100 * mid("cpu")),
                    "%.0f %%" % (100 * mid("sender")),
                    "%.1f" % mid("queue") if name != "tcpdump" else "-"))
                if name == "stats":
                    self.lost_any += sum(lost)
        self.table(("load", "limited by", "program", "packets/s", "frames/s",
                    "lost", "runs with loss", "CPU", "sender's CPU",
                    "queue MiB"), rows)

    # ------------------------------------------------------------- delay

    def delay_of(self, command, rate, seconds):
        reader = subprocess.Popen([self.helpers["line_delay"], "0"],
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        c = Capture(self.wsray(*command), self.folder, reader.stdin)
        reader.stdin.close()
        sent = self.send("small", rate, seconds)
        c.settle()
        text = c.end()
        got = json.loads(reader.stdout.read())
        got["rate"] = sent["frames"] / sent["elapsed"]
        reader.wait()
        got["lost"] = "packets lost" in text
        return got

    def delay(self):
        rows = []
        for rate, seconds in ((IDLE_RATE, 20), (BUSY_RATE, 8)):
            for command in (["json"], ["report", "--time", "epoch"]):
                runs = [self.delay_of(command, rate, seconds)
                        for _ in range(self.args.runs)]
                rate_seen = statistics.median(r["rate"] for r in runs)
                rows.append((command[0], "{:,.0f}".format(rate_seen),
                             "{:,}".format(sum(r["lines"] for r in runs)),
                             *("%.1f ms" % statistics.median(
                                 r[k] for r in runs)
                               for k in ("median", "p99", "max")),
                             "yes" if any(r["lost"] for r in runs) else "no"))
        self.table(("command", "frames/s", "lines", "median", "p99", "max",
                    "packets lost"), rows)

    # ------------------------------------------------------------- memory

    def memory(self):
        rows = []
        for name in ("stats", "json"):
            c = Capture(self.wsray(name), self.folder)
            start = memory(c.p.pid)
            sent = self.send("packed", MEMORY_RATE,
                             self.args.frames / MEMORY_RATE)
            c.settle()
            end = memory(c.p.pid)
            text = c.end()
            rows.append((name, "{:,}".format(sent["frames"]),
                         "%.1f" % start["VmRSS"],
                         *("%.1f" % end[k]
                           for k in ("VmHWM", "VmRSS", "RssAnon")),
                         "yes" if "packets lost" in text else "no"))
        self.table(("command", "frames", "VmRSS before", "VmHWM", "VmRSS",
                    "RssAnon", "packets lost"), rows)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--wsray", default=os.environ.get("WSRAY", "./wsray"))
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=4)
    ap.add_argument("--frames", type=int, default=10**7)
    ap.add_argument("--buffer", type=int, default=32, metavar="MIB",
                    help="the kernel's, for tcpdump as well")
    ap.add_argument("--only", default="drops,delay,memory")
    ap.add_argument("--loads", default=",".join(LOADS))
    ap.add_argument("--markdown", metavar="FILE")
    args = ap.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("live.py: needs root")
    own_namespace()
    live = Live(args)
    live.print("live.py, %g s a run, median of %d, kernel buffer %d MiB; %s" % (
        args.seconds, args.runs, args.buffer, bench.machine()), "")
    for part in args.only.split(","):
        getattr(live, part)()
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as f:
            f.write("\n".join(live.out) + "\n")
    return 1 if live.lost_any else 0


if __name__ == "__main__":
    sys.exit(main())

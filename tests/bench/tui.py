#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tui.py - how fast the terminal interface is, and how much memory it takes.

    tui.py [--wsray ./wsray] [--load small|packed|deflate] [--frames N]
           [--memory SIZE] [--runs N] [--size COLSxROWS] [--clean]

Makes a capture of at least N frames (default one million; gen_load.c says what
is in it) in $WSRAY_BENCH_DIR (default $TMPDIR/wsray-bench), opens it on a
pseudo terminal and prints a table:

    first rows   from the start of the process until frames are on the screen
    loaded       ... until the thread that reads has ended and all is painted
    key to paint from the key until the last byte of what is painted then;
                 while loading, until what it asks for is on the screen
    memory       peak (VmHWM), then (VmRSS), and of that not backed by a file

Nothing is asserted about time: the reader compares with the table of
doc/PERFORMANCE.md.  Standard library only.
"""

import argparse
import codecs
import fcntl
import itertools
import json
import os
import pty
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
QUIET = 0.12  # seconds without a byte: what was asked for is painted
PATIENCE = 600
# Bytes of the file for each frame, a little more than there are.
BYTES_EACH = {"small": 127, "packed": 48, "deflate": 420}
NEVER = "not in any payload"

# What is pressed once all is loaded: name, keys that lead there (not
# measured), the key that is.  What stands behind needs what stands before.
KEYS = [
    ("frames: Down", "2g", "j"),
    ("frames: Page down", "", " "),
    ("frames: last", "g", "G"),
    ("frames: first", "G", "g"),
    ("frames: bytes pane", "", "b"),
    ("conversation", "b2g", "3"),
    ("conversation: last", "g", "G"),
    ("ladder", "1", "4"),
    ("ladder: first", "G", "g"),
    ("handshake", "1", "5"),
    ("statistics", "1", "6"),
    ("findings", "1", "7"),
    ("connections", "2", "1"),
    ("one connection only", "1", "\r"),
    ("all again", "1\r", "f"),
    ("find what is not there", "2g\x06" + NEVER, "\r"),
]


# What curses sends to an xterm: a control sequence, another escape, a control
# character, or text.
PIECE = re.compile(r"\x1b\[([?>]?)([0-9;]*)([@-~])|\x1b([^\[()]|[()].)"
                   r"|([\x00-\x1f])|([^\x00-\x1f]+)")


class Screen:
    """The characters of an xterm; as much of one as curses needs."""

    def __init__(self, cols, rows):
        self.rows = [[" "] * cols for _ in range(rows)]
        self.cols, self.y, self.x, self.rest, self.ch = cols, 0, 0, "", " "
        self.top, self.bottom = 0, rows - 1
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def text(self, y=None):
        rows = self.rows if y is None else [self.rows[y]]
        return "\n".join("".join(r) for r in rows)

    def feed(self, data):
        text, end = self.rest + self.decode(data), 0
        for m in PIECE.finditer(text):
            if m.start() != end:
                break
            end = m.end()
            if m[3] and not m[1]:
                self.control(m[3], [int(n or 0) for n in m[2].split(";")])
            elif m[4] == "M":
                self.scroll(-1, self.top) if self.y == self.top else \
                    self.go(self.y - 1, self.x)
            elif m[5]:
                self.plain(m[5])
            elif m[6]:
                self.put(m[6])
        self.rest = text[end:]

    def go(self, y, x):
        self.y = max(0, min(y, len(self.rows) - 1))
        self.x = max(0, min(x, self.cols - 1))

    def put(self, text):
        for self.ch in text:
            if self.x == self.cols:
                self.plain("\n")
                self.x = 0
            self.rows[self.y][self.x] = self.ch
            self.x += 1

    def plain(self, ch):
        if ch == "\r":
            self.x = 0
        elif ch == "\b":
            self.x = max(0, self.x - 1)
        elif ch == "\n" and self.y == self.bottom:
            self.scroll(1, self.top)
        elif ch == "\n":
            self.go(self.y + 1, self.x)

    def scroll(self, n, top):
        """Up by n rows, down by -n, from row top to the bottom margin."""
        blank = [[" "] * self.cols for _ in range(abs(n))]
        part = self.rows[top:self.bottom + 1]
        part = part[n:] + blank if n > 0 else blank + part[:n]
        self.rows[top:self.bottom + 1] = part

    def control(self, what, args):
        n, row = max(1, args[0]), self.rows[self.y]
        if what in "Hf":
            self.go(n - 1, max(1, (args + [1])[1]) - 1)
        elif what in "ABCDGd":
            y = {"A": self.y - n, "B": self.y + n, "d": n - 1}
            x = {"C": self.x + n, "D": self.x - n, "G": n - 1}
            self.go(y.get(what, self.y), x.get(what, self.x))
        elif what == "J":
            self.rows[self.y + 1:] = [[" "] * self.cols for _ in
                                      self.rows[self.y + 1:]]
            row[self.x:] = " " * (self.cols - self.x)
        elif what == "K" and args[0] == 1:
            row[:self.x + 1] = " " * (self.x + 1)
        elif what == "K":
            row[self.x:] = " " * (self.cols - self.x)
        elif what == "X":
            row[self.x:self.x + n] = " " * min(n, self.cols - self.x)
        elif what == "P":
            row[self.x:] = (row[self.x + n:] + [" "] * n)[:self.cols - self.x]
        elif what == "@":
            row[self.x:] = ([" "] * n + row[self.x:])[:self.cols - self.x]
        elif what == "b":
            self.put(self.ch * n)
        elif what == "r":
            self.top, self.bottom = n - 1, (args + [len(self.rows)])[1] - 1
            self.go(0, 0)
        elif what in "LM":
            self.scroll(n if what == "M" else -n, self.y)
        elif what in "ST":
            self.scroll(n if what == "S" else -n, self.top)
        elif what not in "mhlntc":
            raise SystemExit("tui.py: unknown sequence %s" % what)


class Terminal:
    """A pseudo terminal and wsray on it."""

    def __init__(self, argv, cols, rows):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))
        env = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
        self.screen = Screen(cols, rows)
        self.last, self.start = 0, time.monotonic()

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.child = subprocess.Popen(argv, stdin=slave, stdout=slave,
                                      stderr=slave, env=env,
                                      preexec_fn=prepare)
        os.close(slave)

    def read(self, seconds):
        """One piece of what comes; b"": nothing within that time."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            part = os.read(self.master, 65536)
        except OSError:
            raise SystemExit("tui.py: wsray has ended:\n" +
                             self.screen.text())
        self.last = time.monotonic()
        self.screen.feed(part)
        return part

    def settle(self):
        """Until nothing comes; the time of the last byte."""
        while self.read(QUIET):
            pass
        return self.last

    def wait_for(self, text):
        """Until that is on the screen; the time of the byte with which it
        was."""
        end = time.monotonic() + PATIENCE
        while text not in self.screen.text():
            if time.monotonic() > end:
                raise SystemExit("tui.py: no %r in\n%s" % (
                    text, self.screen.text()))
            self.read(0.01)
        return self.last

    def keys(self, keys):
        os.write(self.master, keys.encode())

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.child.pid))

    def status(self, name):
        """MiB of a line of /proc/PID/status."""
        with open("/proc/%d/status" % self.child.pid, encoding="ascii") as f:
            for line in f:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) / 1024
        return 0

    def cpu(self):
        """Seconds that all its threads have computed."""
        with open("/proc/%d/stat" % self.child.pid, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.keys("\x1bq1q")
        try:
            while self.child.poll() is None:
                self.read(0.05)
        except SystemExit:
            self.child.wait()
        os.close(self.master)


def capture(args):
    """The path of the load, made if it is not there, and its counts."""
    folder = os.environ.get("WSRAY_BENCH_DIR") or os.path.join(
        tempfile.gettempdir(), "wsray-bench")
    os.makedirs(folder, exist_ok=True)
    gen = os.path.join(folder, "gen_load")
    source = os.path.join(HERE, "gen_load.c")
    if not os.path.exists(gen) or \
            os.path.getmtime(gen) < os.path.getmtime(source):
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-O2",
                        "-D_GNU_SOURCE", source, "-o", gen, "-lcrypto", "-lz"],
                       check=True)
    size = args.frames * BYTES_EACH[args.load]
    path = os.path.join(folder, "tui-%s-%d.pcap" % (args.load, args.frames))
    if not os.path.exists(path + ".json"):
        if shutil.disk_usage(folder).free < size * 2.5:
            raise SystemExit("tui.py: not enough room in %s" % folder)
        print("making %s" % path, file=sys.stderr, flush=True)
        subprocess.run([gen, args.load, path, str(size)], check=True)
    with open(path + ".json", encoding="ascii") as f:
        return path, json.load(f)


def load(args, path):
    """Opens the capture; the terminal, and seconds of what is waited for."""
    cols, rows = (int(n) for n in args.size.split("x"))
    argv = [args.wsray, "tui"]
    if args.memory:
        argv += ["--memory", args.memory]
    t = Terminal(argv + [path], cols, rows)
    t.wait_for("? help")
    t.keys("2")
    first = t.wait_for(" text ") - t.start
    keys = []
    while t.threads() > 1:
        if t.last - t.start > PATIENCE:
            raise SystemExit("tui.py: it does not end")
        before = time.monotonic()
        t.keys("13"[len(keys) % 2])
        t.wait_for(("[1 Conns]", "[3 Talk]")[len(keys) % 2])
        keys.append(t.last - before)
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            t.read(0.01)
    return t, first, t.settle() - t.start, keys


def key_times(t, runs):
    """(name, seconds of each run) of each of KEYS."""
    for name, before, key in KEYS:
        times = []
        for _ in range(runs):
            t.keys(before)
            t.settle()
            start = time.monotonic()
            t.keys(key)
            if NEVER in before:
                t.wait_for("not found")
            elif not t.read(2):
                continue  # the screen was like that already
            times.append(t.settle() - start)
        yield name, times or [0]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--wsray", default="./wsray")
    p.add_argument("--load", default="small", choices=sorted(BYTES_EACH))
    p.add_argument("--frames", type=int, default=10**6)
    p.add_argument("--memory")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--size", default="160x48")
    p.add_argument("--clean", action="store_true")
    args = p.parse_args()
    path, counts = capture(args)
    t, first, loaded, loading = load(args, path)
    print("%s: %d frames, %.0f MB, --memory %s, %s" % (
        args.load, counts["frames"], os.path.getsize(path) / 1e6,
        args.memory or "as it is", args.size))
    print("  first rows                %9.2f s" % first)
    print("  loaded                    %9.2f s, CPU %.2f s" % (loaded, t.cpu()))
    print("  memory, peak              %9.0f MiB" % t.status("VmHWM"))
    print("  memory then               %9.0f MiB, of it not of a file %.0f" % (
        t.status("VmRSS"), t.status("RssAnon")))
    print("  key to paint            median     worst, ms")
    for name, times in itertools.chain([("while loading", loading or [0])],
                                       key_times(t, args.runs)):
        print("    %-22s %6.1f    %6.1f" % (
            name, 1e3 * statistics.median(times), 1e3 * max(times)),
              flush=True)
    print("  memory, peak after that   %9.0f MiB" % t.status("VmHWM"))
    t.close()
    if args.clean:
        os.remove(path)
        os.remove(path + ".json")


if __name__ == "__main__":
    main()

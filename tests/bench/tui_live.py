#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tui_live.py - the terminal interface while frames come.  Needs root (Linux).

    tui_live.py [--wsray ./wsray] [--rate FRAMES] [--seconds N] [--every N]

On the loopback device of a network namespace of its own live_load.c sends RATE
frames a second over eight connections; `wsray -i lo` shows them on a pseudo
terminal of 48 x 160, and a person of few words presses a key a second: every
view, followed and not, back and forth.  Each --every seconds one row: frames a
second, drawings a second (bursts of bytes), the longest time from a key to the
first byte of its drawing, memory, share of a processor.  At the end what the
interface counts is compared with what was sent and with what the device
carried; exit status 1 when a frame is missing."""

import argparse
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

import bench
import live

KEYS = ["2", "G", "3", "4", "G", "5", "6", "7", "1", "2", "g", "\x1b[6~", "G",
        "b", "b", "t", "]", "[", "3", "v", "v", "1", "j", "k"]


class Screen:
    """wsray on a pseudo terminal."""

    def __init__(self, argv):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 48, 160, 0, 0))
        env = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
        self.p = subprocess.Popen(argv, stdin=slave, stdout=slave,
                                  stderr=slave, env=env,
                                  start_new_session=True)
        os.close(slave)
        self.bytes = self.bursts = 0
        self.last = 0.0
        self.tail = b""

    def read(self, seconds):
        """Takes what comes; when the first byte came, or None."""
        end, first = time.monotonic() + seconds, None
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                part = os.read(self.master, 1 << 16)
            except OSError:
                break
            now = time.monotonic()
            first = first or now
            self.bursts += now - self.last > 0.004
            self.last = now
            self.bytes += len(part)
            self.tail = (self.tail + part)[-40000:]
        return first

    def press(self, keys):
        os.write(self.master, keys.encode())


def counted(screen):
    """What the first line says after everything is drawn anew."""
    screen.press("1")
    screen.read(1)
    screen.tail = b""
    screen.press("\x0c")
    screen.read(1.5)
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\(B", b"", screen.tail)
    found = re.search(rb"(\d[\d ]*) frames", plain)
    return int(found.group(1).replace(b" ", b"")) if found else -1


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--wsray", default="./wsray")
    a.add_argument("--rate", type=int, default=10000)
    a.add_argument("--seconds", type=int, default=600)
    a.add_argument("--every", type=int, default=30)
    args = a.parse_args()
    live.own_namespace()
    folder = os.environ.get("WSRAY_BENCH_DIR") or os.path.join(
        tempfile.gettempdir(), "wsray-bench")
    os.makedirs(folder, exist_ok=True)
    bench.HELPERS.update(live.HELPERS)
    helpers = bench.build(folder)
    screen = Screen([args.wsray, "-i", "lo", "tui"])
    screen.read(1.5)
    before = live.lo_packets()
    sender = subprocess.Popen(
        [helpers["live_load"], "tcp", str(args.rate), str(args.seconds),
         "small", str(live.CONNS)], stdout=subprocess.PIPE)
    start = time.monotonic()
    print("| at | packets/s on lo | drawings/s | KB/s drawn | longest key to "
          "drawing, ms | VmRSS MiB | CPU |\n|---|---|---|---|---|---|---|",
          flush=True)
    step = 0
    while sender.poll() is None:
        began, slowest = time.monotonic(), 0.0
        packets, bursts = live.lo_packets(), screen.bursts
        drawn, cpu = screen.bytes, live.cpu_ns(screen.p.pid)
        while time.monotonic() - began < args.every and sender.poll() is None:
            pressed = time.monotonic()
            screen.press(KEYS[step % len(KEYS)])
            step += 1
            first = screen.read(1)
            slowest = max(slowest, (first or pressed + 1) - pressed)
        took = time.monotonic() - began
        print("| %d s | %.0f | %.1f | %.0f | %.1f | %.0f | %.0f %% |" % (
            time.monotonic() - start, (live.lo_packets() - packets) / took,
            (screen.bursts - bursts) / took,
            (screen.bytes - drawn) / took / 1000, slowest * 1000,
            live.memory(screen.p.pid)["VmRSS"],
            (live.cpu_ns(screen.p.pid) - cpu) / took / 1e7), flush=True)
    sent = json.loads(sender.communicate()[0])
    screen.read(3)
    frames = counted(screen)
    want = sent["frames"] + 2 * live.CONNS  # and a Close frame each way
    print("sent %d frames, %d packets on lo; the interface counts %d frames; "
          "VmHWM %.0f MiB" % (want, live.lo_packets() - before, frames,
                              live.memory(screen.p.pid)["VmHWM"]))
    screen.press("Q")
    screen.read(3)
    print("exit status", screen.p.wait(20))
    sys.exit(frames != want)


main()

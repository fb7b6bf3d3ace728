#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tui.py WSRAY TUI_DRAW [NAME...] - the tests of tui.sh: all, or those whose
names hold one of the words.  Standard library only."""

import fcntl
import os
import pty
import random
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
sys.path.insert(0, os.path.join(HERE, "..", "gen"))
import wire  # noqa: E402

WSRAY, TUI_DRAW = os.path.abspath(sys.argv[1]), sys.argv[2]
CHAT = os.path.join(SAMPLES, "good-chat.pcapng")
PATIENCE = 20  # seconds; what is waited for comes in a fraction of one


class Skip(Exception):
    pass


# --- a terminal that keeps every byte ----------------------------------------


class Terminal:
    """A pseudo terminal and a program on it."""

    def __init__(self, args, rows=24, cols=80, limit=None, **env):
        self.master, self.slave = pty.openpty()
        self.size(rows, cols)
        self.before = termios.tcgetattr(self.slave)
        self.out = b""
        full = {k: v for k, v in os.environ.items()
                if k not in ("LINES", "COLUMNS", "NO_COLOR")}
        full.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        full.update(env)

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if limit:
                limit()

        self.child = subprocess.Popen(
            [WSRAY, *args], stdin=self.slave, stdout=self.slave,
            stderr=self.slave, env=full, preexec_fn=prepare,
            cwd=scratch)  # where w saves

    def size(self, rows, cols):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        """What comes within that time; at once when nothing more can."""
        end = time.monotonic() + seconds
        new = b""
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                break
            try:
                part = os.read(self.master, 65536)
            except OSError:
                break
            new += part
            self.out += part
        return new

    def wait_for(self, text):
        """Until text (bytes) comes behind what was seen so far."""
        end, seen = time.monotonic() + PATIENCE, len(self.out)
        while text not in self.out[seen:]:
            assert time.monotonic() < end, f"no {text!r} in {self.out[-600:]!r}"
            self.read(0.05)

    def settle(self):
        """Until nothing comes for a while."""
        while self.read(0.15):
            pass

    def keys(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def end(self):
        """The exit status, as a shell has it."""
        end = time.monotonic() + PATIENCE
        while self.child.poll() is None:
            self.read(0.02)
            assert time.monotonic() < end, "it does not end"
        self.read(0.1)
        status = self.child.returncode
        return status if status >= 0 else 128 - status

    def assert_restored(self):
        after = termios.tcgetattr(self.slave)
        assert after == self.before, f"{self.before} became {after}"
        for off, on in ((b"\x1b[?1049l", b"\x1b[?1049h"),
                        (b"\x1b[?2004l", b"\x1b[?2004h"),
                        (b"\x1b[?25h", b"\x1b[?25l")):
            if on in self.out:
                assert self.out.rfind(off) > self.out.rfind(on), \
                    f"{on!r} was not undone: {self.out[-300:]!r}"

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass


def opened(*args, **options):
    t = Terminal(["tui", *(args or (CHAT,))], **options)
    t.wait_for(b"help")
    t.settle()
    return t


BIDI = set(range(0x202A, 0x202F)) | set(range(0x2066, 0x206A)) | \
    {0x200E, 0x200F, 0x061C}
INVISIBLE = {0xAD, 0xFEFF, 0x2028, 0x2029} | set(range(0x200B, 0x200E)) | \
    set(range(0x2060, 0x2065))


def forbidden(out, term="xterm"):
    """What of the raw bytes no terminal should have got; None: all is well."""
    if term.startswith(("tmux", "screen")):
        out = re.sub(rb"(\x1b\[[0-9;]*m)\x0f", rb"\1", out)  # their sgr0
    # What y sends to the clipboard; payload is in it, but as base64.
    out = re.sub(rb"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", b"", out)
    try:
        text = out.decode()
    except UnicodeDecodeError as e:
        return f"not UTF-8: {out[max(0, e.start - 20):e.end + 20]!r}"
    for found in re.finditer(r"\x1b[\]PX^_]", text):
        return f"a string sequence: {text[found.start():][:40]!r}"
    for i, c in enumerate(text):
        n = ord(c)
        if (n < 32 and c not in "\x1b\r\n\b\t") or 127 <= n < 160 or \
                n in BIDI or n in INVISIBLE or 0xE0000 <= n < 0xE1000:
            return f"U+{n:04X} in {text[max(0, i - 30):i + 30]!r}"
    return None


# --- captures ----------------------------------------------------------------

PAYLOADS = [
    b"\x1b]0;title\x07\x1b]52;c;aGVsbG8=\x07", b"\x1b[2J\x1b[H\x1b[31mred",
    b"\x1bP1$r\x1b\\ \x1bXsos\x1b\\ \x1b^pm\x1b\\ \x1b_apc\x1b\\",
    b"\x9b2J \x9d0;x\x9c \x90q\x9c", "\u009b2J \u009d0;x\u009c".encode(),
    "rtl \u202e\u2066\u200f\u061c rev".encode(),
    "zero\u200b\u200d\u2060\ufeff\u00ad width".encode(),
    b"nul \x00\x01\x02\x05\x08\x0b\x0c\x0e\x0f\x7f end",
    b"\r\noverwritten\r\n\tand\btab", b"\xff\xfe\xc3(\xf0\x9f\x98",
    "e\u0301\u0301\u0301\u0301\u0301\u0301 zalgo".encode(),
    "\u4e2d\u6587 \U0001f469\u200d\U0001f4bb \u2764\ufe0f\U0001fae8".encode(),
    "line\u2028sep\u2029 tag\U000e0041 \ue000 \U0010ffff".encode(),
    bytes(range(256)),
]


def hostile(name):
    """Two connections with hostile bytes wherever a peer may put some."""
    cap = wire.Capture()
    for n, target in enumerate((b"/\x1b]0;url\x07\xe2\x80\xae\x9b2J", b"/x")):
        c = wire.Conn(cap, ("192.0.2.10", 50000 + n), seed=n).open()
        c.send(0, wire.request(host=b"h\x1b[5most\xc2\x9b", target=target, extra=[
            (b"Cookie", b"\x1b]0;c\x07"), (b"Origin", b"http://\xe2\x80\xae"),
            (b"Sec-WebSocket-Protocol", b"\x1b[7mchat")]))
        c.send(1, wire.response(extra=[(b"Server", b"\x1b[2J\x9b\xe2\x80\xae")]))
        for i, p in enumerate(PAYLOADS):
            side = i % 2
            mask = None if side else b"\x1b]\x9b\x00"
            c.send(side, wire.frame(wire.BINARY if n else wire.TEXT, p, mask=mask))
            c.send(side, wire.frame(wire.PING, p[:100], mask=mask))
        c.send(1, wire.frame(wire.CLOSE, wire.close_payload(
            4000, b"\x1b]0;bye\x07 \xe2\x80\xae \xc2\x9b")))
        c.send(0, wire.frame(wire.CLOSE, wire.close_payload(
            4000, b"\x9b\x00\x1b_"), mask=b"\1\2\3\4"))
        c.shut()
    cap.pcap(name)


# --- tests: raw bytes --------------------------------------------------------


def test_q_restores_the_terminal():
    for keys in ("q", "Q", "\x03"):
        t = opened()
        t.keys("\x1b")  # never ends it
        t.settle()
        assert t.child.poll() is None, t.child.returncode
        t.keys(keys)
        assert t.end() == 0, (keys, t.child.returncode)
        t.assert_restored()
        t.close()


def signal_test(number, status):
    t = opened()
    t.keys("2")
    t.settle()
    os.kill(t.child.pid, number)
    got = t.end()
    assert got == status, f"exit status {got}, not {status}: {t.out[-200:]!r}"
    t.assert_restored()
    t.close()


def test_sigterm():
    signal_test(signal.SIGTERM, 143)


def test_sighup():
    signal_test(signal.SIGHUP, 129)


def test_sigint():
    signal_test(signal.SIGINT, 130)


def test_a_crash_restores_the_terminal():
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
        signal_test(number, 128 + number)


def test_a_terminal_that_is_gone_ends_it():
    t = opened()
    os.close(t.slave)
    os.close(t.master)
    start = time.monotonic()
    while t.child.poll() is None:
        assert time.monotonic() - start < 5, "it lives on"
        time.sleep(0.02)
    assert t.child.returncode in (129, -1), t.child.returncode


def run_plain(args, **options):
    return subprocess.run([WSRAY, *args], capture_output=True, timeout=PATIENCE,
                          **options)


def test_without_a_terminal_there_is_a_message():
    r = run_plain(["tui", CHAT], stdin=subprocess.DEVNULL)
    assert r.returncode == 2 and b"terminal" in r.stderr and not r.stdout, r
    # Only one of both.
    for stdin in (True, False):
        master, slave = pty.openpty()
        with open(os.devnull, "r+b") as null:
            r = subprocess.run(
                [WSRAY, "tui", CHAT], timeout=PATIENCE,
                stdin=slave if stdin else null, stderr=subprocess.PIPE,
                stdout=null if stdin else slave)
        assert r.returncode == 2 and b"terminal" in r.stderr, r
        assert not select.select([master], [], [], 0.1)[0]
        os.close(master)
        os.close(slave)
    r = subprocess.run(["sh", "-c", '"$0" tui "$1" <&- >&-', WSRAY, CHAT],
                       stderr=subprocess.PIPE, timeout=PATIENCE)
    assert r.returncode in (2, 3) and r.stderr, r


def test_terminals_that_cannot_be_used():
    for term in ("dumb", "no-such-terminal", "", "x" * 5000):
        t = Terminal(["tui", CHAT], TERM=term)
        status = t.end()
        assert status == 2, (term, status, t.out)
        assert b"terminal" in t.out and len(t.out) < 1000, t.out
        assert termios.tcgetattr(t.slave) == t.before
        t.close()


def test_nothing_is_drawn_and_no_time_spent_when_nothing_happens():
    t = opened()

    def ticks():
        with open(f"/proc/{t.child.pid}/stat") as f:
            words = f.read().rsplit(")", 1)[1].split()
        return int(words[11]) + int(words[12])

    t.read(1)  # a last look, half a second after all was loaded
    before = ticks()
    new = t.read(2)
    assert not new, new
    assert ticks() - before <= 10, "0.1 s of work in 2 s"
    t.close()


def test_pasted_text_is_no_command():
    t = opened()
    t.keys(b"\x1b[200~qQ\x033:q\r\x1b[201~")
    t.settle()
    assert t.child.poll() is None
    t.keys("3")
    t.wait_for(b"Talk")
    t.keys("q")
    t.settle()
    t.keys("q")
    assert t.end() == 0
    t.close()


def test_random_keys():
    for seed in range(3):
        r = random.Random(seed)
        t = opened()
        for _ in range(200):
            keys = bytes(r.choice(b"1234567jkhlgGbBftxvdVCHoenN[]JKF \r/?\t\x0c")
                         if r.random() < 0.8 else
                         r.choice([b for b in range(256) if b not in b"qQ\x03\x1a"])
                         for _ in range(20))
            t.keys(keys)
            if r.random() < 0.3:
                t.keys(r.choice((b"\x1b[A", b"\x1b[B", b"\x1bOC", b"\x1b[5~",
                                 b"\x1b[200~q\x1b[201~", b"\x1b[<0;3;3M")))
            if r.random() < 0.1:
                t.size(r.randrange(1, 60), r.randrange(1, 200))
            t.read(0.01)
            assert t.child.poll() is None, t.child.returncode
        wrong = forbidden(t.out)
        assert not wrong, wrong
        t.keys("\x1b\x1b")
        t.settle()
        t.keys("Q")
        assert t.end() == 0
        t.assert_restored()
        t.close()


def walk(t):
    for view in "1234567":
        t.keys(view)
        for key in ("j", "G", "b", "B", "v", "H", "x", "t", "?", "?", "]", "g"):
            t.keys(key)
            t.read(0.03)
    for key in "2jjjjjjbBBBvJJJJ":
        t.keys(key)
        t.read(0.03)
    # Everything that lies over a view, on frames with hostile payloads.
    for keys in ("\x06\x07\r", "\x06PWN\r", "n", '/ws.text contains "t"\r',
                 "/\x15\r", "/ws.\t\t\x1b", "a", "A\x1b", "/\x15\r", "yt", "yh",
                 "yf", "yc", "yj", "yk", "ys", "yv", "yl", "wb\x1b", "wp\x1b",
                 "snnnnnnn\rs", "?tal\x1b", ":zz\x1b", "\\", "\t", "\\", "P",
                 "P", "\x1b[20~", "\x1b", "3", "vvvz", "4ouC", "5nnH", "6\t\t",
                 "7l", "2", "\x07" "3\r"):
        for key in keys if not keys.startswith("\x1b[") else [keys]:
            t.keys(key)
            t.read(0.02)
    t.settle()


def test_hostile_payload_never_reaches_the_terminal():
    name = os.path.join(scratch, "hostile.pcap")
    hostile(name)
    for options in ({}, {"LC_ALL": "C"}, {"TERM": "tmux-256color"},
                    {"TERM": "screen"}, {"NO_COLOR": "1"}):
        sizes = [(24, 80)]
        if not options or "LC_ALL" in options:
            sizes += [(48, 160), (12, 40)]
        for rows, cols in sizes:
            t = opened(name, rows=rows, cols=cols, **options)
            walk(t)
            assert t.child.poll() is None
            t.keys("Q")
            assert t.end() == 0
            wrong = forbidden(t.out, options.get("TERM", ""))
            assert not wrong, (options, rows, cols, wrong)
            if options.get("LC_ALL") == "C":
                assert max(t.out) < 128
            t.close()


def test_a_hostile_file_name():
    name = os.path.join(scratch, "\x1b]0;x\x07\u202e\u009b.pcap")
    shutil.copy(CHAT, name)
    t = opened(name, cols=160)
    t.keys("Q")
    assert t.end() == 0
    wrong = forbidden(t.out)
    assert not wrong, wrong
    t.close()


def test_a_full_disk_is_told_and_survived():
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    t = opened(os.path.join(SAMPLES, "good-lengths.pcapng"), limit=limit)
    t.keys("2G")
    t.settle()
    assert t.child.poll() is None, t.child.returncode
    t.keys("Q")
    assert t.end() in (0, 3)
    t.assert_restored()
    t.close()


def test_a_resize_storm():
    t = opened()
    t.keys("2")
    r = random.Random(1)
    for _ in range(300):
        t.size(r.choice((1, 2, 9, 10, 11, 24, 48, 70)),
               r.choice((1, 2, 39, 40, 41, 80, 160, 300)))
        if r.random() < 0.2:
            t.keys(r.choice("1234567jkG?b"))
        t.read(0.003)
    t.settle()
    assert t.child.poll() is None
    t.size(24, 80)
    t.settle()
    wrong = forbidden(t.out)
    assert not wrong, wrong
    t.keys("\x1b")  # the help may be open, where letters are typed
    t.settle()
    t.keys("Q")
    assert t.end() == 0
    t.close()


def test_what_cannot_be_read_is_told_behind():
    t = Terminal(["tui", "no-such-file"])
    t.wait_for(b"No such file")
    t.keys("Q")
    assert t.end() == 3, t.child.returncode
    t.assert_restored()
    t.close()


# --- tests: screens ----------------------------------------------------------


class Tmux:
    """A tmux server of its own with one shell in it."""

    made = 0

    def __init__(self, cols=80, rows=24):
        if not shutil.which("tmux"):
            raise Skip("no tmux here")
        Tmux.made += 1  # a name of its own: servers take time to go away
        self.name = f"wsray-{os.getpid()}-{Tmux.made}"
        env = dict(os.environ, LC_ALL="C.UTF-8", PS1="$ ", HISTFILE="")
        env.pop("TMUX", None)
        self.env = env
        subprocess.run(["tmux", "-L", self.name, "-f", os.devnull, "new-session",
                        "-d", "-x", str(cols), "-y", str(rows),
                        "bash --norc --noprofile -i"], env=env, check=True)
        self.do("set-option", "-g", "status", "off")
        self.do("resize-window", "-x", str(cols), "-y", str(rows))
        self.line(f"cd {shlex.quote(scratch)}; unset NO_COLOR; clear")

    def do(self, *args):
        return subprocess.run(["tmux", "-L", self.name, *args], env=self.env,
                              check=True, capture_output=True).stdout.decode()

    def keys(self, *names):
        self.do("send-keys", *names)

    def line(self, text):
        self.do("send-keys", "-l", text)
        self.do("send-keys", "Enter")

    def screen(self):
        return self.do("capture-pane", "-p")

    def wait_for(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.screen():
            assert time.monotonic() < end, f"no {text!r}:\n{self.screen()}"
            time.sleep(0.03)

    def settled(self):
        last = None
        for _ in range(100):
            now = self.screen()
            if now == last:
                return now
            last = now
            time.sleep(0.12)
        raise AssertionError("the screen does not come to rest")

    def start(self, command="tui capture"):
        self.line(f"{WSRAY} {command}; echo status=$?")
        self.wait_for("? help")

    def close(self):
        subprocess.run(["tmux", "-L", self.name, "kill-server"], env=self.env,
                       capture_output=True)


def drawn(sample, size, keys):
    """The screen as tui_draw has it; None: it is not there."""
    if not TUI_DRAW or not os.path.exists(TUI_DRAW):
        raise Skip("tests/tui_draw was not built")
    copy = os.path.join(scratch, "capture")  # what wsray reads, by its name
    shutil.copy(sample, copy)
    return subprocess.run([TUI_DRAW, copy, "utf8", size, keys], check=True,
                          capture_output=True).stdout.decode()


def assert_same(screen, want, what):
    a = [line.rstrip() for line in screen.rstrip("\n").split("\n")]
    b = [line.rstrip() for line in want.rstrip("\n").split("\n")]
    for i, (x, y) in enumerate(zip(a, b)):
        assert x == y, f"{what}: row {i}\n is     {x!r}\n not    {y!r}"
    assert len(a) == len(b), (what, len(a), len(b))


def test_tmux_shows_what_is_drawn():
    for sample in ("good-chat.pcapng", "odd-frames.pcap", "odd-utf8.pcap"):
        path = os.path.join(SAMPLES, sample)
        shutil.copy(path, os.path.join(scratch, "capture"))
        for cols, rows in ((80, 24), (160, 48), (60, 20), (40, 12), (39, 9)):
            tmux = Tmux(cols, rows)
            try:
                tmux.line(f"{WSRAY} tui capture")
                tmux.wait_for("? help" if cols > 39 else "too small")
                tmux.settled()
                pressed = ""
                # 6 tells more than tui_draw knows.
                for key in ("1", "2", "Down", "Right", "b", "B", "G", "3", "4",
                            "5", "7", "?", "?", "1"):
                    tmux.keys(key)
                    pressed += key + " "
                    want = drawn(path, f"{cols}x{rows}", pressed)
                    end = time.monotonic() + 5
                    while True:
                        try:
                            assert_same(tmux.settled(), want,
                                        f"{sample} {cols}x{rows} {pressed}")
                            break
                        except AssertionError:
                            if time.monotonic() > end:
                                raise
            finally:
                tmux.close()


def test_tmux_resize_storm_ends_in_the_right_screen():
    shutil.copy(CHAT, os.path.join(scratch, "capture"))
    tmux = Tmux()
    try:
        tmux.start()
        tmux.keys("2")
        r = random.Random(5)
        for _ in range(40):
            tmux.do("resize-window", "-x", str(r.randrange(1, 200)),
                    "-y", str(r.randrange(1, 60)))
        for cols, rows in ((100, 30), (40, 12), (1, 1), (160, 48), (80, 24)):
            tmux.do("resize-window", "-x", str(cols), "-y", str(rows))
            time.sleep(0.2)
            if (cols, rows) != (1, 1):
                assert_same(tmux.settled(), drawn(CHAT, f"{cols}x{rows}", "2"),
                            f"after the storm, {cols}x{rows}")
    finally:
        tmux.close()


def test_tmux_mouse():
    """Of xterm in SGR (1006), of tmux and screen in X10 encoding."""
    shutil.copy(CHAT, os.path.join(scratch, "capture"))

    def sgr(button, y, x):
        press = f"\x1b[<{button};{x + 1};{y + 1}"
        return (press + "M" + (press + "m" if button == 0 else "")).encode()

    def x10(button, y, x):
        at = bytes((33 + x, 33 + y))
        release = b"\x1b[M" + bytes((35,)) + at
        return b"\x1b[M" + bytes((32 + button,)) + at + \
            (release if button == 0 else b"")

    for term, encode, more in (("xterm-256color", sgr, ""), ("screen", x10, ""),
                               ("xterm-256color", sgr, "--no-mouse ")):
        tmux = Tmux()

        def send(button, y, x):
            tmux.do("send-keys", "-H", *(f"{b:02x}" for b in encode(button, y, x)))

        try:
            tmux.line(f"export TERM={term}; clear")
            tmux.start(f"tui {more}capture")
            if more:
                assert tmux.do("display-message", "-p",
                               "#{mouse_any_flag}").strip() == "0"
                continue
            send(0, 0, 10)  # the tab of the frames
            pressed = "click:0,10 "
            tmux.wait_for("[2 Frames]")
            for button, word, y, x in ((0, "click", 6, 20),
                                       (65, "wheel-down", 6, 20),
                                       (0, "click", 4, 30),
                                       (64, "wheel-up", 8, 79),
                                       (0, "click", 23, 3)):
                send(button, y, x)
                pressed += f"{word}:{y},{x} "
                want, end = drawn(CHAT, "80x24", pressed), time.monotonic() + 5
                while tmux.settled().rstrip("\n") != want.rstrip("\n") and \
                        time.monotonic() < end:
                    pass
                assert_same(tmux.settled(), want, f"{term} {pressed}")
            tmux.keys("Escape")
            time.sleep(0.5)
            send(0, 0, 0)
            tmux.wait_for("[1 Conns]")
            time.sleep(0.5)
            send(0, 3, 10)
            send(0, 3, 10)  # twice: Enter
            tmux.wait_for("[2 Frames]")
            tmux.keys("Q")
            tmux.wait_for("status=0")
            tmux.settled()
            assert tmux.do("display-message", "-p",
                           "#{mouse_any_flag}").strip() == "0"
        finally:
            tmux.close()


def stty(tmux):
    tmux.line("clear; stty -g | md5sum; echo done")
    tmux.wait_for("done\n")
    return re.search(r"[0-9a-f]{32}", tmux.settled()).group()


def test_tmux_suspend_and_go_on():
    shutil.copy(CHAT, os.path.join(scratch, "capture"))
    tmux = Tmux()
    try:
        before = stty(tmux)
        tmux.line("clear; echo before")
        tmux.start()
        tmux.keys("2")
        tmux.wait_for("[2 Frames]")
        want = tmux.settled()
        for _ in range(3):
            tmux.keys("C-z")
            tmux.wait_for("Stopped")
            assert "[2 Frames]" not in tmux.screen(), tmux.screen()
            assert "before" in tmux.screen(), tmux.screen()
            assert stty(tmux) == before, (stty(tmux), before)
            tmux.line("clear; echo before; fg")
            tmux.wait_for("[2 Frames]")
            assert_same(tmux.settled(), want, "after fg")
        tmux.keys("C-z")
        tmux.wait_for("Stopped")
        tmux.do("resize-window", "-x", "100", "-y", "30")
        tmux.line("clear; fg; echo status=$?")
        tmux.wait_for("[2 Frames]")
        assert_same(tmux.settled(), drawn(CHAT, "100x30", "2"), "another size")
        tmux.keys("Q")
        tmux.wait_for("status=0")
        assert stty(tmux) == before
    finally:
        tmux.close()


def test_tmux_is_as_before_however_it_ends():
    shutil.copy(CHAT, os.path.join(scratch, "capture"))
    tmux = Tmux()
    try:
        before = stty(tmux)
        for number, status in ((None, 0), ("TERM", 143), ("HUP", 129),
                               ("SEGV", 139), ("KILL", 137)):
            tmux.line("clear; echo before")
            tmux.start()
            tmux.keys("3")
            tmux.wait_for("[3 Talk]")
            tmux.settled()
            if number:
                shell = tmux.do("display-message", "-p", "#{pane_pid}").strip()
                pid = subprocess.run(["pgrep", "-P", shell],
                                     capture_output=True).stdout.split()
                assert len(pid) == 1, pid
                os.kill(int(pid[0]), getattr(signal, "SIG" + number))
            else:
                tmux.keys("Q")
            if number == "KILL":  # nothing can be done about that
                time.sleep(0.3)
                tmux.line("reset")
                tmux.settled()
                continue
            tmux.wait_for(f"status={status}")
            assert "before" in tmux.screen(), (number, tmux.screen())
            assert "Conversation" not in tmux.screen(), (number, tmux.screen())
            assert stty(tmux) == before, number
    finally:
        tmux.close()


def test_tmux_under_many_names():
    shutil.copy(CHAT, os.path.join(scratch, "capture"))
    want = drawn(CHAT, "80x24", "2")
    for term in ("xterm", "xterm-256color", "tmux-256color", "screen", "linux",
                 "vt100", "vt220"):
        if subprocess.run(["infocmp", term], capture_output=True).returncode:
            print(f"# no terminfo of {term}")
            continue
        tmux = Tmux()
        try:
            tmux.line(f"export TERM={term}; clear")
            tmux.start()
            tmux.keys("2")
            tmux.wait_for("[2 Frames]")
            assert_same(tmux.settled(), want, term)
            tmux.keys("Q")
            tmux.wait_for("status=0")
        finally:
            tmux.close()


# --- tests: live -------------------------------------------------------------


def test_live_on_lo():
    if os.environ.get("WSRAY_LIVE_SKIP"):
        raise Skip(os.environ["WSRAY_LIVE_SKIP"])
    t = Terminal(["tui", "-i", "lo"], cols=160, rows=48)
    peers = []
    try:
        t.wait_for(b"no WebSocket so far")
        log = os.path.join(scratch, "peer")
        for role in ("server", "client"):
            peers.append(subprocess.Popen(
                ["node", os.path.join(HERE, "peer.js"), role, "9000",
                 f"{log}.{role}", "100", "3", "takeover", "1"],
                stdout=subprocess.PIPE, env=dict(os.environ,
                                                 WSRAY_LARGEST="2000")))
            if role == "server":
                assert b"ready" in peers[0].stdout.readline()
        t.wait_for(b"open")
        for view in "234567":
            t.keys(view)
            t.read(0.2)
        assert peers[1].wait(PATIENCE) == 0
        t.keys("1")
        t.wait_for(b"closed 1000")
        t.keys("2fG")
        t.settle()
        wrong = forbidden(t.out)
        assert not wrong, wrong
        t.keys("Q")
        assert t.end() == 0, t.child.returncode
        t.assert_restored()
    finally:
        t.close()
        for p in peers:
            p.kill()
            p.wait()


# --- all of them -------------------------------------------------------------


def main():
    failed = number = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        words = sys.argv[3:]
        if words and not any(w in name for w in words):
            continue
        number += 1
        title = name[5:].replace("_", " ")
        try:
            test()
            print(f"ok {number} - {title}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {title} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {title}")
            for line in traceback.format_exc().splitlines()[-30:]:
                print(f"# {line}")
            sys.stdout.flush()
    print(f"1..{number}")
    return failed > 0


scratch = tempfile.mkdtemp(prefix="wsray-tui-")
try:
    status = main()
finally:
    shutil.rmtree(scratch)
sys.exit(status)

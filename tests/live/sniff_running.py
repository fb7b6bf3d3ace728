# SPDX-License-Identifier: MIT
"""sniff_running.py - cases of sniff.py: interfaces, signals, files, rights."""

import os
import re
import shutil
import signal
import subprocess
import time

import day
import sniffing
from sniffing import PORT, WSRAY
from sniffing import Skip, Talk, Wsray
from sniffing import check, equal, live, proc_status, read, run
from sniffing import same_events, until

USER = 12345  # an ordinary user, who needs no account


# ------------------------------------------------------------------ interfaces
def send_connection(device, number):
    """Sends the packets of a short WebSocket there; how many."""
    made = day.Day(number)
    made.short(number, 0)
    s = sniffing.packet_socket(device)
    for _, data in made.packets:
        s.send(data)
    s.close()
    return len(made.packets)


def two_interfaces():
    for number in (0, 1):
        sniffing.veth("a%d" % number, "b%d" % number)
    w = Wsray("gone", "-i", "b0", "-i", "b1", "json", "-w",
              "gone.pcapng").until_listening()
    sent = send_connection("a0", 1) + send_connection("a1", 2)
    w.until_events("end", 2)
    return w, sent


def case_interface_gone():
    """One of two is deleted, then the other."""
    w, sent = two_interfaces()
    run("ip", "link", "delete", "a0")
    w.until_said("disappeared")
    sent += send_connection("a1", 3)
    w.until_events("end", 3)
    run("ip", "link", "delete", "a1")
    summary = w.over(3)
    equal((summary["packets"], summary["connections"]), (sent, 3), "sums")
    said = w.said().splitlines()[1:]
    equal([line.split(": ")[1] for line in said if "disappeared" in line],
          ["b0", "b1"], "disappeared")
    equal(len(sniffing.saved_packets("gone.pcapng")), sent, "packets saved")
    same_events(w.lines, read("gone.pcapng").lines, "live and file")
    print("; ".join(said))


def case_interface_down():
    """One of two goes down; the other goes on.  It comes up again."""
    w, sent = two_interfaces()
    run("ip", "link", "set", "b0", "down")
    w.until_said("the interface went down")
    sent += send_connection("a1", 3)
    w.until_events("end", 3)
    run("ip", "link", "set", "b0", "up")
    w.until_said("the interface is up again")
    sent += send_connection("a0", 4)
    w.until_events("end", 4)
    summary = w.end(3)
    equal((summary["packets"], summary["connections"]), (sent, 4), "sums")
    equal(len(sniffing.saved_packets("gone.pcapng")), sent, "packets saved")
    print("; ".join(w.said().splitlines()[1:]))


# --------------------------------------------------------------------- signals
def talking(name, *args):
    """A wsray that has seen something: and the connection."""
    w = live(name, "json", *args)
    talk = Talk().handshake()
    talk.say("client", "hello")
    talk.say("server", "hi")
    w.until_text("hi")
    return w, talk


def case_sigint():
    """Ends cleanly: summary, 0; SIGTERM 143, SIGHUP 129."""
    for number, wanted in ((signal.SIGINT, 0),
                           (signal.SIGTERM, 128 + signal.SIGTERM),
                           (signal.SIGHUP, 128 + signal.SIGHUP)):
        args = () if number == signal.SIGHUP else ("-w", "end.pcapng")
        w, talk = talking("end", *args)
        broker = w.broker() if args else None
        summary = w.kill(number).over(wanted)
        equal((summary["connections"], summary["messages"]), (1, 2), "sums")
        equal(summary["dropped"], 0, "dropped")
        talk.close()
        if args:
            until(lambda: not proc_status(broker), "broker gone")
            equal(len(sniffing.saved_packets("end.pcapng")),
                  summary["packets"], "packets saved")
    print("SIGINT 0, SIGTERM 143, SIGHUP 129, each with the summary")


def case_second_sigint():
    """A second one ends at once what does not end by itself: output that
    nobody reads."""
    reader, writer = os.pipe()
    w = Wsray("second", "-i", "lo", "json", stdout=writer)
    w.until_listening()
    os.close(writer)
    talk = Talk().handshake()
    for _ in range(20):  # many times what a pipe holds
        talk.say("server", "x" * 60000)
    w.kill()
    time.sleep(0.3)
    check(not w.ended(), "the first one ended it (%s)" % w.process.returncode)
    w.kill()
    equal(w.process.wait(sniffing.LIMIT), -signal.SIGINT, "killed by")
    os.close(reader)
    print("the first waits for output, the second ends it: 130 in a shell")


def case_sighup_rotates():
    w, talk = talking("rotate", "-w", "rotate.pcapng")
    names = [n for n in os.listdir(".") if n.endswith(".pcapng")]
    equal(names, ["rotate.pcapng"], "files")
    w.kill(signal.SIGHUP)

    def rotated():
        talk.say("server", "which one?")
        return len(list_files()) == 2
    until(rotated, "a second file")
    talk.say("server", "in the second file")
    w.until_text("in the second file")
    talk.close()
    summary = w.end()
    packets = [len(sniffing.saved_packets(n)) for n in list_files()]
    equal(sum(packets), summary["packets"], "packets saved")
    first, second = list_files()
    for name, wanted in ((first, [True, False]), (second, [False, True])):
        data = b"".join(sniffing.saved_packets(name))
        equal([text in data for text in (b"\x81\x02hi", b"in the second file")],
              wanted, "messages in " + name)
        read(name)
    print("%s: %d packets, %s: %d" % (first, packets[0], second, packets[1]))


def list_files():
    return sorted((n for n in os.listdir(".") if n.endswith(".pcapng")),
                  key=os.path.getmtime)


def case_sigusr1():
    w, _ = talking("figures", "-w", "figures.pcapng")
    w.kill(signal.SIGUSR1)
    w.until_said("packets saved")
    said = w.said()
    match = re.search(r"now: (\d+) packets, 1 connections, 1 TCP flows open",
                      said)
    check(match, said)
    check("now: 0 packets dropped by the kernel" in said, said)
    summary = w.end()
    check(0 < int(match[1]) <= summary["packets"], "packets: " + match[1])
    print("; ".join(line.split(": ", 2)[2] for line in said.splitlines()
                    if ": now: " in line))


# -------------------------------------------------------------------- stopping
def case_stop_after():
    """-c, -a packets, filesize, duration."""
    for args in (("-c", "9"), ("-a", "packets:9")):
        w = live("c", "json", "-w", "c.pcapng", *args)
        talk = Talk().handshake()
        for _ in range(5):
            talk.say("server", "hello")
        equal(w.over(0)["packets"], 9, "packets, " + " ".join(args))
        equal(len(sniffing.saved_packets("c.pcapng")), 9, "packets saved")
    w = live("size", "json", "-w", "size.pcapng", "-a", "filesize:64")
    talk = Talk().handshake()
    for _ in range(200):
        talk.say("server", "x" * 1000)
    packets = w.over(0)["packets"]
    size = os.path.getsize("size.pcapng")
    equal(len(sniffing.saved_packets("size.pcapng")), packets, "saved")
    check(64000 <= size < 64000 + 4096, "%d bytes" % size)
    began = time.monotonic()
    w = live("time", "json", "-a", "duration:1")
    Talk().handshake().say("server", "hello")
    w.over(0)
    took = time.monotonic() - began
    check(took >= 1, "duration:1 took %.3f s" % took)
    equal(w.texts(), ["hello"], "messages")
    print("-c, -a packets, filesize, duration")


def case_ring():
    """-b, of which the oldest files are removed."""
    w = live("ring", "json", "-w", "ring.pcapng", "-b", "packets:20", "-b",
             "files:3")
    talk = Talk().handshake()
    for i in range(100):
        talk.say("server", "%04d" % i)
    w.until_text("0099")
    summary = w.end()
    total = summary["packets"]
    names = sorted(list_files())
    files = -(-total // 20)
    equal([int(re.fullmatch(r"ring_(\d{5})_\d{14}\.pcapng", n)[1])
           for n in names], [files - 2, files - 1, files], "numbers")
    packets = [len(sniffing.saved_packets(n)) for n in names]
    equal(packets, [20, 20, total - 20 * (files - 1)], "packets")
    texts = [p[-4:] for n in names for p in sniffing.saved_packets(n)
             if p[-6:-4] == b"\x81\x04"]
    wanted = [b"%04d" % i for i in range(100)]
    check(texts and texts == wanted[-len(texts):], "messages %r" % texts)
    for name in names:
        read(name)
        os.remove(name)

    w = live("sized", "json", "-w", "sized.pcapng", "-b", "filesize:32")
    talk = Talk().handshake()
    for i in range(100):
        talk.say("server", "y" * 1000)
    talk.say("server", "last")
    w.until_text("last")
    total = w.end()["packets"]
    names = sorted(list_files())
    sizes = [os.path.getsize(n) for n in names]
    check(len(names) >= 4 and max(sizes) <= 32000, "sizes %r" % sizes)
    equal(sum(len(sniffing.saved_packets(n)) for n in names), total, "packets")
    for name in names:
        os.remove(name)

    w = live("three", "json", "-w", "three.pcapng", "-b", "packets:20", "-a",
             "files:3")
    for i in range(40):
        talk.say("server", "%04d" % i)
    w.over(0)
    equal([len(sniffing.saved_packets(n)) for n in sorted(list_files())],
          [20, 20, 20], "packets of three files")
    print("a ring of 3 files of %d; %d files of up to 32 kB; 3 files and over" %
          (files, len(names)))


def case_ws_only():
    """--ws-only: all of the WebSocket, from its SYN on, and nothing else."""
    everything = live("all", "json", "-w", "all.pcapng")
    w = live("only", "json", "-w", "only.pcapng", "--ws-only")
    plain = Talk()
    plain.put("client", day.HTTP_REQUEST)
    plain.put("server", day.HTTP_RESPONSE)
    talk = Talk(PORT + 1)
    # Requests on the same connection before the one for the upgrade.
    talk.put("client", day.HTTP_REQUEST)
    talk.put("server", day.HTTP_RESPONSE)
    talk.handshake()
    talk.say("client", "saved")
    talk.close()
    plain.client.close()
    plain.server.close()
    for one in (everything, w):
        one.until_events("end", 1)
        one.end()
    port = (PORT + 1).to_bytes(2, "big")
    wanted = [p for p in sniffing.saved_packets("all.pcapng")
              if port in (p[34:36], p[36:38])]
    got = sniffing.saved_packets("only.pcapng")
    equal(len(got), len(wanted), "packets")
    check(got == wanted, "other packets were saved")
    equal(read("only.pcapng").texts(), ["saved"], "messages")
    print("%d of %d packets" % (
        len(got), len(sniffing.saved_packets("all.pcapng"))))


def case_disk_full():
    """Told at once; analysis goes on."""
    os.mkdir("disk")
    run("mount", "-t", "tmpfs", "-o", "size=1m", "none", "disk")
    w = live("full", "json", "--payload-limit", "16", "-w", "disk/f.pcapng")
    talk = Talk().handshake()
    for _ in range(60):
        talk.say("server", "z" * 30000)
    w.until_said("packets are not saved from here on")
    told = w.said().splitlines()[1]
    check("No space left on device" in told, told)
    talk.say("server", "still here")
    w.until_text("still here")
    talk.close()
    summary = w.end(3)
    equal(summary["messages"], 61, "messages")
    packets = len(sniffing.packets_of(sniffing.read_pcapng("disk/f.pcapng")))
    equal(sniffing.tcpdump_counts("disk/f.pcapng"), packets, "packets saved")
    again = read("disk/f.pcapng")
    check(0 < again.lines[-1]["packets"] == packets < summary["packets"],
          "%d packets" % packets)
    print("%s; %d of %d packets saved" % (told, packets, summary["packets"]))


# ------------------------------------------------------------------ privileges
def check_locked(pid, uid):
    """No right is left in that process, in none of its threads."""
    for task in os.listdir("/proc/%d/task" % pid):
        status = proc_status(int(task))
        equal(status["Uid"].split(), [str(uid)] * 4, "user")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal(int(status[name], 16), 0, name)
        equal(status["NoNewPrivs"], "1", "NoNewPrivs")
        equal(status["Seccomp"], "2", "Seccomp")


def require_filter():
    said = run(WSRAY, "--version").decode()
    if "system call filter (libseccomp" not in said:
        raise Skip("this wsray has no system call filter")


def case_privileges_root():
    """Started by root, through sudo, with -Z."""
    require_filter()
    nobody = 65534
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
    sudo = {**clean, "SUDO_UID": str(USER), "SUDO_GID": str(USER)}
    os.mkdir("theirs")
    os.chown("theirs", USER, USER)
    for name, env, args, decoder, broker, target in (
            ("root", clean, (), nobody, 0, "root.pcapng"),
            ("sudo", sudo, (), USER, USER, "theirs/sudo.pcapng"),
            ("user", clean, ("-Z", "%d:%d" % (USER, USER)), USER, USER,
             "theirs/user.pcapng")):
        w = live(name, "json", "-w", target, *args, env=env)
        check_locked(w.pid, decoder)
        equal(len(os.listdir("/proc/%d/task" % w.pid)), 2, "threads")
        equal(proc_status(w.pid)["Groups"], "", "supplementary groups")
        check_locked(w.broker(), broker)
        equal(os.stat(target).st_uid, broker, "owner of the file")
        talk = Talk().handshake()
        talk.say("server", "seen")
        w.until_text("seen")
        talk.close()
        w.end()
        equal(read(target).texts(), ["seen"], "messages saved")
    print("decoder and broker: no capability, no_new_privs, filtered")


def ordinary(*caps):
    """A copy that an ordinary user can start: (command, folder of his)."""
    os.chmod(".", 0o755)
    program = os.path.abspath("wsray-copy")
    shutil.copy(WSRAY, program)
    os.chmod(program, 0o755)
    if caps:
        if not shutil.which("setcap"):
            raise Skip("no setcap here")
        if os.statvfs(".").f_flag & os.ST_NOSUID:
            raise Skip("the file system is mounted nosuid")
        done = subprocess.run(("setcap", *caps, program), check=False,
                              capture_output=True)
        if done.returncode != 0:
            raise Skip("setcap: " + done.stderr.decode().strip())
    os.mkdir("own")
    os.chown("own", USER, USER)
    return ("setpriv", "--reuid", str(USER), "--regid", str(USER),
            "--clear-groups", program)


def case_setcap():
    """An ordinary user with capabilities on the file."""
    require_filter()
    program = ordinary("cap_net_raw,cap_net_admin=ep")
    w = Wsray("caps", "-i", "lo", "json", "-w", "own/caps.pcapng",
              program=program).until_listening()
    check_locked(w.pid, USER)
    check_locked(w.broker(), USER)
    talk = Talk().handshake()
    talk.say("client", "no root")
    w.until_text("no root")
    talk.close()
    w.end()
    equal(os.stat("own/caps.pcapng").st_uid, USER, "owner of the file")
    equal(read("own/caps.pcapng").texts(), ["no root"], "messages saved")
    print("user %d captures and saves, without any capability left" % USER)


def case_no_rights():
    """An ordinary user without: one line that tells what to do."""
    program = ordinary()
    w = Wsray("none", "-i", "lo", "json", program=program)
    equal(w.wait(), 3, "exit status")
    said = w.said()
    equal(len(said.splitlines()), 1, "lines")
    check("setcap cap_net_raw,cap_net_admin=ep " + program[-1] in said, said)
    equal(w.lines, [], "output")
    # What it names is all that it takes.
    print(said.strip())


CALLS = ('open("/etc/passwd", 0)', 'open("/dev/null", 1)', "socket(2, 1, 0)",
         "socket(2, 2, 0)", "socket(17, 3, 0)", 'execl("/bin/true", "true", 0)',
         "fork()", "setuid(0)", 'unlink("debugged.pcapng")')
HARMLESS = 4  # of those: what anybody else may do


def call_in(w, calls):
    """What these calls return in that process."""
    args = [a for c in calls for a in ("-ex", "print (int)" + c)]
    done = subprocess.run(
        ("gdb", "-q", "-nx", "-batch", "-p", str(w.pid), *args, "-ex",
         "print (int)getpid()"), check=False, timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "HOME": "/", "DEBUGINFOD_URLS": ""})
    if "ptrace: Operation not permitted" in done.stdout:
        raise Skip("gdb may not attach here")
    got = [int(x) for x in re.findall(r"^\$\d+ = (-?\d+)$", done.stdout, re.M)]
    equal(len(got), len(calls) + 1, "answers: " + done.stdout)
    equal(got[-1], w.pid, "getpid()")
    return got[:-1]


def case_debugger():
    """What somebody who has taken over the decoder could do: nothing."""
    require_filter()
    if not shutil.which("gdb"):
        raise Skip("no gdb here")
    w = live("debugged", "json", "-w", "debugged.pcapng")
    for call, result in zip(CALLS, call_in(w, CALLS)):
        equal(result, -1, call)
    talk = Talk().handshake()
    talk.say("server", "unharmed")
    w.until_text("unharmed")
    talk.close()
    w.end()
    # That it is not the debugger that fails:
    w = live("open", "json", "--no-sandbox")
    for call, result in zip(CALLS, call_in(w, CALLS[:HARMLESS])):
        check(result >= 0, "%s does not work without the sandbox" % call)
    w.end()
    print("%d calls in the running decoder, all refused" % len(CALLS))

# SPDX-License-Identifier: MIT
"""sniff.py - the cases of sniff.sh, each in namespaces of its own.

    sniff.py --list
    sniff.py NAME FOLDER                        one of those, in that folder
    sniff.py same LIVE.json FILE.json [FILE.pcap]

same: what was said live and of the saved file; as many packets as tcpdump saw.

Prints a line of what was compared and perhaps others with figures; exit status
1 and what is wrong otherwise, 77 and a reason when it cannot be done here."""

import gc
import os
import signal
import sys

import sniff_running
import sniff_traffic
import sniffing
from sniffing import Failure, Skip, equal, read_lines, run
from sniffing import same_events


def same(live_json, saved_json, pcap=None):
    a, b = read_lines(live_json), read_lines(saved_json)
    same_events(a, b, "live and file")
    equal(a[-1]["dropped"], 0, "packets dropped")
    if pcap:
        equal(a[-1]["packets"], sniffing.tcpdump_counts(pcap),
              "packets, and those of tcpdump")
    print("%d packets, %d events: the same live and from the file" % (
        a[-1]["packets"], len(a)))


# ------------------------------------------------------------------------ main
CASES = {name[5:].replace("_", "-"): f for module in
         (sniff_traffic, sniff_running) for name, f in vars(module).items()
         if name.startswith("case_")}


def main(name, folder="", *more):
    if name == "--list":
        print("\n".join(CASES))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    gc.disable()  # many small objects, which stay
    try:
        if name == "same":
            same(folder, *more)
        else:
            os.chdir(folder)
            run("ip", "link", "set", "lo", "up")
            CASES[name]()
    except Skip as e:
        print(e)
        return 77
    except Failure as e:
        print(e)
        return 1
    finally:
        sniffing.end_started()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

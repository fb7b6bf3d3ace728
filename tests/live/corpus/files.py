# SPDX-License-Identifier: MIT
"""files.py FOLDER TEXT-FILE PROGRAM: the files that go over the wire, 128 KiB
each: what real transfers are made of, and contents that look like WebSocket
headers to anyone who believes too easily.  With --list alone: their names."""

import array
import gzip
import os
import random
import struct
import sys

SIZE = 128 << 10
rng = random.Random(7)
folder, words, program = None, b"words ", b"program"
if sys.argv[1] != "--list":
    folder = sys.argv[1]
    with open(sys.argv[2], "rb") as f:
        words = f.read()
    with open(sys.argv[3], "rb") as f:
        program = f.read()
text = b"".join(words[rng.randrange(len(words) // 2):][: rng.randrange(2000)]
                for _ in range(SIZE // 200))[:SIZE]


def numbers(code, step):
    values, out = 0, array.array(code)
    for _ in range(SIZE // out.itemsize):
        values = (values + rng.randrange(step)) % (1 << 8 * out.itemsize - 1)
        out.append(values)
    out.byteswap()  # big-endian, as on wires
    return out.tobytes()


def walk(low, high):
    """8-bit sound, nearly silent: 0x80 is the middle."""
    at, out = 0x80, bytearray()
    for _ in range(SIZE):
        at = min(max(at + rng.choice((-1, 0, 0, 1)), low), high)
        out.append(at)
    return bytes(out)


def records(width, size):
    """Many small records, each behind its length (big-endian)."""
    out = bytearray()
    while len(out) < SIZE:
        body = rng.randbytes(rng.randrange(size))
        out += len(body).to_bytes(width, "big") + body
    return bytes(out)


FILES = {
    "random": rng.randbytes(SIZE),
    "zero": bytes(SIZE),
    "ones": b"\xff" * SIZE,
    # A byte that is a header and its own mask.
    "byte-81": b"\x81" * SIZE,
    "byte-82": b"\x82" * SIZE,
    "byte-8a": b"\x8a" * SIZE,
    "text": text,
    "gzip": gzip.compress(text + rng.randbytes(SIZE), mtime=0)[:SIZE],
    "utf-16": text.decode("latin-1").encode("utf-16-be")[:SIZE],
    "numbers-16": numbers("H", 3),
    "numbers-32": numbers("I", 3),
    "sound-quiet": walk(0x7e, 0x83),
    "sound-wide": walk(0, 255),
    "records-16-small": records(2, 100),
    "records-16": records(2, 1400),
    "records-32-small": records(4, 100),
    "records-32": records(4, 4000),
    "floats": struct.pack(">%dd" % (SIZE // 8),
                          *(rng.gauss(0, 1) for _ in range(SIZE // 8))),
    "program": (program * (SIZE // len(program) + 1))[:SIZE],
}
if folder is None:
    print("\n".join(FILES))
    sys.exit()
os.makedirs(folder, exist_ok=True)
for name, data in FILES.items():
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data[:SIZE])

# SPDX-License-Identifier: MIT
"""peer.py client|server|echo PORT LOG COUNT CONNS DEFLATE SEED

python3-websockets as one end of the live check; see peer.js."""

import asyncio
import hashlib
import logging
import os
import random
import sys

import websockets

ROLE, PORT, LOG, COUNT, CONNS, DEFLATE, SEED = sys.argv[1:]
PORT, COUNT, CONNS = int(PORT), int(COUNT), int(CONNS)
HOST, MAX = "127.0.0.1", 1 << 20
LARGEST = int(os.environ.get("WSRAY_LARGEST", MAX))
CLOSES = os.environ.get("WSRAY_CLOSER", "client") == ROLE
BORDERS = [0, 1, 2, 125, 126, 127, 65535, 65536, MAX]
WORDS = ['"price":', "101.25,", " the", "帧", "掩码", "ß", "👋", "👩‍💻", "\0",
         "\n", "\u202e", "\U0010ffff", '{"n":1}', "x"]
rng = random.Random(int(SEED))
TEXT = "".join(rng.choice(WORDS) + str(rng.randrange(10**6))
               for _ in range(200000))
NOISE = rng.randbytes(2 * MAX)
lines = []


def note(port, sender, message):
    kind = "text" if isinstance(message, str) else "binary"
    data = message.encode() if kind == "text" else message
    lines.append("%d %s %s %d %s\n" % (port, sender, kind, len(data),
                                       hashlib.sha1(data).hexdigest()))


def pick():
    size = (rng.choice(BORDERS) if rng.random() < 0.1
            else int(2 ** (rng.random() * 20)))
    size = min(size, LARGEST)
    if rng.random() < 0.4:
        at = rng.randrange(len(NOISE) - size + 1)
        return NOISE[at: at + size]
    at = rng.randrange(len(TEXT) - size // 2)
    out, n = TEXT[at: at + size], 0
    while len(out.encode()) > size:  # to about the size in bytes
        out = out[: len(out) * 9 // 10]
        n += 1
    return out


async def send(ws, port, me):
    for _ in range(COUNT):
        message = pick()
        note(port, me, message)
        if rng.random() < 0.05:
            await ws.ping()  # unique data, as websockets wants it
        if rng.random() < 0.2 and len(message) > 3:
            n = 1 + len(message) // rng.randrange(1, 5)
            parts = [message[i: i + n] for i in range(0, len(message), n)]
            await ws.send(parts)
        else:
            await ws.send(message)


async def receive(ws, port, peer):
    for _ in range(COUNT):
        note(port, peer, await ws.recv())


async def ended(ws):
    if CLOSES:
        await ws.close(1000, "done")
    await ws.wait_closed()


async def client():
    async def one():
        async with websockets.connect("ws://%s:%d/" % (HOST, PORT),
                                      **OPTIONS) as ws:
            port = ws.local_address[1]
            await asyncio.gather(send(ws, port, "client"),
                                 receive(ws, port, "server"))
            await ended(ws)
    await asyncio.gather(*[one() for _ in range(CONNS)])


async def server():
    left, done = CONNS, asyncio.Event()

    async def one(ws, *_):
        nonlocal left
        port = ws.remote_address[1]
        await asyncio.gather(send(ws, port, "server"),
                             receive(ws, port, "client"))
        await ended(ws)
        left -= 1
        if not left:
            done.set()

    async with websockets.serve(one, HOST, PORT, **OPTIONS):
        print("ready", flush=True)
        await done.wait()


async def echo():
    async def one(ws, *_):
        async for message in ws:
            if message == "#ping":
                await ws.ping(b"there?")
            elif message == "#close":
                await ws.close(1000, "done")
            else:
                await ws.send(message)

    # What the peer does wrong is what it is here for, no news.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    async with websockets.serve(one, HOST, PORT, **OPTIONS):
        print("ready", flush=True)
        await asyncio.Future()


OPTIONS = {"compression": None if DEFLATE == "none" else "deflate",
           "max_size": 16 * MAX, "ping_interval": None}
asyncio.run({"client": client, "server": server, "echo": echo}[ROLE]())
with open(LOG, "w", encoding="ascii") as f:
    f.writelines(lines)

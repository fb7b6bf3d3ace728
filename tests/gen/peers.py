# SPDX-License-Identifier: MIT
"""peers.py - python3-websockets on both ends, for the sample good-python:
a subprotocol, text and binary, a fragmented message, ping, a clean close."""

import asyncio
import sys

import websockets

HOST, PORT = "127.0.0.1", 8765


async def serve(ws, *_):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper())
        else:
            await ws.send(message[::-1])


async def main():
    names = ["upper.example", "lower.example"]
    async with websockets.serve(serve, HOST, PORT, subprotocols=names,
                                compression=None):
        url = "ws://%s:%d/shout" % (HOST, PORT)
        async with websockets.connect(url, subprotocols=names[:1],
                                      compression=None) as ws:
            await ws.send("hello from python3-websockets")
            await ws.recv()
            await ws.send(bytes(range(200)))
            await ws.recv()
            # An iterable is sent as one message in fragments.
            await ws.send(["Straße ", "und ", "帧 ", "👋"])
            await ws.recv()
            await (await ws.ping(b"still there?"))
            await ws.close(1000, "good bye")
        # The second connection offers permessage-deflate; it is declined.
        async with websockets.connect(url) as ws:
            await ws.send("offered compression, got none")
            await ws.recv()


if __name__ == "__main__":
    sys.exit(asyncio.run(asyncio.wait_for(main(), 30)))

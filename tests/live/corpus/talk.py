# SPDX-License-Identifier: MIT
"""talk.py PROTOCOL [ARGUMENT...]: the protocols of the corpus whose programs
are Python libraries.  All on 127.0.0.1."""

import random
import socket
import struct
import sys
import threading
import time

HOST = "127.0.0.1"
rng = random.Random(11)


def small():
    return rng.randbytes(rng.randrange(2, 120))


def mqtt_client(port, name):
    import paho.mqtt.client as paho
    client = paho.Client(name)
    client.max_inflight_messages_set(1000)
    client.connect(HOST, int(port))
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.01)
    return client


def mqtt(port):
    """QoS 0, 1, 2, small and large."""
    got = threading.Semaphore(0)
    reader, writer = mqtt_client(port, "in"), mqtt_client(port, "out")
    reader.on_message = lambda *_: got.release()
    reader.subscribe("t/#", 2)
    time.sleep(0.3)
    for i in range(600):
        size = 20000 if i % 50 == 0 else rng.randrange(100)
        writer.publish("t/%d" % (i % 7), rng.randbytes(size), i % 3)
    for _ in range(600):
        if not got.acquire(timeout=10):
            sys.exit("mqtt: messages are missing")
    for client in reader, writer:
        client.disconnect()
        client.loop_stop()


def mqtt_subscribe(port):
    """Nothing but SUBSCRIBEs: each starts with 0x82 and its length (MQTT
    3.1.1 section 3.8), as an unmasked binary frame does."""
    got = threading.Semaphore(0)
    client = mqtt_client(port, "in")
    client.on_subscribe = lambda *_: got.release()
    for i in range(1500):
        client.subscribe("sensor/%d/%s" % (i, "x" * rng.randrange(30)), i % 3)
    for _ in range(1500):
        if not got.acquire(timeout=10):
            sys.exit("mqtt: answers are missing")
    client.disconnect()
    client.loop_stop()


def zmq(port):
    """ZMTP 3.0 frames: flags (0, 1, 2, 4), length, body - so close to
    WebSocket's that header chains go on for ever."""
    import zmq as z
    context = z.Context()
    pull, push = context.socket(z.PULL), context.socket(z.PUSH)
    pull.bind("tcp://%s:%s" % (HOST, port))
    push.connect("tcp://%s:%s" % (HOST, port))

    def read():
        for _ in range(3000):
            pull.recv_multipart()
    reader = threading.Thread(target=read)
    reader.start()
    for i in range(3000):
        push.send_multipart([small() for _ in range(1 + i % 3)]
                            if i % 100 else [rng.randbytes(9000)])
    reader.join()
    context.destroy()


def pipe(port):
    """multiprocessing.connection: a length of 4 bytes before each object."""
    from multiprocessing.connection import Client, Listener
    with Listener((HOST, int(port))) as listener:
        def serve():
            with listener.accept() as c:
                for _ in range(2000):
                    c.send_bytes(c.recv_bytes()[::-1])
        server = threading.Thread(target=serve)
        server.start()
        with Client((HOST, int(port))) as c:
            for i in range(2000):
                c.send_bytes(small() if i % 100 else rng.randbytes(5000))
                c.recv_bytes()
        server.join()


def dns(port):
    """Queries one behind the other on one connection, 2 bytes of length
    before each (RFC 1035 section 4.2.2); the server is dnsmasq."""
    with socket.create_connection((HOST, int(port))) as s:
        s.settimeout(10)
        f = s.makefile("rb")
        for i in range(90):  # dnsmasq ends a connection after 100
            name = b"h%d" % rng.randrange(10**rng.randrange(1, 12))
            q = (rng.randbytes(2) + b"\1\0\0\1\0\0\0\0\0\0" +
                 bytes([len(name)]) + name + b"\7example\4test\0\0\1\0\1")
            s.sendall(len(q).to_bytes(2, "big") + q)
            f.read(int.from_bytes(f.read(2), "big"))


def smtp(port, attachment):
    import smtplib
    from email.message import EmailMessage
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink
    controller = Controller(Sink(), hostname=HOST, port=int(port),
                            server_hostname="mail.example.test",
                            ident="mail")
    controller.start()
    with open(attachment, "rb") as f:
        data = f.read()
    with smtplib.SMTP(HOST, int(port), "client.example.test") as s:
        for i in range(20):
            m = EmailMessage()
            m["From"], m["To"] = "a@example.test", "b@example.test"
            m["Subject"] = "message %d" % i
            m.set_content("Some lines of text.\n" * i)
            if i % 5 == 0:
                m.add_attachment(data[:100000], maintype="application",
                                 subtype="octet-stream", filename="x")
            s.send_message(m)
    controller.stop()


def redis(port):
    """Small binary values, one command after the other (RESP)."""
    with socket.create_connection((HOST, int(port))) as s:
        s.settimeout(10)
        for i in range(1500):
            value = small()
            s.sendall(b"*3\r\n$3\r\nSET\r\n$2\r\nk%d\r\n$%d\r\n%s\r\n" % (
                i % 10, len(value), value))
            s.recv(100)


def memcached(port):
    """The text protocol, small binary values."""
    with socket.create_connection((HOST, int(port))) as s:
        s.settimeout(10)
        for i in range(1500):
            value = small()
            s.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (
                i % 10, len(value), value))
            s.recv(100)
            s.sendall(b"get k%d\r\n" % (i % 10))
            s.recv(1000)


def memcached_binary(port):
    """Magic 0x80 (request) and 0x81 (response), small values."""
    with socket.create_connection((HOST, int(port))) as s:
        s.settimeout(10)
        f = s.makefile("rb")
        for i in range(1500):
            key, value = b"k%d" % (i % 10), small()
            head = struct.Struct(">BBHBBHIIQ")
            s.sendall(head.pack(0x80, 1, len(key), 8, 0, 0,
                                8 + len(key) + len(value), i, 0) + bytes(8) +
                      key + value)
            f.read(head.unpack(f.read(24))[6])
            s.sendall(head.pack(0x80, 0, len(key), 0, 0, 0, len(key), i, 0) +
                      key)
            f.read(head.unpack(f.read(24))[6])


def websocket(port, compression):
    """The control: a chat of small messages, both ways, with pings."""
    import asyncio
    import json
    import websockets

    options = {"compression": compression if compression != "none" else None,
               "ping_interval": None}

    def message(i):
        return json.dumps({"id": i, "user": "user %d" % rng.randrange(9),
                           "say": "word " * rng.randrange(40)})

    async def echo(ws, *_):
        async for got in ws:
            await ws.send(got)
            if rng.random() < 0.3:
                await ws.send(rng.randbytes(rng.randrange(300)))

    async def main():
        async with websockets.serve(echo, HOST, int(port), **options), \
                websockets.connect("ws://%s:%s/" % (HOST, port),
                                   **options) as ws:
            for i in range(400):
                await ws.send(message(i))
                if i % 20 == 0:
                    await ws.ping()
                # One by one, or several in a segment.
                if rng.random() < 0.7:
                    await ws.recv()
    asyncio.run(main())


def send(port, name):
    """A file through a bare connection: to whoever connects first."""
    with socket.create_server((HOST, int(port))) as server:
        def serve():
            with open(name, "rb") as f:
                server.accept()[0].sendfile(f)
        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection((HOST, int(port))) as s:
            while s.recv(65536):
                pass
        thread.join()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

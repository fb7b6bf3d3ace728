#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `wsray export` made against the output of `wsray json`.

    export-check.py har EVENTS HAR SCHEMA
    export-check.py payloads EVENTS DIRECTORY
    export-check.py slice EVENTS SLICE-EVENTS CAPTURE SLICE CONN...

EVENTS is what `wsray json --payload-limit 1G` says of the same capture.
Prints what differs; exit status 1 then.
"""
import base64
import json
import os
import re
import sys

from json_payload import is_known, payload_of

problems = []


def complain(text):
    problems.append(text)


def read_events(name):
    with open(name, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def nanoseconds(text):
    """RFC 3339 with nine digits."""
    import calendar
    import time
    whole = calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))
    return whole * 10**9 + int(text[20:29])


def close_payload(frame):
    if frame['close_code'] is None:
        return None  # not in the line, if it had one byte
    reason = (bytes.fromhex(frame['close_reason_hex'])
              if 'close_reason_hex' in frame
              else (frame['close_reason'] or '').encode('utf-8'))
    return frame['close_code'].to_bytes(2, 'big') + reason


def wanted_messages(events, conn):
    """(type, time, opcode, bytes or None, packet, known), as a HAR has
    them."""
    wanted = []
    for e in events:
        if e.get('conn') != conn:
            continue
        way = 'send' if e.get('from') == 'client' else 'receive'
        if e['type'] == 'message':
            opcode = {'text': 1, 'binary': 2}.get(e['kind'])
            wanted.append((way, nanoseconds(e['time']), opcode, payload_of(e),
                           e['packet'], e['known']))
        elif e['type'] == 'frame' and e['opcode'] & 8:
            payload = (close_payload(e) if e['opcode'] == 8
                       else bytes.fromhex(e['payload']) if 'payload' in e
                       else None)
            wanted.append((way, nanoseconds(e['time']), e['opcode'], payload,
                           e['packet'], None))
    return wanted


def check_message(where, got, want):
    way, time, opcode, payload, packet, known = want
    if got['type'] != way or got['_packet'] != packet:
        complain(f'{where}: {got["type"]} of packet {got["_packet"]}')
    if opcode is not None and got['opcode'] != opcode:
        complain(f'{where}: opcode {got["opcode"]}')
    if round(got['time'] * 10**9) // 1000 - time // 1000 not in (-1, 0, 1):
        complain(f'{where}: time {got["time"]}, not {time}')
    if '_base64' in got:
        data = base64.b64decode(got['_base64'], validate=True)
        if got['data'].encode('utf-8') == data:
            complain(f'{where}: _base64 of valid UTF-8')
    elif got['opcode'] == 1:
        data = payload_of({'text': got['data'], 'known': known,
                           'message': got['_packet']})
    else:
        data = base64.b64decode(got['data'], validate=True)
    if payload is not None and data != payload:
        complain(f'{where}: {data[:40]!r}, not {payload[:40]!r}')
    if got.get('_known') != known:
        complain(f'{where}: known {got.get("_known")}, not {known}')


def check_entry(events, entry):
    conn = entry['_conn']
    shake = next(e for e in events
                 if e['type'] == 'handshake' and e['conn'] == conn)
    end = [e for e in events if e['type'] == 'end' and e['conn'] == conn]
    found = [e for e in events if e['type'] == 'finding' and e['conn'] == conn]
    timings = entry['timings']
    total = sum(max(timings[name], 0) for name in timings)
    if abs(total - entry['time']) > 1e-5:
        complain(f'{conn}: timings make {total}, not {entry["time"]}')
    if entry['_end'] != end[0] or entry['_findings'] != found:
        complain(f'{conn}: other findings or another end')
    if entry['serverIPAddress'] != shake['server']['ip']:
        complain(f'{conn}: server {entry["serverIPAddress"]}')
    if entry['connection'] != str(shake['server']['port']):
        complain(f'{conn}: port {entry["connection"]}')
    if entry['response']['status'] != (shake['status'] or 0):
        complain(f'{conn}: status {entry["response"]["status"]}')
    for side in 'request', 'response':
        headers = [[h['name'], h['value']] for h in entry[side]['headers']]
        want = [[name, value or '']
                for name, value in shake[side + '_headers'] or []]
        if headers != want:
            complain(f'{conn}: {side} headers')
    got = entry['_webSocketMessages']
    want = wanted_messages(events, conn)
    if len(got) != len(want):
        complain(f'{conn}: {len(got)} messages, not {len(want)}')
    for i, (one, other) in enumerate(zip(got, want)):
        check_message(f'{conn}.{i}', one, other)


def check_har(events_name, har_name, schema_name):
    import jsonschema
    events = read_events(events_name)
    with open(har_name, encoding='utf-8') as file:
        har = json.load(file)
    with open(schema_name, encoding='utf-8') as file:
        schema = json.load(file)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(har):
        complain(f'{list(error.absolute_path)}: {error.message[:200]}')
    entries = har['log']['entries']
    ends = [e['conn'] for e in events if e['type'] == 'end']
    if [e['_conn'] for e in entries] != ends:
        complain('not one entry a connection, in the order of their ends')
    for entry in entries:
        check_entry(events, entry)


def is_json(data):
    """RFC 8259, without what Python takes beyond it."""
    def refuse(text):
        raise ValueError(text)
    try:
        json.loads(data.decode('utf-8'), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return not data.startswith(b'\xef\xbb\xbf')


def wanted_name(message, data):
    ending = 'txt' if message['kind'] == 'text' else 'bin'
    try:
        data.decode('utf-8')
    except ValueError:
        ending = 'bin'
    if ending == 'txt' and message['complete'] and is_json(data) and \
            data.lstrip()[:1] in (b'{', b'['):
        ending = 'json'
    part = '' if message['complete'] else '.part'
    return (f'conn-{message["conn"]:04}-{message["message"]:06}-'
            f'{message["from"]}-{message["kind"]}.{ending}{part}')


def check_payloads(events_name, directory):
    messages = [e for e in read_events(events_name) if e['type'] == 'message']
    wanted = {}
    with open(os.path.join(directory, 'index.tsv'), encoding='ascii') as file:
        lines = [line.rstrip('\n').split('\t') for line in file]
    header, rows = lines[0], [dict(zip(lines[0], row)) for row in lines[1:]]
    if len(rows) != len(messages):
        complain(f'{len(rows)} rows in {header}, not {len(messages)}')
    for message, row in zip(messages, rows):
        data = payload_of(message)
        name = wanted_name(message, data)
        wanted[name] = data
        if row['file'] != name:
            complain(f'{row["file"]} instead of {name}')
            continue
        with open(os.path.join(directory, name), 'rb') as file:
            if file.read() != data:
                complain(f'{name}: other bytes')
        want = [str(message['conn']), message['from'], str(message['message']),
                message['time'], str(message['packet']), message['kind'],
                '' if message['length'] is None else str(message['length']),
                str(len(data)), 'yes' if message['complete'] else 'no',
                str(sum(not is_known(message, at) for at in range(len(data))))]
        got = [row[key] for key in ('conn', 'from', 'message', 'time', 'packet',
                                    'kind', 'length', 'written', 'complete',
                                    'unknown')]
        if got != want:
            complain(f'{name}: {got} in the index, not {want}')
    there = set(os.listdir(directory)) - {'index.tsv'}
    if there != set(wanted):
        complain(f'files: {sorted(there ^ set(wanted))[:5]}')


# Numbers that begin anew in a slice.
RENUMBERED = ('conn', 'flow', 'packet', 'first_packet', 'request_packet',
              'response_packet')
# Findings that compare connections, or are told of the first one to a server.
TOGETHER = ('security-', 'perf-reconnect-storm', 'handshake-parallel-')


def without_numbers(event):
    event = {key: value for key, value in event.items()
             if key not in RENUMBERED}
    if event.get('detail'):
        event['detail'] = re.sub('packet [0-9]+', 'packet', event['detail'])
    for evidence in event.get('evidence', []):
        evidence.pop('packet')
    return event


def of_connection(events, conn):
    return [without_numbers(e) for e in events if e.get('conn') == conn
            and not e.get('id', '').startswith(TOGETHER)]


def read_pcapng(data):
    """(time in its own unit, resolution, link, length, bytes) of each packet."""
    import struct
    order, ifaces, packets, at = '<', [], [], 0
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + 'I', data, at)[0]
        if kind == 0x0A0D0D0A:
            magic = data[at + 8:at + 12]
            order = '<' if magic == b'\x4d\x3c\x2b\x1a' else '>'
            ifaces = []
        size = struct.unpack_from(order + 'I', data, at + 4)[0]
        if size < 12 or at + size > len(data):
            break
        body = data[at + 8:at + size - 4]
        if kind == 1:
            resolution, options = 6, body[8:]
            while len(options) >= 4:
                code, n = struct.unpack_from(order + 'HH', options)
                if code == 9:
                    resolution = options[4]
                if code == 0:
                    break
                options = options[4 + (n + 3) // 4 * 4:]
            ifaces.append((struct.unpack_from(order + 'H', body)[0],
                           resolution))
        elif kind == 6:
            iface, high, low, have, length = \
                struct.unpack_from(order + 'IIIII', body)
            link, resolution = ifaces[iface]
            packets.append((((high << 32) + low) * 10**9 // 10**resolution,
                            link, length, body[20:20 + have]))
        at += size
    return packets


def read_packets(name):
    """(time in ns, link, length, bytes) of each packet of a pcap or pcapng."""
    import struct
    with open(name, 'rb') as file:
        data = file.read()
    if data[:4] == b'\x0a\x0d\x0d\x0a':
        return read_pcapng(data)
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1',
                                b'\x4d\x3c\xb2\xa1') else '>'
    fine = b'\x3c' in data[:4]
    link, at, packets = struct.unpack_from(order + 'I', data, 20)[0], 24, []
    while at + 16 <= len(data):
        s, part, have, length = struct.unpack_from(order + 'IIII', data, at)
        packets.append((s * 10**9 + (part if fine else part * 1000), link,
                        length, data[at + 16:at + 16 + have]))
        at += 16 + have
    return packets


def check_slice(events_name, slice_events_name, capture, slice_name, *conns):
    events, got = read_events(events_name), read_events(slice_events_name)
    for i, conn in enumerate(conns):
        want, have = of_connection(events, int(conn)), of_connection(got, i + 1)
        for a, b in zip(want, have):
            if a != b:
                complain(f'{conn}: {a}\n   became: {b}'[:2000])
                break
        if len(want) != len(have):
            complain(f'{conn}: {len(have)} events, not {len(want)}')
    if len({e['conn'] for e in got if 'conn' in e}) != len(conns):
        complain('not as many connections')
    # Each packet of the slice, in order, is one of the capture.
    whole = iter(read_packets(capture))
    for n, packet in enumerate(read_packets(slice_name)):
        if packet not in whole:
            complain(f'packet {n + 1} is not one of the capture')
            break


{'har': check_har, 'payloads': check_payloads, 'slice': check_slice}[sys.argv[1]](*sys.argv[2:])
for problem in problems[:20]:
    print(problem)
sys.exit(1 if problems else 0)

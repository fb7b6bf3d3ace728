#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `wsray export` made against the output of `wsray json`.

    export-check.py har EVENTS HAR SCHEMA

EVENTS is what `wsray json --payload-limit 1G` says of the same capture.
Prints what differs; exit status 1 then.
"""
import base64
import json
import sys

problems = []


def complain(text):
    problems.append(text)


def read_events(name):
    with open(name, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def payload_of(message):
    """The bytes of a message line, 00 for each unknown one."""
    if 'text_hex' in message:
        return bytes.fromhex(message['text_hex'])
    if message.get('text') is not None:
        return message['text'].encode('utf-8')
    return base64.b64decode(message['base64'], validate=True)


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
    """(type, time, opcode, bytes or None, packet), as a HAR has them."""
    wanted = []
    for e in events:
        if e.get('conn') != conn:
            continue
        way = 'send' if e.get('from') == 'client' else 'receive'
        if e['type'] == 'message':
            opcode = {'text': 1, 'binary': 2}.get(e['kind'])
            wanted.append((way, nanoseconds(e['time']), opcode, payload_of(e),
                           e['packet']))
        elif e['type'] == 'frame' and e['opcode'] & 8:
            payload = (close_payload(e) if e['opcode'] == 8
                       else bytes.fromhex(e['payload']) if 'payload' in e
                       else None)
            wanted.append((way, nanoseconds(e['time']), e['opcode'], payload,
                           e['packet']))
    return wanted


def check_message(where, got, want):
    way, time, opcode, payload, packet = want
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
        data = got['data'].encode('utf-8')
    else:
        data = base64.b64decode(got['data'], validate=True)
    if payload is not None and data != payload:
        complain(f'{where}: {data[:40]!r}, not {payload[:40]!r}')


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


{'har': check_har}[sys.argv[1]](*sys.argv[2:])
for problem in problems[:20]:
    print(problem)
sys.exit(1 if problems else 0)

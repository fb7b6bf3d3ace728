# SPDX-License-Identifier: MIT
"""The payload of a line of type message of `wsray json`."""
import base64


def is_known(message, at):
    known = message.get('known')
    return known is None or any(start <= at < end for start, end in known)


def payload_of(message):
    """Its bytes, 00 for each unknown one."""
    if 'text_hex' in message:
        return bytes.fromhex(message['text_hex'])
    if message.get('text') is None:
        return base64.b64decode(message['base64'], validate=True)
    payload = bytearray()
    for char in message['text']:
        # U+FFFD stands for each unknown byte.
        if is_known(message, len(payload)):
            payload += char.encode('utf-8')
        elif char == '\ufffd':
            payload.append(0)
        else:
            raise ValueError('message %d: byte %d is not known' %
                             (message['message'], len(payload)))
    return bytes(payload)

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""devtools.py - HARs of all samples into Chromium's own DevTools and out again.

Loads the DevTools page that the browser brings along, hands each HAR to its
importer (models/har), lets it export what it made of it, and compares that
with the HAR.  TAP on standard output; skipped without Chromium or
python3-websockets.  Needs no network.

    WSRAY     the program (default ./wsray)
    CHROMIUM  the browser (default: chromium, google-chrome)
"""
import asyncio
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROUND_TRIP = '''(async () => {
    const HAR = await import('devtools://devtools/bundled/models/har/har.js');
    const root = new HAR.HARFormat.HARRoot(JSON.parse(%s));
    const requests = HAR.Importer.Importer.requestsFromHARLog(root.log);
    const log = await HAR.Log.Log.build(requests, {sanitize: false});
    return JSON.stringify({log, types: requests.map(
        request => request.resourceType().name())});
})()'''


def find_browser():
    for name in (os.environ.get('CHROMIUM'), 'chromium', 'google-chrome'):
        if name and shutil.which(name):
            return name
    return None


class Page:
    """The DevTools page, by the Chrome DevTools Protocol."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0
        self.session = None

    async def call(self, method, **params):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            request['sessionId'] = self.session
        await self.socket.send(json.dumps(request))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), 30))
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(str(answer['error']))
                return answer['result']

    async def open(self):
        target = await self.call(
            'Target.createTarget',
            url='devtools://devtools/bundled/devtools_app.html')
        attached = await self.call('Target.attachToTarget', flatten=True,
                                   targetId=target['targetId'])
        self.session = attached['sessionId']

    async def round_trip(self, har):
        result = await self.call(
            'Runtime.evaluate', awaitPromise=True, returnByValue=True,
            expression=ROUND_TRIP % json.dumps(har))
        if 'value' not in result['result']:
            raise RuntimeError(json.dumps(result)[:500])
        return json.loads(result['result']['value'])


def compare(har, made):
    """What was lost on the way."""
    wanted = sorted(har['log']['entries'],
                    key=lambda entry: entry['startedDateTime'])
    got = made['log']['entries']
    if made['types'] != ['websocket'] * len(wanted) or \
            len(got) != len(wanted):
        return f'{len(wanted)} entries became {made["types"]}'
    for want, have in zip(wanted, got):
        where = f'connection {want["_conn"]}'
        for way, keys in (('request', ('method', 'url', 'headers')),
                          ('response', ('status', 'statusText', 'headers'))):
            for key in keys:
                there = have[way][key]
                if key == 'headers':  # imported ones have a third field
                    there = [{'name': header['name'],
                              'value': header['value']} for header in there]
                if want[way][key] != there:
                    return f'{where}: {way} {key}: {there}'
        if want['startedDateTime'] != have['startedDateTime']:
            return f'{where}: started {have["startedDateTime"]}'
        fields = ('type', 'time', 'opcode', 'data')
        messages = [{key: message[key] for key in fields}
                    for message in want['_webSocketMessages']]
        if messages != have['_webSocketMessages']:
            return f'{where}: other messages'
    return None


def wait_for_port(profile):
    """The first line names the port, the second one the path."""
    name = os.path.join(profile, 'DevToolsActivePort')
    for _ in range(300):
        if os.path.exists(name):
            with open(name, encoding='ascii') as file:
                lines = file.read().split('\n')
            if len(lines) > 1:
                return lines[0], lines[1]
        time.sleep(0.1)
    raise RuntimeError('the browser did not start')


async def run(profile, samples, wsray):
    import websockets
    port, path = wait_for_port(profile)
    async with websockets.connect(f'ws://127.0.0.1:{port}{path}',
                                  max_size=None) as socket:
        page = Page(socket)
        await page.open()
        await asyncio.sleep(2)
        for number, sample in enumerate(samples, 1):
            har = subprocess.run([wsray, 'export', 'har', sample],
                                 stdout=subprocess.PIPE, timeout=60,
                                 stderr=subprocess.DEVNULL,
                                 check=False).stdout.decode('utf-8')
            name = os.path.basename(sample)
            try:
                wrong = compare(json.loads(har), await page.round_trip(har))
            except RuntimeError as error:
                wrong = str(error)
            print('ok' if wrong is None else 'not ok', number,
                  f'- {name}: DevTools read the HAR and write the same',
                  flush=True)
            if wrong:
                print('#', wrong)


def main():
    browser = find_browser()
    try:
        import websockets  # noqa: F401
    except ImportError:
        browser = None
    if not browser:
        print('1..0 # SKIP Chromium or python3-websockets is not installed')
        return
    here = os.path.dirname(os.path.abspath(__file__))
    samples = sorted(glob.glob(os.path.join(here, '../../samples/*.pcap*')))
    wsray = os.path.abspath(os.environ.get('WSRAY', './wsray'))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [browser, '--headless=new', '--no-sandbox', '--disable-gpu',
             '--remote-debugging-port=0', f'--user-data-dir={profile}',
             'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(run(profile, samples, wsray))
        finally:
            process.terminate()
            process.wait()
    print(f'1..{len(samples)}')


if __name__ == '__main__':
    sys.exit(main())

// SPDX-License-Identifier: MIT
'use strict';
// peer.js client|server|page|echo PORT LOG COUNT CONNS DEFLATE SEED
//
// npm ws as one end of the live check.  Both ends of each of CONNS
// connections send COUNT random messages; then the client closes (or who is
// named by WSRAY_CLOSER), none above WSRAY_LARGEST bytes.  LOG gets a line for each message sent or received:
//
//     CLIENT-PORT SENDER KIND LENGTH SHA-1
//
// DEFLATE: none, takeover, notakeover.  "page" is a server that also serves
// page.html and writes what the page reports to LOG.page.  "echo" is a server
// that sends back what comes, a ping for "#ping" and a Close for "#close", and
// logs nothing.

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const WebSocket = require('ws');

const [role, portText, logName, countText, connsText, deflate, seedText] =
  process.argv.slice(2);
const [port, count, conns] = [portText, countText, connsText].map(Number);
const HOST = '127.0.0.1';
const MAX = 1 << 20;
const largest = Number(process.env.WSRAY_LARGEST || MAX);
const closer = process.env.WSRAY_CLOSER || 'client';

// A small generator with a seed (mulberry32): a run can be repeated.
let state = Number(seedText) + (role === 'client' ? 1000 : 0);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);

function makeText() {
  const words = ['"price":', '101.25,', ' the', ' quick', '帧', '掩码', 'ß', '👋',
                 '👩‍💻', '\u0000', '\n', '\u202e', '\u{10ffff}', '{"n":1}', 'x'];
  let out = '';
  while (out.length < 2 * MAX) {
    out += words[below(words.length)];
    if (random() < 0.3) out += below(1e9);
  }
  return Buffer.from(out);
}
const text = makeText();
const noise = crypto.randomBytes(2 * MAX);

const BORDERS = [0, 1, 2, 125, 126, 127, 65535, 65536, MAX];

function pick() {
  const size = Math.min(largest, random() < 0.1
    ? BORDERS[below(BORDERS.length)] : Math.floor(2 ** (random() * 20)));
  if (random() < 0.4) {
    const at = below(noise.length - size);
    return { binary: true, data: noise.subarray(at, at + size) };
  }
  // Whole characters only: step back to the first byte of one.
  const start = (at) => { while ((text[at] & 0xc0) === 0x80) at--; return at; };
  const at = start(below(text.length - size));
  return { binary: false, data: text.subarray(at, start(at + size)) };
}

const lines = [];
function note(clientPort, from, binary, data) {
  const sha1 = crypto.createHash('sha1').update(data).digest('hex');
  lines.push(`${clientPort} ${from} ${binary ? 'binary' : 'text'} ` +
             `${data.length} ${sha1}\n`);
}

const sent = (ws, data, options) => new Promise((done, fail) => {
  ws.send(data, options, (error) => (error ? fail(error) : done()));
});

async function sendOne(ws, clientPort, me) {
  const { binary, data } = pick();
  note(clientPort, me, binary, data);
  if (random() < 0.05) ws.ping(noise.subarray(0, below(126)));
  if (random() >= 0.2) {
    await sent(ws, data, { binary, compress: random() < 0.9 });
    return;
  }
  // In fragments, cut anywhere, also inside a character; pings between.
  const cuts = Array.from({ length: 1 + below(4) }, () => below(data.length + 1));
  cuts.sort((a, b) => a - b).push(data.length);
  let at = 0;
  for (const [i, cut] of cuts.entries()) {
    await sent(ws, data.subarray(at, cut), { binary, fin: i === cuts.length - 1 });
    if (random() < 0.3) ws.ping('between');
    at = cut;
  }
}

function talk(ws, clientPort, me, { closes }) {
  const peer = me === 'client' ? 'server' : 'client';
  let got = 0;
  let allSent = false;
  const maybeClose = () => {
    if (closes && allSent && got === count) ws.close(1000, 'done');
  };
  ws.on('message', (data, binary) => {
    note(clientPort, peer, binary, data);
    got++;
    maybeClose();
  });
  const closed = new Promise((done) => ws.on('close', done));
  const sending = async () => {
    for (let i = 0; i < count; i++) await sendOne(ws, clientPort, me);
    allSent = true;
    maybeClose();
  };
  return Promise.all([sending(), closed]);
}

const options = {
  maxPayload: 16 * MAX,
  perMessageDeflate: deflate === 'none' ? false : {
    threshold: 0,
    zlibDeflateOptions: { level: 1 },
    ...(deflate === 'notakeover' &&
        { serverNoContextTakeover: true, clientNoContextTakeover: true }),
  },
};

async function client() {
  const all = [];
  for (let i = 0; i < conns; i++) {
    const ws = new WebSocket(`ws://${HOST}:${port}/`, options);
    // In the event itself: messages may come in the segment of the 101.
    all.push(new Promise((done, fail) => {
      ws.on('error', fail);
      ws.on('open', () => {
        talk(ws, ws._socket.localPort, 'client',
             { closes: closer === 'client' })
          .then(done, fail);
      });
    }));
  }
  await Promise.all(all);
}

function page(request, response) {
  if (request.method === 'POST') {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      fs.writeFileSync(`${logName}.page`, Buffer.concat(parts));
      response.end();
      request.socket.server.close();
      request.socket.server.closeAllConnections();
    });
    return;
  }
  const known = request.url.startsWith('/?');
  response.writeHead(known ? 200 : 404, { 'Content-Type': 'text/html' });
  response.end(known ? fs.readFileSync(`${__dirname}/page.html`) : '');
}

async function server() {
  const web = http.createServer(page);
  const hub = new WebSocket.Server({ server: web, ...options });
  const all = [];
  // Before anything comes: the page may be through before its sockets are.
  const closed = new Promise((resolve) => web.on('close', resolve));
  const done = new Promise((resolve) => {
    hub.on('connection', (ws, request) => {
      const clientPort = request.socket.remotePort;
      if (role === 'page') ws.send(String(clientPort));
      if (role === 'page') note(clientPort, 'server', false, String(clientPort));
      all.push(talk(ws, clientPort, 'server',
                    { closes: closer === 'server' }));
      if (all.length === conns) resolve();
    });
  });
  await new Promise((ready) => web.listen(port, HOST, ready));
  process.stdout.write('ready\n');
  await done;
  await Promise.all(all);
  if (role === 'page') await closed;
  web.close();
}

async function echo() {
  const hub = new WebSocket.Server({ host: HOST, port, ...options });
  hub.on('connection', (ws) => {
    ws.on('error', () => {});  // the peer breaks rules: what it is here for
    ws.on('message', (data, binary) => {
      const text = binary ? '' : String(data);
      if (text === '#ping') ws.ping('there?');
      else if (text === '#close') ws.close(1000, 'done');
      else ws.send(data, { binary });
    });
  });
  await new Promise((ready) => hub.on('listening', ready));
  process.stdout.write('ready\n');
  await new Promise(() => {});
}

(({ client, echo })[role] || server)().then(() => {
  fs.writeFileSync(logName, lines.join(''));
  process.exit(0);
}, (error) => {
  process.stderr.write(`peer.js ${role}: ${error.stack}\n`);
  process.exit(1);
});

// SPDX-License-Identifier: MIT
'use strict';
// peers.js NAME - real peers (npm ws 8 and node's own http) that make the
// traffic of one sample on loopback, both ends in this process, and exit.
// make-samples.sh captures it.

const fs = require('fs');
const http = require('http');
const net = require('net');
const WebSocket = require('ws');

const PORT = 9000;
const HOST = '127.0.0.1';
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const once = (what, name) => new Promise((done) => what.once(name, done));

function listen(options, onConnection) {
  const server = new WebSocket.Server({ host: HOST, port: PORT, ...options });
  server.on('connection', onConnection);
  return once(server, 'listening').then(() => server);
}

async function dial(options, onMessage) {
  const ws = new WebSocket(`ws://${HOST}:${PORT}/`, options);
  if (onMessage) ws.on('message', (data, binary) => onMessage(ws, data, binary));
  await once(ws, 'open');
  return ws;
}

const scenes = {};

// The demo.  Server: says "something" on connection; client: says
// "something" on open; a few lines, ping and pong, a clean close.
scenes['good-chat'] = async () => {
  const server = await listen({ perMessageDeflate: false }, (ws) => {
    ws.send('something');
    ws.on('message', (data) => {
      const text = data.toString();
      if (text !== 'something') ws.send(`you said: ${text}`);
    });
  });
  const ws = await dial({ perMessageDeflate: false });
  ws.send('something');
  await sleep(50);
  for (const line of ['hello, is anybody there?', '你好,世界 👋', 'bye!']) {
    ws.send(line);
    await sleep(40);
  }
  ws.ping('are you alive?');
  await once(ws, 'pong');
  server.clients.forEach((peer) => peer.ping('and you?'));
  await once(ws, 'ping');
  await sleep(20);
  ws.close(1000, 'that was all');
  await once(ws, 'close');
  server.close();
};

// Payloads at each border of the three forms of length, both ways.
scenes['good-lengths'] = async () => {
  const sizes = [0, 125, 126, 127, 65535, 65536];
  const server = await listen({ perMessageDeflate: false }, (ws) => {
    ws.on('message', (data, binary) => ws.send(data, { binary }));
  });
  let back;
  const ws = await dial({ perMessageDeflate: false }, () => back());
  for (const size of sizes) {
    const echoed = new Promise((done) => { back = done; });
    if (size === 127) ws.send(Buffer.alloc(size, 0xfe));
    else ws.send('*'.repeat(size));
    await echoed;
  }
  ws.close(1000);
  await once(ws, 'close');
  server.close();
};

// Three frames in one segment; one frame byte by byte.
scenes['good-segments'] = async () => {
  const server = await listen({ perMessageDeflate: false }, (ws) => {
    ws._socket.setNoDelay(true);
    ws._socket.cork();
    for (const text of ['A', 'B', 'C']) ws.send(text);
    ws._socket.uncork();
  });
  const ws = await dial({ perMessageDeflate: false });
  await sleep(50);
  const socket = ws._socket;
  socket.setNoDelay(true);
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const text = Buffer.from('byte by byte');
  const frame = Buffer.concat([
    Buffer.from([0x81, 0x80 | text.length]), mask,
    text.map((byte, i) => byte ^ mask[i % 4])]);
  for (const byte of frame) {
    socket.write(Buffer.from([byte]));
    await sleep(5);
  }
  socket.cork();
  for (const part of ['one', 'segment', 'again']) ws.send(part);
  ws.ping('');
  socket.uncork();
  await once(ws, 'pong');
  ws.close(1000);
  await once(ws, 'close');
  server.close();
};

// Fragments with a ping between, a character cut in two, empty fragments.
scenes['good-fragments-ping'] = async () => {
  const server = await listen({ perMessageDeflate: false }, (ws) => {
    ws.on('message', (data, binary) => ws.send(data, { binary }));
  });
  let back;
  const ws = await dial({ perMessageDeflate: false }, () => back());
  const send = async (parts) => {
    const echoed = new Promise((done) => { back = done; });
    for (const [i, part] of parts.entries()) {
      if (part === null) ws.ping('mid');
      else ws.send(part, { fin: i === parts.length - 1, binary: false });
      await sleep(5);
    }
    await echoed;
  };
  await send(['Hel', null, 'lo']);
  const emoji = Buffer.from('half an 👋 here, 帧 there');
  await send([emoji.subarray(0, 10), emoji.subarray(10, 20), null,
              emoji.subarray(20)]);
  await send(['', null, '', '']);
  ws.close(1000);
  await once(ws, 'close');
  server.close();
};

function quote(n) {
  return JSON.stringify({ stream: 'quotes', n, symbol: 'WSR', bid: 100 + n / 100,
                          ask: 100.02 + n / 100, venue: 'loopback' });
}

async function deflated(takeover) {
  const off = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  const options = {
    perMessageDeflate: takeover ? { threshold: 0 } : { threshold: 0, ...off },
  };
  const server = await listen(options, async (ws) => {
    for (let n = 0; n < 12; n++) ws.send(quote(n));
    const text = quote(99).repeat(3);  // compressed, in two frames, ping between
    ws.send(text.slice(0, 100), { fin: false });
    ws.ping('between');
    ws.send(text.slice(100), { fin: true });
    ws.send('left as it is', { compress: false });
    ws.send(quote(100));
    ws.send('A');  // grows when compressed
  });
  let got = 0;
  const ws = await dial(options, (me, data) => {
    me.send(JSON.stringify({ ack: ++got, bytes: data.length }));
    if (got === 16) me.close(1000);
  });
  await once(ws, 'close');
  server.close();
}
scenes['good-deflate-context'] = () => deflated(true);
scenes['good-deflate-no-context'] = () => deflated(false);

// Answers other than 101 (RFC 6455 section 4.2.2): who is refused, and how.
scenes['odd-refused'] = async () => {
  const answers = {
    '/forbidden': 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\n' +
      'Content-Type: text/plain\r\nContent-Length: 17\r\n\r\norigin not known\n',
    '/old': 'HTTP/1.1 426 Upgrade Required\r\nConnection: close, Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Content-Length: 0\r\n\r\n',
    '/moved': 'HTTP/1.1 302 Found\r\nConnection: close\r\n' +
      `Location: ws://${HOST}:${PORT}/new\r\nContent-Length: 0\r\n\r\n`,
    '/login': 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n' +
      'WWW-Authenticate: Basic realm="chat"\r\nContent-Length: 0\r\n\r\n',
    '/busy': 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n',
  };
  const server = http.createServer((request, response) => {
    response.end('<p>no WebSocket here</p>\n');
  });
  server.on('upgrade', (request, socket) => {
    if (answers[request.url]) socket.end(answers[request.url]);
    else socket.destroy();
  });
  server.listen(PORT, HOST);
  await once(server, 'listening');
  for (const path of [...Object.keys(answers), '/hangs-up']) {
    const ws = new WebSocket(`ws://${HOST}:${PORT}${path}`);
    ws.on('error', () => {});
    await once(ws, 'close');
  }
  // A server that ignores the upgrade and answers 200, with its page.
  server.removeAllListeners('upgrade');
  const ws = new WebSocket(`ws://${HOST}:${PORT}/page`);
  ws.on('error', () => {});
  await once(ws, 'close');
  // ws itself refuses what is not version 13 (400 with the list).
  server.on('upgrade', (request, socket, rest) => {
    new WebSocket.Server({ noServer: true }).handleUpgrade(
      request, socket, rest, () => {});
  });
  const old = net.connect(PORT, HOST);
  old.write('GET /v7 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
            'Connection: Upgrade\r\nSec-WebSocket-Version: 7\r\n' +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  old.resume();
  await once(old, 'close');
  server.close();
};

// Nine requests on one kept-alive connection, then the upgrade as the tenth.
scenes['good-keepalive-upgrade'] = async () => {
  const page = '<!doctype html><title>chat</title>\n';
  const server = http.createServer((request, response) => {
    if (request.url === '/chunked') {
      response.write('first chunk\n');
      response.end('second chunk\n');
    } else if (request.url === '/nothing') {
      response.writeHead(204).end();
    } else if (request.url === '/cached') {
      response.writeHead(304, { ETag: '"1"' }).end();
    } else {
      request.resume();
      request.on('end', () => {
        response.setHeader('Content-Length', page.length);
        response.end(page);
      });
    }
  });
  const hub = new WebSocket.Server({ server, perMessageDeflate: false });
  hub.on('connection', (ws) => {
    ws.on('message', (data) => ws.send(`tenth: ${data}`));
  });
  server.listen(PORT, HOST);
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const asks = [
    ['GET', '/'], ['HEAD', '/'], ['GET', '/chunked'], ['POST', '/form', 'name=chat'],
    ['POST', '/chunked-up', null], ['GET', '/nothing'], ['GET', '/cached'],
    ['POST', '/continue', 'expected'], ['GET', '/'],
  ];
  for (const [method, path, body] of asks) {
    const headers = {};
    if (path === '/continue') headers.Expect = '100-continue';
    if (body) headers['Content-Length'] = body.length;
    const request = http.request(
      { host: HOST, port: PORT, path, method, agent, headers });
    if (path === '/continue') {
      request.on('continue', () => request.end(body));
      request.flushHeaders();
    } else if (body === null) {
      request.write('piece one,');
      request.end('piece two');
    } else {
      request.end(body);
    }
    const response = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    await sleep(5);
  }
  const [socket] = Object.values(agent.freeSockets)[0];
  socket.removeAllListeners();
  const ws = new WebSocket(`ws://${HOST}:${PORT}/chat`, {
    perMessageDeflate: false, createConnection: () => socket,
  });
  await once(ws, 'open');
  ws.send('upgraded');
  await once(ws, 'message');
  ws.close(1000);
  await once(ws, 'close');
  agent.destroy();
  server.close();
};

// CONNECT through an HTTP proxy (RFC 9110 section 9.3.6), both hops seen.
scenes['good-proxy-connect'] = async () => {
  const server = await listen({ perMessageDeflate: false }, (ws) => {
    ws.on('message', (data) => ws.send(`through the proxy: ${data}`));
  });
  const proxy = http.createServer();
  proxy.on('connect', (request, socket, rest) => {
    const [host, port] = request.url.split(':');
    const up = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      up.write(rest);
      up.pipe(socket).pipe(up);
    });
  });
  proxy.listen(3128, HOST);
  await once(proxy, 'listening');
  const ask = http.request({ host: HOST, port: 3128, method: 'CONNECT',
                             path: `${HOST}:${PORT}` });
  ask.end();
  const socket = await new Promise((done) => {
    ask.on('connect', (response, got) => done(got));
  });
  const ws = new WebSocket(`ws://${HOST}:${PORT}/`, {
    perMessageDeflate: false, createConnection: () => socket,
  });
  await once(ws, 'open');
  ws.send('knock');
  await once(ws, 'message');
  ws.close(1000);
  await once(ws, 'close');
  proxy.close();
  server.close();
};

// The server's half of the browser sample: serves a page, talks to it, and
// ends when the page has closed its WebSocket.
scenes['good-chromium'] = async () => {
  const page = fs.readFileSync(`${__dirname}/page.html`);
  const server = http.createServer((request, response) => {
    const known = request.url === '/';
    response.writeHead(known ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(known ? page : '');
  });
  const hub = new WebSocket.Server({ server, perMessageDeflate: { threshold: 0 } });
  server.listen(PORT, HOST);
  await once(server, 'listening');
  process.stdout.write('ready\n');
  const [ws] = await new Promise((done) => {
    hub.once('connection', (...got) => done(got));
  });
  ws.send('something');
  ws.on('message', (data, binary) => ws.send(data, { binary }));
  for (let n = 0; n < 8; n++) ws.send(quote(n));
  ws.ping('browsers answer, scripts never see it');
  await once(ws, 'close');
  server.close();
  server.closeAllConnections();
};

const scene = scenes[process.argv[2]];
if (!scene) {
  process.stderr.write(`peers.js: one of ${Object.keys(scenes).join(' ')}\n`);
  process.exit(2);
}
setTimeout(() => {
  process.stderr.write(`${process.argv[2]}: no end after 30 s\n`);
  process.exit(1);
}, 30000).unref();
scene().catch((error) => {
  process.stderr.write(`${process.argv[2]}: ${error.stack}\n`);
  process.exit(1);
});

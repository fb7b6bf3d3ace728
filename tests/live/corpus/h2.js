// SPDX-License-Identifier: MIT
'use strict';
// h2.js PORT FOLDER - HTTP/2 without TLS: all files of the folder, several
// streams at once, small requests and uploads between them.

const fs = require('fs');
const http2 = require('http2');
const [port, folder] = process.argv.slice(2);
const names = fs.readdirSync(folder);

const server = http2.createServer();
server.on('stream', (stream, headers) => {
  stream.resume();
  stream.respond({ ':status': 200 });
  const name = headers[':path'].slice(1);
  if (names.includes(name)) fs.createReadStream(`${folder}/${name}`).pipe(stream);
  else stream.end('small');
});

server.listen(Number(port), '127.0.0.1', async () => {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  const get = (path, body) => new Promise((done, fail) => {
    const stream = client.request({ ':path': `/${path}`, ':method': body ? 'POST' : 'GET' });
    stream.on('error', fail);
    stream.on('end', done);
    stream.resume();
    stream.end(body);
  });
  for (const name of names) {
    await Promise.all([get(name), get('a'), get('b', Buffer.alloc(50)),
                       get('c', Buffer.alloc(20000, name))]);
    client.ping(() => {});
  }
  client.close();
  server.close();
});

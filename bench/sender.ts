// The two other sides of the measurement of deliveries, each in a process of its own: a receiver, and the bare sender that is the floor.
import { createPrivateKey, sign } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { keeping } from '../packages/server/src/host/http-poster.ts';
import { testKeyPair } from '../packages/server/src/host/test-key-pair.ts';

const [role = '', url = '', body = ''] = process.argv.slice(2);
const cost = () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), received });
let received = 0;

/** Reads each message to its end and answers 200 without a body. */
async function startReceiver(): Promise<number> {
  const server = http.createServer((request, response) => {
    received += 1;
    request.resume().on('end', () => response.writeHead(200, { 'content-length': 0 }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const key = createPrivateKey({
  key: Buffer.from(testKeyPair.signingKey, 'base64'),
  format: 'der',
  type: 'pkcs8',
});
const agent = new http.Agent(keeping);

function signature(): Promise<string> {
  return new Promise((resolve, reject) => {
    sign('sha512', Buffer.from(body), key, (error, bytes) =>
      error === null ? resolve(bytes.toString('base64')) : reject(error),
    );
  });
}

async function sendOne(id: number): Promise<void> {
  const text = `${body.slice(0, -1)},"signature":"${await signature()}"}`;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'webhook-id': `floor-${id}`,
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
  };
  await new Promise<void>((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().on('close', resolve);
    });
    request.on('error', reject);
    request.end(text);
  });
}

/** So many, so many of them at once. */
async function sendAll({ count, atOnce }: { count: number; atOnce: number }): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await sendOne(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

const port = role === 'receiver' ? await startReceiver() : 0;
process.on('message', async (message: 'cost' | { count: number; atOnce: number }) => {
  if (message === 'cost') return cost();
  await sendAll(message);
  process.send?.('sent');
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });

// Receivers of notifications, each in its real framework on a free port, and the messages that tests send them.
import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import * as ofExpress from '../src/express.ts';
import * as ofFastify from '../src/fastify.ts';
import * as ofFetch from '../src/fetch.ts';
import * as ofHono from '../src/hono.ts';
import { type PaymentNotification, signNotification } from '../src/index.ts';
import * as ofNode from '../src/node.ts';
import type { ReceiverSettings } from '../src/receiver.ts';
import { sharedPair } from './license-key-pairs.ts';

export const { licenseKey, privateKey } = sharedPair;

export const paid: PaymentNotification = {
  msgVersion: '3.1.0D',
  clientId: 'com.example.game',
  productId: 'gem/다이아',
  messageType: 'SINGLE_PAYMENT_TRANSACTION',
  purchaseId: 'SANDBOX3000000000001',
  developerPayload: null,
  purchaseTimeMillis: 1_700_000_000_000,
  purchaseState: 'COMPLETED',
  price: '1100',
  priceCurrencyCode: 'KRW',
  paymentTypeList: [{ paymentMethod: 'CREDITCARD', amount: '1100' }],
  billingKey: null,
  isTestMdn: false,
  purchaseToken: 'SANDBOXT000000000001',
  environment: 'SANDBOX',
  marketCode: 'MKT_ONE',
  signature: '',
};
export const changed = {
  msgVersion: '3.1.0D',
  clientId: 'com.example.game',
  eventTimeMillis: 1_700_000_000_000,
  subscriptionNotification: {
    version: '1',
    notificationType: 2,
    purchaseToken: 'SANDBOXT000000000002',
    productId: 'club',
  },
  environmenmt: 'SANDBOX',
  marketCode: 'MKT_ONE',
};
export const signed = await signNotification(paid, privateKey);

type Start = (context: TestContext, settings: ReceiverSettings) => Promise<string>;

/** Runs a listener of node:http for one test and answers its address. */
export async function listen(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/notifications`;
}

/** What a runtime does that hands `Request` to a function and takes a `Response` from it. */
export function served(answer: (request: Request) => Response | Promise<Response>): RequestListener {
  return async (incoming, response) => {
    const body = incoming.method === 'GET' ? null : ReadableStream.from(incoming);
    const answered = await answer(
      new Request(`http://${incoming.headers.host}${incoming.url}`, {
        method: incoming.method ?? 'GET',
        headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const),
        body,
        duplex: 'half',
      } as RequestInit),
    );
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(await answered.text());
  };
}

export const frameworks: Record<string, Start> = {
  'node:http': (context, settings) => listen(context, ofNode.receiveNotifications(settings)),
  Express: (context, settings) => {
    const app = express();
    app.all('/notifications', ofExpress.receiveNotifications(settings));
    return listen(context, app);
  },
  Fastify: (context, settings) => startFastify(context, settings),
  Hono: (context, settings) => {
    const app = new Hono();
    app.all('/notifications', ofHono.receiveNotifications(settings));
    return listen(
      context,
      served((given) => app.fetch(given)),
    );
  },
  fetch: (context, settings) => listen(context, served(ofFetch.receiveNotifications(settings))),
};

export async function startFastify(context: TestContext, settings: ReceiverSettings): Promise<string> {
  const app = fastify({ forceCloseConnections: true });
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) =>
    done(null, { body }),
  );
  app.register(ofFastify.receiveNotifications({ path: '/notifications', ...settings }));
  app.post('/others', async ({ body }) => body);
  context.after(() => app.close());
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/notifications`;
}

export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
  });
  await response.text();
  return response.status;
}

/** Without a content-length, in pieces; a server that answers early may close the connection under it. */
export function postInPieces(url: string, piece: string, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    for (let at = 0; at < count; at += 1) sent.write(piece);
    sent.end();
  });
}

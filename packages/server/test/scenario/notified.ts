// A receiver on a real socket, and what docs/lifecycle.md says that it must have received.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guidePayments, guideRows } from '../lifecycle-guide.ts';
import { expectStatus, type TestApp, type TestServer } from '../server.ts';
import { isSigned } from '../signatures.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  body: Json;
}

export interface Receiver {
  url: string;
  /** What came about a purchase, in the order in which it came. */
  of(purchaseToken: string): Received[];
  stop(): Promise<void>;
}

/** Takes whatever comes, with 200. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString('utf8');
    received.push({ headers: request.headers, text, body: JSON.parse(text) });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    of: (token) =>
      received.filter(({ body }) => (body.subscriptionNotification ?? body).purchaseToken === token),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const types = new Map(guideRows.map(({ what, type }) => [what, type]));

/**
 * Everything that came about a purchase is what the guide says for its history: nothing more, nothing else, in its
 * order. Answers it in short: `+4` is a payment and a state of type 4, `-12` a cancelled payment and a state of type 12.
 */
export async function toldInShort(
  server: TestServer,
  app: TestApp,
  receiver: Receiver,
  purchaseToken: string,
): Promise<string> {
  // what is still being sent is received before this is answered
  expectStatus(await server.advance(app.worldId, 'PT0S'), 200);
  const path = `/apps/${app.clientId}/purchases/${purchaseToken}?worldId=${app.worldId}`;
  const { type, history } = expectStatus(await server.control('GET', path), 200);
  const received = receiver.of(purchaseToken);
  assert.deepEqual(received.map(lineOf), expectedLines(history, type));
  const ids = received.map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, ids.length, 'each message came once');
  for (const message of received) checkText(message, app);
  return received
    .map(shortOf)
    .join(' ')
    .replaceAll(/([+-]) (?=\d)/g, '$1');
}

function expectedLines(history: readonly Json[], productType: string): string[] {
  const paidAt = new Map<string, number>();
  return history.flatMap(({ at, what, purchaseId, amount }) => {
    const lines: string[] = [];
    const state = guidePayments[what];
    if (state === 'COMPLETED') paidAt.set(purchaseId, at);
    const price = String(amount).replace('-', '');
    if (state !== undefined) {
      lines.push(`payment ${state} ${price} of ${purchaseId} at ${paidAt.get(purchaseId)}`);
    }
    const type = types.get(what) ?? '–';
    if (type !== '–' && productType === 'subscription') lines.push(`state ${type} at ${at}`);
    return lines;
  });
}

function lineOf({ body }: Received): string {
  const { subscriptionNotification: state, purchaseState, price, purchaseId, purchaseTimeMillis } = body;
  if (state !== undefined) return `state ${state.notificationType} at ${body.eventTimeMillis}`;
  return `payment ${purchaseState} ${price} of ${purchaseId} at ${purchaseTimeMillis}`;
}

function shortOf({ body }: Received): string {
  if (body.subscriptionNotification !== undefined) {
    return String(body.subscriptionNotification.notificationType);
  }
  return body.purchaseState === 'COMPLETED' ? '+' : '-';
}

/** A payment's text is signed as it stands; a state has no signature. */
function checkText({ text, body, headers }: Received, { clientId, licenseKey }: TestApp): void {
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual([body.clientId, body.msgVersion], [clientId, '3.1.0D']);
  assert.equal(JSON.stringify(body), text, 'compact');
  const { signature, ...signed } = body;
  if (body.subscriptionNotification !== undefined) assert.equal(signature, undefined);
  else assert.ok(isSigned(licenseKey, JSON.stringify(signed), signature));
}

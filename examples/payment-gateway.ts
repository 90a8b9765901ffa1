// A payment gateway for Till: verifies who asks, remembers every answer, and takes and gives back money once.
// TILL_GATEWAY_SECRET=… npm run example -- examples/payment-gateway.ts [port] [file]; Till finds it by TILL_GATEWAY_URL.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';

const [port = '7577', file = 'payments.jsonl'] = process.argv.slice(2);
const secret = process.env.TILL_GATEWAY_SECRET ?? '';
if (secret === '') throw new Error('TILL_GATEWAY_SECRET is not set');

/** Outcomes by the key of their question. A file outlives a restart; a real gateway has its database. */
const answered = new Map<string, string>();
for (const line of existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) {
  const { key, outcome } = JSON.parse(line);
  answered.set(key, outcome);
}

function remember(key: string, outcome: string): string {
  appendFileSync(file, `${JSON.stringify({ key, outcome })}\n`);
  answered.set(key, outcome);
  return outcome;
}

function isFromTill(headers: IncomingHttpHeaders, body: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given = '' } = headers;
  const mine = `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`;
  const [a, b] = [Buffer.from(String(given)), Buffer.from(mine)];
  return Math.abs(Date.now() / 1000 - Number(at)) < 300 && a.length === b.length && timingSafeEqual(a, b);
}

/** Where the outcome comes from a payment provider, hand `key` on to it as the idempotency key of its own. */
function decide({ key, kind, refundOf, amount, currency, buyerId }: Record<string, string>): string {
  const before = answered.get(key ?? '');
  if (before !== undefined) return before; // asked again: nothing is taken or given back a second time
  if (kind === 'charge') {
    console.log(`take ${amount} ${currency} from ${buyerId}`);
  } else if (refundOf && answered.get(refundOf) === 'approved') {
    console.log(`give back ${amount} ${currency}`);
  } else if (refundOf) {
    remember(refundOf, 'declined'); // should the charge itself still come in, it must take nothing
  }
  return remember(key ?? '', 'approved');
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString('utf8');
  if (!isFromTill(request.headers, body)) return response.writeHead(401).end();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ outcome: decide(JSON.parse(body)) }));
});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address() as { port: number };
  console.log(`listens on http://127.0.0.1:${address.port}/`);
});

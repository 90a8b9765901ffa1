// One server to measure, in a process of its own: told what to be, it says its port and what it has cost.
import { createServer } from 'node:http';
import { operations } from '@till/protocol/operations';
import fastify from 'fastify';
import { pino } from 'pino';
import { objectSchema } from '../packages/server/src/http/schema.ts';
import { readSettings } from '../packages/server/src/settings.ts';
import { createTill } from '../packages/server/src/till.ts';

const details = {
  consumptionState: 0,
  developerPayload: 'order-1',
  purchaseState: 0,
  purchaseTime: 1_795_301_207_664,
  purchaseId: 'SANDBOX3000000000001',
  acknowledgeState: 0,
  quantity: 1,
};
const token = {
  client_id: 'com.example.bench0',
  access_token: '680b3621-1234-1234-1234-8adfaef561b4',
  token_type: 'bearer',
  expires_in: 3600,
  scope: 'DEFAULT',
};

let commits = 0;
let closures = 0;

type Start = (argument: string) => Promise<number>;

const subjects: Record<string, Start> = {
  /** Bare node:http with a constant body. */
  node: async () => {
    const body = JSON.stringify(details);
    const head = { 'content-type': 'application/json;charset=UTF-8', 'content-length': body.length };
    const server = createServer((_request, response) => response.writeHead(200, head).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return portOf(server.address());
  },
  /** Fastify with the routes and reply schemas of getPurchaseDetails and getAccessToken, and constant bodies. */
  fastify: async () => {
    const server = fastify({ routerOptions: { maxParamLength: 200 } });
    const { getPurchaseDetails, getAccessToken } = operations.v7;
    const schema = { response: { 200: objectSchema(getPurchaseDetails.reply, false) } };
    server.get(fastifyPath(getPurchaseDetails.path), { schema }, async () => ({ ...details }));
    server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    const tokenSchema = { response: { 200: objectSchema(getAccessToken.reply, false) } };
    server.post(getAccessToken.path, { schema: tokenSchema }, async () => ({ ...token }));
    await server.listen({ port: 0, host: '127.0.0.1' });
    return portOf(server.server.address());
  },
  /** A bare `pg` read of a purchase by its key, behind Fastify. */
  fastifyPg: async (databaseUrl) => {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
    const server = fastify({ routerOptions: { maxParamLength: 200 } });
    const schema = { response: { 200: objectSchema(operations.v7.getPurchaseDetails.reply, false) } };
    const text = `select developer_payload, purchase_time, purchase_id, quantity, consumed_at, voided_at,
      acknowledged_at from purchase p join app a on a.app_id = p.app_id where a.client_id = $1 and p.purchase_token = $2`;
    server.get(fastifyPath(operations.v7.getPurchaseDetails.path), { schema }, async (request) => {
      const { clientId, purchaseToken } = request.params as Record<string, string>;
      const { rows } = await pool.query({ name: 'details', text, values: [clientId, purchaseToken] });
      return { ...details, purchaseId: rows[0].purchase_id, purchaseTime: Number(rows[0].purchase_time) };
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    return portOf(server.server.address());
  },
  till: (databaseUrl) => startTill(databaseUrl),
  /** The same with one transaction, and so one commit, for each write. */
  tillEach: (databaseUrl) => startTill(databaseUrl, 1),
};

async function startTill(databaseUrl: string, groupSize?: number): Promise<number> {
  const settings = readSettings(['--port', '0', '--database-url', databaseUrl], {});
  const onCommit = (count: number) => {
    commits += 1;
    closures += count;
  };
  const sqlite = groupSize === undefined ? { onCommit } : { onCommit, groupSize };
  const till = await createTill(settings, { log: pino({ level: 'silent' }), sqlite });
  return Number(new URL(till.url).port);
}

function fastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function portOf(address: unknown): number {
  return (address as { port: number }).port;
}

const [name = '', argument = ''] = process.argv.slice(2);
const start = subjects[name];
if (start === undefined) throw new Error(`no subject is called ${name}`);
const port = await start(argument);
process.on('message', () => {
  process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), commits, closures });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });

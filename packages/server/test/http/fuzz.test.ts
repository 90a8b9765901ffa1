// A seeded fuzzer over the tables: whatever is sent, the answer is a documented one, in time, and never an InternalError.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProductType } from '@till/protocol/codes';
import { type ErrorCode, errors } from '@till/protocol/errors';
import { refusalsOf } from '@till/protocol/refusals';
import fc from 'fast-check';
import { httpDatabases } from '../databases.ts';
import { checkDocumented } from '../documented.ts';
import { chunked, exchange, type RawAnswer } from '../raw-http.ts';
import { controlKey, startServer, type TestServer } from '../server.ts';
import { type Existing, type FuzzRequest, requests } from './fuzz-inputs.ts';
import { soldAs } from './requests.ts';
import { noon, shopOf } from './shop.ts';

const runs = Number(process.env.TILL_TEST_FUZZ_RUNS ?? 1_000);
const seed = Number(process.env.TILL_TEST_FUZZ_SEED ?? 7391);
/** No request may take longer, on a machine that does a lot besides. */
const withinMs = 60_000;
/** What exists is made anew after so many requests, and after one that may have destroyed or blocked it. */
const freshFor = 40;
const destroying = /^(deleteWorld|deleteApp|resetWorld|expireAccessTokens|changeApp|setMaintenance)$/;

type Sold = { productId: string; purchaseToken: string; purchaseId: string };
type Known = Record<Existing['existing'] | 'token', string> & { sold: Record<ProductType, Sold> };

/** A world with an app, a product of each type and a purchase of each, in the place of the one before. */
async function makeKnown(server: TestServer, before: Known | undefined): Promise<Known> {
  if (server.till.host.node.maintenance) await server.control('PUT', '/maintenance', { on: false });
  if (before !== undefined) await server.control('DELETE', `/worlds/${before.worldId}`);
  const worldId = await server.world({ now: noon });
  const app = await server.app({ worldId, packageName: `com.example.${worldId}` });
  const shop = await shopOf(server, app);
  const options = { developerPayload: 'payload of the fuzzer' };
  const sold = {
    inapp: await shop.buy(options),
    auto: await shop.buyMonthly(options),
    subscription: await shop.subscribe({ gracePeriod: 'P3D' }, options),
  };
  const { clientId, packageName, clientSecret: secret } = app;
  return { clientId, packageName, secret, worldId, token: shop.token, ...sold.inapp, cursor: 'eyJ9', sold };
}

/** What stands for a purchase: one of the type that the path names, or that the control call is about. */
function knownTo({ row }: FuzzRequest, known: Known): Known {
  const renews = /\/purchases\/\{purchaseToken\}\/(cancel|reactivate|defer|payment)$/.test(row.path);
  return { ...known, ...known.sold[renews ? 'subscription' : soldAs(row)] };
}

/** The values that stand for something that exists, replaced by it. */
function resolved(value: unknown, known: Known): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => resolved(one, known));
  if (typeof (value as Existing).existing === 'string') return known[(value as Existing).existing];
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one, known)]));
}

/** As it may stand in an address; what begins with `%` is sent as it is, and half a character as its bytes. */
function escaped(value: unknown): string {
  const text = typeof value === 'string' ? value : String(JSON.stringify(value));
  if (/^%\w*$/.test(text)) return text;
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

interface Sent {
  line: string;
  lines: string[];
  body: string;
  /** An empty value in the path may lead to another operation. */
  isSomewhere: boolean;
}

function sentOf(request: FuzzRequest, all: Known): Sent {
  const { row } = request;
  const known = knownTo(request, all);
  const params = resolved(request.params, known) as Record<string, unknown>;
  const values = [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => escaped(params[name] ?? ''));
  const left = [...values];
  const path = row.path.replaceAll(/\{\w+\}/g, () => left.shift() ?? '');
  const pairs = request.query.map(([name, value]) => `${escaped(name)}=${escaped(resolved(value, known))}`);
  const content = resolved(request.body, known);
  const body = request.rawBody ?? bodyText(row.form === true, content);
  const type = { right: row.form === true ? form : json, other: 'text/plain', none: '' }[request.contentType];
  const chunks = chunked(body);
  const size = request.isChunked ? chunks.line : `Content-Length: ${Buffer.byteLength(body)}`;
  const framing = body === '' ? [] : [size, ...(type === '' ? [] : [`Content-Type: ${type}`])];
  return {
    line: `${row.method} ${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
    lines: [...callers(request, known), ...framing, ...request.headers],
    body: request.isChunked && body !== '' ? chunks.body : body,
    isSomewhere: values.includes(''),
  };
}

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

function bodyText(isForm: boolean, content: unknown): string {
  if (content === undefined) return '';
  if (!isForm || typeof content !== 'object' || content === null) return JSON.stringify(content);
  return Object.entries(content)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&');
}

function callers({ row, caller }: FuzzRequest, { token }: Known): string[] {
  const right = `Authorization: Bearer ${row.access === 'controlKey' ? controlKey : token}`;
  if (caller === 'none' || row.access === 'open') return [];
  if (caller === 'wrong') return [`Authorization: Bearer ${randomUUID()}`];
  if (caller === 'broken') return ['Authorization: Bearer'];
  return caller === 'twice' ? [right, right] : [right];
}

async function answered(server: TestServer, { line, lines, body }: Sent): Promise<RawAnswer> {
  const late = wait(withinMs, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${withinMs} ms`);
  });
  return Promise.race([exchange(server.url, line, lines, body), late]);
}

function judge({ row }: FuzzRequest, { line, isSomewhere }: Sent, answer: RawAnswer): void {
  const { status, headers, text } = answer;
  assert.ok(headers['x-request-id'], 'an answer without a request id');
  const isJson = status !== 204 && (row.replyAs === undefined || status >= 400);
  if (isJson) assert.equal(headers['content-type'], 'application/json;charset=UTF-8');
  const body = isJson ? JSON.parse(text) : undefined;
  if (status >= 400) {
    const code = body.error.code as ErrorCode;
    assert.equal(status, errors[code]?.status, `${status} ${code}`);
    assert.notEqual(code, 'InternalError');
    assert.deepEqual(Object.keys(body), ['error']);
    if (!isSomewhere) assert.ok(refusalsOf(row).includes(code), `${code} is not a refusal of this operation`);
  } else if (!isSomewhere) {
    assert.equal(status, row.status ?? 200);
  }
  const [method = '', target = ''] = line.split(' ');
  checkDocumented(method, target, { status, text, body });
}

for (const database of httpDatabases) {
  test(`answers ${runs} requests of every kind as documented on ${database.name}`, async () => {
    const server = await startServer(database);
    const startedAt = Date.now();
    let known = await makeKnown(server, undefined);
    let count = 0;
    const codes = new Map<string, number>();
    const property = fc.asyncProperty(requests, async (request) => {
      count += 1;
      if (count % freshFor === 0) known = await makeKnown(server, known);
      const sent = sentOf(request, known);
      const logged = server.logged.length;
      try {
        const answer = await answered(server, sent);
        judge(request, sent, answer);
        if (answer.status < 400 && destroying.test(request.name)) known = await makeKnown(server, known);
        const code = answer.status < 400 ? 'Success' : JSON.parse(answer.text).error.code;
        codes.set(code, (codes.get(code) ?? 0) + 1);
      } catch (error) {
        const failures = server.logged.slice(logged).filter((line) => line.includes('"err"'));
        const shown = JSON.stringify(sent, undefined, 1).slice(0, 4_000);
        throw new Error(`${(error as Error).message}\n${request.name}: ${shown}\n${failures.join('')}`);
      } finally {
        server.logged.length = 0;
      }
    });
    try {
      await fc.assert(property, { numRuns: runs, seed, endOnFailure: false });
      const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
      const told = [...codes].sort(([, a], [, b]) => b - a).map((pair) => pair.join(' '));
      console.log(`${database.name}: seed ${seed}, ${count} requests in ${seconds} s: ${told.join(', ')}`);
      assert.ok((codes.get('Success') ?? 0) > runs / 20, 'too few requests got as far as a success');
    } finally {
      await server.stop();
    }
  });
}

// The packed client: a call beside bare fetch in the same run, its import beside an empty module, its bundle, one token for many.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { copyPackage, npm, pack } from '../packages/client/pack/packed.ts';
import type { OneStoreClient } from '../packages/client/src/index.ts';
import type { Measured, Part } from './run.ts';
import { startSubject, stopSubjects } from './subjects.ts';
import { median, ratio, target } from './table.ts';

const accessToken = '680b3621-1234-1234-1234-8adfaef561b4';
const purchase = { productId: 'product01', purchaseToken: 'SANDBOXT000000000001' };
const bare = '/v7/apps/com.example.bench0/purchases/inapp/products/product01/SANDBOXT000000000001';

const callsOfTurn = 250;

type Client = { OneStoreClient: typeof OneStoreClient };

export async function measureClient({ folder, rounds, requests }: Part): Promise<Measured> {
  const entry = install(join(folder, 'client'));
  const { OneStoreClient }: Client = await import(pathToFileURL(entry).href);
  const calls = await callsBesideFetch(OneStoreClient, Math.min(rounds * requests, 20_000));
  const tokens = await tokenRequests(OneStoreClient);
  const [empty, imported] = importTimes(folder, entry, Math.max(rounds * 2, 9));
  const whole = await bundled(folder, `export * from ${JSON.stringify(entry)};`);
  const alone = await bundled(folder, `export { OneStoreClient } from ${JSON.stringify(entry)};`);
  const helper = await bundled(folder, `export { isEntitled } from ${JSON.stringify(entry)};`);
  const importMs = imported - empty;
  return {
    rows: [
      { what: 'bare fetch with the same headers, and its JSON', 'µs a call': calls.fetchUs },
      { what: 'client.getPurchaseDetails', 'µs a call': calls.clientUs },
      { what: 'import of an empty module', ms: empty },
      { what: 'import of @till/client', ms: imported },
      {
        what: 'bundle of everything in the main entry, minified',
        bytes: whole.bytes,
        gzipped: whole.gzipped,
      },
      { what: 'bundle of OneStoreClient alone', bytes: alone.bytes, gzipped: alone.gzipped },
      { what: 'bundle of isEntitled alone', bytes: helper.bytes, gzipped: helper.gzipped },
    ],
    targets: [
      target('a call to bare fetch', 'at most 1.5', calls.ratio, calls.ratio <= 1.5),
      target('token requests of 1,000 first calls at once', '1', tokens, tokens === 1),
      target('import over an empty module', 'under 15 ms', importMs, importMs < 15, ' ms'),
      target('bundle, gzipped', 'under 15 kB', whole.gzipped / 1000, whole.gzipped < 15_000, ' kB'),
    ],
  };
}

/** Packs it and installs it alone; tells where its main entry lies. */
function install(folder: string): string {
  const { tarball } = pack(copyPackage(join(folder, 'repository')));
  const project = join(folder, 'bare');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "bare", "private": true }');
  npm(['install', tarball], project);
  return join(project, 'node_modules/@till/client/dist/index.js');
}

/** One call after the other, so that nothing hides behind a wait. */
async function callsBesideFetch(Client: typeof OneStoreClient, calls: number) {
  const turns = Math.ceil(calls / callsOfTurn);
  const subject = await startSubject('node:http, constant body', 'node');
  const baseUrl = `http://127.0.0.1:${subject.port}`;
  const held = { accessToken, expiresAt: Date.now() + 3_600_000 };
  const client = new Client({
    ...{ clientId: 'com.example.bench0', clientSecret: 'bench', environment: { baseUrl } },
    tokenStore: { get: () => held, set: () => {} },
  });
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const byFetch = async () => (await fetch(baseUrl + bare, { headers })).json();
  const byClient = () => client.getPurchaseDetails(purchase);
  await perCallUs(byFetch, 500);
  await perCallUs(byClient, 500);
  const [fetched, called]: [number[], number[]] = [[], []];
  // short turns, each of them first every other time: what slows the machine for a while slows both
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 0) fetched.push(await perCallUs(byFetch, callsOfTurn));
    called.push(await perCallUs(byClient, callsOfTurn));
    if (turn % 2 === 1) fetched.push(await perCallUs(byFetch, callsOfTurn));
  }
  await stopSubjects([subject]);
  return { fetchUs: median(fetched), clientUs: median(called), ratio: ratio(called, fetched) };
}

async function perCallUs(call: () => Promise<unknown>, calls: number): Promise<number> {
  const began = performance.now();
  for (let count = 0; count < calls; count++) await call();
  return ((performance.now() - began) * 1000) / calls;
}

async function tokenRequests(Client: typeof OneStoreClient): Promise<number> {
  let asked = 0;
  const token = {
    client_id: 'a',
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: 3600,
    scope: 'DEFAULT',
  };
  const server = createServer((request, response) => {
    const isToken = request.url?.endsWith('/oauth/token') === true;
    if (isToken) asked += 1;
    request.resume();
    response.end(JSON.stringify(isToken ? token : { voidedPurchaseList: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Client({ clientId: 'a', clientSecret: 'b', environment: { baseUrl } });
  await Promise.all(Array.from({ length: 1_000 }, () => client.getVoidedPurchases()));
  server.closeAllConnections();
  server.close();
  return asked;
}

/** Medians over processes of their own: an empty module, and the client. */
function importTimes(folder: string, entry: string, times: number): [emptyMs: number, clientMs: number] {
  const nothing = join(folder, 'empty.mjs');
  writeFileSync(nothing, 'export {};\n');
  const measured = { empty: [] as number[], client: [] as number[] };
  for (let count = 0; count < times; count++) {
    measured.empty.push(importMs(nothing));
    measured.client.push(importMs(entry));
  }
  return [median(measured.empty), median(measured.client)];
}

function importMs(path: string): number {
  const program = `
    const began = performance.now();
    await import(${JSON.stringify(pathToFileURL(path).href)});
    console.log(performance.now() - began);`;
  const given = ['--input-type=module', '--eval', program];
  return Number(execFileSync(process.execPath, given, { encoding: 'utf8' }));
}

async function bundled(folder: string, source: string): Promise<{ bytes: number; gzipped: number }> {
  const input = join(folder, 'entry.mjs');
  writeFileSync(input, source);
  const bundle = await rolldown({ input, platform: 'neutral' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  const bytes = Buffer.from(output.map((part) => ('code' in part ? part.code : '')).join(''));
  return { bytes: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

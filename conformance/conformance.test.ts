// Till against the documents: every operation of every generation, every code, every published example.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { startServer, type TestServer } from '../packages/server/test/server.ts';
import { conform } from './conform.ts';
import type { Finding } from './finding.ts';
import { provokedCodes } from './refusals.ts';
import { type Report, reportText } from './report.ts';
import { isWrite, rows } from './rows.ts';
import { documented } from './scene.ts';
import { startAlteringProxy } from './test/altering-proxy.ts';
import { runFromOutside, wholeRun } from './test/till-to-judge.ts';
import { isForInformation, snapshots, vectors } from './vectors.ts';

const told = ({ id, found, differences }: Finding) => `${id}: ${found}: ${differences.join('; ')}`;

/** What a Till's report must be: nothing differs, and where the documents are silent it does what it always did. */
function assertConforms({ ended, findings, counts }: Report): void {
  assert.equal(ended, null);
  assert.deepEqual(findings.filter(({ verdict }) => verdict === 'differs').map(told), []);
  assert.deepEqual(
    findings.filter(({ verdict, asTill }) => verdict === 'open' && asTill === false).map(told),
    [],
  );
  assert.equal(counts.differs, 0);
}

for (const database of httpDatabases) {
  describe(`Till on ${database.name}`, () => {
    let server: TestServer;
    let report: Report;
    let looked: Set<string>;
    before(async () => {
      server = await startServer(database);
      report = await conform(wholeRun(server));
      looked = new Set(report.findings.filter(({ verdict }) => verdict !== 'untried').map(({ id }) => id));
    });
    after(() => server.stop());

    it('agrees with the documents, and does the recommended thing where they leave it open', () => {
      assertConforms(report);
      assert.ok(report.counts.agrees > 300, `${report.counts.agrees} agree`);
    });

    it('was asked for a success of every operation of every generation', () => {
      const ids = rows.map(({ generation, name }) => `${generation}.${name}.succeeds`);
      assert.equal(ids.length, 31);
      assert.deepEqual(
        ids.filter((id) => !looked.has(id)),
        [],
      );
    });

    it('was asked for every code that a row may answer', () => {
      const ids = rows.flatMap((named) =>
        provokedCodes(named).map((code) => `${named.generation}.${named.name}.refuses.${code}`),
      );
      assert.ok(ids.length > 300, String(ids.length));
      assert.deepEqual(
        ids.filter((id) => !looked.has(id)),
        [],
      );
    });

    it('was asked every documented example, and every published state at each of its instants', () => {
      const examples = vectors.filter((vector) => !isForInformation(vector)).map(({ id }) => `example.${id}`);
      const states = snapshots.flatMap(({ id, scene }) => scene.readAt.map((now) => `example.${id}.${now}`));
      const told = [...looked].map((id) => id.split('#', 1).join(''));
      assert.equal(vectors.length + snapshots.length, 69);
      assert.deepEqual(
        [...examples, ...states].filter((id) => !told.includes(id)),
        [],
      );
    });

    it('left nothing out but what is for information', () => {
      const untried = report.findings.filter(({ verdict }) => verdict === 'untried');
      const expected = vectors.filter(isForInformation).map(({ id }) => `example.${id}`);
      assert.deepEqual(untried.map(({ id }) => id).sort(), expected.sort());
    });

    it('has no world more than before', async () => {
      const { body } = await server.control('GET', '/worlds');
      assert.deepEqual(
        body.items.map(({ worldId }: { worldId: string }) => worldId),
        ['default'],
      );
    });
  });
}

describe('A run', () => {
  let server: TestServer;
  before(async () => {
    const [memory] = httpDatabases;
    assert.ok(memory);
    server = await startServer(memory);
  });
  after(() => server.stop());

  it('sends no call that changes a purchase unless it may', async () => {
    const proxy = await startAlteringProxy(server.url);
    const report = await conform(wholeRun(server, { baseUrl: proxy.url, write: false }));
    await proxy.stop();
    assertConforms(report);
    const writes = proxy.passed.filter(({ method, path }) => method === 'POST' && !path.includes('/oauth/'));
    assert.deepEqual(writes, []);
    const untried = report.findings.filter(
      ({ verdict, found }) => verdict === 'untried' && /--write/.test(found),
    );
    const names = new Set(untried.map(({ generation, operation }) => `${generation}.${operation}`));
    const writing = rows
      .filter(({ row }) => isWrite(row))
      .map(({ generation, name }) => `${generation}.${name}`);
    assert.deepEqual([...names].sort(), writing.sort());
  });

  it('asks an app of somebody’s with nothing but reads, but for what does not exist', async () => {
    const proxy = await startAlteringProxy(server.url);
    const generations = ['v7', 'v6', 'v5'] as const;
    await conform(await runFromOutside(server, { baseUrl: proxy.url, generations }));
    await proxy.stop();
    const others = proxy.passed.filter(({ method, path }) => method !== 'GET' && !path.includes('/oauth/'));
    assert.deepEqual(
      others.map(({ method, path }) => [method, /NOSUCHPURCHASE0+/.test(path)]),
      generations.map(() => ['PATCH', true]),
    );
  });

  it('reads an app from outside with its credentials alone, on every generation', async () => {
    const report = await conform(await runFromOutside(server, { generations: ['v7', 'v6', 'v5'] }));
    assertConforms(report);
    const read = report.findings.filter(({ id, verdict }) => id.endsWith('.reply') && verdict !== 'untried');
    const kinds = ['getPurchaseDetails', 'getRecurringPurchaseDetails', 'getSubscriptionDetail'];
    for (const name of kinds)
      assert.ok(
        read.some(({ operation }) => operation === name),
        name,
      );
    assert.ok(
      read.some(({ id }) => id === 'v5.getPurchaseDetails.reply'),
      'V5 is read by the ID that V7 told',
    );
    assert.ok(report.findings.some(({ id }) => id === 'v5.getPurchaseDetails.foreign_token'));
    assert.ok(report.requests < 250, `${report.requests} requests`);
  });

  it('changes the purchases that it was given, where it may', async () => {
    const options = await runFromOutside(server, { write: true });
    const report = await conform(options);
    assertConforms(report);
    const changed = report.findings.filter(({ id }) => /\.(consumed|cancelled|reactivated)$/.test(id));
    assert.deepEqual(
      changed.map(({ id, verdict }) => [id, verdict]),
      [
        ['v7.getPurchaseDetails.consumed', 'agrees'],
        ['v7.getRecurringPurchaseDetails.cancelled', 'agrees'],
        ['v7.getRecurringPurchaseDetails.reactivated', 'agrees'],
        ['v7.getSubscriptionDetail.cancelled', 'agrees'],
        ['v7.getSubscriptionDetail.reactivated', 'agrees'],
      ],
    );
  });

  it('asks in the market that it was given', async () => {
    const proxy = await startAlteringProxy(server.url);
    const options = await runFromOutside(server, { baseUrl: proxy.url, market: 'MKT_GLB' });
    const report = await conform(options);
    await proxy.stop();
    assertConforms(report);
    const [token] = proxy.passed;
    assert.equal(token?.headers['x-market-code'], 'MKT_GLB');
    const details = report.findings.find(({ id }) => id === 'v7.getPurchaseDetails.reply');
    assert.deepEqual([report.market, details?.verdict], ['MKT_GLB', 'agrees']);
  });

  it('shows no secret, no access token and no whole purchase token', async () => {
    const proxy = await startAlteringProxy(server.url);
    // an answer that quotes what it was sent is the worst that a report can meet
    proxy.alter = (answer, request) => {
      if (answer.status >= 400)
        answer.body = `${request.path} ${JSON.stringify(request.headers)} ${request.body}`;
    };
    const outside = await runFromOutside(server, { baseUrl: proxy.url });
    const whole = wholeRun(server, { baseUrl: proxy.url, generations: ['v7'] });
    const reports = [await conform(outside), await conform(whole)];
    await proxy.stop();
    const sought = proxy.passed.flatMap(({ headers, path, body }) => [
      headers.authorization?.replace(/^Bearer /, ''),
      new URLSearchParams(body).get('client_secret') ?? undefined,
      /SANDBOX\w+/.exec(path)?.[0],
    ]);
    const secrets = new Set(sought.filter((text) => text !== undefined && text.length > 12));
    // the token of the published call sample is nobody's
    secrets.delete(documented.purchaseToken);
    assert.ok(secrets.size > 100, String(secrets.size));
    for (const report of reports) {
      const text = `${reportText(report)}${JSON.stringify(report)}`;
      for (const secret of secrets) assert.ok(!text.includes(String(secret)), String(secret));
      assert.ok(!text.includes('the buyer’s own words'));
    }
  });

  it('takes its worlds away again wherever it ends', async () => {
    const worlds = async () => (await server.control('GET', '/worlds')).body.items.length;
    const before = await worlds();
    for (const mostRequests of [1, 2, 80]) {
      const report = await conform(wholeRun(server, { generations: ['v7'], mostRequests }));
      assert.equal(report.ended, `${mostRequests} requests were sent, which is the bound of this run`);
    }
    assert.equal(await worlds(), before);
  });

  it('sends one request at a time', async () => {
    const proxy = await startAlteringProxy(server.url);
    await conform(await runFromOutside(server, { baseUrl: proxy.url }));
    await proxy.stop();
    assert.equal(proxy.mostAtOnce, 1);
  });
});

// A call that carries an Idempotency-Key is carried out once, and its answer is given again for a day.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { purgeAnswers } from '../../src/actions/purge-answers.ts';
import type { Database, Row } from '../../src/store/database.ts';
import { databases, httpDatabases } from '../databases.ts';
import { type Answer, controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import {
  assertRefused,
  assertStatus,
  assertSucceeded,
  dayMs,
  minuteMs,
  openShop,
  type Shop,
  shopOf,
} from './shop.ts';

const keyed = (key: string, headers: Record<string, string> = {}) => ({
  headers: { ...headers, 'idempotency-key': key },
});
const replayed = (answer: Answer) => answer.headers.get('idempotent-replay');
const bytes = ({ status, text }: Answer) => ({ status, text });

/** A control call with a key. */
function controlCall(
  server: TestServer,
  key: string,
  method: string,
  path: string,
  body?: unknown,
  presented = controlKey,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${presented}`, 'idempotency-key': key };
  return server.call(method, `/control/v1${path}`, { headers, body });
}

/** Puts another database in the place of the host's; what is returned takes it out again. */
function replaceDatabase(server: TestServer, make: (database: Database) => Partial<Database>): () => void {
  const host = server.till.host as { database: Database };
  const { database } = host;
  host.database = { ...database, ...make(database) };
  return () => {
    host.database = database;
  };
}

/** The next transaction commits, and whoever waits for it never learns: what a killed process leaves behind. */
function breakAfterCommit(server: TestServer): () => void {
  return replaceDatabase(server, (database) => ({
    transaction: async (work) => {
      await database.transaction(work);
      throw new Error('the process ended between commit and answer');
    },
  }));
}

function breakBeforeCommit(server: TestServer): () => void {
  return replaceDatabase(server, (database) => ({
    transaction: (work) =>
      database.transaction(async (query) => {
        await work(query);
        throw new Error('the process ended before the commit');
      }),
  }));
}

const rowsOf = (server: TestServer): Promise<Row[]> => server.till.host.database.all('select * from answer');
const purchasesOf = async ({ app, server }: Shop): Promise<{ purchaseToken: string }[]> =>
  expectStatus(await server.control('GET', `/apps/${app.clientId}/purchases?worldId=${app.worldId}`), 200)
    .items;
const historyOf = async ({ control }: Shop, purchaseToken: string): Promise<string[]> =>
  expectStatus(await control('GET', `/purchases/${purchaseToken}`), 200).history.map(
    ({ what }: { what: string }) => what,
  );

for (const database of httpDatabases) {
  describe(`Idempotency keys on ${database.name}`, () => {
    let server: TestServer;
    let shop: Shop;
    let now = Date.UTC(2026, 5, 1);
    before(async () => {
      server = await startServer(database, {}, { clock: () => now });
      shop = await openShop(server);
    });
    after(() => server.stop());

    const buyPath = () => `/apps/${shop.app.clientId}/purchases?worldId=${shop.app.worldId}`;
    const buyWith = (key: string, body: unknown = { productId: 'product01' }) =>
      controlCall(server, key, 'POST', buyPath(), body);

    it('answers a repeated consume and acknowledge with the first answer, byte for byte', async () => {
      for (const call of ['consume', 'acknowledge'] as const) {
        const purchase = await shop.buy();
        const first = await shop[call](purchase, keyed(`again-${call}`));
        assertSucceeded(first);
        assert.equal(replayed(first), null);
        const again = await shop[call](purchase, keyed(`again-${call}`));
        assert.deepEqual(bytes(again), bytes(first));
        assert.equal(again.headers.get('content-type'), first.headers.get('content-type'));
        assert.equal(replayed(again), 'true');
        assert.equal((await historyOf(shop, purchase.purchaseToken)).length, 2);
      }
    });

    it('answers a repeated change of a subscription or a monthly product with the first answer', async () => {
      const [subscription, month] = [await shop.subscribe(), await shop.buyMonthly()];
      const writes: Record<string, () => Promise<Answer>> = {
        deferred: () => shop.defer(subscription, 3, { ...keyed('renews-1'), body: { deferPeriod: 3 } }),
        cancelled: () => shop.subscription.cancel(subscription, keyed('renews-2')),
        reactivated: () => shop.subscription.reactivate(subscription, keyed('renews-3')),
        monthCancelled: () => shop.monthly.cancel(month, keyed('renews-4')),
        monthReactivated: () => shop.monthly.reactivate(month, keyed('renews-5')),
      };
      const firsts = new Map<string, Answer>();
      for (const [name, write] of Object.entries(writes)) {
        const first = await write();
        assertSucceeded(first);
        assert.equal(replayed(first), null);
        firsts.set(name, first);
      }
      const before = [
        (await shop.subscription.detail(subscription)).text,
        (await shop.monthly.detail(month)).text,
      ];
      for (const [name, write] of Object.entries(writes)) {
        const again = await write();
        assert.deepEqual(bytes(again), bytes(firsts.get(name) as Answer));
        assert.equal(replayed(again), 'true');
      }
      const after = [
        (await shop.subscription.detail(subscription)).text,
        (await shop.monthly.detail(month)).text,
      ];
      assert.deepEqual(after, before);
      const steps = ['purchased', 'deferred', 'cancelled', 'reactivated'];
      assert.deepEqual(await shop.history(subscription), steps);
      assert.deepEqual(await shop.history(month), ['purchased', 'cancelled', 'reactivated']);
    });

    it('defers once for 20 twins in flight, and acknowledges a subscription once', async () => {
      const purchase = await shop.subscribe();
      const before = (await shop.subscription.detail(purchase)).body.nextPaymentTimeMillis;
      const deferral = { ...keyed('deferred-once'), body: { deferPeriod: 3 } };
      const twins = await Promise.all(Array.from({ length: 20 }, () => shop.defer(purchase, 3, deferral)));
      for (const answer of twins) assertSucceeded(answer);
      assert.equal(twins.filter((answer) => replayed(answer) === null).length, 1);
      const { nextPaymentTimeMillis } = (await shop.subscription.detail(purchase)).body;
      assert.equal(nextPaymentTimeMillis, before + 3 * minuteMs);
      assertSucceeded(await shop.acknowledge(purchase, keyed('acknowledged-once')));
      const again = await shop.acknowledge(purchase, keyed('acknowledged-once'));
      assert.equal(replayed(again), 'true');
      assert.deepEqual(await shop.history(purchase), ['purchased', 'deferred', 'acknowledged']);
    });

    it('refuses the key of a deferral for another one with InvalidPurchaseState, and leaves no trace of a refusal', async () => {
      const [purchase, other] = [await shop.subscribe(), await shop.subscribe()];
      const by = (deferPeriod: unknown) => ({ ...keyed('which-deferral'), body: { deferPeriod } });
      assertRefused(await shop.defer(purchase, 0, by(0)), 'InvalidRequest', ['deferPeriod']);
      assertSucceeded(await shop.defer(purchase, 3, by(3)));
      const others = [
        await shop.defer(purchase, 4, by(4)),
        await shop.defer(other, 3, by(3)),
        await shop.subscription.cancel(purchase, keyed('which-deferral')),
        await shop.monthly.cancel(await shop.buyMonthly(), keyed('which-deferral')),
      ];
      for (const answer of others) assertRefused(answer, 'InvalidPurchaseState');
      await shop.subscription.cancel(other);
      assertRefused(await shop.defer(other, 3, keyed('after-all')), 'InvalidPurchaseState');
      await shop.subscription.reactivate(other);
      const answer = await shop.defer(other, 3, keyed('after-all'));
      assertSucceeded(answer);
      assert.equal(replayed(answer), null);
    });

    it('gives the answer again even where the state would refuse by now', async () => {
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase, keyed('state-moved-on')));
      await shop.void(purchase);
      assertRefused(await shop.consume(purchase), 'InvalidPurchaseState');
      assertSucceeded(await shop.consume(purchase, keyed('state-moved-on')));
    });

    it('refuses the key of a server call for another request with InvalidPurchaseState', async () => {
      const [one, other] = [await shop.buy({ developerPayload: 'order' }), await shop.buy()];
      const body = { developerPayload: 'order' };
      assertSucceeded(await shop.acknowledge(one, { ...keyed('one-request'), body }));
      const others = [
        await shop.acknowledge(other, { ...keyed('one-request'), body }),
        await shop.acknowledge(one, keyed('one-request')),
        await shop.consume(one, { ...keyed('one-request'), body }),
        await shop.acknowledge(one, { ...keyed('one-request', { 'x-market-code': 'MKT_GLB' }), body }),
      ];
      for (const answer of others) assertRefused(answer, 'InvalidPurchaseState');
      assert.deepEqual(await historyOf(shop, other.purchaseToken), ['purchased']);
      const reordered = '{ "unknown": 1, "developerPayload": "order" }';
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'one-request' };
      assertSucceeded(await shop.acknowledge(one, { headers, body: reordered }));
      const korea = keyed('one-request', { 'x-market-code': 'MKT_ONE' });
      assertSucceeded(await shop.acknowledge(one, { ...korea, body }));
    });

    it('keeps the keys of one app apart from those of another', async () => {
      const second = await openShop(server);
      const purchase = await shop.buy();
      const theirs = await second.buy();
      for (const answer of [
        await shop.consume(purchase, keyed('two-apps')),
        await second.consume(theirs, keyed('two-apps')),
      ]) {
        assertSucceeded(answer);
        assert.equal(replayed(answer), null);
      }
      assert.deepEqual(await historyOf(second, theirs.purchaseToken), ['purchased', 'consumed']);
      assertStatus(await buyWith('two-apps'), 201);
    });

    for (const [key, about] of [
      ['', 'nothing in it'],
      ['two words', 'a blank in it'],
      ['k'.repeat(256), '256 characters'],
      ['schl\u00fcssel', 'a letter beyond ASCII'],
    ] as const) {
      it(`refuses a key with ${about}, and names the header`, async () => {
        const purchase = await shop.buy();
        assertRefused(await shop.consume(purchase, keyed(key)), 'InvalidRequest', ['Idempotency-Key']);
        assert.deepEqual(refusal(await buyWith(key)), [400, 'InvalidRequest', 'Idempotency-Key']);
        assert.deepEqual(await historyOf(shop, purchase.purchaseToken), ['purchased']);
      });
    }

    it('takes a key of 255 characters, and does not look at one where nothing is written', async () => {
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase, keyed('~'.repeat(255))));
      assertStatus(await shop.details(purchase, keyed('not a key')), 200);
      const read = await controlCall(server, 'not a key', 'GET', `/worlds/${shop.app.worldId}`);
      assertStatus(read, 200);
    });

    it('costs a call without a key nothing: no statement more', async () => {
      const texts: string[] = [];
      const heard = (sql: string) => {
        texts.push(sql);
        return sql;
      };
      const restore = replaceDatabase(server, (inner) => ({
        all: (sql, values) => inner.all(heard(sql), values),
        transaction: (work) =>
          inner.transaction((query) =>
            work({
              all: (sql, values) => query.all(heard(sql), values),
              run: (sql, values) => query.run(heard(sql), values),
            }),
          ),
      }));
      try {
        const purchase = await shop.buy();
        texts.length = 0;
        assertSucceeded(await shop.consume(purchase));
        assert.ok(texts.some((sql) => sql.startsWith('update purchase')));
        assert.deepEqual(
          texts.filter((sql) => /\b(answer|audit)/.test(sql)),
          [],
        );
        assertSucceeded(await shop.acknowledge(await shop.buy(), keyed('heard')));
        assert.ok(texts.some((sql) => sql.includes('answer')));
      } finally {
        restore();
      }
    });

    it('leaves nothing of a refused call, so that the same key runs afresh', async () => {
      const purchase = await shop.buy({ developerPayload: 'right' });
      const body = { developerPayload: 'wrong' };
      assertRefused(await shop.consume(purchase, { ...keyed('refused'), body }), 'DeveloperPayloadNotMatch');
      const right = { ...keyed('refused'), body: { developerPayload: 'right' } };
      const answer = await shop.consume(purchase, right);
      assertSucceeded(answer);
      assert.equal(replayed(answer), null);
      assert.deepEqual(refusal(await buyWith('unknown', { productId: 'nothing' })), [404, 'NoSuchData']);
      await shop.putProduct('later');
      assertStatus(await buyWith('unknown', { productId: 'later' }), 201);
    });

    it('carries 20 twins in flight out once', async () => {
      const before = (await purchasesOf(shop)).length;
      const bought = await Promise.all(Array.from({ length: 20 }, () => buyWith('twins')));
      for (const answer of bought) assert.deepEqual(bytes(answer), bytes(bought[0] as Answer));
      assert.equal(bought[0]?.status, 201);
      assert.equal(bought.filter((answer) => replayed(answer) === null).length, 1);
      assert.equal((await purchasesOf(shop)).length, before + 1);
      const purchase = bought[0]?.body;
      const consumed = await Promise.all(
        Array.from({ length: 20 }, () => shop.consume(purchase, keyed('twins'))),
      );
      for (const answer of consumed) assertSucceeded(answer);
      assert.deepEqual(await historyOf(shop, purchase.purchaseToken), ['purchased', 'consumed']);
      const mixed = await Promise.all(
        ['a', 'b', 'a', 'b'].map((buyerId) => buyWith('mixed', { productId: 'product01', buyerId })),
      );
      assert.deepEqual(mixed.map(({ status }) => status).sort(), [201, 201, 409, 409]);
    });

    it('lets one of the twins go on where the first was refused', async () => {
      const purchase = await shop.buy();
      await shop.void(purchase);
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => shop.consume(purchase, keyed('all-refused'))),
      );
      for (const answer of answers) assertRefused(answer, 'InvalidPurchaseState');
    });

    it('refuses the key of a control write for another one with InvalidState', async () => {
      const first = await buyWith('control', { productId: 'product01', buyerId: 'ada' });
      assertStatus(first, 201);
      assert.deepEqual(
        bytes(await buyWith('control', { buyerId: 'ada', productId: 'product01' })),
        bytes(first),
      );
      for (const answer of [
        await buyWith('control', { productId: 'product01', buyerId: 'bob' }),
        await controlCall(server, 'control', 'POST', '/worlds', {}),
      ]) {
        assert.deepEqual(refusal(answer), [409, 'InvalidState']);
        assert.match(answer.body.error.message, /used for another request/);
      }
    });

    it('repeats an answer without a body, and does not delete twice', async () => {
      const { clientId, worldId } = await server.app({ worldId: shop.app.worldId, clientId: 'comes.back' });
      const remove = () => controlCall(server, 'gone', 'DELETE', `/apps/${clientId}?worldId=${worldId}`);
      assert.deepEqual(bytes(await remove()), { status: 204, text: '' });
      await server.app({ worldId, clientId });
      const again = await remove();
      assert.deepEqual([again.status, again.text, replayed(again)], [204, '', 'true']);
      assertStatus(await server.control('GET', `/apps/${clientId}?worldId=${worldId}`), 200);
    });

    it('stores answers sealed: no secret, no token and no key stands in a row', async () => {
      const { worldId } = shop.app;
      const made = await controlCall(server, 'key-of-secrets-1', 'POST', '/apps', { worldId });
      const app = `/apps/${made.body.clientId}`;
      const secret = await controlCall(server, 'key-of-secrets-2', 'POST', `${app}/client-secrets`);
      const token = await controlCall(server, 'key-of-secrets-3', 'POST', `${app}/access-tokens`);
      for (const answer of [made, secret, token]) assertStatus(answer, 201);
      const again = await controlCall(server, 'key-of-secrets-1', 'POST', '/apps', { worldId });
      assert.deepEqual(bytes(again), bytes(made));
      await server.token(again.body);
      const { database: inner, secrets } = server.till.host;
      const rows = [...(await rowsOf(server)), ...(await inner.all('select * from audit'))];
      const stored = JSON.stringify(rows);
      assert.ok(stored.includes(secrets.hash('key-of-secrets-1')));
      const texts = [made.body.clientSecret, secret.body.clientSecret, token.body.access_token];
      for (const text of [...texts, 'key-of-secrets', controlKey]) assert.ok(!stored.includes(text));
      const row = rows.find(({ key_hash }) => key_hash === secrets.hash('key-of-secrets-1'));
      const byKeyAlone = secrets.hmac('key-of-secrets-1', 'answer\n');
      assert.equal(secrets.unseal(String(row?.sealed_answer), byKeyAlone), undefined);
    });

    it('does it once where the process ends between commit and answer', async () => {
      const purchase = await shop.buy();
      const before = (await purchasesOf(shop)).length;
      const restore = breakAfterCommit(server);
      try {
        assertRefused(await shop.consume(purchase, keyed('lost-consume')), 'InternalError');
        assert.equal((await buyWith('lost-purchase')).status, 500);
      } finally {
        restore();
      }
      now += 31_000;
      const consumed = await shop.consume(purchase, keyed('lost-consume'));
      assertSucceeded(consumed);
      assert.equal(replayed(consumed), 'true');
      assert.deepEqual(await historyOf(shop, purchase.purchaseToken), ['purchased', 'consumed']);
      const bought = await buyWith('lost-purchase');
      assert.deepEqual(refusal(bought), [409, 'InvalidState']);
      assert.match(bought.body.error.message, /was carried out, but its answer was lost: read the state/);
      assert.equal((await purchasesOf(shop)).length, before + 1);
    });

    it('does it once where the process ends before the commit', async () => {
      const purchase = await shop.buy();
      const restore = breakBeforeCommit(server);
      try {
        assertRefused(await shop.consume(purchase, keyed('early')), 'InternalError');
        assert.equal((await buyWith('early-purchase')).status, 500);
      } finally {
        restore();
      }
      assert.equal(replayed(await shop.consume(purchase, keyed('early'))), null);
      assert.deepEqual(await historyOf(shop, purchase.purchaseToken), ['purchased', 'consumed']);
      const first = await buyWith('early-purchase');
      assertStatus(first, 201);
      assert.deepEqual(bytes(await buyWith('early-purchase')), bytes(first));
    });

    it('still answers where the answer cannot be kept, and tells the next one so', async () => {
      let count = 0;
      const restore = replaceDatabase(server, (inner) => ({
        transaction: (work) => {
          count += 1;
          return count === 1 ? inner.transaction(work) : Promise.reject(new Error('no more writes'));
        },
      }));
      const first = await buyWith('not-kept').finally(restore);
      assertStatus(first, 201);
      now += 31_000;
      assert.deepEqual(refusal(await buyWith('not-kept')), [409, 'InvalidState']);
    });

    it('forgets a key after 24 hours, and makes room by batches', async () => {
      const host = server.till.host;
      now += 2 * dayMs;
      await purgeAnswers(host);
      assert.deepEqual(await rowsOf(server), []);
      const first = await buyWith('a-day');
      now += dayMs - 1;
      assert.deepEqual(bytes(await buyWith('a-day')), bytes(first));
      now += 1;
      const second = await buyWith('a-day', { productId: 'product01', buyerId: 'another' });
      assertStatus(second, 201);
      assert.equal(replayed(second), null);
      assert.equal((await rowsOf(server)).length, 1);
      await host.database.transaction(async (query) => {
        for (let index = 0; index < 1200; index++) {
          await query.run(
            `insert into answer (app_id, key_hash, request_hash, sealed_answer, created_at)
             values ($1, $2, '', null, $3)`,
            ['old', String(index), now - dayMs],
          );
        }
      });
      await purgeAnswers(host);
      assert.equal((await rowsOf(server)).length, 1);
      assert.deepEqual(
        bytes(await buyWith('a-day', { productId: 'product01', buyerId: 'another' })),
        bytes(second),
      );
    });
  });
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  it(`Idempotency keys on ${database.name} outlive a stop, those of the control API with its key`, async () => {
    const opened = await database.open();
    let server = await startServer({ url: opened.url });
    try {
      let shop = await shopOf(server, await server.app());
      const purchase = await shop.buy();
      const path = `/apps/${shop.app.clientId}/client-secrets`;
      const secret = await controlCall(server, 'kept', 'POST', path);
      const consumed = await shop.consume(purchase, keyed('kept'));
      assertSucceeded(consumed);
      await server.stop();
      server = await startServer({ url: opened.url });
      shop = await shopOf(server, shop.app);
      const again = await controlCall(server, 'kept', 'POST', path);
      assert.deepEqual([bytes(again), replayed(again)], [bytes(secret), 'true']);
      const consumedAgain = await shop.consume(purchase, keyed('kept'));
      assert.deepEqual([bytes(consumedAgain), replayed(consumedAgain)], [bytes(consumed), 'true']);
      await server.stop();
      const another = 'another-control-key-of-tests-0123456789';
      server = await startServer({ url: opened.url }, { controlKey: another });
      const shut = await controlCall(server, 'kept', 'POST', path, undefined, another);
      assert.deepEqual(refusal(shut), [409, 'InvalidState']);
      assert.match(shut.body.error.message, /its answer belongs to another control key/);
    } finally {
      await server.stop();
      await opened.drop();
    }
  });
}

it('Idempotency keys hold across two nodes of one PostgreSQL', async () => {
  const opened = await (databases.find(({ name }) => name === 'postgres') as (typeof databases)[0]).open();
  const nodes = [await startServer({ url: opened.url }), await startServer({ url: opened.url })] as const;
  try {
    const shop = await shopOf(nodes[0], await nodes[0].app());
    const other = { ...shop, ...(await shopOf(nodes[1], shop.app)) };
    const path = `/apps/${shop.app.clientId}/purchases`;
    const body = { productId: 'product01' };
    const bought = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        controlCall(nodes[index % 2] as TestServer, 'both', 'POST', path, body),
      ),
    );
    for (const answer of bought) assert.deepEqual(bytes(answer), bytes(bought[0] as Answer));
    const [purchase] = await purchasesOf(shop);
    assert.equal((await purchasesOf(shop)).length, 1);
    assert.equal(bought[0]?.body.purchaseToken, purchase?.purchaseToken);
    const consumed = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? shop : other).consume(bought[0]?.body, keyed('both')),
      ),
    );
    for (const answer of consumed) assertSucceeded(answer);
    assert.deepEqual(await historyOf(shop, bought[0]?.body.purchaseToken), ['purchased', 'consumed']);
  } finally {
    for (const node of nodes) await node.stop();
    await opened.drop();
  }
});

// The audit: every write of the control API leaves one row, and nobody takes or changes a row unseen.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { isControlWrite } from '@till/protocol/idempotency';
import { type AuditVerdict, verifyAudit } from '../../src/actions/verify-audit.ts';
import type { ControlWrite } from '../../src/http/audit-subjects.ts';
import { controlRows } from '../../src/http/routing.ts';
import type { Row } from '../../src/store/database.ts';
import { databases, httpDatabases } from '../databases.ts';
import {
  type Answer,
  controlKey,
  expectStatus,
  refusal,
  startServer,
  type TestApp,
  type TestServer,
} from '../server.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;
type Kind = 'world' | 'app' | 'product' | 'purchase' | 'notification' | 'faults' | 'maintenance';

/** What a test call is about: an app of its own in a world of its own, with products, a purchase and subscriptions. */
interface Scene {
  app: TestApp;
  purchaseToken: string;
  subscriptionToken: string;
  /** Of a subscription that is cancelled. */
  cancelledToken: string;
  /** Of a subscription that has been told of a higher price and will be paused. */
  pausedToken: string;
  /** Of a notification that nobody received. */
  notificationId: string;
}

interface Sample {
  path(scene: Scene): string;
  body?(scene: Scene): unknown;
  /** What before and after show; `null` where the thing is not there. */
  before: Kind | null;
  after: Kind | null;
  /** A body that is refused, where a path to nothing would not be. */
  refusedBody?(scene: Scene): unknown;
}

const ofApp = (rest = '') => ({
  path: ({ app }: Scene) => `/apps/${app.clientId}${rest}?worldId=${app.worldId}`,
});
const ofPurchase = (what: string): Sample => ({
  path: ({ app, purchaseToken }) =>
    `/apps/${app.clientId}/purchases/${purchaseToken}/${what}?worldId=${app.worldId}`,
  body: () => ({}),
  before: 'purchase',
  after: 'purchase',
});
const ofSubscription = (what: string, given: Partial<Sample> = {}): Sample => ({
  path: ({ app, subscriptionToken }) =>
    `/apps/${app.clientId}/purchases/${subscriptionToken}/${what}?worldId=${app.worldId}`,
  before: 'purchase',
  after: 'purchase',
  ...given,
});
const ofPaused = (what: string, given: Partial<Sample> = {}): Sample =>
  ofSubscription(what, {
    path: ({ app, pausedToken }) =>
      `/apps/${app.clientId}/purchases/${pausedToken}/${what}?worldId=${app.worldId}`,
    ...given,
  });
const ofWorld = (rest = '') => ({ path: ({ app }: Scene) => `/worlds/${app.worldId}${rest}` });
const changed = (kind: Kind) => ({ before: kind, after: kind });

/** One call for each write of the table; a write that is missing here does not compile. */
const samples: Record<ControlWrite, Sample> = {
  createWorld: {
    path: () => '/worlds',
    body: () => ({}),
    before: null,
    after: 'world',
    refusedBody: ({ app }) => ({ worldId: app.worldId }),
  },
  deleteWorld: { ...ofWorld(), before: 'world', after: null },
  resetWorld: { ...ofWorld('/reset'), ...changed('world') },
  changeClock: { ...ofWorld('/clock'), body: () => ({ frozen: false }), ...changed('world') },
  advanceClock: { ...ofWorld('/clock/advance'), body: () => ({ by: 'PT6M' }), ...changed('world') },
  createApp: {
    path: () => '/apps',
    body: ({ app }) => ({ worldId: app.worldId }),
    before: null,
    after: 'app',
    refusedBody: ({ app }) => ({ worldId: app.worldId, clientId: app.clientId }),
  },
  changeApp: { ...ofApp(), body: () => ({ title: 'Another title' }), ...changed('app') },
  deleteApp: { ...ofApp(), before: 'app', after: null },
  createClientSecret: { ...ofApp('/client-secrets'), ...changed('app') },
  setNotificationUrls: { ...ofApp('/notification-urls'), body: () => ({ payment: null }), ...changed('app') },
  createLicenseKey: { ...ofApp('/license-keys'), ...changed('app') },
  resendNotification: {
    path: ({ app, notificationId }) =>
      `/apps/${app.clientId}/notifications/${notificationId}/resend?worldId=${app.worldId}`,
    ...changed('notification'),
  },
  resendNotifications: {
    ...ofApp('/notifications/resend'),
    body: () => ({ from: 0, to: 1 }),
    ...changed('app'),
  },
  sendTestNotification: { ...ofApp('/notifications/test'), before: null, after: 'notification' },
  setNotificationFaults: {
    ...ofApp('/notification-faults'),
    body: () => ({ items: [{ kind: 'any', fault: 'drop' }] }),
    ...changed('faults'),
  },
  createAccessToken: { ...ofApp('/access-tokens'), ...changed('app') },
  expireAccessTokens: { ...ofApp('/access-tokens/expire'), ...changed('app') },
  putProduct: {
    ...ofApp('/products/sword'),
    body: () => ({ type: 'inapp', title: 'A sword', price: '5500', currency: 'KRW' }),
    before: null,
    after: 'product',
  },
  changePrice: { ...ofApp('/products/pass/price'), body: () => ({ price: '19900' }), ...changed('product') },
  deleteProduct: { ...ofApp('/products/unsold'), before: 'product', after: null },
  createPurchase: {
    ...ofApp('/purchases'),
    body: () => ({ productId: 'product01' }),
    before: null,
    after: 'purchase',
    refusedBody: () => ({ productId: 'nothing' }),
  },
  voidPurchase: ofPurchase('void'),
  acknowledgePurchaseByHand: ofPurchase('acknowledge'),
  consumePurchaseByHand: ofPurchase('consume'),
  cancelByHand: ofSubscription('cancel'),
  reactivateByHand: ofSubscription('reactivate', {
    path: ({ app, cancelledToken }) =>
      `/apps/${app.clientId}/purchases/${cancelledToken}/reactivate?worldId=${app.worldId}`,
  }),
  deferByHand: ofSubscription('defer', { body: () => ({ deferPeriod: 3 }) }),
  setPayment: ofSubscription('payment', { body: () => ({ method: 'DCB', outcome: 'decline' }) }),
  pauseByHand: ofPaused('pause', { body: () => ({ for: 'P2M' }) }),
  resumeByHand: ofPaused('resume'),
  answerPriceByHand: ofPaused('price-consent', { body: () => ({ agreed: true }) }),
  resetTrials: { ...ofApp('/buyers/somebody/trials'), ...changed('app') },
  setMaintenance: {
    path: () => '/maintenance',
    body: ({ app }) => ({ on: true, worldId: app.worldId }),
    ...changed('maintenance'),
    refusedBody: () => ({ on: true, worldId: 'nowhere' }),
  },
};

const monthlyPass = { type: 'subscription', title: 'A pass', price: '9900', currency: 'KRW' };
const nothingElse = { subscriptionToken: 'x', cancelledToken: 'x', pausedToken: 'x', notificationId: 'x' };
/** Nobody listens there. */
const closedPort = 'http://127.0.0.1:1/notifications';

const writes = controlRows.filter(({ row }) => isControlWrite(row));
const sampleOf = (name: string) => samples[name as ControlWrite];
/** What names a thing of each kind. */
const nameOf: Record<Kind, string> = {
  world: 'worldId',
  app: 'clientId',
  product: 'productId',
  purchase: 'purchaseToken',
  notification: 'purchaseToken',
  faults: 'clientId',
  maintenance: 'worldId',
};

test('the samples of this file are the writes of the table', () => {
  assert.deepEqual(Object.keys(samples).sort(), writes.map(({ name }) => name).sort());
});

for (const database of httpDatabases) {
  describe(`The audit on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const all = (sql: string, values: (string | number)[] = []) => server.till.host.database.all(sql, values);
    const run = (sql: string, values: (string | number | null)[] = []) =>
      server.till.host.database.run(sql, values);
    const list = async (query = ''): Promise<Json[]> =>
      expectStatus(await server.control('GET', `/audit${query}`), 200).items;
    const rowCount = async () => Number((await all('select count(*) as rows from audit'))[0]?.rows);
    const sound = async () => assert.deepEqual((await verifyAudit(server.till.host)).faults, []);

    const makeScene = async (options: Record<string, unknown> = {}): Promise<Scene> => {
      const app = await server.app({ worldId: await server.world(options) });
      const path = `/apps/${app.clientId}/products/unsold?worldId=${app.worldId}`;
      const product = { type: 'inapp', title: 'Unsold', price: '1', currency: 'KRW' };
      expectStatus(await server.control('PUT', path, product), 200);
      return { app, purchaseToken: (await server.buy(app)).purchaseToken, ...nothingElse };
    };
    /** With three subscriptions and a notification, which most tests do without. */
    const makeWholeScene = async (): Promise<Scene> => {
      const scene = await makeScene();
      const of = `/apps/${scene.app.clientId}`;
      const done = async (method: string, path: string, body?: unknown) =>
        expectStatus(await server.control(method, `${of}${path}?worldId=${scene.app.worldId}`, body), 200);
      const pass = { ...monthlyPass, subscription: { period: 'P1M' } };
      await done('PUT', '/products/pass', pass);
      const long = { ...monthlyPass, subscription: { period: 'P6M', pausable: true } };
      await done('PUT', '/products/long', long);
      const { purchaseToken: pausedToken } = await server.buy(scene.app, { productId: 'long' });
      await done('POST', '/products/long/price', { price: '12900' });
      await server.advance(scene.app.worldId, 'PT5M');
      await done('POST', `/purchases/${pausedToken}/pause`, { for: 'P1M' });
      const { purchaseToken: subscriptionToken } = await server.buy(scene.app, { productId: 'pass' });
      const { purchaseToken: cancelledToken } = await server.buy(scene.app, { productId: 'pass' });
      await done('POST', `/purchases/${cancelledToken}/cancel`);
      await done('PUT', '/notification-urls', { payment: closedPort, subscription: closedPort });
      const path = `${of}/notifications/test?worldId=${scene.app.worldId}`;
      const { notificationId } = expectStatus(await server.control('POST', path), 201);
      return { ...scene, subscriptionToken, cancelledToken, pausedToken, notificationId };
    };
    const send = (name: string, scene: Scene): Promise<Answer> => {
      const { row } = writes.find((write) => write.name === name) as (typeof writes)[0];
      const sample = sampleOf(name);
      return server.control(row.method, sample.path(scene), sample.body?.(scene));
    };
    const rowsOfRequest = async (answer: Answer): Promise<Json[]> =>
      (await list('?limit=1000')).filter(({ requestId }) => requestId === answer.headers.get('x-request-id'));

    for (const { name } of writes) {
      test(`${name} leaves one row that says when, by which key, what and on what`, async () => {
        const scene = await makeWholeScene();
        const from = Date.now();
        const answer = await send(name, scene);
        assert.ok(answer.status < 300, answer.text);
        const [row, another] = await rowsOfRequest(answer);
        assert.equal(another, undefined);
        assert.equal(row.operation, name);
        assert.ok(row.at >= from && row.at <= Date.now());
        assert.equal(row.key, hash('sha256', controlKey, 'hex').slice(0, 8));
        for (const side of ['before', 'after'] as const) {
          const kind = sampleOf(name)[side];
          if (kind === null) assert.equal(row[side], null);
          else {
            const shown = JSON.parse(row[side]);
            assert.equal(typeof shown[nameOf[kind]], 'string');
            assert.equal(shown[nameOf[kind]], row[nameOf[kind]]);
          }
        }
        const made = ['createWorld', 'createApp', 'createPurchase'].includes(name);
        if (!made) assert.equal(row.worldId, scene.app.worldId);
        if (sampleOf(name).path(scene).startsWith('/apps/')) assert.equal(row.clientId, scene.app.clientId);
        await sound();
      });
    }

    test('a refused write leaves no row', async () => {
      const scene = await makeScene();
      const nowhere: Scene = {
        app: { ...scene.app, clientId: 'nobody', worldId: 'nowhere' },
        purchaseToken: 'x',
        ...nothingElse,
      };
      const before = await rowCount();
      for (const { name, row } of writes) {
        const { refusedBody, path, body } = sampleOf(name);
        const about = refusedBody === undefined ? nowhere : scene;
        const answer = await server.control(row.method, path(about), (refusedBody ?? body)?.(about));
        assert.ok([404, 409].includes(answer.status), `${name}: ${answer.text}`);
      }
      const unreadable = await server.control('POST', '/worlds', { unknown: 1 });
      assert.deepEqual(refusal(unreadable), [400, 'InvalidRequest', 'unknown']);
      assert.equal(await rowCount(), before);
    });

    test('a read and a call of the server API leave no row', async () => {
      const { app, purchaseToken } = await makeScene();
      const token = await server.token(app);
      const before = await rowCount();
      const path = `/v7/apps/${app.clientId}/purchases/all/products/product01/${purchaseToken}/acknowledge`;
      expectStatus(await server.call('POST', path, { token }), 200);
      expectStatus(await server.control('GET', `/apps/${app.clientId}`), 200);
      await list();
      assert.equal(await rowCount(), before);
    });

    test('before and after are the thing as the control API showed it', async () => {
      const { app } = await makeScene();
      const path = `/apps/${app.clientId}`;
      const before = await server.control('GET', path);
      const answer = await server.control('PATCH', path, { title: 'New', blocked: true });
      const [row] = await rowsOfRequest(answer);
      assert.deepEqual([row.before, row.after], [before.text, answer.text]);
      const bought = await server.control('POST', `${path}/purchases`, { productId: 'product01' });
      const { signature: _, purchaseData: __, ...shown } = bought.body;
      const [made] = await rowsOfRequest(bought);
      assert.deepEqual([made.before, JSON.parse(made.after)], [null, shown]);
      assert.deepEqual(
        [made.worldId, made.clientId, made.productId, made.purchaseToken],
        [app.worldId, app.clientId, 'product01', shown.purchaseToken],
      );
    });

    test('a seeded world, whose calls draw before they store, still has one row for each', async () => {
      const worldId = await server.world({ seed: 'audit' });
      const made = await server.control('POST', '/apps', { worldId });
      assert.equal((await rowsOfRequest(made)).length, 1);
      const path = `/apps/${made.body.clientId}`;
      const product = { type: 'inapp', title: 'A sword', price: '5500', currency: 'KRW' };
      expectStatus(await server.control('PUT', `${path}/products/sword?worldId=${worldId}`, product), 200);
      const bought = await server.control('POST', `${path}/purchases?worldId=${worldId}`, {
        productId: 'sword',
      });
      assert.equal((await rowsOfRequest(bought)).length, 1);
      const again = await server.control('POST', '/apps', { worldId, clientId: made.body.clientId });
      assert.deepEqual(refusal(again), [409, 'AlreadyExists', 'clientId']);
      assert.deepEqual(await rowsOfRequest(again), []);
    });

    test('a write that changes nothing leaves its row, and the history of a purchase stays its own', async () => {
      const { app, purchaseToken } = await makeScene();
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}`;
      expectStatus(await server.control('POST', `${path}/acknowledge`, {}), 200);
      const again = await server.control('POST', `${path}/acknowledge`, {});
      const [row] = await rowsOfRequest(again);
      assert.equal(row.before, row.after);
      const { history } = expectStatus(await server.control('GET', path), 200);
      assert.deepEqual(
        history.map(({ what }: Json) => what),
        ['purchased', 'acknowledged'],
      );
    });

    test('holds no secret, no signature and no private key', async () => {
      const { app } = await makeScene();
      const path = `/apps/${app.clientId}`;
      const secret = await server.control('POST', `${path}/client-secrets`);
      const token = await server.control('POST', `${path}/access-tokens`);
      const bought = await server.control('POST', `${path}/purchases`, { productId: 'product01' });
      const [keys] = await all('select signing_key from app where client_id = $1', [app.clientId]);
      const stored = JSON.stringify(await all('select * from audit'));
      const texts = [app.clientSecret, secret.body.clientSecret, token.body.access_token];
      texts.push(bought.body.signature, String(keys?.signing_key), controlKey);
      for (const text of texts) assert.ok(text.length > 20 && !stored.includes(text));
      assert.ok(stored.includes(app.clientId));
    });

    test('a change of a subscription tells of it before and after, its catching up included', async () => {
      const { app, subscriptionToken } = await makeWholeScene();
      const { database } = server.till.host;
      // time passes and nobody looks: the call itself has to catch up
      const later = 'update world set clock_at = clock_at + $1 where world_id = $2';
      await database.run(later, [12 * 60_000, app.worldId]);
      const path = `/apps/${app.clientId}/purchases/${subscriptionToken}/cancel`;
      const answer = await server.control('POST', path);
      const [row] = await rowsOfRequest(answer);
      const { signature: _, purchaseData: __, ...shown } = expectStatus(answer, 200);
      assert.deepEqual(JSON.parse(row.after), shown);
      assert.equal(shown.subscription.paymentCount, 3);
      assert.equal(JSON.parse(row.before).subscription.autoRenewing, true);
    });

    test('a repeated key leaves the row of its first call alone', async () => {
      const { app } = await makeScene();
      const headers = { authorization: `Bearer ${controlKey}`, 'idempotency-key': 'audited-once' };
      const path = `/control/v1/apps/${app.clientId}`;
      const first = await server.call('PATCH', path, { headers, body: { title: 'Once' } });
      const again = await server.call('PATCH', path, { headers, body: { title: 'Once' } });
      assert.equal(again.text, first.text);
      assert.equal((await rowsOfRequest(first)).length, 1);
      assert.equal((await rowsOfRequest(again)).length, 0);
    });

    test('lists the latest first, by app and by world, page by page', async () => {
      const scene = await makeScene();
      const { app } = scene;
      const other = await makeScene();
      await send('changeApp', scene);
      const ofOne = await list(`?clientId=${app.clientId}`);
      const operations = ofOne.map(({ operation }) => operation);
      assert.deepEqual(operations, ['changeApp', 'createPurchase', 'putProduct', 'putProduct', 'createApp']);
      const ofItsWorld = await list(`?worldId=${app.worldId}`);
      assert.deepEqual(
        ofItsWorld.map(({ operation }) => operation),
        [...operations, 'createWorld'],
      );
      assert.deepEqual(await list(`?clientId=${app.clientId}&worldId=${other.app.worldId}`), []);
      const whole = await list('?limit=1000');
      const paged: Json[] = [];
      for (let cursor = ''; ; ) {
        const page = expectStatus(await server.control('GET', `/audit?limit=7${cursor}`), 200);
        paged.push(...page.items);
        if (page.nextCursor === undefined) break;
        cursor = `&cursor=${page.nextCursor}`;
      }
      assert.deepEqual(paged, whole);
      const times = whole.map(({ at }) => at);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      assert.deepEqual(refusal(await server.control('GET', '/audit?cursor=x')), [
        400,
        'InvalidRequest',
        'cursor',
      ]);
    });

    test('the rows of a deleted app stay, and its name begins a new chain', async () => {
      const { app } = await makeScene();
      expectStatus(await server.control('DELETE', `/apps/${app.clientId}`), 204);
      const rows = await list(`?clientId=${app.clientId}`);
      assert.equal(rows[0].operation, 'deleteApp');
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        [5, 4, 3, 2, 1],
      );
      await server.app({ clientId: app.clientId, worldId: app.worldId });
      const [product, made] = await list(`?clientId=${app.clientId}&limit=2`);
      assert.deepEqual([product.seq, made.seq], [2, 1]);
      assert.notEqual(made.chain, rows[0].chain);
      await sound();
    });

    test('40 writers of one chain leave 40 rows without a gap', async () => {
      const { app } = await makeScene();
      const bought = await Promise.all(Array.from({ length: 40 }, () => server.buy(app)));
      const rows = await list(`?clientId=${app.clientId}&limit=1000`);
      assert.deepEqual(
        rows.map(({ seq }) => seq).sort((a, b) => a - b),
        [...Array(44)].map((_, at) => at + 1),
      );
      const tokens = rows.map(({ purchaseToken }) => purchaseToken);
      for (const { purchaseToken } of bought) assert.ok(tokens.includes(purchaseToken));
      const verdict = await verifyAudit(server.till.host);
      assert.deepEqual(verdict.faults, []);
      assert.equal(verdict.rows, await rowCount());
    });

    /** Verifies after `tamper`, then puts the rows back and sees that all is well again. */
    const judged = async (chain: string, tamper: () => Promise<unknown>): Promise<AuditVerdict> => {
      const rows = await all('select * from audit where app_id = $1', [chain]);
      const heads = await all('select * from audit_head where app_id = $1', [chain]);
      await tamper();
      const verdict = await verifyAudit(server.till.host);
      await run('delete from audit where app_id = $1', [chain]);
      await run('delete from audit_head where app_id = $1', [chain]);
      for (const row of rows) await insert('audit', row);
      for (const row of heads) await insert('audit_head', row);
      await sound();
      return verdict;
    };
    const insert = (table: string, row: Row) => {
      const names = Object.keys(row);
      const places = names.map((_, index) => `$${index + 1}`);
      return run(
        `insert into ${table} (${names.join(', ')}) values (${places.join(', ')})`,
        Object.values(row),
      );
    };
    const found = ({ faults }: AuditVerdict) => faults.map(({ chain, seq, fault }) => [chain, seq, fault]);

    test('a row that was removed, altered, reordered, added or cut off is found by chain and place', async () => {
      const { app } = await makeScene();
      await send('changeApp', { app, purchaseToken: '', ...nothingElse });
      const [{ chain }] = (await list(`?clientId=${app.clientId}&limit=1`)) as [Json];
      const where = 'where app_id = $1 and seq = $2';
      const altered = (column: string, value: string | number) =>
        judged(chain, () => run(`update audit set ${column} = $3 ${where}`, [chain, 2, value]));
      for (const [column, value] of [
        ['after_view', '{}'],
        ['at', 5],
        ['key_mark', '00000000'],
        ['operation', 'readApp'],
        ['client_id', 'somebody'],
        ['request_id', 'another'],
      ] as const) {
        const verdict = await altered(column, value);
        assert.deepEqual(found(verdict), [[chain, 2, 'altered']], column);
        assert.match(verdict.faults[0]?.text ?? '', new RegExp(`row 2 of chain '${chain}'.* was altered`));
      }
      const remove = (seq: number) => () => run(`delete from audit ${where}`, [chain, seq]);
      assert.deepEqual(found(await judged(chain, remove(3))), [[chain, 3, 'removed']]);
      assert.deepEqual(found(await judged(chain, remove(5))), [[chain, 5, 'removed']]);
      const cut = () => run('delete from audit where app_id = $1 and seq > $2', [chain, 3]);
      assert.deepEqual(found(await judged(chain, cut)), [
        [chain, 4, 'removed'],
        [chain, 5, 'removed'],
      ]);
      const everything = () => run('delete from audit where app_id = $1', [chain]);
      assert.equal((await judged(chain, everything)).faults.length, 5);
      const swap = async () => {
        for (const [from, to] of [
          [2, 99],
          [3, 2],
          [99, 3],
        ] as const) {
          await run(`update audit set seq = $3 ${where}`, [chain, from, to]);
        }
      };
      const swapped = found(await judged(chain, swap));
      assert.deepEqual(swapped.slice(0, 2), [
        [chain, 2, 'altered'],
        [chain, 3, 'altered'],
      ]);
      const closeGap = async () => {
        await remove(4)();
        await run(`update audit set seq = 4 ${where}`, [chain, 5]);
        await run('update audit_head set row_count = 4 where app_id = $1', [chain]);
      };
      assert.deepEqual(found(await judged(chain, closeGap)), [[chain, 4, 'altered']]);
      const cutWithHead = async () => {
        await remove(5)();
        await run('update audit_head set row_count = 4 where app_id = $1', [chain]);
      };
      assert.deepEqual(found(await judged(chain, cutWithHead)), [[chain, 4, 'altered']]);
      const headless = () => run('delete from audit_head where app_id = $1', [chain]);
      assert.deepEqual(found(await judged(chain, headless)), [[chain, 6, 'removed']]);
      const add = async () => {
        const [last] = await all(`select * from audit ${where}`, [chain, 5]);
        await insert('audit', { ...last, seq: 6 });
      };
      assert.deepEqual(found(await judged(chain, add)), [[chain, 6, 'added']]);
    });

    test('the chain of what belongs to no app is kept like the others', async () => {
      const worldId = await server.world();
      const [{ chain, seq }] = (await list(`?worldId=${worldId}`)) as [Json];
      assert.equal(chain, '');
      const alter = () =>
        run('update audit set world_id = $1 where app_id = $2 and seq = $3', ['other', '', seq]);
      assert.deepEqual(found(await judged('', alter)), [['', seq, 'altered']]);
    });

    test('a write whose row finds no place is not done', async () => {
      const { app } = await makeScene();
      const [{ chain }] = (await list(`?clientId=${app.clientId}&limit=1`)) as [Json];
      const verdict = await judged(chain, async () => {
        await run('update audit_head set row_count = 2 where app_id = $1', [chain]);
        const path = `/apps/${app.clientId}`;
        const before = await server.control('GET', path);
        assert.equal((await server.control('PATCH', path, { title: 'Unseen' })).status, 500);
        assert.equal((await server.control('GET', path)).text, before.text);
      });
      assert.equal(found(verdict)[0]?.[0], chain);
    });

    test('a check finds nothing wrong while others write', async () => {
      const { app } = await makeScene();
      let writing = true;
      const writers = Promise.all(
        [1, 2, 3, 4].map(async () => {
          while (writing) await server.buy(app);
        }),
      );
      for (let round = 0; round < 5; round++) await sound();
      writing = false;
      await writers;
      await sound();
    });
  });
}

test('keeps the audit across a restart and a change of the control key, which it tells apart', async () => {
  const file = databases.find(({ name }) => name === 'sqlite file');
  const opened = await (file as NonNullable<typeof file>).open();
  let server = await startServer({ url: opened.url });
  try {
    await server.app();
    await server.stop();
    server = await startServer(
      { url: opened.url },
      { controlKey: 'another-control-key-of-tests-0123456789' },
    );
    await server.app();
    const { items } = expectStatus(await server.control('GET', '/audit'), 200);
    assert.equal(items.length, 4);
    assert.equal(new Set(items.map(({ key }: Json) => key)).size, 2);
    const verdict = await verifyAudit(server.till.host);
    assert.deepEqual(verdict, { chains: 2, rows: 4, faults: [] });
  } finally {
    await server.stop();
    await opened.drop();
  }
});

// listPurchases: the purchases of an app, the latest first, by what they are and by what names them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

interface Listed {
  purchaseToken: string;
  purchaseId: string;
  orderId: string;
  purchaseTime: number;
  state: string;
}

const noon = Date.UTC(2026, 0, 15, 12);

for (const database of httpDatabases) {
  describe(`lists of purchases on ${database.name}`, () => {
    let server: TestServer;
    let app: TestApp;
    /** One in each state, made a minute apart, by `<state> buyer`, with `<state>%_payload`. */
    const bought: Record<string, Listed> = {};

    before(async () => {
      server = await startServer(database);
      app = await server.app({ worldId: await server.world({ now: noon }) });
      const product = { type: 'inapp', title: 'Another', price: '2', currency: 'KRW' };
      await server.control('PUT', `/apps/${app.clientId}/products/other`, product);
      for (const [state, step] of [
        ['purchased', undefined],
        ['acknowledged', 'acknowledge'],
        ['consumed', 'consume'],
        ['voided', 'void'],
      ] as const) {
        const productId = state === 'voided' ? 'other' : 'product01';
        const made = await server.buy(app, {
          productId,
          buyerId: `${state} buyer`,
          developerPayload: `${state}%_payload`,
        });
        if (step !== undefined) {
          const path = `/apps/${app.clientId}/purchases/${made.purchaseToken}/${step}`;
          expectStatus(await server.control('POST', path), 200);
        }
        bought[state] = made;
        expectStatus(await server.advance(app.worldId, 'PT1M'), 200);
      }
    });
    after(() => server.stop());

    const list = (query: Record<string, string>, of = app) =>
      server.control('GET', `/apps/${of.clientId}/purchases?${new URLSearchParams(query)}`);
    const states = async (query: Record<string, string>) =>
      expectStatus(await list(query), 200).items.map(({ state }: Listed) => state);

    test('without a filter the list holds all, the latest first, without data and signature', async () => {
      assert.deepEqual(await states({}), ['voided', 'consumed', 'acknowledged', 'purchased']);
      for (const item of expectStatus(await list({}), 200).items) {
        const path = `/apps/${app.clientId}/purchases/${item.purchaseToken}`;
        const { purchaseData, signature, history, ...rest } = expectStatus(
          await server.control('GET', path),
          200,
        );
        assert.ok(purchaseData && signature && history);
        assert.deepEqual(item, rest);
      }
    });

    for (const state of ['purchased', 'acknowledged', 'consumed', 'voided']) {
      test(`?state=${state} holds that one alone`, async () => {
        assert.deepEqual(await states({ state }), [state]);
      });
    }

    test('type, buyer and product filter, alone and together', async () => {
      assert.deepEqual((await states({ type: 'inapp' })).length, 4);
      assert.deepEqual(await states({ type: 'subscription' }), []);
      assert.deepEqual(await states({ buyerId: 'consumed buyer' }), ['consumed']);
      assert.deepEqual(await states({ buyerId: 'consumed' }), []);
      assert.deepEqual(await states({ productId: 'other' }), ['voided']);
      assert.deepEqual(await states({ productId: 'product01', state: 'voided' }), []);
      const all = {
        type: 'inapp',
        state: 'voided',
        buyerId: 'voided buyer',
        productId: 'other',
        q: 'voided%',
      };
      assert.deepEqual(await states(all), ['voided']);
    });

    test('q is the start of a token, of an ID, of a buyer or of a payload, letter for letter', async () => {
      const { purchaseToken, purchaseId, orderId } = bought.acknowledged ?? assert.fail();
      for (const q of [
        purchaseToken,
        purchaseToken.slice(0, -1),
        purchaseId,
        orderId,
        'acknowledged buyer',
        'acknowledged%_p',
      ]) {
        assert.deepEqual(await states({ q }), ['acknowledged'], q);
      }
      assert.equal((await states({ q: 'product0' })).length, 3);
      for (const q of ['ACKNOWLEDGED', 'buyer', '%', '_', '%_payload', `${purchaseToken}0`]) {
        assert.deepEqual(await states({ q }), [], q);
      }
    });

    for (const [query, field] of [
      [{ state: 'refunded' }, 'state'],
      [{ type: 'all' }, 'type'],
      [{ buyerId: '' }, 'buyerId'],
      [{ q: '' }, 'q'],
      [{ q: 'q'.repeat(201) }, 'q'],
      [{ productId: '' }, 'productId'],
      [{ limit: '0' }, 'limit'],
      [{ limit: '1001' }, 'limit'],
      [{ cursor: 'made-up' }, 'cursor'],
      [{ cursor: Buffer.from('["a","b"]').toString('base64url') }, 'cursor'],
      [{ cursor: Buffer.from('[1.5,"b"]').toString('base64url') }, 'cursor'],
      [{ owner: 'x' }, 'owner'],
    ] as [query: Record<string, string>, field: string][]) {
      test(`the list refuses ${JSON.stringify(query).slice(0, 40)} and names ${field}`, async () => {
        assert.deepEqual(refusal(await list(query)), [400, 'InvalidRequest', field]);
      });
    }

    test('pages hold every purchase once, also those made at the same instant, and new ones move none', async () => {
      const many = await server.app({ worldId: await server.world({ now: noon }) });
      const made: Listed[] = [];
      for (let count = 0; count < 7; count++) {
        made.push(await server.buy(many));
        if (count % 3 === 2) expectStatus(await server.advance(many.worldId, 'PT1S'), 200);
      }
      const met: string[] = [];
      let cursor: string | undefined;
      do {
        const page = expectStatus(
          await list({ limit: '2', ...(cursor === undefined ? {} : { cursor }) }, many),
          200,
        );
        met.push(...page.items.map(({ purchaseToken }: Listed) => purchaseToken));
        cursor = page.nextCursor;
        if (met.length === 2) await server.buy(many);
      } while (cursor !== undefined);
      const expected = made.sort((a, b) =>
        a.purchaseTime === b.purchaseTime
          ? b.purchaseId.localeCompare(a.purchaseId, 'en')
          : b.purchaseTime - a.purchaseTime,
      );
      assert.deepEqual(
        met,
        expected.map(({ purchaseToken }) => purchaseToken),
      );
    });
  });
}

// getVoidedPurchases over HTTP (section 4.4).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { type Bought, dayMs, hourMs, inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';

interface VoidedRow {
  purchaseId: string;
  purchaseTime: number;
  voidedTime: number;
  purchaseToken: string;
  marketCode: string;
}

async function listed(shop: Shop, query: Record<string, string | number> = {}): Promise<VoidedRow[]> {
  const answer = await shop.voided(query);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.voidedPurchaseList;
}

function idsOf(purchases: readonly { purchaseId: string }[]): string[] {
  return purchases.map(({ purchaseId }) => purchaseId);
}

for (const database of httpDatabases) {
  describe(`getVoidedPurchases on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers an empty list, without a key, where nothing was voided', async () => {
      const shop = await openShop(server);
      await shop.buy();
      assert.equal((await shop.voided()).text, '{"voidedPurchaseList":[]}');
    });

    it('answers the members of the documents in their order, without blanks in their names', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.advance('PT1H');
      await shop.void(purchase);
      const { purchaseId, purchaseToken } = purchase;
      assert.equal(
        (await shop.voided()).text,
        `{"voidedPurchaseList":[{"purchaseId":"${purchaseId}","purchaseTime":${noon},"voidedTime":${noon + hourMs},` +
          `"purchaseToken":"${purchaseToken}","marketCode":"MKT_ONE"}]}`,
      );
    });

    it('lists what was acknowledged or consumed before it was voided, and every product type', async () => {
      const shop = await openShop(server);
      const bought = [
        await shop.buy(),
        await shop.buy(),
        await shop.buyMonthly(),
        await shop.subscribe(),
      ] as const satisfies Bought[];
      await shop.acknowledge(bought[0]);
      await shop.consume(bought[1]);
      await shop.acknowledge(bought[3]);
      for (const purchase of bought) await shop.void(purchase);
      assert.deepEqual(idsOf(await listed(shop)).sort(), idsOf(bought).sort());
    });

    it('sorts by the time of the void, then by purchase ID', async () => {
      const shop = await openShop(server);
      const bought = await Promise.all(Array.from({ length: 6 }, () => shop.buy()));
      for (const [index, purchase] of bought.entries()) {
        if (index % 2 === 0) await shop.advance('PT1M');
        await shop.void(purchase);
      }
      const rows = await listed(shop);
      const sorted = rows.toSorted(
        (a, b) => a.voidedTime - b.voidedTime || (a.purchaseId < b.purchaseId ? -1 : 1),
      );
      assert.deepEqual(idsOf(rows), idsOf(sorted));
      assert.equal(rows.length, 6);
    });

    it('takes the range over the time of the void, both ends included', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.advance('P2D');
      await shop.void(purchase);
      await shop.advance('P1D');
      const voidedTime = noon + 2 * dayMs;
      const found = async (startTime: number, endTime: number) =>
        (await listed(shop, { startTime, endTime })).length;
      assert.equal(await found(voidedTime, voidedTime), 1);
      assert.equal(await found(voidedTime - 1, voidedTime - 1), 0);
      assert.equal(await found(voidedTime + 1, voidedTime + 1), 0);
      assert.equal(await found(noon, noon + hourMs), 0);
    });

    it('shows a purchase nobody acknowledged once, three days after it was made, at that instant', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.advance('PT71H59M59S');
      assert.deepEqual(await listed(shop), []);
      await shop.advance('P2D');
      const rows = await listed(shop);
      assert.deepEqual(idsOf(rows), [purchase.purchaseId]);
      assert.equal(rows[0]?.voidedTime, noon + 72 * hourMs);
      await shop.advance('P5D');
      assert.deepEqual(await listed(shop), rows);
      assert.deepEqual((await shop.unconfirmed()).body.unconfirmedPurchaseList, []);
    });

    it('lists the latest payment under a token where a subscription is voided after a renewal', async () => {
      const shop = await openShop(server);
      for (const type of ['auto', 'subscription'] as const) {
        const purchase = await shop.buyA(type);
        await shop.acknowledge(purchase);
        await shop.advance('PT12M');
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        const { lastPurchaseId } = (await calls.detail(purchase)).body;
        assert.notEqual(lastPurchaseId, purchase.purchaseId);
        await shop.void(purchase);
        const rows = (await listed(shop)).filter((row) => row.purchaseToken === purchase.purchaseToken);
        const boughtAt = purchase.purchaseTime;
        assert.deepEqual(rows, [
          {
            purchaseId: lastPurchaseId,
            purchaseTime: boughtAt + 10 * minuteMs,
            voidedTime: boughtAt + 12 * minuteMs,
            purchaseToken: purchase.purchaseToken,
            marketCode: 'MKT_ONE',
          },
        ]);
      }
    });

    it('lists the first payment of a subscription that nobody acknowledged, not what was paid since', async () => {
      for (const type of ['auto', 'subscription'] as const) {
        const shop = await openShop(server);
        const { purchaseId, purchaseToken } = await shop.buyA(type);
        await shop.advance('P4D');
        assert.deepEqual(await listed(shop), [
          {
            ...{ purchaseId, purchaseTime: noon, voidedTime: noon + 72 * hourMs, purchaseToken },
            marketCode: 'MKT_ONE',
          },
        ]);
      }
    });

    it('carries out the void of a subscription that is overdue before it answers', async () => {
      const shop = await openShop(server, {}, { calendar: 'commercial' });
      const bought = [await shop.subscribe({ period: 'P1M' }), await shop.buyMonthly()];
      await shop.moveClock(noon + 3 * dayMs - 1);
      assert.deepEqual(await listed(shop), []);
      await shop.moveClock(noon + 3 * dayMs);
      const rows = await listed(shop);
      assert.deepEqual(idsOf(rows).sort(), idsOf(bought).sort());
      for (const { voidedTime } of rows) assert.equal(voidedTime, noon + 3 * dayMs);
    });

    it('does not list what was only cancelled, or ended by itself', async () => {
      const shop = await openShop(server);
      const [month, cancelled, lapsed, revoked] = [
        await shop.buyMonthly(),
        await shop.subscribe(),
        await shop.subscribe({ accountHold: 'P0D' }),
        await shop.subscribe({ gracePeriod: 'P3D' }),
      ];
      for (const purchase of [month, cancelled, lapsed, revoked]) await shop.acknowledge(purchase);
      await shop.monthly.cancel(month);
      await shop.subscription.cancel(cancelled);
      await shop.pay(lapsed, 'decline');
      await shop.pay(revoked, 'decline');
      await shop.advance('PT6M');
      await shop.subscription.cancel(revoked);
      await shop.advance('PT1H');
      for (const purchase of [month, cancelled, lapsed, revoked]) {
        const { body } = await shop.control('GET', `/purchases/${purchase.purchaseToken}`);
        assert.equal(body.entitled, false);
      }
      assert.deepEqual(await listed(shop), []);
    });

    it('carries out what is overdue before it answers', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await server.till.host.database.run('update purchase set due_at = $1 where purchase_token = $2', [
        noon,
        purchase.purchaseToken,
      ]);
      assert.deepEqual(idsOf(await listed(shop)), [purchase.purchaseId]);
      const { body } = await shop.control('GET', `/purchases/${purchase.purchaseToken}`);
      assert.equal(body.state, 'voided');
      assert.equal(body.history.at(-1).cause, 'time');
    });

    it('lists only the market of the header', async () => {
      const shop = await openShop(server);
      const [one, global] = [await shop.buy(), await shop.buy({ market: 'MKT_GLB' })];
      await shop.void(one);
      await shop.void(global);
      assert.deepEqual(idsOf(await listed(shop)), [one.purchaseId]);
      const { body } = await shop.voided({}, inMarket('MKT_GLB'));
      assert.deepEqual(idsOf(body.voidedPurchaseList), [global.purchaseId]);
      assert.equal(body.voidedPurchaseList[0].marketCode, 'MKT_GLB');
    });

    it('lists only the purchases of the app that asks', async () => {
      const [shop, other] = [await openShop(server), await openShop(server)];
      await shop.void(await shop.buy());
      assert.deepEqual(await listed(other), []);
    });

    it('gives up to 999 rows at once', async () => {
      const shop = await openShop(server);
      assert.deepEqual(await listed(shop, { maxResults: 999 }), []);
    });
  });
}

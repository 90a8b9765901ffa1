// manageRecurringPaymentStatus of V5: the automatic payment ends, or goes on (section 8; 13, row 30).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { korea } from '../recurring.ts';
import { assertRefused, assertSucceeded, inMarket } from '../shop.ts';

const v5 = { generation: 'v5' };
const actions = ['cancel', 'reactivate'] as const;

for (const database of httpDatabases) {
  describe(`V5 manageRecurringPaymentStatus on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('cancels, a second time without a change, with the end of use as the time of it', async () => {
      const shop = await openOlderShop(server, v5, { calendar: 'commercial' });
      const purchase = await shop.buyMonthly();
      assertSucceeded(await shop.v5.manage(purchase, 'cancel'));
      assertSucceeded(await shop.v5.manage(purchase, 'cancel'));
      const { autoRenewing, cancelReason, cancelledTime } = (await shop.v5.recurringDetails(purchase)).body;
      assert.deepEqual([autoRenewing, cancelReason, cancelledTime], [false, 0, korea(4, 30, 23, 59, 59)]);
      assert.equal((await shop.monthly.detail(purchase)).body.autoRenewing, false);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
      await shop.advanceTo(korea(5, 1, 0));
      assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled', 'expired']);
    });

    it('reactivates, a second time without a change, whichever generation cancelled', async () => {
      const shop = await openOlderShop(server, v5);
      for (const cancel of [shop.monthly.cancel, shop.v6.cancel]) {
        const purchase = await shop.buyMonthly();
        assertSucceeded(await cancel(purchase));
        assertSucceeded(await shop.v5.manage(purchase, 'reactivate'));
        assertSucceeded(await shop.v5.manage(purchase, 'reactivate'));
        const { autoRenewing, cancelReason, cancelledTime } = (await shop.v5.recurringDetails(purchase)).body;
        assert.deepEqual([autoRenewing, cancelReason, cancelledTime], [true, null, null]);
        assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled', 'reactivated']);
      }
    });

    it('knows the monthly product by each of its payments', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buyMonthly();
      await shop.advance('PT12M');
      const last: { purchaseId: string } = (await shop.v5.lastRecurringDetails(purchase)).body;
      assert.notEqual(last.purchaseId, purchase.purchaseId);
      assertSucceeded(await shop.v5.manage(purchase, 'cancel'));
      assertSucceeded(await shop.v5.manage(last, 'reactivate'));
      assertSucceeded(await shop.v5.manage(last, 'cancel'));
      assert.equal((await shop.monthly.detail(purchase)).body.autoRenewing, false);
    });

    it('refuses another action with InvalidRequest and its name', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buyMonthly();
      for (const action of [
        'Cancel',
        'REACTIVATE',
        'cancel ',
        'pause',
        'x',
        '',
        'cancelcancel',
        'cancel\0',
      ]) {
        assertRefused(await shop.v5.manage(purchase, action), 'InvalidRequest', ['action']);
      }
      const nobody = { purchaseId: 'SANDBOX3999999999999' };
      assertRefused(await shop.v5.manage(nobody, 'stop'), 'InvalidRequest', ['action']);
      assert.deepEqual(await shop.history(purchase), ['purchased']);
    });

    for (const action of actions) {
      it(`refuses to ${action} what has ended or was voided with InvalidPurchaseState`, async () => {
        const shop = await openOlderShop(server, v5);
        const [ended, voided] = [await shop.buyMonthly(), await shop.buyMonthly()];
        assertSucceeded(await shop.v5.manage(ended, 'cancel'));
        await shop.void(voided);
        await shop.advance('PT1H');
        for (const purchase of [ended, voided]) {
          assertRefused(await shop.v5.manage(purchase, action), 'InvalidPurchaseState');
        }
      });

      it(`refuses to ${action} another ID, type, market or app with NoSuchData`, async () => {
        const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
        const purchase = await shop.buyMonthly();
        const pass = await shop.subscribe();
        const nobody = { purchaseId: 'SANDBOX3999999999999' };
        for (const named of [nobody, { purchaseId: purchase.purchaseToken }, await shop.buy(), pass]) {
          assertRefused(await shop.v5.manage(named, action), 'NoSuchData');
        }
        assertRefused(await shop.v5.manage(purchase, action, inMarket('MKT_GLB')), 'NoSuchData');
        assertRefused(await stranger.v5.manage(purchase, action), 'NoSuchData');
        for (const one of [purchase, pass]) assert.deepEqual(await shop.history(one), ['purchased']);
      });
    }

    it('carries a key of the caller out once, and refuses it for the other action', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buyMonthly();
      const keyed = { headers: { 'idempotency-key': 'once' } };
      assertSucceeded(await shop.v5.manage(purchase, 'cancel', keyed));
      assertSucceeded(await shop.v5.manage(purchase, 'reactivate'));
      const again = await shop.v5.manage(purchase, 'cancel', keyed);
      assertSucceeded(again);
      assert.equal(again.headers.get('idempotent-replay'), 'true');
      assertRefused(await shop.v5.manage(purchase, 'reactivate', keyed), 'InvalidPurchaseState');
      assert.equal((await shop.v5.recurringDetails(purchase)).body.autoRenewing, true);
    });
  });
}

// Granting exactly once, by the examples' own statements on SQLite and PostgreSQL: replays, two accounts, refunds, races.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as postgres from '../../../examples/grant-once-postgres.ts';
import * as sqlite from '../../../examples/grant-once-sqlite.ts';
import { openPostgresDatabase } from '../../server/test/databases.ts';
import { sweepUnconfirmed } from '../src/index.ts';
import { openShops } from './shop.ts';

const run = promisify(execFile);

const databases = {
  SQLite: {
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'till-grant-'));
      return { url: join(folder, 'game.db'), drop: async () => rmSync(folder, { recursive: true }) };
    },
    openGame: sqlite.openGame,
    example: 'examples/grant-once-sqlite.ts',
  },
  PostgreSQL: {
    open: () => openPostgresDatabase(`encoding 'UTF8' locale 'C'`),
    openGame: postgres.openGame,
    example: 'examples/grant-once-postgres.ts',
  },
};

let sold = 0;
/** A purchase that nobody has seen yet. */
function bought() {
  sold += 1;
  return { purchaseId: `SANDBOX3${sold}`, purchaseToken: `SANDBOXT${sold}` };
}

for (const [name, { open, openGame, example }] of Object.entries(databases)) {
  describe(`on ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let game: Awaited<ReturnType<typeof openGame>>;
    before(async () => {
      opened = await open();
      game = await openGame(opened.url);
    });
    after(async () => {
      await game.close();
      await opened.drop();
    });

    test('a receipt that is replayed grants once, one after the other and all at once', async () => {
      const [first, second] = [bought(), bought()];
      assert.deepEqual(
        [await game.give('ann', first), await game.give('ann', first)],
        ['granted', 'alreadyGranted'],
      );
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => game.give('ann', second)));
      assert.equal(outcomes.filter((outcome) => outcome === 'granted').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'alreadyGranted').length, 19);
      assert.equal(await game.gemsOf('ann'), 200);
    });

    test('of two accounts with one purchase the first has it, whoever else comes at the same time', async () => {
      const purchase = bought();
      assert.equal(await game.give('bea', purchase), 'granted');
      assert.equal(await game.give('ben', purchase), 'ownedByAnother');
      const other = bought();
      const accounts = Array.from({ length: 10 }, (_, at) => `racer${at}`);
      const outcomes = await Promise.all(accounts.map((account) => game.give(account, other)));
      assert.equal(outcomes.filter((outcome) => outcome === 'granted').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'ownedByAnother').length, 9);
      const gems = await Promise.all(accounts.map((account) => game.gemsOf(account)));
      assert.deepEqual([gems.reduce((sum, one) => sum + one), await game.gemsOf('ben')], [100, 0]);
    });

    test('a renewal is granted anew, and only to the account that its token belongs to', async () => {
      const { purchaseToken } = bought();
      assert.equal(await game.give('cat', { purchaseId: 'first-month', purchaseToken }), 'granted');
      const renewal = { purchaseId: 'second-month', purchaseToken };
      assert.equal(await game.give('cal', renewal), 'ownedByAnother');
      assert.equal(await game.give('cat', renewal), 'granted');
      assert.equal(await game.gemsOf('cat'), 200);
    });

    test('a purchase of V5, which has no token, belongs to an account by its ID', async () => {
      const { purchaseId } = bought();
      assert.equal(await game.give('dan', { purchaseId }), 'granted');
      assert.equal(await game.give('dea', { purchaseId }), 'ownedByAnother');
    });

    test('a refund after the grant takes it back once, and the receipt brings nothing any more', async () => {
      const purchase = bought();
      await game.give('eve', purchase);
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => game.takeBack(purchase.purchaseId)),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'reversed').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'alreadyReversed').length, 9);
      assert.equal(await game.give('eve', purchase), 'reversed');
      assert.equal(await game.gemsOf('eve'), 0);
    });

    test('a refund that is known before the grant prevents it', async () => {
      const purchase = bought();
      assert.equal(await game.takeBack(purchase.purchaseId), 'neverGranted');
      assert.equal(await game.takeBack(purchase.purchaseId), 'alreadyReversed');
      assert.equal(await game.give('fay', purchase), 'reversed');
      assert.equal(await game.gemsOf('fay'), 0);
    });

    test('a refund at the same time as the grant leaves nothing, whichever comes first', async () => {
      const purchases = Array.from({ length: 30 }, bought);
      const outcomes = await Promise.all(
        purchases.map(async (purchase, at) => {
          const [give, takeBack] = [
            () => game.give('gus', purchase),
            () => game.takeBack(purchase.purchaseId),
          ];
          return Promise.all(at % 2 === 0 ? [give(), takeBack()] : [takeBack(), give()]);
        }),
      );
      for (const pair of outcomes) {
        assert.ok(
          ['granted,reversed', 'neverGranted,reversed'].includes(pair.toSorted().join(',')),
          pair.join(','),
        );
      }
      assert.equal(await game.gemsOf('gus'), 0);
    });

    test('a grant that fails is rolled back with its note, and the next one is the first', async () => {
      const purchase = bought();
      const failing = game.give('hal', purchase, () => {
        throw new Error('no room in the bag');
      });
      await assert.rejects(failing, /no room/);
      assert.equal(await game.gemsOf('hal'), 0);
      assert.equal(await game.give('hal', purchase), 'granted');
      assert.equal(await game.gemsOf('hal'), 100);
    });

    test('three nodes that sweep at the same time grant every purchase once', async () => {
      const shops = await openShops();
      try {
        const shop = await shops.open();
        for (let count = 0; count < 6; count += 1) await shop.buy('gem', { developerPayload: 'ida' });
        const sweep = () =>
          sweepUnconfirmed(shop.client(), {
            confirm: 'consume',
            grant: (purchase) => game.give(purchase.developerPayload ?? 'nobody', purchase),
          });
        const reports = await Promise.all([sweep(), sweep(), sweep()]);
        assert.deepEqual(
          reports.flatMap(({ failed }) => failed),
          [],
        );
        assert.equal(await game.gemsOf('ida'), 600);
      } finally {
        await shops.close();
      }
    });

    test('the example runs by one command and tells the story', async () => {
      const root = fileURLToPath(new URL('../../../', import.meta.url));
      const own = await open();
      try {
        const { stdout } = await run(process.execPath, [example, own.url], {
          cwd: root,
          env: { ...process.env, DATABASE_URL: own.url },
          timeout: 240_000,
        });
        assert.deepEqual(
          stdout
            .trim()
            .split('\n')
            .map((line) => line.replace(/^.*: /, '')),
          [
            'granted; alice has 100 gems, bob 0',
            'alreadyGranted; alice has 100 gems, bob 0',
            'ownedByAnother; alice has 100 gems, bob 0',
            'reversed; alice has 0 gems, bob 0',
            'alreadyReversed; alice has 0 gems, bob 0',
            'reversed; alice has 0 gems, bob 0',
          ],
        );
      } finally {
        await own.drop();
      }
    });
  });
}

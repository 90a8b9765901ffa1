// The watchdog: grants and confirms what nobody confirmed, before the store cancels it on the third day and pays it back.
// Run it: npm run example -- examples/sweep-unconfirmed.ts
import { type OneStoreClient, sweepUnconfirmed } from '@till/client';
import { startTill } from '@till/testing';
import { openGame } from './grant-once-sqlite.ts';

type Game = Awaited<ReturnType<typeof openGame>>;

/** Run it every ten minutes or so, on as many nodes as you like. */
async function sweep(client: OneStoreClient, game: Game) {
  const report = await sweepUnconfirmed(client, {
    confirm: 'consume',
    grant: async (purchase) => {
      // your app wrote the account into the payload when it opened the payment
      if (!purchase.developerPayload) return false;
      if (purchase.developerPayload === 'mallory') throw new Error('no such account');
      return game.give(purchase.developerPayload, purchase);
    },
  });
  const { granted, failed, left, nextToExpire } = report;
  console.log(`granted and consumed ${granted.length}, failed ${failed.length}, left alone ${left.length}`);
  for (const { purchase, error } of failed) console.log(`  for ${purchase.developerPayload}: ${error}`);
  if (nextToExpire) console.log(`  next to be cancelled: ${new Date(nextToExpire.expiresAt).toISOString()}`);
  return report;
}

await using till = await startTill();
const world = await till.world({ now: '2026-01-15T00:00:00Z' });
const game = await openGame();

await world.buy('gem', { developerPayload: 'alice' });
await world.advance('PT1H');
await world.buy('gem', { developerPayload: 'mallory' });
await world.advance('PT1H');
await world.buy('gem');

await sweep(world.client(), game);
await sweep(world.client(), game); // nothing is given twice
console.log(`alice has ${await game.gemsOf('alice')} gems`);

await world.advance('P3D');
const lost = (await world.purchases()).filter(({ state }) => state === 'voided');
console.log(`three days later the store has paid back ${lost.length}`);
await sweep(world.client(), game);
await game.close();

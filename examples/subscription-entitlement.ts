// May the member use the club now? Asked of the store's reply and the time, through a payment that fails and comes after all.
// Run it: npm run example -- examples/subscription-entitlement.ts
import { entitlement, type OneStoreClient } from '@till/client';
import { startTill } from '@till/testing';

/** What your server does when a member comes in. `now` is the store's time: `Date.now()` outside of tests. */
async function mayEnter(client: OneStoreClient, purchaseToken: string, now: number) {
  return entitlement(await client.getSubscriptionDetail({ productId: 'club', purchaseToken }), now);
}

await using till = await startTill();
const world = await till.world({ now: '2026-01-15T00:00:00Z' });
const client = world.client();
const club = await world.buy('club');

async function show(what: string): Promise<void> {
  const { entitled, why, until } = await mayEnter(client, club.purchaseToken, world.now());
  const day = new Date(world.now()).toISOString().slice(0, 10);
  const end = until === undefined ? 'for ever' : new Date(until).toISOString().slice(0, 10);
  console.log(`${day} ${what}: ${entitled ? 'come in' : 'stay out'}, ${why}, until ${end}`);
}

await show('bought');
await client.acknowledgePurchase({ productId: 'club', purchaseToken: club.purchaseToken });
await world.decline(club);
await world.advance('P1M1D');
await show('the payment failed yesterday');
await world.advance('P5D');
await show('three days of grace are over');
await world.approve(club);
await show('the payment came after all');
await client.cancelSubscription({ productId: 'club', purchaseToken: club.purchaseToken });
await show('cancelled, and paid for');
await world.advance('P1M1D');
await show('a month later');

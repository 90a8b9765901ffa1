// A year of a subscription in a moment: twelve payments, each on its day, and the app is told of every one.
// Run it: npm run example -- examples/year-of-a-subscription.ts
import { notificationTypeName } from '@till/client';
import { startTill } from '@till/testing';

const begun = performance.now();
await using till = await startTill();
const world = await till.world({ now: '2026-01-31T00:00:00Z' });
await world.receiveNotifications();

const club = await world.buy('club');
const named = { productId: 'club', purchaseToken: club.purchaseToken };
await world.client().acknowledgePurchase(named);
const { happened } = await world.advance('P1Y1D');
await world.client().cancelSubscription(named);
await world.advance('P1M');

for (const { at, what, amount, currency } of await club.history()) {
  const money = Number(amount) === 0 ? '' : `  ${amount} ${currency}`;
  console.log(`${new Date(at).toISOString().slice(0, 16)}  ${what}${money}`);
}
const renewals = happened.filter(({ what }) => what === 'renewed').length;
const heard = (await world.notifications({ kind: 'subscription' })).map(({ message }) =>
  notificationTypeName(message.subscriptionNotification.notificationType),
);
console.log(
  `${renewals} renewals; told of ${heard.length} changes, the first ${heard[0]}, the last ${heard.at(-1)}`,
);
console.log(`all of it in ${Math.round(performance.now() - begun)} ms`);

// A game's server is told of payments and subscriptions: it verifies, notes what it has handled, and asks the store what is true.
// Run it: npm run example -- examples/receive-notifications.ts
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { entitlement, notificationTypeName } from '@till/client';
import { receiveNotifications } from '@till/client/node';
import { startTill } from '@till/testing';
import { openGame } from './grant-once-sqlite.ts';

await using till = await startTill();
const world = await till.world({ now: '2026-01-15T00:00:00Z' });
const client = world.client();
const { clientId, worldId } = world;
const game = await openGame();
/** Of the world, whose clock runs ahead; yours is `Date.now()`. */
const storeTime = async () => (await till.control.readWorld({ worldId })).clock.now;

const receiver = receiveNotifications({
  licenseKey: world.licenseKey,
  handled: new Set(), // of several processes: your database
  // Signed, so it is true; but an old one stays valid, so a cancellation takes back what was granted and never more.
  onPayment: async ({ productId, purchaseId, purchaseState }) => {
    const done = purchaseState === 'CANCELED' ? await game.takeBack(purchaseId) : 'nothing to do';
    console.log(
      `payment of ${productId} ${purchaseState}: ${done}; alice has ${await game.gemsOf('alice')} gems`,
    );
  },
  // Not signed, so it is a hint to ask.
  onSubscription: async ({ subscriptionNotification: { productId, purchaseToken, notificationType } }) => {
    const detail = await client.getSubscriptionDetail({ productId, purchaseToken });
    const { entitled, why } = entitlement(detail, await storeTime());
    const name = notificationTypeName(notificationType);
    console.log(`${productId} ${name}: ${entitled ? 'may be used' : 'may not be used'} (${why})`);
  },
});
const server = createServer(receiver).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notifications`;
await till.control.setNotificationUrls({ clientId, worldId, payment: url, subscription: url });

// An advance waits for what is to be sent until then.
const gem = await world.buy('gem');
await game.give('alice', gem);
await world.advance('PT1M');
await world.void(gem);
await world.advance('PT1M');

const club = await world.buy('club');
await club.acknowledge();
await world.advance('PT1M');
await world.decline(club);
await world.advance('P1M1D');
await world.advance('P5D');

const anybody = await fetch(url, { method: 'POST', body: '{"purchaseState":"CANCELED"}' });
console.log(`a message that nobody signed: ${anybody.status}`);

server.closeAllConnections();
server.close();
await game.close();

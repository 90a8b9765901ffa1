// What the examples of verifying and granting share: a Till of their own, a gem that is bought, and receipts shown in good and bad ways.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTill } from '@till/testing';
import { openGame } from './grant-once-sqlite.ts';
import type { Receipt, Shop } from './verify-and-grant.ts';

/** Starts the server of an example, sells a gem to alice, posts receipts to `/accounts/{accountId}/receipts`, prints the answers, ends. */
export async function showReceipts(
  listenerFor: (shop: Shop) => RequestListener | Promise<RequestListener>,
): Promise<void> {
  await using till = await startTill();
  const world = await till.world();
  const game = await openGame();
  const shop = { client: world.client(), licenseKey: world.licenseKey, game };
  const server = createServer(await listenerFor(shop)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;

  const show = async (what: string, accountId: string, receipt: Receipt) => {
    const response = await fetch(`http://127.0.0.1:${port}/accounts/${accountId}/receipts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ purchaseData: receipt?.purchaseData, signature: receipt?.signature }),
    });
    console.log(`${what}: ${response.status} ${await response.text()}`);
  };

  const gem = await world.buy('gem');
  await show('alice shows her receipt', 'alice', gem);
  await show('alice shows it again', 'alice', gem);
  await show('bob shows the same one', 'bob', gem);
  const forged = gem.purchaseData.replace('gem', 'gold');
  await show('bob shows one that he changed', 'bob', { ...gem, purchaseData: forged });
  await show('bob shows nothing', 'bob', undefined);
  await show('alice shows one that was paid back', 'alice', await (await world.buy('gem')).void());
  const { consumed } = await gem.read();
  console.log(
    `alice has ${await game.gemsOf('alice')} gems; the purchase is ${consumed ? '' : 'not '}consumed`,
  );

  server.closeAllConnections();
  server.close();
  await game.close();
}

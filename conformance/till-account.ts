// An app with purchases of every kind on a Till, for the checks that elsewhere need somebody's credentials.
import type { Market } from '@till/protocol/codes';
import type { Account, NamedPurchase } from './outside/account.ts';
import { openScene, type Scene } from './scene.ts';
import type { ControlCall } from './till-control.ts';

const hourMs = 3_600_000;

export interface TillAccount {
  account: Account;
  close(): Promise<void>;
}

/** In a world on real time and on real periods, so that nothing ends while it is looked at. */
export async function openTillAccount(
  control: ControlCall,
  market: Market | undefined,
  now: () => number,
): Promise<TillAccount> {
  const clock = { now: now() - 2 * hourMs, frozen: true };
  const world = { clock, calendar: 'commercial' } as const;
  const scene = await openScene(control, { world, app: { market: market ?? 'MKT_ONE' } });
  const purchases = await filled(scene, control, now);
  const { clientId, clientSecret, packageName } = scene.app;
  return {
    account: { clientId, clientSecret, packageName, market, purchases, now },
    close: () => scene.close(),
  };
}

/** Where that fails, nobody has the scene to take it away. */
async function filled(scene: Scene, control: ControlCall, now: () => number): Promise<NamedPurchase[]> {
  try {
    const purchases = await fill(scene);
    await scene.advance({ to: now() });
    await control('changeClock', { worldId: scene.app.worldId, frozen: false });
    return purchases;
  } catch (error) {
    await scene.close();
    throw error;
  }
}

/** One purchase of each kind to read and to change, and some for each list. */
async function fill(scene: Scene): Promise<NamedPurchase[]> {
  await scene.sell();
  for (let count = 0; count < 3; count++) {
    const { purchaseToken } = await scene.buy();
    await scene.about('voidPurchase', { purchaseToken });
    await scene.buy();
    await scene.advance({ by: 'PT1M' });
  }
  await scene.sell({ productId: 'monthly', type: 'auto' });
  await scene.sell({ productId: 'club', type: 'subscription', subscription: { period: 'P1M' } });
  const bought: NamedPurchase[] = [];
  for (const [kind, productId] of [
    ['inapp', 'product01'],
    ['auto', 'monthly'],
    ['subscription', 'club'],
  ] as const) {
    const { purchaseToken, purchaseId } = await scene.buy({ productId, developerPayload: 'order 6' });
    bought.push({ kind, productId, purchaseToken, purchaseId });
  }
  return bought;
}

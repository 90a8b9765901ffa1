// What a game's server does with a receipt, in any framework: verify it, ask the store, grant it once, consume it.
// Run it, on plain node:http: npm run example -- examples/verify-and-grant.ts
import { json } from 'node:stream/consumers';
import {
  type GrantOutcome,
  type OneStoreClient,
  OneStoreError,
  OneStoreMessageError,
  OneStoreNotFoundError,
  OneStoreSignatureError,
  verifyPurchase,
} from '@till/client';
import type { openGame } from './grant-once-sqlite.ts';
import { showReceipts } from './show-receipts.ts';

/** What the device got from the store's SDK and sends to your server, both texts as they are. Whatever else comes is no receipt. */
export type Receipt = { purchaseData?: string; signature?: string } | undefined;
export type Shop = {
  client: OneStoreClient;
  licenseKey: string;
  game: Awaited<ReturnType<typeof openGame>>;
};
export type Answer = { status: number; outcome: GrantOutcome | 'cancelled' | 'noReceipt' | 'later' };

const statuses = { granted: 200, alreadyGranted: 200, ownedByAnother: 409, reversed: 409 } as const;

/** The account is the one that is logged in, and never one that the receipt's sender names. */
export async function verifyAndGrant(shop: Shop, accountId: string, receipt: Receipt): Promise<Answer> {
  const { client, licenseKey, game } = shop;
  const { purchaseData = '', signature = '' } = receipt ?? {};
  try {
    const shown = await verifyPurchase({ purchaseData, signature, licenseKey });
    const { productId, purchaseId, purchaseToken = '' } = shown;
    // the receipt tells of the moment of the purchase, the store of now
    const purchase = await client.getPurchaseDetails({ productId, purchaseToken });
    if (purchase.purchaseState !== 0) return { status: 409, outcome: 'cancelled' };
    const outcome = await game.give(accountId, { purchaseId, purchaseToken });
    // a receipt that comes again makes up for a consume that failed: what nobody confirms within three days is paid back
    if (statuses[outcome] === 200 && purchase.consumptionState === 0) {
      await client.consumePurchase({ productId, purchaseToken });
    }
    return { status: statuses[outcome], outcome };
  } catch (error) {
    const forged = error instanceof OneStoreSignatureError || error instanceof OneStoreMessageError;
    if (forged || error instanceof OneStoreNotFoundError) return { status: 400, outcome: 'noReceipt' };
    // the device keeps the receipt and shows it again
    if (error instanceof OneStoreError && error.retryable) return { status: 503, outcome: 'later' };
    throw error;
  }
}

if (import.meta.main) {
  await showReceipts((shop) => async (request, response) => {
    const [, accountId = ''] = /^\/accounts\/([^/]+)\/receipts$/.exec(request.url ?? '') ?? [];
    const body = (await json(request).catch(() => undefined)) as Receipt;
    const { status, outcome } = await verifyAndGrant(shop, accountId, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ outcome }));
  });
}

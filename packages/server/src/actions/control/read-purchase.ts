// readPurchase: a purchase as it is now, signed, with its history.
import type { Entry, Purchase } from '../../domain/purchase.ts';
import { purchaseData, type Receipt } from '../../domain/purchase-data.ts';
import type { Host } from '../../host/host.ts';
import { listEntries } from '../../store/ledger.ts';
import { type Call, findCall } from '../call.ts';
import { loadSettled } from '../change-purchase.ts';

export interface NamedPurchase {
  clientId: string;
  worldId?: string;
  purchaseToken: string;
}

export async function readPurchase(
  host: Host,
  input: NamedPurchase,
): Promise<SignedPurchase & { history: Entry[] }> {
  const call = await findCall(host, host.database, input);
  const wanted = { purchaseToken: input.purchaseToken, absent: 'NoSuchData' } as const;
  const { purchase, entries } = await loadSettled(host.database, call, wanted);
  const stored = await listEntries(host.database, purchase.appId, purchase.purchaseToken);
  // what is due but not stored yet is shown as the purchase itself is: as if it had been
  const history = [...stored.slice(0, purchase.entryCount), ...entries];
  return { ...(await signedNow(host, call, purchase)), history };
}

export interface SignedPurchase {
  purchase: Purchase;
  receipt: Receipt;
}

/** With the JSON that the device would get now, and its signature. */
export async function signedNow(host: Host, { app }: Call, purchase: Purchase): Promise<SignedPurchase> {
  const data = purchaseData(purchase, app.packageName, host.environment);
  const signature = await host.keys.sign(app.signingKey, data);
  return { purchase, receipt: { purchaseData: data, signature } };
}

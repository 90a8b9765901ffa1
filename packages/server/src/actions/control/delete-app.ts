// deleteApp: an app goes, with its products and purchases.
import { Refusal } from '@till/protocol/errors';
import type { Host } from '../../host/host.ts';
import { deleteAppRow } from '../../store/apps.ts';
import { deleteCharges, hasUnanswered } from '../../store/charges.ts';
import { deleteCredentials } from '../../store/credentials.ts';
import { deleteEntries } from '../../store/ledger.ts';
import { replaceFaults } from '../../store/notification-faults.ts';
import { deleteNotifications } from '../../store/notifications.ts';
import { deleteProducts } from '../../store/products.ts';
import { deletePurchases, deleteReceipts } from '../../store/purchases.ts';
import { deleteSubscriptions } from '../../store/subscriptions.ts';
import { deleteTrials } from '../../store/trials.ts';
import { findCall } from '../call.ts';
import { beforehand } from '../recorded.ts';

/** Rows that one transaction deletes, so that a large app holds nobody up. */
const rowsAtOnce = 500;
const batches = [
  deletePurchases,
  deleteSubscriptions,
  deleteReceipts,
  deleteCharges,
  deleteTrials,
  deleteEntries,
  deleteNotifications,
] as const;

/** Refusal: `InvalidState` while a gateway outside still owes answers: money may have to go back. */
export async function deleteApp(host: Host, input: { clientId: string; worldId?: string }): Promise<void> {
  const { app } = await findCall(host, host.database, input);
  if (host.gateway.answerAtOnce === undefined && (await hasUnanswered(host.database, app.appId))) {
    throw new Refusal('InvalidState', {
      detail: 'the payment gateway has not answered for all its payments',
    });
  }
  await deleteAppData(host, app.appId);
}

/** Purchases first and the app last: a stop in between leaves an app that can be deleted again. */
export async function deleteAppData(host: Host, appId: string): Promise<void> {
  const { database } = beforehand(host);
  for (const some of batches) {
    while ((await database.transaction((query) => some(query, appId, rowsAtOnce))) > 0);
  }
  await host.database.transaction(async (query) => {
    for (const some of batches) await some(query, appId, rowsAtOnce);
    await deleteProducts(query, appId);
    await deleteCredentials(query, appId);
    await replaceFaults(query, appId, []);
    await deleteAppRow(query, appId);
  });
  host.known.forgetApp(appId);
}

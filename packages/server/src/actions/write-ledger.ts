// Writes what happened into the ledger, and what the developer's server is told of it into the outbox: one transaction.
import { notificationKinds } from '@till/protocol/notifications';
import type { Entry } from '../domain/ledger.ts';
import {
  billingLabel,
  newNotification,
  paymentBody,
  paymentToldAs,
  subscriptionBody,
  toldAs,
} from '../domain/notification.ts';
import type { Purchase } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { Query } from '../store/database.ts';
import { appendEntries } from '../store/ledger.ts';
import { insertNotification } from '../store/notifications.ts';
import { loadPayment } from '../store/purchases.ts';
import { type Call, choice } from './call.ts';

/** What happened to what: entries behind the first `count` of the token, and the payments that were made with them. */
export interface Happened {
  thing: Pick<Purchase, 'appId' | 'purchaseToken' | 'productId' | 'type' | 'market'>;
  count: number;
  entries: readonly Entry[];
  payments: readonly Purchase[];
}

/** Each entry has exactly its messages, as far as the app has addresses for them. */
export async function writeLedger(host: Host, query: Query, call: Call, happened: Happened): Promise<void> {
  const { thing, count, entries } = happened;
  await appendEntries(query, thing, count, entries);
  for (const [index, entry] of entries.entries()) {
    const { purchaseToken } = thing;
    const place = { purchaseToken, number: count + index, at: entry.at };
    const sender = { app: call.app, environment: host.environment };
    const bodies = {
      payment: await tellPayment(host, query, call, happened, entry),
      subscription: tellSubscription(host, call, happened, entry),
    };
    for (const kind of notificationKinds) {
      const body = bodies[kind];
      if (body !== undefined) await insertNotification(query, newNotification(sender, kind, place, body));
    }
  }
}

/** The text about a payment that was made or cancelled; undefined where there is nothing to tell, or nobody. */
async function tellPayment(
  host: Host,
  query: Query,
  { app, seed }: Call,
  { thing, payments }: Happened,
  { what, purchaseId }: Entry,
): Promise<string | undefined> {
  const purchaseState = paymentToldAs[what];
  if (purchaseState === undefined || app.paymentUrl === null) return undefined;
  const { appId, purchaseToken } = thing;
  const paid =
    payments.find((payment) => payment.purchaseId === purchaseId) ??
    (await loadPayment(query, { appId, purchaseToken, purchaseId }));
  if (paid === undefined) throw new Error('an entry about a payment that is not there');
  const drawn = host.seeded(seed ?? host.listKey, billingLabel(paid, app))(64);
  const billingKey = Buffer.from(drawn).toString('hex').toUpperCase();
  return paymentBody({ app, environment: host.environment }, paid, { purchaseState, billingKey });
}

/** The text about the state of a subscription; monthly products have none (section 11.8). */
function tellSubscription(host: Host, { app }: Call, { thing }: Happened, entry: Entry): string | undefined {
  const notificationType = toldAs[entry.what];
  if (notificationType === undefined || thing.type !== 'subscription' || app.subscriptionUrl === null)
    return undefined;
  const key = choice(host, app.switches, 'snsEnvironmentKey');
  const { at } = entry;
  return subscriptionBody({ app, environment: host.environment }, thing, { at, notificationType }, key);
}

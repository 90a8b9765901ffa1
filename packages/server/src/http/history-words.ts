// The history in plain words.
import type { Entry } from '../domain/ledger.ts';

const who: Record<Entry['cause'], string> = {
  buyer: 'The buyer',
  developer: 'The developer’s server',
  operator: 'The operator',
  time: 'Till',
};

/** One step, as a sentence. `amount` is the decimal string of the money that moved. */
export function inWords(entry: Entry, amount: string): string {
  const by = who[entry.cause];
  const because = entry.detail === null ? '' : `: ${entry.detail}`;
  const money = `${amount.replace('-', '')} ${entry.currency}`;
  switch (entry.what) {
    case 'purchased':
      return `${by} paid ${money}${because}.`;
    case 'acknowledged':
      return `${by} acknowledged the purchase.`;
    case 'consumed':
      return `${by} consumed the purchase.`;
    case 'voided':
      return `${by} voided the purchase and ${money} went back${because}.`;
    case 'renewed':
      return `${by} charged ${money} for the next period.`;
    case 'recovered':
      return `${by} charged ${money}; the account hold is over, and this is the new payment day.`;
    case 'declined':
      return 'The payment was declined.';
    case 'graceStarted':
      return 'The grace period began: the use goes on while the payment is tried again.';
    case 'held':
      return 'The account hold began: the use has ended until the payment is made.';
    case 'cancelled':
      return `${by} cancelled the renewal${because}.`;
    case 'reactivated':
      return `${by} took the cancellation back.`;
    case 'deferred':
      return `${by} put the next payment off by ${entry.detail}.`;
    case 'expired':
      return 'The paid period ended, and the subscription with it.';
    case 'revoked':
      return `${by} cancelled, which ended it at once.`;
    case 'paymentChanged':
      return `${by} changed the payment${because}.`;
    case 'charged':
      return `${by} learned that ${money} had been charged${because}.`;
    case 'pauseScheduled':
      return `${by} will pause it for ${entry.detail} after the paid period.`;
    case 'paused':
      return 'The pause began: the use has ended until it is resumed.';
    case 'pauseWithdrawn':
      return `${by} withdrew the pause.`;
    case 'resumed':
      return `${by} charged ${money}; the pause is over.`;
    case 'priceTold':
      return `${by} told the buyer of the new price ${entry.detail}, which needs consent.`;
    case 'priceConfirmed':
      return `The new price ${entry.detail} is settled.`;
    case 'priceRefused':
      return `There will be no payment at the new price${because}.`;
    case 'switchScheduled':
      return `${by} will change the product with the next payment${because}.`;
    case 'switchDropped':
      return `The change of product was dropped${because}.`;
    case 'switched':
      return `${by} charged ${money}${because}.`;
    case 'replaced':
      return `${by} changed to another product, and this ended${because}.`;
    case 'refunded':
      return `${money} went back${because}.`;
  }
}

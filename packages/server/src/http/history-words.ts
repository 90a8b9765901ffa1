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
    case 'refunded':
      return `${money} went back${because}.`;
  }
}

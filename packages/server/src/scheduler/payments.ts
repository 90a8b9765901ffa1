// The payments that a gateway outside must be asked for: they run beside everything else, so that a slow one holds up nobody.
import { findRefunds, giveBack } from '../actions/ask-again.ts';
import { chargeByKey, findCharges } from '../actions/settle-due.ts';
import type { Host } from '../host/host.ts';
import { Beside } from './beside.ts';

/** Charges in flight on one node; refunds have as many places of their own. */
const mostAtOnce = 50;
/** A stop waits this long for answers; what comes later is asked again, by the same key, after the next start. */
const stopWithinMs = 8_000;

export interface Payments {
  /** Begins to ask for what is due, as far as there are places. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

export function createPayments(host: Host): Payments {
  const failed = (error: unknown) => host.log.error({ err: error }, 'a payment was not settled');
  const charges = new Beside(mostAtOnce, failed);
  const refunds = new Beside(mostAtOnce, failed);
  return {
    pass: async () => {
      if (host.node.stopping) return;
      await Promise.all([startCharges(host, charges), startRefunds(host, refunds)]);
    },
    stop: async () => {
      await Promise.all([charges.stop(stopWithinMs), refunds.stop(stopWithinMs)]);
    },
  };
}

async function startCharges(host: Host, charges: Beside): Promise<void> {
  if (charges.free === 0) return;
  for (const due of await findCharges(host, charges.free)) {
    charges.start(`${due.appId} ${due.purchaseToken}`, () => chargeByKey(host, due));
  }
}

async function startRefunds(host: Host, refunds: Beside): Promise<void> {
  if (refunds.free === 0) return;
  for (const refund of await findRefunds(host, refunds.free)) {
    const { appId, purchaseToken, number } = refund;
    refunds.start(`${appId} ${purchaseToken} ${number}`, () => giveBack(host, refund));
  }
}

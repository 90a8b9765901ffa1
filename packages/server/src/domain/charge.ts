// A question to the payment gateway: take this amount for this cycle, or give it back.
import type { PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { formatMoney } from './money.ts';

/** What a gateway says: it took the money, it did not, or nobody knows yet (no answer in time, or `pending`). */
export type ChargeAnswer = 'approved' | 'declined' | 'unanswered';

/** Instants are epoch ms of the world's clock, but for `askAgainAt`. */
export interface Charge {
  appId: string;
  purchaseToken: string;
  /** Counts the questions under a token, from 0. */
  number: number;
  kind: 'purchase' | 'renewal' | 'refund';
  /** Which payment of the token, from 0; of a refund, the one that goes back. */
  cycle: number;
  /** Of the purchase that it paid for; `null` before. */
  purchaseId: string | null;
  amountMicros: number;
  currency: string;
  paymentMethod: PaymentMethod;
  /** How the sandbox's gateway answers. */
  outcome: PaymentOutcome;
  /** `returned`: it was never answered, so what it may have taken is given back. */
  state: 'asked' | 'approved' | 'declined' | 'returned';
  unansweredCount: number;
  askedAt: number;
  answeredAt: number | null;
  /** On the machine's clock: when it is asked again by whoever finds it; `null` where a subscription's schedule does that. */
  askAgainAt: number | null;
}

/** The same for every time the question is asked: a gateway that knows it takes no money twice. */
export function chargeKey({
  appId,
  purchaseToken,
  number,
}: Pick<Charge, 'appId' | 'purchaseToken' | 'number'>): string {
  return `${appId}-${purchaseToken}-${number}`;
}

/** What a gateway outside is told, the same each time the question is asked. */
export interface Question {
  key: string;
  kind: 'charge' | 'refund';
  purchaseToken: string;
  /** Which payment of the token, from 0. */
  cycle: number;
  amount: string;
  currency: string;
  paymentMethod: PaymentMethod;
  /** Epoch ms of the world's clock. */
  askedAt: number;
  /** Of a charge: who pays for what. */
  clientId?: string;
  productId?: string;
  buyerId?: string;
  /** Of a refund: the key of the charge that goes back; `null` where it was paid before there was a gateway. */
  refundOf?: string | null;
}

/** Take this amount from this buyer. */
export function chargeQuestion(
  charge: Charge,
  { clientId, productId, buyerId }: { clientId: string; productId: string; buyerId: string },
): Question {
  return { ...question(charge, 'charge'), clientId, productId, buyerId };
}

/** Give back what `paid` took, if it took anything: its answer may never have come. */
export function refundQuestion(refund: Charge, paid: Charge | undefined): Question {
  return { ...question(refund, 'refund'), refundOf: paid === undefined ? null : chargeKey(paid) };
}

function question(charge: Charge, kind: Question['kind']) {
  const { purchaseToken, cycle, amountMicros, currency, paymentMethod, askedAt } = charge;
  const amount = formatMoney(amountMicros);
  return { key: chargeKey(charge), kind, purchaseToken, cycle, amount, currency, paymentMethod, askedAt };
}

/**
 * What the sandbox's gateway answers: what the buyer's payment was told to do. The answer to a `timeout` is lost
 * although the money was taken; asked again, the gateway says so.
 */
export function simulatedAnswer({ outcome, unansweredCount }: Charge): ChargeAnswer {
  switch (outcome) {
    case 'approve':
      return 'approved';
    case 'decline':
      return 'declined';
    case 'timeout':
      return unansweredCount === 0 ? 'unanswered' : 'approved';
  }
}

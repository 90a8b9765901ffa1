// How the truth about an action is read after its reply was lost: which operation shows it, and what it then says.
import type { AnyInput } from './request.ts';

type Reply = Readonly<Record<string, unknown>>;

export interface Evidence {
  /** The operations that show it; the purchase is of the kind that one of them finds. */
  readers: readonly string[];
  /** Whether the purchase stands as the action leaves it; `before` is what the same reader said ahead of the action. */
  shows(reply: Reply, input: AnyInput, before: Reply | undefined): boolean | undefined;
  /** Carried out twice it would do twice as much, so it is sent once, and what was before is read ahead of it. */
  onlyOnce?: true;
}

const renewing =
  (expected: boolean): Evidence['shows'] =>
  (reply) =>
    reply.autoRenewing === expected;
const consumed: Evidence = {
  readers: ['getPurchaseDetails'],
  shows: (reply) => reply.consumptionState === 1,
};

/** By the name of the action. What consumes also confirms. */
export const evidenceOf: Readonly<Record<string, Evidence>> = {
  acknowledgePurchase: {
    readers: ['getPurchaseDetails', 'getRecurringPurchaseDetails', 'getSubscriptionDetail'],
    shows: (reply) =>
      reply.acknowledgeState === 1 || reply.acknowledgementState === 1 || reply.consumptionState === 1,
  },
  consumePurchase: consumed,
  consumePurchaseUnderInapp: consumed,
  cancelRecurringPurchase: { readers: ['getRecurringPurchaseDetails'], shows: renewing(false) },
  reactivateRecurringPurchase: { readers: ['getRecurringPurchaseDetails'], shows: renewing(true) },
  manageRecurringPaymentStatus: {
    readers: ['getRecurringPurchaseDetails'],
    shows: (reply, { action }) => reply.autoRenewing === (action === 'reactivate'),
  },
  cancelSubscription: { readers: ['getSubscriptionDetail'], shows: renewing(false) },
  reactivateSubscription: { readers: ['getSubscriptionDetail'], shows: renewing(true) },
  deferSubscription: {
    readers: ['getSubscriptionDetail'],
    shows: (reply, _, before) =>
      before && Number(reply.nextPaymentTimeMillis) > Number(before.nextPaymentTimeMillis),
    onlyOnce: true,
  },
};

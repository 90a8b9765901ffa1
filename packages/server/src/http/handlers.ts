// What does an operation of the server API, and how its answer is shown: one line for each row of the table.
import type { operations } from '@till/protocol/operations';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';
import { acknowledgePurchase } from '../actions/acknowledge-purchase.ts';
import { after, type OrPromise } from '../actions/after.ts';
import type { ServerCall } from '../actions/call.ts';
import { cancelRecurringPurchase } from '../actions/cancel-recurring-purchase.ts';
import { cancelSubscription } from '../actions/cancel-subscription.ts';
import { consumePurchase } from '../actions/consume-purchase.ts';
import { deferSubscription } from '../actions/defer-subscription.ts';
import { getAccessToken } from '../actions/get-access-token.ts';
import { getPurchaseDetails } from '../actions/get-purchase-details.ts';
import { getRecurringPurchaseDetails } from '../actions/get-recurring-purchase-details.ts';
import { getSubscriptionDetail } from '../actions/get-subscription-detail.ts';
import { getUnconfirmedPurchases } from '../actions/get-unconfirmed-purchases.ts';
import { getVoidedPurchases } from '../actions/get-voided-purchases.ts';
import { reactivateRecurringPurchase } from '../actions/reactivate-recurring-purchase.ts';
import { reactivateSubscription } from '../actions/reactivate-subscription.ts';
import type { Host } from '../host/host.ts';
import * as views from './views.ts';

/** Runs the action and shows what it returned. The token call has no app yet: in place of `call` it takes who calls. */
type Handler<O extends Operation> = O extends { access: 'credentials' }
  ? (host: Host, address: string, input: InputOf<O>) => OrPromise<ReplyOf<O>>
  : (host: Host, call: ServerCall, input: InputOf<O>) => OrPromise<ReplyOf<O>>;

type Handlers<T> = { [K in keyof T]: T[K] extends Operation ? Handler<T[K]> : Handlers<T[K]> };

export const handlers: Handlers<typeof operations> = {
  v7: {
    getAccessToken: (host, address, input) => after(getAccessToken(host, input, address), views.accessToken),
    getPurchaseDetails: answer(getPurchaseDetails, views.purchaseDetails),
    acknowledgePurchase: answer(acknowledgePurchase, views.success),
    consumePurchase: answer(consumePurchase, views.success),
    getRecurringPurchaseDetails: answer(getRecurringPurchaseDetails, views.recurringPurchaseDetails),
    cancelRecurringPurchase: answer(cancelRecurringPurchase, views.success),
    reactivateRecurringPurchase: answer(reactivateRecurringPurchase, views.success),
    getSubscriptionDetail: answer(getSubscriptionDetail, views.subscriptionDetail),
    cancelSubscription: answer(cancelSubscription, views.success),
    reactivateSubscription: answer(reactivateSubscription, views.success),
    deferSubscription: answer(deferSubscription, views.success),
    getVoidedPurchases: answer(getVoidedPurchases, views.voidedPurchases),
    getUnconfirmedPurchases: answer(getUnconfirmedPurchases, views.unconfirmedPurchases),
  },
};

function answer<I, T, R>(
  action: (host: Host, call: ServerCall, input: I) => OrPromise<T>,
  view: (result: T, host: Host) => R,
): (host: Host, call: ServerCall, input: I) => OrPromise<R> {
  return (host, call, input) => after(action(host, call, input), (result) => view(result, host));
}

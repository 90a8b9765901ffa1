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
import { getAccessToken, type IssuedToken } from '../actions/get-access-token.ts';
import { getPurchaseDetails } from '../actions/get-purchase-details.ts';
import { getRecurringPurchaseDetails } from '../actions/get-recurring-purchase-details.ts';
import { getSubscriptionDetail } from '../actions/get-subscription-detail.ts';
import { getUnconfirmedPurchases } from '../actions/get-unconfirmed-purchases.ts';
import { getVoidedPurchases } from '../actions/get-voided-purchases.ts';
import { reactivateRecurringPurchase } from '../actions/reactivate-recurring-purchase.ts';
import { reactivateSubscription } from '../actions/reactivate-subscription.ts';
import * as v5Consume from '../actions/v5/consume-purchase.ts';
import * as v5 from '../actions/v5/get-purchase-details.ts';
import * as v5Recurring from '../actions/v5/get-recurring-purchase-details.ts';
import * as v5Lists from '../actions/v5/get-voided-purchases.ts';
import { manageRecurringPaymentStatus } from '../actions/v5/manage-recurring-payment-status.ts';
import type { Host } from '../host/host.ts';
import * as v5Views from './v5-views.ts';
import * as views from './views.ts';

/** Runs the action and shows what it returned. The token call has no app yet: in place of `call` it takes who calls. */
type Handler<O extends Operation> = O extends { access: 'credentials' }
  ? (host: Host, address: string, input: InputOf<O>) => OrPromise<ReplyOf<O>>
  : (host: Host, call: ServerCall, input: InputOf<O>) => OrPromise<ReplyOf<O>>;

type Handlers<T> = { [K in keyof T]: T[K] extends Operation ? Handler<T[K]> : Handlers<T[K]> };

/** What V6 and V7 do alike, by the same paths but for their beginning. */
const ofV6AndV7 = {
  getPurchaseDetails: answer(getPurchaseDetails, views.purchaseDetails),
  acknowledgePurchase: answer(acknowledgePurchase, views.success),
  consumePurchase: answer(consumePurchase, views.success),
  getVoidedPurchases: answer(getVoidedPurchases, views.voidedPurchases),
  getRecurringPurchaseDetails: answer(getRecurringPurchaseDetails, views.recurringPurchaseDetails),
  cancelRecurringPurchase: answer(cancelRecurringPurchase, views.success),
  reactivateRecurringPurchase: answer(reactivateRecurringPurchase, views.success),
};

const issueV6Token = issue(views.v6AccessToken);

export const handlers: Handlers<typeof operations> = {
  v7: {
    ...ofV6AndV7,
    getAccessToken: issue(views.accessToken),
    getSubscriptionDetail: answer(getSubscriptionDetail, views.subscriptionDetail),
    cancelSubscription: answer(cancelSubscription, views.success),
    reactivateSubscription: answer(reactivateSubscription, views.success),
    deferSubscription: answer(deferSubscription, views.success),
    getUnconfirmedPurchases: answer(getUnconfirmedPurchases, views.unconfirmedPurchases),
  },
  v6: {
    ...ofV6AndV7,
    getAccessToken: issueV6Token,
    getAccessTokenByPut: issueV6Token,
    consumePurchaseUnderInapp: ofV6AndV7.consumePurchase,
  },
  v5: {
    getAccessToken: issue(v5Views.accessToken),
    getPurchaseDetails: answer(v5.getPurchaseDetails, v5Views.purchaseDetails),
    getPurchaseDetailsByProductId: answer(v5.getPurchaseDetails, v5Views.purchaseDetails),
    getRecurringPurchaseDetails: answer(v5Recurring.getRecurringPurchaseDetails, v5Views.recurringDetails),
    getLastRecurringPurchaseDetails: answer(
      v5Recurring.getLastRecurringPurchaseDetails,
      v5Views.lastRecurringDetails,
    ),
    manageRecurringPaymentStatus: answer(manageRecurringPaymentStatus, views.success),
    getVoidedPurchases: answer(v5Lists.getVoidedPurchases, v5Views.voidedPurchases),
    consumePurchase: answer(v5Consume.consumePurchase, views.success),
  },
};

/** The token call takes who calls in the place of an app. */
function issue<R>(view: (issued: IssuedToken) => R) {
  return (host: Host, address: string, input: Parameters<typeof getAccessToken>[1]): OrPromise<R> =>
    after(getAccessToken(host, input, address), view);
}

function answer<I, T, R>(
  action: (host: Host, call: ServerCall, input: I) => OrPromise<T>,
  view: (result: T, host: Host) => R,
): (host: Host, call: ServerCall, input: I) => OrPromise<R> {
  return (host, call, input) => after(action(host, call, input), (result) => view(result, host));
}

// What does an operation of the server API, and how its answer is shown: one line for each row of the table.
import type { operations } from '@till/protocol/operations';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';
import { acknowledgePurchase } from '../actions/acknowledge-purchase.ts';
import type { ServerCall } from '../actions/call.ts';
import { consumePurchase } from '../actions/consume-purchase.ts';
import { getAccessToken } from '../actions/get-access-token.ts';
import { getPurchaseDetails } from '../actions/get-purchase-details.ts';
import { getUnconfirmedPurchases } from '../actions/get-unconfirmed-purchases.ts';
import { getVoidedPurchases } from '../actions/get-voided-purchases.ts';
import type { Host } from '../host/host.ts';
import * as views from './views.ts';

/** Runs the action and shows what it returned. The token call has no app yet: in place of `call` it takes who calls. */
type Handler<O extends Operation> = O extends { access: 'credentials' }
  ? (host: Host, address: string, input: InputOf<O>) => Promise<ReplyOf<O>>
  : (host: Host, call: ServerCall, input: InputOf<O>) => Promise<ReplyOf<O>>;

type Handlers<T> = { [K in keyof T]: T[K] extends Operation ? Handler<T[K]> : Handlers<T[K]> };

export const handlers: Handlers<typeof operations> = {
  v7: {
    getAccessToken: async (host, address, input) =>
      views.accessToken(await getAccessToken(host, input, address)),
    getPurchaseDetails: answer(getPurchaseDetails, views.purchaseDetails),
    acknowledgePurchase: answer(acknowledgePurchase, views.success),
    consumePurchase: answer(consumePurchase, views.success),
    getVoidedPurchases: answer(getVoidedPurchases, views.voidedPurchases),
    getUnconfirmedPurchases: answer(getUnconfirmedPurchases, views.unconfirmedPurchases),
  },
};

function answer<I, T, R>(
  action: (host: Host, call: ServerCall, input: I) => Promise<T>,
  view: (result: T, host: Host) => R,
): (host: Host, call: ServerCall, input: I) => Promise<R> {
  return async (host, call, input) => view(await action(host, call, input), host);
}

// The client of API V5: a method for each row of its table, with what the documents say about it.
import { v5 } from '@till/protocol/operations-v5';
import type { ActionReply, Input, Reply, RowOf } from './generations.ts';
import type { List } from './lists.ts';
import { ServerClient } from './server-client.ts';
import type { CallOptions, Completed } from './settings.ts';

/** Calls API V5 (`/v2`). What may refuse any call stands at `OneStoreClient`. */
export class OneStoreClientV5 extends ServerClient<'v5'> {
  constructor(settings: Completed) {
    super(settings, 'v5', v5);
  }

  /**
   * Issues an access token, or hands the running one out again while 600 s or more remain. The client calls
   * this by itself; what it answers here is what the client goes on with. Section 2.1.
   *
   * @returns `status` (7 characters at most): `SUCCESS`; `client_id` (255 characters at most): client ID
   *   of the app; `access_token` (36 characters at most): lower-case UUID text; `token_type` (6 characters
   *   at most): `bearer`; `expires_in` (10 digits at most): seconds that the token still lives; `scope`
   *   (1024 characters at most): `DEFAULT`
   * @throws OneStoreApiError: `UnauthorizedAccess` (wrong credentials), `AccessBlocked`
   */
  getAccessToken(options: CallOptions = {}): Promise<Reply<'v5', 'getAccessToken'>> {
    return this.askToken('getAccessToken', options);
  }

  /**
   * Reads the purchase of a managed product. The reply does not name the product;
   * `getPurchaseDetailsByProductId` proves it. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @returns `consumptionState` (1 digit): 0 not consumed, 1 consumed; `developerPayload` (or `null`, 200
   *   bytes at most): identifier supplied by the developer at purchase; `purchaseState` (1 digit): 0
   *   purchase completed, 1 cancelled; `purchaseTime` (13 digits at most): time of the purchase, epoch ms
   * @throws OneStoreApiError: `NoSuchData`
   */
  getPurchaseDetails(
    input: Input<'v5', 'getPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v5', 'getPurchaseDetails'>> {
    return this.read('getPurchaseDetails', input, options);
  }

  /**
   * Reads the purchase of a managed product, if it is of this product. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @param input.productId (150 characters at most): in-app product ID
   * @returns `consumptionState` (1 digit): 0 not consumed, 1 consumed; `developerPayload` (or `null`, 200
   *   bytes at most): identifier supplied by the developer at purchase; `purchaseState` (1 digit): 0
   *   purchase completed, 1 cancelled; `purchaseTime` (13 digits at most): time of the purchase, epoch ms
   * @throws OneStoreApiError: `NoSuchData`
   */
  getPurchaseDetailsByProductId(
    input: Input<'v5', 'getPurchaseDetailsByProductId'>,
    options: CallOptions = {},
  ): Promise<Reply<'v5', 'getPurchaseDetailsByProductId'>> {
    return this.read('getPurchaseDetailsByProductId', input, options);
  }

  /**
   * Reads the state of a monthly product, by any of its payments. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @returns `startTime` (13 digits at most): start of use, epoch ms; `expiryTime` (13 digits at most):
   *   end of use, epoch ms; `nextPaymentTime` (13 digits at most): next automatic payment, epoch ms;
   *   `autoRenewing`: a payment follows after `expiryTime`; `cancelReason` (or `null`, 1 digit): 0 asked
   *   for by the buyer or the developer, 1 anything else; `null` where nothing was cancelled;
   *   `cancelledTime` (or `null`, 13 digits at most): the cancellation, epoch ms; `null` where there was
   *   none; `price`: amount of the payment, a decimal string; `developerPayload` (or `null`, 200 bytes at
   *   most): identifier supplied by the developer at purchase; `purchaseState` (1 digit): 0 purchase
   *   completed, 1 cancelled
   * @throws OneStoreApiError: `NoSuchData`
   */
  getRecurringPurchaseDetails(
    input: Input<'v5', 'getRecurringPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v5', 'getRecurringPurchaseDetails'>> {
    return this.read('getRecurringPurchaseDetails', input, options);
  }

  /**
   * Reads the latest payment of a monthly product, whichever of its payments is named. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @returns `purchaseId` (20 characters at most): of the latest payment; `startTime` (13 digits at
   *   most): start of use, epoch ms; `expiryTime` (13 digits at most): end of use, epoch ms;
   *   `nextPaymentTime` (13 digits at most): next automatic payment, epoch ms; `autoRenewing`: a payment
   *   follows after `expiryTime`; `cancelReason` (or `null`, 1 digit): 0 asked for by the buyer or the
   *   developer, 1 anything else; `null` where nothing was cancelled; `cancelledTime` (or `null`, 13 digits
   *   at most): the cancellation, epoch ms; `null` where there was none; `price`: amount of the payment, a
   *   decimal string; `developerPayload` (or `null`, 200 bytes at most): identifier supplied by the
   *   developer at purchase; `purchaseState` (1 digit): 0 purchase completed, 1 cancelled
   * @throws OneStoreApiError: `NoSuchData`
   */
  getLastRecurringPurchaseDetails(
    input: Input<'v5', 'getLastRecurringPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v5', 'getLastRecurringPurchaseDetails'>> {
    return this.read('getLastRecurringPurchaseDetails', input, options);
  }

  /**
   * Ends the automatic payment of a monthly product, or takes that back. A lost reply is resolved by
   * reading the purchase. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @param input.action (`cancel`, `reactivate`): end the automatic payment, or take that back
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  manageRecurringPaymentStatus(
    input: Input<'v5', 'manageRecurringPaymentStatus'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v5', 'manageRecurringPaymentStatus'>> {
    return this.act('manageRecurringPaymentStatus', input, options);
  }

  /**
   * Lists the cancelled purchases that were made within a range of time, 30 days back at most. One page;
   * `voidedPurchases` goes over all of them. Section 8.
   *
   * @param input.continuationKey (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist
   * @param input.startTime (optional, 13 digits at most): start of the range, epoch ms
   * @param input.endTime (optional, 13 digits at most): end of the range, epoch ms
   * @param input.maxResults (optional, 1 to 999): largest number of rows, default 100
   * @returns `continuationKey` (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist; `voidedPurchaseList`: ascending by `purchaseTime`, then `purchaseId` with rows of
   *   `purchaseId` (20 characters at most): purchase ID; `purchaseTime` (13 digits at most): time of the
   *   purchase, epoch ms; `voidedTime` (13 digits at most): time of the cancellation, epoch ms
   */
  getVoidedPurchases(
    input: Input<'v5', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): Promise<Reply<'v5', 'getVoidedPurchases'>> {
    return this.read('getVoidedPurchases', input, options);
  }

  /**
   * Uses a managed product up, so that it can be bought again. A lost reply is resolved by reading the
   * purchase; then `readBack` is true, and whether this call or another one consumed it is for your own
   * records to say. Section 8.
   *
   * @param input.purchaseId (20 characters at most): purchase ID
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `InvalidConsumeState`
   */
  consumePurchase(
    input: Input<'v5', 'consumePurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v5', 'consumePurchase'>> {
    return this.act('consumePurchase', input, options);
  }

  /**
   * Every row of `getVoidedPurchases`, page by page as they are wanted; `.pages()` gives the pages. A
   * `startTime` more than 30 days ago is refused before anything is sent.
   */
  voidedPurchases(
    input: Input<'v5', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): List<RowOf<'v5', 'getVoidedPurchases'>> {
    return this.list('getVoidedPurchases', 'voidedPurchaseList', input, options);
  }
}

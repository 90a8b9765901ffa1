// The client of API V6: a method for each row of its table, with what the documents say about it.
import { v6 } from '@till/protocol/operations-v6';
import type { ActionReply, Input, Reply, RowOf } from './generations.ts';
import type { List } from './lists.ts';
import { ServerClient } from './server-client.ts';
import type { CallOptions, Completed } from './settings.ts';

/** Calls API V6 (`/v6`). What may refuse any call stands at `OneStoreClient`. */
export class OneStoreClientV6 extends ServerClient<'v6'> {
  constructor(settings: Completed) {
    super(settings, 'v6', v6);
  }

  /**
   * Issues an access token, or hands the running one out again while 600 s or more remain. The client calls
   * this by itself; what it answers here is what the client goes on with. Section 2.1.
   *
   * @returns `client_id` (255 characters at most): client ID of the app; `access_token` (36 characters at
   *   most): lower-case UUID text; `token_type` (6 characters at most): `bearer`; `expires_in` (10 digits
   *   at most): seconds that the token still lives; `scope` (1024 characters at most): `DEFAULT`
   * @throws OneStoreApiError: `UnauthorizedAccess` (wrong credentials), `AccessBlocked`
   */
  getAccessToken(options: CallOptions = {}): Promise<Reply<'v6', 'getAccessToken'>> {
    return this.askToken('getAccessToken', options);
  }

  /**
   * Issues an access token, or hands the running one out again while 600 s or more remain. The other verb
   * that the documents give. The answer is what the client goes on with. Section 2.1.
   *
   * @returns `client_id` (255 characters at most): client ID of the app; `access_token` (36 characters at
   *   most): lower-case UUID text; `token_type` (6 characters at most): `bearer`; `expires_in` (10 digits
   *   at most): seconds that the token still lives; `scope` (1024 characters at most): `DEFAULT`
   * @throws OneStoreApiError: `UnauthorizedAccess` (wrong credentials), `AccessBlocked`
   */
  getAccessTokenByPut(options: CallOptions = {}): Promise<Reply<'v6', 'getAccessTokenByPut'>> {
    return this.askToken('getAccessTokenByPut', options);
  }

  /**
   * Reads the purchase of a managed product. The reply names neither product nor order: that the product ID
   * in the call fits is the only proof of the product. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `consumptionState` (1 digit): 0 not consumed, 1 consumed; `developerPayload` (or `null`, 200
   *   bytes at most): identifier supplied by the developer at purchase; `purchaseState` (1 digit): 0
   *   purchase completed, 1 cancelled; `purchaseTime` (13 digits at most): time of the purchase, epoch ms;
   *   `purchaseId` (20 characters at most): purchase ID; `acknowledgeState` (1 digit): 0 not acknowledged,
   *   1 acknowledged; `quantity` (2 digits at most): quantity bought
   * @throws OneStoreApiError: `NoSuchData`
   */
  getPurchaseDetails(
    input: Input<'v6', 'getPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v6', 'getPurchaseDetails'>> {
    return this.read('getPurchaseDetails', input, options);
  }

  /**
   * Confirms a purchase; one that nobody confirms is cancelled three days after it was made. Of monthly
   * products and subscriptions only the first payment needs it. A lost reply is resolved by reading the
   * purchase. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.developerPayload (optional, or `null`, 200 bytes at most): compared with the one of the
   *   purchase; absent, null and empty mean "not given"
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `DeveloperPayloadNotMatch`
   */
  acknowledgePurchase(
    input: Input<'v6', 'acknowledgePurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v6', 'acknowledgePurchase'>> {
    return this.act('acknowledgePurchase', input, options);
  }

  /**
   * Uses a managed product up, so that it can be bought again; this confirms the purchase too. A lost reply
   * is resolved by reading the purchase; then `readBack` is true, and whether this call or another one
   * consumed it is for your own records to say. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.developerPayload (optional, or `null`, 200 bytes at most): compared with the one of the
   *   purchase; absent, null and empty mean "not given"
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `InvalidConsumeState`, `DeveloperPayloadNotMatch`
   */
  consumePurchase(
    input: Input<'v6', 'consumePurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v6', 'consumePurchase'>> {
    return this.act('consumePurchase', input, options);
  }

  /**
   * Uses a managed product up, so that it can be bought again; this confirms the purchase too. The same
   * under the path of V7. A lost reply is resolved as that of `consumePurchase`. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.developerPayload (optional, or `null`, 200 bytes at most): compared with the one of the
   *   purchase; absent, null and empty mean "not given"
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `InvalidConsumeState`, `DeveloperPayloadNotMatch`
   */
  consumePurchaseUnderInapp(
    input: Input<'v6', 'consumePurchaseUnderInapp'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v6', 'consumePurchaseUnderInapp'>> {
    return this.act('consumePurchaseUnderInapp', input, options);
  }

  /**
   * Lists the purchases cancelled within a range of time, of every product type. One page;
   * `voidedPurchases` goes over all of them. Section 7.
   *
   * @param input.continuationKey (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist
   * @param input.startTime (optional, 13 digits at most): start of the range, epoch ms
   * @param input.endTime (optional, 13 digits at most): end of the range, epoch ms
   * @param input.maxResults (optional, 1 to 999): largest number of rows, default 100
   * @returns `continuationKey` (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist; `voidedPurchaseList`: ascending by `voidedTime`, then `purchaseId` with rows of
   *   `purchaseId` (20 characters at most): purchase ID; `purchaseTime` (13 digits at most): time of the
   *   purchase, epoch ms; `voidedTime` (13 digits at most): time of the cancellation, epoch ms;
   *   `purchaseToken` (20 characters at most): purchase token; `marketCode` (`MKT_ONE`, `MKT_GLB`): market
   *   of the purchase
   */
  getVoidedPurchases(
    input: Input<'v6', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): Promise<Reply<'v6', 'getVoidedPurchases'>> {
    return this.read('getVoidedPurchases', input, options);
  }

  /**
   * Reads the state of a monthly product. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `startTime` (13 digits at most): start of use, epoch ms; `expiryTime` (13 digits at most):
   *   end of use, epoch ms; `nextPaymentTime` (13 digits at most): next automatic payment, epoch ms;
   *   `autoRenewing`: a payment follows after `expiryTime`; `cancelReason` (or `null`, 1 digit): 0 asked
   *   for by the buyer or the developer, 1 anything else; `null` where nothing was cancelled;
   *   `cancelledTime` (or `null`, 13 digits at most): the cancellation, epoch ms; `null` where there was
   *   none; `acknowledgeState` (1 digit): 0 not acknowledged, 1 acknowledged; `lastPurchaseId` (20
   *   characters at most): purchase ID of the latest payment; `lastPurchaseState` (1 digit): of the latest
   *   payment: 0 completed, 1 cancelled
   * @throws OneStoreApiError: `NoSuchData`
   */
  getRecurringPurchaseDetails(
    input: Input<'v6', 'getRecurringPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v6', 'getRecurringPurchaseDetails'>> {
    return this.read('getRecurringPurchaseDetails', input, options);
  }

  /**
   * Ends the automatic payment of a monthly product; it can be used until it expires. A lost reply is
   * resolved by reading the purchase. Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  cancelRecurringPurchase(
    input: Input<'v6', 'cancelRecurringPurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v6', 'cancelRecurringPurchase'>> {
    return this.act('cancelRecurringPurchase', input, options);
  }

  /**
   * Takes the cancellation of a monthly product back. A lost reply is resolved by reading the purchase.
   * Section 7.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  reactivateRecurringPurchase(
    input: Input<'v6', 'reactivateRecurringPurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v6', 'reactivateRecurringPurchase'>> {
    return this.act('reactivateRecurringPurchase', input, options);
  }

  /**
   * Every row of `getVoidedPurchases`, page by page as they are wanted; `.pages()` gives the pages. A
   * `startTime` more than 31 days ago is refused before anything is sent.
   */
  voidedPurchases(
    input: Input<'v6', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): List<RowOf<'v6', 'getVoidedPurchases'>> {
    return this.list('getVoidedPurchases', 'voidedPurchaseList', input, options);
  }
}

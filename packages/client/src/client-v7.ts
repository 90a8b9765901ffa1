// The client of API V7: a method for each row of its table, with what the documents say about it.
import { v7 } from '@till/protocol/operations-v7';
import type { ActionReply, Input, Reply, RowOf } from './generations.ts';
import type { List } from './lists.ts';
import { ServerClient } from './server-client.ts';
import type { CallOptions, Completed } from './settings.ts';

/** Calls API V7 (`/v7`). What may refuse any call stands at `OneStoreClient`. */
export class OneStoreClientV7 extends ServerClient<'v7'> {
  constructor(settings: Completed) {
    super(settings, 'v7', v7);
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
  getAccessToken(options: CallOptions = {}): Promise<Reply<'v7', 'getAccessToken'>> {
    return this.askToken('getAccessToken', options);
  }

  /**
   * Reads the purchase of a managed product. The reply names neither product nor order: that the product ID
   * in the call fits is the only proof of the product. Section 4.1.
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
    input: Input<'v7', 'getPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v7', 'getPurchaseDetails'>> {
    return this.read('getPurchaseDetails', input, options);
  }

  /**
   * Confirms a purchase; one that nobody confirms is cancelled three days after it was made. Of monthly
   * products and subscriptions only the first payment needs it. A lost reply is resolved by reading the
   * purchase. Section 4.2.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.developerPayload (optional, or `null`, 200 bytes at most): compared with the one of the
   *   purchase; absent, null and empty mean "not given"
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `DeveloperPayloadNotMatch`
   */
  acknowledgePurchase(
    input: Input<'v7', 'acknowledgePurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'acknowledgePurchase'>> {
    return this.act('acknowledgePurchase', input, options);
  }

  /**
   * Uses a managed product up, so that it can be bought again; this confirms the purchase too. A lost reply
   * is resolved by reading the purchase; then `readBack` is true, and whether this call or another one
   * consumed it is for your own records to say. Section 4.3.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.developerPayload (optional, or `null`, 200 bytes at most): compared with the one of the
   *   purchase; absent, null and empty mean "not given"
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `InvalidPurchaseState`, `InvalidConsumeState`, `DeveloperPayloadNotMatch`
   */
  consumePurchase(
    input: Input<'v7', 'consumePurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'consumePurchase'>> {
    return this.act('consumePurchase', input, options);
  }

  /**
   * Lists the purchases cancelled within a range of time, of every product type. One page;
   * `voidedPurchases` goes over all of them. Section 4.4.
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
    input: Input<'v7', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): Promise<Reply<'v7', 'getVoidedPurchases'>> {
    return this.read('getVoidedPurchases', input, options);
  }

  /**
   * Lists the purchases that are neither acknowledged nor consumed. One page; `unconfirmedPurchases` goes
   * over all of them. It may cover Korean purchases only: with `MKT_GLB` an empty list proves nothing.
   * Section 4.5.
   *
   * @param input.continuationKey (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist
   * @param input.startTime (optional, 13 digits at most): start of the range, epoch ms
   * @param input.endTime (optional, 13 digits at most): end of the range, epoch ms
   * @param input.maxResults (optional, 1 to 100): largest number of rows, default 100
   * @returns `continuationKey` (optional, 41 characters at most): key of the previous page; there while
   *   more rows exist; `unconfirmedPurchaseList`: ascending by `purchaseTime`, then `purchaseId` with rows
   *   of `type` (`inapp`, `auto`, `subscription`): product type; `orderId` (40 characters at most): payment
   *   ID; `productId` (150 characters at most): in-app product ID; `purchaseToken` (20 characters at most):
   *   purchase token; `purchaseId` (20 characters at most): purchase ID; `purchaseTime` (13 digits at
   *   most): time of the purchase, epoch ms; `purchaseState` (1 digit): 0 purchase completed, 1 cancelled;
   *   `developerPayload` (or `null`, 200 bytes at most): identifier supplied by the developer at purchase;
   *   `quantity`: quantity bought; `marketCode` (`MKT_ONE`, `MKT_GLB`): market of the purchase
   */
  getUnconfirmedPurchases(
    input: Input<'v7', 'getUnconfirmedPurchases'> = {},
    options: CallOptions = {},
  ): Promise<Reply<'v7', 'getUnconfirmedPurchases'>> {
    return this.read('getUnconfirmedPurchases', input, options);
  }

  /**
   * Reads the state of a monthly product. Section 5.1.
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
    input: Input<'v7', 'getRecurringPurchaseDetails'>,
    options: CallOptions = {},
  ): Promise<Reply<'v7', 'getRecurringPurchaseDetails'>> {
    return this.read('getRecurringPurchaseDetails', input, options);
  }

  /**
   * Ends the automatic payment of a monthly product; it can be used until it expires. A lost reply is
   * resolved by reading the purchase. Section 5.2.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  cancelRecurringPurchase(
    input: Input<'v7', 'cancelRecurringPurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'cancelRecurringPurchase'>> {
    return this.act('cancelRecurringPurchase', input, options);
  }

  /**
   * Takes the cancellation of a monthly product back. A lost reply is resolved by reading the purchase.
   * Section 5.3.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  reactivateRecurringPurchase(
    input: Input<'v7', 'reactivateRecurringPurchase'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'reactivateRecurringPurchase'>> {
    return this.act('reactivateRecurringPurchase', input, options);
  }

  /**
   * Reads the state of a subscription. Section 6.1.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `acknowledgementState` (1 digit): 0 not acknowledged, 1 acknowledged; `developerPayload`
   *   (optional, 200 bytes at most): identifier supplied by the developer at purchase; `autoRenewing`:
   *   false once it is cancelled or has ended; `paymentState` (or `null`, 1 digit): 0 not paid, 1 paid, 2
   *   free period, 3 a change of product waits; `null` once it has ended; `lastPurchaseId` (20 characters
   *   at most): purchase ID of the latest payment; `linkedPurchaseToken` (or `null`, 20 characters at
   *   most): token before a change of product; `priceAmount`: amount, a decimal string;
   *   `priceAmountMicros`: the same amount times 1,000,000; `nextPriceAmount`: amount of the next payment;
   *   `nextPriceAmountMicros`: the same amount times 1,000,000; `nextPaymentTimeMillis` (13 digits at
   *   most): next payment, epoch ms; `pauseStartTimeMillis` (or `null`, 13 digits at most);
   *   `pauseEndTimeMillis` (or `null`, 13 digits at most); `priceCurrencyCode`: ISO 4217 code;
   *   `countryCode`: country of the store; `startTimeMillis` (13 digits at most): first payment, epoch ms;
   *   `expiryTimeMillis` (13 digits at most): end of use, epoch ms; `autoResumeTimeMillis` (or `null`, 13
   *   digits at most); `cancelledTimeMillis` (or `null`, 13 digits at most): the cancellation, epoch ms;
   *   `null` where there was none; `cancelReason` (or `null`, 1 digit): 0 asked for by the buyer or the
   *   developer, 1 anything else; `null` where nothing was cancelled; `promotionPrice` (or `null`) of
   *   `promotionPrice`: amount, a decimal string; `promotionPriceMicros`: the same amount times 1,000,000;
   *   `promotionPeriod`: payments that the promotion covers; `priceChange` (or `null`) of `seq`: which
   *   change of price; `previousPrice`: amount, a decimal string; `previousPriceMicros`: the same amount
   *   times 1,000,000; `newPrice`: amount, a decimal string; `newPriceMicros`: the same amount times
   *   1,000,000; `applyTimeMillis` (13 digits at most): when it applies, epoch ms; `agreement`: the buyer
   *   has agreed; `agreementDueDateTimeMillis` (13 digits at most): end of the time to agree, epoch ms
   * @throws OneStoreApiError: `NoSuchData`
   */
  getSubscriptionDetail(
    input: Input<'v7', 'getSubscriptionDetail'>,
    options: CallOptions = {},
  ): Promise<Reply<'v7', 'getSubscriptionDetail'>> {
    return this.read('getSubscriptionDetail', input, options);
  }

  /**
   * Ends a subscription with what is paid for; in grace and on account hold at once. A lost reply is
   * resolved by reading the subscription. Section 6.2.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  cancelSubscription(
    input: Input<'v7', 'cancelSubscription'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'cancelSubscription'>> {
    return this.act('cancelSubscription', input, options);
  }

  /**
   * Takes a scheduled cancellation back. Not after a cancellation that took effect at once. A lost reply is
   * resolved by reading the subscription. Section 6.3.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  reactivateSubscription(
    input: Input<'v7', 'reactivateSubscription'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'reactivateSubscription'>> {
    return this.act('reactivateSubscription', input, options);
  }

  /**
   * Puts the next payment off; the use goes on meanwhile. It is sent once: the subscription is read before,
   * and where the reply is lost again after. Twice would put it off twice. Section 6.4.
   *
   * @param input.productId (150 characters at most): in-app product ID
   * @param input.purchaseToken (20 characters at most): purchase token
   * @param input.deferPeriod (1 to 365): days, on the sandbox’s calendar minutes
   * @returns `result` of `code`: `Success`; `message`
   * @throws OneStoreApiError: `NoSuchData`, `InvalidPurchaseState`
   */
  deferSubscription(
    input: Input<'v7', 'deferSubscription'>,
    options: CallOptions = {},
  ): Promise<ActionReply<'v7', 'deferSubscription'>> {
    return this.act('deferSubscription', input, options);
  }

  /**
   * Every row of `getVoidedPurchases`, page by page as they are wanted; `.pages()` gives the pages. A
   * `startTime` more than 31 days ago is refused before anything is sent.
   */
  voidedPurchases(
    input: Input<'v7', 'getVoidedPurchases'> = {},
    options: CallOptions = {},
  ): List<RowOf<'v7', 'getVoidedPurchases'>> {
    return this.list('getVoidedPurchases', 'voidedPurchaseList', input, options);
  }

  /**
   * Every row of `getUnconfirmedPurchases`, page by page as they are wanted; `.pages()` gives the pages. A
   * `startTime` more than 31 days ago is refused before anything is sent.
   */
  unconfirmedPurchases(
    input: Input<'v7', 'getUnconfirmedPurchases'> = {},
    options: CallOptions = {},
  ): List<RowOf<'v7', 'getUnconfirmedPurchases'>> {
    return this.list('getUnconfirmedPurchases', 'unconfirmedPurchaseList', input, options);
  }
}

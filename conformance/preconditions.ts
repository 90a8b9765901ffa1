// What must be so before a documented request is sent, brought about on a Till: a scene for each vector that is judged.
import type { Scene } from './scene.ts';
import type { Vector } from './vectors.ts';

/** What fills the places of the vector's path. */
export interface Prepared {
  purchaseToken?: string;
  purchaseId?: string;
  /** Stands for the printed token; the app's own where it is not given. */
  accessToken?: string;
}

type Precondition = (scene: Scene, vector: Vector) => Promise<Prepared>;

const nothing: Precondition = async () => ({});

const bought: Precondition = async (scene, { request }) => {
  await scene.sell();
  const developerPayload = request.json?.developerPayload ?? 'developerPayload';
  return scene.buy({ quantity: 2, developerPayload });
};

const boughtWithAnotherPayload: Precondition = async (scene) => {
  await scene.sell();
  return scene.buy({ developerPayload: 'another payload' });
};

const monthly: Precondition = async (scene) => {
  await scene.sell({ type: 'auto', price: '100' });
  return scene.buy();
};

const subscribed: Precondition = async (scene) => {
  await scene.sell({ type: 'subscription', price: '100', subscription: { period: 'P1M' } });
  return scene.buy();
};

type Step = (scene: Scene, purchaseToken: string) => Promise<unknown>;

function then(before: Precondition, step: Step): Precondition {
  return async (scene, vector) => {
    const prepared = await before(scene, vector);
    await step(scene, prepared.purchaseToken ?? '');
    return prepared;
  };
}

const voidIt: Step = (scene, purchaseToken) => scene.about('voidPurchase', { purchaseToken });
const consumeIt: Step = (scene, purchaseToken) => scene.about('consumePurchaseByHand', { purchaseToken });
const cancelIt: Step = (scene, purchaseToken) => scene.about('cancelByHand', { purchaseToken });

const withAnExpiredToken: Precondition = async (scene, vector) => {
  const accessToken = await scene.token();
  await scene.about('expireAccessTokens', {});
  return { ...(await bought(scene, vector)), accessToken };
};

const twoVoided: Precondition = async (scene, vector) => {
  await then(bought, voidIt)(scene, vector);
  return then(bought, voidIt)(scene, vector);
};

const twoUnconfirmed: Precondition = async (scene) => {
  for (const productId of ['다이아100_20170818000000', '루비300_20170818000000']) {
    await scene.sell({ productId, title: productId });
    await scene.buy({ productId, developerPayload: 'E23DEFB029F84F4383ECB0E53B46B6A2' });
  }
  return {};
};

/** Every object and every time is filled, but for those of a cancellation, which a pause cannot have beside it. */
const pausedOnPromotion: Precondition = async (scene) => {
  const promotion = { price: '100', cycles: 30 };
  const subscription = { period: 'P3M', pausable: true, promotion } as const;
  await scene.sell({ type: 'subscription', price: '150', subscription });
  const purchase = await scene.buy();
  await scene.about('changePrice', { productId: purchase.productId, price: '500' });
  // on shortened periods a new price is told after five minutes
  await scene.advance({ by: 'PT5M' });
  await scene.about('pauseByHand', { purchaseToken: purchase.purchaseToken, for: 'P1M' });
  return purchase;
};

/** By the vector's ID. */
export const preconditions: Readonly<Record<string, Precondition>> = {
  'v7.oauth.issue.body_example': nothing,
  'v7.oauth.issue.curl_trace': nothing,
  'v7.oauth.issue.korean_page': nothing,
  'v7.auth.header.correct': bought,
  'v7.auth.header.wrong.no_scheme': bought,
  'v7.auth.header.wrong.lower_case_scheme': bought,
  'v7.auth.header.wrong.angle_brackets': bought,
  'v7.auth.header.wrong.no_space': bought,
  'v7.auth.header.missing': bought,
  'v7.auth.token.unknown': bought,
  'v7.auth.token.expired': withAnExpiredToken,
  'v7.getPurchaseDetails': bought,
  'v7.acknowledgePurchase': bought,
  'v7.acknowledgePurchase.no_body': bought,
  'v7.consumePurchase': bought,
  'v7.getVoidedPurchases': twoVoided,
  'v7.getVoidedPurchases.verbatim_key': twoVoided,
  'v7.getUnconfirmedPurchases': twoUnconfirmed,
  'v7.getUnconfirmedPurchases.verbatim_key': twoUnconfirmed,
  'v7.error.NoSuchData.verbatim': nothing,
  'v7.error.NoSuchData.table': nothing,
  'v7.path.encoded_slash': bought,
  'v7.wrong_type.inapp_call_with_auto_token': monthly,
  'v7.getRecurringPurchaseDetails': then(monthly, cancelIt),
  'v7.cancelRecurringPurchase': monthly,
  'v7.reactivateRecurringPurchase': then(monthly, cancelIt),
  'v7.wrong_type.auto_call_with_inapp_token': bought,
  'v7.wrong_type.auto_cancel_with_subscription_token': subscribed,
  'v7.wrong_type.auto_reactivate_with_subscription_token': subscribed,
  'v7.getSubscriptionDetail': pausedOnPromotion,
  'v7.cancelSubscription': subscribed,
  'v7.reactivateSubscription': then(subscribed, cancelIt),
  'v7.deferSubscription': subscribed,
  'v7.deferSubscription.missing': subscribed,
  'v7.deferSubscription.zero': subscribed,
  'v7.deferSubscription.366_days': subscribed,
  'v7.state.consume_twice': then(bought, consumeIt),
  'v7.state.consume_cancelled': then(bought, voidIt),
  'v7.state.acknowledge_cancelled': then(bought, voidIt),
  'v7.state.consume_payload_mismatch': boughtWithAnotherPayload,
  'v7.state.acknowledge_payload_mismatch': boughtWithAnotherPayload,
  'v6.call_sample': bought,
  'v6.route.getRecurringPurchaseDetails': monthly,
  'v6.route.cancelRecurringPurchase': monthly,
  'v6.route.reactivateRecurringPurchase': then(monthly, cancelIt),
  'v6.route.getVoidedPurchases': then(bought, voidIt),
  'v6.route.consumePurchase': bought,
  'v6.route.acknowledgePurchase': bought,
  'v5.oauth.issue.observed': nothing,
  'v5.route.getPurchaseDetails': bought,
  'v5.route.getPurchaseDetailsByProductId': bought,
  'v5.route.getRecurringPurchaseDetails': monthly,
  'v5.route.getLastRecurringPurchaseDetails': monthly,
  'v5.route.manageRecurringPaymentStatus.cancel': monthly,
  'v5.route.manageRecurringPaymentStatus.reactivate': then(monthly, cancelIt),
  'v5.route.getVoidedPurchases': then(bought, voidIt),
  'v5.route.consumePurchase': bought,
};

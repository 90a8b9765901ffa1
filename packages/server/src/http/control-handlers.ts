// What does an operation of the control API, and how its answer is shown: one line for each row of the table.
import type { controlOperations } from '@till/protocol/control';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';
import { acknowledgePurchaseByHand } from '../actions/control/acknowledge-purchase-by-hand.ts';
import { advanceClock } from '../actions/control/advance-clock.ts';
import { answerPriceByHand } from '../actions/control/answer-price-by-hand.ts';
import { cancelByHand } from '../actions/control/cancel-by-hand.ts';
import { changeApp } from '../actions/control/change-app.ts';
import { changeClock } from '../actions/control/change-clock.ts';
import { changePrice } from '../actions/control/change-price.ts';
import { consumePurchaseByHand } from '../actions/control/consume-purchase-by-hand.ts';
import { createAccessToken } from '../actions/control/create-access-token.ts';
import { createApp } from '../actions/control/create-app.ts';
import { createClientSecret } from '../actions/control/create-client-secret.ts';
import { createLicenseKey } from '../actions/control/create-license-key.ts';
import { createPurchase } from '../actions/control/create-purchase.ts';
import { createWorld } from '../actions/control/create-world.ts';
import { deferByHand } from '../actions/control/defer-by-hand.ts';
import { deleteApp } from '../actions/control/delete-app.ts';
import { deleteProduct } from '../actions/control/delete-product.ts';
import { deleteWorld } from '../actions/control/delete-world.ts';
import { expireAccessTokens } from '../actions/control/expire-access-tokens.ts';
import { listApps } from '../actions/control/list-apps.ts';
import { listAudit } from '../actions/control/list-audit.ts';
import { listNotifications, readNotification } from '../actions/control/list-notifications.ts';
import { listProducts } from '../actions/control/list-products.ts';
import { listPurchases } from '../actions/control/list-purchases.ts';
import { listRequests } from '../actions/control/list-requests.ts';
import { listWorlds } from '../actions/control/list-worlds.ts';
import { type Listen, listenToEvents } from '../actions/control/listen-to-events.ts';
import { pauseByHand } from '../actions/control/pause-by-hand.ts';
import { putProduct } from '../actions/control/put-product.ts';
import { reactivateByHand } from '../actions/control/reactivate-by-hand.ts';
import { readAgenda } from '../actions/control/read-agenda.ts';
import { readApp } from '../actions/control/read-app.ts';
import { readHealth, readReadiness } from '../actions/control/read-health.ts';
import { readMetrics } from '../actions/control/read-metrics.ts';
import { readProduct } from '../actions/control/read-product.ts';
import { readPurchase } from '../actions/control/read-purchase.ts';
import { readStats } from '../actions/control/read-stats.ts';
import { readWorld } from '../actions/control/read-world.ts';
import {
  resendNotification,
  resendNotifications,
  sendTestNotification,
} from '../actions/control/resend-notifications.ts';
import { resetTrials } from '../actions/control/reset-trials.ts';
import { resetWorld } from '../actions/control/reset-world.ts';
import { resumeByHand } from '../actions/control/resume-by-hand.ts';
import { readMaintenance, setMaintenance } from '../actions/control/set-maintenance.ts';
import { readNotificationFaults, setNotificationFaults } from '../actions/control/set-notification-faults.ts';
import { setNotificationUrls } from '../actions/control/set-notification-urls.ts';
import { setPayment } from '../actions/control/set-payment.ts';
import { voidPurchase } from '../actions/control/void-purchase.ts';
import type { Host } from '../host/host.ts';
import * as views from './control-views.ts';
import { readReplies } from './replies.ts';
import * as serverViews from './views.ts';
import * as watchViews from './watch-views.ts';

type Control = typeof controlOperations;
type Handlers = {
  [K in keyof Control]: (host: Host, input: InputOf<Control[K]>) => Promise<AnswerOf<Control[K]>>;
};

/** An operation that answers events answers how to listen to them. */
type AnswerOf<O extends Operation> = O extends { replyAs: 'events' } ? Listen : ReplyOf<O>;

export const controlHandlers: Handlers = {
  createWorld: answer(createWorld, views.world),
  listWorlds: answer(listWorlds, views.listOf(views.world)),
  readWorld: answer(readWorld, views.world),
  deleteWorld: answer(deleteWorld, nothing),
  resetWorld: answer(resetWorld, views.world),
  changeClock: answer(changeClock, views.world),
  advanceClock: answer(advanceClock, same),
  readAgenda: answer(readAgenda, views.agenda),
  createApp: answer(createApp, views.createdApp),
  listApps: answer(listApps, views.listOf(views.app)),
  readApp: answer(readApp, views.app),
  changeApp: answer(changeApp, views.app),
  deleteApp: answer(deleteApp, nothing),
  createClientSecret: answer(createClientSecret, same),
  setNotificationUrls: answer(setNotificationUrls, views.app),
  createLicenseKey: answer(createLicenseKey, same),
  createAccessToken: answer(createAccessToken, serverViews.accessToken),
  expireAccessTokens: answer(expireAccessTokens, nothing),
  putProduct: answer(putProduct, views.product),
  listProducts: answer(listProducts, views.listOf(views.product)),
  readProduct: answer(readProduct, views.product),
  deleteProduct: answer(deleteProduct, nothing),
  createPurchase: answer(createPurchase, views.purchase),
  listPurchases: answer(listPurchases, views.listOf(views.listedPurchase)),
  readPurchase: answer(readPurchase, views.purchaseWithHistory),
  voidPurchase: answer(voidPurchase, views.purchase),
  acknowledgePurchaseByHand: answer(acknowledgePurchaseByHand, views.purchase),
  consumePurchaseByHand: answer(consumePurchaseByHand, views.purchase),
  cancelByHand: answer(cancelByHand, views.purchase),
  reactivateByHand: answer(reactivateByHand, views.purchase),
  deferByHand: answer(deferByHand, views.purchase),
  setPayment: answer(setPayment, views.purchase),
  changePrice: answer(changePrice, views.product),
  pauseByHand: answer(pauseByHand, views.purchase),
  resumeByHand: answer(resumeByHand, views.purchase),
  answerPriceByHand: answer(answerPriceByHand, views.purchase),
  readReplies,
  resetTrials: answer(resetTrials, nothing),
  listNotifications: answer(listNotifications, views.listOf(views.notification)),
  readNotification: answer(readNotification, views.notification),
  resendNotification: answer(resendNotification, views.notification),
  resendNotifications: answer(resendNotifications, same),
  sendTestNotification: answer(sendTestNotification, views.notification),
  readNotificationFaults: answer(readNotificationFaults, views.faults),
  setNotificationFaults: answer(setNotificationFaults, views.faults),
  listAudit: answer(listAudit, views.listOf(views.auditRow)),
  readMaintenance: answer(readMaintenance, same),
  setMaintenance: answer(setMaintenance, same),
  readStats: answer(readStats, watchViews.stats),
  listRequests: answer(listRequests, watchViews.requests),
  listenToEvents: answer(listenToEvents, same),
  readMetrics: answer(readMetrics, same),
  readHealth: answer(readHealth, same),
  readReadiness: answer(readReadiness, same),
};

function answer<I, T, R>(
  action: (host: Host, input: I) => Promise<T>,
  view: (result: T, host: Host) => R,
): (host: Host, input: I) => Promise<R> {
  return async (host, input) => view(await action(host, input), host);
}

function same<T>(result: T): T {
  return result;
}

function nothing(): undefined {
  return undefined;
}

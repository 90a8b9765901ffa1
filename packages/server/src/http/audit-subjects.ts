// What each write of the control API is about, for its row in the audit: one line for each of them.
import type { controlOperations } from '@till/protocol/control';
import type { AuditedWrite } from '../actions/control/audited.ts';

type Control = typeof controlOperations;

/** The operations that change something; one that is missing below does not compile. */
export type ControlWrite = {
  [K in keyof Control]: Control[K] extends { access: 'controlKey'; method: infer M }
    ? M extends 'GET'
      ? never
      : K
    : never;
}[keyof Control];

export const auditSubjects: Record<ControlWrite, AuditedWrite['about']> = {
  createWorld: { is: 'world', made: true },
  deleteWorld: { is: 'world' },
  resetWorld: { is: 'world' },
  changeClock: { is: 'world' },
  advanceClock: { is: 'world' },
  createApp: { is: 'app', made: true },
  changeApp: { is: 'app' },
  deleteApp: { is: 'app' },
  createClientSecret: { is: 'app' },
  setNotificationUrls: { is: 'app' },
  createAccessToken: { is: 'app' },
  expireAccessTokens: { is: 'app' },
  createLicenseKey: { is: 'app' },
  resendNotification: { is: 'notification' },
  resendNotifications: { is: 'app' },
  sendTestNotification: { is: 'notification', made: true },
  setNotificationFaults: { is: 'faults' },
  putProduct: { is: 'product' },
  deleteProduct: { is: 'product' },
  createPurchase: { is: 'purchase', made: true },
  voidPurchase: { is: 'purchase' },
  acknowledgePurchaseByHand: { is: 'purchase' },
  consumePurchaseByHand: { is: 'purchase' },
  cancelByHand: { is: 'purchase' },
  reactivateByHand: { is: 'purchase' },
  deferByHand: { is: 'purchase' },
  setPayment: { is: 'purchase' },
  changePrice: { is: 'product' },
  pauseByHand: { is: 'purchase' },
  resumeByHand: { is: 'purchase' },
  answerPriceByHand: { is: 'purchase' },
  resetTrials: { is: 'app' },
  setMaintenance: { is: 'maintenance' },
};

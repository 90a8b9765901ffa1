// setNotificationUrls: where an app's notifications go.
import { Refusal } from '@till/protocol/errors';
import type { App } from '../../domain/app.ts';
import type { Host } from '../../host/host.ts';
import { updateApp } from './change-app.ts';

/** Refusal: `InvalidRequest` for an address that nothing may be sent to. */
export async function setNotificationUrls(
  host: Host,
  input: { clientId: string; worldId?: string; payment?: string | null; subscription?: string | null },
): Promise<App> {
  for (const member of ['payment', 'subscription'] as const) {
    const broken = input[member] ? host.poster.refusalOf(input[member]) : undefined;
    if (broken !== undefined) {
      throw new Refusal('InvalidRequest', { fields: [member], detail: `${member} ${broken}` });
    }
  }
  return updateApp(host, input, (app) => ({
    ...app,
    paymentUrl: input.payment === undefined ? app.paymentUrl : input.payment,
    subscriptionUrl: input.subscription === undefined ? app.subscriptionUrl : input.subscription,
  }));
}

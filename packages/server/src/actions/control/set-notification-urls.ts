// setNotificationUrls: where an app's notifications go.
import type { App } from '../../domain/app.ts';
import type { Host } from '../../host/host.ts';
import { updateApp } from './change-app.ts';

export function setNotificationUrls(
  host: Host,
  input: { clientId: string; worldId?: string; payment?: string | null; subscription?: string | null },
): Promise<App> {
  return updateApp(host, input, (app) => ({
    ...app,
    paymentUrl: input.payment === undefined ? app.paymentUrl : input.payment,
    subscriptionUrl: input.subscription === undefined ? app.subscriptionUrl : input.subscription,
  }));
}

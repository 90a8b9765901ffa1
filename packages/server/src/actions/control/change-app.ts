// changeApp, and every other change of an app's own row.
import type { Generation, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { App, Switches } from '../../domain/app.ts';
import type { Host } from '../../host/host.ts';
import { saveApp } from '../../store/apps.ts';
import { Conflict, type Query } from '../../store/database.ts';
import { findCall } from '../call.ts';

export interface AppChange {
  title?: string;
  packageName?: string;
  market?: Market;
  generation?: Generation;
  notificationVersion?: App['notificationVersion'];
  blocked?: boolean;
  switches?: Switches;
}

/** What is given is changed, the rest stays; a package name that another app of the world has is `AlreadyExists`. */
export async function changeApp(
  host: Host,
  input: { clientId: string; worldId?: string } & AppChange,
): Promise<App> {
  const { clientId: _, worldId: __, switches, ...given } = input;
  try {
    return await updateApp(host, input, (app) => ({
      ...app,
      ...given,
      switches: { ...app.switches, ...switches },
    }));
  } catch (error) {
    if (error instanceof Conflict) throw new Refusal('AlreadyExists', { fields: ['packageName'] });
    throw error;
  }
}

/** Loads an app, changes it and saves it, with what else belongs into the same transaction. */
export async function updateApp(
  host: Host,
  named: { clientId: string; worldId?: string },
  change: (app: App) => App,
  also: (query: Query, app: App) => Promise<void> = async () => {},
): Promise<App> {
  const app = await host.database.transaction(async (query) => {
    const { app } = await findCall(host, query, named);
    const changed = change(app);
    await saveApp(query, changed);
    await also(query, changed);
    return changed;
  });
  host.known.forgetApp(app.appId);
  return app;
}

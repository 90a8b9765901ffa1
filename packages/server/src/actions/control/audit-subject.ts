// What a write of the control API is about, as it stands within the write's own transaction.
import type { App } from '../../domain/app.ts';
import type { Fault } from '../../domain/notification.ts';
import type { Product } from '../../domain/product.ts';
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { findApps } from '../../store/apps.ts';
import type { Query } from '../../store/database.ts';
import { listFaults } from '../../store/notification-faults.ts';
import { loadNotification } from '../../store/notifications.ts';
import { loadProduct } from '../../store/products.ts';
import { loadWorld } from '../../store/worlds.ts';
import { callOf } from '../call.ts';
import type { ShownNotification } from './list-notifications.ts';
import { type ShownPurchase, showNow } from './read-purchase.ts';
import { loadMaintenance, type Maintenance } from './set-maintenance.ts';

export type Thing =
  | { is: 'world'; world: World }
  | { is: 'app'; app: App }
  | { is: 'product'; product: Product }
  | { is: 'purchase'; shown: ShownPurchase }
  | { is: 'notification'; shown: ShownNotification }
  | { is: 'faults'; app: App; faults: Fault[] }
  | { is: 'maintenance'; maintenance: Maintenance };
export type SubjectKind = Thing['is'];

export interface Named {
  worldId?: string | undefined;
  clientId?: string | undefined;
  productId?: string | undefined;
  purchaseToken?: string | undefined;
  notificationId?: string | undefined;
}

export interface Subject {
  /** The app it belongs to; `''` where it belongs to none. */
  appId: string;
  named: Named;
  /** Undefined where it does not exist. */
  thing: Thing | undefined;
}

/** Undefined where even the app is unknown. Nothing is refused here: that is the action's own to do. */
export async function loadSubject(
  host: Host,
  query: Query,
  is: SubjectKind,
  named: Named,
): Promise<Subject | undefined> {
  switch (is) {
    case 'world':
      return worldSubject(await loadWorld(query, named.worldId ?? ''));
    case 'maintenance': {
      const maintenance = await loadMaintenance(query, named.worldId);
      const thing: Thing | undefined = maintenance && { is, maintenance };
      return { appId: '', named: { worldId: named.worldId }, thing };
    }
    default:
      return loadOfApp(host, query, is, named);
  }
}

function worldSubject(world: World | undefined): Subject | undefined {
  return world && { appId: '', named: { worldId: world.worldId }, thing: { is: 'world', world } };
}

async function loadOfApp(
  host: Host,
  query: Query,
  is: Exclude<SubjectKind, 'world' | 'maintenance'>,
  named: Named,
): Promise<Subject | undefined> {
  const [found, another] = await findApps(query, named.clientId ?? '', named.worldId);
  if (found === undefined || another !== undefined) return undefined;
  const { app } = found;
  const { appId, worldId, clientId } = app;
  const subject = { appId, named: { worldId, clientId } };
  if (is === 'app') return { ...subject, thing: { is, app } };
  if (is === 'faults') return { ...subject, thing: { is, app, faults: await listFaults(query, appId) } };
  if (is === 'product') {
    const product = await loadProduct(query, appId, named.productId ?? '');
    return { ...subject, thing: product && { is, product } };
  }
  if (is === 'notification') {
    const notification = await loadNotification(query, appId, named.notificationId ?? '');
    if (notification === undefined) return { ...subject, thing: undefined };
    const { purchaseToken } = notification;
    const thing: Thing = { is, shown: { app, notification } };
    return { ...subject, named: { ...subject.named, purchaseToken }, thing };
  }
  const shown = await showNow(query, callOf(host, found), named.purchaseToken ?? '');
  const { productId, purchaseToken } = shown?.purchase ?? {};
  const of = shown && { productId, purchaseToken };
  return { ...subject, named: { ...subject.named, ...of }, thing: shown && { is, shown } };
}

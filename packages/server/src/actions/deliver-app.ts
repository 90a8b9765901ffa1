// What an app has to send: found, put in order, and delivered purchase by purchase.
import { worldNow } from '../domain/clock.ts';
import type { Host } from '../host/host.ts';
import { listAppsOfWorld, loadApp } from '../store/apps.ts';
import {
  type DueNotification,
  listDueNotifications,
  nextDelivery,
  nextWaitingApp,
} from '../store/notifications.ts';
import { loadWorld } from '../store/worlds.ts';
import { type Call, callOf } from './call.ts';
import { deliverNotification } from './deliver-notification.ts';
import { sweep } from './settle-due.ts';

/** Messages that are looked at together. */
const pageSize = 100;
/** On the machine's clock: an app that was read longer ago is read again, for its address may be another. */
const appKnownForMs = 1_000;
/** Apps of one page of a world. */
const appsAtOnce = 100;

/** The messages of one purchase that are due, in their order. */
export interface Lane {
  call: Call;
  /** On the machine's clock. */
  foundAt: number;
  purchaseToken: string;
  messages: DueNotification[];
}

/** What an app has to send now, by purchase; nothing where other nodes send all of it. */
export async function findLanes(host: Host, appId: string): Promise<Lane[]> {
  const found = await loadApp(host.database, appId);
  if (found === undefined) return sweep(host, { appId });
  const call = callOf(host, found);
  const foundAt = host.clock();
  const due = await listDueNotifications(host.database, appId, call.now, pageSize);
  const lanes = new Map<string, Lane>();
  for (const message of due) {
    const { purchaseToken } = message;
    const lane = lanes.get(purchaseToken) ?? { call, foundAt, purchaseToken, messages: [] };
    lane.messages.push(message);
    lanes.set(purchaseToken, lane);
  }
  return [...lanes.values()].filter((lane) => sendable(lane, host.clock()).length > 0);
}

/** First attempts go in order: none overtakes one that another node is making. */
function sendable({ messages }: Lane, machineNow: number): DueNotification[] {
  const free: DueNotification[] = [];
  for (const message of messages) {
    if (message.leaseUntil <= machineNow) free.push(message);
    else if (message.tryCount === 0) break;
  }
  return free;
}

/** Sends them one after the other until one runs into a time limit, which it tells, or this node stops. */
export async function deliverLane(
  host: Host,
  lane: Lane,
  stopped: () => boolean,
): Promise<{ timedOut: boolean }> {
  let { call, foundAt } = lane;
  const queue = sendable(lane, host.clock());
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    if (stopped()) break;
    if (host.clock() - foundAt > appKnownForMs) {
      const found = await loadApp(host.database, call.app.appId);
      if (found === undefined) break;
      call = callOf(host, found);
      foundAt = host.clock();
    }
    const [next] = queue;
    const given = { next: next?.tryCount === 0 };
    let delivery = await deliverNotification(host, call, message, given);
    if (delivery === 'swapped' && next !== undefined) {
      queue.shift();
      const ahead = await deliverNotification(host, call, next, { next: false, spared: 'reorder' });
      if (ahead === 'taken') break;
      delivery = await deliverNotification(host, call, message, { next: false, spared: 'reorder' });
    }
    if (delivery === 'taken' && message.tryCount === 0) break;
    if (typeof delivery === 'object' && delivery.timedOut) return { timedOut: true };
  }
  return { timedOut: false };
}

/** The next app behind `afterAppId` that has something waiting, and whether it is due. */
export async function findWaitingApp(
  host: Host,
  afterAppId: string,
): Promise<{ appId: string; due: boolean } | undefined> {
  const waiting = await nextWaitingApp(host.database, afterAppId);
  if (waiting === undefined) return undefined;
  const { appId, dueAt } = waiting;
  const found = await loadApp(host.database, appId);
  // what is left of a deleted app is found, and swept
  const due = found === undefined || dueAt <= worldNow(found.clock, host.clock());
  return { appId, due };
}

/** The apps of a world that have to send something by `end`, or by now where somebody has set its clock back. */
export async function findAppsToDrain(host: Host, worldId: string, end: number): Promise<string[]> {
  const world = await loadWorld(host.database, worldId);
  if (world === undefined) return [];
  const until = Math.min(end, worldNow(world.clock, host.clock()));
  const appIds: string[] = [];
  for (let after = ''; ; ) {
    const apps = await listAppsOfWorld(host.database, worldId, after, appsAtOnce);
    for (const { appId, clientId } of apps) {
      after = clientId;
      const dueAt = await nextDelivery(host.database, appId);
      if (dueAt !== undefined && dueAt <= until) appIds.push(appId);
    }
    if (apps.length < appsAtOnce) return appIds;
  }
}

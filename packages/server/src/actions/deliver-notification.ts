// Delivers a message of the outbox: leased, signed, sent, and marked with what became of it.
import { signingPair } from '../domain/app.ts';
import { carriedOutAt, worldNow } from '../domain/clock.ts';
import {
  type Attempt,
  altered,
  attempted,
  type Fault,
  fits,
  givenUp,
  type Notification,
  putOff,
  sentText,
  truncated,
} from '../domain/notification.ts';
import { deliveries } from '../domain/policy.ts';
import { addSpan, parseSpan } from '../domain/span.ts';
import type { Host, Posted } from '../host/host.ts';
import { listFaults, useFault } from '../store/notification-faults.ts';
import {
  type DueNotification,
  leaseNotification,
  loadNotification,
  saveNotification,
} from '../store/notifications.ts';
import type { Call } from './call.ts';

/** `taken`: another node has it. `swapped`: the laboratory wants the one behind it to go first. */
export type Delivery = 'taken' | 'swapped' | { timedOut: boolean };

interface Sending {
  host: Host;
  call: Call;
  message: Notification;
  /** The instant of the attempt, on the world's clock. */
  at: number;
  fault: Fault | undefined;
}

/**
 * Makes one attempt. `given.next`: another first attempt of the same purchase waits behind it; `given.spared`: what the
 * laboratory has done to its order already, so that nothing more is done.
 */
export async function deliverNotification(
  host: Host,
  call: Call,
  due: DueNotification,
  given: { next: boolean; spared?: 'reorder' },
): Promise<Delivery> {
  const message = await lease(host, call, due);
  if (message === undefined) return 'taken';
  const at = carriedOutAt(call.clock, due.nextAttemptAt, worldNow(call.clock, host.clock()));
  const fault = given.spared === undefined ? await takeFault(host, call, message) : undefined;
  const sending = { host, call, message, at, fault };
  if (fault?.fault === 'reorder' && given.next) {
    await release(sending, due.nextAttemptAt);
    return 'swapped';
  }
  if (fault?.fault === 'delay' || fault?.fault === 'reorder') {
    await release(sending, delayed(at, fault));
    return { timedOut: false };
  }
  return attempt(sending, given.spared);
}

function lease(host: Host, { app }: Call, due: DueNotification): Promise<Notification | undefined> {
  const { notificationId, nextAttemptAt: dueAt } = due;
  const now = host.clock();
  return host.database.transaction((query) =>
    leaseNotification(
      query,
      { appId: app.appId, notificationId, dueAt },
      { now, until: now + deliveries.leaseMs },
    ),
  );
}

async function attempt(sending: Sending, spared: 'reorder' | undefined): Promise<Delivery> {
  const { host, call, message, at, fault } = sending;
  const url = message.kind === 'payment' ? call.app.paymentUrl : call.app.subscriptionUrl;
  if (url === null) {
    await mark(sending, (stored) => givenUp(stored, host.clock()));
    return { timedOut: false };
  }
  const done = fault?.fault ?? spared;
  const log = (posted: Posted): Attempt => ({
    at,
    ...posted,
    ...(done === undefined ? {} : { fault: done }),
  });
  if (done === 'drop') {
    const lost = log({ result: 'blocked', durationMs: 0 });
    await mark(sending, (stored) => givenUp({ ...stored, url }, host.clock(), lost));
    return { timedOut: false };
  }
  const signed = await sign(sending);
  const text = await textOf({ ...sending, message: { ...message, ...signed } });
  const post = { url, id: message.notificationId, body: text };
  const posted = await host.poster.post(post);
  // twice within the lease: an answer that did not come is not waited for again
  if (done === 'duplicate' && posted.result !== 'timeout') await host.poster.post(post);
  host.watch.tally.notified(message.kind, posted.result);
  const saved = await mark(sending, (stored) =>
    attempted({ ...stored, ...signed, url }, log(posted), host.clock()),
  );
  if (saved?.status === 'dead') tellDead(sending, saved);
  return { timedOut: posted.result === 'timeout' };
}

/** Once for a message, unless the key has changed meanwhile; subscription notifications have no signature (9.6). */
async function sign({ host, call, message }: Sending): Promise<Pick<Notification, 'signature' | 'signedBy'>> {
  const { signature, signedBy, kind, body } = message;
  const { signingKey, keyNumber } = signingPair(call.app, host.clock());
  if (kind === 'subscription' || (signature !== null && signedBy === keyNumber))
    return { signature, signedBy };
  return { signature: await host.keys.sign(signingKey, body), signedBy: keyNumber };
}

/** What goes over the wire: the message, or what the laboratory makes of it. */
async function textOf({ host, call, message, fault }: Sending): Promise<string> {
  const { body, purchaseToken } = message;
  switch (fault?.fault) {
    case 'wrongSignature': {
      const { signingKey } = signingPair(call.app, host.clock());
      return sentText({ body, signature: await host.keys.sign(signingKey, altered(body, purchaseToken)) });
    }
    case 'alteredBody':
      return altered(sentText(message), purchaseToken);
    case 'truncatedBody':
      return truncated(sentText(message));
    default:
      return sentText(message);
  }
}

/** The first fault that fits the message, counted as used; nothing in commercial. */
async function takeFault(host: Host, { app }: Call, message: Notification): Promise<Fault | undefined> {
  if (!app.faulty || host.environment === 'commercial') return undefined;
  for (const fault of await listFaults(host.database, app.appId)) {
    if (!fits(fault, message)) continue;
    if (await host.database.transaction((query) => useFault(query, app.appId, fault))) return fault;
  }
  return undefined;
}

function delayed(at: number, { delay }: Fault): number {
  const span = parseSpan(delay ?? deliveries.standardDelay);
  if (span === undefined) throw new Error('a stored delay that is no span');
  return addSpan(at, span, 'MKT_ONE');
}

async function release(sending: Sending, until: number): Promise<void> {
  await mark(sending, (stored) => putOff(stored, until));
}

/** Undefined where the message is gone with its app. */
async function mark(
  { host, message }: Sending,
  change: (stored: Notification) => Notification,
): Promise<Notification | undefined> {
  const { appId, notificationId } = message;
  let leased: Notification | undefined = message; // read again only where somebody else has changed it meanwhile
  return host.database.transaction(async (query) => {
    const stored = leased ?? (await loadNotification(query, appId, notificationId));
    leased = undefined;
    if (stored === undefined) return undefined;
    const changed = change(stored);
    await saveNotification(query, changed);
    return changed;
  });
}

/** The log holds no tokens, and a message is named by one: its cause’s instant finds it in the list. */
function tellDead({ host, call }: Sending, { kind, createdAt, tryCount, attempts }: Notification): void {
  host.watch.tally.deadNotifications += 1;
  const { clientId } = call.app;
  const result = attempts.at(-1)?.result;
  host.log.warn(
    { clientId, kind, createdAt, attempts: tryCount, result },
    'a notification was not received and is given up',
  );
}

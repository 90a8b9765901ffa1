// readNotificationFaults and setNotificationFaults: what the laboratory does to an app's messages on purpose.
import { Refusal } from '@till/protocol/errors';
import type { NotificationFault, NotificationKind } from '@till/protocol/notifications';
import type { Fault } from '../../domain/notification.ts';
import { parseSpan } from '../../domain/span.ts';
import type { Host } from '../../host/host.ts';
import { listFaults, replaceFaults } from '../../store/notification-faults.ts';
import { findCall } from '../call.ts';
import { updateApp } from './change-app.ts';

export interface FaultInput {
  kind: NotificationKind | 'any';
  fault: NotificationFault;
  times?: number;
  delay?: string;
}

const mostFaults = 100;

export async function readNotificationFaults(
  host: Host,
  input: { clientId: string; worldId?: string },
): Promise<Fault[]> {
  const { app } = await findCall(host, host.database, input);
  return listFaults(host.database, app.appId);
}

/** Refusal: `InvalidRequest` names what makes no sense: too many, a delay of what does not wait. */
export async function setNotificationFaults(
  host: Host,
  input: { clientId: string; worldId?: string; items: readonly FaultInput[] },
): Promise<Fault[]> {
  const { items } = input;
  if (items.length > mostFaults) throw refusal('items', `there are more than ${mostFaults}`);
  const faults = items.map(toFault);
  await updateApp(
    host,
    input,
    (app) => ({ ...app, faulty: faults.length > 0 }),
    (query, { appId }) => replaceFaults(query, appId, faults),
  );
  return faults;
}

function toFault({ kind, fault, times, delay }: FaultInput, number: number): Fault {
  const waits = fault === 'delay' || fault === 'reorder';
  if (delay !== undefined && !waits) throw refusal(`items.${number}.delay`, `${fault} does not wait`);
  if (delay !== undefined && !isLong(delay)) throw refusal(`items.${number}.delay`, 'no span to wait');
  if (fault === 'wrongSignature' && kind === 'subscription') {
    throw refusal(`items.${number}.fault`, 'subscription notifications have no signature');
  }
  return { number, kind, fault, timesLeft: times ?? null, delay: delay ?? null };
}

/** Put off by nothing, a message would be due again at once, for ever where the clock stands. */
function isLong(delay: string): boolean {
  const span = parseSpan(delay);
  return span !== undefined && span.months + span.ms > 0;
}

function refusal(field: string, detail: string): Refusal {
  return new Refusal('InvalidRequest', { fields: [field], detail });
}

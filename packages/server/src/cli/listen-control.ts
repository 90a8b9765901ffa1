// What `till listen` asks of the control API: who the app is, and where its notifications go.

export interface Server {
  /** Up to and without `/control/v1`. */
  controlUrl: string;
  controlKey: string;
}

/** An app of one server; without a world the one that `clientId` names alone. */
export interface ListenedApp extends Server {
  clientId: string;
  worldId: string | undefined;
}

export interface Addresses {
  payment: string | null;
  subscription: string | null;
}

export interface AppReply {
  licenseKey: string;
  nextLicenseKey?: { licenseKey: string };
  notificationUrls: Addresses;
}

const answerWithinMs = 10_000;

export function readApp(app: ListenedApp): Promise<AppReply> {
  return ask(app, 'GET', '');
}

/** Where a member is absent, its address stays. */
export async function setAddresses(app: ListenedApp, addresses: Partial<Addresses>): Promise<void> {
  await ask(app, 'PUT', '/notification-urls', addresses);
}

/** Puts `former` back where `ours` still stands; what somebody has set meanwhile is theirs. */
export async function restoreAddresses(app: ListenedApp, ours: string, former: Addresses): Promise<void> {
  const { notificationUrls: present } = await readApp(app);
  const back: Partial<Addresses> = {};
  if (present.payment === ours) back.payment = former.payment;
  if (present.subscription === ours) back.subscription = former.subscription;
  if (Object.keys(back).length > 0) await setAddresses(app, back);
}

/** An answer that says no, and would say so again. */
export class ControlRefusal extends Error {
  override name = 'ControlRefusal';
}

async function ask(app: ListenedApp, method: string, path: string, body?: object): Promise<AppReply> {
  const { controlUrl, controlKey, clientId, worldId } = app;
  const world = worldId === undefined ? '' : `?worldId=${encodeURIComponent(worldId)}`;
  const url = `${controlUrl}/control/v1/apps/${encodeURIComponent(clientId)}${path}${world}`;
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${controlKey}`, 'content-type': 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(answerWithinMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: Error) => {
    throw new Error(`no control API answers at ${controlUrl}${reasonOf(error)}; --control-url names another`);
  });
  const reply = await answer.json().catch(() => undefined);
  if (answer.status !== 200) throw refusalOf(app, answer.status, reply);
  if (typeof reply !== 'object' || reply === null || !('notificationUrls' in reply)) {
    throw new ControlRefusal(`what answers at ${controlUrl} is no control API of Till`);
  }
  return reply as AppReply;
}

function reasonOf({ cause, name }: Error): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code !== undefined) return ` (${code})`;
  return name === 'TimeoutError' ? ' in time' : '';
}

function refusalOf(app: ListenedApp, status: number, reply: unknown): Error {
  const { controlUrl, clientId, worldId } = app;
  const { error } = (reply ?? {}) as { error?: { code?: string; message?: string } };
  if (status === 401 || status === 403) {
    return new ControlRefusal(`${controlUrl} does not take this control key; set TILL_CONTROL_KEY`);
  }
  if (error?.code === 'NoSuchData') {
    const where = worldId === undefined ? '; an app of another world needs --world' : ` in world ${worldId}`;
    return new ControlRefusal(`there is no app ${clientId}${where}`);
  }
  const told = error?.message ?? error?.code ?? 'without a reason';
  const message = `${controlUrl} answers ${status}: ${told}`;
  // a Till that restarts, or a server in front of one, is only away
  return status >= 500 || status === 429 ? new Error(message) : new ControlRefusal(message);
}

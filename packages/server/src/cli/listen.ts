// `till listen`: receives an app's notifications here, shows each of them verified, and hands them on if told to.
import { constants } from 'node:os';
import { type CommandLine, SettingError, type Settings } from '../settings.ts';
import type { Command } from './command.ts';
import {
  type Addresses,
  type AppReply,
  type ListenedApp,
  readApp,
  restoreAddresses,
} from './listen-control.ts';
import { startKeeper } from './listen-keeper.ts';
import { lineOf, type Verdict, verdictOn } from './listen-line.ts';
import { type Arrived, isListening, startReceiver } from './listen-receiver.ts';

/** A stop waits so long for the former addresses; after that the keeper is alone with them. */
const restoreWithinMs = 5_000;
/** Keys that changed are asked for again, at most so often. */
const freshKeysMs = 5_000;
const mostRemembered = 10_000;

export const listen: Command = {
  takes: '--app CLIENT_ID [--forward URL]',
  about: 'shows the notifications of an app as they come, verified',
  help: [
    'Sets an address of this machine as the app’s address for payment and subscription notifications, and prints a',
    'line for each that comes. For a running Till, by its control API: no database is opened.',
    '',
    '  --app CLIENT_ID              whose notifications',
    '  --forward URL                hands each on as it came, and answers what was answered there; 502 where nothing was',
    '  --world ID                   the world of the app, where it is not the default one',
    '  --control-url URL            the control API; without it that of the settings, on this machine',
    '  --receive-on ADDRESS         own address to listen on, which the server must reach (127.0.0.1)',
    '  --receive-port NUMBER        port to listen on; without it a free one',
    '',
    'The key of the control API is TILL_CONTROL_KEY, or `till`. When this ends, however it ends, the former addresses are',
    'put back where they are still the ones set here. For that a small process of its own, the keeper, waits until its',
    'standard input closes; it also does so when this one is killed, and asks a server that is away for a minute.',
  ],
  own: {
    flags: {
      app: 'text',
      forward: 'text',
      world: 'text',
      'control-url': 'text',
      'receive-on': 'text',
      'receive-port': 'text',
    },
    wordCount: 0,
  },
  endsItself: true,
  run: async (read, say) => {
    const ended = untilEnded();
    const { app, address, port, forward } = wishesOf(read());
    const keys = await readApp(app);
    const seen = keys.notificationUrls;
    const former = await formerOf(app, seen);
    const receiver = await startReceiver({ address, port, forward }, showing(app, keys, say));
    const ours = receiver.url;
    try {
      const keeper = await startKeeper({ app, ours, former, seen });
      say(`Notifications of ${app.clientId} come to ${ours} until this ends (Ctrl-C).`);
      const lost = keeper.lost.then((why) => ({ code: 1, why }));
      const { code, why } = await Promise.race([ended, lost]);
      if (why !== undefined) await restoreAddresses(app, ours, former); // nobody else will
      const failure = why ?? (await keeper.giveBack(restoreWithinMs));
      if (failure === undefined) return code;
      throw new Error(failure);
    } finally {
      receiver.close();
    }
  },
};

interface Wishes {
  app: ListenedApp;
  address: string;
  port: number;
  forward: URL | undefined;
}

function wishesOf({ settings, flags }: CommandLine): Wishes {
  const text = (name: string) => flags[name] as string | undefined;
  const clientId = text('app');
  if (!clientId) throw new Error('--app is missing. --help tells what it takes.');
  const address = text('receive-on') ?? '127.0.0.1';
  if (['', '0.0.0.0', '::'].includes(address)) {
    throw new SettingError('--receive-on must be one address of this machine, which the server can reach.');
  }
  const forward = text('forward');
  return {
    app: {
      controlUrl: controlUrlOf(settings, text('control-url')),
      controlKey: settings.controlKey,
      clientId,
      worldId: text('world'),
    },
    ...{ address, port: portOf(text('receive-port') ?? '0') },
    forward: forward === undefined ? undefined : urlOf('--forward', forward),
  };
}

/** Without a word of it: where a Till with the same settings has it on this machine. */
function controlUrlOf(settings: Settings, given: string | undefined): string {
  if (given !== undefined) {
    return urlOf('--control-url', given)
      .href.replace(/\/+$/, '')
      .replace(/\/control\/v1$/, '');
  }
  const commercial = settings.environment === 'commercial';
  const host = commercial ? settings.controlHost : settings.host;
  const port = commercial ? settings.controlPort : settings.port;
  if (port === 0) throw new Error('the settings name no port; --control-url names the control API');
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}

function urlOf(flag: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SettingError(`${flag} must be an http or https address.`);
  }
  // neither would be sent, and a failure would print them
  if (url.username !== '' || url.password !== '') {
    throw new SettingError(`${flag} must have no user and no password in it.`);
  }
  return url;
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new SettingError('--receive-port must be a number from 0 to 65535.');
}

/** Two at once would put each other's addresses back; one whose machine stopped has left an address without a former one. */
async function formerOf({ clientId }: ListenedApp, addresses: Addresses): Promise<Addresses> {
  const former = { ...addresses };
  for (const kind of ['payment', 'subscription'] as const) {
    const standing = await isListening(addresses[kind]);
    if (standing === 'yes') throw new Error(`another till listen receives for ${clientId}; end it first`);
    if (standing === 'left behind') former[kind] = null;
  }
  return former;
}

/** Shows a message; where no key fits, the keys may have changed since they were read. */
function showing(
  app: ListenedApp,
  found: AppReply,
  say: (line: string) => void,
): (arrived: Arrived) => Promise<void> {
  const colours = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const seen = new Set<string>();
  let keys = found;
  let readAt = Number.NEGATIVE_INFINITY; // the first message that no key fits is worth a question in any case
  const judge = async (body: string): Promise<Verdict> => {
    const verdict = verdictOn(body, keys);
    if (verdict !== 'unfit' || Date.now() - readAt < freshKeysMs) return verdict;
    const fresh = await readApp(app).catch(() => undefined);
    if (fresh === undefined) return verdict;
    keys = fresh;
    readAt = Date.now();
    return verdictOn(body, fresh);
  };
  return async (arrived) => {
    const { webhookId, body } = arrived;
    const verdict = await judge(body);
    const again = webhookId !== undefined && seen.has(webhookId);
    if (seen.size >= mostRemembered) seen.clear();
    if (webhookId !== undefined) seen.add(webhookId);
    say(lineOf(arrived, { at: new Date(), verdict, again, colours }));
  };
}

/** Resolves with the exit code when somebody wants it to end: a signal, or nobody reads what it prints. A second signal does not wait. */
function untilEnded(): Promise<{ code: number; why?: undefined }> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const code = 128 + constants.signals[signal];
      process.once(signal, () => {
        process.once(signal, () => process.exit(code));
        resolve({ code });
      });
    }
    process.stdout.on('error', () => resolve({ code: 1 }));
  });
}

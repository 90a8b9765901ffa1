// A server that leaves nothing behind, for tests: its settings, and the line that says where it is.
import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { knownControlKey, readCommandLine, SettingError, type Settings } from './settings.ts';

/**
 * In memory, on a free port, silent, with a control key of its own. Only a flag says otherwise about port and log: variables and `.env` are
 * those of the server that somebody runs in the same folder for good. Throws a `SettingError` where a flag contradicts.
 */
export function ephemeralSettings(
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
  envFile = '',
): Settings {
  const own = { flags: { ephemeral: 'switch' }, wordCount: 0 } as const;
  const { settings, flags } = readCommandLine(args, env, envFile, own);
  if (flags['database-url'] !== undefined) {
    throw new SettingError('--ephemeral keeps its data in memory: leave --database-url out.');
  }
  if (settings.environment === 'commercial') throw new SettingError('--ephemeral is for the sandbox.');
  return {
    ...settings,
    databaseUrl: 'sqlite::memory:',
    port: flags.port === undefined ? 0 : settings.port,
    logLevel: flags['log-level'] === undefined ? 'silent' : settings.logLevel,
    controlKey: settings.controlKey === knownControlKey ? drawKey() : settings.controlKey,
  };
}

function drawKey(): string {
  return randomBytes(32).toString('base64url');
}

/** One line of JSON: where the two APIs are, and the key of the second. */
export function readyLine(
  { url, controlUrl }: { url: string; controlUrl: string },
  { controlKey }: Settings,
): string {
  return JSON.stringify({ baseUrl: url, controlUrl: `${controlUrl}/control/v1`, controlKey });
}

/**
 * Calls `end` when the program at the other end of standard input is gone or closes it, where it is a pipe: so no server outlives the tests
 * that started it, however they ended. A terminal, a file and nothing at all say nothing about that.
 */
export function onClosedInput(end: () => void): void {
  if (!isPipe(0)) return;
  process.stdin
    .once('close', () => end())
    .once('error', () => end())
    .resume();
}

function isPipe(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false; // it was closed before the start
  }
}

// What the program is told from outside: environment variables, flags and a .env file.
import { parseArgs, parseEnv } from 'node:util';
import type { Environment } from '@till/protocol/codes';

/** The key of the control API that everybody knows; only for a sandbox on a loopback address. */
export const knownControlKey = 'till';
const shortestControlKey = 32;

export interface Settings {
  port: number;
  host: string;
  databaseUrl: string;
  environment: Environment;
  controlKey: string;
  /** In commercial the control API has a port of its own. */
  controlPort: number;
  controlHost: string;
  logLevel: string;
  tokenReuse: boolean;
  strictContentType: boolean;
  unconfirmedGlobal: boolean;
  /** 32 bytes that seal the signing keys of apps before they are stored. */
  masterKey: Uint8Array | undefined;
}

/** A setting that stops the start: one line that names it, the rule, and never a secret. */
export class SettingError extends Error {
  override name = 'SettingError';
}

interface Setting<T> {
  readonly flag: string;
  readonly env: string;
  readonly value: string;
  readonly byDefault: string;
  readonly about: string;
  readonly read: (text: string, name: string) => T;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const onOff = ['on', 'off'];

/** One row for each setting: its flag and variable, its default, what it does, how its text is read. */
const rows = {
  port: row('port', 'NUMBER', '7575', 'port to listen on; 0 takes a free one', readPort),
  host: row('host', 'ADDRESS', '127.0.0.1', 'address to listen on', readText),
  databaseUrl: row(
    'database-url',
    'URL',
    'sqlite:.till/till.db',
    'sqlite:FILE, sqlite::memory: or postgres://…',
    readText,
  ),
  environment: row('environment', 'NAME', 'sandbox', 'sandbox or commercial', readEnvironment),
  controlKey: row(
    'control-key',
    'KEY',
    '',
    'key of the control API; `till` in a sandbox on loopback',
    readRaw,
  ),
  controlPort: row('control-port', 'NUMBER', '7576', 'port of the control API in commercial', readPort),
  controlHost: row(
    'control-host',
    'ADDRESS',
    '127.0.0.1',
    'address of the control API in commercial',
    readText,
  ),
  logLevel: row('log-level', 'LEVEL', 'info', logLevels.join(', '), oneOf(logLevels)),
  tokenReuse: row('token-reuse', 'on|off', 'on', 'hand a running access token out again', readSwitch),
  strictContentType: row(
    'strict-content-type',
    'on|off',
    'off',
    'demand a content type on calls without a body too',
    readSwitch,
  ),
  unconfirmedGlobal: row(
    'unconfirmed-global',
    'on|off',
    'off',
    'list unconfirmed purchases of MKT_GLB too',
    readSwitch,
  ),
  masterKey: row('master-key', 'BASE64', '', '32 bytes that seal stored signing keys', readMasterKey),
} as const;

function row<T>(
  flag: string,
  value: string,
  byDefault: string,
  about: string,
  read: (text: string, name: string) => T,
): Setting<T> {
  const env = `TILL_${flag.toUpperCase().replaceAll('-', '_')}`;
  return { flag, env, value, byDefault, about, read };
}

const all: readonly Setting<unknown>[] = Object.values(rows);

/**
 * Reads the settings; a flag wins over a variable, a variable over the `.env` file, that over the default.
 * Throws a `SettingError` for an unknown flag, an unknown `TILL_` variable and a value that does not fit.
 */
export function readSettings(
  args: readonly string[],
  env: Record<string, string | undefined>,
  envFile = '',
): Settings {
  const flags = readFlags(args);
  const variables = { ...parseEnv(envFile), ...env };
  refuseUnknown(variables);
  const texts = (setting: Setting<unknown>) =>
    flags[setting.flag] ?? variables[setting.env] ?? setting.byDefault;
  const read = <T>(setting: Setting<T>): T => setting.read(texts(setting), setting.env);
  const settings: Settings = {
    port: read(rows.port),
    host: read(rows.host),
    databaseUrl: read(rows.databaseUrl),
    environment: read(rows.environment),
    controlKey: read(rows.controlKey),
    controlPort: read(rows.controlPort),
    controlHost: read(rows.controlHost),
    logLevel: read(rows.logLevel),
    tokenReuse: read(rows.tokenReuse),
    strictContentType: read(rows.strictContentType),
    unconfirmedGlobal: read(rows.unconfirmedGlobal),
    masterKey: read(rows.masterKey),
  };
  return checkTogether(settings);
}

/** The text of `--help`. */
export function settingsHelp(): string {
  const lines = all.map(({ flag, env, value, byDefault, about }) => {
    const left = `  --${flag} ${value}`.padEnd(30);
    return `${left} ${env.padEnd(26)} ${about}${byDefault === '' ? '' : ` (${byDefault})`}`;
  });
  return [
    'Till: a purchase server that speaks the ONE store Server API.',
    '',
    'Usage: till [flags]          npm start -- [flags]',
    '',
    'Each setting is a flag, an environment variable, or a line of a .env file:',
    '',
    ...lines,
    '',
    '  --help                       this text',
    '  --version                    the version',
  ].join('\n');
}

function readFlags(args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(all.map(({ flag }) => [flag, { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    return values as Record<string, string | undefined>;
  } catch (error) {
    throw new SettingError(`${flagFailure(error as NodeJS.ErrnoException)} --help lists the settings.`);
  }
}

/** A stray word is not repeated: it may be the rest of a key that was not quoted. */
function flagFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return 'A word stands outside of the flags.';
  return `${message.split(/\.\s/)[0]}.`;
}

function refuseUnknown(env: Record<string, string | undefined>): void {
  const known = new Set(all.map((setting) => setting.env));
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('TILL_') && !name.startsWith('TILL_TEST_') && !known.has(name),
  );
  if (unknown.length > 0) {
    throw new SettingError(`Unknown setting ${unknown.join(', ')}. --help lists the settings.`);
  }
}

/** What one setting asks of another: who listens beyond this machine needs a key that nobody knows. */
function checkTogether(settings: Settings): Settings {
  const { environment, host, controlHost, controlKey } = settings;
  const commercial = environment === 'commercial';
  const open = !isLoopback(commercial ? controlHost : host);
  if (!commercial && !open) return { ...settings, controlKey: controlKey || knownControlKey };
  if (controlKey.length < shortestControlKey) {
    const why = commercial ? 'in the commercial environment' : 'when it listens beyond loopback';
    throw new SettingError(`TILL_CONTROL_KEY must have at least ${shortestControlKey} characters ${why}.`);
  }
  if (commercial && settings.masterKey === undefined) {
    throw new SettingError('TILL_MASTER_KEY must be set in the commercial environment (32 bytes, base64).');
  }
  return settings;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readText(text: string, name: string): string {
  if (text === '') throw new SettingError(`${name} must not be empty.`);
  return text;
}

function readRaw(text: string): string {
  return text;
}

function readPort(text: string, name: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new SettingError(`${name} must be a number from 0 to 65535.`);
  }
  return port;
}

function readEnvironment(text: string, name: string): Environment {
  return oneOf(['sandbox', 'commercial'])(text, name) as Environment;
}

function readSwitch(text: string, name: string): boolean {
  return oneOf(onOff)(text, name) === 'on';
}

function readMasterKey(text: string, name: string): Uint8Array | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) throw new SettingError(`${name} must be 32 bytes in base64.`);
  return bytes;
}

function oneOf(allowed: readonly string[]): (text: string, name: string) => string {
  return (text, name) => {
    if (!allowed.includes(text)) throw new SettingError(`${name} must be one of ${allowed.join(', ')}.`);
    return text;
  };
}

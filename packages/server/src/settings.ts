// What the program is told from outside: environment variables, flags and a .env file.
import { parseArgs, parseEnv } from 'node:util';
import { type Environment, type ScheduledCancelTime, scheduledCancelTimes } from '@till/protocol/codes';
import { type EnvironmentKey, environmentKeys } from '@till/protocol/notifications';
import { isRange } from './host/target-rules.ts';

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
  scheduledCancelTime: ScheduledCancelTime;
  snsEnvironmentKey: EnvironmentKey;
  /** Notifications may go to plain http addresses in commercial too. */
  notificationHttp: boolean;
  /** Ranges of addresses that notifications may go to although they are not on the internet. */
  notificationRanges: readonly string[];
  /** Who takes the money in commercial; without it nothing that costs money can be sold. */
  gatewayUrl: string;
  gatewaySecret: string;
  /** 32 bytes that seal the signing keys of apps before they are stored. */
  masterKey: Uint8Array | undefined;
  /** The master key to come: seals from now on, while `masterKey` goes on opening. */
  newMasterKey: Uint8Array | undefined;
  /** A master key of old, which only opens. */
  formerMasterKey: Uint8Array | undefined;
}

/** A setting that stops the start: one line that names it, the rule, and never a secret. */
export class SettingError extends Error {
  override name = 'SettingError';
}

interface Setting<T> {
  /** Undefined where the value must not stand in a list of processes. */
  readonly flag: string | undefined;
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
  scheduledCancelTime: row(
    'scheduled-cancel-time',
    'expiry|request',
    'expiry',
    'what a scheduled cancellation shows as its time',
    (text, name) => oneOf(scheduledCancelTimes)(text, name) as ScheduledCancelTime,
  ),
  snsEnvironmentKey: row(
    'sns-environment-key',
    environmentKeys.join('|'),
    'environment',
    'how subscription notifications spell environment',
    (text, name) => oneOf(environmentKeys)(text, name) as EnvironmentKey,
  ),
  notificationHttp: row(
    'notification-http',
    'on|off',
    'off',
    'send notifications by plain http in commercial too',
    readSwitch,
  ),
  notificationRanges: row(
    'notification-ranges',
    'RANGES',
    '',
    'private ranges they may go to in commercial (10.1.0.0/16,…)',
    readRanges,
  ),
  gatewayUrl: row('gateway-url', 'URL', '', 'payment gateway of the commercial environment', readGatewayUrl),
  gatewaySecret: withoutFlag(
    row('gateway-secret', 'SECRET', '', 'signs what the payment gateway is asked', readRaw),
  ),
  masterKey: row('master-key', 'BASE64', '', '32 bytes that seal stored signing keys', readMasterKey),
  newMasterKey: withoutFlag(
    row('new-master-key', 'BASE64', '', 'the master key to come: it seals, both open', readMasterKey),
  ),
  formerMasterKey: withoutFlag(
    row('former-master-key', 'BASE64', '', 'a master key of old, which only opens', readMasterKey),
  ),
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

function withoutFlag<T>(setting: Setting<T>): Setting<T> {
  return { ...setting, flag: undefined };
}

export const settingRows: readonly Setting<unknown>[] = Object.values(rows);

/** What a command takes beside the settings: its own flags, by name, and how many words. */
export interface OwnArguments {
  flags: Record<string, 'text' | 'switch'>;
  wordCount: number;
}

export interface CommandLine {
  settings: Settings;
  words: readonly string[];
  flags: Record<string, string | boolean | undefined>;
}

/**
 * Reads the settings; a flag wins over a variable, a variable over the `.env` file, that over the default.
 * Throws a `SettingError` for an unknown flag, an unknown `TILL_` variable and a value that does not fit.
 */
export function readSettings(
  args: readonly string[],
  env: Record<string, string | undefined>,
  envFile = '',
): Settings {
  return readCommandLine(args, env, envFile, { flags: {}, wordCount: 0 }).settings;
}

/** The settings, and what the command takes beside them; throws as `readSettings` does. */
export function readCommandLine(
  args: readonly string[],
  env: Record<string, string | undefined>,
  envFile: string,
  own: OwnArguments,
): CommandLine {
  const { words, flags } = readArguments(args, own);
  const variables = { ...parseEnv(envFile), ...env };
  refuseUnknown(variables);
  const texts = (setting: Setting<unknown>) => {
    const flag = setting.flag === undefined ? undefined : flags[setting.flag];
    return (flag as string | undefined) ?? variables[setting.env] ?? setting.byDefault;
  };
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
    scheduledCancelTime: read(rows.scheduledCancelTime),
    snsEnvironmentKey: read(rows.snsEnvironmentKey),
    notificationHttp: read(rows.notificationHttp),
    notificationRanges: read(rows.notificationRanges),
    gatewayUrl: read(rows.gatewayUrl),
    gatewaySecret: read(rows.gatewaySecret),
    masterKey: read(rows.masterKey),
    newMasterKey: read(rows.newMasterKey),
    formerMasterKey: read(rows.formerMasterKey),
  };
  return { settings: checkTogether(settings), words, flags };
}

/** The text of `--help`; `commands` are its lines on the commands. */
export function settingsHelp(commands: readonly string[] = []): string {
  const lines = settingRows.map(({ flag, env, value, byDefault, about }) => {
    const left = (flag === undefined ? '  (variable only)' : `  --${flag} ${value}`).padEnd(30);
    return `${left} ${env.padEnd(26)} ${about}${byDefault === '' ? '' : ` (${byDefault})`}`;
  });
  return [
    'Till: a purchase server that speaks the ONE store Server API.',
    '',
    'Usage: till [flags]              npm start -- [flags]',
    '       till COMMAND [flags]      npm run till -- COMMAND [flags]',
    '',
    ...commands,
    '',
    'Each setting is a flag, an environment variable, or a line of a .env file:',
    '',
    ...lines,
    '',
    '  --ephemeral                  for tests: in memory, on a free port; prints one line of JSON, ends with standard input',
    '  --help                       this text',
    '  --version                    the version',
  ].join('\n');
}

function readArguments(args: readonly string[], own: OwnArguments): Omit<CommandLine, 'settings'> {
  const ofSettings = settingRows.flatMap(({ flag }) =>
    flag === undefined ? [] : [[flag, { type: 'string' }]],
  );
  const ofCommand = Object.entries(own.flags).map(([flag, kind]) => [
    flag,
    { type: kind === 'switch' ? 'boolean' : 'string' },
  ]);
  const options = Object.fromEntries([...ofSettings, ...ofCommand]);
  try {
    const allowPositionals = own.wordCount > 0;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals });
    if (positionals.length <= own.wordCount)
      return { words: positionals, flags: values as CommandLine['flags'] };
  } catch (error) {
    throw new SettingError(`${flagFailure(error as NodeJS.ErrnoException)} --help lists the settings.`);
  }
  throw new SettingError(`${strayWord} --help tells what it takes.`);
}

const strayWord = 'A word stands outside of the flags.';

/** A stray word is not repeated: it may be the rest of a key that was not quoted. */
function flagFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return strayWord;
  return `${message.split(/\.\s/)[0]}.`;
}

function refuseUnknown(env: Record<string, string | undefined>): void {
  const known = new Set(settingRows.map((setting) => setting.env));
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
  checkGateway(settings);
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

/** The sandbox has a gateway of its own; another is told by the signature who asks. */
function checkGateway({ environment, gatewayUrl, gatewaySecret }: Settings): void {
  if (gatewayUrl === '') return;
  if (environment === 'sandbox')
    throw new SettingError('TILL_GATEWAY_URL is for the commercial environment.');
  if (gatewaySecret.length < shortestControlKey) {
    throw new SettingError(`TILL_GATEWAY_SECRET must have at least ${shortestControlKey} characters.`);
  }
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

/** Kept as it was given; what cannot be asked is refused before anything is sold. */
function readGatewayUrl(text: string, name: string): string {
  if (text === '') return text;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SettingError(`${name} must be an http or https address.`);
  }
  return text;
}

function readRanges(text: string, name: string): readonly string[] {
  const ranges = text.split(',').map((range) => range.trim());
  if (text.trim() === '') return [];
  if (ranges.every(isRange)) return ranges;
  throw new SettingError(`${name} must be addresses or ranges (10.1.0.0/16), separated by commas.`);
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

export function readMasterKey(text: string, name: string): Uint8Array | undefined {
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

// The program: reads its settings, starts, says what to paste, and stops when it is asked to.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createDemo, demo, demoCalls } from './demo.ts';
import { ephemeralSettings, onClosedInput, readyLine } from './ephemeral.ts';
import { ownVersion } from './own-files.ts';
import { knownControlKey, readSettings, type Settings, settingsHelp } from './settings.ts';
import type { Parts, Till } from './till.ts';

/** Readiness is red this long before the port closes. */
const drainMs = 500;
/** Requests that met the damage get their 503 within this time. */
const lastAnswersMs = 100;
/** A stop that takes longer than this ends the process all the same. */
const exitWithinMs = 9_500;

/** Runs the `till` command; what stops it is one line on standard error and exit code 1. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const [word = 'serve', ...rest] = args;
    if (word === 'serve') await serve(rest);
    else if (word.startsWith('-')) await serve(args);
    else await command(args);
  } catch (error) {
    console.error(`till: ${startFailure(error)}`);
    process.exitCode = 1;
  }
}

async function serve(flags: readonly string[]): Promise<void> {
  if (flags.includes('--help') || flags.includes('-h')) {
    const { commandLines } = await import('./cli/commands.ts');
    return console.log(settingsHelp(commandLines()));
  }
  if (flags.includes('--version')) return console.log(ownVersion());
  if (flags.includes('--ephemeral')) {
    return startEphemeral(ephemeralSettings(flags, process.env, readEnvFile()));
  }
  await start(readSettings(flags, process.env, readEnvFile()));
}

/** Loaded only where it is used: a start needs none of it. */
async function command(args: readonly string[]): Promise<void> {
  const { runCommand } = await import('./cli/commands.ts');
  process.exitCode = await runCommand(args, process.env, readEnvFile());
}

async function start(settings: Settings): Promise<void> {
  const till = await running(settings, { drainMs, onDamage });
  stopOnSignals(till);
  const first = await createDemo(till.host);
  till.host.log.info({ url: till.url, controlUrl: till.controlUrl, version: ownVersion() }, 'listening');
  console.log(banner(till, settings, first));
}

/** Standard output is for the program that started it: one line when it is ready. */
async function startEphemeral(settings: Settings): Promise<void> {
  const till = await running(settings, {});
  onClosedInput(stopOnSignals(till));
  console.log(readyLine(till, settings));
}

async function running(settings: Settings, parts: Parts): Promise<Till> {
  // standard output is for people: the banner; the log goes to standard error
  const log = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
  const { createTill } = await import('./till.ts'); // a command goes without the server and is there sooner
  return createTill(settings, { log, ...parts });
}

/** From a damaged file nothing may be answered: one line, and an end that whoever watches the process sees. */
function onDamage(error: Error): void {
  console.error(
    `till: ${error.message}. Till ends; put a backup in its place, and keep the file to look into.`,
  );
  setTimeout(() => process.exit(1), lastAnswersMs);
}

function banner(till: Till, settings: Settings, first: boolean): string {
  const lines = [`Till ${ownVersion()}, ${settings.environment}, listens on ${till.url}`];
  const key = settings.controlKey === knownControlKey ? `key ${knownControlKey}` : 'key as set';
  lines.push(`Control API: ${till.controlUrl}/control/v1, ${key}`);
  lines.push(`Every call, with lines to paste: ${till.controlUrl}/docs`);
  if (settings.environment === 'commercial') return lines.join('\n');
  const greeting = first
    ? `A demo app is ready: clientId ${demo.clientId}. Read, acknowledge and consume one of its purchases:`
    : `Everything is as you left it. The calls of the demo app ${demo.clientId} are:`;
  return [...lines, '', greeting, '', demoCalls(till.url), ''].join('\n');
}

/** Answers what stops it without a signal. */
function stopOnSignals(till: Till): () => void {
  const stop = (signal?: string) => {
    till.host.log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), exitWithinMs).unref();
    till.stop().then(
      () => process.exit(0),
      (error) => {
        till.host.log.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return stop;
}

function readEnvFile(): string {
  try {
    return readFileSync('.env', 'utf8');
  } catch {
    return '';
  }
}

/** One line; an address in use gets words, everything else brings its own. */
function startFailure(error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `port ${port} is in use; choose another with --port (--control-port in commercial).`;
  return message.split('\n')[0] ?? String(error);
}

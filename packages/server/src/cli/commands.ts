// The commands of `till`: found by name, explained, and run.
import { constants } from 'node:os';
import { readCommandLine } from '../settings.ts';
import { backup } from './backup.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { listen } from './listen.ts';
import { restore } from './restore.ts';
import { rotateKeys } from './rotate-keys.ts';
import { verifyAudit } from './verify-audit.ts';

/** By name, in the order of the list that `--help` prints. */
const commands: Record<string, Command> = {
  backup,
  restore,
  doctor,
  listen,
  'keys rotate': rotateKeys,
  'audit verify': verifyAudit,
};

/** Lines for `till --help`. */
export function commandLines(): string[] {
  const lines = Object.entries(commands).map(
    ([name, { about }]) => `  ${`till ${name}`.padEnd(20)}  ${about}`,
  );
  return [`  ${'till, till serve'.padEnd(20)}  starts the server`, ...lines, '', 'Each has its own --help.'];
}

/** Runs the command that `args` begin with and answers its exit code; a throw is one line and exit code 1. */
export async function runCommand(
  args: readonly string[],
  env: Record<string, string | undefined>,
  envFile: string,
): Promise<number> {
  const { name, command, rest } = named(args);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(name, command));
    return 0;
  }
  if (!command.endsItself) endOnSignals();
  const read = () => readCommandLine(rest, env, envFile, command.own);
  return command.run(read, (line) => console.log(line), rest);
}

function named(args: readonly string[]): { name: string; command: Command; rest: readonly string[] } {
  for (const wordCount of [2, 1]) {
    const name = args.slice(0, wordCount).join(' ');
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined) return { name, command, rest: args.slice(wordCount) };
  }
  // a word that looks like none of ours is not repeated: it may be the rest of a key that was not quoted
  const [word = ''] = args;
  const shown = /^[a-z-]{1,20}$/.test(word) ? `Unknown command ${word}` : 'Unknown command';
  const kin = Object.keys(commands).filter((name) => name.startsWith(`${word} `));
  const advice =
    kin.length > 0 ? `Did you mean till ${kin.join(' or till ')}?` : '--help lists the commands.';
  throw new Error(`${shown}. ${advice}`);
}

function helpOf(name: string, { takes, about, help }: Command): string {
  const usage = ['till', name, takes, '[settings]'].filter((part) => part !== '').join(' ');
  const sentence = `${about[0]?.toUpperCase()}${about.slice(1)}.`;
  const settings = 'Settings are those of `till --help`: flags, TILL_ variables, .env.';
  return [`Usage: ${usage}`, '', sentence, '', ...help, '', settings].join('\n');
}

/** What is unfinished is removed on the way out. */
function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}

// What a command of `till` is, and what it is given.
import type { CommandLine, OwnArguments } from '../settings.ts';

export interface Command {
  /** The words after its name, as in the first line of its help. */
  takes: string;
  /** One line for the list of commands. */
  about: string;
  /** What `--help` says below the first line. */
  help: readonly string[];
  own: OwnArguments;
  /** Signals end it in its own way; otherwise they end the process, and what is unfinished is removed on the way out. */
  endsItself?: true;
  /**
   * Does it and answers the exit code; a throw is exit code 1 and one line. `read` reads settings and flags, and
   * throws a `SettingError` where they do not fit; `args` are what it reads them from.
   */
  run(read: () => CommandLine, say: (line: string) => void, args: readonly string[]): Promise<number>;
}

/** The word that a command cannot do without. */
export function wordOf({ words }: CommandLine, name: string): string {
  const [word] = words;
  if (word === undefined || word === '') throw new Error(`${name} is missing. --help tells what it takes.`);
  return word;
}

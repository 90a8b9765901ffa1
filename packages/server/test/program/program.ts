// The program as a person starts it: a process of its own, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../../bin/till.js', import.meta.url));

export interface Run {
  args?: readonly string[];
  /** Beside PATH and HOME, the only variables that the program sees. */
  env?: Record<string, string>;
  cwd?: string;
  /** For Node itself, before the file. */
  nodeArgs?: readonly string[];
}

export interface Program {
  readonly child: ChildProcess;
  /** All that it has written so far. */
  readonly out: () => string;
  readonly errors: () => string;
  /** Waits for its end. */
  ended(): Promise<{ code: number | null; out: string; errors: string }>;
}

export interface RunningProgram extends Program {
  readonly url: string;
  /** As the banner prints it. */
  readonly controlUrl: string;
}

/** A folder that is gone after the test. */
export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-program-'));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

export function run(context: TestContext, given: Run = {}): Program {
  return runCommand(context, [], given);
}

/** The same by way of a command that becomes the program, such as one that first mounts something. */
export function runCommand(
  context: TestContext,
  before: readonly string[],
  { args = [], env = {}, cwd, nodeArgs = [] }: Run = {},
): Program {
  const { PATH = '', HOME = '' } = process.env;
  const [command = process.execPath, ...words] = [...before, process.execPath, ...nodeArgs, file, ...args];
  const child = spawn(command, words, {
    cwd: cwd ?? temporaryFolder(context),
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    written.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    written.errors += text;
  });
  const closed = once(child, 'close');
  context.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    child,
    out: () => written.out,
    errors: () => written.errors,
    ended: async () => {
      const [code] = await closed;
      return { code, ...written };
    },
  };
}

/** Starts the program on a free port and waits for its banner. */
export async function start(context: TestContext, given: Run = {}): Promise<RunningProgram> {
  return started(run(context, { ...given, args: ['--port', '0', ...(given.args ?? [])] }));
}

/** Waits for the banner. */
export async function started(program: Program): Promise<RunningProgram> {
  const url = await found(program, /listens on (http:\S+)/);
  const controlUrl = await found(program, /Control API: (http:\S+)\/control\/v1/);
  return { ...program, url, controlUrl };
}

export async function stop(program: Program): Promise<void> {
  program.child.kill('SIGTERM');
  await program.ended();
}

/** Waits until the program has written what fits; fails with what it wrote when it ends before. */
export async function found(program: Program, pattern: RegExp): Promise<string> {
  for (;;) {
    const [, match] = pattern.exec(program.out()) ?? [];
    if (match !== undefined) return match;
    if (isOver(program)) throw new Error(`till ended: ${program.out()}${program.errors()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** It has ended, by itself or by a signal, and all that it wrote is here. */
function isOver({ child }: Program): boolean {
  const ended = child.exitCode !== null || child.signalCode !== null;
  return ended && child.stdout?.readableEnded !== false;
}

export interface LogLine {
  requestId?: string;
  operation?: string;
  msg: string;
  [name: string]: unknown;
}

/** The log, one object a line; a line that is not JSON throws. */
export function logLines(program: Program): LogLine[] {
  const lines = program.errors().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

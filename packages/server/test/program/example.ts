// An example of the repository that listens, started as a person starts it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Example {
  child: ChildProcess;
  /** What it says first: where it listens. */
  banner: string;
  /** What it has said since, a line for each. */
  lines: () => string[];
}

/** Resolves when it listens; it ends with the test. */
export async function startExample(
  context: TestContext,
  name: string,
  given: readonly string[],
  variables: Record<string, string> = {},
): Promise<Example> {
  const file = fileURLToPath(new URL(`../../../../examples/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...given], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  const ended = once(child, 'exit');
  while (!out.includes('\n') && child.exitCode === null)
    await Promise.race([once(child.stdout, 'data'), ended]);
  assert.ok(out.includes('\n'), `the example ${name} ended without a word`);
  const lines = () => out.trim().split('\n');
  return { child, banner: lines()[0] ?? '', lines: () => lines().slice(1) };
}

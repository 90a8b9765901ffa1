// What `npm run check` asks of the packed tarball: publint, and the types as each way of resolving finds them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyPackage, pack } from './packed.ts';

const commands = join(import.meta.dirname, '../../../node_modules/.bin');
const copy = mkdtempSync(join(tmpdir(), 'till-client-'));

try {
  const { tarball } = pack(copyPackage(copy));
  run('publint', ['run', tarball, '--strict']);
  // modules only: `require` of them is what every Node that this package supports can do
  run('attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii']);
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Prints what the command says only where it objects. */
function run(command: string, given: readonly string[]): void {
  const options = { encoding: 'utf8', shell: process.platform === 'win32' } as const;
  const { status, stdout, stderr, error } = spawnSync(join(commands, command), given, options);
  if (status === 0) return;
  console.error(error ?? `${command} objects to the packed @till/client:\n${stdout}${stderr}`);
  process.exitCode = 1;
}

// The tarball as the registry would get it, packed from a copy, so that the repository stays as it is.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const leftOut = ['node_modules', 'dist', 'dist.new'];

/** Copies what packing reads into `into`, which must be empty; tells where the package lies there. */
export function copyPackage(into: string): string {
  for (const path of ['packages/client', 'packages/protocol', 'packing', 'tsconfig.json', 'LICENSE']) {
    const filter = (source: string) => !leftOut.includes(basename(source));
    cpSync(join(root, path), join(into, path), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'), 'junction');
  return join(into, 'packages/client');
}

/** Packs a copied package; tells the path of the tarball and what npm printed besides its name. */
export function pack(copied: string): { tarball: string; printed: string } {
  const destination = join(copied, '../../packed');
  mkdirSync(destination, { recursive: true });
  const printed = npm(['pack', '--pack-destination', destination], copied);
  const [name = ''] = readdirSync(destination);
  return { tarball: join(destination, name), printed: printed.replace(name, '').trim() };
}

/** Runs npm as it is on this machine, without the registry; answers what it printed. */
export function npm(given: readonly string[], cwd: string): string {
  const flags = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel', 'error'];
  // of the npm that runs this, nothing is handed on: its settings name another package
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!execpath)/i.test(name)),
  );
  const options = { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' } as const;
  return execFileSync('npm', [...given, ...flags], options);
}

// The two forms of a package's manifest: the repository runs `src/*.ts`, a packed tarball `dist/*.js`.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: Record<string, string>;
}

/** The names of the files that the package exports, without folder and ending. */
export function entriesOf(folder: string): string[] {
  return Object.values(read(folder).exports).map(nameOf);
}

/** The packages that are installed beside it, and are not built in. */
export function dependenciesOf(folder: string): string[] {
  return Object.keys(read(folder).dependencies ?? {});
}

/** Each form follows from the other, so there is no backup that could be lost or grow old. */
export function writeManifest(folder: string, form: 'repository' | 'tarball'): void {
  const manifest = read(folder);
  const exports = Object.entries(manifest.exports).map(([entry, target]) => {
    const name = nameOf(target);
    const packed = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
    return [entry, form === 'tarball' ? packed : `./src/${name}.ts`];
  });
  // renamed into its place: whenever it is interrupted, the manifest is whole in one of its forms
  const path = join(folder, 'package.json');
  const text = JSON.stringify({ ...manifest, exports: Object.fromEntries(exports) }, null, 2);
  writeFileSync(`${path}.new`, `${text}\n`);
  renameSync(`${path}.new`, path);
}

function read(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function nameOf(target: Manifest['exports'][string]): string {
  const file = typeof target === 'string' ? target : target.default;
  const [, name] = /^\.\/(?:src|dist)\/(.*)\.(?:ts|js)$/.exec(file) ?? [];
  if (name === undefined)
    throw new Error(`package.json exports ${file}, which is neither in src nor in dist`);
  return name;
}

// What `prepack` of a package runs, in its folder: JavaScript and declarations in dist/, and the manifest that leads there.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { writeManifest } from './manifest.ts';

const folder = process.cwd();
const dist = join(folder, 'dist');
const built = join(folder, 'dist.new');

compile();
flatten();
for (const name of globSync('**/*.{js,d.ts}', { cwd: dist })) nameFiles(join(dist, name));
// after the names are put right: what a browser is sent is none of ours to change
for (const name of globSync('**/*.{js,css}', { cwd: join(folder, 'src') })) {
  cpSync(join(folder, 'src', name), join(dist, name));
}
cpSync(join(folder, '../../LICENSE'), join(dist, 'LICENSE'));
writeManifest(folder, 'tarball');

/** Silent where it goes well; the compiler's own words where it does not. */
function compile(): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  rmSync(built, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(dirname(manifest), 'bin/tsc'), '--project', join(folder, 'tsconfig.json'), '--outDir', built],
    { encoding: 'utf8' },
  );
  if (status === 0) return;
  rmSync(built, { recursive: true, force: true });
  console.error(stdout + stderr);
  process.exit(1);
}

/**
 * The compiler keeps the folders of the repository: the package's own `src` becomes dist, protocol/src dist/protocol. What comes as
 * a dependency is left out.
 */
function flatten(): void {
  rmSync(dist, { recursive: true, force: true });
  renameSync(join(built, basename(folder), 'src'), dist);
  if (usesProtocol()) renameSync(join(built, 'protocol/src'), join(dist, 'protocol'));
  rmSync(built, { recursive: true });
}

function usesProtocol(): boolean {
  const named = (name: string) => readFileSync(join(dist, name), 'utf8').includes('@till/protocol/');
  return existsSync(join(built, 'protocol/src')) && globSync('**/*.{js,d.ts}', { cwd: dist }).some(named);
}

/**
 * `@till/protocol` does not exist where the tarball is installed; what is needed of it lies beside. And the compiler
 * leaves `.ts` at the imports of declarations.
 */
function nameFiles(path: string): void {
  const protocol = relative(dirname(path), join(dist, 'protocol')).replaceAll('\\', '/') || '.';
  const from = protocol.startsWith('.') ? protocol : `./${protocol}`;
  const text = readFileSync(path, 'utf8')
    .replaceAll(/(["'])@till\/protocol\/([\w-]+)\1/g, `$1${from}/$2.js$1`)
    .replaceAll(/(from |import\()(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2');
  writeFileSync(path, text);
}

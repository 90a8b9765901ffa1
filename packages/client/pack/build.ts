// What `prepack` runs: JavaScript and declarations in dist/, the protocol's among them, and the manifest that leads there.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { entriesOf, writeManifest } from '../../../packing/manifest.ts';
import { withMethods } from './control-methods.ts';
import { withoutWords } from './without-words.ts';

const folder = dirname(import.meta.dirname);
const dist = join(folder, 'dist');
const built = join(folder, 'dist.new');

compile();
rmSync(dist, { recursive: true, force: true });
await joinModules();
placeDeclarations();
await writeMethods();
cpSync(join(folder, '../../LICENSE'), join(dist, 'LICENSE'));
rmSync(built, { recursive: true });
writeManifest(folder, 'tarball');

/** Silent where it goes well; the compiler's own words where it does not. */
function compile(): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(manifest), 'bin/tsc');
  rmSync(built, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, '--project', join(folder, 'tsconfig.json'), '--outDir', built],
    { encoding: 'utf8' },
  );
  if (status === 0) return;
  rmSync(built, { recursive: true, force: true });
  console.error(stdout + stderr);
  process.exit(1);
}

/** Some forty files, as the compiler writes them, would cost twice as much time at every import as a handful. */
async function joinModules(): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(
      entriesOf(folder).map((name) => [name, join(built, 'client/src', `${name}.js`)]),
    ),
    platform: 'neutral',
    external: /^node:/,
    resolve: { alias: { '@till/protocol': join(built, 'protocol/src') }, extensions: ['.js'] },
    plugins: [withoutWords],
    onLog: (_, { message }) => fail(message),
  });
  await bundle.write({ dir: dist, chunkFileNames: 'part-[name].js', minifyInternalExports: false });
}

/** From client/src into dist, from protocol/src into dist/protocol. */
function placeDeclarations(): void {
  for (const path of globSync('{client,protocol}/src/*.d.ts', { cwd: built })) {
    const isProtocol = path.startsWith('protocol');
    const target = join(dist, isProtocol ? 'protocol' : '', basename(path));
    cpSync(join(built, path), target);
    nameFiles(target, isProtocol ? '.' : './protocol');
  }
}

/** The control client's methods are rows and no class: what an editor shows at each is made from its row. */
async function writeMethods(): Promise<void> {
  const path = join(dist, 'control.d.ts');
  const { controlOperations } = await import(pathToFileURL(join(built, 'protocol/src/control.js')).href);
  writeFileSync(path, withMethods(readFileSync(path, 'utf8'), controlOperations));
}

/**
 * `@till/protocol` does not exist where the tarball is installed; what is needed of it lies beside. And the compiler
 * leaves `.ts` at the imports of declarations.
 */
function nameFiles(path: string, protocol: string): void {
  const text = readFileSync(path, 'utf8')
    .replaceAll(/(["'])@till\/protocol\/([\w-]+)\1/g, `$1${protocol}/$2.js$1`)
    .replaceAll(/(from |import\()(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2');
  writeFileSync(path, text);
}

function fail(message: string): never {
  throw new Error(`the modules of @till/client cannot be joined: ${message}`);
}

// What `prepack` of a package does: JavaScript and declarations in dist/, the protocol's among them, and the manifest that leads there.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { dependenciesOf, entriesOf, writeManifest } from './manifest.ts';

export interface BuildOptions {
  /** Modules that are started by their path, besides those that the manifest exports: names below `src`, without ending. */
  started?: readonly string[];
  plugins?: readonly Plugin[];
  /** Changes a declaration, given by its name below dist. */
  declare?(name: string, text: string): string;
}

export async function build(folder: string, options: BuildOptions = {}): Promise<void> {
  const built = join(folder, 'dist.new');
  const dist = join(folder, 'dist');
  try {
    compile(folder, built);
    rmSync(dist, { recursive: true, force: true });
    await joinModules(folder, built, dist, options);
    placeDeclarations(folder, built, dist, options);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
  // what a browser is sent is none of ours to change
  for (const name of globSync('**/*.{js,css}', { cwd: join(folder, 'src') })) {
    cpSync(join(folder, 'src', name), join(dist, name));
  }
  cpSync(join(folder, '../../LICENSE'), join(dist, 'LICENSE'));
  writeManifest(folder, 'tarball');
}

/** Silent where it goes well; the compiler's own words where it does not. */
function compile(folder: string, built: string): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  rmSync(built, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(dirname(manifest), 'bin/tsc'), '--project', join(folder, 'tsconfig.json'), '--outDir', built],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${folder} does not compile:\n${stdout}${stderr}`);
}

/** Hundreds of files, as the compiler writes them, would cost far more time at every import than a handful. */
async function joinModules(
  folder: string,
  built: string,
  dist: string,
  { started = [], plugins = [] }: BuildOptions,
): Promise<void> {
  const names = [...entriesOf(folder), ...started];
  const bundle = await rolldown({
    input: Object.fromEntries(
      names.map((name) => [name, join(built, basename(folder), 'src', `${name}.js`)]),
    ),
    platform: 'neutral',
    external: [/^node:/, ...dependenciesOf(folder).map((name) => new RegExp(`^${name}(/|$)`))],
    resolve: { alias: { '@till/protocol': join(built, 'protocol/src') }, extensions: ['.js'] },
    plugins: [...plugins],
    onLog: (_, { message }) => {
      throw new Error(`the modules of ${folder} cannot be joined: ${message}`);
    },
  });
  await bundle.write({ dir: dist, chunkFileNames: 'part-[name].js', minifyInternalExports: false });
}

/** The compiler keeps the folders of the repository: the package's own `src` becomes dist, protocol/src dist/protocol where it is used. */
function placeDeclarations(
  folder: string,
  built: string,
  dist: string,
  { declare = (_, text) => text }: BuildOptions,
): void {
  const place = (source: string, target: string) => {
    let usesProtocol = false;
    for (const name of globSync('**/*.d.ts', { cwd: source })) {
      const path = join(target, name);
      const text = readFileSync(join(source, name), 'utf8');
      usesProtocol ||= text.includes('@till/protocol/');
      mkdirSync(dirname(path), { recursive: true });
      const placed = named(text, relative(dirname(path), join(dist, 'protocol')));
      writeFileSync(path, declare(relative(dist, path), placed));
    }
    return usesProtocol;
  };
  if (place(join(built, basename(folder), 'src'), dist)) {
    place(join(built, 'protocol/src'), join(dist, 'protocol'));
  }
}

/**
 * `@till/protocol` does not exist where the tarball is installed; what is needed of it lies beside. And the compiler
 * leaves `.ts` at the imports of declarations.
 */
function named(declaration: string, protocol: string): string {
  const path = protocol.replaceAll('\\', '/') || '.';
  const from = path.startsWith('.') ? path : `./${path}`;
  return declaration
    .replaceAll(/(["'])@till\/protocol\/([\w-]+)\1/g, `$1${from}/$2.js$1`)
    .replaceAll(/(from |import\()(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2');
}

// The packed tarball, as a stranger gets it: installed alone, compiled strictly, run by import and by require.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { controlOperations } from '@till/protocol/control';
import { startServer, type TestServer } from '../../server/test/server.ts';
import { copyPackage, npm, pack } from '../pack/packed.ts';

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const source = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'till-client-'));
const bare = join(folder, 'bare');
const installed = join(bare, 'node_modules/@till/client');
let copied: string;
let printed: string;
let server: TestServer;

before(async () => {
  copied = copyPackage(join(folder, 'repository'));
  const packed = pack(copied);
  printed = packed.printed;
  mkdirSync(bare);
  write('package.json', JSON.stringify({ name: 'bare', private: true, type: 'module' }));
  npm(['install', packed.tarball], bare);
  server = await startServer({ url: 'sqlite::memory:' });
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(bare, name), text);
}

/** Compiles files of the bare project as strictly as there is, its declarations included. */
function compile(files: readonly string[], options: object = {}): void {
  const compilerOptions = {
    ...{
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
    },
    ...{ target: 'es2022', module: 'nodenext', types: [], noEmitOnError: true, outDir: 'out', ...options },
  };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
  const { status, stdout } = spawnSync(process.execPath, [compiler], { cwd: bare, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
}

/** What a shop does: reads, consumes, meets a refusal; prints what came. */
const program = `
const [, , baseUrl = '', clientId = '', clientSecret = '', purchaseToken = ''] = process.argv;
const client = new OneStoreClient({ clientId, clientSecret, environment: { baseUrl } });
const purchase = { productId: 'product01', purchaseToken };
const details = await client.getPurchaseDetails(purchase);
await client.consumePurchase(purchase);
const code = await client.consumePurchase(purchase).catch((error: unknown) =>
  error instanceof OneStoreApiError ? error.code : String(error),
);
const rows: number[] = [];
for await (const row of client.voidedPurchases({ startTime: Date.now() - 1000 })) rows.push(row.voidedTime);
console.log(details.quantity satisfies number, code, rows.length);
`;

async function run(file: string): Promise<string> {
  const app = await server.app();
  const { purchaseToken } = await server.buy(app);
  const given = [server.url, app.clientId, app.clientSecret, purchaseToken];
  const child = spawnChild([join(bare, file), ...given]);
  return child;
}

/** Not synchronously: the server that it calls lives in this process. */
function spawnChild(given: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { cwd: bare, encoding: 'utf8' as const };
  execFile(process.execPath, [...given], options, (error, stdout) =>
    error ? reject(error) : resolve(stdout.trim()),
  );
  return promise;
}

test('packing prints nothing of its own', () => {
  const own = printed.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('> '));
  assert.deepEqual(own, []);
});

test('the tarball holds what it runs and nothing else, and needs nobody', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(globSync('*', { cwd: installed }).sort(), ['README.md', 'dist', 'package.json']);
  const files = globSync('dist/**/*.*', { cwd: installed });
  assert.deepEqual(
    files.filter((path) => !/\.(js|d\.ts)$/.test(path)),
    [],
  );
  assert.ok(files.some((path) => path === join('dist', 'index.js')));
  for (const path of files) {
    const text = readFileSync(join(installed, path), 'utf8');
    const named = [...text.matchAll(/(?:\bfrom |\bimport\()["']([^"']+)["']/g)].map(([, from = '']) => from);
    const missing = named.filter((from) => !reaches(join(installed, dirname(path)), from));
    assert.deepEqual(missing, [], path);
  }
});

/** Whether an import leads to a file of the package; nothing else is there, Node's own modules neither. */
function reaches(from: string, name: string): boolean {
  const declared = name.replace(/\.js$/, '.d.ts');
  return name.startsWith('.') && globSync([name, declared], { cwd: from }).length > 0;
}

test('a strict project compiles against every entry, runs it by import, and by require', async () => {
  const manifest = JSON.parse(source);
  const entries = Object.keys(manifest.exports).map((entry) => entry.replace('.', '@till/client'));
  const all = entries.map(
    (entry, index) => `import * as entry${index} from '${entry}';\nvoid entry${index};`,
  );
  write('all.ts', all.join('\n'));
  write('use.ts', `import { OneStoreApiError, OneStoreClient } from '@till/client';\n${ambient}${program}`);
  const required = `import { OneStoreApiError, OneStoreClient } from '@till/client';\n${ambient}`;
  write('use-required.cts', `${required}async function main() {${program}}\nvoid main();`);
  compile(['all.ts', 'use.ts', 'use-required.cts']);
  assert.match(readFileSync(join(bare, 'out/use-required.cjs'), 'utf8'), /require\("@till\/client"\)/);
  assert.equal(await run('out/use.js'), '1 InvalidConsumeState 0');
  assert.equal(await run('out/use-required.cjs'), '1 InvalidConsumeState 0');
  await spawnChild([join(bare, 'out/all.js')]);
});

test('each method of the control client has its row’s words, and asks for input where the row does', () => {
  const declared = readFileSync(join(installed, 'dist/control.d.ts'), 'utf8');
  for (const [name, { about }] of Object.entries(controlOperations)) {
    const [comment = ''] = new RegExp(`/\\*\\*(?:(?!\\*/)[^])*\\*/\\n +${name}\\(`).exec(declared) ?? [];
    assert.ok(comment.includes(about), name);
  }
  const types = `import type { ControlInput, ControlMethods, ControlOperation } from '@till/client/control';
    type Wrong = { [Name in ControlOperation]: undefined extends Parameters<ControlMethods[Name]>[0]
      ? Record<never, never> extends ControlInput<Name> ? never : Name
      : Record<never, never> extends ControlInput<Name> ? Name : never }[ControlOperation];
    export const wrong: [Wrong] extends [never] ? true : Wrong = true;`;
  write('methods.ts', types);
  compile(['methods.ts']);
});

/** Types of Node are no part of a bare project. */
const ambient =
  'declare const process: { argv: string[] };\ndeclare const console: { log(...given: unknown[]): void };\n';

test('the main entry’s declarations need no types of a browser or of Node', () => {
  const types = 'import { OneStoreClient, type OneStoreClientSettings } from "@till/client";\n';
  write(
    'plain.ts',
    `${types}export const create = (given: OneStoreClientSettings<'v7'>) => new OneStoreClient(given);`,
  );
  compile(['plain.ts'], { lib: ['es2022'] });
});

test('it runs where there is fetch and WebCrypto and nothing of Node', async () => {
  const text = [
    'for (const name of ["process", "Buffer", "global", "setImmediate", "clearImmediate"]) delete globalThis[name];',
    'const { OneStoreClient } = await import("@till/client");',
    'const page = { status: 200, headers: { get: () => null }, body: null };',
    'const token = { client_id: "a", access_token: "b", token_type: "bearer", expires_in: 3600, scope: "DEFAULT" };',
    'const fetch = async (url) => ({ ...page, text: async () =>',
    '  JSON.stringify(url.includes("oauth") ? token : { voidedPurchaseList: [] }) });',
    'const client = new OneStoreClient({ clientId: "a", clientSecret: "b", environment: "sandbox", fetch });',
    'for await (const row of client.voidedPurchases()) throw row;',
    'console.log("done");',
  ];
  write('edge.js', text.join('\n'));
  assert.equal(await spawnChild([join(bare, 'edge.js')]), 'done');
});

test('after packing the manifest leads to the sources again, byte for byte, even when packing was cut off', () => {
  const manifest = () => readFileSync(join(copied, 'package.json'), 'utf8');
  const step = (path: string) => execFileSync(process.execPath, [path], { cwd: copied, stdio: 'pipe' });
  assert.equal(manifest(), source);
  step('pack/build.ts');
  assert.notEqual(manifest(), source);
  step('pack/build.ts');
  step('../../packing/restore.ts');
  assert.equal(manifest(), source);
});

test('in the repository the package runs from its sources', () => {
  for (const target of Object.values<string>(JSON.parse(source).exports))
    assert.match(target, /^\.\/src\/.*\.ts$/);
});

// A project outside of the repository with nothing but the three packages, installed from their tarballs.
import { type ExecFileOptions, execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = ['client', 'server', 'testing'] as const;
const leftOut = ['node_modules', 'dist', 'dist.new', 'test'];

export interface BareProject {
  readonly folder: string;
  /** What lies in each tarball, by the package's name. */
  readonly tarballs: Record<(typeof packages)[number], string>;
  /** Runs one of the repository's programs, or Node itself, in the project; never throws. */
  run(program: 'node' | 'vitest' | 'jest' | 'tsc' | 'till', ...args: string[]): Promise<Ended>;
  write(name: string, text: string): void;
  remove(): void;
}

export interface Ended {
  code: number;
  /** What it wrote, to both. */
  text: string;
}

const programs = {
  node: [],
  vitest: [join(root, 'node_modules/vitest/vitest.mjs')],
  jest: ['--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js')],
  tsc: [join(root, 'node_modules/typescript/bin/tsc')],
  till: ['node_modules/@till/server/bin/till.js'],
};

/** Packs from a copy, so that the repository stays as it is, and installs without the registry. */
export async function bareProject(): Promise<BareProject> {
  const folder = mkdtempSync(join(tmpdir(), 'till-packed-'));
  const project = join(folder, 'project');
  const copy = join(folder, 'copy');
  for (const path of ['packages/protocol', ...packages.map((name) => `packages/${name}`), ...beside]) {
    const filter = (source: string) => !leftOut.includes(basename(source));
    cpSync(join(root, path), join(copy, path), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const packed = await Promise.all(packages.map(async (name) => [name, await pack(copy, name)] as const));
  const tarballs = Object.fromEntries(packed) as BareProject['tarballs'];
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), manifest(tarballs));
  await npm(project, ['install', '--ignore-scripts']);
  return {
    folder: project,
    tarballs,
    run: async (program, ...args) => ended(process.execPath, [...programs[program], ...args], project),
    write: (name, text) => writeFileSync(join(project, name), text),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

const beside = ['packing', 'tsconfig.json', 'LICENSE'];

async function pack(copy: string, name: string): Promise<string> {
  const into = join(copy, 'packed', name);
  mkdirSync(into, { recursive: true });
  await npm(join(copy, 'packages', name), ['pack', '--pack-destination', into]);
  const [tarball = ''] = readdirSync(into);
  return join(into, tarball);
}

/** What comes from the registry otherwise is taken from where the repository has it; so is what runs the tests. */
function manifest(tarballs: BareProject['tarballs']): string {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'packages/server/package.json'), 'utf8'));
  const ofRepository = (name: string) => [name, `file:${join(root, 'node_modules', name)}`];
  const ours = Object.entries(tarballs).map(([name, path]) => [`@till/${name}`, `file:${path}`]);
  const tools = ['vitest', 'jest', '@types/node'].map(ofRepository);
  return JSON.stringify({
    private: true,
    type: 'module',
    dependencies: Object.fromEntries([...ours, ...tools]),
    overrides: Object.fromEntries(Object.keys(dependencies).map(ofRepository)),
  });
}

async function npm(cwd: string, args: readonly string[]): Promise<void> {
  const flags = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel', 'error'];
  // of the npm that runs the tests nothing is handed on: its settings name another package
  const own = ([name]: [string, unknown]) => !/^npm_(?!execpath)/i.test(name);
  const env = Object.fromEntries(Object.entries(process.env).filter(own));
  const { code, text } = await ended('npm', [...args, ...flags], cwd, {
    env,
    shell: process.platform === 'win32',
  });
  if (code !== 0) throw new Error(`npm ${args[0]} failed: ${text}`);
}

function ended(
  file: string,
  args: readonly string[],
  cwd: string,
  options: ExecFileOptions = {},
): Promise<Ended> {
  // the runner of these tests tells its children that they are its own
  const { NODE_TEST_CONTEXT: _, FORCE_COLOR: __, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      { cwd, timeout: 240_000, env: { ...env, NO_COLOR: '1' }, ...options, encoding: 'utf8' },
      (error, out, errors) => {
        resolve({ code: error === null ? 0 : Number(child.exitCode ?? 1), text: `${out}${errors}` });
      },
    );
    child.stdin?.end();
  });
}

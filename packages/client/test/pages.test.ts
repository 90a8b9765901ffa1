// The pages about client and testing kit: every block of TypeScript compiles, and the tables have what there is and nothing else.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errors } from '@till/protocol/errors';
import { operations } from '@till/protocol/operations';
import * as client from '../src/index.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');
const pages = [
  'docs/client.md',
  'docs/receiving-notifications.md',
  'docs/testing.md',
  'packages/client/README.md',
  'packages/testing/README.md',
];

/** What the pages take for granted: the reader's own functions and what an earlier block has made. */
const granted = `
import type { GrantedPurchase, GrantRecords, OneStoreClient } from '@till/client';
import type { ControlClient } from '@till/client/control';
import type { ProductTerms, TestPurchase, TestTill, TestWorld, shelf as Shelf } from '@till/testing';
import type Assert from 'node:assert/strict';
import type Express from 'express';
declare global {
  const assert: typeof Assert;
  const client: OneStoreClient;
  const control: ControlClient;
  const till: TestTill;
  const world: TestWorld;
  const club: TestPurchase;
  const shelf: typeof Shelf;
  const app: ReturnType<typeof Express>;
  const express: typeof Express;
  const redis: { get(key: string): Promise<string | null>; set(key: string, value: string, how: { PXAT: number }): Promise<unknown> };
  const clientSecret: string;
  const licenseKey: string;
  const purchaseData: string;
  const purchaseToken: string;
  const signature: string;
  const rawBody: Uint8Array;
  const otherBody: string;
  function inTransaction<T>(work: (records: GrantRecords) => Promise<T>): Promise<T>;
  function accountOf(purchase: GrantedPurchase): string;
  function give(purchase: GrantedPurchase): Promise<void>;
  function takeBack(named: string): Promise<void>;
  function remember(detail: object): Promise<void>;
  function alarm(text: string): void;
  function note(text: string): void;
  function retryLater(): void;
}
`;

const source = (path: string) => [join(root, path)];
const paths = {
  '@till/client': source('packages/client/src/index.ts'),
  '@till/client/*': source('packages/client/src/*.ts'),
  '@till/protocol/*': source('packages/protocol/src/*.ts'),
  '@till/server': source('packages/server/src/till.ts'),
  '@till/server/ephemeral': source('packages/server/src/ephemeral.ts'),
  '@till/testing': source('packages/testing/src/index.ts'),
  express: source('node_modules/@types/express/index.d.ts'),
};

test('every block of TypeScript in the pages compiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-pages-'));
  try {
    let count = 0;
    writeFileSync(join(folder, 'granted.d.ts'), granted);
    for (const page of pages) {
      const blocks = [...read(page).matchAll(/```ts\n([\s\S]*?)```/g)];
      for (const [at, [, block]] of blocks.entries()) {
        count += 1;
        const name = `${page.replaceAll(/\W/g, '-')}-${at + 1}.ts`;
        writeFileSync(join(folder, name), `${block}\nexport {};\n`);
      }
    }
    assert.ok(count >= 15, `${count} blocks`);
    const compilerOptions = {
      paths,
      typeRoots: [join(root, 'node_modules/@types')],
      lib: ['es2024', 'esnext.typedarrays', 'esnext.disposable'],
      noUnusedLocals: false,
      module: 'esnext',
      moduleResolution: 'bundler',
    };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    try {
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      execFileSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      assert.fail((error as { stdout: string }).stdout);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** The rows of the table below a heading: the cells of each. */
function tableBelow(page: string, heading: string): string[][] {
  const [, section = ''] = read(page).split(`\n## ${heading}\n`);
  return section
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ) as string[][];
}

const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => `${name}`);

for (const [column, generation] of (['v7', 'v6', 'v5'] as const).entries()) {
  test(`the table of methods has those of ${generation} with what they are given`, () => {
    const told = new Map<string, string[]>();
    for (const [methods, ...cells] of tableBelow('docs/client.md', 'Methods by generation')) {
      for (const method of namesIn(methods)) {
        if (cells[column] !== '') told.set(method, namesIn(cells[column]));
      }
    }
    const settings = { clientId: 'a', clientSecret: 'b', environment: 'sandbox', generation } as const;
    const prototype = Object.getPrototypeOf(new client.OneStoreClient(settings));
    const methods = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
    assert.deepEqual([...told.keys()].sort(), methods.sort());
    const rows: Record<string, { params?: object; query?: object; body?: object; form?: boolean }> =
      operations[generation];
    for (const [method, names] of told) {
      const row = rows[method];
      if (row === undefined) continue; // a list over one of them
      const members = Object.keys({ ...row.params, ...row.query, ...(row.form ? {} : row.body) });
      assert.deepEqual(
        names,
        members.filter((name) => name !== 'clientId' && name !== 'packageName'),
        method,
      );
    }
  });
}

test('the table of errors has every class and every code once', () => {
  const rows = tableBelow('docs/client.md', 'Errors');
  const classes = Object.entries(client)
    .filter(
      ([name, value]) =>
        typeof value === 'function' && value.prototype instanceof Error && name !== 'OneStoreError',
    )
    .map(([name]) => name);
  assert.deepEqual(rows.map(([name]) => namesIn(name)[0]).sort(), classes.sort());
  const codes = rows
    .flatMap(([, when]) => namesIn(when))
    .filter((name) => /^[A-Z]/.test(name) && !name.startsWith('OneStore'));
  assert.deepEqual(codes.sort(), Object.keys(errors).sort());
});

test('every link of the pages leads to a file, and every heading that is named exists', () => {
  for (const page of pages) {
    for (const [, target = '', anchor] of read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      assert.ok(existsSync(root + path), `${page}: ${target}`);
      if (anchor === undefined) continue;
      const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
        text
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(headings.includes(anchor), `${page}: ${target}#${anchor}`);
    }
  }
});

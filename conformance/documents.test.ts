// The pages about conformance: their commands work as printed, and they name every option there is.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../packages/server/test/program/program.ts';
import { answers, shell } from '../packages/server/test/program/shell.ts';
import { help } from './options.ts';

const root = new URL('../', import.meta.url);
const page = (name: string) => readFileSync(new URL(`docs/${name}`, root), 'utf8');

/** The commands of a page, for a program that listens at `url`, in a shell that stands in this repository. */
function scriptOf(name: string, url: string): string {
  const blocks = [...page(name).matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block);
  const script = blocks.join('\n').replaceAll('127.0.0.1:7575', new URL(url).host);
  return `cd '${fileURLToPath(root)}'\n${script}`;
}

test('the page of conformance names every option of the command, and no other', () => {
  const optionsIn = (text: string) => new Set(text.match(/--[a-z]+(-[a-z]+)*/g));
  const [, table = ''] = page('conformance.md').split('## Options');
  const [rows = ''] = table.split('## What');
  assert.deepEqual([...optionsIn(rows)].sort(), [...optionsIn(help)].sort());
});

test('the command of the page of conformance finds a Till in order', async (t) => {
  const program = await start(t);
  const out = await shell(scriptOf('conformance.md', program.url));
  assert.match(out, /\(v7, v6, v5, no market header, with writes\)\n/);
  assert.match(out, / 0 differ, /);
  assert.ok(!out.includes('not as Till does'), out);
});

test('the page from the sandbox to Till leads to a purchase that is verified and consumed', async (t) => {
  const program = await start(t);
  const script = scriptOf('from-sandbox-to-till.md', program.url).replace(/^echo.*license-key\.txt$/m, '');
  const [product, details, consumed, ...rest] = answers(await shell(script));
  assert.deepEqual(
    [product.productId, details.developerPayload, details.purchaseState],
    ['gem_100', 'order-1', 0],
  );
  assert.deepEqual([consumed.result.code, rest], ['Success', []]);
});

test('the suite knows nothing of the server but its tables, so that it can judge any other', () => {
  const sources = globSync('conformance/**/*.ts', { cwd: root, exclude: ['**/test/**', '**/*.test.ts'] });
  assert.ok(sources.length > 20, String(sources.length));
  for (const path of sources) {
    const text = readFileSync(new URL(path, root), 'utf8');
    const strange = [...text.matchAll(/ from '([^']+)'/g)]
      .map(([, from = '']) => from)
      .filter((from) => !/^(\.{1,2}\/|node:|@till\/protocol\/)/.test(from) || from.includes('packages/'));
    assert.deepEqual(strange, [], path);
  }
});

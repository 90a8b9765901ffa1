// The program on a real disk that fills, that may not be written, and on a file that somebody has damaged.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { demo } from '../../src/demo.ts';
import {
  type Program,
  type RunningProgram,
  run,
  runCommand,
  start,
  started,
  stop,
  temporaryFolder,
} from './program.ts';

const patience = 60_000;
const maintenance = { error: { code: 'ServiceMaintenance' } };

interface Client {
  ready(): Promise<number>;
  status(): Promise<number>;
  send(method: string, path: string): Promise<{ status: number; body: typeof maintenance }>;
}

async function clientOf({ url }: RunningProgram): Promise<Client> {
  const form = {
    grant_type: 'client_credentials',
    client_id: demo.clientId,
    client_secret: demo.clientSecret,
  };
  const issued = await fetch(`${url}/v7/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: token } = (await issued.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${token}` };
  const send = async (method: string, path: string) => {
    const answer = await fetch(`${url}/v7/apps/${demo.clientId}/purchases/${path}`, { method, headers });
    return { status: answer.status, body: (await answer.json()) as typeof maintenance };
  };
  return {
    ready: async () => (await fetch(`${url}/readyz`)).status,
    status: async () => (await send('GET', item)).status,
    send,
  };
}

const item = `inapp/products/${demo.productId}/${demo.purchaseToken}`;
const acknowledge = `all/products/${demo.productId}/${demo.purchaseToken}/acknowledge`;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + patience;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`waited in vain: ${what}`);
    await wait(50);
  }
}

// --- a disk that fills --------------------------------------------------------------------------------------

/** Refuses writes of the program's database, and lets them through again. */
interface SmallDisk {
  program: RunningProgram;
  fill(): void;
  free(): void;
}

/** As root a namespace for mounts is enough, as anybody else it takes one for users too, where that is allowed. */
function mountingFlags(): string[] | undefined {
  const tries = [['--mount'], ['--mount', '--map-root-user']];
  return tries.find((flags) => {
    const tried = spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'till', '/mnt']);
    return tried.status === 0;
  });
}

/** The program in a namespace of its own, where its data folder is a small file system that goes away with it. */
function runMounted(
  context: TestContext,
  flags: readonly string[],
  options: string,
): { program: Program; folder: string } {
  const folder = join(temporaryFolder(context), 'data');
  mkdirSync(folder);
  const mount = `mount -t tmpfs -o ${options} till "$0" && exec "$@"`;
  const before = ['unshare', ...flags, '--', 'sh', '-c', mount, folder];
  const args = ['--port', '0', '--database-url', `sqlite:${join(folder, 'till.db')}`];
  return { program: runCommand(context, before, { args }), folder };
}

async function onSmallFileSystem(context: TestContext, flags: readonly string[]): Promise<SmallDisk> {
  const { program, folder } = runMounted(context, flags, 'size=4m');
  const running = await started(program);
  const filler = join(`/proc/${program.child.pid}/root`, folder, 'filler');
  const fill = () => {
    const handle = openSync(filler, 'w');
    try {
      for (const size of [65_536, 4_096]) fillWith(handle, Buffer.alloc(size, 'x'));
    } finally {
      closeSync(handle);
    }
  };
  return { program: running, fill, free: () => rmSync(filler) };
}

function fillWith(handle: number, block: Buffer): void {
  try {
    while (writeSync(handle, block) === block.length);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
}

async function withSmallFiles(context: TestContext): Promise<SmallDisk> {
  const file = join(temporaryFolder(context), 'till.db');
  const program = await start(context, { args: ['--database-url', `sqlite:${file}`] });
  const limit = (size: string) => {
    execFileSync('prlimit', ['--pid', String(program.child.pid), `--fsize=${size}:unlimited`]);
  };
  return { program, fill: () => limit('4096'), free: () => limit('unlimited') };
}

async function fillsAndRecovers({ program, fill, free }: SmallDisk): Promise<void> {
  const client = await clientOf(program);
  assert.deepEqual([await client.ready(), await client.status()], [200, 200]);
  fill();
  // room that the file has within itself may take a few more writes
  await until('a write is refused', async () => {
    const answer = await fetch(`${program.controlUrl}/control/v1/apps/${demo.clientId}/purchases`, {
      method: 'POST',
      headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
      body: JSON.stringify({ productId: demo.productId }),
    });
    await answer.text();
    assert.ok([201, 503].includes(answer.status), `status ${answer.status}`);
    return answer.status === 503;
  });
  const refused = await client.send('POST', acknowledge);
  assert.equal(refused.body.error?.code, 'ServiceMaintenance');
  assert.equal(refused.status, 503);
  assert.deepEqual([await client.ready(), await client.status()], [503, 200]);
  await wait(1_300);
  assert.deepEqual([await client.ready(), await client.status()], [503, 200]);
  free();
  await until('readiness is green again', async () => (await client.ready()) === 200);
  assert.equal((await client.send('POST', acknowledge)).status, 200);
  assert.equal((await client.send('POST', `${item}/consume`)).status, 200);
}

test('on a file system that fills writes are refused, reads go on, and it recovers when there is room', async (context) => {
  const flags = mountingFlags();
  if (flags !== undefined) {
    context.diagnostic(`way used: a tmpfs of 4 MB, unshare ${flags.join(' ')}`);
    await fillsAndRecovers(await onSmallFileSystem(context, flags));
  } else if (spawnSync('prlimit', ['--version']).status === 0) {
    context.diagnostic(
      'way used: no file system can be mounted here, so files may not grow (prlimit --fsize)',
    );
    await fillsAndRecovers(await withSmallFiles(context));
  } else {
    context.diagnostic(
      'neither mount nor prlimit here: the limit of pages in failing-disk.test.ts stands for it',
    );
  }
});

test('where files may not grow any more writes are refused, reads go on, and it recovers', async (context) => {
  if (spawnSync('prlimit', ['--version']).status !== 0) {
    context.diagnostic('no prlimit here: the limit of pages in failing-disk.test.ts stands for it');
    return;
  }
  context.diagnostic('way used: prlimit --fsize');
  await fillsAndRecovers(await withSmallFiles(context));
});

test('a start on a file system that may only be read ends with one line', async (context) => {
  const flags = mountingFlags();
  if (flags === undefined) {
    context.diagnostic(
      'no file system can be mounted here: the rights of a folder stand for it, in sqlite.test.ts',
    );
    return;
  }
  const { program, folder } = runMounted(context, flags, 'ro');
  const { code, out, errors } = await program.ended();
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(errors, /^till: cannot create the SQLite file .*read-only file system.*\n$/i);
  assert.ok(errors.includes(folder));
});

// --- a file that somebody has damaged ------------------------------------------------------------------------

/** Writes rubbish over the first page of a table and answers how to undo that. */
function damage(file: string, table: string): () => void {
  const database = new DatabaseSync(file, { readOnly: true });
  const { rootpage } = database.prepare('select rootpage from sqlite_schema where name = ?').get(table) as {
    rootpage: number;
  };
  const { page_size: size } = database.prepare('pragma page_size').get() as { page_size: number };
  database.close();
  const kept = Buffer.alloc(size);
  const at = (rootpage - 1) * size;
  const handle = openSync(file, 'r+');
  readSync(handle, kept, 0, size, at);
  writeSync(handle, Buffer.alloc(size, 0x5a), 0, size, at);
  closeSync(handle);
  return () => {
    const again = openSync(file, 'r+');
    writeSync(again, kept, 0, size, at);
    closeSync(again);
  };
}

async function stoppedDatabase(context: TestContext): Promise<string> {
  const file = join(temporaryFolder(context), 'till.db');
  const program = await start(context, { args: ['--database-url', `sqlite:${file}`] });
  await stop(program);
  return file;
}

const plainLines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

for (const { table, method, path, what } of [
  { table: 'purchase', method: 'GET', path: item, what: 'a read' },
  { table: 'ledger', method: 'POST', path: acknowledge, what: 'a write' },
]) {
  test(`when ${what} meets a damaged page it answers 503, and the program ends with one line`, async (context) => {
    const file = await stoppedDatabase(context);
    const undo = damage(file, table);
    const args = ['--database-url', `sqlite:${file}`];
    const program = await start(context, { args });
    const client = await clientOf(program);
    const answer = await client.send(method, path);
    assert.deepEqual([answer.status, answer.body.error?.code], [503, 'ServiceMaintenance']);
    const { code, errors } = await program.ended();
    assert.equal(code, 1);
    const [line, ...more] = plainLines(errors);
    assert.deepEqual(more, []);
    assert.match(line ?? '', /^till: the SQLite file .*till\.db is damaged: .*put a backup in its place/);
    // nothing of the refused call was written, as the mended file shows
    undo();
    const again = await start(context, { args });
    const mended = await clientOf(again);
    assert.equal((await mended.send('POST', acknowledge)).status, 200);
    assert.equal((await mended.send('GET', item)).status, 200);
    await stop(again);
  });
}

test('a start on a damaged file ends with one line that names it', async (context) => {
  const file = await stoppedDatabase(context);
  damage(file, 'setting');
  const { code, errors } = await run(context, { args: ['--database-url', `sqlite:${file}`] }).ended();
  assert.equal(code, 1);
  assert.deepEqual(plainLines(errors).length, 1, errors);
  assert.match(plainLines(errors)[0] ?? '', /^till: .*till\.db is damaged/);
});

test('a start on a file that was overwritten ends with one line, and the file stays as it is', async (context) => {
  const file = await stoppedDatabase(context);
  writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a));
  const before = readFileSync(file);
  const { code, errors } = await run(context, { args: ['--database-url', `sqlite:${file}`] }).ended();
  assert.equal(code, 1);
  assert.match(errors, /^till: .*till\.db is not a SQLite database\n$/);
  assert.deepEqual(readFileSync(file), before);
});

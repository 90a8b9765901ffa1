// The image: the steps of the Dockerfile done in a clean folder, and its command started there as its user.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { buildImage, type Image, placed } from './image.ts';
import { found, type Program } from './program.ts';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));
/** Far more than it takes: what a machine fetches and how busy it is are no matter of the Dockerfile. */
const buildWithinMs = 240_000;
const strongKey = 'a-control-key-for-the-image-0123456789abc';
const isRoot = process.getuid?.() === 0;
/** `node` of the image is nobody special here; where the tests run as root, they give root up for it. */
const owner = isRoot
  ? { uid: 1000, gid: 1000 }
  : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

suite('the image of the Dockerfile', () => {
  let image: Image;

  const folder = mkdtempSync(join(tmpdir(), 'till-image-'));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

  before(async () => {
    chmodSync(folder, 0o755); // a container's user may walk down to its files
    const startedAt = performance.now();
    image = await buildImage(repository, folder, owner);
    const tookMs = Math.round(performance.now() - startedAt);
    console.log(`# built in ${tookMs} ms`);
    assert.ok(tookMs < buildWithinMs, `built in ${tookMs} ms`);
  });

  test('holds every production package and no other', () => {
    const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: true; optional?: true; link?: true }>;
    };
    const locked = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'));
    const wanted = locked.filter(([, { dev, optional }]) => !dev && !optional).map(([path]) => path);
    const listed = new Set(filesOf(image).map((path) => path.replace(/^till\//, '')));
    // who uses a server is no part of it
    const users = ['node_modules/@till/client', 'node_modules/@till/testing'];
    const needed = wanted.filter((path) => !users.includes(path));
    const missing = needed.filter((path) => !listed.has(`${path}/package.json`) && !listed.has(path));
    assert.deepEqual(missing, []);
    const unwanted = locked.filter(([path, { dev }]) => dev && listed.has(`${path}/package.json`));
    assert.deepEqual(unwanted, []);
    assert.ok(
      !listed.has('node_modules/typescript/package.json') && listed.has('node_modules/fastify/package.json'),
    );
  });

  test('holds what runs: no test, no document, no data, nothing of the repository’s own', () => {
    const own = filesOf(image).filter((path) => !path.startsWith('till/node_modules/'));
    const odd = own.filter(
      (path) =>
        !/^till\/(LICENSE|package\.json|packages\/\w+\/(package\.json|(src|bin|sql)\/.+))$/.test(path),
    );
    assert.deepEqual(odd, []);
    assert.deepEqual(
      own.filter((path) => /\.test\.|\/test\//.test(path)),
      [],
    );
    for (const path of ['packages/server/bin/till.js', 'packages/server/sql/001-start.sql']) {
      assert.ok(own.includes(`till/${path}`), path);
    }
    for (const path of readdirSync(join(repository, 'packages/server/src'), { recursive: true })) {
      const place = join(repository, 'packages/server/src', String(path));
      if (lstatSync(place).isFile())
        assert.ok(own.includes(`till/packages/server/src/${path}`), String(path));
    }
  });

  test('every file can be read by whoever runs it, and none but the data be written', () => {
    for (const path of entriesOf(image.root)) {
      const entry = lstatSync(path);
      if (entry.isSymbolicLink()) {
        assert.ok(!readlinkSync(path).startsWith('/'), `${path} leads out of the image`);
        continue;
      }
      const [wanted, what] = entry.isDirectory() ? [0o005, 'entered'] : [0o004, 'read'];
      assert.equal(entry.mode & wanted, wanted, `${path} cannot be ${what}`);
      assert.equal(entry.mode & 0o002, 0, `${path} can be written by all`);
    }
    assert.equal(lstatSync(join(image.root, 'data')).uid, owner.uid);
    assert.equal(image.user, 'node');
    assert.deepEqual(image.volumes, ['/data']);
    assert.deepEqual(image.ports, ['7575', '7576']);
    assert.equal(image.env.NODE_ENV, 'production');
    assert.equal(image.env.TILL_PORT, '7575');
  });

  test('its command starts as its user, is healthy, keeps data in the volume and stops well', async (t) => {
    const port = String(await freePort());
    const env = { ...envOf(image), TILL_PORT: port, TILL_CONTROL_KEY: strongKey };
    const program = command(image, image.entrypoint, env);
    t.after(() => program.child.kill('SIGKILL'));
    await found(program, /(listens on http:\S+)/);
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    assert.deepEqual([health.status, await health.json()], [200, { status: 'ok' }]);
    const headers = { authorization: `Bearer ${strongKey}` };
    const apps = await fetch(`http://127.0.0.1:${port}/control/v1/apps`, { headers });
    assert.equal(apps.status, 200);
    assert.equal((await command(image, image.healthcheck, env).ended()).code, 0, 'the health check is green');
    assert.ok(readdirSync(join(image.root, 'data')).includes('till.db'));
    program.child.kill('SIGTERM');
    assert.equal((await program.ended()).code, 0);
    assert.equal((await command(image, image.healthcheck, env).ended()).code, 1, 'the health check is red');
  });

  test('without a control key it does not start, and says so in one line', async () => {
    const { code, errors } = await command(image, image.entrypoint, envOf(image)).ended();
    assert.equal(code, 1);
    assert.match(errors, /^till: TILL_CONTROL_KEY must have at least 32 characters[^\n]*\n$/);
  });
});

test('compose runs the image on SQLite, and beside a PostgreSQL that sorts bytewise', () => {
  const compose = readFileSync(join(repository, 'compose.yaml'), 'utf8');
  assert.match(compose, /image: postgres:17\n/);
  assert.match(compose, /POSTGRES_INITDB_ARGS: --encoding=UTF8 --locale=C\n/);
  assert.match(compose, /till-data:\/data/);
  // a port without an address would be open to the network
  const ports = [...compose.matchAll(/ports: \["([^"]+)"\]/g)].map(([, port]) => port);
  assert.deepEqual(ports, ['127.0.0.1:7575:7575', '127.0.0.1:7577:7575']);
  assert.doesNotMatch(compose, /KEY: \w/, 'no key stands in the file');
});

/** Every file below the image's root, by its path in the image without the first slash; a link is a file. */
function filesOf({ root }: Image): string[] {
  const files = entriesOf(root).filter((path) => !lstatSync(path).isDirectory());
  return files.map((path) => relative(root, path));
}

function entriesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((path) => join(folder, String(path)));
}

function envOf(image: Image): Record<string, string> {
  return Object.fromEntries(Object.entries(image.env).map(([name, value]) => [name, placed(image, value)]));
}

/** Runs one of the image's commands in its folder, with its environment and as its user. */
function command(image: Image, [node, ...args]: string[], env: Record<string, string>): Program {
  assert.equal(node, 'node');
  const child = spawn(process.execPath, args, {
    cwd: join(image.root, image.workdir),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? owner : {}),
  });
  const written = { out: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    written.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    written.errors += text;
  });
  const closed = once(child, 'close');
  const ended = async () => ({ code: (await closed)[0] as number | null, ...written });
  return { child, out: () => written.out, errors: () => written.errors, ended };
}

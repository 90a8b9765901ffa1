// The command: its options and their rules, its exit codes, the report on the screen and in a file.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { databases } from '../packages/server/test/databases.ts';
import { controlKey, startServer, type TestServer } from '../packages/server/test/server.ts';
import { OptionError, readOptions } from './options.ts';
import type { Report } from './report.ts';
import { startAlteringProxy } from './test/altering-proxy.ts';
import { runFromOutside } from './test/till-to-judge.ts';

const base = ['--base-url', 'https://sbpp.onestore.net'];
const app = ['--client-id', 'com.example.app', '--client-secret', 'a-secret-of-nobody'];
const till = ['--control-url', 'http://127.0.0.1:7575', '--control-key', 'a-key-of-nobody'];
const purchase = ['--purchase', 'inapp:gem:SANDBOXT000120004476'];

describe('The options', () => {
  it('read only, V7, slowly and not much, unless told otherwise', () => {
    const options = readOptions([...base, ...app], {});
    assert.deepEqual(options, {
      baseUrl: 'https://sbpp.onestore.net',
      credentials: {
        clientId: 'com.example.app',
        clientSecret: 'a-secret-of-nobody',
        packageName: 'com.example.app',
      },
      ...{ generations: ['v7'], purchases: [], write: false },
      ...{ timeoutMs: 10_000, pauseMs: 250, mostRequests: 400 },
    });
  });

  it('ask a Till on this machine for everything, without a pause', () => {
    const options = readOptions(['--base-url', 'http://127.0.0.1:7575/', ...till, '--write'], {});
    assert.deepEqual(options?.generations, ['v7', 'v6', 'v5']);
    assert.deepEqual(
      [options?.baseUrl, options?.pauseMs, options?.write],
      ['http://127.0.0.1:7575', 0, true],
    );
    assert.equal(options?.mostRequests, 5000);
  });

  it('take purchases, again and again, with an ID for V5', () => {
    const options = readOptions(
      [...base, ...app, ...purchase, '--purchase', 'auto:m:TOKEN:ID', '--write'],
      {},
    );
    assert.deepEqual(options?.purchases, [
      { kind: 'inapp', productId: 'gem', purchaseToken: 'SANDBOXT000120004476' },
      { kind: 'auto', productId: 'm', purchaseToken: 'TOKEN', purchaseId: 'ID' },
    ]);
  });

  it('take secrets from variables, which no list of processes shows', () => {
    const variables = { TILL_CONFORMANCE_CLIENT_SECRET: 'one', TILL_CONFORMANCE_CONTROL_KEY: 'two' };
    const options = readOptions(
      [...base, '--client-id', 'x', '--control-url', 'http://127.0.0.1:1'],
      variables,
    );
    assert.deepEqual([options?.credentials?.clientSecret, options?.till?.controlKey], ['one', 'two']);
  });

  for (const [name, args, message] of [
    ['no address', app, /--base-url is missing/],
    ['an address that is none', ['--base-url', 'sbpp.onestore.net', ...app], /--base-url/],
    ['an address with a password', ['--base-url', 'https://a:a-secret-of-nobody@b', ...app], /--base-url/],
    ['no app and no Till', base, /--client-id/],
    ['a secret without its app', [...base, '--client-secret', 'a-secret-of-nobody'], /--client-id/],
    ['an app without its secret', [...base, '--client-id', 'x'], /--client-secret/],
    ['a Till without its key', [...base, '--control-url', 'http://127.0.0.1:1'], /--control-key/],
    ['an unknown generation', [...base, ...app, '--generation', 'v4'], /--generation/],
    ['an unknown market', [...base, ...app, '--market', 'MKT_GLC'], /--market/],
    ['a purchase without a token', [...base, ...app, '--purchase', 'inapp:gem'], /--purchase/],
    ['a purchase with too much', [...base, ...app, '--purchase', 'inapp:gem:T:ID:x'], /--purchase/],
    [
      'an app without a name',
      [...base, '--client-id', '', '--client-secret', 'a-secret-of-nobody'],
      /--client-id/,
    ],
    ['a purchase of no kind', [...base, ...app, '--purchase', 'all:gem:T'], /--purchase/],
    ['a pause that is no number', [...base, ...app, '--pause', '1s'], /--pause/],
    ['no time at all', [...base, ...app, '--timeout', '0'], /--timeout/],
    ['writes without purchases', [...base, ...app, '--write'], /--write/],
    ['an unknown option', [...base, ...app, '--force'], /--force/],
    ['a word without an option', [...base, ...app, 'a-secret-of-nobody'], /without an option/],
    [
      'writes at a commercial host',
      ['--base-url', 'https://iap-apis.onestore.net', ...app, ...purchase, '--write'],
      /commercial/,
    ],
    [
      'writes at a commercial host with a dot behind its name',
      ['--base-url', 'https://iap-apis.onestore.net.', ...app, ...purchase, '--write'],
      /commercial/,
    ],
    [
      'writes at the older commercial host',
      ['--base-url', 'https://apis.onestore.co.kr', ...app, ...purchase, '--write'],
      /commercial/,
    ],
  ] as const) {
    it(`refuse ${name}, and quote no secret`, () => {
      assert.throws(
        () => readOptions(args, {}),
        (error) => {
          assert.ok(error instanceof OptionError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes('of-nobody'), error.message);
          return true;
        },
      );
    });
  }
});

describe('npm run conformance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-conformance-'));
  let server: TestServer;
  before(async () => {
    const [memory] = databases;
    assert.ok(memory);
    server = await startServer(memory);
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const file = fileURLToPath(new URL('./run.ts', import.meta.url));
  function run(args: readonly string[], variables: Record<string, string> = {}) {
    const env = { ...process.env, ...variables };
    return new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile(process.execPath, [file, ...args], { env, timeout: 240_000 }, (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
      );
    });
  }

  it('prints what there is, for --help', async () => {
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    for (const option of ['--base-url', '--purchase', '--control-url', '--write', '--json', '--pause']) {
      assert.ok(out.includes(`  ${option}`), option);
    }
  });

  it('ends with 2 and one line where the options do not fit', async () => {
    const { code, out, err } = await run(['--base-url', 'x']);
    assert.deepEqual([code, out, err], [2, '', '--base-url is no http or https address\n']);
  });

  it('ends with 0 where nothing differs, and writes the same report as JSON', async () => {
    const file = join(folder, 'report.json');
    const args = [
      '--base-url',
      server.url,
      '--control-url',
      server.url,
      '--generation',
      'v7',
      '--json',
      file,
    ];
    const { code, out } = await run(args, { TILL_CONFORMANCE_CONTROL_KEY: controlKey });
    assert.equal(code, 0, out);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    assert.deepEqual([report.format, report.ended, report.counts.differs], [1, null, 0]);
    assert.ok(out.startsWith(`Conformance of ${server.url} (v7, no market header, read-only)\n`), out);
    assert.ok(out.includes(`${report.counts.agrees} agree, 0 differ, ${report.counts.open} left open`), out);
    assert.match(
      out,
      /\n {2}note 2, no Authorization header -> 400 InvalidAuthorizationHeader \(as Till does\)/,
    );
    assert.ok(!out.includes(controlKey));
  });

  it('ends with 1 where something differs', async () => {
    const proxy = await startAlteringProxy(server.url);
    proxy.alter = (answer) => {
      answer.body = answer.body.replace('"bearer"', '"Bearer"');
    };
    const { credentials } = await runFromOutside(server);
    const args = ['--base-url', proxy.url, '--client-id', String(credentials?.clientId)];
    const secret = { TILL_CONFORMANCE_CLIENT_SECRET: String(credentials?.clientSecret) };
    const { code, out } = await run(args, secret);
    await proxy.stop();
    assert.equal(code, 1, out);
    assert.match(out, /Differs from the documents \(\d+\)\n.*\n {6}member token_type: it is not bearer\n/);
    assert.ok(!out.includes(String(credentials?.clientSecret)));
  });

  it('ends with 3 and the reason where nobody answers', async () => {
    const { code, out } = await run(['--base-url', 'http://127.0.0.1:1', ...app, '--generation', 'all']);
    assert.equal(code, 3);
    assert.match(out, /The run ended early: 3 requests in a row went without an answer, the last one: /);
    assert.match(out, /Not looked at \(\d+\)/);
  });

  it('ends with 3 where the only request that was sent has no answer', async () => {
    const { code, out } = await run(['--base-url', 'http://127.0.0.1:1', ...app]);
    assert.equal(code, 3, out);
    assert.match(out, /The run ended early: nothing was answered, no answer: /);
  });

  it('ends with 3 where the control API is not there', async () => {
    const away = ['--control-url', 'http://127.0.0.1:1', '--control-key', 'not-the-key'];
    const { code, out, err } = await run(['--base-url', server.url, ...away]);
    assert.deepEqual([code, err], [3, '']);
    assert.match(
      out,
      /The run ended early: the control API at --control-url gave no answer to createWorld: /,
    );
  });

  it('ends with 2 before it asks anything where the report cannot be written', async () => {
    const nowhere = join(folder, 'nowhere', 'report.json');
    const { code, out, err } = await run(['--base-url', 'http://127.0.0.1:1', ...app, '--json', nowhere]);
    assert.deepEqual([code, out, err], [2, '', '--json cannot be written: ENOENT\n']);
  });

  it('ends as it would, and without a word, where nobody reads the report', async () => {
    const args = [file, '--base-url', 'http://127.0.0.1:1', ...app];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const said = child.stderr.toArray();
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, String(Buffer.concat(await said))], [3, '']);
  });

  it('ends with 3 and what it has found so far where somebody interrupts it', async () => {
    const { credentials } = await runFromOutside(server);
    const secret = { TILL_CONFORMANCE_CLIENT_SECRET: String(credentials?.clientSecret) };
    const proxy = await startAlteringProxy(server.url);
    const args = [file, '--base-url', proxy.url, '--client-id', String(credentials?.clientId)];
    const child = spawn(process.execPath, [...args, '--pause', '1000'], {
      env: { ...process.env, ...secret },
    });
    const out = child.stdout.toArray();
    while (proxy.passed.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    await proxy.stop();
    const text = String(Buffer.concat(await out));
    assert.equal(code, 3, text);
    assert.match(text, /\nThe run ended early: it was interrupted\n[\s\S]* issues a token for a form/);
  });

  it('ends with 3 where the control API refuses', async () => {
    const args = ['--base-url', server.url, '--control-url', server.url, '--control-key', 'not-the-key'];
    const { code, out } = await run(args);
    assert.equal(code, 3);
    assert.match(out, /The run ended early: the control API refused createWorld: 401 InvalidAccessToken/);
    assert.ok(!out.includes('not-the-key'));
  });
});

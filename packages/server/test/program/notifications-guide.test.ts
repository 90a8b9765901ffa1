// docs/notifications.md: its commands work as printed, its tables are those of the program, its receivers verify what Till sends.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deliveryResults, notificationFaults, notificationTypes } from '@till/protocol/notifications';
import { resendAfterMs } from '../../src/domain/notification.ts';
import { httpDatabases } from '../databases.ts';
import { freePort } from '../free-port.ts';
import { startServer } from '../server.ts';
import { start, temporaryFolder } from './program.ts';
import { answers, commandsOf, shell } from './shell.ts';

const root = new URL('../../../../', import.meta.url);
const page = readFileSync(new URL('docs/notifications.md', root), 'utf8');

test('every command of the page works as printed, one after the other, with the receiver of the examples', async (t) => {
  const program = await start(t);
  const port = await freePort();
  const folder = `cd '${fileURLToPath(root)}'`;
  const script = commandsOf(page, program.url).replaceAll('7580', String(port));
  // whatever fails, the receiver ends with the shell; its whole group, for npm leaves what it started behind
  const end = "trap 'kill -- -$RECEIVER 2>/dev/null || true' EXIT\nset -m\nRECEIVER=";
  const isGone = `! (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null`;
  const out = await shell(
    [folder, end, script, `wait $RECEIVER || true\n${isGone} || echo 'it still listens'`].join('\n'),
  );
  assert.ok(!out.includes('it still listens'), 'the page ends the receiver that it starts');
  const lines = out.split('\n');
  const received = lines.filter((line) => /^(purchase|subscription|refused|came)/.test(line));
  assert.ok(lines.includes('Verified OK'), out);
  const given = answers(lines.filter((line) => line.startsWith('{')).join('\n'));
  const [, , , set, sword, month, , list, ...spoilt] = given;
  assert.match(set.notificationUrls.payment, new RegExp(`:${port}/$`));
  assert.deepEqual(
    month.happened.map(({ what }: { what: string }) => what),
    ['renewed'],
  );
  assert.equal(list.items.length, 6);
  assert.ok(received.includes(`purchase ${sword.purchaseId}: COMPLETED 1100`));
  const types = received.filter((line) => line.startsWith('subscription')).map((line) => line.slice(-1));
  assert.deepEqual(types, ['4', '2', '3']);

  const [faults, bobs, carols, , nowhere, doras, , dead, back, ...byHand] = spoilt;
  assert.deepEqual(
    faults.items.map(({ fault }: { fault: string }) => fault),
    ['duplicate', 'wrongSignature'],
  );
  for (const { purchaseId } of [bobs, carols]) {
    assert.equal(received.filter((line) => line.includes(purchaseId)).length, 1, purchaseId);
  }
  assert.ok(received.includes('refused: the signature of the notification does not fit'));
  assert.equal(nowhere.notificationUrls.subscription, null);
  assert.deepEqual([dead.items[0].purchaseToken, dead.items[0].attempts.length], [doras.purchaseToken, 30]);
  assert.match(back.notificationUrls.payment, new RegExp(`:${port}/$`));

  const [resent, window, , delivered, nothing, keys, ...none] = byHand;
  assert.equal(resent.notificationId, delivered.notificationId);
  assert.ok(window.count <= 1, 'what was sent by the first call is not dead any more');
  assert.equal(delivered.status, 'delivered');
  assert.equal(received.filter((line) => line.includes(doras.purchaseId)).length, 1);
  assert.equal(nothing.kind, 'payment');
  assert.ok(keys.signsFrom > Date.now() + 6 * 86_400_000);
  assert.deepEqual(none, []);
});

test('its tables name what the tables of the program name', () => {
  for (const [name, type] of Object.entries(notificationTypes)) {
    assert.ok(page.includes(`| ${type} | \`${name}\` |`), name);
  }
  for (const fault of notificationFaults) assert.ok(page.includes(`| \`${fault}\` |`), fault);
  const [, results = ''] = page.split('| Result of an attempt');
  for (const result of deliveryResults) assert.ok(results.includes(`\`${result}\``), result);
});

test('its schedule is the one that is kept', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| ([\d hmins]+) \| ([\d hmins]+) \|$/gm)];
  assert.equal(rows.length, 10);
  for (const [, number, wait = '', together = ''] of rows) {
    const count = Number(number);
    const sum = Array.from({ length: count }, (_, index) => resendAfterMs(index + 1));
    assert.equal(msOf(wait), resendAfterMs(count), number);
    assert.equal(
      msOf(together),
      sum.reduce((one, other) => one + other),
      number,
    );
  }
});

function msOf(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, min: 60_000, s: 1_000 };
  return [...text.matchAll(/(\d+) (h|min|s)/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? Number.NaN),
    0,
  );
}

function codeOf(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  assert.ok(code, language);
  return code;
}

const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** What one receiver got of a payment with all that is hard to write: the body as it came, and the key. */
async function aMessage(context: TestContext): Promise<{ body: string; licenseKey: string }> {
  const [memory] = httpDatabases;
  assert.ok(memory);
  const server = await startServer(memory);
  context.after(() => server.stop());
  const app = await server.app({ worldId: await server.world() });
  let body = '';
  const receiver = createServer(async (request, response) => {
    body = Buffer.concat(await request.toArray()).toString();
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  context.after(() => receiver.close().closeAllConnections());
  const payment = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const inWorld = `?worldId=${app.worldId}`;
  await server.control('PUT', `/apps/${app.clientId}/notification-urls${inWorld}`, { payment });
  const developerPayload = 'a/b "c" \\ é 한글 😀 \t\u2028 ,"signature":"x"}';
  await server.buy(app, { developerPayload, productName: '이름/😀' });
  await server.advance(app.worldId, 'PT0S');
  assert.equal(JSON.parse(body).developerPayload, developerPayload);
  return { body, licenseKey: app.licenseKey };
}

test('its receivers take what Till sends and refuse what was altered', async (t) => {
  const { body, licenseKey } = await aMessage(t);
  const { signature: _, ...message } = JSON.parse(body);
  const altered = body.replace('"COMPLETED"', '"CANCELED"');
  const folder = temporaryFolder(t);
  const file = (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return join(folder, name);
  };

  const { verified } = await import(pathToFileURL(file('verified.mjs', codeOf('js'))).href);
  assert.deepEqual(verified(body, licenseKey), message);
  assert.throws(() => verified(altered, licenseKey), /not genuine/);

  const python = `${codeOf('python')}\nimport sys\nprint(json.dumps(verified(sys.stdin.buffer.read(), sys.argv[1])))`;
  const php = `${codeOf('php')}\necho json_encode(verified(stream_get_contents(STDIN), $argv[1]));`;
  const others: [boolean, string, string][] = [
    [has('python3', '-c', 'import cryptography'), 'python3', file('verified.py', python)],
    [has('java', '-version') && has('javac', '-version'), 'java', file('Verified.java', codeOf('java'))],
    [has('php', '-r', 'exit(0);'), 'php', file('verified.php', php)],
  ];
  for (const [there, command, path] of others) {
    if (!there) t.diagnostic(`${command} is not on this machine`);
    else {
      const given = (input: string) => ({ input, encoding: 'utf8', stdio: 'pipe' }) as const;
      const out = execFileSync(command, [path, licenseKey], given(body));
      assert.deepEqual(JSON.parse(out), message, command);
      assert.throws(() => execFileSync(command, [path, licenseKey], given(altered)), command);
    }
  }
});

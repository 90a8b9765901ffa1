// The signature of a payment notification: it verifies by OpenSSL and by the receiver methods that are documented.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { httpDatabases } from '../databases.ts';
import { Receiver } from '../notifications/receiver.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { isSigned, publicKey } from '../signatures.ts';
import { type Notified, notifiedApp } from './notified.ts';

const run = promisify(execFile);
const has = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

/** What developers put into a purchase, and JSON writers disagree on. */
const texts = [
  'order-1',
  '주문 번호 1',
  '🗡️ 검 💎 \u{1F468}\u200d\u{1F469}\u200d\u{1F467}',
  'https://games.example/a/b?c=1&d=</script>',
  `"quoted" 'single' back\\slash`,
  'line\nfeed\ttab\rreturn',
  '{"a":[1,2.50,"b"]}',
  'é e\u0301 \u00a0 \uFEFF <>&=+%',
];

/** The members in their order without `signature`, written without blanks, everything raw: Java's and Python's. */
function likeJava(text: string): { signed: string; signature: string } {
  const { signature, ...members } = JSON.parse(text);
  return { signed: JSON.stringify(members), signature };
}

/** `json_encode` with JSON_UNESCAPED_UNICODE escapes slashes, unless JSON_UNESCAPED_SLASHES is set too. */
function likePhp(text: string, { unescapedSlashes }: { unescapedSlashes: boolean }) {
  const { signed, signature } = likeJava(text);
  return { signed: unescapedSlashes ? signed : signed.replaceAll('/', '\\/'), signature };
}

const python = `
import json, sys
message = json.loads(sys.stdin.buffer.read().decode('utf-8'))
del message['signature']
sys.stdout.buffer.write(json.dumps(message, ensure_ascii=False, separators=(',', ':')).encode('utf-8'))
`;

async function likePython(text: string): Promise<Buffer> {
  const running = run('python3', ['-c', python], { encoding: 'buffer' });
  running.child.stdin?.end(text);
  return (await running).stdout;
}

for (const database of httpDatabases) {
  describe(`signatures of notifications on ${database.name}`, () => {
    let server: TestServer;
    let receiver: Receiver;
    let shop: Notified;
    /** As they came, one for each text, and one of a purchase without any. */
    let sent: string[];

    before(async () => {
      server = await startServer(database, { masterKey: Buffer.alloc(32, 9) });
      receiver = await new Receiver().open();
      shop = await notifiedApp(server, receiver, { ownKey: true });
      for (const text of texts) await shop.buy({ developerPayload: text, productName: `${text} /` });
      await shop.buy();
      await shop.settled();
      sent = receiver.received.map(({ text }) => text);
    });
    after(async () => {
      await server.stop();
      await receiver.close();
    });

    test('is the last member of exactly what it signs: compact, UTF-8 raw, slashes not escaped', () => {
      assert.equal(sent.length, texts.length + 1);
      const payloads: string[] = [];
      for (const text of sent) {
        const { signature, ...told } = JSON.parse(text);
        const signed = JSON.stringify(told);
        assert.equal(text, `${signed.slice(0, -1)},"signature":"${signature}"}`);
        assert.ok(isSigned(shop.app.licenseKey, signed, signature));
        assert.ok(!text.includes('\\/') && !/\\u[89a-fA-F]/.test(text));
        const of = told.developerPayload;
        payloads.push(of);
        assert.equal(told.productName, of === '' ? undefined : `${of} /`);
      }
      // different purchases come side by side
      assert.deepEqual(payloads.toSorted(), ['', ...texts].toSorted());
      const { modulusLength } = publicKey(shop.app.licenseKey).asymmetricKeyDetails ?? {};
      assert.equal(modulusLength, 2048);
    });

    test('fits no other text and no other key', async () => {
      const other = await server.app({ worldId: shop.app.worldId, ownKey: true });
      for (const text of sent) {
        const { signed, signature } = likeJava(text);
        assert.ok(!isSigned(other.licenseKey, signed, signature));
        assert.ok(!isSigned(shop.app.licenseKey, signed.replace('COMPLETED', 'CANCELED'), signature));
        assert.ok(!isSigned(shop.app.licenseKey, text, signature));
      }
    });

    test('verifies by the documented methods of Java and PHP', () => {
      for (const text of sent) {
        const good = [likeJava(text), likePhp(text, { unescapedSlashes: true })];
        for (const { signed, signature } of good) assert.ok(isSigned(shop.app.licenseKey, signed, signature));
        const { signed, signature } = likePhp(text, { unescapedSlashes: false });
        assert.equal(isSigned(shop.app.licenseKey, signed, signature), !likeJava(text).signed.includes('/'));
      }
    });

    test('verifies by the documented method of Python, in Python', async (t: TestContext) => {
      if (!has('python3', '--version')) return t.skip('there is no python3');
      for (const text of sent) {
        const written = await likePython(text);
        assert.equal(written.toString(), likeJava(text).signed);
        assert.ok(isSigned(shop.app.licenseKey, written.toString(), likeJava(text).signature));
      }
    });

    test('verifies by the openssl command', async (t: TestContext) => {
      if (!has('openssl', 'version')) return t.skip('there is no openssl');
      const folder = mkdtempSync(join(tmpdir(), 'till-signature-'));
      const file = (name: string, content: string | Buffer) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
      };
      try {
        const key = file('key.der', Buffer.from(shop.app.licenseKey, 'base64'));
        const verify = (signed: string, signature: string) =>
          run('openssl', [
            ...['dgst', '-sha512', '-verify', key, '-keyform', 'DER'],
            ...['-signature', file('signature', Buffer.from(signature, 'base64')), file('text', signed)],
          ]);
        for (const text of sent) {
          const { signed, signature } = likeJava(text);
          assert.match((await verify(signed, signature)).stdout, /Verified OK/);
        }
        const { signed, signature } = likeJava(sent[0] ?? '');
        await assert.rejects(verify(`${signed} `, signature), /./);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test('is made once: what is sent again carries the same, and what was cancelled its own', async () => {
      const { purchaseToken } = await shop.buy({ developerPayload: '환불 /' });
      await shop.settled();
      receiver.reply = () => 500;
      expectStatus(await shop.call('POST', `/purchases/${purchaseToken}/void`, {}), 200);
      await shop.settled();
      receiver.reply = () => 200;
      await shop.advance('PT30S');
      const [bought, cancelled, again] = receiver.received.slice(sent.length);
      assert.ok(bought && cancelled && again);
      assert.equal(cancelled.text, again.text);
      assert.notEqual(bought.body.signature, cancelled.body.signature);
      const { signed, signature } = likeJava(cancelled.text);
      assert.ok(isSigned(shop.app.licenseKey, signed, signature));
      assert.equal(cancelled.body.purchaseState, 'CANCELED');
    });
  });
}

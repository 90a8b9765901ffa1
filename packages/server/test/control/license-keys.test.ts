// License keys: what the device gets is signed with its app's key, stored keys are sealed, and one follows another.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createSeals } from '../../src/host/seals.ts';
import { testKeyPair } from '../../src/host/test-key-pair.ts';
import { httpDatabases } from '../databases.ts';
import { Receiver } from '../notifications/receiver.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { isSigned, publicKey } from '../signatures.ts';
import { type Notified, notifiedApp } from './notified.ts';

interface Signed {
  purchaseData: string;
  signature: string;
}

for (const database of httpDatabases) {
  describe(`license keys on ${database.name}`, () => {
    const masterKey = Buffer.alloc(32, 7);
    let server: TestServer;

    before(async () => {
      server = await startServer(database, { masterKey });
    });
    after(() => server.stop());

    const signingKeyOf = async (clientId: string) => {
      const rows = await server.till.host.database.all('select signing_key from app where client_id = $1', [
        clientId,
      ]);
      return String(rows[0]?.signing_key);
    };

    test('apps of test worlds share the published key', async () => {
      for (const worldId of [await server.world(), await server.world()]) {
        assert.equal((await server.app({ worldId })).licenseKey, testKeyPair.licenseKey);
        assert.equal((await server.app({ worldId, ownKey: false })).licenseKey, testKeyPair.licenseKey);
      }
    });

    test('an app that asks for its own key and one of the default world have one each', async () => {
      const worldId = await server.world();
      const apps = [
        await server.app({ worldId, ownKey: true }),
        await server.app({ worldId, ownKey: true }),
        await server.app({}),
      ];
      const keys = new Set([testKeyPair.licenseKey, ...apps.map(({ licenseKey }) => licenseKey)]);
      assert.equal(keys.size, 4);
      for (const app of apps) {
        const key = publicKey(app.licenseKey);
        assert.deepEqual([key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength], ['rsa', 2048]);
        const other = apps.find(({ clientId }) => clientId !== app.clientId);
        const bought: Signed = await server.buy(app);
        assert.ok(verified(app.licenseKey, bought));
        assert.ok(!verified(other?.licenseKey ?? '', bought));
      }
    });

    test('what the device gets verifies as bought and as it is later, and only unaltered', async () => {
      const app = await server.app({ worldId: await server.world() });
      const bought = await server.buy(app, { developerPayload: '주문 1' });
      assert.ok(verified(app.licenseKey, bought));
      assert.ok(
        !verified(app.licenseKey, {
          ...bought,
          purchaseData: bought.purchaseData.replace('주문 1', '주문 2'),
        }),
      );
      const path = `/apps/${app.clientId}/purchases/${bought.purchaseToken}`;
      const acknowledged = expectStatus(await server.control('POST', `${path}/acknowledge`), 200);
      const read = expectStatus(await server.control('GET', path), 200);
      for (const later of [acknowledged, read]) {
        assert.ok(verified(app.licenseKey, later));
        assert.deepEqual(JSON.parse(later.purchaseData), {
          ...JSON.parse(bought.purchaseData),
          acknowledgeState: 1,
        });
      }
    });

    test('a stored key of an app is sealed: nothing in the row is a private key', async () => {
      const app = await server.app({ worldId: await server.world(), ownKey: true });
      const stored = await signingKeyOf(app.clientId);
      for (const der of [
        Buffer.from(stored, 'base64'),
        Buffer.from(stored.split(':').at(-1) ?? '', 'base64'),
      ]) {
        assert.throws(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      }
    });
  });
}

const dayMs = 86_400_000;

for (const database of httpDatabases) {
  describe(`a license key that follows another on ${database.name}`, () => {
    const masterKey = Buffer.alloc(32, 8);
    const machine = { now: Date.UTC(2026, 5, 1) };
    let server: TestServer;
    let receiver: Receiver;
    let shop: Notified;

    before(async () => {
      server = await startServer(database, { masterKey }, { clock: () => machine.now });
      receiver = await new Receiver().open();
    });
    after(async () => {
      await server.stop();
      await receiver.close();
    });
    beforeEach(async () => {
      receiver.received.length = 0;
      receiver.reply = () => 200;
      shop = await notifiedApp(server, receiver, { ownKey: true });
    });

    const rotate = async (body: unknown = {}) =>
      expectStatus(await shop.call('POST', '/license-keys', body), 201);
    const read = async () => expectStatus(await shop.call('GET', ''), 200);
    /** Which of these keys signed the latest message. */
    const signers = (...keys: string[]) => {
      const { signature, ...told } = receiver.received.at(-1)?.body ?? {};
      return keys.map((key) => isSigned(key, JSON.stringify(told), signature));
    };

    test('both are known until it signs, then it signs notifications and purchase data', async () => {
      const first = shop.app.licenseKey;
      const next = await rotate();
      assert.deepEqual(next, {
        licenseKey: next.licenseKey,
        previousLicenseKey: first,
        signsFrom: machine.now + 7 * dayMs,
      });
      const { licenseKey: second, signsFrom } = next;
      assert.equal(publicKey(second).asymmetricKeyDetails?.modulusLength, 2048);
      machine.now = signsFrom - 1;
      const before = await read();
      assert.equal(before.licenseKey, first);
      assert.deepEqual(before.nextLicenseKey, { licenseKey: second, signsFrom });
      const early = await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(first, second), [true, false]);
      assert.deepEqual([verified(first, early), verified(second, early)], [true, false]);

      machine.now = signsFrom;
      const after = await read();
      assert.deepEqual([after.licenseKey, 'nextLicenseKey' in after], [second, false]);
      const late = await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(first, second), [false, true]);
      assert.deepEqual([verified(first, late), verified(second, late)], [false, true]);
      const reread = expectStatus(await shop.call('GET', `/purchases/${early.purchaseToken}`), 200);
      assert.deepEqual([verified(first, reread), verified(second, reread)], [false, true]);
    });

    test('what is sent again after it took over is signed by it, what is sent before stays as it was', async () => {
      const first = shop.app.licenseKey;
      receiver.reply = () => 500;
      await shop.buy();
      await shop.settled();
      const { licenseKey: second, signsFrom } = await rotate({ overlap: 'P1D' });
      assert.equal(signsFrom, machine.now + dayMs);
      await shop.advance('PT30S');
      assert.deepEqual(signers(first, second), [true, false]);
      assert.equal(receiver.received[0]?.text, receiver.received[1]?.text);
      machine.now = signsFrom;
      await shop.advance('PT2M');
      assert.deepEqual(signers(first, second), [false, true]);
      receiver.reply = () => 200;
      await shop.advance('PT270S');
      assert.equal(receiver.received[3]?.text, receiver.received[2]?.text, 'signed once by the new one');
      assert.equal(receiver.received.length, 4);
    });

    test('one that waits is replaced and never signs; the next one follows whichever signs then', async () => {
      const first = shop.app.licenseKey;
      const never = await rotate({ overlap: 'PT1H' });
      machine.now += 1_000;
      const second = await rotate({ overlap: 'PT1H' });
      assert.equal(second.previousLicenseKey, first);
      assert.equal((await read()).nextLicenseKey.licenseKey, second.licenseKey);
      machine.now = never.signsFrom;
      await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(first, never.licenseKey, second.licenseKey), [true, false, false]);
      machine.now = second.signsFrom + 1;
      const third = await rotate({ overlap: 'PT1H' });
      assert.equal(third.previousLicenseKey, second.licenseKey);
      await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(first, second.licenseKey, third.licenseKey), [false, true, false]);
      machine.now = third.signsFrom;
      await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(first, second.licenseKey, third.licenseKey), [false, false, true]);
      assert.equal((await read()).licenseKey, third.licenseKey);
    });

    test('an app with the published key of test worlds gets one of its own', async () => {
      shop = await notifiedApp(server, receiver);
      assert.equal(shop.app.licenseKey, testKeyPair.licenseKey);
      const next = await rotate({ overlap: 'PT1S' });
      assert.equal(next.previousLicenseKey, testKeyPair.licenseKey);
      machine.now += 1_000;
      await shop.buy();
      await shop.settled();
      assert.deepEqual(signers(testKeyPair.licenseKey, next.licenseKey), [false, true]);
    });

    test('an overlap that is no fixed span is refused by its name', async () => {
      for (const overlap of ['P1M', 'P1Y', 'soon', '-P1D', '']) {
        const answer = await shop.call('POST', '/license-keys', { overlap });
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'overlap'], overlap);
      }
      const unknown = await shop.call('POST', '/license-keys', { signsFrom: 1 });
      assert.deepEqual(refusal(unknown), [400, 'InvalidRequest', 'signsFrom']);
      assert.equal((await read()).nextLicenseKey, undefined);
    });

    test('its private half is sealed, and no answer, audit, log or metric holds any of it', async () => {
      const told = [await shop.call('POST', '/license-keys'), await shop.call('GET', '')];
      await shop.buy();
      await shop.settled();
      told.push(await shop.call('GET', '/notifications'), await server.control('GET', '/audit?limit=1000'));
      told.push(await server.call('GET', '/metrics'));
      const columns = 'signing_key, next_signing_key';
      const [row] = await server.till.host.database.all(`select ${columns} from app where client_id = $1`, [
        shop.app.clientId,
      ]);
      const all = [...told.map(({ text }) => text), ...server.logged].join('\n');
      assert.ok(all.length > 1_000);
      for (const stored of [String(row?.signing_key), String(row?.next_signing_key)]) {
        assert.match(stored, /^sealed:/);
        const open = createSeals({ masterKey }).open(stored);
        const key = createPrivateKey({ key: Buffer.from(open, 'base64'), format: 'der', type: 'pkcs8' });
        const { d, p, q } = key.export({ format: 'jwk' });
        for (const secret of [stored, open, d, p, q]) assert.ok(secret && !all.includes(secret.slice(0, 40)));
        // nor any stretch of its base64
        for (let at = 400; at + 40 <= open.length; at += 40)
          assert.ok(!all.includes(open.slice(at, at + 40)));
      }
    });
  });
}

test('without a master key the stored key is the private half of the license key', async () => {
  const [database] = httpDatabases;
  assert.ok(database);
  const server = await startServer(database);
  try {
    const app = await server.app({ worldId: await server.world(), ownKey: true });
    const [row] = await server.till.host.database.all('select signing_key from app');
    const der = Buffer.from(String(row?.signing_key), 'base64');
    const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    assert.equal(key.export({ format: 'der', type: 'spki' }).toString('base64'), app.licenseKey);
  } finally {
    await server.stop();
  }
});

function verified(licenseKey: string, { purchaseData, signature }: Signed): boolean {
  return isSigned(licenseKey, purchaseData, signature);
}

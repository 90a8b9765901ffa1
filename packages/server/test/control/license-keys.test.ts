// License keys: what the device gets is signed with its app's key, and stored keys are sealed.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { testKeyPair } from '../../src/host/test-key-pair.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { isSigned, publicKey } from '../signatures.ts';

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

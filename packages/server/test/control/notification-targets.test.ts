// Where notifications may go in commercial: onto the internet by https, and where the settings allow more.
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createHttpPoster, type PosterOptions } from '../../src/host/http-poster.ts';
import { createTargetRules } from '../../src/host/target-rules.ts';
import { readSettings } from '../../src/settings.ts';
import { databases, httpDatabases } from '../databases.ts';
import { Receiver } from '../notifications/receiver.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { isSigned } from '../signatures.ts';
import type { Json } from './notified.ts';

const commercial = { environment: 'commercial', masterKey: Buffer.alloc(32, 6) } as const;
const open = { notificationHttp: true, notificationRanges: ['127.0.0.0/8'] };

async function openReceiver(context: TestContext): Promise<Receiver> {
  const receiver = await new Receiver().open();
  context.after(() => receiver.close());
  return receiver;
}

const setUrls = (server: TestServer, clientId: string, urls: unknown) =>
  server.control('PUT', `/apps/${clientId}/notification-urls`, urls);

/** Waits until the only message of the app has been attempted. */
async function attempted(server: TestServer, clientId: string): Promise<Json> {
  for (const end = Date.now() + 60_000; ; await wait(10)) {
    const { items } = expectStatus(await server.control('GET', `/apps/${clientId}/notifications`), 200);
    if (items[0]?.attempts.length > 0) return items[0];
    if (Date.now() > end) throw new Error('nothing was attempted');
  }
}

for (const database of httpDatabases) {
  describe(`addresses of notifications in commercial on ${database.name}`, () => {
    test('only https and the internet, unless the settings say so', async (t) => {
      const server = await startServer(database, commercial);
      t.after(() => server.stop());
      const { clientId } = await server.app();
      const hosts = [
        '127.0.0.1',
        '2130706433',
        '0x7f.1',
        '[::1]',
        '[::ffff:10.0.0.1]',
        '10.0.0.1',
        '192.168.1.1',
      ];
      const refused = [
        'http://games.example/notifications',
        'https://user:secret@games.example/',
        'https://169.254.169.254/latest/meta-data/',
        ...hosts.map((host) => `https://${host}:8443/`),
      ];
      for (const url of refused) {
        for (const member of ['payment', 'subscription']) {
          const answer = await setUrls(server, clientId, { [member]: url });
          assert.deepEqual(refusal(answer), [400, 'InvalidRequest', member], url);
        }
      }
      const urls = { payment: 'https://games.example/pns', subscription: 'https://8.8.8.8:8443/sns' };
      const { notificationUrls } = expectStatus(await setUrls(server, clientId, urls), 200);
      assert.deepEqual(notificationUrls, urls);
    });

    test('with plain http and a range allowed a whole delivery works', async (t) => {
      const receiver = await openReceiver(t);
      const server = await startServer(database, { ...commercial, ...open });
      t.after(() => server.stop());
      const { clientId, licenseKey } = await server.app();
      expectStatus(await setUrls(server, clientId, { payment: receiver.url }), 200);
      const elsewhere = await setUrls(server, clientId, { subscription: 'http://10.0.0.1/' });
      assert.deepEqual(refusal(elsewhere), [400, 'InvalidRequest', 'subscription']);
      await server.buy({ clientId, worldId: 'default' });
      const item = await attempted(server, clientId);
      assert.deepEqual([item.status, item.attempts[0].httpStatus], ['delivered', 200]);
      const [sent] = receiver.received;
      const { signature, ...told } = sent?.body ?? {};
      assert.ok(isSigned(licenseKey, JSON.stringify(told), signature));
      assert.deepEqual(
        [told.msgVersion, told.environment, told.isTestMdn, told.developerPayload],
        ['3.1.0', 'COMMERCIAL', false, null],
      );
    });

    test('a name that leads inside when its message is sent is blocked, whatever it was when it was set', async (t) => {
      const receiver = await openReceiver(t);
      let address = '8.8.8.8';
      const lookup = (_: string, __: unknown, callback: (error: null, found: LookupAddress[]) => void) =>
        callback(null, [{ address, family: 4 }]);
      const rules = createTargetRules({ environment: 'commercial', http: true });
      const poster = createHttpPoster({
        rules,
        lookup: lookup as unknown as NonNullable<PosterOptions['lookup']>,
      });
      const server = await startServer(database, commercial, { poster });
      t.after(() => server.stop());
      const { clientId } = await server.app();
      const payment = `http://rebinding.example:${receiver.port}/notifications`;
      expectStatus(await setUrls(server, clientId, { payment }), 200);
      address = '127.0.0.1';
      await server.buy({ clientId, worldId: 'default' });
      const { attempts } = await attempted(server, clientId);
      assert.deepEqual([attempts[0].result, attempts[0].httpStatus], ['blocked', undefined]);
      assert.equal(receiver.connections, 0);
    });
  });
}

// in memory there would be nothing to come back to
for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`an address that was allowed once is blocked at its attempt when it no longer is, on ${database.name}`, async (t) => {
    const receiver = await openReceiver(t);
    const { url, drop } = await database.open();
    t.after(drop);
    const first = await startServer({ url }, { ...commercial, ...open });
    const { clientId } = await first.app();
    expectStatus(await setUrls(first, clientId, { payment: receiver.url }), 200);
    await first.stop();
    const server = await startServer({ url }, commercial);
    t.after(() => server.stop());
    await server.buy({ clientId, worldId: 'default' });
    const item = await attempted(server, clientId);
    assert.deepEqual([item.status, item.attempts[0].result], ['pending', 'blocked']);
    assert.equal(receiver.connections, 0);
  });
}

test('the settings of addresses are read from the environment, and refused where they make no sense', () => {
  const read = (env: Record<string, string>) => readSettings(['--control-key', controlKey], env);
  const { notificationHttp, notificationRanges } = read({
    TILL_NOTIFICATION_HTTP: 'on',
    TILL_NOTIFICATION_RANGES: '10.1.0.0/16, fd00::/8,127.0.0.1',
  });
  assert.deepEqual([notificationHttp, notificationRanges], [true, ['10.1.0.0/16', 'fd00::/8', '127.0.0.1']]);
  const standard = read({});
  assert.deepEqual([standard.notificationHttp, standard.notificationRanges], [false, []]);
  for (const ranges of ['10.0.0.0/33', 'localhost', '10.1', '10.0.0.0/8;127.0.0.1']) {
    assert.throws(() => read({ TILL_NOTIFICATION_RANGES: ranges }), /TILL_NOTIFICATION_RANGES/, ranges);
  }
  assert.throws(() => read({ TILL_NOTIFICATION_HTTP: 'yes' }), /TILL_NOTIFICATION_HTTP/);
});

// Apps: registered, read, changed, listed and deleted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

for (const database of httpDatabases) {
  describe(`apps on ${database.name}`, () => {
    let server: TestServer;
    /** A world that all tests of this file may use: they name their apps apart. */
    let shared: string;

    before(async () => {
      server = await startServer(database);
      shared = await server.world();
    });
    after(() => server.stop());

    const create = (body: Record<string, unknown>) =>
      server.control('POST', '/apps', { worldId: shared, ...body });
    const change = (app: { clientId: string; worldId: string }, body: unknown) =>
      server.control('PATCH', `/apps/${app.clientId}?worldId=${app.worldId}`, body);
    const read = async (app: { clientId: string; worldId: string }) =>
      expectStatus(await server.control('GET', `/apps/${app.clientId}?worldId=${app.worldId}`), 200);
    const details = (app: TestApp, token: string, purchaseToken = 'SANDBOXT000000000000') =>
      server.call('GET', `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${purchaseToken}`, {
        token,
      });

    test('an app that asks for nothing lives in the default world under names that were drawn', async () => {
      const started = Date.now();
      const app = expectStatus(await server.control('POST', '/apps'), 201);
      const { clientId, clientSecret, licenseKey, createdAt, ...rest } = app;
      assert.match(clientId, /^\d{10}$/);
      assert.match(clientSecret, /^[A-Za-z0-9/]{43}=$/);
      assert.match(licenseKey, /^MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A/);
      assert.ok(createdAt >= started && createdAt <= Date.now());
      assert.deepEqual(rest, {
        worldId: 'default',
        packageName: clientId,
        title: clientId,
        market: 'MKT_ONE',
        generation: 'v7',
        blocked: false,
        notificationUrls: { payment: null, subscription: null },
        notificationVersion: '3.1.0',
        switches: {},
      });
      assert.equal((await server.control('DELETE', `/apps/${clientId}`)).status, 204);
    });

    test('an app is as it was asked for, and its secret is shown this once', async () => {
      const asked = {
        clientId: 'com.example.asked',
        packageName: 'com.example.asked.package',
        title: '게임 🎮',
        market: 'MKT_GLB',
        generation: 'v6',
      };
      const { clientSecret, ...app } = expectStatus(await create(asked), 201);
      assert.ok(clientSecret);
      assert.deepEqual({ ...app, ...asked, worldId: shared }, app);
      assert.deepEqual(await read(app), app);
      const list = await server.control('GET', `/apps?worldId=${shared}`);
      assert.ok(!list.text.includes('clientSecret'));
    });

    test('a client ID or package name that another app of the world has is AlreadyExists', async () => {
      expectStatus(await create({ clientId: 'taken-id', packageName: 'taken-package' }), 201);
      for (const [body, ...fields] of [
        [{ clientId: 'taken-id' }, 'clientId'],
        [{ packageName: 'taken-package' }, 'packageName'],
        [{ clientId: 'free', packageName: 'taken-package' }, 'clientId', 'packageName'],
        // the package name is the client ID where it is not given
        [{ clientId: 'taken-package' }, 'clientId'],
      ] as [body: Record<string, unknown>, ...fields: string[]][]) {
        assert.deepEqual(refusal(await create(body)), [409, 'AlreadyExists', ...fields]);
      }
    });

    test('a client ID that lives in several worlds needs to be told which world', async () => {
      const clientId = 'com.example.twins';
      const worlds = [shared, await server.world()];
      for (const worldId of worlds) await server.app({ worldId, clientId, title: worldId });
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PATCH', '', { title: 'new' }],
        ['DELETE', '', undefined],
        ['POST', '/client-secrets', undefined],
        ['PUT', '/notification-urls', { payment: null }],
        ['POST', '/access-tokens', undefined],
        ['POST', '/access-tokens/expire', undefined],
        ['GET', '/products', undefined],
        ['GET', '/products/product01', undefined],
        ['DELETE', '/products/product01', undefined],
        ['GET', '/purchases', undefined],
        ['POST', '/purchases', { productId: 'product01' }],
        ['GET', '/purchases/token', undefined],
        ['POST', '/purchases/token/void', undefined],
      ] as const) {
        const answer = await server.control(method, `/apps/${clientId}${path}`, body);
        assert.deepEqual(refusal(answer), [409, 'InvalidState'], `${method} ${path}`);
      }
      for (const worldId of worlds) assert.equal((await read({ clientId, worldId })).title, worldId);
      const elsewhere = await server.control('GET', `/apps/${clientId}?worldId=default`);
      assert.deepEqual(refusal(elsewhere), [404, 'NoSuchData']);
    });

    test('an app of a world that is not there is NoSuchData', async () => {
      assert.deepEqual(refusal(await create({ worldId: 'nowhere' })), [404, 'NoSuchData']);
      for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
        const answer = await server.control(method, '/apps/nobody', method === 'PATCH' ? {} : undefined);
        assert.deepEqual(refusal(answer), [404, 'NoSuchData'], method);
      }
    });

    for (const [member, value] of [
      ['title', 'Another title'],
      ['packageName', 'com.example.renamed'],
      ['market', 'MKT_GLB'],
      ['generation', 'v5'],
      ['notificationVersion', '3.0.0'],
      ['blocked', true],
      ['switches', { tokenReuse: false }],
    ] as const) {
      test(`a change of ${member} changes that and nothing else`, async () => {
        const { clientSecret: _, ...app } = expectStatus(
          await create({ clientId: `changed-${member}` }),
          201,
        );
        const changed = expectStatus(await change(app, { [member]: value }), 200);
        assert.deepEqual(changed, { ...app, [member]: value });
        assert.deepEqual(await read(app), changed);
      });
    }

    for (const [body, field] of [
      [{ colour: 'red' }, 'colour'],
      [{ clientId: 'other' }, 'clientId'],
      [{ worldId: 'other' }, 'worldId'],
      [{ licenseKey: 'mine' }, 'licenseKey'],
      [{ switches: { tokenReuse: 'off' } }, 'switches.tokenReuse'],
      [{ switches: { tokenreuse: false } }, 'switches.tokenreuse'],
      [{ blocked: 1 }, 'blocked'],
      [{ market: 'MKT_STM' }, 'market'],
      [{ generation: 'v4' }, 'generation'],
      [{ notificationVersion: '3.2.0' }, 'notificationVersion'],
      [{ packageName: '' }, 'packageName'],
      [{ packageName: 'a/b' }, 'packageName'],
      [{ title: 't'.repeat(201) }, 'title'],
    ] as const) {
      test(`a change of ${JSON.stringify(body).slice(0, 40)} is refused and ${field} named`, async () => {
        const { clientSecret: _, ...app } = expectStatus(await create({}), 201);
        assert.deepEqual(refusal(await change(app, body)), [400, 'InvalidRequest', field]);
        assert.deepEqual(await read(app), app);
      });
    }

    test('a package name that another app of the world has is refused, one of another world is not', async () => {
      const [app, other] = [await server.app({ worldId: shared }), await server.app({ worldId: shared })];
      const answer = await change(app, { packageName: other.clientId });
      assert.deepEqual(refusal(answer), [409, 'AlreadyExists', 'packageName']);
      const far = await server.app({ worldId: await server.world() });
      expectStatus(await change(app, { packageName: far.clientId }), 200);
    });

    test('a blocked app gets AccessBlocked until it is let in again', async () => {
      const app = await server.app({ worldId: shared });
      const token = await server.token(app);
      expectStatus(await change(app, { blocked: true }), 200);
      assert.deepEqual(refusal(await details(app, token)), [403, 'AccessBlocked']);
      await assert.rejects(() => server.token(app), /AccessBlocked/);
      expectStatus(await change(app, { blocked: false }), 200);
      assert.deepEqual(refusal(await details(app, token)), [404, 'NoSuchData']);
    });

    test('a switch stays until it is changed, and null gives it back to the server', async () => {
      const app = await server.app({ worldId: shared });
      const first = await server.token(app);
      assert.equal(await server.token(app), first);
      expectStatus(await change(app, { switches: { tokenReuse: false } }), 200);
      assert.notEqual(await server.token(app), await server.token(app));
      const both = expectStatus(await change(app, { switches: { strictContentType: true } }), 200);
      assert.deepEqual(both.switches, { tokenReuse: false, strictContentType: true });
      assert.deepEqual(refusal(await details(app, first)), [415, 'InvalidContentType']);
      const reset = { tokenReuse: null, strictContentType: null };
      assert.deepEqual(expectStatus(await change(app, { switches: reset }), 200).switches, reset);
      assert.equal(await server.token(app), await server.token(app));
      assert.deepEqual(refusal(await details(app, first)), [404, 'NoSuchData']);
    });

    test('the switch unconfirmedGlobal serves unconfirmed purchases of the global market', async () => {
      const app = await server.app({ worldId: shared, market: 'MKT_GLB' });
      const token = await server.token(app);
      const { purchaseToken } = await server.buy(app);
      const listed = async () => {
        const path = `/v7/apps/${app.clientId}/unconfirmed-purchases`;
        const answer = await server.call('GET', path, { token, headers: { 'x-market-code': 'MKT_GLB' } });
        const { unconfirmedPurchaseList } = expectStatus(answer, 200);
        return unconfirmedPurchaseList.map((row: { purchaseToken: string }) => row.purchaseToken);
      };
      assert.deepEqual(await listed(), []);
      expectStatus(await change(app, { switches: { unconfirmedGlobal: true } }), 200);
      assert.deepEqual(await listed(), [purchaseToken]);
    });

    test('notification addresses are set one by one, and null turns one off', async () => {
      const app = await server.app({ worldId: shared });
      const put = async (body: unknown) =>
        server.control('PUT', `/apps/${app.clientId}/notification-urls`, body);
      const urls = async (body: unknown) => expectStatus(await put(body), 200).notificationUrls;
      const [payment, subscription] = ['http://127.0.0.1:9/pns', 'https://example.com/sns?a=b'];
      assert.deepEqual(await urls({ payment }), { payment, subscription: null });
      assert.deepEqual(await urls({ subscription }), { payment, subscription });
      assert.deepEqual(await urls({}), { payment, subscription });
      assert.deepEqual(await urls({ payment: null }), { payment: null, subscription });
      assert.deepEqual((await read(app)).notificationUrls, { payment: null, subscription });
      for (const [body, field] of [
        [{ payment: 'ftp://example.com/' }, 'payment'],
        [{ payment: '' }, 'payment'],
        [{ subscription: `https://example.com/${'a'.repeat(2_048)}` }, 'subscription'],
        [{ pns: payment }, 'pns'],
      ] as const) {
        assert.deepEqual(refusal(await put(body)), [400, 'InvalidRequest', field]);
      }
    });

    test('the list holds every app of a world once by client ID, page by page', async () => {
      const worldId = await server.world();
      const clientIds = ['b', 'a', 'd', 'c', 'B'].map((letter) => `listed-${letter}`);
      for (const clientId of clientIds) expectStatus(await create({ worldId, clientId }), 201);
      const met: string[] = [];
      let cursor = '';
      do {
        const page = expectStatus(
          await server.control('GET', `/apps?worldId=${worldId}&limit=2${cursor}`),
          200,
        );
        met.push(...page.items.map((app: { clientId: string }) => app.clientId));
        cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      assert.deepEqual(met, clientIds.sort());
    });

    test('the list of all apps holds a client ID once for each of its worlds', async () => {
      const clientId = '000-first-of-all';
      const worlds = [await server.world(), await server.world(), await server.world()].sort();
      for (const worldId of worlds) expectStatus(await create({ worldId, clientId }), 201);
      const met: string[] = [];
      let cursor = '';
      for (let page = 0; page < worlds.length; page++) {
        const answer = expectStatus(await server.control('GET', `/apps?limit=1${cursor}`), 200);
        assert.equal(answer.items[0].clientId, clientId);
        met.push(answer.items[0].worldId);
        cursor = `&cursor=${answer.nextCursor}`;
      }
      assert.deepEqual(met, worlds);
    });

    test('a deleted app leaves nothing behind, and its name is free again', async () => {
      const app = await server.app({ worldId: shared, clientId: 'com.example.deleted' });
      const token = await server.token(app);
      const { purchaseToken } = await server.buy(app, { buyerId: 'alice' });
      const path = `/apps/${app.clientId}?worldId=${shared}`;
      const deleted = await server.control('DELETE', path);
      assert.deepEqual([deleted.status, deleted.text], [204, '']);
      assert.deepEqual(refusal(await server.control('DELETE', path)), [404, 'NoSuchData']);
      assert.deepEqual(refusal(await details(app, token)), [401, 'InvalidAccessToken']);
      await assert.rejects(() => server.token(app), /403.*UnauthorizedAccess/);
      const again = await server.app({ worldId: shared, clientId: 'com.example.deleted' });
      assert.notEqual(again.clientSecret, app.clientSecret);
      const { items } = expectStatus(await server.control('GET', `/apps/${app.clientId}/purchases`), 200);
      assert.deepEqual(items, []);
      assert.deepEqual(refusal(await details(again, await server.token(again), purchaseToken)), [
        404,
        'NoSuchData',
      ]);
    });
  });
}

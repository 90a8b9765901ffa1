// The documented requests of V6 and V5, sent to a running server, and the real signatures of V5.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serverRows } from '../packages/server/src/http/routing.ts';
import { insertCredential } from '../packages/server/src/store/credentials.ts';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { expectStatus, startServer, type TestServer } from '../packages/server/test/server.ts';
import { isSigned } from '../packages/server/test/signatures.ts';
import { assertShape, openScene, type Scene, sellRecurring, send, type Vector } from './scene.ts';
import v5File from './vectors/v5.json' with { type: 'json' };
import signatureFile from './vectors/v5-signatures.json' with { type: 'json' };
import v6File from './vectors/v6.json' with { type: 'json' };

const vectors = [...v6File.vectors, ...v5File.vectors] as unknown as readonly Vector[];
const judged = vectors.filter(({ compare }) => compare !== 'none');

/** What must be so before the request is sent: the purchase that its path is about. */
type Precondition = (scene: Scene) => Promise<{ purchaseToken: string; purchaseId: string }>;

const bought: Precondition = ({ buy }) => buy({ developerPayload: 'OS_000211234' });

const monthly: Precondition = async (scene) => {
  await sellRecurring(scene, { type: 'auto', price: '100' });
  return scene.buy();
};

const cancelled: Precondition = async (scene) => {
  const purchase = await monthly(scene);
  expectStatus(await scene.control('POST', `/purchases/${purchase.purchaseToken}/cancel`), 200);
  return purchase;
};

const voided: Precondition = async (scene) => {
  const purchase = await bought(scene);
  expectStatus(await scene.control('POST', `/purchases/${purchase.purchaseToken}/void`), 200);
  return purchase;
};

/** The secret that the example prints belongs to its app. */
const withDocumentedSecret: Precondition = async (scene) => {
  const { server, app, vector } = scene;
  const { database, secrets } = server.till.host;
  const secret = String(new URLSearchParams(vector.request.text).get('client_secret'));
  const sql = 'select app_id from app where client_id = $1 and world_id = $2';
  const [row] = await database.all(sql, [app.clientId, app.worldId]);
  await insertCredential(database, String(row?.app_id), secrets.hash(secret), 0);
  return bought(scene);
};

const preconditions: Record<string, Precondition> = {
  'v5.oauth.issue.observed': withDocumentedSecret,
  'v5.route.getPurchaseDetails': bought,
  'v5.route.getPurchaseDetailsByProductId': bought,
  'v5.route.getRecurringPurchaseDetails': monthly,
  'v5.route.getLastRecurringPurchaseDetails': monthly,
  'v5.route.manageRecurringPaymentStatus.cancel': monthly,
  'v5.route.manageRecurringPaymentStatus.reactivate': cancelled,
  'v5.route.getVoidedPurchases': voided,
  'v5.route.consumePurchase': bought,
  'v6.call_sample': bought,
  'v6.route.getRecurringPurchaseDetails': monthly,
  'v6.route.cancelRecurringPurchase': monthly,
  'v6.route.reactivateRecurringPurchase': cancelled,
  'v6.route.getVoidedPurchases': voided,
  'v6.route.consumePurchase': bought,
  'v6.route.acknowledgePurchase': bought,
};

describe('The vectors of V6 and V5', () => {
  it('have a precondition each, where a server may be held against them', () => {
    assert.deepEqual(judged.map(({ id }) => id).sort(), Object.keys(preconditions).sort());
  });

  it('name the method and the path of an operation of the table', () => {
    for (const { id, operation, request } of judged) {
      const path = request.path.replace(/\/(cancel|reactivate)$/, (end) =>
        request.path.includes('manage-payment-status') ? '/{action}' : end,
      );
      const [generation] = id.split('.');
      const found = serverRows.find(({ row }) => row.method === request.method && row.path === path);
      assert.deepEqual([found?.generation, found?.name], [generation, operation], id);
    }
  });
});

describe('The real signatures of V5', () => {
  for (const { id, text, signature, licenseKey, expected } of signatureFile.signatures) {
    it(`${id} is ${expected}`, () => {
      assert.equal(Buffer.from(signature, 'base64').length, 128);
      if (licenseKey !== null) assert.equal(isSigned(licenseKey, text, signature), expected === 'valid');
      else assert.equal(expected, 'unknown');
    });
  }
});

/** The members of a purchase that a V5 device gets, in the order of the real samples; of each form one. */
const [resultSample, querySample] = ['purchase_result', 'purchase_query'].map((form) =>
  signatureFile.signatures.find(({ id, expected }) => id.endsWith(form) && expected === 'valid'),
);

for (const database of httpDatabases) {
  describe(`The documented requests of V6 and V5 on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    for (const vector of judged) {
      it(`${vector.operation} answers ${vector.id} as documented`, async () => {
        const scene = await openScene(server, vector, () => {});
        const token = await server.token(scene.app);
        const { purchaseToken, purchaseId } = (await preconditions[vector.id]?.(scene)) ?? {};
        assert.ok(purchaseToken !== undefined && purchaseId !== undefined);
        const { packageName } = scene.app;
        const answer = await send(scene, token, purchaseToken, { packageName, purchaseId });
        assert.equal(answer.status, vector.response.status ?? 200, answer.text);
        assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8');
        if (vector.compare === 'exact') assert.deepEqual(answer.body, vector.response.json);
        if (vector.compare === 'shape') assertShape(answer.body, vector.response.json);
        if (vector.compare === 'route') assert.equal(typeof answer.body, 'object');
      });
    }

    it('the token answer has the status and the scope of the real one, in its order', async () => {
      const [vector] = vectors.filter(({ id }) => id === 'v5.oauth.issue.observed');
      assert.ok(vector);
      const scene = await openScene(server, vector, () => {});
      await withDocumentedSecret(scene);
      const { body } = await send(scene, '', '');
      const real = vector.response.json as Record<string, unknown>;
      assert.deepEqual(Object.keys(body), Object.keys(real));
      const { status, client_id, token_type, scope } = real;
      assert.deepEqual({ ...body, status, client_id, token_type, scope }, body);
    });

    it('the purchase data of a V5 app have the members and the order of the real samples', async () => {
      const worldId = await server.world();
      const app = await server.app({ worldId, generation: 'v5' });
      const { purchaseData, purchaseToken } = await server.buy(app, {
        developerPayload: 'developer payload',
      });
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}?worldId=${worldId}`;
      const read = expectStatus(await server.control('GET', path), 200);
      for (const [data, sample] of [
        [purchaseData, resultSample],
        [read.purchaseData, querySample],
      ] as const) {
        assert.ok(sample);
        const [is, should] = [JSON.parse(data), JSON.parse(sample.text)];
        assert.deepEqual(Object.keys(is), Object.keys(should));
        for (const [name, value] of Object.entries(should)) assert.equal(typeof is[name], typeof value, name);
        assert.equal(JSON.stringify(is), data);
      }
    });
  });
}

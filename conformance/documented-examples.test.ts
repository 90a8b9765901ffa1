// The examples of the documents, sent to a running server and judged by what each may be held against.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { insertCredential } from '../packages/server/src/store/credentials.ts';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { expectStatus, startServer, type TestServer } from '../packages/server/test/server.ts';
import { assertShape, documented, openScene, type Scene, sellRecurring, send, type Vector } from './scene.ts';
import managedFile from './vectors/v7-managed.json' with { type: 'json' };
import recurringFile from './vectors/v7-recurring.json' with { type: 'json' };

const vectors = [...managedFile.vectors, ...recurringFile.vectors] as unknown as readonly Vector[];
/** What a server of these rules answers; the rest is for clients, or for information. */
const judged = vectors.filter(({ compare }) => compare === 'exact' || compare === 'shape');

/** What must be so before the request is sent; it names the purchase that the path is about. */
type Precondition = (scene: Scene) => Promise<{ purchaseToken?: string }>;

const bought: Precondition = ({ buy, vector }) =>
  buy({ quantity: 2, developerPayload: vector.request.json?.developerPayload ?? 'developerPayload' });
const nothing: Precondition = async () => ({});

function boughtThen(step: (scene: Scene, purchaseToken: string) => Promise<unknown>): Precondition {
  return async (scene) => {
    const { purchaseToken } = await bought(scene);
    assert.ok(purchaseToken);
    await step(scene, purchaseToken);
    return { purchaseToken };
  };
}

const voided = boughtThen(async ({ control }, token) =>
  expectStatus(await control('POST', `/purchases/${token}/void`), 200),
);

const monthly: Precondition = async (scene) => {
  await sellRecurring(scene, { type: 'auto', price: '100' });
  return scene.buy();
};
const subscribed: Precondition = async (scene) => {
  await sellRecurring(scene, { type: 'subscription', price: '100', subscription: { period: 'P1M' } });
  return scene.buy();
};

function cancelled(sold: Precondition): Precondition {
  return async (scene) => {
    const { purchaseToken } = await sold(scene);
    expectStatus(await scene.control('POST', `/purchases/${purchaseToken}/cancel`), 200);
    return { purchaseToken: String(purchaseToken) };
  };
}

/** Every object and every time filled, but for those of a cancellation, which a pause cannot have beside it. */
const pausedOnPromotion: Precondition = async (scene) => {
  const { server, app, control } = scene;
  const promotion = { price: '100', cycles: 30 };
  const subscription = { period: 'P3M', pausable: true, promotion };
  await sellRecurring(scene, { type: 'subscription', price: '150', subscription });
  const { purchaseToken } = await scene.buy();
  const price = await control('POST', `/products/${documented.productId}/price`, { price: '500' });
  expectStatus(price, 200);
  // on shortened periods a new price is told after five minutes
  expectStatus(await server.advance(app.worldId, 'PT5M'), 200);
  expectStatus(await control('POST', `/purchases/${purchaseToken}/pause`, { for: 'P1M' }), 200);
  return { purchaseToken };
};

const boughtWithAnotherPayload: Precondition = ({ buy }) => buy({ developerPayload: 'another payload' });

const preconditions: Record<string, Precondition> = {
  'v7.oauth.issue.body_example': withDocumentedSecret,
  'v7.oauth.issue.curl_trace': withDocumentedSecret,
  'v7.oauth.issue.korean_page': withDocumentedSecret,
  'v7.auth.header.correct': bought,
  'v7.auth.header.missing': bought,
  'v7.auth.token.unknown': bought,
  'v7.auth.token.expired': boughtThen(async ({ waitAnHour }) => waitAnHour()),
  'v7.getPurchaseDetails': bought,
  'v7.acknowledgePurchase': bought,
  'v7.acknowledgePurchase.no_body': bought,
  'v7.consumePurchase': bought,
  'v7.getVoidedPurchases': async (scene) => {
    await voided(scene);
    return voided(scene);
  },
  'v7.getUnconfirmedPurchases': async ({ buy, control }) => {
    for (const productId of ['다이아100_20170818000000', '루비300_20170818000000']) {
      const product = { type: 'inapp', title: productId, price: '1100', currency: 'KRW' };
      expectStatus(await control('PUT', `/products/${encodeURIComponent(productId)}`, product), 200);
      await buy({ productId, developerPayload: 'E23DEFB029F84F4383ECB0E53B46B6A2' });
    }
    return {};
  },
  'v7.error.NoSuchData.table': nothing,
  'v7.wrong_type.inapp_call_with_auto_token': monthly,
  'v7.getRecurringPurchaseDetails': cancelled(monthly),
  'v7.cancelRecurringPurchase': monthly,
  'v7.reactivateRecurringPurchase': cancelled(monthly),
  'v7.wrong_type.auto_call_with_inapp_token': bought,
  'v7.wrong_type.auto_cancel_with_subscription_token': subscribed,
  'v7.wrong_type.auto_reactivate_with_subscription_token': subscribed,
  'v7.getSubscriptionDetail': pausedOnPromotion,
  'v7.cancelSubscription': subscribed,
  'v7.reactivateSubscription': cancelled(subscribed),
  'v7.deferSubscription': subscribed,
  'v7.deferSubscription.missing': subscribed,
  'v7.deferSubscription.zero': subscribed,
  'v7.deferSubscription.366_days': subscribed,
  'v7.state.consume_twice': boughtThen(async ({ control }, token) =>
    expectStatus(await control('POST', `/purchases/${token}/consume`), 200),
  ),
  'v7.state.consume_cancelled': voided,
  'v7.state.acknowledge_cancelled': voided,
  'v7.state.consume_payload_mismatch': boughtWithAnotherPayload,
  'v7.state.acknowledge_payload_mismatch': boughtWithAnotherPayload,
};

/** The app of the token examples, with the secret that they print. */
async function withDocumentedSecret({ server, vector }: Scene): Promise<{ purchaseToken?: string }> {
  const { database, secrets } = server.till.host;
  const form = new URLSearchParams(vector.request.text);
  const clientId = String(form.get('client_id'));
  const secretHash = secrets.hash(String(form.get('client_secret')));
  const found = () => database.all('select app_id from app where client_id = $1', [clientId]);
  if ((await found()).length > 0) return {};
  await server.app({ worldId: await server.world(), clientId });
  const [row] = await found();
  await insertCredential(database, String(row?.app_id), secretHash, 0);
  return {};
}

describe('The vectors of V7', () => {
  it('have a precondition each, where a server may be held against them', () => {
    assert.deepEqual(judged.map(({ id }) => id).sort(), Object.keys(preconditions).sort());
  });
});

for (const database of httpDatabases) {
  describe(`The documented examples on ${database.name}`, () => {
    let server: TestServer;
    let now = Date.UTC(2026, 2, 31);
    before(async () => {
      server = await startServer(database, {}, { clock: () => now });
    });
    after(() => server.stop());

    const waitAnHour = () => {
      now += 3_600_001;
    };

    for (const vector of judged) {
      it(`${vector.operation} answers ${vector.id} as documented`, async () => {
        const scene = await openScene(server, vector, waitAnHour);
        const token = await server.token(scene.app);
        const { purchaseToken } = (await preconditions[vector.id]?.(scene)) ?? {};
        const answer = await send(scene, token, purchaseToken ?? documented.purchaseToken);
        assert.equal(answer.status, vector.response.status, answer.text);
        assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8');
        if (vector.compare === 'exact') assert.deepEqual(answer.body, vector.response.json);
        else assertShape(answer.body, vector.response.json, vector.nullable);
      });
    }
  });
}

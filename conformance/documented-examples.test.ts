// The examples of the documents, sent to a running server and judged by what each may be held against.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { insertCredential } from '../packages/server/src/store/credentials.ts';
import { httpDatabases } from '../packages/server/test/databases.ts';
import {
  type Answer,
  expectStatus,
  startServer,
  type TestApp,
  type TestServer,
} from '../packages/server/test/server.ts';
import vectorFile from './vectors/v7-managed.json' with { type: 'json' };

interface Vector {
  id: string;
  operation: string;
  request: {
    method: string;
    path: string;
    headers: Record<string, string>;
    query?: Record<string, string>;
    json?: { developerPayload?: string };
    text?: string;
  };
  response: { status: number | null; json: unknown };
  compare: string;
}

const vectors = vectorFile.vectors as unknown as readonly Vector[];
/** What a server of these rules answers; the rest is for clients, or for information. */
const judged = vectors.filter(({ compare }) => compare === 'exact' || compare === 'shape');

/** The values that the documents' call sample has; the token of a purchase is the server's to choose. */
const documented = {
  clientId: 'com.onestore.game.goindol',
  productId: 'product01',
  purchaseToken: 'SANDBOXT000120004476',
};
const documentedToken = /680b3621-1234-1234-1234-8adfaef561b4|680b3512-1253-5642-1263-8adjbf651nb/;

/** An app of its own for one vector, in the market that the request names. */
interface Scene {
  server: TestServer;
  app: TestApp;
  vector: Vector;
  buy(options?: Record<string, unknown>): Promise<{ productId: string; purchaseToken: string }>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  waitAnHour(): void;
}

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
  'v7.wrong_type.inapp_call_with_auto_token': boughtThen(({ server }, token) =>
    // a monthly product cannot be bought by hand yet
    server.till.host.database.run(`update purchase set type = 'auto' where purchase_token = $1`, [token]),
  ),
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

function send({ server, app, vector }: Scene, token: string, purchaseToken: string): Promise<Answer> {
  const { method, path, headers, query = {}, json, text } = vector.request;
  const values: Record<string, string> = { ...documented, clientId: app.clientId, purchaseToken };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values[name])));
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      value.replace(documentedToken, token),
    ]),
  );
  const body = text ?? json;
  return server.call(method, filled, { headers: sent, query, ...(body === undefined ? {} : { body }) });
}

/** The same members, each of the printed JSON type; what a list's first row has, every row has. */
function assertShape(actual: unknown, printed: unknown, path = 'body'): void {
  assert.equal(kindOf(actual), kindOf(printed), path);
  if (Array.isArray(actual) && Array.isArray(printed)) {
    assert.ok(actual.length > 0, `${path} is empty`);
    for (const [index, row] of actual.entries()) assertShape(row, printed[0], `${path}[${index}]`);
  } else if (typeof actual === 'object' && actual !== null) {
    const [is, should] = [actual as Record<string, unknown>, printed as Record<string, unknown>];
    const names = Object.keys(should).filter((name) => name !== 'continuationKey' || name in is);
    assert.deepEqual(Object.keys(is).sort(), names.sort(), path);
    for (const name of names) assertShape(is[name], should[name], `${path}.${name}`);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (Number.isInteger(value)) return 'integer';
  return value === null ? 'null' : typeof value;
}

describe('The vectors of V7 managed products', () => {
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

    const openScene = async (vector: Vector): Promise<Scene> => {
      const market = vector.request.headers['x-market-code'] ?? 'MKT_ONE';
      const { clientId } = documented;
      const app = await server.app({ worldId: await server.world(), clientId, market });
      return {
        server,
        app,
        vector,
        buy: (options) => server.buy(app, options),
        control: (method, path, body) =>
          server.control(method, `/apps/${clientId}${path}?worldId=${app.worldId}`, body),
        waitAnHour: () => {
          now += 3_600_001;
        },
      };
    };

    for (const vector of judged) {
      it(`${vector.operation} answers ${vector.id} as documented`, async () => {
        const scene = await openScene(vector);
        const token = await server.token(scene.app);
        const { purchaseToken } = (await preconditions[vector.id]?.(scene)) ?? {};
        const answer = await send(scene, token, purchaseToken ?? documented.purchaseToken);
        assert.equal(answer.status, vector.response.status, answer.text);
        assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8');
        if (vector.compare === 'exact') assert.deepEqual(answer.body, vector.response.json);
        else assertShape(answer.body, vector.response.json);
      });
    }
  });
}

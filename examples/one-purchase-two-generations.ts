// One purchase through two generations: a game reads it by the paths of V5, and later consumes it by those of V7.
// Start Till, then: npm run example -- examples/one-purchase-two-generations.ts [http://127.0.0.1:7575]
const till = process.argv[2] ?? 'http://127.0.0.1:7575';
const clientId = `game-${Date.now()}`;
const packageName = `com.example.${clientId}`;

/** What the store app and the developer center do at the real store. */
async function control(method: string, path: string, body: unknown) {
  return answer(`${till}/control/v1${path}`, {
    method,
    headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Of what the calls answer, that which is used here. */
type Answer = Record<'clientSecret' | 'purchaseId' | 'purchaseToken' | 'access_token', string>;

async function answer(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const body = (await response.json()) as Answer;
  console.log(`${init.method} ${new URL(url).pathname}\n  ${response.status} ${JSON.stringify(body)}`);
  return body;
}

const app = await control('POST', '/apps', { clientId, packageName, generation: 'v5', title: 'An old game' });
const product = { type: 'inapp', title: '100 gems', price: '1100', currency: 'KRW' };
await control('PUT', `/apps/${clientId}/products/gem_100`, product);
const bought = await control('POST', `/apps/${clientId}/purchases`, {
  productId: 'gem_100',
  buyerId: 'alice',
});

// The token of one generation is good for all of them.
const { access_token } = await answer(`${till}/v2/oauth/token`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: packageName,
    client_secret: app.clientSecret,
  }).toString(),
});
const headers = { authorization: `Bearer ${access_token}` };
const call = (method: string, path: string) => answer(`${till}${path}`, { method, headers });

// V5 knows a purchase by its ID and an app by its package name, V7 by the token and the client ID.
await call('GET', `/v2/purchase/details/${bought.purchaseId}/${packageName}`);
const v7 = `/v7/apps/${clientId}/purchases/inapp/products/gem_100/${bought.purchaseToken}`;
await call('GET', v7);
await call('POST', `${v7}/consume`);
await call('GET', `/v2/purchase/details/${bought.purchaseId}/${packageName}`);

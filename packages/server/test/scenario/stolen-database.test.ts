// A stolen database cannot call the API: what is in it is no secret, and opens nothing.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { testKeyPair } from '../../src/host/test-key-pair.ts';
import { databases } from '../databases.ts';
import { controlKey, expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';

const masterKey = randomBytes(32);
const requestsAtOnce = 32;

interface Used {
  server: TestServer;
  app: TestApp;
  /** Everything that opens something and was told to somebody. */
  secrets: string[];
}

async function used(context: TestContext, database: (typeof databases)[number]): Promise<Used> {
  const server = await startServer(database, { masterKey });
  context.after(() => server.stop());
  const app = await server.app();
  await server.app({ worldId: await server.world(), ownKey: true });
  const token = await server.token(app);
  const path = `/apps/${app.clientId}/client-secrets`;
  const { clientSecret } = expectStatus(await server.control('POST', path, { overlap: 'P1D' }), 201);
  const second = await server.token({ ...app, clientSecret });
  const made = expectStatus(await server.control('POST', `/apps/${app.clientId}/access-tokens`), 201);
  const { purchaseToken } = await server.buy(app);
  const purchase = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${purchaseToken}`;
  const headers = { 'idempotency-key': 'a-key-of-a-lost-reply' };
  expectStatus(await server.call('POST', `${purchase}/consume`, { token, headers }), 200);
  return { server, app, secrets: [app.clientSecret, clientSecret, token, second, made.access_token] };
}

/** Every value of every table, as text. */
async function everyText({ till }: TestServer): Promise<string[]> {
  const { database } = till.host;
  const names =
    database.kind === 'sqlite'
      ? await database.all("select name from sqlite_schema where type = 'table'")
      : await database.all(
          'select tablename as name from pg_catalog.pg_tables where schemaname = current_schema()',
        );
  assert.ok(names.length >= 9);
  const tables = await Promise.all(names.map(({ name }) => database.all(`select * from ${name}`)));
  return tables.flat().flatMap((row) => Object.values(row).map(String));
}

/** A text as a thief might find it: as it is, and as other writings of the same bytes. */
function writings(text: string): string[] {
  const forms = (['hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(text).toString(form));
  return [text, encodeURIComponent(text), ...forms];
}

/** Whatever of it could be an RSA key in the clear, once its bytes are read. */
function opensAsKey(text: string): boolean {
  try {
    createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    return true;
  } catch {
    return false;
  }
}

async function tried(
  texts: readonly string[],
  attempt: (text: string) => Promise<number>,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let at = 0; at < texts.length; at += requestsAtOnce) {
    statuses.push(...(await Promise.all(texts.slice(at, at + requestsAtOnce).map(attempt))));
  }
  return [...new Set(statuses)].sort();
}

for (const database of databases) {
  test(`no secret, token or private key is in any table of ${database.name}`, async (t) => {
    const { server, secrets } = await used(t, database);
    const texts = await everyText(server);
    const all = texts.join('\n');
    for (const secret of [...secrets, controlKey, masterKey.toString('base64')]) {
      for (const written of writings(secret)) assert.ok(!all.includes(written));
    }
    assert.deepEqual(
      texts.filter((text) => text !== testKeyPair.signingKey && opensAsKey(text)),
      [],
    );
    assert.ok(opensAsKey(testKeyPair.signingKey));
    const keys = await server.till.host.database.all('select signing_key from app');
    assert.deepEqual(
      keys.map(({ signing_key }) => /^sealed:[0-9a-f]{12}:/.test(String(signing_key))),
      [true, true],
    );
  });

  test(`nothing in ${database.name} opens the API`, async (t) => {
    const { server, app, secrets } = await used(t, database);
    const { database: stolen } = server.till.host;
    const tokens = await stolen.all('select secret_hash, token_id from access_token');
    // a token is made from the secret and the ID; a thief has the secret's hash in its place
    const made = tokens.map(({ secret_hash, token_id }) => {
      const hex = createHmac('sha256', String(secret_hash)).update(String(token_id)).digest('hex');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    });
    const texts = [...new Set([...(await everyText(server)), ...made])].filter(
      (text) => text !== '' && text.length < 4_000 && /^[\x21-\x7e]+$/.test(text),
    );
    assert.ok(texts.length > 50);

    const list = `/v7/apps/${app.clientId}/voided-purchases`;
    const asToken = async (token: string) => (await server.call('GET', list, { token })).status;
    assert.deepEqual(await tried(secrets.slice(2), asToken), [200]);
    const openedByToken = await tried(texts, asToken);
    assert.ok(!openedByToken.includes(200), openedByToken.join());

    const asKey = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await server.call('GET', '/control/v1/apps', { headers })).status;
    };
    assert.deepEqual(await tried([controlKey], asKey), [200]);
    assert.deepEqual(await tried(texts, asKey), [401]);

    const asSecret = async (secret: string) => {
      const form = { grant_type: 'client_credentials', client_id: app.clientId, client_secret: secret };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams(form).toString();
      return (await server.call('POST', '/v7/oauth/token', { headers, body })).status;
    };
    assert.deepEqual(await tried(secrets.slice(0, 2), asSecret), [200]);
    const openedBySecret = await tried(
      // wrong secrets are answered slower and slower: those that are long enough to be one
      texts.filter((text) => text.length >= 32 && text.length < 100),
      asSecret,
    );
    assert.ok(!openedBySecret.includes(200), openedBySecret.join());
  });
}

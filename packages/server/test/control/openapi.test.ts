// The OpenAPI document: valid, whole, with examples that fit, the same on every port and in docs/.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { errors } from '@till/protocol/errors';
import { refusalsOf } from '@till/protocol/refusals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { allRows, openApi } from '../../src/http/openapi.ts';
import { checkDocumented } from '../documented.ts';
import { refusal, startServer, type TestServer } from '../server.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document is looked into by its paths
type Json = any;

const memory = { url: 'sqlite::memory:' };
const document: Json = JSON.parse(JSON.stringify(openApi(allRows, '1.2.3')));
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'document', ...document });

/** Follows a reference within the document. */
function resolved(part: Json): Json {
  if (part?.$ref === undefined) return part;
  const steps = part.$ref.slice(2).split('/');
  return steps.reduce((at: Json, step: string) => at[step.replaceAll('~1', '/')], document);
}

function operationOf({ method, path }: { method: string; path: string }): Json {
  return document.paths[path][method.toLowerCase()];
}

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors: faults } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(faults));
  assert.equal(validator.version, '3.1');
  assert.equal(document.info.version, '1.2.3');
});

test('the validator notices a document that is none', async () => {
  const { valid } = await new Validator().validate({ ...structuredClone(document), paths: { wrong: 1 } });
  assert.equal(valid, false);
});

test('every operation of both faces stands in it, under a name of its own', () => {
  const ids = allRows.map(({ row }) => operationOf(row).operationId);
  assert.equal(new Set(ids).size, allRows.length);
  assert.equal(
    Object.values(document.paths).flatMap((methods: Json) => Object.keys(methods)).length,
    ids.length,
  );
  assert.ok(ids.includes('v7_consumePurchase') && ids.includes('createPurchase'));
});

test('every operation tells all of its refusals, each under its status with the error body', () => {
  for (const { name, row } of allRows) {
    const told = Object.entries<Json>(operationOf(row).responses)
      .filter(([status]) => Number(status) >= 400)
      .flatMap(([status, link]) => {
        const { schema, examples } = resolved(link).content['application/json'];
        const codes: string[] = schema.properties.error.properties.code.enum;
        assert.deepEqual(Object.keys(examples), codes, name);
        for (const code of codes)
          assert.equal(String(errors[code as keyof typeof errors].status), status, name);
        return codes;
      });
    assert.deepEqual(told.sort(), [...refusalsOf(row)].sort(), name);
  }
});

test('a caller is told what to show: a token, credentials in the form, the control key, or nothing', () => {
  const security = (path: string, method: string) => document.paths[path][method].security;
  const purchase = '/v7/apps/{clientId}/purchases/inapp/products/{productId}/{purchaseToken}';
  assert.deepEqual(security(purchase, 'get'), [{ accessToken: [] }, { clientCredentials: ['DEFAULT'] }]);
  assert.deepEqual(security('/v7/oauth/token', 'post'), []);
  assert.deepEqual(security('/control/v1/worlds', 'get'), [{ controlKey: [] }]);
  assert.deepEqual(security('/healthz', 'get'), []);
  const token = document.paths['/v7/oauth/token'].post.requestBody;
  const form = token.content['application/x-www-form-urlencoded'].schema;
  assert.deepEqual(form.required, ['client_id', 'client_secret', 'grant_type']);
});

test('sizes, the market header and what may be null or absent are told', () => {
  const details = '/v7/apps/{clientId}/purchases/inapp/products/{productId}/{purchaseToken}';
  const { get } = document.paths[details];
  const parameter = (name: string) => get.parameters.map(resolved).find((one: Json) => one.name === name);
  assert.deepEqual(parameter('productId').schema, { type: 'string', maxLength: 150 });
  assert.deepEqual(parameter('x-market-code').schema.enum, ['MKT_ONE', 'MKT_GLB']);
  const reply = get.responses[200].content['application/json'].schema;
  assert.deepEqual(reply.properties.developerPayload.type, ['string', 'null']);
  assert.equal(reply.properties.developerPayload['x-max-bytes'], 200);
  assert.equal(reply.properties.purchaseTime.maximum, 9_999_999_999_999);
  assert.equal(reply.required.length, 7);
  const list = document.paths['/v7/apps/{clientId}/voided-purchases'].get;
  const most = list.parameters.find((one: Json) => one.name === 'maxResults');
  assert.deepEqual([most.required, most.schema.minimum, most.schema.maximum], [false, 1, 999]);
  assert.ok(!list.responses[200].content['application/json'].schema.required.includes('continuationKey'));
});

test('every example fits its schema', () => {
  let count = 0;
  const checks = new Map<string, ValidateFunction>();
  const fits = (schema: Json, example: unknown, where: string) => {
    count += 1;
    // the document's own references are looked up in the document
    const own = JSON.stringify(schema).replaceAll('"#/', '"document#/');
    const check = checks.get(own) ?? ajv.compile(JSON.parse(own));
    checks.set(own, check);
    assert.ok(check(example), `${where}: ${JSON.stringify(check.errors)}`);
  };
  for (const { name, row } of allRows) {
    const { parameters = [], requestBody, responses } = operationOf(row);
    for (const one of parameters.map(resolved))
      if ('example' in one) fits(one.schema, one.example, `${name} ${one.name}`);
    for (const given of [requestBody, ...Object.values<Json>(responses).map(resolved)]) {
      for (const { schema, example, examples = {} } of Object.values<Json>(given?.content ?? {})) {
        if (example !== undefined) fits(schema, example, name);
        for (const one of Object.values<Json>(examples)) fits(schema, resolved(one).value, name);
      }
    }
  }
  assert.ok(count > 400, `${count} examples`);
});

test('an answer that the document does not know fails the test that got it', () => {
  const path = '/v7/apps/a/purchases/inapp/products/p/t';
  const answer = (status: number, body: unknown) => ({ status, body, text: JSON.stringify(body) });
  const error = (code: string) => ({ error: { code, message: 'm' } });
  const caught = (status: number, body: unknown, method = 'GET') =>
    assert.throws(() => checkDocumented(method, path, answer(status, body)), { name: 'UndocumentedAnswer' });
  caught(418, error('NoSuchData'));
  caught(200, {});
  caught(404, error('InvalidConsumeState'));
  caught(404, { error: { code: 'NoSuchData', message: 'm', detail: 'more' } });
  checkDocumented('GET', path, answer(404, error('NoSuchData')));
  checkDocumented('DELETE', path, answer(405, error('MethodNotAllowed')));
  assert.throws(
    () => checkDocumented('DELETE', '/control/v1/worlds/lab', answer(204, { deleted: true })),
    /without a body/,
  );
});

suite('a running server', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer(memory);
  });
  after(() => server.stop());

  test('gives its document to anybody', async () => {
    const { status, headers, body } = await server.call('GET', '/openapi.json');
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json;charset=UTF-8');
    assert.deepEqual({ ...body, info: {} }, { ...document, info: {} });
    assert.match(body.info.version, /^\d+\.\d+\.\d+$/);
    assert.equal((await server.call('GET', '/openapi.json?again')).text, JSON.stringify(body));
  });

  test('refuses another verb there, and gives it in maintenance too', async () => {
    assert.deepEqual(refusal(await server.call('POST', '/openapi.json')), [405, 'MethodNotAllowed']);
    await server.control('PUT', '/maintenance', { on: true });
    assert.equal((await server.call('GET', '/openapi.json')).status, 200);
    await server.control('PUT', '/maintenance', { on: false });
  });
});

test('in commercial each port tells of what it answers itself', async () => {
  const key = 'a-control-key-of-tests-0123456789abcdef';
  const settings = { environment: 'commercial', controlKey: key, masterKey: Buffer.alloc(32, 1) } as const;
  const server = await startServer(memory, settings);
  const paths = async (url: string) => {
    const answer = await fetch(`${url}/openapi.json`);
    return Object.keys(((await answer.json()) as Json).paths);
  };
  try {
    const [open, control] = [await paths(server.till.url), await paths(server.till.controlUrl)];
    assert.ok(open.includes('/v7/oauth/token') && !open.some((path) => path.startsWith('/control/')));
    assert.ok(control.includes('/control/v1/apps') && !control.some((path) => path.startsWith('/v7/')));
    assert.ok(open.includes('/healthz') && control.includes('/healthz'));
  } finally {
    await server.stop();
  }
});

// A Till that is killed between a question to the payment gateway and its answer: no money is taken or given back twice.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '../../src/store/open.ts';
import { databases } from '../databases.ts';
import { gatewaySecret, Receiver } from '../gateway.ts';
import { type RunningProgram, start, temporaryFolder } from './program.ts';

const controlKey = 'a-control-key-of-programs-0123456789abcdef';
const dayMs = 86_400_000;

/** A commercial Till as an operator starts it, and what is done with it. */
class Shop {
  readonly #context: TestContext;
  readonly #env: Record<string, string>;
  #program: RunningProgram | undefined;

  constructor(context: TestContext, databaseUrl: string, gatewayUrl: string) {
    this.#context = context;
    this.#env = {
      TILL_ENVIRONMENT: 'commercial',
      TILL_CONTROL_KEY: controlKey,
      TILL_CONTROL_PORT: '0',
      TILL_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      TILL_DATABASE_URL: databaseUrl,
      TILL_GATEWAY_URL: gatewayUrl,
      TILL_GATEWAY_SECRET: gatewaySecret,
    };
  }

  async start(): Promise<void> {
    this.#program = await start(this.#context, { env: this.#env });
  }

  async kill(): Promise<void> {
    this.#program?.child.kill('SIGKILL');
    await this.#program?.ended();
  }

  /** As an operator stops it; the exit code. */
  async stop(): Promise<number | null | undefined> {
    this.#program?.child.kill('SIGTERM');
    return (await this.#program?.ended())?.code;
  }

  /** Nothing is to be found in what it wrote. */
  checkLog(...hidden: string[]): void {
    const text = `${this.#program?.out()}${this.#program?.errors()}`;
    for (const word of hidden) assert.ok(!text.includes(word), word);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
  async control(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const answer = await fetch(`${this.#program?.controlUrl}/control/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${controlKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  }
}

/** Changes rows while no Till runs: so much time has passed. */
async function pass(databaseUrl: string, ...statements: [sql: string, values: number[]][]): Promise<void> {
  const database = await openDatabase(databaseUrl);
  for (const [sql, values] of statements) await database.run(sql, values);
  await database.close();
}

async function read(databaseUrl: string, sql: string) {
  const database = await openDatabase(databaseUrl);
  const rows = await database.all(sql);
  await database.close();
  return rows;
}

for (const kind of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`killed between question and answer, Till asks again by the same keys, on ${kind.name}`, async (t) => {
    const { url, drop } = await kind.open();
    t.after(drop);
    const receiver = await new Receiver().open();
    t.after(() => receiver.close());
    const shop = new Shop(t, url, receiver.url);
    const leaseIsOver: [string, number[]][] = [
      ['update subscription set lease_until = 0', []],
      ['update charge set ask_again_at = 0 where ask_again_at is not null', []],
    ];
    const killAndRestart = async () => {
      await shop.kill();
      await pass(url, ...leaseIsOver);
      await shop.start();
    };

    await shop.start();
    const { clientId } = (await shop.control('POST', '/apps', { generation: 'v5' })).body;
    const path = `/apps/${clientId}/purchases`;
    const terms = { type: 'subscription', subscription: { period: 'P1M' } };
    const pricing = { title: 'A pass', price: '9900', currency: 'KRW' };
    await shop.control('PUT', `/apps/${clientId}/products/pass`, { ...pricing, ...terms });
    const tokens: string[] = [];
    for (let index = 0; index < 3; index++) {
      const { status, body } = await shop.control('POST', path, { productId: 'pass' });
      assert.equal(status, 201);
      tokens.push(body.purchaseToken);
    }

    // a first payment is taken, and nobody is there for the answer
    receiver.reply = () => 'hang';
    const buying = shop.control('POST', path, { productId: 'pass' }).catch(() => 'cut off');
    await receiver.until(4);
    await shop.kill();
    assert.equal(await buying, 'cut off');

    // the renewals are taken as well, twice in a row
    const due = Date.now() - dayMs / 1_440;
    await pass(url, ...leaseIsOver, [
      'update subscription set next_payment_at = $1, attempt_at = $1, due_at = $1',
      [due],
    ]);
    await shop.start();
    await receiver.until(() => receiver.keys('charge').length === 7 && receiver.keys('refund').length === 1);
    await killAndRestart();
    await receiver.until(() => renewals().every(({ length }) => length === 2) && refunds().length === 2);
    receiver.reply = () => 'approved';
    await killAndRestart();
    await receiver.until(() => renewals().every(({ length }) => length === 3) && refunds().length === 3);

    // a void is given back, and its answer is lost with the process
    receiver.reply = () => 'hang';
    await untilTrue(async () =>
      (await listOf()).every(({ subscription }) => subscription.paymentCount === 2),
    );
    assert.equal((await shop.control('POST', `${path}/${tokens[0]}/void`, {})).status, 200);
    await receiver.until(() => receiver.keys('refund').length === 2);
    receiver.reply = () => 'approved';
    await killAndRestart();
    await receiver.until(() => refunds().length === 5);
    shop.checkLog(gatewaySecret, receiver.url, ...tokens);
    await wait(300);
    await shop.kill();

    assert.deepEqual([receiver.taken.size, receiver.given.size], [7, 2]);
    const [ledger] = await read(url, 'select sum(amount_micros) as kept from ledger');
    assert.equal(Number(ledger?.kept), 5 * 9900 * 1_000_000);
    const open = await read(url, "select kind, number from charge where state = 'asked'");
    assert.deepEqual(open, []);

    function renewals() {
      const of = (token: string) =>
        receiver.asked.filter(({ kind, cycle, purchaseToken }) => {
          return kind === 'charge' && cycle === 1 && purchaseToken === token;
        });
      return tokens.map(of);
    }
    function refunds() {
      return receiver.asked.filter(({ kind }) => kind === 'refund');
    }
    async function listOf() {
      const read = async (token: string) => (await shop.control('GET', `${path}/${token}`)).body;
      return Promise.all(tokens.map(read));
    }
  });
}

test('a stop is done in time and in order though the gateway does not answer', async (t) => {
  const folder = temporaryFolder(t);
  const url = `sqlite:${join(folder, 'till.db')}`;
  const receiver = await new Receiver().open();
  t.after(() => receiver.close());
  const shop = new Shop(t, url, receiver.url);
  await shop.start();
  const { clientId } = (await shop.control('POST', '/apps', {})).body;
  const pricing = { type: 'inapp', title: 'A gem', price: '1100', currency: 'KRW' };
  await shop.control('PUT', `/apps/${clientId}/products/gem`, pricing);
  const path = `/apps/${clientId}/purchases`;
  const { body } = await shop.control('POST', path, { productId: 'gem' });
  receiver.reply = () => 'hang';
  assert.equal((await shop.control('POST', `${path}/${body.purchaseToken}/void`, {})).status, 200);
  const buying = shop.control('POST', path, { productId: 'gem' }).catch(() => 'cut off');
  await receiver.until(3);
  const from = performance.now();
  assert.equal(await shop.stop(), 0);
  // the program ends itself before ten seconds are over, and then with another code than 0
  assert.ok(performance.now() - from < 60_000);
  assert.equal(await buying, 'cut off');
  const open = await read(url, "select kind from charge where state = 'asked' order by kind");
  assert.deepEqual(
    open,
    [{ kind: 'purchase' }, { kind: 'refund' }],
    'both are followed up after the next start',
  );
});

async function untilTrue(is: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await is()); await wait(50)) {
    assert.ok(Date.now() < end, 'it does not happen');
  }
}

// A payment gateway that is slow or dead holds nobody up, is asked by one node at a time, and survives every end of Till.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { findRefunds, giveBack } from '../../src/actions/ask-again.ts';
import { findCall } from '../../src/actions/call.ts';
import { chargeByKey, findCharges, settleDueOfApp } from '../../src/actions/settle-due.ts';
import type { Host } from '../../src/host/host.ts';
import { httpDatabases, type TestDatabase } from '../databases.ts';
import { Receiver } from '../gateway.ts';
import { expectStatus } from '../server.ts';
import {
  balance,
  dayMs,
  evening,
  korea,
  type Machine,
  openShop,
  type Shop,
  startNode,
  words,
} from './commercial-shop.ts';

/** No answer of these tests is late, however slow the machine; where one would be waited for, the test does not end. */
const patient = { answerWithinMs: 120_000 };
const approves = (response: ServerResponse) => response.end('{"outcome":"approved"}');

async function receiverFor(context: TestContext): Promise<Receiver> {
  const receiver = await new Receiver().open();
  context.after(() => receiver.close());
  return receiver;
}

/** Passes of an app that knows no three days, bought by as many buyers. */
async function sellPasses(shop: Shop, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let index = 0; index < count; index++) tokens.push((await shop.buy()).purchaseToken);
  return tokens;
}

for (const database of httpDatabases) {
  describe(`a slow payment gateway on ${database.name}`, () => {
    test('time goes on for others while more payments wait than are in flight at once', async (t) => {
      const machine: Machine = { now: evening };
      const receiver = await receiverFor(t);
      const shop = await openShop(database, receiver, machine, { generation: 'v5', ...patient });
      t.after(() => shop.server.stop());
      const tokens = await sellPasses(shop, 70);
      const app = await shop.server.app();
      const waiting: ServerResponse[] = [];
      receiver.reply = ({ kind, cycle }) =>
        kind === 'charge' && cycle > 0 ? (response) => waiting.push(response) : 'approved';
      // all of these stand before the void in time
      machine.now = korea(2, 15, 10);
      const purchase = await shop.server.buy(app);
      await receiver.until(() => waiting.length === 50);
      machine.now += 3 * dayMs;
      const path = `/apps/${app.clientId}/purchases/${purchase.purchaseToken}`;
      await untilTrue(async () => {
        const { state } = expectStatus(await shop.server.control('GET', path), 200);
        const [row] = await shop.server.till.host.database.all(
          'select voided_at from purchase where purchase_token = $1',
          [purchase.purchaseToken],
        );
        return state === 'voided' && row?.voided_at !== null;
      });
      await listsAtOnce(shop);
      assert.equal(waiting.length, 50, 'no more are in flight at once');
      for (const response of waiting.splice(0)) approves(response);
      await receiver.until(() => waiting.length === 20);
      for (const response of waiting) approves(response);
      for (const token of tokens) await shop.until(token, (bought) => words(bought).includes('renewed'));
      assert.equal(receiver.asked.filter(({ cycle }) => cycle === 1).length, 70);
      assert.equal(new Set(receiver.asked.map(({ key }) => key)).size, receiver.asked.length);
    });

    test('a stop waits for the answer that is on its way', async (t) => {
      const machine: Machine = { now: evening };
      const receiver = await receiverFor(t);
      const opened = await database.open();
      t.after(() => opened.drop());
      const shop = await openShop({ url: opened.url }, receiver, machine, patient);
      const { purchaseToken } = await shop.subscribe();
      let answer: ServerResponse | undefined;
      receiver.reply = () => (response) => (answer = response);
      machine.now = korea(2, 15, 10);
      await receiver.until(() => answer !== undefined);
      const saved = shop.server.till.host.database;
      let renewed: unknown;
      const { close } = saved;
      Object.assign(saved, {
        close: async () => {
          renewed = await saved.all("select what from ledger where what = 'renewed'");
          return close.call(saved);
        },
      });
      const stopped = shop.server.stop();
      await wait(300);
      approves(answer ?? assert.fail());
      await stopped;
      assert.deepEqual(renewed, [{ what: 'renewed' }], purchaseToken);
    });
  });
}

const postgres = httpDatabases.find(({ name }) => name === 'postgres') as TestDatabase;

describe('two nodes on one PostgreSQL', () => {
  test('each payment and each refund is asked by one of them, once', async (t) => {
    const machine: Machine = { now: evening };
    const receiver = await receiverFor(t);
    const opened = await postgres.open();
    t.after(() => opened.drop());
    const shop = await openShop({ url: opened.url }, receiver, machine, { generation: 'v5', ...patient });
    const other = await startNode({ url: opened.url }, receiver, machine, patient);
    t.after(async () => {
      await Promise.all([shop.server.stop(), other.stop()]);
    });
    const tokens = await sellPasses(shop, 30);
    receiver.reply = () => (response) => setTimeout(approves, 20, response);
    machine.now = korea(2, 15, 10);
    // besides the schedulers, whose passes rarely fall on the same instant
    const hosts = [shop.server.till.host, other.till.host];
    const due = await findCharges(hosts[0] as Host, 30);
    await Promise.all(due.flatMap((one) => hosts.map((host) => chargeByKey(host, one))));
    for (const token of tokens) await shop.until(token, (bought) => words(bought).includes('renewed'));
    for (const token of tokens) {
      expectStatus(await shop.step(token, 'void'), 200);
      const refunds = await findRefunds(hosts[0] as Host, 30);
      await Promise.all(refunds.flatMap((refund) => hosts.map((host) => giveBack(host, refund))));
    }
    await receiver.until(() => receiver.keys('refund').length === 30);
    await wait(600);
    assert.equal(receiver.asked.length, 90, 'a question is asked once');
    assert.equal(receiver.keys('charge').length + receiver.keys('refund').length, 90);
    const renewals = receiver.asked.filter(({ kind, cycle }) => kind === 'charge' && cycle === 1);
    const refunds = receiver.asked.filter(({ kind }) => kind === 'refund');
    assert.deepEqual(
      refunds.map(({ refundOf }) => refundOf).sort(),
      renewals.map(({ key }) => key).sort(),
      'what goes back is the latest payment',
    );
  });

  test('a node that dies with a question leaves it to the other, once its lease is over', async (t) => {
    const machine: Machine = { now: evening };
    const receiver = await receiverFor(t);
    const opened = await postgres.open();
    t.after(() => opened.drop());
    // this one never hears an answer, as if it were cut off from the world
    const shop = await openShop({ url: opened.url }, receiver, machine, patient);
    const { purchaseToken } = await shop.subscribe();
    receiver.reply = (_, time) => (time === 1 ? 'hang' : 'approved');
    machine.now = korea(2, 15, 10);
    await receiver.until(2);
    const other = await startNode({ url: opened.url }, receiver, machine, patient);
    t.after(async () => {
      receiver.asked.length = 0;
      await Promise.all([shop.server.stop(), other.stop()]);
    });
    await wait(800);
    assert.equal(receiver.asked.length, 2, 'while it is leased nobody else asks');
    machine.now += 30_000;
    const bought = await shop.until(purchaseToken, (purchase) => words(purchase).includes('renewed'));
    assert.equal(bought.subscription.paymentCount, 2);
    assert.equal(receiver.asked[1]?.key, receiver.asked[2]?.key);
    assert.equal((await balance(shop)) / 1_000_000, 9900 * receiver.taken.size);
  });
});

/** What a list does first settles what is due, and must not wait for anybody outside. */
async function listsAtOnce({ server, app }: Shop): Promise<void> {
  const { host } = server.till;
  const call = await findCall(host, host.database, app);
  const from = performance.now();
  await settleDueOfApp(host, call);
  assert.ok(performance.now() - from < patient.answerWithinMs / 2);
}

async function untilTrue(is: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await is()); await wait(20)) {
    assert.ok(Date.now() < end, 'it does not happen');
  }
}

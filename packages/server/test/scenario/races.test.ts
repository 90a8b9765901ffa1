// What happens at the same time happens one after the other, and once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { type Answer, expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);

for (const database of httpDatabases) {
  describe(`races on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const newApp = async () => server.app({ worldId: await server.world({ now: noon }) });
    const v7 = (app: TestApp, purchaseToken: string, action: string) =>
      `/v7/apps/${app.clientId}/purchases/${action === 'consume' ? 'inapp' : 'all'}/products/product01/${purchaseToken}/${action}`;
    const control = (app: TestApp, purchaseToken: string, action = '') =>
      `/apps/${app.clientId}/purchases/${purchaseToken}${action}`;
    const read = async (app: TestApp, purchaseToken: string) =>
      expectStatus(await server.control('GET', control(app, purchaseToken)), 200);
    const steps = ({ history }: { history: { what: string }[] }) => history.map(({ what }) => what);
    const tally = (answers: Answer[]) => {
      const counts: Record<string, number> = {};
      for (const answer of answers) {
        const key = answer.status < 300 ? String(answer.status) : refusal(answer).join(' ');
        counts[key] = (counts[key] ?? 0) + 1;
      }
      return counts;
    };
    const times = <T>(count: number, job: (index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, index) => job(index)));

    test('of 200 consumes at the same time exactly one succeeds', async () => {
      const app = await newApp();
      const token = await server.token(app);
      const { purchaseToken } = await server.buy(app);
      const path = v7(app, purchaseToken, 'consume');
      const answers = await times(200, () => server.call('POST', path, { token }));
      assert.deepEqual(tally(answers), { 200: 1, '409 InvalidConsumeState': 199 });
      assert.deepEqual(steps(await read(app, purchaseToken)), ['purchased', 'consumed']);
    });

    test('of 100 acknowledges at the same time all succeed and one happened', async () => {
      const app = await newApp();
      const token = await server.token(app);
      const { purchaseToken } = await server.buy(app);
      const path = v7(app, purchaseToken, 'acknowledge');
      assert.deepEqual(tally(await times(100, () => server.call('POST', path, { token }))), { 200: 100 });
      assert.deepEqual(steps(await read(app, purchaseToken)), ['purchased', 'acknowledged']);
    });

    test('of 50 purchases of one item by one buyer at the same time exactly one succeeds', async () => {
      const app = await newApp();
      const body = { productId: 'product01', buyerId: 'alice' };
      const buy = () => server.control('POST', `/apps/${app.clientId}/purchases`, body);
      assert.deepEqual(tally(await times(50, buy)), { 201: 1, '409 InvalidState': 49 });
      const { items } = expectStatus(await server.control('GET', `/apps/${app.clientId}/purchases`), 200);
      assert.equal(items.length, 1);
    });

    test('of 20 who buy again when the time of the first has run out, one voids it and one buys', async () => {
      const app = await newApp();
      const body = { productId: 'product01', buyerId: 'alice' };
      const first = await server.buy(app, body);
      const late = noon + 73 * 3_600_000;
      await server.till.host.database.run('update world set clock_at = $1 where world_id = $2', [
        late,
        app.worldId,
      ]);
      const buy = () => server.control('POST', `/apps/${app.clientId}/purchases`, body);
      assert.deepEqual(tally(await times(20, buy)), { 201: 1, '409 InvalidState': 19 });
      assert.deepEqual(steps(await read(app, first.purchaseToken)), ['purchased', 'voided']);
    });

    for (const action of ['acknowledge', 'consume'] as const) {
      test(`${action} against void at the same time has one order, and the history tells it`, async () => {
        const app = await newApp();
        const token = await server.token(app);
        const bought = await times(30, () => server.buy(app));
        const done = { acknowledge: 'acknowledged', consume: 'consumed' }[action];
        await times(bought.length, async (index) => {
          const { purchaseToken } = bought[index];
          const change = () => server.call('POST', v7(app, purchaseToken, action), { token });
          const undo = () => server.control('POST', control(app, purchaseToken, '/void'), {});
          const both = index % 2 === 0 ? [change(), undo()] : [undo(), change()];
          const answers = await Promise.all(both);
          const [changed, voided] = index % 2 === 0 ? answers : answers.reverse();
          assert.ok(changed && voided);
          assert.equal(voided.status, 200);
          const expected = changed.status === 200 ? ['purchased', done, 'voided'] : ['purchased', 'voided'];
          if (changed.status !== 200)
            assert.deepEqual(refusal(changed).slice(0, 2), [409, 'InvalidPurchaseState']);
          const after = await read(app, purchaseToken);
          assert.deepEqual(steps(after), expected);
          assert.equal(after.consumed, changed.status === 200 && action === 'consume');
          assert.equal(after.acknowledged, changed.status === 200);
          assert.equal(after.state, 'voided');
        });
      });
    }

    for (const action of ['acknowledge', 'consume'] as const) {
      test(`${action} in the last millisecond against the void of the three days has one winner`, async () => {
        const app = await newApp();
        const token = await server.token(app);
        const bought = await times(30, () => server.buy(app));
        const due = noon + 72 * 3_600_000;
        expectStatus(
          await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to: due - 1 }),
          200,
        );
        const done = { acknowledge: 'acknowledged', consume: 'consumed' }[action];
        const change = ({ purchaseToken }: { purchaseToken: string }) =>
          server.call('POST', v7(app, purchaseToken, action), { token });
        const early = Promise.all(bought.slice(0, 15).map(change));
        const advance = server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to: due });
        const late = Promise.all(bought.slice(15).map(change));
        const answers = [...(await early), ...(await late)];
        const { happened } = expectStatus(await advance, 200);
        for (const [index, { purchaseToken }] of bought.entries()) {
          const answer = answers[index];
          assert.ok(answer);
          const won = answer.status === 200;
          if (!won) assert.deepEqual(refusal(answer).slice(0, 2), [409, 'InvalidPurchaseState']);
          const { history, state } = await read(app, purchaseToken);
          assert.deepEqual(steps({ history }), ['purchased', won ? done : 'voided']);
          assert.equal(state, won ? done : 'voided');
          assert.equal(history[1].at, won ? due - 1 : due);
        }
        // who is refused stores nothing: the void is the advance's, each once
        assert.equal(happened.length, answers.filter(({ status }) => status !== 200).length);
      });
    }

    test('of 30 voids at the same time one gives the money back', async () => {
      const app = await newApp();
      const { purchaseToken } = await server.buy(app);
      const undo = () => server.control('POST', control(app, purchaseToken, '/void'));
      assert.deepEqual(tally(await times(30, undo)), { 200: 1, '409 InvalidState': 29 });
      assert.deepEqual(steps(await read(app, purchaseToken)), ['purchased', 'voided']);
    });

    test('of 20 advances at the same time each voids what the others have not, once', async () => {
      const app = await newApp();
      await times(40, () => server.buy(app));
      const answers = await times(20, () => server.advance(app.worldId, 'P1D'));
      const happened = answers.flatMap((answer) => expectStatus(answer, 200).happened);
      assert.equal(happened.length, 40);
      const { clock } = expectStatus(await server.control('GET', `/worlds/${app.worldId}`), 200);
      assert.equal(clock.now, noon + 20 * 86_400_000);
      const [row] = await server.till.host.database.all(
        `select count(*) as voids from ledger l join app a on a.app_id = l.app_id
         where a.world_id = $1 and l.what = 'voided'`,
        [app.worldId],
      );
      assert.equal(row?.voids, 40);
    });

    test('changes of one app at the same time are all kept', async () => {
      const app = await newApp();
      const path = `/apps/${app.clientId}`;
      const changes = [{ title: 'changed' }, { market: 'MKT_GLB' }, { blocked: true }, { generation: 'v6' }];
      await times(changes.length, async (index) =>
        expectStatus(await server.control('PATCH', path, changes[index]), 200),
      );
      const after = expectStatus(await server.control('GET', path), 200);
      assert.deepEqual({ ...after, ...Object.assign({}, ...changes) }, after);
    });

    test('purchases made while their app is deleted are refused or gone with it', async () => {
      const app = await newApp();
      await server.buy(app);
      const buy = () => server.control('POST', `/apps/${app.clientId}/purchases`, { productId: 'product01' });
      const buying = times(40, buy);
      const deleting = server.control('DELETE', `/apps/${app.clientId}`);
      const counts = tally(await buying);
      assert.equal((await deleting).status, 204);
      assert.deepEqual(
        Object.keys(counts).filter((key) => key !== '201' && key !== '404 NoSuchData'),
        [],
      );
      assert.deepEqual(refusal(await buy()), [404, 'NoSuchData']);
      expectStatus(await server.advance(app.worldId, 'P9D'), 200);
      // without locks one may commit in the very moment of the deletion; whoever finds it due finishes that
      for (const table of ['purchase', 'ledger']) {
        const [row] = await server.till.host.database.all(
          `select count(*) as lost from ${table} where app_id not in (select app_id from app)`,
        );
        assert.equal(row?.lost, 0, table);
      }
    });
  });
}

// The published states of a subscription, brought about through the control API and read as the documents print them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { expectStatus, startServer, type TestServer } from '../packages/server/test/server.ts';
import { openScene, type Scene, sellRecurring, send, type Vector } from './scene.ts';
import snapshotFile from './vectors/v7-subscription-snapshots.json' with { type: 'json' };

type Body = Record<string, unknown>;

interface Step {
  at?: number;
  do: 'acknowledge' | 'decline' | 'cancel' | 'void' | 'defer' | 'pause';
  with?: Body;
}

interface Snapshot extends Vector {
  response: { status: number; json: Body };
  /** How the state comes about; instants are epoch ms. */
  scene: {
    boughtAt: number;
    terms: Record<string, unknown>;
    /** The subscription that the buyer had before, of another product. */
    replaces?: { boughtAt: number; price: string; terms: Record<string, unknown>; mode: string };
    steps: readonly Step[];
    readAt: readonly number[];
  };
  /** Members whose printed value cannot be, each with the reason. */
  excused: Record<string, string>;
}

const { ids } = snapshotFile;
const snapshots = snapshotFile.vectors as unknown as readonly Snapshot[];

/** Buys the documented product, in the place of another one where the scene has one. */
async function buy(scene: Scene, { replaces, boughtAt }: Snapshot['scene']): Promise<Record<string, string>> {
  if (replaces === undefined) {
    const { purchaseToken, purchaseId } = await scene.buy();
    return { purchaseToken, lastPurchaseId: purchaseId };
  }
  const { price, terms: subscription, mode } = replaces;
  const product = { type: 'subscription', title: 'Before', price, currency: 'KRW', subscription };
  expectStatus(await scene.control('PUT', '/products/before', product), 200);
  const before = await scene.buy({ productId: 'before' });
  await act(scene, before.purchaseToken, { do: 'acknowledge' });
  await advanceTo(scene, boughtAt);
  const { purchaseToken: linkedPurchaseToken } = before;
  const given = { replaces: { purchaseToken: linkedPurchaseToken, mode } };
  const { purchaseToken, purchaseId } = await scene.buy(given);
  return { purchaseToken, lastPurchaseId: purchaseId, linkedPurchaseToken };
}

async function act({ control }: Scene, purchaseToken: string, step: Step): Promise<void> {
  const path = `/purchases/${purchaseToken}`;
  const answer =
    step.do === 'decline'
      ? await control('PUT', `${path}/payment`, { outcome: 'decline' })
      : await control('POST', `${path}/${step.do}`, step.with);
  expectStatus(answer, 200);
}

async function advanceTo({ server, app }: Scene, to: number): Promise<void> {
  expectStatus(await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to }), 200);
}

/** The printed body with the ids of this purchase, and what is excused as it was answered. */
function expected(snapshot: Snapshot, answered: Body, names: Record<string, string>): Body {
  const { excused, response } = snapshot;
  const printed = Object.entries(response.json).map(([name, value]) => {
    if (ids.includes(name) && value !== null) return [name, names[name]];
    return [name, name in excused ? answered[name] : value];
  });
  return Object.fromEntries(printed);
}

describe('The published snapshots', () => {
  it('are all brought about', () => {
    assert.equal(new Set(snapshots.map(({ id }) => id)).size, 10);
    assert.ok(snapshots.every(({ compare }) => compare === 'snapshot'));
  });

  it('excuse members that they have, each with a reason', () => {
    for (const { excused, response } of snapshots) {
      for (const [name, reason] of Object.entries(excused)) {
        assert.ok(name in response.json && !ids.includes(name), name);
        assert.ok(reason.length > 20, reason);
      }
    }
  });
});

for (const database of httpDatabases) {
  describe(`The published snapshots on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    for (const snapshot of snapshots) {
      it(`getSubscriptionDetail answers ${snapshot.id} as published`, async () => {
        const { boughtAt, terms, replaces, steps, readAt } = snapshot.scene;
        const world = { now: replaces?.boughtAt ?? boughtAt, calendar: 'commercial' };
        const scene = await openScene(server, snapshot, () => {}, world);
        const price = String(snapshot.response.json.priceAmount);
        await sellRecurring(scene, { type: 'subscription', price, subscription: terms });
        const { purchaseToken = '', ...names } = await buy(scene, snapshot.scene);
        for (const step of steps) {
          if (step.at !== undefined) await advanceTo(scene, step.at);
          await act(scene, purchaseToken, step);
        }
        const token = await server.token(scene.app);
        for (const now of readAt) {
          await advanceTo(scene, now);
          const { status, body, text } = await send(scene, token, purchaseToken);
          assert.equal(status, snapshot.response.status, text);
          assert.equal(text, JSON.stringify(expected(snapshot, body, names)));
          for (const name of Object.keys(snapshot.excused)) {
            assert.notEqual(body[name], snapshot.response.json[name], `${name} needs no excuse any more`);
          }
        }
      });
    }
  });
}

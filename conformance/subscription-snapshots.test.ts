// The published states of a subscription, brought about through the control API and read as the documents print them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { expectStatus, startServer, type TestServer } from '../packages/server/test/server.ts';
import { openScene, type Scene, sellRecurring, send, type Vector } from './scene.ts';
import snapshotFile from './vectors/v7-subscription-snapshots.json' with { type: 'json' };

type Body = Record<string, unknown>;

interface Snapshot extends Vector {
  response: { status: number; json: Body };
  /** How the state comes about; instants are epoch ms. */
  scene: {
    boughtAt: number;
    terms: Record<string, string>;
    steps: readonly { at?: number; do: 'acknowledge' | 'decline' | 'cancel' | 'void' }[];
    readAt: readonly number[];
  };
  /** Members whose printed value cannot be, each with the reason. */
  excused: Record<string, string>;
}

const { ids } = snapshotFile;
const vectors = snapshotFile.vectors as unknown as readonly (Snapshot & { later?: string })[];
const snapshots = vectors.filter(({ compare }) => compare === 'snapshot');

async function act({ control }: Scene, purchaseToken: string, step: string): Promise<void> {
  const path = `/purchases/${purchaseToken}`;
  const answer =
    step === 'decline'
      ? await control('PUT', `${path}/payment`, { outcome: 'decline' })
      : await control('POST', `${path}/${step}`);
  expectStatus(answer, 200);
}

async function advanceTo({ server, app }: Scene, to: number): Promise<void> {
  expectStatus(await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to }), 200);
}

/** The printed body with the ids of this purchase, and what is excused as it was answered. */
function expected(snapshot: Snapshot, answered: Body, purchaseId: string): Body {
  const { excused, response } = snapshot;
  const printed = Object.entries(response.json).map(([name, value]) => {
    if (ids.includes(name)) return [name, purchaseId];
    return [name, name in excused ? answered[name] : value];
  });
  return Object.fromEntries(printed);
}

describe('The published snapshots', () => {
  it('are all brought about, but for those that need what is not served yet', () => {
    const left = vectors.filter(({ compare }) => compare !== 'snapshot');
    assert.equal(vectors.length, 10);
    assert.deepEqual(
      left.map(({ later }) => later),
      ['pausing', 'pausing', 'changing the product'],
    );
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
        const { boughtAt, terms, steps, readAt } = snapshot.scene;
        const world = { now: boughtAt, calendar: 'commercial' };
        const scene = await openScene(server, snapshot, () => {}, world);
        await sellRecurring(scene, { type: 'subscription', price: '610', subscription: terms });
        const { purchaseToken, purchaseId } = await scene.buy();
        for (const { at, do: step } of steps) {
          if (at !== undefined) await advanceTo(scene, at);
          await act(scene, purchaseToken, step);
        }
        const token = await server.token(scene.app);
        for (const now of readAt) {
          await advanceTo(scene, now);
          const { status, body, text } = await send(scene, token, purchaseToken);
          assert.equal(status, snapshot.response.status, text);
          assert.equal(text, JSON.stringify(expected(snapshot, body, purchaseId)));
          for (const name of Object.keys(snapshot.excused)) {
            assert.notEqual(body[name], snapshot.response.json[name], `${name} needs no excuse any more`);
          }
        }
      });
    }
  });
}

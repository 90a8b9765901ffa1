// Brings the published states of a subscription about on a Till, and reads them at their instants as the documents print them.
import type { Answer } from './caller.ts';
import { type Difference, differencesOfKind, differencesOfValue, kindOf } from './comparing.ts';
import { requestOfVector } from './documented-examples.ts';
import { statusDifference } from './judging.ts';
import { rowNamed } from './rows.ts';
import { inScene, type Scene } from './scene.ts';
import type { About, Session } from './session.ts';
import type { ControlCall } from './till-control.ts';
import { type Snapshot, type SnapshotStep, snapshotIds, snapshots } from './vectors.ts';

type Ids = Record<string, string>;

export async function checkSubscriptionSnapshots(session: Session, control: ControlCall): Promise<void> {
  for (const snapshot of snapshots) {
    const { boughtAt, replaces } = snapshot.scene;
    const now = replaces?.boughtAt ?? boughtAt;
    const world = { clock: { now }, calendar: 'commercial' } as const;
    await inScene(control, { world }, (scene) => checkSnapshot(session, scene, snapshot));
  }
}

async function checkSnapshot(session: Session, scene: Scene, snapshot: Snapshot): Promise<void> {
  const { terms, steps, readAt } = snapshot.scene;
  const price = String(snapshot.response.json.priceAmount);
  await scene.sell({ type: 'subscription', price, subscription: terms });
  const { purchaseToken = '', ...ids } = await buy(scene, snapshot.scene);
  for (const step of steps) {
    if (step.at !== undefined) await scene.advance({ to: step.at });
    await act(scene, purchaseToken, step);
  }
  const accessToken = await scene.token();
  const request = requestOfVector(scene, snapshot, { purchaseToken, accessToken });
  for (const now of readAt) {
    await scene.advance({ to: now });
    const about = aboutSnapshot(snapshot, now, now === readAt[0]);
    await session.check(about, request, (answer) => differencesOfSnapshot(snapshot, answer, ids));
  }
}

function aboutSnapshot({ id, operation, excused }: Snapshot, now: number, isFirst: boolean): About {
  const { section } = rowNamed('v7', operation).row;
  const about = `the published state ${id}, read at ${new Date(now).toISOString()}`;
  const open = Object.entries(excused).map(([name, reason]) => [`member ${name}`, noteIn(reason)]);
  return {
    ...{ id: `example.${id}.${now}`, generation: 'v7', operation, section, about },
    // in which order they stand is told once
    open: Object.fromEntries([...open, ...(isFirst ? [['order', 0]] : [])]),
  };
}

/** A reason names the entry of docs/spec-notes.md that it rests on. */
function noteIn(reason: string): number {
  return Number(/spec-notes (\d+)/.exec(reason)?.[1] ?? 0);
}

/** What is printed, with the ids of this purchase; a member that is excused must not be what is printed. */
export function differencesOfSnapshot(snapshot: Snapshot, answer: Answer, ids: Ids): Difference[] {
  const { excused, response } = snapshot;
  const status = statusDifference(answer, response.status);
  const shape = differencesOfKind(answer.body, {});
  if (status.length > 0 || kindOf(answer.body) !== 'object') return [...status, ...shape];
  const answered = answer.body as Record<string, unknown>;
  const printed = Object.entries(response.json).map(([name, value]) => {
    if (snapshotIds.includes(name) && value !== null) return [name, ids[name]];
    return [name, name in excused ? answered[name] : value];
  });
  const needless = Object.keys(excused).filter((name) => answered[name] === response.json[name]);
  return [
    ...differencesOfValue(answered, Object.fromEntries(printed)),
    ...needless.map((name) => ({ at: `member ${name}`, says: 'it is answered as printed' })),
    ...differencesOfOrder(answered, response.json),
  ];
}

/** JSON has no order of members, and the documents promise none; Till keeps the printed one. */
function differencesOfOrder(answered: object, printed: object): Difference[] {
  const same = Object.keys(answered).join() === Object.keys(printed).join();
  return same ? [] : [{ at: 'order', says: 'the members stand in another order' }];
}

/** Buys the documented product, in the place of another one where the scene has one. */
async function buy(scene: Scene, { replaces, boughtAt }: Snapshot['scene']): Promise<Ids> {
  if (replaces === undefined) return idsOf(await scene.buy());
  const { price, terms: subscription, mode } = replaces;
  await scene.sell({ productId: 'before', type: 'subscription', price, subscription });
  const { purchaseToken: linkedPurchaseToken } = await scene.buy({ productId: 'before' });
  await act(scene, linkedPurchaseToken, { do: 'acknowledge' });
  await scene.advance({ to: boughtAt });
  const next = await scene.buy({ replaces: { purchaseToken: linkedPurchaseToken, mode } });
  return { ...idsOf(next), linkedPurchaseToken };
}

function idsOf({ purchaseToken, purchaseId }: { purchaseToken: string; purchaseId: string }): Ids {
  return { purchaseToken, lastPurchaseId: purchaseId };
}

async function act(scene: Scene, purchaseToken: string, step: SnapshotStep): Promise<void> {
  const { deferPeriod = 0, for: span = '' } = step.with ?? {};
  const steps: Record<SnapshotStep['do'], () => Promise<unknown>> = {
    acknowledge: () => scene.about('acknowledgePurchaseByHand', { purchaseToken }),
    decline: () => scene.about('setPayment', { purchaseToken, outcome: 'decline' }),
    cancel: () => scene.about('cancelByHand', { purchaseToken }),
    void: () => scene.about('voidPurchase', { purchaseToken }),
    defer: () => scene.about('deferByHand', { purchaseToken, deferPeriod }),
    pause: () => scene.about('pauseByHand', { purchaseToken, for: span }),
  };
  await steps[step.do]();
}

// Every operation of every generation on a Till: that it succeeds, and that it refuses with each code that it may answer.
import type { Fields } from '@till/protocol/shape';
import type { Answer } from './caller.ts';
import type { Difference } from './comparing.ts';
import {
  differencesOfFields,
  differencesOfRefusal,
  differencesOfSuccess,
  statusDifference,
} from './judging.ts';
import { type Draft, faultOf, provokedCodes, requestOfDraft } from './refusals.ts';
import { isWrite, kindOfRow, type NamedRow, rows } from './rows.ts';
import { documented, inScene, type Scene } from './scene.ts';
import type { Session } from './session.ts';
import type { ControlCall } from './till-control.ts';

const payload = 'order 1';

export async function checkEveryOperation(session: Session, control: ControlCall): Promise<void> {
  const { generations, write } = session.options;
  for (const named of rows) {
    if (!generations.includes(named.generation)) continue;
    if (isWrite(named.row) && !write) {
      session.untried(session.about(named, 'succeeds', 'succeeds'), 'it changes a purchase: --write');
    } else {
      await inScene(control, { app: { generation: named.generation } }, (scene) =>
        checkOperation(session, scene, named),
      );
    }
  }
}

async function checkOperation(session: Session, scene: Scene, named: NamedRow): Promise<void> {
  const type = kindOfRow(named);
  await scene.sell({ type, ...(type === 'subscription' ? { subscription: { period: 'P1M' } } : {}) });
  const buy = () => scene.buy({ developerPayload: payload });
  // what a fault uses up it buys for itself, so that one purchase serves all requests
  const prepared = { ...(await buy()), buy, token: await scene.token() };
  for (const code of provokedCodes(named)) {
    const draft = draftOf(scene, named, prepared);
    const fault = faultOf(named, code);
    await fault.put(draft);
    const about = session.about(named, `refuses.${code}`, `refuses with ${code}`, fault.open);
    const judge = (answer: Answer) => differencesOfRefusal(answer, code, fault.fields);
    await session.check(about, requestOfDraft(draft), judge);
    await fault.undo?.(draft);
    if (code === 'AccessTokenExpired') prepared.token = await scene.token();
  }
  const request = requestOfDraft(draftOf(scene, named, prepared));
  const about = session.about(named, 'succeeds', 'succeeds', openOf(named));
  await session.check(about, request, (answer) => differencesOfReply(named, answer));
}

interface Prepared {
  purchaseToken: string;
  purchaseId: string;
  token: string;
  buy: Draft['buy'];
}

function draftOf(scene: Scene, named: NamedRow, { purchaseToken, purchaseId, token, buy }: Prepared): Draft {
  const { row } = named;
  const { clientId, packageName } = scene.app;
  const { productId } = documented;
  const headers: Record<string, string> =
    row.form === true
      ? { 'content-type': 'application/x-www-form-urlencoded' }
      : { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return {
    ...{ scene, named, buy, headers, method: row.method, bend: (path) => path },
    values: { clientId, packageName, purchaseToken, purchaseId, productId, action: 'cancel' },
    members: membersOf(scene, named),
  };
}

function membersOf(scene: Scene, { row }: NamedRow): Draft['members'] {
  if (row.form === true) {
    const { clientId, clientSecret } = scene.app;
    return { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  }
  if (row.body === undefined) return undefined;
  return 'deferPeriod' in row.body ? { deferPeriod: 3 } : { developerPayload: payload };
}

function openOf({ generation, name }: NamedRow) {
  return generation === 'v6' && name === 'getPurchaseDetails' ? { 'member quantity': 0 } : undefined;
}

function differencesOfReply({ row }: NamedRow, answer: Answer): Difference[] {
  if (isWrite(row)) return differencesOfSuccess(answer);
  return [...statusDifference(answer, 200), ...differencesOfFields(answer.body, row.reply as Fields)];
}

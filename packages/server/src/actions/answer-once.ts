// A call that carries an Idempotency-Key is carried out once; whoever repeats it gets the first answer again.
import { type ErrorCode, Refusal } from '@till/protocol/errors';
import { canonicalJson } from '../domain/canonical-json.ts';
import { answersKeptMs } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import {
  type AnswerKey,
  findAnswer,
  keepAnswer,
  type StoredAnswer,
  takeAnswerKey,
} from '../store/answers.ts';
import { type Around, recorded } from './recorded.ts';

/** What goes over the wire: the status, and the body where there is one. */
export interface Answer {
  status: number;
  text: string | undefined;
}

export interface Asked {
  /** Whose keys are meant: an app's own, or `''` for the control API. */
  appId: string;
  /** The key as presented. Only its hash is stored. */
  key: string;
  /** What else whoever may read the answer has to present: stored answers hold secrets. */
  presented: string;
  /** All that tells one request from another. */
  request: unknown;
  /** The code for a key that was used for another request. */
  otherRequest: ErrorCode;
  /** The answer where it is the same whatever happens; it is then stored with the change itself. */
  constant?: Answer | undefined;
}

/** `replayed`: the answer is one that was given before. */
export type Given = Answer & { replayed: boolean };

/** No call runs longer than this on another node and is still waited for. */
const answerWithinMs = 30_000;
const pollEveryMs = 50;

/** Somebody else used the key between our look and our change; nothing of the change was stored. */
class KeyTaken extends Error {
  override name = 'KeyTaken';
}

/** A call and where its answer belongs. */
interface Keyed {
  asked: Asked;
  key: AnswerKey;
  requestHash: string;
}

/**
 * Runs `run` unless the key has been used within a day, and gives its answer, byte for byte the same each time.
 * A twin in flight on this node waits for the first. A refused call stores nothing: the next one runs afresh.
 * Refusals: `otherRequest`; `InvalidState` where the change stands and its answer is lost.
 */
export async function answerOnce(
  host: Host,
  asked: Asked,
  run: (host: Host) => Promise<Answer>,
): Promise<Given> {
  const keyed = keyedOf(host, asked);
  const { answering } = host.node;
  const name = `${keyed.key.appId}\n${keyed.key.keyHash}`;
  for (;;) {
    const twin = answering.get(name);
    if (twin === undefined) break;
    const first = await twin;
    if (first === undefined) continue;
    refuseOther(keyed, first.requestHash);
    return { ...first.answer, replayed: true };
  }
  const given = answerFirst(host, keyed, run);
  const first = given.then(
    ({ status, text }) => ({ requestHash: keyed.requestHash, answer: { status, text } }),
    () => undefined,
  );
  answering.set(
    name,
    first.finally(() => answering.delete(name)),
  );
  return given;
}

function keyedOf(host: Host, asked: Asked): Keyed {
  const { hash, hmac } = host.secrets;
  const requestHash = Buffer.from(hmac(asked.key, canonicalJson(asked.request))).toString('base64url');
  return { asked, key: { appId: asked.appId, keyHash: hash(asked.key) }, requestHash };
}

/** The first on this node. On another node the same key may be in flight; then its answer is waited for. */
async function answerFirst(host: Host, keyed: Keyed, run: (host: Host) => Promise<Answer>): Promise<Given> {
  for (let polls = 0; ; polls++) {
    const stored = await findAnswer(host.database, keyed.key, host.clock() - answersKeptMs);
    if (stored !== undefined) {
      refuseOther(keyed, stored.requestHash);
      if (stored.sealedAnswer !== null) return replay(host, keyed, stored.sealedAnswer);
      if (!mayStillCome(host, stored, polls)) throw lost('was lost');
      await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
      continue;
    }
    try {
      return await carryOut(host, keyed, run);
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error;
    }
  }
}

async function carryOut(host: Host, keyed: Keyed, run: (host: Host) => Promise<Answer>): Promise<Given> {
  const { asked, key, requestHash } = keyed;
  const createdAt = host.clock();
  const sealedAnswer = asked.constant === undefined ? null : seal(host, asked, asked.constant);
  const row: StoredAnswer = { requestHash, sealedAnswer, createdAt };
  const around: Around = async (query, work) => {
    if (!(await takeAnswerKey(query, key, row, createdAt - answersKeptMs))) throw new KeyTaken();
    return work(query);
  };
  const answer = await recorded(host, around, run);
  if (sealedAnswer === null) await keep(host, keyed, answer, createdAt);
  return { ...answer, replayed: false };
}

/** The change stands, so its caller is answered even where the answer cannot be kept for a second time. */
async function keep(host: Host, { asked, key }: Keyed, answer: Answer, createdAt: number): Promise<void> {
  const sealed = seal(host, asked, answer);
  try {
    await host.database.transaction((query) => keepAnswer(query, key, sealed, createdAt));
  } catch (error) {
    host.log.error({ err: error }, 'an answer could not be kept for its Idempotency-Key');
  }
}

/** A database file has one process, so there nobody else could still answer. */
function mayStillCome(host: Host, stored: StoredAnswer, polls: number): boolean {
  if (host.database.kind === 'sqlite') return false;
  return host.clock() - stored.createdAt < answerWithinMs && polls * pollEveryMs < answerWithinMs;
}

function refuseOther({ asked, requestHash }: Keyed, usedFor: string): void {
  if (usedFor === requestHash) return;
  throw new Refusal(asked.otherRequest, { detail: 'the Idempotency-Key was used for another request' });
}

function lost(how: string): Refusal {
  const detail = `the first call with this Idempotency-Key was carried out, but its answer ${how}: read the state`;
  return new Refusal('InvalidState', { detail });
}

function replay(host: Host, { asked }: Keyed, sealedAnswer: string): Given {
  const text = host.secrets.unseal(sealedAnswer, sealingKey(host, asked));
  if (text === undefined) throw lost('belongs to another control key');
  const { status, body } = JSON.parse(text) as { status: number; body: string | null };
  return { status, text: body ?? undefined, replayed: true };
}

function seal(host: Host, asked: Asked, { status, text }: Answer): string {
  return host.secrets.seal(JSON.stringify({ status, body: text ?? null }), sealingKey(host, asked));
}

/** Whoever has the database alone has neither of the two. */
function sealingKey(host: Host, { key, presented }: Asked): Uint8Array {
  return host.secrets.hmac(key, `answer\n${presented}`);
}

// Answers that are given again to a repeated call, known by the hash of the key that the caller chose.
import type { Query } from './database.ts';

/** Where an answer stands: `appId` is `''` for the control API. */
export interface AnswerKey {
  appId: string;
  keyHash: string;
}

export interface StoredAnswer {
  requestHash: string;
  /** `null` while the change stands and its answer does not. */
  sealedAnswer: string | null;
  createdAt: number;
}

/**
 * Takes a key for a request, in the transaction of its change. Tells whether it was free: never used, or last used
 * up to `forgottenAt` (epoch ms of the machine's clock).
 */
export async function takeAnswerKey(
  query: Query,
  { appId, keyHash }: AnswerKey,
  { requestHash, sealedAnswer, createdAt }: StoredAnswer,
  forgottenAt: number,
): Promise<boolean> {
  const taken = await query.run(
    `insert into answer (app_id, key_hash, request_hash, sealed_answer, created_at) values ($1, $2, $3, $4, $5)
     on conflict (app_id, key_hash) do update set request_hash = excluded.request_hash,
       sealed_answer = excluded.sealed_answer, created_at = excluded.created_at
     where answer.created_at <= $6`,
    [appId, keyHash, requestHash, sealedAnswer, createdAt, forgottenAt],
  );
  return taken === 1;
}

/** What a key was used for after `forgottenAt`. */
export async function findAnswer(
  query: Query,
  { appId, keyHash }: AnswerKey,
  forgottenAt: number,
): Promise<StoredAnswer | undefined> {
  const [row] = await query.all(
    `select request_hash, sealed_answer, created_at from answer
     where app_id = $1 and key_hash = $2 and created_at > $3`,
    [appId, keyHash, forgottenAt],
  );
  if (row === undefined) return undefined;
  const sealedAnswer = row.sealed_answer as string | null;
  return { requestHash: String(row.request_hash), sealedAnswer, createdAt: Number(row.created_at) };
}

/** Keeps the answer of the call that took its key at `createdAt`. */
export async function keepAnswer(
  query: Query,
  { appId, keyHash }: AnswerKey,
  sealedAnswer: string,
  createdAt: number,
): Promise<void> {
  await query.run(
    'update answer set sealed_answer = $1 where app_id = $2 and key_hash = $3 and created_at = $4',
    [sealedAnswer, appId, keyHash, createdAt],
  );
}

/** Keys that were last used up to `forgottenAt`. */
export async function listForgottenAnswers(
  query: Query,
  forgottenAt: number,
  limit: number,
): Promise<AnswerKey[]> {
  const rows = await query.all(
    'select app_id, key_hash from answer where created_at <= $1 order by created_at limit $2',
    [forgottenAt, limit],
  );
  return rows.map((row) => ({ appId: String(row.app_id), keyHash: String(row.key_hash) }));
}

/** Deletes a key unless it has been used again meanwhile. */
export async function deleteForgottenAnswer(
  query: Query,
  { appId, keyHash }: AnswerKey,
  forgottenAt: number,
): Promise<void> {
  await query.run('delete from answer where app_id = $1 and key_hash = $2 and created_at <= $3', [
    appId,
    keyHash,
    forgottenAt,
  ]);
}

// Forgets the answers to keys that were used more than a day ago.
import { answersKeptMs } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import { deleteForgottenAnswer, listForgottenAnswers } from '../store/answers.ts';

const answersAtOnce = 500;
/** Batches of one pass: enough for 160 keyed calls a second, all day long. */
const batches = 20;

/** A forgotten key counts as free whether or not its row is still there; this only makes room. */
export async function purgeAnswers(host: Host): Promise<void> {
  const forgottenAt = host.clock() - answersKeptMs;
  for (let batch = 0; batch < batches; batch++) {
    const forgotten = await listForgottenAnswers(host.database, forgottenAt, answersAtOnce);
    await Promise.all(
      forgotten.map((key) =>
        host.database.transaction((query) => deleteForgottenAnswer(query, key, forgottenAt)),
      ),
    );
    if (forgotten.length < answersAtOnce) return;
  }
}

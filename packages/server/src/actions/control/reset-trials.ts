// resetTrials: a buyer may have the free trials of an app again.
import type { Host } from '../../host/host.ts';
import { deleteTrialsOfBuyer } from '../../store/trials.ts';
import { findCall } from '../call.ts';

/** It does not matter whether the buyer has had any. */
export async function resetTrials(
  host: Host,
  input: { clientId: string; worldId?: string; buyerId: string },
): Promise<void> {
  await host.database.transaction(async (query) => {
    const { app } = await findCall(host, query, input);
    await deleteTrialsOfBuyer(query, app.appId, input.buyerId);
  });
}

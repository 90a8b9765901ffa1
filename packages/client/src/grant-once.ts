// Granting exactly once: what a purchase brings is given once to one account, and taken back once, in your own database.

/**
 * Your database, within a transaction that you have opened and will commit: what you grant is written in the same one, so both happen or
 * neither. Two tables and four statements; examples/grant-once-sqlite.ts and -postgres.ts have them. READ COMMITTED is enough.
 */
export interface GrantRecords {
  /** Inserts whose token it is, unless that is there; answers the account that is. */
  bind(purchaseToken: string, accountId: string): Promise<string>;
  /** Inserts a row unless one of this `purchaseId` is there, and waits for a transaction that is inserting one; answers whether it did. */
  insert(row: GrantRecord): Promise<boolean>;
  /** Of the row of this `purchaseId`. */
  stateOf(purchaseId: string): Promise<GrantRecord['state'] | undefined>;
  /** Turns `granted` into `reversed`; answers the row's account, and nothing where no row was `granted`. */
  reverse(purchaseId: string): Promise<string | undefined>;
}

export interface GrantRecord {
  purchaseId: string;
  state: 'granted' | 'reversed';
  /** `null` where the purchase was taken back before anybody was granted anything. */
  accountId: string | null;
}

/**
 * The payment. Each has a `purchaseId` of its own: a renewal is a new one under the same token, and is granted anew. V5 has no token:
 * the ID then stands for it.
 */
export interface GrantedPurchase {
  purchaseId: string;
  purchaseToken?: string | undefined;
}

/**
 * `granted` now; `alreadyGranted` to this account before, so a receipt was replayed; `ownedByAnother` account, which showed the token first;
 * `reversed`, so it was refunded. Only the first has called `grant`.
 */
export type GrantOutcome = 'granted' | 'alreadyGranted' | 'ownedByAnother' | 'reversed';

/**
 * Calls `grant` for a purchase that was never granted. Verify the purchase first, and ask the server API whether it stands. Throws what
 * `grant` and `records` throw; roll the transaction back then, and nothing has happened.
 */
export async function grantOnce(
  records: GrantRecords,
  given: { purchase: GrantedPurchase; accountId: string; grant: () => unknown },
): Promise<GrantOutcome> {
  const { purchase, accountId, grant } = given;
  const { purchaseId, purchaseToken = purchaseId } = purchase;
  if ((await records.bind(purchaseToken, accountId)) !== accountId) return 'ownedByAnother';
  if (await records.insert({ purchaseId, state: 'granted', accountId })) {
    await grant();
    return 'granted';
  }
  return (await records.stateOf(purchaseId)) === 'reversed' ? 'reversed' : 'alreadyGranted';
}

/** `reversed` now; `alreadyReversed` before; `neverGranted`, and never will be. Only the first has called `reverse`. */
export type ReverseOutcome = 'reversed' | 'alreadyReversed' | 'neverGranted';

/**
 * Calls `reverse` for a purchase that was granted and is now void: after a `CANCELED` notification, or for each row of
 * `voidedPurchases`. One that comes before the grant is noted, so that a receipt shown later brings nothing.
 */
export async function reverseOnce(
  records: GrantRecords,
  given: { purchaseId: string; reverse: (accountId: string) => unknown },
): Promise<ReverseOutcome> {
  const { purchaseId, reverse } = given;
  // first, because it waits for a grant that is not committed yet
  if (await records.insert({ purchaseId, state: 'reversed', accountId: null })) return 'neverGranted';
  const accountId = await records.reverse(purchaseId);
  if (accountId === undefined) return 'alreadyReversed';
  await reverse(accountId);
  return 'reversed';
}

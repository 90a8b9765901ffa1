// Reading the purchases that a run was given: every member of their details, and what other paths say of them.
import { marketHeader } from '@till/protocol/fields';
import type { Fields } from '@till/protocol/shape';
import type { Answer } from '../caller.ts';
import type { Difference } from '../comparing.ts';
import { memberOf } from '../finding.ts';
import { differencesOfFields, differencesOfRefusal, statusDifference } from '../judging.ts';
import { type NamedRow, rowNamed } from '../rows.ts';
import type { OpenPlaces, Session } from '../session.ts';
import { type Account, type NamedPurchase, otherMarket, readingRowName, requestOf } from './account.ts';

/** Which members are open: an unset payload, V6's quantity, the id of the market's own forms. */
const openMembers: OpenPlaces = { 'member developerPayload': 37 };

export async function checkPurchase(
  session: Session,
  generation: NamedRow['generation'],
  account: Account,
  token: string,
  purchase: NamedPurchase,
): Promise<void> {
  const name = readingRowName(generation, purchase.kind);
  if (name === undefined) return;
  const named = rowNamed(generation, name);
  if (generation === 'v5' && purchase.purchaseId === undefined) {
    const about = session.about(named, `reply.${purchase.kind}`, `reads a purchase (${purchase.kind})`);
    session.untried(about, 'V5 names a purchase by its ID: give it as the fourth part of --purchase');
    return;
  }
  await checkDetails(session, named, account, token, purchase);
  if (generation === 'v5') return checkV5(session, account, token, purchase);
  await checkOtherPaths(session, named, account, token, purchase);
}

async function checkDetails(
  session: Session,
  named: NamedRow,
  account: Account,
  token: string,
  purchase: NamedPurchase,
): Promise<void> {
  const { kind } = purchase;
  const open = kind === 'inapp' ? openMembers : {};
  const quantity = named.generation === 'v6' && kind === 'inapp' ? { 'member quantity': 0 } : {};
  const about = session.about(named, 'reply', `reads a purchase (${kind})`, { ...open, ...quantity });
  const request = requestOf(named, account, token, purchase);
  const answer = await session.check(about, request, (found) => differencesOfDetails(found, named));
  // V5 is asked by the ID that the later generations tell
  const id = memberOf(answer?.body, 'purchaseId') ?? memberOf(answer?.body, 'lastPurchaseId');
  if (typeof id === 'string') purchase.purchaseId ??= id;
}

function differencesOfDetails(answer: Answer, { row }: NamedRow): Difference[] {
  const status = statusDifference(answer, 200);
  if (status.length > 0) return status;
  return [...differencesOfFields(answer.body, row.reply as Fields), ...differencesOfAmounts(answer.body)];
}

/** Amounts stand twice: as a text, and times a million (section 6.1). */
function differencesOfAmounts(body: unknown): Difference[] {
  const members = Object.entries(body ?? {});
  return members.flatMap(([name, micros]) => {
    const amount = members.find(([other]) => `${other}Micros` === name)?.[1];
    if (amount === undefined || Math.round(Number(amount) * 1_000_000) === micros) return [];
    return [{ at: `member ${name}`, says: `it is not ${name.replace(/Micros$/, '')} times 1,000,000` }];
  });
}

/** The other reading calls of V5 about the same purchase. */
async function checkV5(
  session: Session,
  account: Account,
  token: string,
  purchase: NamedPurchase,
): Promise<void> {
  const { kind } = purchase;
  const name = kind === 'auto' ? 'getLastRecurringPurchaseDetails' : 'getPurchaseDetailsByProductId';
  const named = rowNamed('v5', name);
  const about = session.about(named, 'reply', `reads a purchase (${kind})`);
  const request = requestOf(named, account, token, purchase);
  await session.check(about, request, (found) => differencesOfDetails(found, named));
  if (kind === 'auto') return;
  const other = session.about(named, 'other_product', 'a purchase under another product');
  await session.check(
    other,
    requestOf(named, account, token, { ...purchase, productId: 'no.such.product' }),
    (found) => differencesOfRefusal(found, 'NoSuchData'),
  );
}

/** The same token where it does not belong. */
async function checkOtherPaths(
  session: Session,
  named: NamedRow,
  account: Account,
  token: string,
  purchase: NamedPurchase,
): Promise<void> {
  const { kind } = purchase;
  const noSuchData = (answer: Answer) => differencesOfRefusal(answer, 'NoSuchData');
  const product = session.about(named, 'other_product', 'a token under another product', { '*': 22 });
  const request = requestOf(named, account, token, { ...purchase, productId: 'no.such.product' });
  await session.check(product, request, noSuchData);
  const market = otherMarket(account.market);
  const headers = { [marketHeader]: market };
  const abroad = session.about(named, 'other_market', `a purchase asked for in ${market}`, { '*': 56 });
  await session.check(abroad, requestOf(named, account, token, purchase, { headers }), noSuchData);
  for (const other of ['inapp', 'auto', 'subscription'] as const) {
    const name = readingRowName(named.generation, other);
    if (other === kind || name === undefined) continue;
    const row = rowNamed(named.generation, name);
    // documented is that managed and monthly products do not answer for each other
    const open = kind === 'subscription' || other === 'subscription' ? { '*': 22 } : undefined;
    const about = session.about(row, `token_of.${kind}`, `a token of another kind (${kind})`, open);
    await session.check(about, requestOf(row, account, token, purchase), noSuchData);
  }
}

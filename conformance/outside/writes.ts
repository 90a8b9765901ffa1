// Changing the purchases that a run was given, where it may: acknowledge, consume, cancel, reactivate, defer.
import { randomUUID } from 'node:crypto';
import type { Answer } from '../caller.ts';
import type { Difference } from '../comparing.ts';
import { memberOf } from '../finding.ts';
import { differencesOfRefusal, differencesOfSuccess } from '../judging.ts';
import { isWrite, type NamedRow, rowNamed, rows } from '../rows.ts';
import type { About, OpenPlaces, Session } from '../session.ts';
import { type Account, type NamedPurchase, readingRowName, requestOf } from './account.ts';

type Judge = (answer: Answer) => Difference[];

/** One purchase of one generation, changed step by step and read in between. */
class Changes {
  readonly #session: Session;
  readonly #generation: NamedRow['generation'];
  readonly #account: Account;
  readonly #token: string;
  readonly #purchase: NamedPurchase;

  constructor(
    session: Session,
    generation: NamedRow['generation'],
    account: Account,
    token: string,
    purchase: NamedPurchase,
  ) {
    this.#session = session;
    this.#generation = generation;
    this.#account = account;
    this.#token = token;
    this.#purchase = purchase;
  }

  async step(
    name: string,
    what: string,
    about: string,
    judge: Judge,
    given: { body?: unknown; action?: string; headers?: Record<string, string>; open?: OpenPlaces } = {},
  ): Promise<void> {
    const { open, ...request } = given;
    const named = rowNamed(this.#generation, name);
    await this.#session.check(
      this.#session.about(named, what, about, open),
      requestOf(named, this.#account, this.#token, this.#purchase, request),
      judge,
    );
  }

  /** The details must then show these members. */
  async shows(what: string, about: string, members: Record<string, unknown>): Promise<void> {
    const name = readingRowName(this.#generation, this.#purchase.kind) ?? '';
    await this.step(name, what, about, (answer) =>
      Object.entries(members)
        .filter(([member, value]) => memberOf(answer.body, member) !== value)
        .map(([member, value]) => ({ at: `member ${member}`, says: `it is not ${value}` })),
    );
  }

  /** The member of the details, which may be a state to begin with. */
  async read(member: string): Promise<unknown> {
    const named = rowNamed(this.#generation, readingRowName(this.#generation, this.#purchase.kind) ?? '');
    const about: About = this.#session.about(named, 'before', 'reads a purchase before it is changed');
    const request = requestOf(named, this.#account, this.#token, this.#purchase);
    return memberOf((await this.#session.ask(about, request))?.body, member);
  }
}

const refusal =
  (code: Parameters<typeof differencesOfRefusal>[1]): Judge =>
  (answer) =>
    differencesOfRefusal(answer, code);

/** Each generation changes a purchase once; a consumed one cannot be consumed by the next. */
export async function checkWrites(
  session: Session,
  generation: NamedRow['generation'],
  account: Account,
  token: string,
  purchase: NamedPurchase,
): Promise<void> {
  if (readingRowName(generation, purchase.kind) === undefined) return;
  if (generation === 'v5' && purchase.purchaseId === undefined) return;
  const changes = new Changes(session, generation, account, token, purchase);
  if (purchase.kind === 'inapp') await changeManaged(changes, generation);
  else if (purchase.kind === 'auto') await changeMonthly(changes, generation);
  else await changeSubscription(changes);
}

async function changeManaged(changes: Changes, generation: NamedRow['generation']): Promise<void> {
  const consumed = (await changes.read('consumptionState')) === 1;
  if (generation !== 'v5') {
    const wrong = { body: { developerPayload: randomUUID() } };
    const mismatch = refusal('DeveloperPayloadNotMatch');
    if (!consumed) await changes.step('acknowledgePurchase', 'payload', 'another payload', mismatch, wrong);
    await changes.step('acknowledgePurchase', 'reply', 'acknowledges without a body', differencesOfSuccess, {
      ...(consumed ? { open: { '*': 24 } } : {}),
    });
    const again = { open: { '*': 24 } };
    await changes.step('acknowledgePurchase', 'again', 'acknowledges again', differencesOfSuccess, again);
    const bare = { headers: { 'content-type': '' }, open: { '*': 15 } };
    await changes.step(
      'acknowledgePurchase',
      'bare',
      'a POST with no type and no body',
      differencesOfSuccess,
      bare,
    );
    await changes.shows('acknowledged', 'shows the acknowledgement', { acknowledgeState: 1 });
  }
  if (!consumed) {
    await changes.step('consumePurchase', 'reply', 'consumes without a body', differencesOfSuccess);
  }
  await changes.step('consumePurchase', 'again', 'consumes again', refusal('InvalidConsumeState'));
  await changes.shows('consumed', 'shows the consumption', { consumptionState: 1 });
}

async function changeMonthly(changes: Changes, generation: NamedRow['generation']): Promise<void> {
  const [cancel, reactivate] =
    generation === 'v5'
      ? ['manageRecurringPaymentStatus', 'manageRecurringPaymentStatus']
      : ['cancelRecurringPurchase', 'reactivateRecurringPurchase'];
  await cancelAndBack(changes, cancel ?? '', reactivate ?? '');
}

async function changeSubscription(changes: Changes): Promise<void> {
  await cancelAndBack(changes, 'cancelSubscription', 'reactivateSubscription');
  const open = { '*': 52 };
  const invalid: Judge = (answer) => differencesOfRefusal(answer, 'InvalidRequest', ['deferPeriod']);
  for (const [what, deferPeriod] of [
    ['none', 0],
    ['too_long', 366],
  ] as const) {
    const about = `defers by ${deferPeriod}`;
    await changes.step('deferSubscription', what, about, invalid, { body: { deferPeriod }, open });
  }
  const body = { deferPeriod: 1 };
  await changes.step('deferSubscription', 'reply', 'defers by one', differencesOfSuccess, { body });
}

async function cancelAndBack(changes: Changes, cancel: string, reactivate: string): Promise<void> {
  const wasRenewing = (await changes.read('autoRenewing')) === true;
  if (!wasRenewing) return;
  const how = { action: 'cancel' };
  await changes.step(cancel, 'reply', 'cancels', differencesOfSuccess, how);
  await changes.shows('cancelled', 'shows the cancellation', { autoRenewing: false });
  const open = { '*': 0 };
  await changes.step(cancel, 'again', 'cancels again', differencesOfSuccess, { ...how, open });
  const back = { action: 'reactivate' };
  await changes.step(
    reactivate,
    'reply.reactivate',
    'takes the cancellation back',
    differencesOfSuccess,
    back,
  );
  await changes.shows('reactivated', 'shows that it goes on', { autoRenewing: true });
}

/** What a run that may not write leaves out, so that the report names it. */
export function leaveWritesOut(session: Session, generation: NamedRow['generation'], why: string): void {
  for (const named of rows) {
    if (named.generation !== generation || !isWrite(named.row)) continue;
    session.untried(session.about(named, 'reply', 'changes a purchase'), why);
  }
}

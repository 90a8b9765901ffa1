// Walks lives through the rules alone: what the actions do around them, without a database.
import assert from 'node:assert/strict';
import { Refusal } from '@till/protocol/errors';
import { type Charge, simulatedAnswer } from '../../src/domain/charge.ts';
import type { WorldClock } from '../../src/domain/clock.ts';
import type { Entry } from '../../src/domain/ledger.ts';
import type { Product } from '../../src/domain/product.ts';
import { changeProduct, scheduleSwitch } from '../../src/domain/product-change.ts';
import type { Purchase } from '../../src/domain/purchase.ts';
import type { Begun, Subscription, SubscriptionChange } from '../../src/domain/subscription.ts';
import { subscribe } from '../../src/domain/subscription-begin.ts';
import * as charges from '../../src/domain/subscription-charges.ts';
import * as commands from '../../src/domain/subscription-commands.ts';
import { isLive } from '../../src/domain/subscription-state.ts';
import * as steps from '../../src/domain/subscription-steps.ts';
import { anOrder, aProduct } from '../store/things.ts';
import type { Command, Lived } from './subscription-lives.ts';

/** What goes on under one token. The rules are given what they answered as it comes out of a database. */
export interface Walked {
  subscription: Subscription;
  entries: Entry[];
  payments: Purchase[];
  charges: Charge[];
}

/** A life as it has come so far. */
export interface Walk {
  /** In the order in which they began. */
  tokens: Walked[];
  products: Product[];
  /** Products whose trial or promotion the buyer has had. */
  tasted: Set<string>;
  refused: boolean[];
}

const numbered = (number: number) => `product${number}`;

function begin(life: Lived): Walk {
  const { type, market, calendar, terms, priceMicros, mustAcknowledge, startAt: purchaseTime } = life;
  const products = [life, ...life.others].map((offer, number): Product => {
    const { terms, priceMicros } = offer;
    const isOf = number === 0 ? type : 'subscription';
    return aProduct({ productId: numbered(number), type: isOf, terms, priceMicros });
  });
  const walk: Walk = { tokens: [], products, tasted: new Set(), refused: [] };
  const order = anOrder({ number: 0, purchaseTime, market, priceMicros, productId: numbered(0) });
  const begun = subscribe({ ...order, type, calendar, terms, priceSeq: 0 }, mustAcknowledge);
  add(walk, begun);
  return walk;
}

/** What a change of price that came while it waited for its switch means to it is told from now on. */
function add(walk: Walk, begun: Begun): void {
  const { productId, startTime: at, trial, promotional, promotionLeft } = begun.subscription;
  const { priceMicros, priceSeq } = productOf(walk, productId);
  const { subscription } = commands.announcePrice(begun.subscription, { priceMicros, priceSeq, at });
  if (trial || promotional || promotionLeft > 0) walk.tasted.add(productId);
  const { entries, payments } = begun;
  walk.tokens.push({
    subscription: stored(subscription),
    entries: [...entries],
    payments: [...payments],
    charges: [],
  });
}

function take(walk: Walk, walked: Walked, change: SubscriptionChange): void {
  if (change.subscription !== walked.subscription) walked.subscription = stored(change.subscription);
  walked.entries.push(...change.entries);
  walked.payments.push(...change.payments);
  if (change.begun !== undefined) add(walk, change.begun);
}

function productOf({ products }: Walk, productId: string): Product {
  return products.find((one) => one.productId === productId) ?? assert.fail(`no product ${productId}`);
}

const stored = <T>(thing: T): T => Object.freeze(structuredClone(thing));
/** A clock that was brought here by hand, or one that ran here while nobody was there. */
const clockAt = (at: number, ran: boolean): WorldClock => {
  return { at, base: 0, rate: 1, frozen: true, jumpedTo: ran ? 0 : at };
};

/** How a walk goes on. */
export interface Manner {
  /** Each charge is read again before it is answered. */
  crashes?: boolean;
  /** The clock has run to these pauses, and the catch-up comes no further than so many charges. */
  late?: { pauses: ReadonlySet<number>; most: number };
}

/** Everything that is due by now, or as far as it comes. */
export function goTo(walk: Walk, now: number, { crashes = false, late }: Manner = {}, atPause = false): void {
  const ran = atPause && late?.pauses.has(now) === true;
  const given = { clock: clockAt(now, ran), crashes, most: ran ? late.most : Infinity };
  // a switch on the way adds another token
  for (const walked of walk.tokens) bring(walk, walked, now, given);
}

function bring(
  walk: Walk,
  walked: Walked,
  now: number,
  { clock, crashes, most }: { clock: WorldClock; crashes: boolean; most: number },
): void {
  for (let asked = 0; ; asked++) {
    take(walk, walked, steps.settleSubscription(walked.subscription, clock, now));
    const dueAt = steps.chargeDueAt(walked.subscription, now);
    if (dueAt === undefined || asked >= most) return;
    const at = steps.happensAt(walked.subscription, clock, dueAt, now);
    let charge = walked.charges.find(({ number }) => number === walked.subscription.openCharge);
    if (charge === undefined) {
      const opened = charges.openCharge(walked.subscription, at);
      walked.subscription = stored(opened.subscription);
      charge = stored(opened.charge);
      walked.charges.push(charge);
      if (crashes) continue;
    }
    const { number, purchaseToken, amountMicros } = charge;
    const digits = `${purchaseToken.slice(8)}${String(number).padStart(6, '0')}`;
    const names = { purchaseId: `SANDBOX3${digits}`, orderId: `order ${digits}` };
    // what costs nothing needs no gateway
    const answer = amountMicros === 0 ? 'approved' : simulatedAnswer(charge);
    const answered = charges.answerCharge(walked.subscription, charge, answer, names, at);
    walked.charges = walked.charges.map((one) => (one.number === number ? answered.charge : one));
    take(walk, walked, answered.change);
  }
}

function carryOut(walk: Walk, walked: Walked, command: Command, mustAcknowledge: boolean): void {
  const { subscription } = walked;
  const { at, product } = command;
  if (command.what === 'price') {
    changePrice(walk, product < 0 ? subscription.productId : numbered(product), command);
  } else if (command.what === 'change') {
    change(walk, walked, productOf(walk, numbered(Math.max(product, 0))), command, mustAcknowledge);
  } else take(walk, walked, commanded(subscription, command, at));
}

function commanded(
  subscription: Subscription,
  { what, count, answers }: Command,
  at: number,
): SubscriptionChange {
  const cause = 'developer';
  switch (what) {
    case 'acknowledge':
      return commands.acknowledgeSubscription(subscription, { cause }, at);
    case 'cancel':
      return commands.cancel(subscription, cause, at);
    case 'reactivate':
      return commands.reactivate(subscription, cause, at);
    case 'defer':
      return commands.defer(subscription, { deferPeriod: count, cause }, at);
    case 'void':
      return commands.voidSubscription(subscription, { reason: null, cause: 'operator' }, at);
    case 'pay':
      return commands.changePayment(subscription, { outcome: answers }, at);
    case 'pause': {
      const unit = subscription.terms.period === 'P1W' ? 'week' : 'month';
      return commands.pause(subscription, { count, unit }, at);
    }
    case 'resume':
      return commands.resume(subscription, at);
    case 'agree':
    case 'disagree':
      return commands.answerPrice(subscription, { agreed: what === 'agree' }, at);
    case 'price':
    case 'change':
      throw new Error('not of one subscription alone');
  }
}

/** As the action does: for new buyers at once, and told to whoever has it. */
function changePrice(walk: Walk, productId: string, { priceMicros, at }: Command): void {
  const product = productOf(walk, productId);
  if (product.type !== 'subscription') throw new Refusal('InvalidState');
  const priceSeq = product.priceSeq + 1;
  Object.assign(product, { priceMicros, priceSeq });
  for (const walked of walk.tokens) {
    const { subscription } = walked;
    if (subscription.productId !== productId || !isLive(subscription)) continue;
    take(walk, walked, commands.announcePrice(subscription, { priceMicros, priceSeq, at }));
  }
}

function change(
  walk: Walk,
  walked: Walked,
  product: Product,
  { mode, at }: Command,
  mustAcknowledge: boolean,
): void {
  const { productId, priceMicros, currency, priceSeq, terms } = product;
  if (product.type !== 'subscription' || terms === null) throw new Refusal('InvalidState');
  const had = walk.tasted.has(productId);
  const given = had ? { ...terms, trialDays: 0, promotion: null } : terms;
  const target = { productId, priceMicros, currency, priceSeq, terms: given };
  if (mode === 'DEFERRED') {
    take(walk, walked, scheduleSwitch(walked.subscription, target, { mustAcknowledge }, at));
    return;
  }
  const { purchaseToken, purchaseId, orderId } = anOrder({ number: walk.tokens.length });
  const { replaced, begun } = changeProduct(
    walked.subscription,
    target,
    { mode, names: { purchaseToken, purchaseId, orderId }, mustAcknowledge, developerPayload: null },
    at,
  );
  take(walk, walked, replaced);
  add(walk, begun);
}

/** Lives a life in these steps, and looks at it after each and at each command. */
export function live(
  life: Lived,
  pauses: readonly number[],
  look: (walk: Walk, now: number) => void,
  manner: Manner = {},
): Walk {
  const walk = begin(life);
  const instants = [...pauses.filter((at) => at < life.until), life.until].sort((a, b) => a - b);
  let next = 0;
  for (const now of instants) {
    for (let command = life.commands[next]; command && command.at <= now; command = life.commands[++next]) {
      goTo(walk, command.at, manner, false);
      look(walk, command.at);
      const walked = (command.first ? walk.tokens[0] : walk.tokens.at(-1)) ?? assert.fail('nothing bought');
      walk.refused.push(isRefused(() => carryOut(walk, walked, command, life.mustAcknowledge)));
      goTo(walk, command.at, manner, false);
    }
    goTo(walk, now, manner, true);
    look(walk, now);
  }
  return walk;
}

function isRefused(rule: () => void): boolean {
  try {
    rule();
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}

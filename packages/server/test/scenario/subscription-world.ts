// Whole worlds of subscriptions for the walks through the real actions and a real database.
import { setTimeout as wait } from 'node:timers/promises';
import type { Environment, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import fc from 'fast-check';
import { findRefunds, giveBack } from '../../src/actions/ask-again.ts';
import { acknowledgePurchaseByHand } from '../../src/actions/control/acknowledge-purchase-by-hand.ts';
import { advanceClock } from '../../src/actions/control/advance-clock.ts';
import { cancelByHand } from '../../src/actions/control/cancel-by-hand.ts';
import { createApp } from '../../src/actions/control/create-app.ts';
import { createPurchase } from '../../src/actions/control/create-purchase.ts';
import { createWorld } from '../../src/actions/control/create-world.ts';
import { deferByHand } from '../../src/actions/control/defer-by-hand.ts';
import { putProduct } from '../../src/actions/control/put-product.ts';
import { reactivateByHand } from '../../src/actions/control/reactivate-by-hand.ts';
import { readAgenda } from '../../src/actions/control/read-agenda.ts';
import { readPurchase } from '../../src/actions/control/read-purchase.ts';
import { setPayment } from '../../src/actions/control/set-payment.ts';
import { voidPurchase } from '../../src/actions/control/void-purchase.ts';
import type { Host } from '../../src/host/host.ts';
import type { Row } from '../../src/store/database.ts';
import { bought, type Command, commandsOf, type Lived, lengthsOf, markets } from './subscription-lives.ts';

/** Commands to one of the subscriptions of a world; `buy` begins it, and begins another once it has ended. */
export interface Deed {
  at: number;
  which: number;
  what: Command['what'] | 'buy';
  count: number;
  answers: Command['answers'];
}

export interface WorldPlan {
  calendar: Environment;
  market: Market;
  products: Pick<Lived, 'type' | 'terms'>[];
  deeds: Deed[];
  startAt: number;
  until: number;
}

export interface Place {
  worldId: string;
  clientId: string;
}

const startAt = Date.UTC(2026, 0, 31, 3);

/** `most` subscriptions at the most, of real or of shortened periods. */
export function worldPlans(most: number): fc.Arbitrary<WorldPlan> {
  return fc
    .constantFrom<Environment[]>('commercial', 'commercial', 'sandbox')
    .chain((calendar) => fc.tuple(fc.constant(calendar), lengthsOf(calendar)))
    .chain(([calendar, given]) => {
      const length = calendar === 'sandbox' ? Math.min(given, 5 * 3_600_000) : given;
      const life = fc
        .tuple(bought, commandsOf(calendar, startAt, length, 6), fc.nat(Math.floor(length / 2)))
        .map(([product, commands, again]) => ({ product, deeds: deedsOf(commands, again) }));
      return fc.record({
        calendar: fc.constant(calendar),
        market: markets,
        lives: fc.array(life, { minLength: 1, maxLength: most }),
        startAt: fc.constant(startAt),
        until: fc.constant(startAt + length),
      });
    })
    .map(({ lives, ...plan }) => ({
      ...plan,
      products: lives.map(({ product }) => product),
      deeds: lives
        .flatMap(({ deeds }, which) => deeds.map((deed) => ({ ...deed, which })))
        .sort((one, other) => one.at - other.at),
    }));
}

function deedsOf(commands: readonly Command[], again: number): Omit<Deed, 'which'>[] {
  const buy = { what: 'buy', count: 1, answers: 'approve' } as const;
  const first = { ...buy, at: startAt };
  return [first, ...commands, { ...buy, at: startAt + again }, { ...buy, at: startAt + 2 * again }];
}

/** An empty world whose names repeat, with the products of the plan. */
export async function openWorld(host: Host, plan: WorldPlan): Promise<Place> {
  const { calendar, market } = plan;
  const clock = { now: plan.startAt, frozen: true };
  const { worldId } = await createWorld(host, { calendar, seed: 'the same names', clock });
  const { app } = await createApp(host, { worldId, market });
  const { clientId } = app;
  for (const [index, { type, terms }] of plan.products.entries()) {
    const { period, trialDays, graceDays, holdDays } = terms;
    const given = {
      period,
      freeTrial: `P${trialDays}D`,
      gracePeriod: `P${graceDays}D`,
      accountHold: `P${holdDays}D`,
    };
    const product = { title: 'A product', price: '3000', currency: 'KRW', type };
    const named = { clientId, worldId, productId: `product${index}` };
    await putProduct(host, { ...named, ...product, ...(type === 'auto' ? {} : { subscription: given }) });
  }
  return { worldId, clientId };
}

/** The tokens under which each product was bought, the latest last. */
export type Tokens = Map<number, string[]>;

/** True where it was carried out, false where it was refused. */
export async function carryOut(host: Host, place: Place, tokens: Tokens, deed: Deed): Promise<boolean> {
  try {
    await run(host, place, tokens, deed);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

async function run(host: Host, place: Place, tokens: Tokens, deed: Deed): Promise<void> {
  const { which, what, count, answers } = deed;
  const known = tokens.get(which) ?? [];
  const named = { ...place, purchaseToken: known.at(-1) ?? '' };
  switch (what) {
    case 'buy': {
      const wanted = { ...place, productId: `product${which}`, buyerId: `buyer ${which}` };
      const { purchase } = await createPurchase(host, wanted);
      tokens.set(which, [...known, purchase.purchaseToken]);
      return;
    }
    case 'acknowledge':
      return void (await acknowledgePurchaseByHand(host, named));
    case 'cancel':
      return void (await cancelByHand(host, named));
    case 'reactivate':
      return void (await reactivateByHand(host, named));
    case 'defer':
      return void (await deferByHand(host, { ...named, deferPeriod: count }));
    case 'void':
      return void (await voidPurchase(host, named));
    case 'pay':
      return void (await setPayment(host, { ...named, outcome: answers }));
  }
}

/** Lets a plan happen: `pauses` are the instants at which the clock stops on its way besides those of the deeds. */
export async function letHappen(
  host: () => Host,
  plan: WorldPlan,
  pauses: readonly number[],
  advance: (worldId: string, to: number) => Promise<unknown> = (worldId, to) =>
    advanceClock(host(), { worldId, to }),
): Promise<{ place: Place; refused: boolean[] }> {
  const place = await openWorld(host(), plan);
  const tokens: Tokens = new Map();
  const refused: boolean[] = [];
  const ends = [...pauses.filter((at) => at < plan.until), plan.until].sort((a, b) => a - b);
  let next = 0;
  for (const end of ends) {
    for (let deed = plan.deeds[next]; deed && deed.at <= end; deed = plan.deeds[++next]) {
      await advance(place.worldId, deed.at);
      refused.push(!(await carryOut(host(), place, tokens, deed)));
      await advance(place.worldId, deed.at);
    }
    await advance(place.worldId, end);
  }
  await refundsGiven(host(), place);
  return { place, refused };
}

/** A gateway outside is asked for refunds by the scheduler, beside everything else. */
async function refundsGiven(host: Host, { worldId }: Place): Promise<void> {
  for (let trial = 0; trial < 1_000; trial++) {
    for (const refund of await findRefunds(host, 100)) await giveBack(host, refund);
    const [row] = await host.database.all(
      `select count(*) as left_over from charge c join app a on a.app_id = c.app_id
       where a.world_id = $1 and c.kind = 'refund' and c.state = 'asked'`,
      [worldId],
    );
    if (row?.left_over === 0) return;
    await wait(20);
  }
  throw new Error('refunds were never given');
}

const tables = ['subscription', 'purchase', 'charge', 'ledger', 'trial', 'receipt'] as const;
/** What differs between two worlds with one seed, and what only tells how often a row was written. */
const ofNoInterest = ['app_id', 'world_id', 'rev', 'lease_until', 'ask_again_at'];

/** Every row of a world, the agenda, and the histories as they are shown. */
export async function whatIsLeft(host: Host, { worldId, clientId }: Place) {
  const rows: Partial<Record<(typeof tables)[number], Row[]>> = {};
  for (const table of tables) {
    const found = await host.database.all(
      `select t.* from ${table} t join app a on a.app_id = t.app_id where a.world_id = $1`,
      [worldId],
    );
    rows[table] = found.map(interesting).sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1));
  }
  const agenda = await readAgenda(host, { worldId, limit: 1_000 });
  const histories: Record<string, unknown> = {};
  for (const { purchase_token } of rows.subscription ?? []) {
    const purchaseToken = String(purchase_token);
    histories[purchaseToken] = (await readPurchase(host, { clientId, worldId, purchaseToken })).history;
  }
  return { rows: rows as Record<(typeof tables)[number], Row[]>, agenda, histories };
}

export type Left = Awaited<ReturnType<typeof whatIsLeft>>;

function interesting(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ofNoInterest.includes(name)));
}

/** Columns come in the order of their table, so the text orders rows alike in every world. */
function textOf(row: Row): string {
  return JSON.stringify(row);
}

/** Instants at which a clock pauses: by chance, as shares of the way. */
export const pausesByChance = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });

export function pausesOf(plan: WorldPlan, shares: readonly number[]): number[] {
  const length = plan.until - plan.startAt;
  return shares.map((share) => Math.floor(plan.startAt + share * length)).sort((a, b) => a - b);
}

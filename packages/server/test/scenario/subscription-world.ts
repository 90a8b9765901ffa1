// Whole worlds of subscriptions for the walks through the real actions and a real database.
import { setTimeout as wait } from 'node:timers/promises';
import type { Environment, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import fc from 'fast-check';
import { findRefunds, giveBack } from '../../src/actions/ask-again.ts';
import { acknowledgePurchaseByHand } from '../../src/actions/control/acknowledge-purchase-by-hand.ts';
import { advanceClock } from '../../src/actions/control/advance-clock.ts';
import { answerPriceByHand } from '../../src/actions/control/answer-price-by-hand.ts';
import { cancelByHand } from '../../src/actions/control/cancel-by-hand.ts';
import { changePrice } from '../../src/actions/control/change-price.ts';
import { createApp } from '../../src/actions/control/create-app.ts';
import { createPurchase } from '../../src/actions/control/create-purchase.ts';
import { createWorld } from '../../src/actions/control/create-world.ts';
import { deferByHand } from '../../src/actions/control/defer-by-hand.ts';
import { pauseByHand } from '../../src/actions/control/pause-by-hand.ts';
import { putProduct } from '../../src/actions/control/put-product.ts';
import { reactivateByHand } from '../../src/actions/control/reactivate-by-hand.ts';
import { readAgenda } from '../../src/actions/control/read-agenda.ts';
import { readPurchase } from '../../src/actions/control/read-purchase.ts';
import { resumeByHand } from '../../src/actions/control/resume-by-hand.ts';
import { setNotificationUrls } from '../../src/actions/control/set-notification-urls.ts';
import { setPayment } from '../../src/actions/control/set-payment.ts';
import { voidPurchase } from '../../src/actions/control/void-purchase.ts';
import { formatMoney } from '../../src/domain/money.ts';
import type { Host } from '../../src/host/host.ts';
import type { Row } from '../../src/store/database.ts';
import {
  acknowledged,
  bought,
  type Command,
  commandsOf,
  type Lived,
  lengthsOf,
  markets,
  type Offer,
  offers,
  otherCount,
} from './subscription-lives.ts';

/** Commands to one of the subscriptions of a world; `buy` begins it, and begins another once it has ended. */
export interface Deed extends Omit<Command, 'what'> {
  which: number;
  what: Command['what'] | 'buy';
}

export interface WorldPlan {
  calendar: Environment;
  market: Market;
  /** What each buyer buys. */
  products: (Offer & Pick<Lived, 'type'>)[];
  /** What all of them can change to. */
  others: Offer[];
  deeds: Deed[];
  startAt: number;
  until: number;
  /** Where notifications go; without it there are none. */
  told?: string;
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
        others: fc.array(offers, { minLength: otherCount, maxLength: otherCount }),
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
  const buy = { ...acknowledged(startAt), what: 'buy' } as const;
  return [buy, ...commands, { ...buy, at: startAt + again }, { ...buy, at: startAt + 2 * again }];
}

/** An empty world whose names repeat, with the products of the plan. */
export async function openWorld(host: Host, plan: WorldPlan): Promise<Place> {
  const { calendar, market } = plan;
  const clock = { now: plan.startAt, frozen: true };
  const { worldId } = await createWorld(host, { calendar, seed: 'the same names', clock });
  const { app } = await createApp(host, { worldId, market });
  const { clientId } = app;
  if (plan.told !== undefined)
    await setNotificationUrls(host, { clientId, worldId, payment: plan.told, subscription: plan.told });
  const put = async (productId: string, type: Lived['type'], { terms, priceMicros }: Offer) => {
    const { period, trialDays, graceDays, holdDays, promotion, pausable } = terms;
    const given = {
      ...{ period, pausable, freeTrial: `P${trialDays}D`, gracePeriod: `P${graceDays}D` },
      accountHold: `P${holdDays}D`,
      ...(promotion && {
        promotion: { price: formatMoney(promotion.priceMicros), cycles: promotion.payments },
      }),
    };
    const product = { title: 'A product', price: formatMoney(priceMicros), currency: 'KRW', type };
    const named = { clientId, worldId, productId };
    await putProduct(host, { ...named, ...product, ...(type === 'auto' ? {} : { subscription: given }) });
  };
  for (const [index, { type, ...offer }] of plan.products.entries()) {
    await put(ownProduct(index), type, offer);
  }
  for (const [index, offer] of plan.others.entries())
    await put(otherProduct(index + 1), 'subscription', offer);
  return { worldId, clientId };
}

const ownProduct = (which: number) => `product${which}`;
const otherProduct = (number: number) => `other${number}`;

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
  const { which, what, count, answers, first, product, mode } = deed;
  const known = await withSwitched(host, place, tokens.get(which) ?? []);
  tokens.set(which, known);
  const named = { ...place, purchaseToken: (first ? known[0] : known.at(-1)) ?? '' };
  const add = (token: string) => tokens.set(which, [...known, token]);
  switch (what) {
    case 'buy': {
      const wanted = { ...place, productId: ownProduct(which), buyerId: `buyer ${which}` };
      const { purchase } = await createPurchase(host, wanted);
      return void add(purchase.purchaseToken);
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
    case 'pause': {
      const { period } = await ofToken(host, named);
      return void (await pauseByHand(host, { ...named, for: `P${count}${period === 'P1W' ? 'W' : 'M'}` }));
    }
    case 'resume':
      return void (await resumeByHand(host, named));
    case 'agree':
    case 'disagree':
      return void (await answerPriceByHand(host, { ...named, agreed: what === 'agree' }));
    case 'price': {
      const present = (await ofToken(host, named)).productId;
      const productId = product < 0 ? present : productOf(which, product);
      return void (await changePrice(host, { ...place, productId, price: formatMoney(deed.priceMicros) }));
    }
    case 'change': {
      const replaces = { purchaseToken: named.purchaseToken, mode };
      const wanted = { ...place, productId: productOf(which, Math.max(product, 0)), replaces };
      const { purchaseToken } = (await createPurchase(host, wanted)).purchase;
      if (purchaseToken !== named.purchaseToken) add(purchaseToken);
    }
  }
}

const productOf = (which: number, product: number) =>
  product === 0 ? ownProduct(which) : otherProduct(product);

async function ofToken(
  host: Host,
  { worldId, purchaseToken }: Place & { purchaseToken: string },
): Promise<{ productId: string; period: string }> {
  const [row] = await host.database.all(
    'select product_id, terms from subscription where world_id = $1 and purchase_token = $2',
    [worldId, purchaseToken],
  );
  if (row === undefined) throw new Refusal('NoSuchData');
  return { productId: String(row.product_id), period: JSON.parse(String(row.terms)).period };
}

/** Time may have begun another token: a change of product waited for a payment. */
async function withSwitched(host: Host, { worldId }: Place, known: readonly string[]): Promise<string[]> {
  const all = [...known];
  for (;;) {
    const [row] = await host.database.all(
      'select purchase_token from subscription where world_id = $1 and linked_purchase_token = $2',
      [worldId, all.at(-1) ?? ''],
    );
    if (row === undefined) return all;
    all.push(String(row.purchase_token));
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

const tables = [
  ...(['subscription', 'purchase', 'charge', 'ledger', 'trial', 'receipt', 'product'] as const),
  'notification',
] as const;
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

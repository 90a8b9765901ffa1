// The shortened periods of the sandbox, told by the details of subscriptions as a world's clock goes on.
import type { SubscriptionPeriod } from '@till/protocol/codes';
import type { Difference } from './comparing.ts';
import { memberOf } from './finding.ts';
import { requestOf } from './outside/account.ts';
import { rowNamed } from './rows.ts';
import { type BoughtPurchase, inScene, type Scene } from './scene.ts';
import type { Session } from './session.ts';
import type { ControlCall } from './till-control.ts';
import tables from './vectors/tables.json' with { type: 'json' };

const minutes = tables.sandboxMinutes;
const minuteMs = 60_000;
const named = rowNamed('v7', 'getSubscriptionDetail');

const periods: readonly [SubscriptionPeriod, number][] = [
  ['P1W', minutes['1 week']],
  ['P1M', minutes['1 month']],
  ['P3M', minutes['3 months']],
  ['P6M', minutes['6 months']],
  ['P1Y', minutes['1 year']],
];

type Terms = NonNullable<NonNullable<Parameters<Scene['sell']>[0]>['subscription']>;

export async function checkSandboxPeriods(session: Session, control: ControlCall): Promise<void> {
  if (!session.options.generations.includes('v7')) return;
  await inScene(control, {}, async (scene) => {
    const clock = new Clock(session, scene);
    for (const [period, count] of periods) {
      const purchase = await clock.buy(`period.${period}`, { period });
      await clock.lasts(purchase, `period.${period}`, ['startTimeMillis', 'nextPaymentTimeMillis'], count);
    }
    const trial = await clock.buy('trial', { period: 'P1M', freeTrial: 'P7D' });
    await clock.lasts(trial, 'trial', ['startTimeMillis', 'nextPaymentTimeMillis'], minutes['free trial']);
    await checkUnpaid(clock);
    await checkNewPrice(clock);
  });
}

async function checkUnpaid(clock: Clock): Promise<void> {
  const grace = await clock.buy('grace', { period: 'P1M', gracePeriod: 'P7D', accountHold: 'P0D' });
  await clock.decline(grace);
  await clock.pass(minutes['1 month']);
  await clock.shows(grace, 'grace.begins', { paymentState: 0 });
  await clock.pass(minutes['grace period'] - 1);
  await clock.shows(grace, 'grace.lasts', { paymentState: 0 });
  await clock.pass(2);
  await clock.shows(grace, 'grace.ends', { paymentState: null });
  const hold = await clock.buy('hold', { period: 'P1M' });
  await clock.decline(hold);
  await clock.pass(minutes['1 month'] + minutes['account hold'] - 1);
  await clock.shows(hold, 'hold.lasts', { paymentState: 0 });
  await clock.pass(2);
  await clock.shows(hold, 'hold.ends', { paymentState: null });
}

async function checkNewPrice(clock: Clock): Promise<void> {
  const purchase = await clock.buy('price', { period: 'P1Y' });
  const wait = minutes['price change wait (7 days)'];
  const changedAt = await clock.changePrice(purchase);
  await clock.pass(wait - 1);
  await clock.shows(purchase, 'price.waits', { priceChange: null });
  await clock.pass(1);
  const due = changedAt + (wait + minutes['price consent window (30 days)']) * minuteMs;
  await clock.shows(purchase, 'price.told', { 'priceChange.agreementDueDateTimeMillis': due });
}

/** Subscriptions in one frozen world, read after so many minutes. */
class Clock {
  readonly #session: Session;
  readonly #scene: Scene;

  constructor(session: Session, scene: Scene) {
    this.#session = session;
    this.#scene = scene;
  }

  async buy(productId: string, subscription: Terms): Promise<BoughtPurchase> {
    await this.#scene.sell({ productId, type: 'subscription', price: '100', subscription });
    const purchase = await this.#scene.buy({ productId });
    await this.#scene.about('acknowledgePurchaseByHand', { purchaseToken: purchase.purchaseToken });
    return purchase;
  }

  async decline({ purchaseToken }: BoughtPurchase): Promise<void> {
    await this.#scene.about('setPayment', { purchaseToken, outcome: 'decline' });
  }

  /** The instant of the change, epoch ms. */
  async changePrice({ productId }: BoughtPurchase): Promise<number> {
    const { clock } = await this.#scene.control('readWorld', { worldId: this.#scene.app.worldId });
    await this.#scene.about('changePrice', { productId, price: '200' });
    return clock.now;
  }

  pass(count: number): Promise<void> {
    return this.#scene.advance({ by: `PT${count}M` });
  }

  lasts(purchase: BoughtPurchase, what: string, [from, to]: [string, string], count: number): Promise<void> {
    return this.#read(purchase, what, (body) => {
      const found = (Number(memberOf(body, to)) - Number(memberOf(body, from))) / minuteMs;
      return found === count
        ? []
        : [{ at: `member ${to}`, says: `${found} minutes after ${from}, not ${count}` }];
    });
  }

  shows(purchase: BoughtPurchase, what: string, members: Record<string, unknown>): Promise<void> {
    return this.#read(purchase, what, (body) =>
      Object.entries(members)
        .filter(([name, value]) => memberOf(body, name) !== value)
        .map(([name, value]) => ({
          at: `member ${name}`,
          says: `it is ${memberOf(body, name)}, not ${value}`,
        })),
    );
  }

  async #read(purchase: BoughtPurchase, what: string, judge: (body: unknown) => Difference[]): Promise<void> {
    const about = this.#session.about(named, `sandbox.${what}`, `the sandbox's shortened periods: ${what}`);
    const account = { ...this.#scene.app, market: undefined, purchases: [], now: Date.now };
    const request = requestOf(named, account, await this.#scene.token(), purchase);
    await this.#session.check(about, request, (answer) => judge(answer.body));
  }
}

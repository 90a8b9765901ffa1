// The load: buyers and a seller on several connections, who write down every answer that they get.
import type { Chance } from './chance.ts';
import { type Answer, type App, Connection, type Remembered, type Step } from './shop.ts';

/** What one database has acknowledged so far, over all its lives. */
export interface Memory {
  app: App;
  purchases: Remembered[];
  /** Answers that no rule allows. */
  faults: string[];
  /** Writes that were answered with success. */
  acknowledged: number;
}

const changes: readonly Step[] = ['acknowledged', 'consumed', 'voided'];
const connectionCount = 8;
/** One in so many purchases is tried a second time while its buyer owns the item. */
const tryTwiceEvery = 8;

export class Load {
  readonly #memory: Memory;
  readonly #chance: Chance;
  readonly #url: string;
  readonly #onAcknowledged: (count: number) => void;
  #working: Promise<unknown> = Promise.resolve();
  #over = false;
  #count = 0;

  constructor(url: string, memory: Memory, chance: Chance, onAcknowledged: (count: number) => void) {
    this.#url = url;
    this.#memory = memory;
    this.#chance = chance;
    this.#onAcknowledged = onAcknowledged;
  }

  start(): void {
    const lots: Remembered[][] = Array.from({ length: connectionCount }, () => []);
    const unfinished = this.#memory.purchases.filter((purchase) => nextSteps(purchase).length > 0);
    // The latest are taken up again, each by one connection, so that each has one order of events.
    for (const [index, purchase] of unfinished.slice(-64).entries())
      lots[index % lots.length]?.push(purchase);
    this.#working = Promise.all(lots.map((lot) => this.#work(lot)));
  }

  /** To be called in the moment of the kill: from now on a call that fails is no fault. */
  over(): void {
    this.#over = true;
  }

  async ended(): Promise<void> {
    await this.#working;
  }

  async #work(lot: Remembered[]): Promise<void> {
    const connection = new Connection(this.#url);
    try {
      while (!this.#over) await this.#turn(connection, lot);
    } catch (error) {
      // without an answer nothing is known, and the kill explains it
      if (!this.#over) this.#memory.faults.push(`answer: a call broke off: ${String(error)}`);
    } finally {
      connection.close();
    }
  }

  async #turn(connection: Connection, lot: Remembered[]): Promise<void> {
    const purchase = lot.length > 0 ? this.#chance.of(lot) : undefined;
    if (purchase === undefined || this.#chance.below(5) < 2) lot.push(await this.#buy(connection));
    else await this.#change(connection, purchase);
    for (const [index, one] of lot.entries()) if (nextSteps(one).length === 0) lot.splice(index, 1);
  }

  async #buy(connection: Connection): Promise<Remembered> {
    const buyerId = `buyer-${this.#memory.purchases.length}`;
    const purchase: Remembered = {
      buyerId,
      purchaseToken: undefined,
      purchaseId: undefined,
      done: [],
      pending: 'purchased',
    };
    this.#memory.purchases.push(purchase);
    const path = `/apps/${this.#memory.app.clientId}/purchases`;
    const order = { productId: 'product01', buyerId };
    const { body } = this.#expect(await connection.control('POST', path, order), 201, 'purchase');
    purchase.purchaseToken = body?.purchaseToken;
    purchase.purchaseId = body?.purchaseId;
    this.#acknowledge(purchase, 'purchased');
    if (this.#chance.below(tryTwiceEvery) === 0) {
      this.#expect(await connection.control('POST', path, order), 409, 'a second purchase');
    }
    return purchase;
  }

  async #change(connection: Connection, purchase: Remembered): Promise<void> {
    const step = this.#chance.of(nextSteps(purchase));
    const { app } = this.#memory;
    const token = purchase.purchaseToken ?? '';
    purchase.pending = step;
    if (step === 'voided') {
      const path = `/apps/${app.clientId}/purchases/${token}/void`;
      this.#expect(await connection.control('POST', path, {}), 200, step);
    } else if (step === 'consumed' && this.#chance.below(tryTwiceEvery) === 0) {
      await this.#consumeTwice(connection, token);
    } else {
      const action = step === 'consumed' ? 'consume' : 'acknowledge';
      this.#expect(await connection.call(app, action, token), 200, step);
    }
    this.#acknowledge(purchase, step);
  }

  /** Two at the same time: one is answered with success, and either answer tells that it is done. */
  async #consumeTwice(connection: Connection, token: string): Promise<void> {
    const consume = () => connection.call(this.#memory.app, 'consume', token);
    const answers = await Promise.all([consume(), consume()]);
    const statuses = answers.map(({ status }) => status).sort();
    if (statuses.join() !== '200,409') this.#memory.faults.push(`answer: two consumes got ${statuses}`);
  }

  #expect(answer: Answer, status: number, what: string): Answer {
    if (answer.status === status) return answer;
    const got = `${answer.status} ${JSON.stringify(answer.body)}`;
    this.#memory.faults.push(`answer: ${what} was answered ${got}`);
    throw new Error(got);
  }

  #acknowledge(purchase: Remembered, step: Step): void {
    purchase.done.push(step);
    purchase.pending = undefined;
    this.#memory.acknowledged += 1;
    this.#onAcknowledged(++this.#count);
  }
}

/** What may still be asked for; a consumed item may be voided, a voided one is at its end. */
function nextSteps({ done, purchaseToken }: Remembered): Step[] {
  if (purchaseToken === undefined || done.includes('voided')) return [];
  if (done.includes('consumed')) return ['voided'];
  return changes.filter((step) => !done.includes(step));
}

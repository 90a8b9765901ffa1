// A purchase of a test: what the buyer's device got, and what buyer, developer and time may do with it from here on.
import type { ControlClient, ControlInput, ControlReply } from '@till/client/control';

type Bought = ControlReply<'createPurchase'>;
/** One line of a purchase's history: when, what, by whom, how much money moved, and a sentence about it. */
export type Step = ControlReply<'readPurchase'>['history'][number];
type Payment = Pick<ControlInput<'setPayment'>, 'method' | 'outcome'>;

/** The app of a purchase, and through what it is reached. */
interface Place {
  readonly control: ControlClient;
  readonly clientId: string;
  readonly worldId: string;
}

/**
 * A purchase with the members that the control API shows, as they were when this object was made; `purchaseData` and `signature` are
 * what the device got. Each method answers a new one, `read()` the purchase as it is now.
 */
export type TestPurchase = Bought & Purchase;

export function purchaseAt(place: Place, bought: Bought): TestPurchase {
  return Object.assign(new Purchase(place, bought.purchaseToken), bought);
}

/** What can be done to a purchase. Throws a `OneStoreApiError` where its state does not allow it. */
export class Purchase {
  readonly #place: Place;
  readonly #named: { clientId: string; worldId: string; purchaseToken: string };

  constructor(place: Place, purchaseToken: string) {
    this.#place = place;
    this.#named = { clientId: place.clientId, worldId: place.worldId, purchaseToken };
  }

  /** As it is now, at its world's time. */
  async read(): Promise<TestPurchase> {
    const { history: _history, ...now } = await this.#control.readPurchase(this.#named);
    return purchaseAt(this.#place, now);
  }

  /** Everything that happened to it, oldest first. */
  async history(): Promise<Step[]> {
    return (await this.#control.readPurchase(this.#named)).history;
  }

  /** What each reading call of the server API answers about it now, of every generation. */
  async replies(): Promise<ControlReply<'readReplies'>['items']> {
    return (await this.#control.readReplies(this.#named)).items;
  }

  /** The operator takes it back: the money returns; of a subscription, the use ends now. */
  void(reason?: string): Promise<TestPurchase> {
    return this.#after(
      this.#control.voidPurchase({ ...this.#named, ...(reason === undefined ? {} : { reason }) }),
    );
  }

  /** As the developer's server would, without its token. */
  acknowledge(developerPayload?: string): Promise<TestPurchase> {
    return this.#after(
      this.#control.acknowledgePurchaseByHand({ ...this.#named, ...payload(developerPayload) }),
    );
  }

  /** As the developer's server would, without its token. */
  consume(developerPayload?: string): Promise<TestPurchase> {
    return this.#after(this.#control.consumePurchaseByHand({ ...this.#named, ...payload(developerPayload) }));
  }

  /** The next charges are declined. */
  decline(): Promise<TestPurchase> {
    return this.pay({ outcome: 'decline' });
  }

  /** The next charges go through again; one that has failed is tried at once. */
  approve(): Promise<TestPurchase> {
    return this.pay({ outcome: 'approve' });
  }

  /** How the next charges go, and by which method of payment. */
  pay(payment: Payment): Promise<TestPurchase> {
    return this.#after(this.#control.setPayment({ ...this.#named, ...payment }));
  }

  /** The buyer ends the renewal in the store app. */
  cancel(): Promise<TestPurchase> {
    return this.#after(this.#control.cancelByHand(this.#named));
  }

  /** The buyer takes the cancellation back. */
  reactivate(): Promise<TestPurchase> {
    return this.#after(this.#control.reactivateByHand(this.#named));
  }

  /** The buyer pauses it after the paid period; `span` is ISO 8601, `P1W` to `P3W` of a weekly one, else `P1M` to `P3M`. */
  pause(span: string): Promise<TestPurchase> {
    return this.#after(this.#control.pauseByHand({ ...this.#named, for: span }));
  }

  /** The buyer ends the pause with a payment now, or withdraws one to come. */
  resume(): Promise<TestPurchase> {
    return this.#after(this.#control.resumeByHand(this.#named));
  }

  /** The buyer agrees to a new price that was told, or does not. */
  answerPrice(agreed: boolean): Promise<TestPurchase> {
    return this.#after(this.#control.answerPriceByHand({ ...this.#named, agreed }));
  }

  get #control(): ControlClient {
    return this.#place.control;
  }

  async #after(change: Promise<Bought>): Promise<TestPurchase> {
    return purchaseAt(this.#place, await change);
  }
}

function payload(developerPayload: string | undefined): { developerPayload?: string } {
  return developerPayload === undefined ? {} : { developerPayload };
}

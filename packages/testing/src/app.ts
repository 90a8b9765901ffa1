// An app of a test: its credentials, its products, its buyers, and what its server would call.
import type { OneStoreClient } from '@till/client';
import type { ControlClient, ControlInput, ControlReply } from '@till/client/control';
import { allOf } from './all-of.ts';
import { type ClientOptions, clientOf } from './client.ts';
import { expecting, inLines } from './history.ts';
import {
  type NotificationFilter,
  type NotificationKind,
  sentTo,
  type TestNotification,
} from './notifications.ts';
import { Purchase, purchaseAt, type TestPurchase } from './purchase.ts';
import type { Receiver } from './receiver.ts';
import { type ProductTerms, shelf } from './shelf.ts';
import type { WorldClock } from './world-clock.ts';

/** A new app: the members of `createApp` without the world, and its products by their IDs; `shelf` where none are given. */
export type AppOptions = Omit<ControlInput<'createApp'>, 'worldId'> & {
  products?: Readonly<Record<string, ProductTerms>>;
};

/** The members of `createPurchase` beside the product: buyer, payload, payment and so on. */
export type BuyOptions = Omit<ControlInput<'createPurchase'>, 'clientId' | 'worldId' | 'productId'>;

type Filter = Omit<ControlInput<'listPurchases'>, 'clientId' | 'worldId' | 'cursor'>;
type Generation = ControlReply<'readApp'>['generation'];
type Named = TestPurchase | { readonly purchaseToken: string };

/** An app in one world. `control` reaches everything that has no short way here. */
export class TestApp {
  readonly control: ControlClient;
  readonly worldId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly packageName: string;
  /** RSA public key, base64 of X.509 SubjectPublicKeyInfo, that purchases and notifications are signed with. */
  readonly licenseKey: string;
  readonly market: ControlReply<'readApp'>['market'];
  readonly generation: Generation;
  /** What `buy` knows, by product ID. */
  readonly products: Record<string, ProductTerms>;
  readonly #place: Place;
  readonly #put = new Map<string, Promise<unknown>>();

  constructor(place: Place, { app, products }: MadeApp) {
    this.control = place.control;
    this.worldId = app.worldId;
    this.clientId = app.clientId;
    this.clientSecret = app.clientSecret;
    this.packageName = app.packageName;
    this.licenseKey = app.licenseKey;
    this.market = app.market;
    this.generation = app.generation;
    this.products = { ...products };
    this.#place = place;
    // not in what a runner prints of an object that did not compare well
    Object.defineProperty(this, 'clientSecret', { enumerable: false });
    Object.defineProperty(this, 'control', { enumerable: false });
  }

  /** Makes a product or changes it; the type stays what it was. */
  async product(productId: string, terms: ProductTerms): Promise<ControlReply<'putProduct'>> {
    this.products[productId] = terms;
    const putting = this.control.putProduct({ ...this.#named, productId, ...terms });
    this.#put.set(productId, putting);
    putting.catch(() => this.#put.delete(productId)); // so that the next purchase tries again
    return putting;
  }

  /**
   * Buys a product as a buyer does in the store app, each time as a new buyer unless `buyerId` says who. Throws a
   * `OneStoreApiError`: `PaymentDeclined` where the payment is, `InvalidState` where the buyer owns it already.
   */
  async buy(productId: string, options: BuyOptions = {}): Promise<TestPurchase> {
    await this.#putOnShelf(productId);
    return purchaseAt(this, await this.control.createPurchase({ ...this.#named, productId, ...options }));
  }

  /** All purchases that fit, the latest first. */
  purchases(filter: Filter = {}): Promise<ControlReply<'listPurchases'>['items']> {
    return allOf(this.control.listPurchases({ ...this.#named, ...filter }));
  }

  /** The next charges of a subscription are declined. */
  decline(purchase: Named): Promise<TestPurchase> {
    return this.#at(purchase).decline();
  }

  /** The next charges go through again; one that has failed is tried at once. */
  approve(purchase: Named): Promise<TestPurchase> {
    return this.#at(purchase).approve();
  }

  /** The operator takes a purchase back: the money returns; of a subscription, the use ends now. */
  void(purchase: Named, reason?: string): Promise<TestPurchase> {
    return this.#at(purchase).void(reason);
  }

  /**
   * From here on the app is sent notifications: both its addresses lead to a receiver of this kit, which answers 200. Call it before the
   * purchases; of what happened before nothing was written.
   */
  async receiveNotifications(): Promise<void> {
    const url = await this.#place.receiver.url();
    await this.control.setNotificationUrls({ ...this.#named, payment: url, subscription: url });
  }

  /**
   * What the app was sent until now, oldest first, each read from its text and the signature of payments verified; what is under way is
   * waited for. Throws where the app has no address: see `receiveNotifications`.
   */
  async notifications<Kind extends NotificationKind = NotificationKind>(
    filter: NotificationFilter<Kind> = {},
  ): Promise<TestNotification<Kind>[]> {
    await this.control.advanceClock({ worldId: this.worldId, by: 'PT0S' });
    return (await sentTo(this, filter)) as TestNotification<Kind>[];
  }

  /** The client that the app's own server would use, of V7 unless `generation` says otherwise. */
  client<G extends Generation = 'v7'>(options?: ClientOptions<G>): OneStoreClient<G> {
    return clientOf<G>(this, this.#place, options ?? ({} as ClientOptions<G>));
  }

  /** How a purchase stands and everything that happened to it, in lines to read. */
  async explain(purchase: Named): Promise<string> {
    return inLines(
      await this.control.readPurchase({ ...this.#named, purchaseToken: purchase.purchaseToken }),
    );
  }

  /** Runs `body`; when it throws, the error's message ends with what happened to the purchase, or to each of them. */
  expecting<T>(purchase: Named | readonly Named[], body: () => T | Promise<T>): Promise<T> {
    const purchases = Array.isArray(purchase) ? purchase : [purchase];
    return expecting(purchases, body, (one) => this.explain(one));
  }

  get #named(): { clientId: string; worldId: string } {
    return { clientId: this.clientId, worldId: this.worldId };
  }

  #at({ purchaseToken }: Named): Purchase {
    return new Purchase(this, purchaseToken);
  }

  /** A product comes to its app with its first purchase, so that a world costs no more than a test uses of it. */
  async #putOnShelf(productId: string): Promise<void> {
    const terms = this.products[productId];
    if (!this.#put.has(productId) && terms !== undefined) await this.product(productId, terms);
    else await this.#put.get(productId);
  }
}

/** A world, and through what it is reached. */
export interface Place {
  readonly control: ControlClient;
  readonly baseUrl: string;
  readonly worldId: string;
  readonly clock: WorldClock;
  readonly receiver: Receiver;
}

export interface MadeApp {
  app: ControlReply<'createApp'>;
  products: Readonly<Record<string, ProductTerms>>;
}

export async function makeApp(
  { control, worldId }: Place,
  { products = shelf, ...options }: AppOptions = {},
): Promise<MadeApp> {
  return { app: await control.createApp({ ...options, worldId }), products };
}

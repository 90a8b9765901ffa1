// changePrice: the price of a subscription product changes, for new buyers at once, for running subscribers in time.
import { Refusal } from '@till/protocol/errors';
import { parseMoney } from '../../domain/money.ts';
import type { Product } from '../../domain/product.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { announcePrice } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { loadApp } from '../../store/apps.ts';
import * as store from '../../store/products.ts';
import { listUntold } from '../../store/subscriptions.ts';
import { type Call, callOf, findCall } from '../call.ts';
import { changeSubscription } from '../change-subscription.ts';

/** Subscribers that are told together; their changes share commits. */
const subscribersAtOnce = 200;
/** Products of one pass whose change was left unfinished. */
const productsAtOnce = 10;

/** Refusals: `InvalidRequest`, `NoSuchData`, `InvalidState` for a product that is no subscription. */
export async function changePrice(
  host: Host,
  input: { clientId: string; worldId?: string; productId: string; price: string },
): Promise<Product> {
  const product = await host.database.transaction(async (query) => {
    const { app, now } = await findCall(host, query, input);
    const former = await store.loadProduct(query, app.appId, input.productId);
    if (former === undefined) throw new Refusal('NoSuchData', { detail: 'no product has this productId' });
    if (former.type !== 'subscription') {
      throw new Refusal('InvalidState', {
        detail: 'only a subscription has subscribers; put the product instead',
      });
    }
    const priceMicros = parseMoney(input.price, former.currency);
    if (priceMicros === undefined) throw new Refusal('InvalidRequest', { fields: ['price'] });
    const changed: Product = {
      ...former,
      priceMicros,
      priceSeq: former.priceSeq + 1,
      priceChange: { priceMicros, at: now },
    };
    await store.saveProductPrice(query, changed);
    return { ...changed, rev: changed.rev + 1 };
  });
  await tellSubscribers(host, product);
  return product;
}

/** Goes on with what a node that stopped has left unfinished. */
export async function finishPriceChanges(host: Host): Promise<void> {
  const unfinished = await store.listUnfinishedPriceChanges(host.database, productsAtOnce);
  for (const product of unfinished) {
    try {
      await tellSubscribers(host, product);
    } catch (error) {
      const { appId, productId } = product;
      host.log.error({ err: error, appId, productId }, 'a change of price has not reached everybody yet');
    }
  }
}

/**
 * A subscription that was sold while the price changed: the change may have looked for subscribers before this one was
 * stored, so it is looked for from here once more.
 */
export async function tellNewPrice(host: Host, call: Call, sold: Subscription): Promise<void> {
  const { appId, productId, purchaseToken, priceSeq, startTime: at } = sold;
  const product = await store.loadProduct(host.database, appId, productId);
  if (product === undefined || product.priceSeq <= priceSeq) return;
  await changeSubscription(host, call, { purchaseToken, absent: 'NoSuchData' }, (subscription) =>
    announcePrice(subscription, { ...product, at }),
  );
}

/** Each subscription takes the change once, by its number; several nodes may do the same. */
async function tellSubscribers(host: Host, product: Product): Promise<void> {
  const { appId, productId, priceSeq, priceChange } = product;
  const found = await loadApp(host.database, appId);
  if (found === undefined || priceChange === null) return;
  const call = callOf(host, found);
  for (let after = ''; ; ) {
    const tokens = await listUntold(host.database, product, after, subscribersAtOnce);
    await Promise.all(
      tokens.map((purchaseToken) =>
        changeSubscription(host, call, { purchaseToken, absent: 'NoSuchData' }, (subscription) =>
          announcePrice(subscription, { ...priceChange, priceSeq }),
        ),
      ),
    );
    after = tokens.at(-1) ?? '';
    if (tokens.length < subscribersAtOnce) break;
  }
  await host.database.transaction(async (query) => {
    const present = await store.loadProduct(query, appId, productId);
    if (present?.priceSeq === priceSeq)
      await store.saveProductPrice(query, { ...present, priceChange: null });
  });
}

// putProduct: a product is made or changed.
import type { ProductType } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { parseMoney } from '../../domain/money.ts';
import type { Product } from '../../domain/product.ts';
import type { Host } from '../../host/host.ts';
import * as store from '../../store/products.ts';
import { findCall } from '../call.ts';

/** The type stays what it was: purchases of the product rest on it (`InvalidState`). */
export function putProduct(
  host: Host,
  input: {
    clientId: string;
    worldId?: string;
    productId: string;
    type: ProductType;
    title: string;
    price: string;
    currency: string;
  },
): Promise<Product> {
  const { productId, type, title, currency } = input;
  const priceMicros = parseMoney(input.price, currency);
  if (priceMicros === undefined) throw new Refusal('InvalidRequest', { fields: ['price'] });
  return host.database.transaction(async (query) => {
    const { app, now } = await findCall(host, query, input);
    const former = await store.loadProduct(query, app.appId, productId);
    if (former !== undefined && former.type !== type) {
      throw new Refusal('InvalidState', { fields: ['type'], detail: 'a product keeps its type' });
    }
    const createdAt = former?.createdAt ?? now;
    const product = { appId: app.appId, productId, type, title, priceMicros, currency, createdAt, rev: 1 };
    await store.putProduct(query, product);
    return product;
  });
}

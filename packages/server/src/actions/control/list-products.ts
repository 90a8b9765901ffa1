// listProducts: the products of an app by their IDs.
import type { Product } from '../../domain/product.ts';
import type { Host } from '../../host/host.ts';
import * as store from '../../store/products.ts';
import { findCall } from '../call.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

export async function listProducts(
  host: Host,
  input: ListedInput & { clientId: string; worldId?: string },
): Promise<Listed<Product>> {
  const { app } = await findCall(host, host.database, input);
  return readListed(
    input,
    [''] as readonly [string],
    (product: Product) => [product.productId] as const,
    ([after], limit) => store.listProducts(host.database, app.appId, after, limit),
  );
}

// readProduct: one product of an app.
import { Refusal } from '@till/protocol/errors';
import type { Product } from '../../domain/product.ts';
import type { Host } from '../../host/host.ts';
import { loadProduct } from '../../store/products.ts';
import { findCall } from '../call.ts';

export async function readProduct(
  host: Host,
  input: { clientId: string; worldId?: string; productId: string },
): Promise<Product> {
  const { app } = await findCall(host, host.database, input);
  const product = await loadProduct(host.database, app.appId, input.productId);
  if (product === undefined) throw new Refusal('NoSuchData', { detail: 'no product has this productId' });
  return product;
}

// deleteProduct: a product that nobody has bought goes.
import { Refusal } from '@till/protocol/errors';
import type { Host } from '../../host/host.ts';
import { deleteUnboughtProduct, loadProduct } from '../../store/products.ts';
import { findCall } from '../call.ts';

export async function deleteProduct(
  host: Host,
  input: { clientId: string; worldId?: string; productId: string },
): Promise<void> {
  await host.database.transaction(async (query) => {
    const { app } = await findCall(host, query, input);
    const product = await loadProduct(query, app.appId, input.productId);
    if (product === undefined) throw new Refusal('NoSuchData', { detail: 'no product has this productId' });
    const deleted = await deleteUnboughtProduct(query, app.appId, input.productId);
    if (!deleted) throw new Refusal('InvalidState', { detail: 'the product has been bought' });
  });
}

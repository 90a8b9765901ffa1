// Products of an app.
import type { Product, Terms } from '../domain/product.ts';
import { type Query, type Row, Stale } from './database.ts';

const columns = `app_id, product_id, type, title, price_micros, currency, terms, price_seq, price_change, created_at,
  rev`;

/** Makes the product, or changes the one that is there; its type stays as it is. */
export async function putProduct(query: Query, product: Product): Promise<void> {
  await query.run(
    `insert into product (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (app_id, product_id) do update set title = excluded.title,
       price_micros = excluded.price_micros, currency = excluded.currency, terms = excluded.terms,
       rev = product.rev + 1`,
    [
      product.appId,
      product.productId,
      product.type,
      product.title,
      product.priceMicros,
      product.currency,
      product.terms && JSON.stringify(product.terms),
      product.priceSeq,
      product.priceChange && JSON.stringify(product.priceChange),
      product.createdAt,
      product.rev,
    ],
  );
}

export async function loadProduct(
  query: Query,
  appId: string,
  productId: string,
): Promise<Product | undefined> {
  const [row] = await query.all(`select ${columns} from product where app_id = $1 and product_id = $2`, [
    appId,
    productId,
  ]);
  return row && toProduct(row);
}

/** The price of the product changes, for new buyers at once; `priceChange` stays until running subscribers know it. */
export async function saveProductPrice(query: Query, product: Product): Promise<void> {
  const saved = await query.run(
    `update product set price_micros = $1, price_seq = $2, price_change = $3, rev = rev + 1
     where app_id = $4 and product_id = $5 and rev = $6`,
    [
      product.priceMicros,
      product.priceSeq,
      product.priceChange && JSON.stringify(product.priceChange),
      product.appId,
      product.productId,
      product.rev,
    ],
  );
  if (saved === 0) throw new Stale('product');
}

/** Products whose change of price has not reached all running subscribers: a node stopped in the middle of it. */
export async function listUnfinishedPriceChanges(query: Query, limit: number): Promise<Product[]> {
  const rows = await query.all(
    `select ${columns} from product where price_change is not null order by app_id, product_id limit $1`,
    [limit],
  );
  return rows.map(toProduct);
}

export async function listProducts(
  query: Query,
  appId: string,
  after: string,
  limit: number,
): Promise<Product[]> {
  const rows = await query.all(
    `select ${columns} from product where app_id = $1 and product_id > $2 order by product_id limit $3`,
    [appId, after, limit],
  );
  return rows.map(toProduct);
}

/** Deletes the product unless it has been bought; tells whether it is gone. */
export async function deleteUnboughtProduct(
  query: Query,
  appId: string,
  productId: string,
): Promise<boolean> {
  const deleted = await query.run(
    `delete from product where app_id = $1 and product_id = $2
       and not exists (select 1 from purchase where app_id = $1 and product_id = $2)`,
    [appId, productId],
  );
  return deleted === 1;
}

export async function deleteProducts(query: Query, appId: string): Promise<void> {
  await query.run('delete from product where app_id = $1', [appId]);
}

/** Terms that were stored before there were promotions and pauses have neither. */
export function readTerms(text: string): Terms {
  const stored = JSON.parse(text) as Terms;
  return { ...stored, promotion: stored.promotion ?? null, pausable: stored.pausable ?? false };
}

function toProduct(row: Row): Product {
  return {
    appId: String(row.app_id),
    productId: String(row.product_id),
    type: row.type as Product['type'],
    title: String(row.title),
    priceMicros: Number(row.price_micros),
    currency: String(row.currency),
    terms: row.terms === null ? null : readTerms(String(row.terms)),
    priceSeq: Number(row.price_seq),
    priceChange: row.price_change === null ? null : JSON.parse(String(row.price_change)),
    createdAt: Number(row.created_at),
    rev: Number(row.rev),
  };
}

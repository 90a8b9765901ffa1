// The two lists, told apart by their names alone: what tests of both go over.
import assert from 'node:assert/strict';
import type { Answer, CallOptions } from '../server.ts';
import { assertStatus, type Shop } from './shop.ts';

type Query = Record<string, string | number>;

export interface List {
  name: string;
  path: string;
  member: string;
  most: number;
  ask(shop: Shop, query?: Query, options?: CallOptions): Promise<Answer>;
  /** Makes rows of the list, all at the same instant of the world. */
  fill(shop: Shop, count: number, options?: Record<string, unknown>): Promise<string[]>;
}

async function buyMany(shop: Shop, count: number, options = {}) {
  return Promise.all(Array.from({ length: count }, () => shop.buy(options)));
}

export const lists: readonly List[] = [
  {
    name: 'getVoidedPurchases',
    path: 'voided-purchases',
    member: 'voidedPurchaseList',
    most: 999,
    ask: (shop, query, options) => shop.voided(query, options),
    fill: async (shop, count, options) => {
      const bought = await buyMany(shop, count, options);
      await Promise.all(bought.map((purchase) => shop.void(purchase)));
      return bought.map(({ purchaseId }) => purchaseId);
    },
  },
  {
    name: 'getUnconfirmedPurchases',
    path: 'unconfirmed-purchases',
    member: 'unconfirmedPurchaseList',
    most: 100,
    ask: (shop, query, options) => shop.unconfirmed(query, options),
    fill: async (shop, count, options) => {
      const bought = await buyMany(shop, count, options);
      return bought.map(({ purchaseId }) => purchaseId);
    },
  },
];

export function idsOf(list: List, answer: Answer): string[] {
  assertStatus(answer, 200);
  return answer.body[list.member].map((row: { purchaseId: string }) => row.purchaseId);
}

/** Every page from the first to the last; `between` runs after each but the last. */
export async function walk(
  list: List,
  shop: Shop,
  sizes: readonly number[],
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const met: string[] = [];
  let key: string | undefined;
  for (let page = 0; page < 100; page++) {
    const maxResults = sizes[page % sizes.length] ?? 1;
    const answer = await list.ask(shop, {
      maxResults,
      ...(key === undefined ? {} : { continuationKey: key }),
    });
    met.push(...idsOf(list, answer));
    key = answer.body.continuationKey;
    if (key === undefined) return met;
    assert.equal(idsOf(list, answer).length, maxResults);
    await between(page);
  }
  throw new Error('the list has no end');
}

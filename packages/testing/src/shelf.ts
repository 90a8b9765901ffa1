// The products that every app of a test has unless it is given others: one of each kind.
import type { ControlInput } from '@till/client/control';

/** What a product is; the members of `putProduct` beside its name. */
export type ProductTerms = Omit<ControlInput<'putProduct'>, 'clientId' | 'productId' | 'worldId'>;

/** By product ID. Prices are decimal strings, spans ISO 8601. A product comes to its app with its first purchase. */
export const shelf = {
  /** A managed product, to be consumed or kept. */
  gem: { type: 'inapp', title: 'A bag of gems', price: '1100', currency: 'KRW' },
  /** A monthly product of the older kind. */
  pass: { type: 'auto', title: 'The monthly pass', price: '3300', currency: 'KRW' },
  /** A monthly subscription with three days of grace and the account hold of thirty days. */
  club: {
    type: 'subscription',
    title: 'The club',
    price: '4900',
    currency: 'KRW',
    subscription: { period: 'P1M', gracePeriod: 'P3D', pausable: true },
  },
} as const satisfies Record<string, ProductTerms>;

// A product that an app sells.
import type { ProductType } from '@till/protocol/codes';

export interface Product {
  appId: string;
  productId: string;
  type: ProductType;
  title: string;
  /** Of one piece, in micros of `currency`. */
  priceMicros: number;
  currency: string;
  createdAt: number;
  rev: number;
}

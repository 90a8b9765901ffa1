// putProduct: a product is made or changed.
import type { ProductType } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { dayMs } from '../../domain/calendar.ts';
import { parseMoney } from '../../domain/money.ts';
import { accountHoldDays, longestGraceDays, longestTrialDays } from '../../domain/policy.ts';
import { monthlyTerms, type Period, type Product, type Terms } from '../../domain/product.ts';
import { parseSpan, spanMs } from '../../domain/span.ts';
import type { Host } from '../../host/host.ts';
import * as store from '../../store/products.ts';
import { findCall } from '../call.ts';
import { refuseWithoutGateway } from './pay.ts';

export interface GivenTerms {
  period: Period;
  freeTrial?: string;
  gracePeriod?: string;
  accountHold?: string;
  promotion?: { price: string; cycles: number };
  pausable?: boolean;
}

export interface PutProductInput {
  clientId: string;
  worldId?: string;
  productId: string;
  type: ProductType;
  title: string;
  price: string;
  currency: string;
  subscription?: GivenTerms;
}

/**
 * The type stays what it was: purchases of the product rest on it (`InvalidState`). Whoever has bought keeps the price
 * and the terms of that day.
 */
export function putProduct(host: Host, input: PutProductInput): Promise<Product> {
  const { productId, type, title, currency } = input;
  const priceMicros = parseMoney(input.price, currency);
  if (priceMicros === undefined) throw new Refusal('InvalidRequest', { fields: ['price'] });
  const terms = readTerms(type, input.subscription, currency);
  if (priceMicros > 0) refuseWithoutGateway(host, 'price');
  return host.database.transaction(async (query) => {
    const { app, now } = await findCall(host, query, input);
    const { appId } = app;
    const former = await store.loadProduct(query, appId, productId);
    if (former !== undefined && former.type !== type) {
      throw new Refusal('InvalidState', { fields: ['type'], detail: 'a product keeps its type' });
    }
    const createdAt = former?.createdAt ?? now;
    const { priceSeq = 0, priceChange = null } = former ?? {};
    const asked = { appId, productId, type, title, priceMicros, currency, terms };
    const product = { ...asked, priceSeq, priceChange, createdAt, rev: 1 };
    await store.putProduct(query, product);
    return product;
  });
}

function readTerms(type: ProductType, given: GivenTerms | undefined, currency: string): Terms | null {
  if (type !== 'subscription') {
    if (given === undefined) return type === 'auto' ? monthlyTerms : null;
    throw new Refusal('InvalidRequest', {
      fields: ['subscription'],
      detail: 'only a subscription has terms',
    });
  }
  if (given === undefined) throw new Refusal('RequiredValueNotExist', { fields: ['subscription'] });
  return {
    period: given.period,
    trialDays: readDays('freeTrial', given.freeTrial ?? 'P0D', longestTrialDays),
    graceDays: readDays('gracePeriod', given.gracePeriod ?? 'P0D', longestGraceDays),
    holdDays: readDays('accountHold', given.accountHold ?? `P${accountHoldDays}D`, accountHoldDays),
    promotion: readPromotion(given.promotion, currency),
    pausable: readPausable(given),
  };
}

function readPromotion(given: GivenTerms['promotion'], currency: string): Terms['promotion'] {
  if (given === undefined) return null;
  const priceMicros = parseMoney(given.price, currency);
  if (priceMicros !== undefined) return { priceMicros, payments: given.cycles };
  throw new Refusal('InvalidRequest', { fields: ['subscription.promotion.price'] });
}

function readPausable({ period, pausable = false }: GivenTerms): boolean {
  if (!pausable || period !== 'P1Y') return pausable;
  const detail = 'a yearly subscription cannot be paused';
  throw new Refusal('InvalidRequest', { fields: ['subscription.pausable'], detail });
}

function readDays(name: 'freeTrial' | 'gracePeriod' | 'accountHold', text: string, most: number): number {
  const span = parseSpan(text);
  const days = (span && spanMs(span)) ?? Number.NaN;
  if (Number.isInteger(days / dayMs) && days / dayMs <= most) return days / dayMs;
  const detail = `whole days or weeks, from P0D to P${most}D`;
  throw new Refusal('InvalidRequest', { fields: [`subscription.${name}`], detail });
}

// @till/testing: a running Till and worlds of its own for every test.
export type { AppOptions, BuyOptions, TestApp } from './app.ts';
export type { ClientOptions } from './client.ts';
export type { NotificationFilter, NotificationKind, TestNotification } from './notifications.ts';
export type { Step, TestPurchase } from './purchase.ts';
export { type ProductTerms, shelf } from './shelf.ts';
export { connectTill, startTill } from './start.ts';
export type { Address, TestTill } from './till.ts';
export type { ClockOptions, Instant, TestWorld, WorldOptions } from './world.ts';

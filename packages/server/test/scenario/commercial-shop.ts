// A commercial Till with a payment gateway behind a socket: what the tests of both begin with.
import { setTimeout as wait } from 'node:timers/promises';
import { createHttpGateway } from '../../src/host/http-gateway.ts';
import type { Parts } from '../../src/till.ts';
import type { TestDatabase } from '../databases.ts';
import { gatewaySecret, type Receiver } from '../gateway.ts';
import { type Answer, expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';

export const minuteMs = 60_000;
export const dayMs = 1_440 * minuteMs;
/** 15 January 2026, 21:00:00 in Korea; the payments of what is bought then fall on the 15th at 10:00:00. */
export const evening = Date.UTC(2026, 0, 15, 12);

/** An instant of Korean time in 2026. */
export function korea(month: number, day: number, hour: number): number {
  return Date.UTC(2026, month - 1, day, hour - 9);
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

/** The machine's clock of the tests, which several nodes may share. */
export interface Machine {
  now: number;
}

export interface Shop {
  readonly server: TestServer;
  readonly app: TestApp;
  create(given?: Record<string, unknown>): Promise<Answer>;
  /** Buys `pass` unless told otherwise. */
  buy(given?: Record<string, unknown>): Promise<Json>;
  /** Buys it and acknowledges it, so that the three days do not void it. */
  subscribe(given?: Record<string, unknown>): Promise<Json>;
  read(purchaseToken: string): Promise<Json>;
  step(purchaseToken: string, what: string): Promise<Answer>;
  /** Waits until the purchase is as the scheduler should make it. */
  until(purchaseToken: string, is: (purchase: Json) => boolean): Promise<Json>;
}

/** `pass` costs 9900 a month, with three days of grace, `product01` 1100 once. */
export async function openShop(
  database: TestDatabase | { url: string },
  receiver: Receiver,
  machine: Machine,
  {
    answerWithinMs = 10_000,
    generation = 'v7',
    ...parts
  }: Parts & { answerWithinMs?: number; generation?: string } = {},
): Promise<Shop> {
  const server = await startNode(database, receiver, machine, { answerWithinMs, ...parts });
  const app = await server.app({ generation });
  const { clientId } = app;
  const pass = { type: 'subscription', title: 'A pass', price: '9900', currency: 'KRW' };
  const terms = { period: 'P1M', gracePeriod: 'P3D' };
  const put = { ...pass, subscription: terms };
  expectStatus(await server.control('PUT', `/apps/${clientId}/products/pass`, put), 200);
  return shopOf(server, app);
}

/** Another server over the same database, gateway and clock. */
export function startNode(
  database: TestDatabase | { url: string },
  receiver: Receiver,
  machine: Machine,
  { answerWithinMs = 10_000, ...parts }: Parts & { answerWithinMs?: number } = {},
): Promise<TestServer> {
  const gateway = createHttpGateway({ url: receiver.url, secret: gatewaySecret, answerWithinMs });
  const commercial = { environment: 'commercial', masterKey: Buffer.alloc(32, 1) } as const;
  return startServer(database, commercial, { clock: () => machine.now, gateway, ...parts });
}

export function shopOf(server: TestServer, app: TestApp): Shop {
  const path = `/apps/${app.clientId}/purchases`;
  const create = (given = {}) => server.control('POST', path, { productId: 'pass', ...given });
  const read = async (token: string) => expectStatus(await server.control('GET', `${path}/${token}`), 200);
  const buy = async (given = {}) => expectStatus(await create(given), 201);
  const step = (token: string, what: string) => server.control('POST', `${path}/${token}/${what}`, {});
  return {
    server,
    app,
    create,
    buy,
    read,
    step,
    subscribe: async (given) => {
      const { purchaseToken } = await buy(given);
      return expectStatus(await step(purchaseToken, 'acknowledge'), 200);
    },
    until: async (token, is) => {
      const end = Date.now() + 60_000;
      for (;;) {
        const purchase = await read(token);
        if (is(purchase)) return purchase;
        if (Date.now() > end) throw new Error(`still: ${JSON.stringify(purchase)}`);
        await wait(20);
      }
    },
  };
}

/** What the ledger says that buyers have paid and not got back, in micros. */
export async function balance({ server }: Shop): Promise<number> {
  const [row] = await server.till.host.database.all(
    'select coalesce(sum(amount_micros), 0) as sum from ledger',
  );
  return Number(row?.sum);
}

/** What has happened under a token, in words of one. */
export function words(purchase: Json): string[] {
  return purchase.history.map(({ what }: { what: string }) => what);
}

// An app whose notifications go to a receiver of the tests, in a world whose clock stands.
import { setTimeout as wait } from 'node:timers/promises';
import type { Receiver } from '../notifications/receiver.ts';
import { type Answer, expectStatus, type TestApp, type TestServer } from '../server.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
export type Json = any;

/** Where the clocks of these worlds stand at first. */
export const noon = Date.UTC(2026, 0, 15, 3);

export interface Notified {
  readonly app: TestApp;
  readonly receiver: Receiver;
  /** A call below the app. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  buy(given?: Record<string, unknown>): Promise<Json>;
  /** What the list shows, the latest first. */
  list(query?: string): Promise<Json[]>;
  faults(items: readonly Json[]): Promise<void>;
  advance(by: string): Promise<void>;
  /** Everything that is due has been attempted. */
  settled(): Promise<void>;
  /** Waits until the list is as it should be. */
  until(is: (items: Json[]) => boolean): Promise<Json[]>;
}

/** `product01` costs 1100, `pass` 9900 a month with notifications of its state. */
export async function notifiedApp(
  server: TestServer,
  receiver: Receiver,
  options: Record<string, unknown> = {},
): Promise<Notified> {
  const worldId = await server.world({ now: noon, calendar: 'commercial' });
  const app = await server.app({ worldId, ...options });
  const call = (method: string, path: string, body?: unknown) => {
    const mark = path.includes('?') ? '&' : '?';
    return server.control(method, `/apps/${app.clientId}${path}${mark}worldId=${worldId}`, body);
  };
  const pass = { type: 'subscription', title: 'A pass', price: '9900', currency: 'KRW' };
  const terms = { subscription: { period: 'P1M' } };
  expectStatus(await call('PUT', '/products/pass', { ...pass, ...terms }), 200);
  const urls = { payment: receiver.url, subscription: receiver.url };
  expectStatus(await call('PUT', '/notification-urls', urls), 200);
  const list = async (query = '') => expectStatus(await call('GET', `/notifications${query}`), 200).items;
  const advance = async (by: string) => void expectStatus(await server.advance(worldId, by), 200);
  return {
    ...{ app, receiver, call, list, advance },
    buy: (given = {}) => server.buy(app, given),
    faults: async (items) => void expectStatus(await call('PUT', '/notification-faults', { items }), 200),
    settled: () => advance('PT0S'),
    until: async (is) => {
      for (const end = Date.now() + 60_000; ; await wait(10)) {
        const items = await list();
        if (is(items)) return items;
        if (Date.now() > end) throw new Error(`the list stayed ${JSON.stringify(items)}`);
      }
    },
  };
}

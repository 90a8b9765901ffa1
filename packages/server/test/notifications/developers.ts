// Developers with apps and receivers: what tests of deliveries begin with.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Poster } from '../../src/host/host.ts';
import { createHttpPoster } from '../../src/host/http-poster.ts';
import { createTargetRules } from '../../src/host/target-rules.ts';
import { expectStatus, type TestApp, type TestServer } from '../server.ts';
import { Receiver } from './receiver.ts';

export const noon = Date.UTC(2026, 0, 15, 12);

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

/** The program's own client, with a limit that tests can wait for, and that a busy machine keeps where nothing hangs. */
export function impatientPoster(answerWithinMs = 1_500): Poster {
  return posterWithin(answerWithinMs);
}

/** The same with a limit that no test reaches: whoever waited for a receiver that hangs would wait for ever. */
export function patientPoster(): Poster {
  return posterWithin(240_000);
}

function posterWithin(answerWithinMs: number): Poster {
  const rules = createTargetRules({ environment: 'sandbox' });
  return createHttpPoster({ rules, answerWithinMs });
}

export async function openReceiver(context: TestContext): Promise<Receiver> {
  const receiver = await new Receiver().open();
  context.after(() => receiver.close());
  return receiver;
}

/** An app that tells its payments to a receiver. */
export class Developer {
  readonly server: TestServer;
  readonly app: TestApp;
  readonly receiver: Receiver;

  constructor(server: TestServer, app: TestApp, receiver: Receiver) {
    this.server = server;
    this.app = app;
    this.receiver = receiver;
  }

  /** In a frozen world of its own unless told otherwise. */
  static async open(context: TestContext, server: TestServer, worldId?: string): Promise<Developer> {
    const receiver = await openReceiver(context);
    const app = await server.app({ worldId: worldId ?? (await server.world({ now: noon })) });
    const developer = new Developer(server, app, receiver);
    await developer.tells(receiver);
    return developer;
  }

  call(method: string, path: string, body?: unknown, query: Record<string, string> = {}) {
    const search = new URLSearchParams({ worldId: this.app.worldId, ...query });
    return this.server.control(method, `/apps/${this.app.clientId}${path}?${search}`, body);
  }

  /** Payments are told to this receiver, or to nobody. */
  async tells(receiver: Receiver | null): Promise<void> {
    const urls = { payment: receiver?.url ?? null };
    expectStatus(await this.call('PUT', '/notification-urls', urls), 200);
  }

  /** Buys something; the name of the message about it. */
  async buy(): Promise<string> {
    const { purchaseToken } = await this.server.buy(this.app);
    return `${purchaseToken}-000000-payment`;
  }

  async buys(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, () => this.buy()));
  }

  async advance(by: string): Promise<Json> {
    return expectStatus(await this.server.advance(this.app.worldId, by), 200);
  }

  async list(query: Record<string, string> = {}): Promise<Json> {
    return expectStatus(await this.call('GET', '/notifications', undefined, query), 200);
  }

  async read(notificationId: string): Promise<Json> {
    return expectStatus(await this.call('GET', `/notifications/${notificationId}`), 200);
  }

  /** The names of those that stand so. */
  async idsOf(status: string): Promise<string[]> {
    const { items } = await this.list({ status, limit: '1000' });
    return items.map(({ notificationId }: Json) => notificationId);
  }

  /** Waits until so many stand so. */
  async until(status: string, count: number): Promise<void> {
    await eventually(async () => (await this.idsOf(status)).length === count, `${count} ${status}`);
  }
}

export async function eventually(is: () => Promise<boolean>, what: string, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await is()); await wait(20)) {
    assert.ok(Date.now() < end, `it does not happen: ${what}`);
  }
}

/** Instants of an attempt log, in seconds after the first. */
export function seconds({ attempts }: Json): number[] {
  return attempts.map(({ at }: Json) => (at - attempts[0].at) / 1000);
}

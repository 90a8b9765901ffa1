// A shop for tests: a real Till, a line to it on which things can go wrong, an app with a purchase, and clients.
import type { Generation } from '@till/protocol/codes';
import { startServer, type TestApp, type TestServer } from '../../server/test/server.ts';
import { OneStoreClient } from '../src/client.ts';
import type { OneStoreClientSettings } from '../src/settings.ts';
import { type Line, startLine } from './unreliable.ts';

export interface Shop {
  server: TestServer;
  line: Line;
  app: TestApp;
  /** A client whose calls go over the line. It waits a few milliseconds before it tries again. */
  client<G extends Generation = 'v7'>(settings?: Partial<OneStoreClientSettings<G>>): OneStoreClient<G>;
  stop(): Promise<void>;
}

/** With `now`, the app's world stands still there; otherwise it runs on the real clock. */
export async function openShop(given: { now?: number; market?: string } = {}): Promise<Shop> {
  const { now, ...rest } = given;
  const server = await startServer({ url: 'sqlite::memory:' });
  const world = now === undefined ? {} : { worldId: await server.world({ now }) };
  const app = await server.app({ ...world, ...rest });
  const line = await startLine(server.url);
  return {
    server,
    line,
    app,
    client: <G extends Generation = 'v7'>(settings: Partial<OneStoreClientSettings<G>> = {}) =>
      new OneStoreClient<G>({
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        packageName: app.packageName,
        environment: { baseUrl: line.url },
        backoffMs: 4,
        ...(now === undefined ? {} : { now: () => now }),
        ...settings,
      }),
    stop: async () => {
      await line.close();
      await server.stop();
    },
  };
}

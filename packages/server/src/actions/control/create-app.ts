// createApp: an app with credentials and a license key.
import type { Generation, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { App } from '../../domain/app.ts';
import { type Draw, drawClientId, drawClientSecret, uuidText } from '../../domain/identifiers.ts';
import { defaultWorldId, type World } from '../../domain/world.ts';
import type { Host, KeyPair } from '../../host/host.ts';
import { insertApp } from '../../store/apps.ts';
import { insertCredential } from '../../store/credentials.ts';
import { Conflict } from '../../store/database.ts';
import { countAppDraw } from '../../store/worlds.ts';
import { beforehand } from '../recorded.ts';
import { findWorld } from './find-world.ts';

export interface CreateAppInput {
  clientId?: string;
  worldId?: string;
  packageName?: string;
  title?: string;
  market?: Market;
  generation?: Generation;
  ownKey?: boolean;
  /** Only for the demo app, whose secret is documented. */
  clientSecret?: string;
}

/** How often names are drawn again because they are taken. */
const attempts = 20;

export async function createApp(
  host: Host,
  input: CreateAppInput,
): Promise<{ app: App; clientSecret: string }> {
  const world = await findWorld(host.database, input.worldId ?? defaultWorldId);
  const keys = await keyPairOf(host, world, input.ownKey ?? false);
  for (let attempt = 1; ; attempt++) {
    const made = makeApp(host, world, keys, input, await drawFor(host, world));
    try {
      await storeApp(host, made);
      return made;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      refuseTaken(input);
      if (attempt === attempts) throw error;
    }
  }
}

/** A name that was asked for cannot be drawn again. */
function refuseTaken(input: CreateAppInput): void {
  const fields = (['clientId', 'packageName'] as const).filter((name) => input[name] !== undefined);
  if (fields.length > 0) throw new Refusal('AlreadyExists', { fields });
}

async function keyPairOf(host: Host, world: World, ownKey: boolean): Promise<KeyPair> {
  const shared = host.environment === 'sandbox' && world.worldId !== defaultWorldId && !ownKey;
  return shared ? host.keys.shared : host.keys.create();
}

interface Made {
  app: App;
  clientSecret: string;
}

/** A seeded world's next names, counted first, so that no two apps are ever drawn the same ones. */
async function drawFor(host: Host, { worldId, seed }: World): Promise<Draw> {
  if (seed === null) return host.random;
  const { database } = beforehand(host);
  const count = await database.transaction((query) => countAppDraw(query, worldId));
  return host.seeded(seed, `app ${count}`);
}

function makeApp(host: Host, world: World, keys: KeyPair, input: CreateAppInput, draw: Draw): Made {
  const clientId = input.clientId ?? drawClientId(draw);
  const clientSecret = input.clientSecret ?? drawClientSecret(host.random);
  const app: App = {
    appId: uuidText(host.random(16)),
    worldId: world.worldId,
    clientId,
    packageName: input.packageName ?? clientId,
    title: input.title ?? clientId,
    market: input.market ?? 'MKT_ONE',
    generation: input.generation ?? 'v7',
    blocked: false,
    ...keys,
    keyNumber: 0,
    nextKey: null,
    paymentUrl: null,
    subscriptionUrl: null,
    notificationVersion: '3.1.0',
    faulty: false,
    switches: {},
    tokenEpoch: 0,
    drawnCount: 0,
    createdAt: host.clock(),
    rev: 1,
  };
  return { app, clientSecret };
}

/** The closure returns the app, by which the record of the call names it. */
async function storeApp(host: Host, { app, clientSecret }: Made): Promise<App> {
  return host.database.transaction(async (query) => {
    await findWorld(query, app.worldId); // it may have been deleted meanwhile
    await insertApp(query, app);
    await insertCredential(query, app.appId, host.secrets.hash(clientSecret), app.createdAt);
    return app;
  });
}

// createApp: an app with credentials and a license key.
import type { Generation, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { App } from '../../domain/app.ts';
import { drawClientId, drawClientSecret, uuidText } from '../../domain/identifiers.ts';
import { defaultWorldId, type World } from '../../domain/world.ts';
import type { Host, KeyPair } from '../../host/host.ts';
import { insertApp } from '../../store/apps.ts';
import { insertCredential } from '../../store/credentials.ts';
import { Conflict, Stale } from '../../store/database.ts';
import { loadWorld, saveWorld } from '../../store/worlds.ts';
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

/** How often names are drawn again because they are taken, or because a seeded world was drawn from meanwhile. */
const attempts = 20;

export async function createApp(
  host: Host,
  input: CreateAppInput,
): Promise<{ app: App; clientSecret: string }> {
  const world = await findWorld(host.database, input.worldId ?? defaultWorldId);
  const keys = await keyPairOf(host, world, input.ownKey ?? false);
  for (let attempt = 1; ; attempt++) {
    const made = makeApp(host, (await loadWorld(host.database, world.worldId)) ?? world, keys, input);
    try {
      await storeApp(host, made);
      return made;
    } catch (error) {
      if (!(error instanceof Conflict) && !(error instanceof Stale)) throw error;
      if (input.clientId !== undefined && error instanceof Conflict) {
        throw new Refusal('AlreadyExists', { fields: ['clientId', 'packageName'] });
      }
      if (attempt === attempts) throw error;
    }
  }
}

async function keyPairOf(host: Host, world: World, ownKey: boolean): Promise<KeyPair> {
  const shared = host.environment === 'sandbox' && world.worldId !== defaultWorldId && !ownKey;
  return shared ? host.keys.shared : host.keys.create();
}

interface Made {
  world: World;
  app: App;
  clientSecret: string;
}

function makeApp(host: Host, world: World, keys: KeyPair, input: CreateAppInput): Made {
  const draw = world.seed === null ? host.random : host.seeded(world.seed, `app ${world.drawnCount}`);
  const clientId = input.clientId ?? drawClientId(draw);
  const clientSecret = input.clientSecret ?? drawClientSecret(draw);
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
    paymentUrl: null,
    subscriptionUrl: null,
    notificationVersion: '3.1.0',
    switches: {},
    tokenEpoch: 0,
    drawnCount: 0,
    createdAt: host.clock(),
    rev: 1,
  };
  return { world, app, clientSecret };
}

async function storeApp(host: Host, { world, app, clientSecret }: Made): Promise<void> {
  await host.database.transaction(async (query) => {
    if (world.seed !== null) await saveWorld(query, { ...world, drawnCount: world.drawnCount + 1 });
    await insertApp(query, app);
    await insertCredential(query, app.appId, host.secrets.hash(clientSecret), app.createdAt);
  });
}

// Apps, each with the clock of the world it lives in.
import type { App, AppInWorld, Switches } from '../domain/app.ts';
import { type Query, type Row, Stale, type Value } from './database.ts';
import { toClock } from './worlds.ts';

const columns = `app_id, world_id, client_id, package_name, title, market, generation, blocked, license_key,
  signing_key, payment_url, subscription_url, notification_version, switches, token_epoch, drawn_count,
  created_at, rev, faulty, next_license_key, next_signing_key, next_key_at, key_number`;

/** The columns of an app and of its world's clock, for reads that meet the two joined as `a` and `w`. */
export const appInWorldColumns = `${columns
  .split(/,\s*/)
  .map((name) => `a.${name}`)
  .join(
    ', ',
  )}, w.clock_at, w.clock_base, w.clock_rate, w.clock_frozen, w.clock_jumped_to, w.seed, w.maintenance`;

const inWorld = `select ${appInWorldColumns} from app a join world w on w.world_id = a.world_id`;

export async function insertApp(query: Query, app: App): Promise<void> {
  await query.run(
    `insert into app (${columns})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
       $22, $23)`,
    [
      app.appId,
      app.worldId,
      app.clientId,
      app.packageName,
      app.title,
      app.market,
      app.generation,
      Number(app.blocked),
      app.licenseKey,
      app.signingKey,
      app.paymentUrl,
      app.subscriptionUrl,
      app.notificationVersion,
      JSON.stringify(app.switches),
      app.tokenEpoch,
      app.drawnCount,
      app.createdAt,
      app.rev,
      Number(app.faulty),
      ...keyValues(app),
    ],
  );
}

/** Saves what may change of an app, if nobody has changed it since it was read. */
export async function saveApp(query: Query, app: App): Promise<void> {
  const saved = await query.run(
    `update app set package_name = $1, title = $2, market = $3, generation = $4, blocked = $5, payment_url = $6,
       subscription_url = $7, notification_version = $8, switches = $9, token_epoch = $10, drawn_count = $11,
       faulty = $12, rev = rev + 1
     where app_id = $13 and rev = $14`,
    [
      app.packageName,
      app.title,
      app.market,
      app.generation,
      Number(app.blocked),
      app.paymentUrl,
      app.subscriptionUrl,
      app.notificationVersion,
      JSON.stringify(app.switches),
      app.tokenEpoch,
      app.drawnCount,
      Number(app.faulty),
      app.appId,
      app.rev,
    ],
  );
  if (saved === 0) throw new Stale('app');
}

/** Saves the keys of an app, behind `saveApp` in its transaction: no other change of an app touches them. */
export async function saveKeys(query: Query, app: App): Promise<void> {
  await query.run(
    `update app set license_key = $1, signing_key = $2, next_license_key = $3, next_signing_key = $4,
       next_key_at = $5, key_number = $6
     where app_id = $7`,
    [app.licenseKey, app.signingKey, ...keyValues(app), app.appId],
  );
}

function keyValues({ nextKey, keyNumber }: App): Value[] {
  return [nextKey?.licenseKey ?? null, nextKey?.signingKey ?? null, nextKey?.signsFrom ?? null, keyNumber];
}

/** Counts one more draw of a seeded world's app and tells how many came before; undefined where the app is gone. */
export async function countPurchaseDraw(query: Query, appId: string): Promise<number | undefined> {
  const [row] = await query.all(
    'update app set drawn_count = drawn_count + 1, rev = rev + 1 where app_id = $1 returning drawn_count',
    [appId],
  );
  return row && Number(row.drawn_count) - 1;
}

export async function loadApp(query: Query, appId: string): Promise<AppInWorld | undefined> {
  const [row] = await query.all(`${inWorld} where a.app_id = $1`, [appId]);
  return row && toAppInWorld(row);
}

/** The apps of this `clientId`, one in each world at most; two tell that there are several. */
export async function findApps(query: Query, clientId: string, worldId?: string): Promise<AppInWorld[]> {
  const rows =
    worldId === undefined
      ? await query.all(`${inWorld} where a.client_id = $1 limit 2`, [clientId])
      : await query.all(`${inWorld} where a.client_id = $1 and a.world_id = $2`, [clientId, worldId]);
  return rows.map(toAppInWorld);
}

export async function listApps(
  query: Query,
  after: { clientId: string; worldId: string },
  limit: number,
): Promise<App[]> {
  const rows = await query.all(
    `select ${columns} from app where client_id >= $1 and (client_id > $1 or world_id > $2)
     order by client_id, world_id limit $3`,
    [after.clientId, after.worldId, limit],
  );
  return rows.map(toApp);
}

export async function listAppsOfWorld(
  query: Query,
  worldId: string,
  afterClientId: string,
  limit: number,
): Promise<App[]> {
  const rows = await query.all(
    `select ${columns} from app where world_id = $1 and client_id > $2 order by client_id limit $3`,
    [worldId, afterClientId, limit],
  );
  return rows.map(toApp);
}

export async function deleteAppRow(query: Query, appId: string): Promise<void> {
  await query.run('delete from app where app_id = $1', [appId]);
}

export function toAppInWorld(row: Row): AppInWorld {
  return {
    app: toApp(row),
    clock: toClock(row),
    seed: row.seed as string | null,
    maintenance: row.maintenance === 1,
  };
}

function toApp(row: Row): App {
  return {
    appId: String(row.app_id),
    worldId: String(row.world_id),
    clientId: String(row.client_id),
    packageName: String(row.package_name),
    title: String(row.title),
    market: row.market as App['market'],
    generation: row.generation as App['generation'],
    blocked: row.blocked === 1,
    licenseKey: String(row.license_key),
    signingKey: String(row.signing_key),
    paymentUrl: row.payment_url as string | null,
    subscriptionUrl: row.subscription_url as string | null,
    notificationVersion: row.notification_version as App['notificationVersion'],
    switches: JSON.parse(String(row.switches)) as Switches,
    tokenEpoch: Number(row.token_epoch),
    drawnCount: Number(row.drawn_count),
    createdAt: Number(row.created_at),
    rev: Number(row.rev),
    faulty: row.faulty === 1,
    nextKey: toNextKey(row),
    keyNumber: Number(row.key_number),
  };
}

function toNextKey(row: Row): App['nextKey'] {
  if (row.next_key_at === null) return null;
  return {
    licenseKey: String(row.next_license_key),
    signingKey: String(row.next_signing_key),
    signsFrom: Number(row.next_key_at),
  };
}

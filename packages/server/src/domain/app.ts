// An app: whose purchases they are, and how its developer's server is spoken to.
import type { Generation, Market, ScheduledCancelTime } from '@till/protocol/codes';
import type { EnvironmentKey, NotificationVersion } from '@till/protocol/notifications';
import type { WorldClock } from './clock.ts';

/** The choices that the documents leave open (section 13), per app; absent or `null` takes the server's setting. */
export interface Switches {
  tokenReuse?: boolean | null;
  strictContentType?: boolean | null;
  unconfirmedGlobal?: boolean | null;
  scheduledCancelTime?: ScheduledCancelTime | null;
  snsEnvironmentKey?: EnvironmentKey | null;
}

/** A pair that signs from `signsFrom` on, epoch ms of the machine's clock. */
export interface NextKey {
  licenseKey: string;
  signingKey: string;
  signsFrom: number;
}

export interface App {
  /** Till's own key of it. */
  appId: string;
  worldId: string;
  clientId: string;
  packageName: string;
  title: string;
  market: Market;
  generation: Generation;
  blocked: boolean;
  /** RSA public key, base64 of X.509 SubjectPublicKeyInfo. */
  licenseKey: string;
  /** The private half, PKCS #8 in base64, sealed where a master key is set. */
  signingKey: string;
  /** Counts the keys that have signed. */
  keyNumber: number;
  /** The key that follows. */
  nextKey: NextKey | null;
  paymentUrl: string | null;
  subscriptionUrl: string | null;
  notificationVersion: NotificationVersion;
  /** The laboratory does something to its messages. */
  faulty: boolean;
  switches: Switches;
  /** An access token counts only while it carries this number. */
  tokenEpoch: number;
  /** How many purchases a seeded world has drawn identifiers for. */
  drawnCount: number;
  createdAt: number;
  rev: number;
}

/** What a request needs to know of its app: the app, and of its world the clock and the maintenance. */
export interface AppInWorld {
  app: App;
  clock: WorldClock;
  seed: string | null;
  maintenance: boolean;
}

/** Until it has had an owner's answer within three days a purchase is voided; V5 knows no such step (section 8). */
export function mustBeAcknowledged(app: Pick<App, 'generation'>): boolean {
  return app.generation !== 'v5';
}

/** The pair that signs at `machineNow`, and its number: the next one takes over by itself. */
export function signingPair(
  app: Pick<App, 'licenseKey' | 'signingKey' | 'keyNumber' | 'nextKey'>,
  machineNow: number,
): { licenseKey: string; signingKey: string; keyNumber: number } {
  const { licenseKey, signingKey, keyNumber, nextKey } = app;
  if (nextKey === null || machineNow < nextKey.signsFrom) return { licenseKey, signingKey, keyNumber };
  return { licenseKey: nextKey.licenseKey, signingKey: nextKey.signingKey, keyNumber: keyNumber + 1 };
}

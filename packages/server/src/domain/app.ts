// An app: whose purchases they are, and how its developer's server is spoken to.
import type { Generation, Market, ScheduledCancelTime } from '@till/protocol/codes';
import type { WorldClock } from './clock.ts';

/** The choices that the documents leave open (section 13), per app; absent or `null` takes the server's setting. */
export interface Switches {
  tokenReuse?: boolean | null;
  strictContentType?: boolean | null;
  unconfirmedGlobal?: boolean | null;
  scheduledCancelTime?: ScheduledCancelTime | null;
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
  paymentUrl: string | null;
  subscriptionUrl: string | null;
  notificationVersion: '3.0.0' | '3.1.0';
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

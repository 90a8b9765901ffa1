// The client that an app's own server would use: the app's credentials, this Till, and the world's clock.
import { OneStoreClient, type OneStoreClientSettings } from '@till/client';

type Generation = NonNullable<OneStoreClientSettings['generation']>;

/** What a test may set for its client; the rest follows from the app. */
export type ClientOptions<G extends Generation = 'v7'> = Omit<
  OneStoreClientSettings<G>,
  'clientId' | 'clientSecret' | 'packageName' | 'environment'
>;

/** What of an app a client needs. */
export interface Account {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly packageName: string;
  readonly market: OneStoreClientSettings['market'];
}

export function clientOf<G extends Generation>(
  { clientId, clientSecret, packageName, market }: Account,
  { baseUrl, clock }: { baseUrl: string; clock: { now(): number } },
  options: ClientOptions<G>,
): OneStoreClient<G> {
  const account = { clientId, clientSecret, packageName, market, environment: { baseUrl } };
  return new OneStoreClient<G>({ ...account, now: () => clock.now(), ...options });
}

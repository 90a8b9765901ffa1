// OneStoreClient: the client of one app, with the methods of the generation it is made for.
import type { Generation } from '@till/protocol/codes';
import { OneStoreClientV5 } from './client-v5.ts';
import { OneStoreClientV6 } from './client-v6.ts';
import { OneStoreClientV7 } from './client-v7.ts';
import { ServerClient } from './server-client.ts';
import { completed, type OneStoreClientSettings } from './settings.ts';

interface Clients {
  v5: OneStoreClientV5;
  v6: OneStoreClientV6;
  v7: OneStoreClientV7;
}

/** A client of this generation. */
export type OneStoreClient<G extends Generation = 'v7'> = Clients[G];

const clients = { v5: OneStoreClientV5, v6: OneStoreClientV6, v7: OneStoreClientV7 };

/** Pure, as bundlers understand it: who imports another function of this package does not get the clients too. */
function constructorOfAll() {
  function OneStoreClient(settings: OneStoreClientSettings): Clients[Generation] {
    const whole = completed(settings);
    return new clients[whole.generation](whole);
  }
  OneStoreClient.prototype = ServerClient.prototype; // so that each of them is an `instanceof OneStoreClient`
  return OneStoreClient;
}

/**
 * Makes the client of an app; it has a method for each operation of its generation. Make one and keep it: it holds the access token, and
 * every call that finds none waits for the same one. Throws a `OneStoreInputError` that names settings which do not fit.
 *
 * A call throws a `OneStoreApiError` of its kind where the server refuses, a `OneStoreNetworkError` or `OneStoreTimeoutError` where no
 * reply came, a `OneStoreReplyError` where it has not the documented shape, and a `OneStoreInputError` where the input does not fit, which
 * sends nothing. Every call with an access token may be refused with `ServiceMaintenance`, `ResourceNotFound`,
 * `InvalidAuthorizationHeader`, `InvalidAccessToken`, `AccessTokenExpired`, `AccessBlocked`, `UnauthorizedAccess`, `InvalidContentType`,
 * `BadRequest`, `RequiredValueNotExist`, `InvalidRequest` or `InternalError` besides what its method names.
 */
export const OneStoreClient = /* @__PURE__ */ constructorOfAll() as unknown as new <
  G extends Generation = 'v7',
>(
  settings: OneStoreClientSettings<G>,
) => OneStoreClient<G>;

// The requests of the measurements, written out as they go over the wire.
import { clientIdOf, clientSecretOf, productId, tokenOf } from './seed.ts';

export interface Shop {
  apps: number;
  purchasesPerApp: number;
  /** An access token of each app, by the app's number. */
  tokens: readonly string[];
}

const any = (count: number) => Math.floor(Math.random() * count);

function request(verb: string, path: string, token: string): string {
  return `${verb} ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n${verb === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`;
}

/** getPurchaseDetails of any purchase of any app. */
export function details(shop: Shop): string {
  const app = any(shop.apps);
  const path = `/v7/apps/${clientIdOf(app)}/purchases/inapp/products/${productId}/${tokenOf(app, any(shop.purchasesPerApp))}`;
  return request('GET', path, shop.tokens[app] ?? '');
}

/** consumePurchase, each purchase once. */
export function consumer(shop: Shop, from: number): () => string {
  let next = from;
  return () => {
    const app = next % shop.apps;
    const number = Math.floor(next / shop.apps);
    next += 1;
    const path = `/v7/apps/${clientIdOf(app)}/purchases/inapp/products/${productId}/${tokenOf(app, number)}/consume`;
    return request('POST', path, shop.tokens[app] ?? '');
  };
}

/** getAccessToken of any of the first `apps` apps. */
export function accessToken(apps: number): string {
  const app = any(apps);
  const body = `grant_type=client_credentials&client_id=${clientIdOf(app)}&client_secret=${clientSecretOf(app)}`;
  return `POST /v7/oauth/token HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A page of getVoidedPurchases. */
export function voidedPage(app: number, token: string, continuationKey?: string): string {
  const key = continuationKey === undefined ? '' : `?continuationKey=${continuationKey}`;
  return request('GET', `/v7/apps/${clientIdOf(app)}/voided-purchases${key}`, token);
}

/** Access tokens of the first apps, through the token call. */
export async function takeTokens(port: number, apps: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let app = 0; app < apps; app++) tokens.push(await takeToken(port, app));
  return tokens;
}

export async function takeToken(port: number, app: number): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientIdOf(app),
    client_secret: clientSecretOf(app),
  });
  const answer = await fetch(`http://127.0.0.1:${port}/v7/oauth/token`, { method: 'POST', body });
  if (answer.status !== 200)
    throw new Error(`no token for app ${app}: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

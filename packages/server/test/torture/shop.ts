// The shop under torture: one app, its calls over connections of their own, and what was acknowledged.
import { Agent, type IncomingMessage, request } from 'node:http';
import { controlKey } from './node.ts';

export type Step = 'purchased' | 'acknowledged' | 'consumed' | 'voided';

/** A purchase as the client knows it, in its own memory. */
export interface Remembered {
  buyerId: string;
  /** Known once the purchase was answered. */
  purchaseToken: string | undefined;
  purchaseId: string | undefined;
  /** What was answered with success, in its order. */
  done: Step[];
  /** What was asked for and never answered: it may have happened or not, but not half. */
  pending: Step | undefined;
}

export interface App {
  appId: string;
  clientId: string;
  /** Issued once; every later node has to know it. */
  token: string;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any call
  body: any;
}

/** One client's calls; each connection stays open from call to call. */
export class Connection {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  control(method: string, path: string, body?: object): Promise<Answer> {
    return this.#send(method, `/control/v1${path}`, controlKey, body);
  }

  /** A call of the server API about one purchase. */
  async call(app: App, action: 'acknowledge' | 'consume', purchaseToken: string): Promise<Answer> {
    const type = action === 'consume' ? 'inapp' : 'all';
    const path = `/v7/apps/${app.clientId}/purchases/${type}/products/product01/${purchaseToken}`;
    return this.#send('POST', `${path}/${action}`, app.token);
  }

  details(app: App, purchaseToken: string): Promise<Answer> {
    const path = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${purchaseToken}`;
    return this.#send('GET', path, app.token);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, bearer: string, body?: object): Promise<Answer> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      authorization: `Bearer ${bearer}`,
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': sent.length }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(`${this.#url}${path}`, { method, headers, agent: this.#agent }, resolve);
      asked.on('error', reject).end(sent);
    });
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) };
  }
}

/** Makes the app with its product, and a token that has to live as long as the database. */
export async function makeApp(url: string, appIdOf: (clientId: string) => Promise<string>): Promise<App> {
  const connection = new Connection(url);
  const { clientId } = expected(await connection.control('POST', '/apps', {}), 201);
  const product = { type: 'inapp', title: 'A product', price: '1100', currency: 'KRW' };
  expected(await connection.control('PUT', `/apps/${clientId}/products/product01`, product), 200);
  const issued = expected(await connection.control('POST', `/apps/${clientId}/access-tokens`), 201);
  connection.close();
  return { clientId, appId: await appIdOf(clientId), token: issued.access_token };
}

// biome-ignore lint/suspicious/noExplicitAny: as above
export function expected({ status, body }: Answer, wanted: number): any {
  if (status !== wanted) throw new Error(`expected ${wanted}, got ${status}: ${JSON.stringify(body)}`);
  return body;
}

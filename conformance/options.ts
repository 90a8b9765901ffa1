// What the command is told: its options, their rules, and the text of --help.
import { parseArgs } from 'node:util';
import { generations, type Market, marketCodes, productTypes } from '@till/protocol/codes';
import type { ConformOptions } from './conform.ts';
import type { NamedPurchase } from './outside/account.ts';

/** Something the command was told does not fit; the message names the option and never a secret. */
export class OptionError extends Error {
  override name = 'OptionError';
}

export interface CommandOptions extends ConformOptions {
  /** Where the report goes as JSON. */
  jsonFile?: string;
}

export const help = `npm run conformance -- --base-url URL [options]

Sends the documented requests of the ONE store Server API to a server, Till or the real sandbox, and reports what agrees
with the documents, what differs, and what the server does where the documents are silent.

  --base-url URL          the server, such as https://sbpp.onestore.net or http://127.0.0.1:7575
  --client-id ID          the app to call as; without it an app is made on the Till of --control-url
  --client-secret SECRET  its secret; or in the variable TILL_CONFORMANCE_CLIENT_SECRET
  --package-name NAME     what V6 and V5 call the app; the client ID where it is not given
  --market CODE           MKT_ONE or MKT_GLB; without it no market is sent
  --generation NAME       v7, v6, v5 or all; v7 where it is not given, all with --control-url
  --purchase KIND:PRODUCT:TOKEN[:ID]
                          a purchase to read, again and again: inapp, auto or subscription; ID is its purchase ID,
                          which V5 needs where V7 and V6 are not asked
  --control-url URL       a Till that shares its database with --base-url: worlds are made there and taken away again
  --control-key KEY       its key; or in the variable TILL_CONFORMANCE_CONTROL_KEY
  --write                 also send the calls that change the purchases named, or those made on the Till
  --json FILE             write the report as JSON too
  --pause MS              wait before each request: 250, on this machine 0
  --timeout MS            how long an answer may take: 10000
  --limit COUNT           end after so many requests: 400, with --control-url 5000
  --help                  print this

Ends with 0 where nothing differs, 1 where something does, 2 where the options do not fit, 3 where the run ended early.
`;

/** What must never be written to: these purchases are money. */
const commercialHosts = /(^|\.)(iap-apis\.onestore\.net|apis\.onestore\.co\.kr)\.?$/i;
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const longestMs = 300_000;

/** Undefined where help is asked for. */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandOptions | undefined {
  const given = parse(args);
  if (given.help === true) return undefined;
  const baseUrl = readUrl('--base-url', given['base-url']);
  const till = readTill(given, environment);
  const credentials = readCredentials(given, environment);
  if (credentials === undefined && till === undefined) {
    throw new OptionError(
      '--client-id and --client-secret are missing; a Till can be given by --control-url',
    );
  }
  const purchases = (given.purchase ?? []).map(readPurchase);
  const market = readMarket(given.market);
  const isLocal = loopback.test(new URL(baseUrl).hostname);
  return {
    baseUrl,
    generations: readGenerations(given.generation ?? (till === undefined ? 'v7' : 'all')),
    purchases,
    write: readWrite(given.write, baseUrl, till !== undefined || purchases.length > 0),
    timeoutMs: readNumber('--timeout', given.timeout ?? '10000', 1, longestMs),
    pauseMs: readNumber('--pause', given.pause ?? (isLocal ? '0' : '250'), 0, longestMs),
    mostRequests: readNumber('--limit', given.limit ?? (till === undefined ? '400' : '5000'), 1, 100_000),
    ...(till === undefined ? {} : { till }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(market === undefined ? {} : { market }),
    ...(given.json === undefined ? {} : { jsonFile: given.json }),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    ...{ 'base-url': text, 'client-id': text, 'client-secret': text, 'package-name': text },
    ...{ market: text, generation: text, 'control-url': text, 'control-key': text },
    ...{ json: text, pause: text, timeout: text, limit: text },
    purchase: { type: 'string', multiple: true },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new OptionError(`${told(error)}; --help prints what there is`);
  }
}

/** Node quotes what it does not expect, which may be a secret that lost its option. */
function told(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return 'something stands there without an option';
  return message.split('\n', 1).join('').replace(/\.$/, '');
}

type Given = ReturnType<typeof parse>;
type Environment = Readonly<Record<string, string | undefined>>;

function readCredentials(given: Given, environment: Environment): ConformOptions['credentials'] {
  const clientId = given['client-id'];
  const clientSecret = given['client-secret'] ?? environment.TILL_CONFORMANCE_CLIENT_SECRET;
  if (clientId === undefined || clientId === '') {
    if (clientId === '' || given['client-secret'] !== undefined)
      throw new OptionError('--client-id is missing');
    return undefined;
  }
  if (clientSecret === undefined || clientSecret === '') throw new OptionError('--client-secret is missing');
  return { clientId, clientSecret, packageName: given['package-name'] ?? clientId };
}

function readTill(given: Given, environment: Environment): ConformOptions['till'] {
  if (given['control-url'] === undefined) return undefined;
  const controlKey = given['control-key'] ?? environment.TILL_CONFORMANCE_CONTROL_KEY;
  if (controlKey === undefined || controlKey === '') throw new OptionError('--control-key is missing');
  return { controlUrl: readUrl('--control-url', given['control-url']), controlKey };
}

function readUrl(option: string, text: string | undefined): string {
  if (text === undefined) throw new OptionError(`${option} is missing; --help prints what there is`);
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new OptionError(`${option} is no http or https address`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new OptionError(`${option} has more than a host, a port and a path`);
  }
  return url.href.replace(/\/+$/, '');
}

function readGenerations(text: string): ConformOptions['generations'] {
  if (text === 'all') return [...generations].reverse();
  const found = generations.find((generation) => generation === text);
  if (found === undefined) throw new OptionError(`--generation is one of ${generations.join(', ')}, all`);
  return [found];
}

function readMarket(text: string | undefined): Market | undefined {
  if (text === undefined) return undefined;
  const found = marketCodes.find((market) => market === text);
  if (found === undefined) throw new OptionError(`--market is one of ${marketCodes.join(', ')}`);
  return found;
}

/** None of the four has a colon in it. */
function readPurchase(text: string): NamedPurchase {
  const [kind, ...rest] = text.split(':');
  const type = productTypes.find((known) => known === kind);
  if (type === undefined || rest.length < 2 || rest.length > 3 || rest.includes('')) {
    throw new OptionError(`--purchase is KIND:PRODUCT:TOKEN[:ID], KIND one of ${productTypes.join(', ')}`);
  }
  const [productId = '', purchaseToken = '', purchaseId] = rest;
  return { kind: type, productId, purchaseToken, ...(purchaseId === undefined ? {} : { purchaseId }) };
}

function readWrite(given: boolean | undefined, baseUrl: string, hasPurchases: boolean): boolean {
  if (given !== true) return false;
  if (commercialHosts.test(new URL(baseUrl).hostname)) {
    throw new OptionError('--write is not for a commercial host: its purchases are money');
  }
  if (!hasPurchases) throw new OptionError('--write needs purchases: --purchase, or a Till by --control-url');
  return true;
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new OptionError(`${option} is a whole number from ${least} to ${most}`);
  }
  return value;
}

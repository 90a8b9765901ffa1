// A call from its input to its reply: token, tries, waits, and the truth about an action whose reply was lost.
import { errors } from '@till/protocol/errors';
import { idempotencyKey as keyField } from '@till/protocol/idempotency';
import type { Operations } from '@till/protocol/shape';
import { AccessTokens } from './access-tokens.ts';
import { OneStoreApiError, OneStoreError, OneStoreInputError, OneStoreReplyError } from './errors.ts';
import { backoff, Limits } from './limits.ts';
import { type Evidence, evidenceOf } from './outcome.ts';
import { refuseOutOfReach } from './reach.ts';
import { type AnyInput, writeRequest } from './request.ts';
import { type CallOptions, type Completed, unfitOptions } from './settings.ts';
import { type Exchange, exchange, tell } from './transport.ts';

type Reply = Record<string, unknown>;

/** One call on its way, over all its tries. */
interface Call extends Exchange {
  input: AnyInput;
  maxRetries: number;
  options: CallOptions;
}

/** Before a connection stood nothing was sent, so nothing can have been carried out. */
const neverSent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ConnectionRefused'];
/** A token store that takes longer counts as one that is down: the server is asked instead. */
const storeWithinMs = 1_000;
/** Failures on the way to a token: the call itself was not sent. */
const unsent = new WeakSet<OneStoreError>();
const tokenRefusals: readonly string[] = ['AccessTokenExpired', 'InvalidAccessToken'];

export class Calls {
  readonly #settings: Completed;
  readonly #rows: Operations;
  readonly #tokens: AccessTokens;

  constructor(settings: Completed, rows: Operations) {
    this.#settings = settings;
    this.#rows = rows;
    const { baseUrl, clientId, tokenStore: store } = settings;
    const timeoutMs = Math.min(storeWithinMs, settings.timeoutMs);
    this.#tokens = new AccessTokens({
      key: `onestore ${baseUrl} ${clientId}`,
      store,
      ask: async () => tokenIn(await this.askToken('getAccessToken', {})),
      bounded: (work) =>
        new Limits('getAccessToken', { timeoutMs, deadlineMs: timeoutMs }).within(() => work),
      warn: (message, error) => {
        tell(settings, 'warn', message, { error: error instanceof Error ? error.name : typeof error });
      },
    });
  }

  async call(operation: string, input: AnyInput, options: CallOptions): Promise<Reply> {
    const call = this.#begin(operation, input, options);
    const evidence = evidenceOf[operation];
    if (call.row.method === 'GET') return this.#read(call);
    return evidence === undefined ? this.#send(call) : this.#act(call, evidence);
  }

  /** A new answer of the token endpoint, which is what the client goes on with. It is safe to ask twice. */
  async token(operation: string, options: CallOptions): Promise<Reply> {
    const reply = await this.askToken(operation, options);
    const { accessToken, expiresIn } = tokenIn(reply);
    await this.#tokens.keep(accessToken, expiresIn);
    return reply;
  }

  async askToken(operation: string, options: CallOptions): Promise<Reply> {
    const { clientId: client_id, clientSecret: client_secret } = this.#settings;
    const credentials = { client_id, client_secret, grant_type: 'client_credentials' };
    const call = this.#begin(operation, credentials, options);
    return this.#repeat(call, () => exchange(this.#settings, call));
  }

  #begin(operation: string, given: AnyInput, options: CallOptions): Call {
    const row = this.#rows[operation];
    if (row === undefined) throw new OneStoreInputError(operation, 'this generation does not know it', []);
    refuseUnfit(operation, options);
    const settings = this.#settings;
    const { clientSecret, generation, now } = settings;
    const input = row.key === undefined ? given : { ...given, [row.key]: settings.appName };
    const request = writeRequest(operation, row, input);
    refuseOutOfReach(operation, generation, input, now);
    const { purchaseToken } = given;
    return {
      operation,
      row,
      input: given,
      request,
      limits: new Limits(operation, {
        timeoutMs: options.timeoutMs ?? settings.timeoutMs,
        deadlineMs: options.deadlineMs ?? settings.deadlineMs,
        signal: options.signal,
      }),
      market: options.market ?? settings.market,
      idempotencyKey: options.idempotencyKey,
      secrets: typeof purchaseToken === 'string' ? [clientSecret, purchaseToken] : [clientSecret],
      maxRetries: options.maxRetries ?? settings.maxRetries,
      options,
    };
  }

  /** With a token, and where the server refuses it once more with another; never a third time. */
  async #send(call: Call): Promise<Reply> {
    const { limits } = call;
    const settings = this.#settings;
    const accessToken = this.#tokens.atHand() ?? (await this.#tokenFor(limits, () => this.#tokens.take()));
    try {
      return await exchange(settings, call, accessToken);
    } catch (error) {
      if (!(error instanceof OneStoreApiError && tokenRefusals.includes(error.code))) throw error;
      const another = await this.#tokenFor(limits, () => this.#tokens.replace(accessToken));
      return exchange(settings, call, another);
    }
  }

  /** The question for a token is everybody's, so it goes on when one of its callers gives up. */
  async #tokenFor(limits: Limits, ask: () => Promise<string>): Promise<string> {
    try {
      return await limits.within(ask, Number.POSITIVE_INFINITY);
    } catch (error) {
      if (error instanceof OneStoreError) unsent.add(error);
      throw error;
    }
  }

  #read(call: Call): Promise<Reply> {
    return this.#repeat(call, () => this.#send(call));
  }

  /** What changes nothing is tried again whatever failed, as long as it may succeed. */
  async #repeat(call: Call, once: () => Promise<Reply>): Promise<Reply> {
    for (let tried = 0; ; tried++) {
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof OneStoreError && error.retryable && (await this.#wait(call, tried, error)))) {
          throw error;
        }
      }
    }
  }

  /** Whether there is another try, after its wait. */
  async #wait(
    { operation, limits, maxRetries }: Call,
    tried: number,
    error: OneStoreError,
  ): Promise<boolean> {
    // the call for the token has tried as often as it may
    if (tried >= maxRetries || unsent.has(error)) return false;
    const asked = 'retryAfterMs' in error ? (error as OneStoreReplyError).retryAfterMs : undefined;
    const waitMs = backoff(tried, this.#settings.backoffMs, asked);
    if (!(await limits.pause(waitMs))) return false;
    tell(this.#settings, 'warn', 'trying again', {
      operation,
      tried: tried + 1,
      waitedMs: Math.round(waitMs),
      error: error.name,
      code: error instanceof OneStoreApiError ? error.code : undefined,
    });
    return true;
  }

  /**
   * An action is sent again only where it was not carried out: the server said so, or the state read after a lost reply does. A refusal
   * after a lost reply may be that reply's echo, so the state is read there too.
   */
  async #act(call: Call, evidence: Evidence): Promise<Reply> {
    const before = evidence.onlyOnce ? await this.#look(call, evidence).catch(() => undefined) : undefined;
    let lost: OneStoreError | undefined;
    for (let tried = 0; ; tried++) {
      try {
        return await this.#send(call);
      } catch (error) {
        if (!(error instanceof OneStoreError)) throw error;
        const outcome = became(error);
        if (outcome === 'lost') lost = error;
        const shown = lost === undefined ? false : await this.#shown(call, evidence, before);
        if (shown === true) return readBack();
        if (outcome === 'refused' && !error.retryable && shown === false) throw error;
        if (lost !== undefined) lost.outcome = shown === false ? 'notCarriedOut' : 'unknown';
        const safe = lost === undefined || (shown === false && evidence.onlyOnce !== true);
        if (!safe || !error.retryable || !(await this.#wait(call, tried, error))) throw lost ?? error;
      }
    }
  }

  /** Whether the purchase is as the action leaves it; `undefined` where that cannot be read now. */
  async #shown(call: Call, evidence: Evidence, before: Reply | undefined): Promise<boolean | undefined> {
    tell(this.#settings, 'warn', 'the reply of an action was lost; reading its state', {
      operation: call.operation,
    });
    try {
      const reply = await this.#look(call, evidence);
      return reply === undefined ? false : evidence.shows(reply, call.input, before);
    } catch (error) {
      if (call.limits.signal?.aborted === true) throw error;
      return undefined;
    }
  }

  /** What the first reader says that knows the purchase; nothing where none does. Within what the action has left of its deadline. */
  async #look(call: Call, { readers }: Evidence): Promise<Reply | undefined> {
    for (const reader of readers.filter((name) => name in this.#rows)) {
      const names = Object.keys(this.#rows[reader]?.params ?? {}).filter((name) => name in call.input);
      const input = Object.fromEntries(names.map((name) => [name, call.input[name]]));
      const deadlineMs = call.limits.leftMs();
      if (deadlineMs <= 0) throw new OneStoreError(call.operation, 'no time is left to read the state');
      try {
        return await this.call(reader, input, { ...call.options, deadlineMs });
      } catch (error) {
        if (!(error instanceof OneStoreApiError && error.code === 'NoSuchData')) throw error;
      }
    }
    return undefined;
  }
}

function refuseUnfit(operation: string, options: CallOptions): void {
  if (Object.keys(options).length === 0) return;
  const { idempotencyKey } = options;
  const fields = unfitOptions(options);
  if (idempotencyKey !== undefined && !new RegExp(keyField.pattern).test(idempotencyKey)) {
    fields.push('idempotencyKey');
  }
  if (fields.length === 0) return;
  throw new OneStoreInputError(operation, `options that do not fit: ${fields.join(', ')}`, fields);
}

/** What a failed try did: nothing, because it was never sent or was refused, or nobody knows what. */
function became(error: OneStoreError): 'notSent' | 'refused' | 'lost' {
  if (unsent.has(error)) return 'notSent';
  const { reason } = error as { reason?: string };
  if (reason !== undefined && neverSent.includes(reason)) return 'notSent';
  if (error instanceof OneStoreApiError) {
    const isDocumented = Object.hasOwn(errors, error.code) && error.code !== 'InternalError';
    return isDocumented || error.status < 500 ? 'refused' : 'lost';
  }
  if (error instanceof OneStoreReplyError)
    return error.status >= 300 && error.status < 500 ? 'refused' : 'lost';
  return 'lost';
}

function readBack(): Reply {
  const message = 'The reply was lost; the purchase, read afterwards, is as this call leaves it.';
  return { result: { code: 'Success', message }, readBack: true };
}

/** Of a reply that was checked against the row. */
function tokenIn(reply: Reply): { accessToken: string; expiresIn: number } {
  return { accessToken: String(reply.access_token), expiresIn: Number(reply.expires_in) };
}

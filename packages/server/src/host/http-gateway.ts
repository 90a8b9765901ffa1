// The payment gateway behind an HTTP address: one signed POST for each charge and refund.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Logger } from 'pino';
import type { ChargeAnswer, Question } from '../domain/charge.ts';
import type { Gateway } from './host.ts';

/** From looking up the address to the end of the answer. */
const standardAnswerWithinMs = 10_000;
/** More than that is no answer of ours. */
const longestAnswerBytes = 64 * 1024;

export interface HttpGatewayOptions {
  url: string;
  /** Signs each question, so that the receiver knows who asks. */
  secret: string;
  /** Told why a question got no answer, without the address, which may hold a secret. */
  log?: Logger;
  answerWithinMs?: number;
}

/** Why what came back is not an answer. */
class NoAnswer extends Error {}

/**
 * Asks by POST with JSON, as docs/gateway.md describes. The answer is 200 with
 * `{"outcome": "approved"|"declined"|"pending"}`; everything else counts as unanswered.
 */
export function createHttpGateway(options: HttpGatewayOptions): Gateway {
  return {
    takesMoney: true,
    ask: async (question) => {
      try {
        const outcome = await askOnce(options, question);
        return outcome === 'pending' ? 'unanswered' : outcome;
      } catch (error) {
        const { kind, cycle } = question;
        options.log?.warn({ kind, cycle, why: whyOf(error) }, 'the payment gateway did not answer');
        return 'unanswered'; // it is asked again
      }
    },
  };
}

async function askOnce(
  { url, secret, answerWithinMs = standardAnswerWithinMs }: HttpGatewayOptions,
  question: Question,
): Promise<Exclude<ChargeAnswer, 'unanswered'> | 'pending'> {
  const body = JSON.stringify(question);
  const signal = AbortSignal.timeout(answerWithinMs);
  const response = await post(url, headersOf(secret, question.key, body), body, signal);
  if (response.statusCode !== 200) {
    response.destroy();
    throw new NoAnswer(`status ${response.statusCode}`);
  }
  return readOutcome(await readBounded(response));
}

/** The machine's clock, not the world's: the receiver compares it with its own. */
function headersOf(secret: string, key: string, body: string): Record<string, string | number> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': key,
    'webhook-id': key,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${sign(secret, `${key}.${timestamp}.${body}`)}`,
  };
}

/** The scheme of Standard Webhooks: HMAC-SHA256 over id, timestamp and body, base64. */
function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/**
 * By Node's own client, which follows no redirect. An agent of its own for each question: the shared one may take a
 * proxy from the environment, and a kept connection may be closed in the very moment of the next question.
 */
async function post(
  url: string,
  headers: Record<string, string | number>,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, { method: 'POST', agent: false, headers, signal });
  request.on('error', () => {}); // also after the response, where reading it fails too
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    request.emit('response', response); // its status tells that it is no answer
  });
  request.end(body);
  const [response] = await once(request, 'response', { signal });
  return response;
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of response) {
    byteCount += chunk.length;
    if (byteCount > longestAnswerBytes) throw new NoAnswer('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readOutcome(text: string): 'approved' | 'declined' | 'pending' {
  const outcome = outcomeIn(text);
  if (outcome === 'approved' || outcome === 'declined' || outcome === 'pending') return outcome;
  throw new NoAnswer('no outcome that is known');
}

function outcomeIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { outcome?: unknown } | null)?.outcome;
  } catch {
    throw new NoAnswer('not JSON');
  }
}

/** A message of Node's may hold the address, so only its code is told. */
function whyOf(error: unknown): string {
  if (error instanceof NoAnswer) return error.message;
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'AbortError' || name === 'TimeoutError' ? 'too slow' : (code ?? name);
}

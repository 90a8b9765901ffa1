// @till/client/express: a receiver of notifications for Express, 4 and 5, and what is built on it (NestJS, Cloud Functions).
import { answerBy, type NodeRequest, type NodeResponse, readBody } from './node.ts';
import { type ReceiverSettings, readBefore, within } from './receiver.ts';
import type { RawBody } from './signed-text.ts';

export type { Delivery, HandledMessages, ReceiverProblem, ReceiverSettings } from './receiver.ts';

/** Of Express's request what is used of it. */
export interface ExpressRequest extends NodeRequest {
  /** Somebody has read from the stream. */
  readableDidRead?: boolean;
  body?: unknown;
  /** The bytes, where somebody keeps them: NestJS with `rawBody: true`, Cloud Functions, a `verify` of `express.json`. */
  rawBody?: unknown;
}

/**
 * `app.all('/notifications', receiveNotifications({ licenseKey, onPayment }))`, best before `app.use(express.json())`: then it reads the
 * body itself. Behind a parser it takes `request.rawBody`, a body of bytes (`express.raw`) or text (`express.text`), and at last the parsed
 * one written anew, which is what was signed unless a body has repeated members, names of digits or numbers beyond 2^53. Answers
 * as `ReceiverSettings` tells, and calls no `next`.
 */
export function receiveNotifications(
  settings: ReceiverSettings,
): (request: ExpressRequest, response: NodeResponse) => Promise<void> {
  return (request, response) =>
    answerBy(settings, request, response, (maxBytes) => {
      const given = givenBody(request);
      return given === undefined ? readBody(request, maxBytes) : within(maxBytes, given);
    });
}

/** The body, where somebody has read it before. */
function givenBody({ rawBody, body, readableDidRead }: ExpressRequest): RawBody | undefined {
  for (const kept of [rawBody, body]) {
    if (typeof kept === 'string' || kept instanceof Uint8Array) return kept;
  }
  if (readableDidRead !== true) return undefined;
  if (body === undefined) throw readBefore();
  return JSON.stringify(body);
}

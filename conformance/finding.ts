// What a run finds out: one finding for each thing that was looked at, and what an answer is in words.
import type { Generation } from '@till/protocol/codes';
import type { Answer } from './caller.ts';
import { kindOf, shown } from './comparing.ts';
import { errorOf } from './judging.ts';

/**
 * - `agrees`: the documents say it, and the server does it
 * - `differs`: the documents say it, and the server does something else
 * - `open`: the documents leave it open; what the server does is told
 * - `untried`: it was not looked at, and why
 */
export type Verdict = 'agrees' | 'differs' | 'open' | 'untried';

export interface Finding {
  /** Names the thing from run to run: `v7.getPurchaseDetails.refuses.NoSuchData`. */
  id: string;
  verdict: Verdict;
  generation: Generation;
  operation: string;
  /** Of the documents. */
  section: string;
  /** What was looked at. */
  about: string;
  /** Where it differs, one sentence for each place; of what is left open: how it is not what Till does. */
  differences: string[];
  /** What the server did; of what is untried: why. */
  found: string;
  /** Of what is left open: whether the server does what Till does; not there where that means nothing. */
  asTill?: boolean;
  /** Of what is left open: number of the entry in docs/spec-notes.md. */
  note?: number;
  /** The request, redacted. */
  request?: string;
}

/** An answer in a line: status and code, or status and the kinds of its members; never a value that is anybody's. */
export function describe(answer: Answer): string {
  const { status, body, headers } = answer;
  const target = headers.get('location');
  if (body === undefined && target !== null) return `${status} to ${URL.parse(target)?.origin ?? 'a path'}`;
  if (body === undefined) return `${status}, ${headers.get('content-type') ?? 'no content type'}, no JSON`;
  const { code, message } = errorOf(answer);
  if (code === '') return `${status} ${describeKind(body)}`;
  const fields = / (\[ .+ \])$/.exec(message)?.[1] ?? '';
  return `${status} ${code} ${fields}`.trim();
}

/** The kinds of what stands in a body: `{quantity: integer, developerPayload: text}`. */
export function describeKind(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : `${value.length} of ${describeKind(value[0])}`;
  }
  if (kindOf(value) !== 'object') return value === '' ? '""' : kindOf(value);
  const members = Object.entries(value as object).map(([name, member]) => `${name}: ${describeKind(member)}`);
  return `{${members.join(', ')}}`;
}

/** What stands at a place of an answer. */
export function describePlace(answer: Answer, at: string): string {
  if (at === '*') return describe(answer);
  if (at === 'status') return describe(answer).split(' {', 1).join('');
  if (at.startsWith('header ')) return answer.headers.get(at.slice('header '.length)) ?? 'absent';
  if (at === 'body') return describeKind(answer.body);
  if (at === 'order') return Object.keys(answer.body ?? {}).join(', ');
  const name = at.slice('member '.length);
  const value = memberOf(answer.body, name);
  if (name === 'scope') return shown(value);
  if (name === 'developerPayload') return describeKind(value);
  // small numbers, codes and the messages of the protocol are nobody's
  const isPlain =
    kindOf(value) !== 'text' || /^[A-Z_]{1,12}$|^(Success|.* successfully\.)$/.test(String(value));
  return isPlain && kindOf(value) !== 'object' && kindOf(value) !== 'list'
    ? shown(value)
    : describeKind(value);
}

const longestQuoted = 80;
const longestText = 2_000;

/** As a report holds it: what an answer said at length is cut, so a secret must be out of it before. */
export function shortened(text: string): string {
  const quoted = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (one) => cut(one, longestQuoted));
  return cut(quoted, longestText);
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The member of this path; of a list its first row. */
export function memberOf(body: unknown, path: string): unknown {
  let value = body;
  for (const name of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    value = (value as Record<string, unknown> | null | undefined)?.[name];
  }
  return value;
}

// The control API of a Till, typed by its table: what brings purchases about when a run may make its own.
import { controlOperations } from '@till/protocol/control';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';
import { type Answer, type Caller, NoAnswer, RunEnded } from './caller.ts';
import { errorOf } from './judging.ts';
import { fillPath } from './rows.ts';

type Control = typeof controlOperations;

/** Calls an operation of the control API; anything but its success ends the run. */
export type ControlCall = <N extends keyof Control>(
  name: N,
  input: InputOf<Control[N]>,
) => Promise<ReplyOf<Control[N]>>;

export function controlOf(caller: Caller, key: string): ControlCall {
  return async (name, input) => {
    const row: Operation = controlOperations[name];
    const given = input as Record<string, unknown>;
    const take = (part: object = {}) =>
      Object.fromEntries(
        Object.keys(part)
          .filter((member) => given[member] !== undefined)
          .map((member) => [member, given[member]]),
      );
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const query = take(row.query) as Record<string, string>;
    const path = fillPath(row.path, take(row.params) as Record<string, string>);
    const body = row.body === undefined ? {} : { body: take(row.body) };
    const request = { method: row.method, path, query, headers, ...body };
    const answer = await caller.call(request).catch((error) => withoutAnswer(name, error));
    if (answer.status !== (row.status ?? 200)) throw new RunEnded(refusedBy(name, answer));
    return answer.body as never;
  };
}

/** What a scene lacks then, no later check would know. */
function withoutAnswer(name: string, error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error;
  throw new RunEnded(`the control API at --control-url gave no answer to ${name}: ${error.message}`);
}

function refusedBy(name: string, answer: Answer): string {
  const { code, message } = errorOf(answer);
  if (code === 'NotInCommercial') return 'the Till at --control-url is commercial: only a sandbox has worlds';
  const told = code === '' ? `${answer.status}` : `${answer.status} ${code}: ${message}`;
  return `the control API refused ${name}: ${told}`;
}

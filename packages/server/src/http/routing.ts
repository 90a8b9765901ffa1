// What is refused with the route, before anybody asks who calls: maintenance, unknown paths, wrong verbs.
import type { Generation } from '@till/protocol/codes';
import { controlOperations } from '@till/protocol/control';
import { Refusal } from '@till/protocol/errors';
import { operations } from '@till/protocol/operations';
import type { Fields, Operation } from '@till/protocol/shape';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Host } from '../host/host.ts';

/** Every row of the server API, with the name that logs and documents give it. */
export const serverRows: readonly { name: string; generation: Generation; row: Operation }[] = Object.entries(
  operations,
).flatMap(([generation, rows]) =>
  Object.entries(rows).map(([name, row]) => ({
    name,
    generation: generation as Generation,
    row: row as Operation,
  })),
);

export const controlRows: readonly { name: keyof typeof controlOperations; row: Operation }[] =
  Object.entries(controlOperations).map(([name, row]) => ({
    name: name as keyof typeof controlOperations,
    row,
  }));

/** What logs, figures and the last calls name it: V7 by its own name, an older one with its generation in front. */
export function operationName(generation: Generation, name: string): string {
  return generation === 'v7' ? name : `${generation}.${name}`;
}

/** The members of a server API operation's body and reply. */
export function fieldsOf(operation: string): { body: Fields; reply: Fields } {
  const row = serverRows.find(({ generation, name }) => operationName(generation, name) === operation)?.row;
  return { body: row?.body ?? {}, reply: row?.reply ?? {} };
}

/** The verbs that the paths of this pattern have. */
export interface PathVerbs {
  pattern: RegExp;
  verbs: Set<string>;
}

/** The path with what needs no escape read as it is meant: `/%63ontrol/` is the control API, as the router has it too. */
export function readablePath(url: string): string {
  if (!url.includes('%')) return url;
  try {
    return decodeURI(pathOf(url));
  } catch {
    return url;
  }
}

/** Maintenance hides the server API whole, unknown paths included; control and health calls go on. */
export function refuseInMaintenance(host: Host, url: string): void {
  if (
    host.node.maintenance &&
    !/^\/(control\/|(healthz|readyz|metrics|openapi\.json|docs)(\?|$))/.test(url)
  ) {
    throw new Refusal('ServiceMaintenance');
  }
}

/** An escaped slash would be taken for a part of a value: such a path does not exist (section 1.5). */
export function refuseUnroutable(
  request: FastifyRequest,
  reply: FastifyReply,
  verbsByPath: readonly PathVerbs[],
): void {
  const path = pathOf(request.raw.url ?? '/');
  if (/%2f/i.test(path)) throw new Refusal('ResourceNotFound');
  if (!request.is404) return;
  // a word of one row's path may be a name in another's: `notifications/resend`
  const rows = verbsByPath.filter(({ pattern }) => pattern.test(path));
  const verbs = new Set(rows.flatMap((row) => [...row.verbs]));
  if (verbs.size === 0 || verbs.has(request.method)) throw new Refusal('ResourceNotFound');
  reply.header('allow', [...verbs].join(', '));
  throw new Refusal('MethodNotAllowed');
}

/** `{name}` of the table as Fastify's `:name`. */
export function routePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** The verbs of each path that a server answers; a path that it does not answer has none. */
export function groupByPath(rows: readonly Operation[]): PathVerbs[] {
  const verbs = new Map<string, Set<string>>();
  for (const row of rows) {
    const of = verbs.get(row.path) ?? new Set<string>();
    verbs.set(row.path, of.add(row.method));
  }
  return [...verbs].map(([path, of]) => ({ pattern: pathPattern(path), verbs: of }));
}

function pathPattern(path: string): RegExp {
  const escaped = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]*');
  return new RegExp(`^${escaped}$`);
}

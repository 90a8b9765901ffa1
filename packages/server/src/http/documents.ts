// What the server tells of itself: `/openapi.json` and the page of documentation, made when they are first asked for.
import type { Operation } from '@till/protocol/shape';
import type { FastifyInstance } from 'fastify';
import { ownVersion } from '../own-files.ts';
import { docsPage, type Page } from './docs-page.ts';
import { jsonType } from './errors.ts';
import { type NamedRow, openApi } from './openapi.ts';

const open = { method: 'GET', access: 'open', section: 'Documents' } as const;

/** They tell of the tables, so they stand in none; anybody may read them, and they tell nothing of any app. */
const documents = {
  readOpenApi: { ...open, path: '/openapi.json', about: 'This server’s calls as OpenAPI 3.1.' },
  readDocs: { ...open, path: '/docs', about: 'This server’s calls as a page.' },
} as const satisfies Record<string, Operation>;

export const documentRows: readonly Operation[] = Object.values(documents);

/** Each port tells of what it answers itself: `rows` are those of the server they are added to. */
export function addDocuments(server: FastifyInstance, rows: readonly NamedRow[]): void {
  addDocument(server, 'readOpenApi', () => ({
    headers: { 'content-type': jsonType },
    text: JSON.stringify(openApi(rows, ownVersion())),
  }));
  addDocument(server, 'readDocs', () => docsPage(rows, ownVersion()));
}

function addDocument(server: FastifyInstance, name: keyof typeof documents, make: () => Page): void {
  let made: Page | undefined;
  server.route({
    method: 'GET',
    url: documents[name].path,
    onRequest: (request, _reply, done) => {
      request.operation = name;
      done();
    },
    handler: (_request, reply) => {
      made ??= make();
      reply.headers({ ...made.headers, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
      reply.serializer(String).send(made.text);
    },
  });
}

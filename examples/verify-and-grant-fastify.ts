// A receipt is verified and granted in Fastify; what happens with it stands in verify-and-grant.ts.
// Run it: npm run example -- examples/verify-and-grant-fastify.ts
import fastify from 'fastify';
import { showReceipts } from './show-receipts.ts';
import { type Receipt, type Shop, verifyAndGrant } from './verify-and-grant.ts';

function appFor(shop: Shop) {
  const app = fastify();
  app.post<{ Params: { accountId: string }; Body: Receipt }>(
    '/accounts/:accountId/receipts',
    async (request, reply) => {
      const { status, outcome } = await verifyAndGrant(shop, request.params.accountId, request.body);
      return reply.code(status).send({ outcome });
    },
  );
  return app;
}

await showReceipts(async (shop) => {
  const app = appFor(shop);
  await app.ready();
  return app.routing; // what `app.listen({ port: 8080 })` would put behind a port
});

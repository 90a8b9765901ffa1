// A receipt is verified and granted in Hono, on any runtime; what happens with it stands in verify-and-grant.ts.
// Run it: npm run example -- examples/verify-and-grant-hono.ts
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import { showReceipts } from './show-receipts.ts';
import { type Receipt, type Shop, verifyAndGrant } from './verify-and-grant.ts';

function appFor(shop: Shop) {
  const app = new Hono();
  app.post('/accounts/:accountId/receipts', async (context) => {
    const receipt = await context.req.json<Receipt>().catch(() => undefined);
    const { status, outcome } = await verifyAndGrant(shop, context.req.param('accountId'), receipt);
    return Response.json({ outcome }, { status });
  });
  return app;
}

await showReceipts((shop) => {
  const app = appFor(shop);
  // Bun, Deno and workers take `app.fetch` itself; on Node `serve(app)` of @hono/node-server does this
  return async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await app.request(`${request.url}`, { method: 'POST', body: await text(request) });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  };
});

// A receipt is verified and granted in Express; what happens with it stands in verify-and-grant.ts.
// Run it: npm run example -- examples/verify-and-grant-express.ts
import express from 'express';
import { showReceipts } from './show-receipts.ts';
import { type Shop, verifyAndGrant } from './verify-and-grant.ts';

function appFor(shop: Shop) {
  const app = express();
  app.post('/accounts/:accountId/receipts', express.json(), async (request, response) => {
    const { status, outcome } = await verifyAndGrant(shop, request.params.accountId, request.body);
    response.status(status).json({ outcome });
  });
  return app;
}

await showReceipts(appFor);

// A receipt is verified and granted as in NestJS: a service, a controller that is given it, a module that puts both together.
// Run it: npm run example -- examples/verify-and-grant-nest.ts
// With Nest itself, write the decorators where the comments name them; nothing else changes.
import express from 'express';
import { showReceipts } from './show-receipts.ts';
import { type Answer, type Receipt, type Shop, verifyAndGrant } from './verify-and-grant.ts';

/** `@Injectable()` */
class PurchasesService {
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  redeem(accountId: string, receipt: Receipt): Promise<Answer> {
    return verifyAndGrant(this.#shop, accountId, receipt);
  }
}

/** `@Controller('accounts/:accountId/receipts')` */
class ReceiptsController {
  readonly #purchases: PurchasesService;

  constructor(purchases: PurchasesService) {
    this.#purchases = purchases;
  }

  /** `@Post()`, with `@Param('accountId')` and `@Body()` before the arguments; `answer.status` by `@Res({ passthrough: true })`. */
  create(accountId: string, receipt: Receipt): Promise<Answer> {
    return this.#purchases.redeem(accountId, receipt);
  }
}

/** `@Module({ controllers: [ReceiptsController], providers: [PurchasesService, …] })`, on the Express that Nest stands on. */
function moduleFor(shop: Shop) {
  const controller = new ReceiptsController(new PurchasesService(shop));
  const app = express();
  app.post('/accounts/:accountId/receipts', express.json(), async (request, response) => {
    const { status, outcome } = await controller.create(request.params.accountId, request.body);
    response.status(status).json({ outcome });
  });
  return app;
}

await showReceipts(moduleFor);

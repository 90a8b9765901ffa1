// The first payment of what a buyer buys: asked of the gateway before anything is sold.
import type { PaymentOutcome } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { type Charge, chargeQuestion } from '../../domain/charge.ts';
import { chargeLeaseMs } from '../../domain/policy.ts';
import type { Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { insertCharge, loadCharge, saveCharge } from '../../store/charges.ts';
import { Conflict, type Query } from '../../store/database.ts';
import type { Call } from '../call.ts';
import { beforehand } from '../recorded.ts';
import { firstCharge } from '../save-subscription.ts';

/** Writes the charge down as approved, in the transaction of the sale. */
export type RecordCharge = (query: Query) => Promise<unknown>;

/** How long a charge that nobody waits for any more may have its answer outstanding before it is given back. */
const givenUpAfterMs = 2 * chargeLeaseMs;

/** Only the sandbox's gateway can be told how to answer: `NotInCommercial`. */
export function refuseOutcome(host: Host, outcome: PaymentOutcome | undefined, field: string): void {
  if (outcome !== undefined && host.environment === 'commercial') {
    throw new Refusal('NotInCommercial', { fields: [field] });
  }
}

/** Without a gateway nothing that costs money can be made or sold: `InvalidState`. */
export function refuseWithoutGateway(host: Host, field: string): void {
  if (host.gateway.takesMoney) return;
  const detail = 'nobody takes the money: set TILL_GATEWAY_URL';
  throw new Refusal('InvalidState', { fields: [field], detail });
}

/**
 * Takes the money. Refusals: `InvalidState` where nobody takes any; `PaymentDeclined`, also where no answer comes in
 * time: then nothing is sold, and what the gateway may have taken is given back.
 */
export async function takePayment(
  host: Host,
  { app }: Call,
  purchase: Purchase,
  amountMicros: number,
  outcome: PaymentOutcome = 'approve',
): Promise<RecordCharge> {
  const approved = firstCharge(purchase, amountMicros);
  if (amountMicros === 0) return (query) => insertCharge(query, approved);
  refuseWithoutGateway(host, 'productId');
  const asked: Charge = { ...approved, outcome, state: 'asked', purchaseId: null, answeredAt: null };
  const atOnce = host.gateway.answerAtOnce?.(asked);
  const { productId, buyerId } = purchase;
  const { clientId } = app;
  if (atOnce === undefined) return askOutside(host, asked, approved, { clientId, productId, buyerId });
  if (atOnce === 'declined') throw new Refusal('PaymentDeclined');
  if (atOnce === 'unanswered') throw timedOut();
  return (query) => insertCharge(query, approved);
}

/**
 * The question is written down first, so that a crash leaves nothing taken that nobody knows of. Throws `Conflict`
 * where another sale has drawn the same token: its key may have been asked already, for another buyer.
 */
async function askOutside(
  host: Host,
  asked: Charge,
  approved: Charge,
  about: Parameters<typeof chargeQuestion>[1],
): Promise<RecordCharge> {
  const { database } = beforehand(host);
  const written = { ...asked, askAgainAt: host.clock() + givenUpAfterMs };
  const inserted = await database.transaction((query) => insertCharge(query, written));
  if (!inserted) throw new Conflict('charge');
  const answer = await host.gateway.ask(chargeQuestion(written, about));
  if (answer === 'unanswered') throw timedOut();
  if (answer === 'approved') return (query) => recordApproved(query, approved);
  const declined: Charge = { ...written, state: 'declined', answeredAt: asked.askedAt, askAgainAt: null };
  await database.transaction((query) => recordDeclined(query, declined));
  throw new Refusal('PaymentDeclined');
}

/** The answer came so late that the money is already on its way back. */
async function recordApproved(query: Query, approved: Charge): Promise<void> {
  const { appId, purchaseToken, number } = approved;
  const written = await loadCharge(query, appId, purchaseToken, number);
  if (written?.state !== 'asked') throw timedOut();
  await saveCharge(query, approved);
}

/** Nothing to do where the answer was given up meanwhile: a refund of what was not taken takes nothing either. */
async function recordDeclined(query: Query, declined: Charge): Promise<void> {
  const { appId, purchaseToken, number } = declined;
  const written = await loadCharge(query, appId, purchaseToken, number);
  if (written?.state === 'asked') await saveCharge(query, declined);
}

function timedOut(): Refusal {
  return new Refusal('PaymentDeclined', { detail: 'the payment timed out' });
}

// Does what is due in the worlds whose clock runs, and what a node must do now and then.
import { giveUpPayments } from '../actions/ask-again.ts';
import { finishPriceChanges } from '../actions/control/change-price.ts';
import { learnMaintenance } from '../actions/control/set-maintenance.ts';
import { probeWrites } from '../actions/probe-writes.ts';
import { purgeAccessTokens } from '../actions/purge-access-tokens.ts';
import { purgeAnswers } from '../actions/purge-answers.ts';
import { purgeNotifications } from '../actions/purge-notifications.ts';
import { findDue, settleByKey } from '../actions/settle-due.ts';
import type { Host } from '../host/host.ts';
import { createDeliveries } from './deliveries.ts';
import { createPayments } from './payments.ts';

const passEveryMs = 250;
const deliverEveryMs = 250;
const askEveryMs = 250;
const giveUpEveryMs = 1_000;
const finishEveryMs = 10_000;
const learnEveryMs = 1_000;
const probeEveryMs = 1_000;
const purgeEveryMs = 60_000;

export interface Scheduler {
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

export function startScheduler(host: Host): Scheduler {
  const payments = createPayments(host);
  const deliveries = createDeliveries(host);
  // a gateway that answers at once leaves nothing to ask again
  const asks = host.gateway.answerAtOnce === undefined;
  const jobs = [
    repeat(host, 'what is due', passEveryMs, () => pass(host)),
    ...(asks
      ? [
          repeat(host, 'payments', askEveryMs, () => payments.pass()),
          repeat(host, 'unanswered payments', giveUpEveryMs, () => giveUpPayments(host)),
        ]
      : []),
    repeat(host, 'notifications', deliverEveryMs, () => deliveries.pass()),
    repeat(host, 'changes of price', finishEveryMs, () => finishPriceChanges(host)),
    repeat(host, 'maintenance', learnEveryMs, () => learnMaintenance(host)),
    repeat(host, 'writes', probeEveryMs, () => probeWrites(host)),
    repeat(host, 'ended tokens', purgeEveryMs, () => purgeAccessTokens(host)),
    repeat(host, 'forgotten answers', purgeEveryMs, () => purgeAnswers(host)),
    repeat(host, 'settled notifications', purgeEveryMs, () => purgeNotifications(host)),
  ];
  host.outbox.attach(deliveries);
  return {
    stop: async () => {
      await Promise.all([...jobs.map((stop) => stop()), payments.stop(), deliveries.stop()]);
    },
  };
}

/** One bounded pass, which waits for nobody outside; several nodes may do the same, a purchase changes for one of them. */
async function pass(host: Host): Promise<void> {
  const due = await findDue(host);
  await Promise.all(due.map((key) => settleByKey(host, key)));
}

/** Runs a job again and again, never twice at a time; what fails is logged and tried again at its next turn. */
function repeat(host: Host, what: string, everyMs: number, job: () => Promise<unknown>): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let stopped = false;
  const turn = async () => {
    try {
      await job();
    } catch (error) {
      host.log.error({ err: error, job: what }, 'a scheduled job failed');
    }
    if (!stopped) plan();
  };
  const plan = () => {
    timer = setTimeout(() => {
      running = turn();
    }, everyMs);
  };
  plan();
  return () => {
    stopped = true;
    clearTimeout(timer);
    return running;
  };
}

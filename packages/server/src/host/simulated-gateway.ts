// The gateways that move no money: the sandbox's, and the one of a server that has none.
import type { Charge, ChargeAnswer } from '../domain/charge.ts';
import type { Gateway } from './host.ts';

/** The sandbox's: each charge is answered as the test has ordered, within its transaction. */
export function createSimulatedGateway(answer: (charge: Charge) => ChargeAnswer): Gateway {
  // nothing is ever left to be asked outside
  return { takesMoney: true, answerAtOnce: answer, ask: async () => 'unanswered' };
}

/** Where no gateway is set: nothing can be taken, and what was sold before waits until there is one. */
export const noGateway: Gateway = {
  takesMoney: false,
  ask: async () => 'unanswered',
};

// The integers that the field tables of the documents explain; any other has no meaning (sections 4 to 6, 9.7).

const state = [0, 1] as const;

/** By the name of the member, which means the same in every answer. */
export const documentedIntegers: Readonly<Record<string, readonly number[]>> = {
  consumptionState: state,
  purchaseState: state,
  lastPurchaseState: state,
  acknowledgeState: state,
  acknowledgementState: state,
  cancelReason: state,
  paymentState: [0, 1, 2, 3],
};

// What is thrown where a text that claims to come from the store does not.
import { OneStoreError } from './errors.ts';

/** No license key given fits signature and text: changed on the way, made up, or signed for another app. Trust nothing in it. */
export class OneStoreSignatureError extends OneStoreError {
  override name = 'OneStoreSignatureError';

  constructor(what: string) {
    super(undefined, `the signature of ${what} does not fit`);
  }
}

/** It is not the message that the documents describe. Neither message nor members hold its values. */
export class OneStoreMessageError extends OneStoreError {
  override name = 'OneStoreMessageError';
  /** The member that does not fit, as a path (`paymentTypeList[0].amount`); `''` where the whole does not. */
  readonly member: string;

  constructor(what: string, given: { member: string; problem: string }) {
    const member = given.member === '' ? 'the body' : `\`${given.member}\``;
    super(undefined, `${what} does not fit: ${member} ${given.problem}`);
    this.member = given.member;
  }
}

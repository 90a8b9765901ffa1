// What each generation's operations are given and answer, as types taken from the rows.
import type { Generation } from '@till/protocol/codes';
import type { ServerErrorCode } from '@till/protocol/errors';
import type { v5 } from '@till/protocol/operations-v5';
import type { v6 } from '@till/protocol/operations-v6';
import type { v7 } from '@till/protocol/operations-v7';
import type { commonRefusals } from '@till/protocol/refusals';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';

export interface Rows {
  v5: typeof v5;
  v6: typeof v6;
  v7: typeof v7;
}

/** The name of an operation, as the documents have it. */
export type OperationName<G extends Generation = 'v7'> = keyof Rows[G] & string;

type Row<G extends Generation, Name extends OperationName<G>> = Rows[G][Name] extends infer R extends
  Operation
  ? R
  : never;
/** One object in the place of an intersection; what may be left out may also be `undefined`. */
type Given<T> = {
  [K in keyof T]: Record<never, never> extends Pick<T, K & keyof T> ? T[K] | undefined : T[K];
};
type Flat<T> = { [K in keyof T]: T[K] };
/** What the client fills in by itself: the app's name in the path, and the credentials. */
type Filled = 'clientId' | 'packageName' | 'client_id' | 'client_secret' | 'grant_type';

/** Path values, query and body of an operation in one object, without the app's name. */
export type Input<G extends Generation, Name extends OperationName<G>> = Given<
  Omit<InputOf<Row<G, Name>>, Filled>
>;

/** What an operation answers. */
export type Reply<G extends Generation, Name extends OperationName<G>> = Flat<ReplyOf<Row<G, Name>>>;

/** What an action answers. */
export type ActionReply<G extends Generation, Name extends OperationName<G>> = Reply<G, Name> & {
  /**
   * There, and true, where the server's reply was lost and the purchase, read afterwards, is as the call wanted it. The call, or
   * somebody else's, was carried out: who grants goods upon it asks their own records whether that was done before.
   */
  readBack?: true;
};

/** The codes that an operation may be refused with. */
export type RefusalCode<G extends Generation, Name extends OperationName<G>> =
  | (typeof commonRefusals)[Row<G, Name>['access']][number]
  | (Row<G, Name> extends { refusals: readonly (infer Code extends ServerErrorCode)[] } ? Code : never);

/** The element of a list's reply. */
export type RowOf<G extends Generation, Name extends OperationName<G>> = {
  [K in keyof Reply<G, Name>]-?: Reply<G, Name>[K] extends readonly (infer One)[] ? One : never;
}[keyof Reply<G, Name>];

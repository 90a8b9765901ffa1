// The notifications that an app was sent, by the row of the control API's table.
import type { ControlClient, ControlInput, ControlOperation, ControlReply } from '@till/client/control';
import { allOf } from './all-of.ts';

type InputNamed<Name extends string> = Name extends ControlOperation
  ? ControlInput<Name>
  : Record<never, never>;
type ReplyNamed<Name extends string> = Name extends ControlOperation ? ControlReply<Name> : never;
type RowOf<Reply> = Reply extends { items: (infer Row)[] } ? Row : never;

/** A notification as the control API shows it: its body, where it goes, and every attempt to send it. */
export type TestNotification = RowOf<ReplyNamed<'listNotifications'>>;
/** Which of them: the members of `listNotifications` beside the app. */
export type NotificationFilter = Omit<
  InputNamed<'listNotifications'>,
  'clientId' | 'worldId' | 'limit' | 'cursor'
>;

type Listing = (input: object) => AsyncIterable<TestNotification>;

export function listNotifications(control: ControlClient, input: object): Promise<TestNotification[]> {
  const { listNotifications: list } = control as unknown as Record<string, Listing | undefined>;
  if (list === undefined) throw new Error('this version of the control API lists no notifications');
  return allOf(list.call(control, input));
}

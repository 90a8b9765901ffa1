// What a row of the tables looks like, and the types that TypeScript infers from it.
import type { ErrorCode } from './errors.ts';

interface Any {
  /** What it means, with its unit. */
  readonly about?: string;
  /** The member may be absent. */
  readonly optional?: true;
  /** The member may be `null`. */
  readonly nullable?: true;
}

/** Text: `max` characters and `maxBytes` bytes of UTF-8 at most, `min` characters at least. NUL and lone surrogates never fit. */
export interface TextField extends Any {
  readonly is: 'text';
  readonly min?: number;
  readonly max?: number;
  readonly maxBytes?: number;
  /** A regular expression that all of it fits. */
  readonly pattern?: string;
}
export interface IntegerField extends Any {
  readonly is: 'integer';
  readonly min?: number;
  readonly max?: number;
  /** The documents' "data size": how many digits it has at most. */
  readonly size?: number;
}
/** A number in a query: 1 to `size` digits and nothing else, from `min` to `max`. */
export interface DigitsField extends Any {
  readonly is: 'digits';
  readonly size: number;
  readonly min?: number;
  readonly max?: number;
}
export interface BooleanField extends Any {
  readonly is: 'boolean';
}
/** One value of a closed list. */
export interface CodeField extends Any {
  readonly is: 'code';
  readonly of: readonly string[];
}
export interface ObjectField extends Any {
  readonly is: 'object';
  readonly of: Fields;
}
export interface ListField extends Any {
  readonly is: 'list';
  readonly of: Field;
}
export type Field =
  | TextField
  | IntegerField
  | DigitsField
  | BooleanField
  | CodeField
  | ObjectField
  | ListField;
export type Fields = { readonly [name: string]: Field };

/** One operation: everything that routing, checking, the client and the reference need to know of it. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for each path value. */
  readonly path: string;
  /** What a caller shows: an access token, client credentials in the request itself, the control key, or nothing. */
  readonly access: 'accessToken' | 'credentials' | 'controlKey' | 'open';
  /** The path value that names the app of the call. */
  readonly key?: 'clientId' | 'packageName';
  readonly params?: Fields;
  readonly query?: Fields;
  readonly body?: Fields;
  /** A form instead of JSON; its members may also come in the query. */
  readonly form?: true;
  /** Without a body the request is refused; otherwise it may be left out. */
  readonly bodyRequired?: true;
  /** The status of success, 200 where it is not given. */
  readonly status?: 200 | 201 | 204;
  /** The members of the answer; an operation without an answer's body has none. */
  readonly reply?: Fields;
  /** Where the answer is not JSON: plain text, or a stream of server-sent events, each with the reply's members. */
  readonly replyAs?: 'text' | 'events';
  /** The codes it may answer beyond those that every operation of its face may. */
  readonly refusals?: readonly ErrorCode[];
  /** What a purchase that cannot be found is answered with. */
  readonly absent?: 'NoSuchData' | 'InvalidPurchaseState';
  /** It may carry an `Idempotency-Key`, as every write of the control API may. */
  readonly idempotent?: true;
  /** A test control: it does not exist in the commercial environment. */
  readonly sandboxOnly?: true;
  /** In commercial it is answered on the port of the control API alone, although it needs no key. */
  readonly besideControl?: true;
  /** What it does, in a sentence. */
  readonly about: string;
  /** Where the documents say so. */
  readonly section: string;
}
export type Operations = { readonly [name: string]: Operation };

type Bare<F extends Field> = F extends { is: 'text' }
  ? string
  : F extends { is: 'integer' | 'digits' }
    ? number
    : F extends { is: 'boolean' }
      ? boolean
      : F extends { is: 'code'; of: readonly (infer C)[] }
        ? C
        : F extends { is: 'object'; of: infer O extends Fields }
          ? Members<O>
          : F extends { is: 'list'; of: infer E extends Field }
            ? ValueOf<E>[]
            : never;

/** The type of one field's value. */
export type ValueOf<F extends Field> = F extends { nullable: true } ? Bare<F> | null : Bare<F>;

type OptionalNames<T extends Fields> = {
  [K in keyof T]: T[K] extends { optional: true } ? K : never;
}[keyof T];

/** The type of an object with these fields. */
export type Members<T extends Fields> = {
  -readonly [K in Exclude<keyof T, OptionalNames<T>>]: ValueOf<T[K]>;
} & {
  -readonly [K in OptionalNames<T>]?: ValueOf<T[K]>;
};

type Part<O, K extends string> = O extends { readonly [P in K]: infer T extends Fields }
  ? Members<T>
  : unknown;

/** What the action of an operation is given: path values, query and body in one object. */
export type InputOf<O extends Operation> = Part<O, 'params'> & Part<O, 'query'> & Part<O, 'body'>;

/** What an operation answers; one that answers events gives many of these. */
export type ReplyOf<O extends Operation> = O extends { replyAs: 'text' }
  ? string
  : O extends { reply: infer R extends Fields }
    ? Members<R>
    : undefined;

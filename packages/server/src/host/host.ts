// What the outside gives the program: everything an action may use besides the rules and the SQL.
import type { Environment, ScheduledCancelTime } from '@till/protocol/codes';
import type { DeliveryResult, EnvironmentKey } from '@till/protocol/notifications';
import type { Logger } from 'pino';
import type { Charge, ChargeAnswer, Question } from '../domain/charge.ts';
import type { Database } from '../store/database.ts';
import type { Guesses } from './guesses.ts';
import type { Known } from './known.ts';
import type { Outbox } from './outbox.ts';
import type { Watch } from './watch.ts';

/** An app's RSA-2048 pair, both halves DER in base64; the private half is sealed where a master key is set. */
export interface KeyPair {
  /** X.509 SubjectPublicKeyInfo: what the developer is shown. */
  licenseKey: string;
  /** PKCS #8. */
  signingKey: string;
}

export interface Keys {
  /** Makes a pair off the main thread (11 to 180 ms). */
  create(): Promise<KeyPair>;
  /** The published pair that apps of test worlds share. */
  readonly shared: KeyPair;
  /** SHA512withRSA over the UTF-8 bytes of `text`, base64; off the main thread. */
  sign(signingKey: string, text: string): Promise<string>;
}

/** What the first of several calls with one key got; undefined where it was refused. */
export type FirstAnswer =
  | { requestHash: string; answer: { status: number; text: string | undefined } }
  | undefined;

export interface Secrets {
  /** SHA-256 as base64url: how secrets and tokens are stored, all of them of high entropy. */
  hash(text: string): string;
  hmac(key: string | Uint8Array, text: string | Uint8Array): Uint8Array;
  /** Compares in a time that tells nothing about where two texts differ. */
  equal(a: string, b: string): boolean;
  /** AES-256-GCM under a key of 32 bytes. */
  seal(text: string, key: Uint8Array): string;
  /** What was sealed; undefined where this key does not open it. */
  unseal(sealed: string, key: Uint8Array): string | undefined;
}

/** Who takes the money. A question is known by its key: asked again, it is answered as before and nothing is taken twice. */
export interface Gateway {
  /** Nothing that costs money can be sold without one. */
  readonly takesMoney: boolean;
  /** The sandbox's, which is asked within a transaction; one outside cannot be. */
  readonly answerAtOnce?: (charge: Charge) => ChargeAnswer;
  /** Never rejects: what goes wrong is `unanswered`, and is asked again later. */
  ask(question: Question): Promise<ChargeAnswer>;
}

/** One POST of a message; `webhook-id` and `webhook-timestamp` let a receiver drop repeats without reading it. */
export interface Post {
  url: string;
  id: string;
  body: string;
}

/** How it went. */
export interface Posted {
  result: DeliveryResult;
  /** Where there was an answer. */
  httpStatus?: number;
  durationMs: number;
}

export interface Poster {
  /** Never rejects: what goes wrong is a result. */
  post(post: Post): Promise<Posted>;
  /** Undefined where messages may be sent to this address as far as its text tells; otherwise the rule it breaks. */
  refusalOf(url: string): string | undefined;
  /** Closes what is open. */
  close(): void;
}

/** The choices of protocol section 13 that an app has not made for itself. */
export interface Choices {
  tokenReuse: boolean;
  strictContentType: boolean;
  unconfirmedGlobal: boolean;
  scheduledCancelTime: ScheduledCancelTime;
  snsEnvironmentKey: EnvironmentKey;
}

export interface Host {
  /** Of a call whose change is recorded: the host for what it stores beforehand, which is not. */
  readonly unrecorded?: Host;
  readonly environment: Environment;
  readonly choices: Choices;
  readonly database: Database;
  /** The machine's clock, epoch ms. */
  clock(): number;
  random(byteCount: number): Uint8Array;
  /** The same bytes for the same seed and label, so that a seeded world repeats its identifiers. */
  seeded(seed: string, label: string): (byteCount: number) => Uint8Array;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly gateway: Gateway;
  readonly poster: Poster;
  readonly outbox: Outbox;
  /** Authenticates continuation keys; all nodes of a database share it. */
  readonly listKey: string;
  readonly log: Logger;
  readonly known: Known;
  /** Slows down who guesses at client secrets. */
  readonly guesses: Guesses;
  /** What this node can tell of itself, and to whom it tells it. */
  readonly watch: Watch;
  /** What this node knows of the installation's state. */
  readonly node: {
    maintenance: boolean;
    stopping: boolean;
    /** The last write found the database unavailable: a full disk, a lost connection. */
    writesFail: boolean;
    /** Worlds whose clock is being advanced here: what falls due there is the advance's to do and to tell. */
    readonly advancing: Set<string>;
    /** Calls with an Idempotency-Key that are in flight here; a twin waits for the first. */
    readonly answering: Map<string, Promise<FirstAnswer>>;
  };
}

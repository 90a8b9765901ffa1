// One run against one server: from outside with somebody's credentials, and inside worlds of its own where the server is a Till.
import type { Generation, Market } from '@till/protocol/codes';
import { Caller, RunEnded } from './caller.ts';
import { checkDocumentedExamples } from './documented-examples.ts';
import { checkEveryOperation } from './every-operation.ts';
import { differencesOfRefusal } from './judging.ts';
import { type Account, type NamedPurchase, readingRowName, requestOf } from './outside/account.ts';
import { checkHeaders } from './outside/headers.ts';
import { checkList } from './outside/lists.ts';
import { checkPurchase } from './outside/purchases.ts';
import { checkTokenCall } from './outside/token-calls.ts';
import { checkWrites, leaveWritesOut } from './outside/writes.ts';
import { Redaction } from './redaction.ts';
import { countsOf, type Report } from './report.ts';
import { rowNamed, rows } from './rows.ts';
import { checkSandboxPeriods } from './sandbox-periods.ts';
import { Session } from './session.ts';
import { checkSubscriptionSnapshots } from './subscription-snapshots.ts';
import { openTillAccount } from './till-account.ts';
import { type ControlCall, controlOf } from './till-control.ts';

export interface ConformOptions {
  baseUrl: string;
  /** An app of the user's; where it is not given, one is made on the Till. */
  credentials?: { clientId: string; clientSecret: string; packageName: string };
  market?: Market;
  generations: readonly Generation[];
  purchases: readonly NamedPurchase[];
  /** A Till, whose worlds may be made and taken away. */
  till?: { controlUrl: string; controlKey: string };
  /** Calls that change purchases may be sent. */
  write: boolean;
  timeoutMs: number;
  pauseMs: number;
  mostRequests: number;
  /** Ends the run before its next request. */
  signal?: AbortSignal;
}

const noToken = 'there is no access token; are the client ID and its secret those of this server?';

/** Sends the documented requests and reports; throws only what is nobody's answer. */
export async function conform(options: ConformOptions): Promise<Report> {
  const { baseUrl, generations, market, write } = options;
  const redaction = new Redaction();
  for (const { purchaseToken, purchaseId = '' } of options.purchases) {
    redaction.addPartly(purchaseToken);
    redaction.addPartly(purchaseId);
  }
  redaction.addSecret(options.credentials?.clientSecret ?? '', 'client secret');
  redaction.addSecret(options.till?.controlKey ?? '', 'control key');
  const caller = new Caller(options, redaction);
  const session = new Session(caller, redaction, { generations, market, write });
  const startedAt = Date.now();
  const ended = (await endOf(run(session, options))) ?? endOfSilence(session);
  return {
    ...({ format: 1, baseUrl, generations, market: market ?? null, write } as const),
    startedAt: new Date(startedAt).toISOString(),
    tookMs: Date.now() - startedAt,
    requests: caller.sentCount,
    ended: ended === null ? null : redaction.text(ended),
    counts: countsOf(session.findings),
    findings: session.findings,
  };
}

async function endOf(running: Promise<void>): Promise<string | null> {
  try {
    await running;
    return null;
  } catch (error) {
    if (error instanceof RunEnded) return error.message;
    throw error;
  }
}

/** A run in which nothing was judged says nothing about the server. */
function endOfSilence({ findings }: Session): string | null {
  if (findings.some(({ verdict }) => verdict !== 'untried')) return null;
  return `nothing was answered, ${findings[0]?.found ?? 'nothing was asked'}`;
}

async function run(session: Session, options: ConformOptions): Promise<void> {
  const { till } = options;
  const control = till === undefined ? undefined : controlOfTill(session, options, till);
  if (options.credentials !== undefined) {
    const { market, purchases } = options;
    const now = () => Date.now() + session.caller.aheadMs;
    const account = { ...options.credentials, market, purchases: purchases.map((one) => ({ ...one })), now };
    await checkFromOutside(session, account);
  } else if (control !== undefined) await checkOwnAccount(session, control);
  if (control === undefined) return;
  await checkDocumentedExamples(session, control);
  if (session.options.generations.includes('v7')) await checkSubscriptionSnapshots(session, control);
  await checkEveryOperation(session, control);
  await checkSandboxPeriods(session, control);
}

/** A scene may take so many before the first counted request, and must be taken away again behind the last. */
const requestsOfScene = 100;

/** The control API has bounds of its own: it brings about what the counted requests ask for. */
function controlOfTill(
  session: Session,
  options: ConformOptions,
  { controlUrl, controlKey }: NonNullable<ConformOptions['till']>,
): ControlCall {
  const mostRequests = options.mostRequests * 10 + requestsOfScene;
  const { timeoutMs } = options;
  // and no signal: what was made is taken away again
  const bounds = { timeoutMs, pauseMs: 0, mostRequests };
  const caller = new Caller({ baseUrl: controlUrl, ...bounds }, session.redaction);
  return controlOf(caller, controlKey);
}

async function checkOwnAccount(session: Session, control: ControlCall): Promise<void> {
  for (const generation of session.options.generations) {
    // of its own for each, since what one generation has consumed another cannot consume
    const now = () => Date.now() + session.caller.aheadMs;
    const { account, close } = await openTillAccount(control, session.options.market, now);
    try {
      await checkGeneration(session, generation, account);
    } finally {
      await close();
    }
  }
}

async function checkFromOutside(session: Session, account: Account): Promise<void> {
  let token: string | undefined;
  for (const generation of session.options.generations) {
    if (token !== undefined) await checkForeignToken(session, generation, account, token);
    token = (await checkGeneration(session, generation, account)) ?? token;
  }
}

/** Whether a token of one generation works on another is stated nowhere. */
async function checkForeignToken(
  session: Session,
  generation: Generation,
  account: Account,
  token: string,
): Promise<void> {
  const named = rowNamed(generation, 'getPurchaseDetails');
  const about = session.about(named, 'foreign_token', 'a token of another generation', { '*': 0 });
  await session.check(about, requestOf(named, account, token), (answer) =>
    differencesOfRefusal(answer, 'NoSuchData'),
  );
}

/** Answers the access token of the generation, where there was one. */
async function checkGeneration(
  session: Session,
  generation: Generation,
  account: Account,
): Promise<string | undefined> {
  let token: string | undefined;
  for (const named of rows.filter(({ row }) => row.access === 'credentials')) {
    if (named.generation === generation) token = (await checkTokenCall(session, named, account)) ?? token;
  }
  if (token === undefined) {
    const named = rowNamed(generation, 'getAccessToken');
    session.untried(session.about(named, 'all', 'everything else'), noToken);
    return undefined;
  }
  await checkHeaders(session, rowNamed(generation, 'getPurchaseDetails'), account, token);
  for (const named of rows) {
    if (named.generation === generation && named.row.query !== undefined) {
      await checkList(session, named, account, token);
    }
  }
  await checkPurchases(session, generation, account, token);
  return token;
}

async function checkPurchases(
  session: Session,
  generation: Generation,
  account: Account,
  token: string,
): Promise<void> {
  const { purchases } = account;
  for (const kind of ['inapp', 'auto', 'subscription'] as const) {
    const name = readingRowName(generation, kind);
    if (name === undefined || purchases.some((one) => one.kind === kind)) continue;
    const about = session.about(rowNamed(generation, name), 'reply', `reads a purchase (${kind})`);
    session.untried(about, `there is no such purchase: --purchase ${kind}:productId:purchaseToken`);
  }
  for (const purchase of purchases) await checkPurchase(session, generation, account, token, purchase);
  if (!session.options.write) return leaveWritesOut(session, generation, 'it changes a purchase: --write');
  for (const purchase of purchases) await checkWrites(session, generation, account, token, purchase);
}

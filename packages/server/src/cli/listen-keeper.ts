// The keeper of `till listen`: a process of its own that borrows an app's addresses and gives them back, whatever becomes of who listens.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import {
  type Addresses,
  ControlRefusal,
  type ListenedApp,
  readApp,
  restoreAddresses,
  setAddresses,
} from './listen-control.ts';

/** What is borrowed: `ours` in the place of `former`; `seen` is what stood there when that was decided. */
export interface Loan {
  app: ListenedApp;
  ours: string;
  former: Addresses;
  seen: Addresses;
}

/** Where the server is away when the loan ends, the keeper asks it again for so long. */
const restoreWithinMs = 60_000;
const askAgainMs = 1_000;

export interface Keeper {
  /** Resolves with what went wrong, when the keeper ends unasked. */
  readonly lost: Promise<string>;
  /** Ends the loan: undefined when the addresses are back, otherwise why not, or not yet. */
  giveBack(withinMs: number): Promise<string | undefined>;
}

/**
 * Starts the keeper and has it set the addresses; throws where the server refuses them. Its standard input is a pipe
 * from this process: however this process ends, the pipe closes. It is detached, so that no signal that
 * a terminal sends to a whole group ends it as well.
 */
export async function startKeeper(loan: Loan): Promise<Keeper> {
  const program = `import { keep } from ${JSON.stringify(import.meta.url)}; await keep();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/', // no folder is held
  });
  child.stdin?.on('error', () => {}); // told by its end
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  let told = '';
  let heard: (line: string) => void = () => {};
  lines.on('line', (line) => {
    told = line;
    heard(line);
  });
  const ended = once(child, 'close');
  const borrowed = new Promise<string>((resolve) => {
    heard = resolve;
  });
  // by the pipe and not as an argument: the key must not stand in a list of processes
  child.stdin?.write(`${JSON.stringify(loan)}\n`);
  const first = await Promise.race([borrowed, ended.then(() => 'the keeper of the addresses did not start')]);
  if (first !== '') {
    letGo(child);
    throw new Error(first);
  }
  return {
    lost: ended.then(() => told || 'the keeper of the addresses was ended'),
    giveBack: (withinMs) => giveBack(child, ended, withinMs, () => told),
  };
}

async function giveBack(
  child: ChildProcess,
  ended: Promise<unknown>,
  withinMs: number,
  told: () => string,
): Promise<string | undefined> {
  child.stdin?.end();
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), withinMs).unref());
  if ((await Promise.race([ended, late])) === 'late') {
    letGo(child);
    return 'the server does not answer; the former addresses come back if it does so within a minute';
  }
  if (child.exitCode === 0) return undefined;
  return told() || 'the former addresses were not put back';
}

/** It may be at work for a minute yet; nobody waits for it. */
function letGo(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.unref();
}

/** What the keeper's process does: an empty line on standard output says that the addresses are set. */
export async function keep(): Promise<void> {
  process.stdout.on('error', () => {}); // nobody listens any more
  const lines = createInterface({ input: process.stdin });
  const closed = once(lines, 'close');
  const [line] = (await once(lines, 'line')) as [string];
  const { app, ours, former, seen } = JSON.parse(line) as Loan;
  try {
    await assertUnchanged(app, seen);
    await setAddresses(app, { payment: ours, subscription: ours });
    console.log('');
    await closed;
  } catch (error) {
    await fail(error);
  }
  await restore(app, ours, former).catch(fail);
}

/** Two that start at once would each take the other for nobody, and so would somebody's own address be lost. */
async function assertUnchanged(app: ListenedApp, seen: Addresses): Promise<void> {
  const { notificationUrls: present } = await readApp(app);
  if (present.payment === seen.payment && present.subscription === seen.subscription) return;
  throw new Error(`somebody has just changed the addresses of ${app.clientId}; start again`);
}

/** An answer that was lost may have set them all the same, so they are put back in any case. */
async function restore(app: ListenedApp, ours: string, former: Addresses): Promise<void> {
  const until = Date.now() + restoreWithinMs;
  for (;;) {
    try {
      return await restoreAddresses(app, ours, former);
    } catch (error) {
      if (error instanceof ControlRefusal || Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
}

async function fail(error: unknown): Promise<void> {
  console.log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

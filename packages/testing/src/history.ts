// A purchase's history as people read it, and an error that carries it.
import type { ControlReply } from '@till/client/control';
import type { Step } from './purchase.ts';

type Named = { readonly purchaseToken: string };

/** What it is, how it stands, and a line for each step: instant, what, money, a sentence. */
export function inLines(purchase: ControlReply<'readPurchase'>): string {
  const { purchaseToken, productId, buyerId, state, subscription, entitled, why, history } = purchase;
  const stands = subscription === undefined ? state : `${state}, subscription ${subscription.state}`;
  return [
    `Purchase ${purchaseToken} of ${productId} by ${buyerId}: ${stands}; ${entitled ? '' : 'not '}entitled: ${why}`,
    ...folded(history),
  ].join('\n');
}

/** A line for each step; of many in a row that say the same, the first, the last and how many lie between. */
function folded(history: readonly Step[]): string[] {
  const same = (one: Step, other: Step | undefined) => one.what === other?.what && one.text === other.text;
  const inside = (index: number) => {
    const step = history[index];
    return step !== undefined && same(step, history[index - 1]) && same(step, history[index + 1]);
  };
  return history.flatMap((step, index) => {
    if (!inside(index)) return [line(step)];
    if (inside(index - 1)) return [];
    let count = 1;
    while (inside(index + count)) count += 1;
    return [`  (${count} more of the same)`];
  });
}

function line({ at, what, amount, currency, text }: Step): string {
  const money = Number(amount) === 0 ? '' : `${amount} ${currency}`;
  return `  ${new Date(at).toISOString()}  ${what.padEnd(16)} ${money.padStart(14)}  ${text}`;
}

/**
 * Runs `body`; what it throws gets the purchases' histories at the end of its message and is thrown on, the same object, so that
 * a test runner shows its comparison as ever. A history that cannot be read leaves the error as it was.
 */
export async function expecting<T>(
  purchases: readonly Named[],
  body: () => T | Promise<T>,
  explain: (purchase: Named) => Promise<string>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const told = await Promise.all(purchases.map((purchase) => explain(purchase).catch(() => '')));
    addToMessage(error, told.filter((text) => text !== '').join('\n\n'));
    throw error;
  }
}

/** Runners print the message, the stack, or both: the stack holds the message as it was when the error was made. */
function addToMessage(error: Error, text: string): void {
  if (text === '') return;
  const { message, stack } = error;
  error.message = `${message}\n\n${text}\n`;
  if (stack?.includes(message)) error.stack = stack.replace(message, () => error.message);
}

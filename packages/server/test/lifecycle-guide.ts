// docs/lifecycle.md as data: its table of steps, and what it says is told of each.
import { readFileSync } from 'node:fs';

export const lifecycleGuide = readFileSync(new URL('../../../docs/lifecycle.md', import.meta.url), 'utf8');

/** A row of the table; `from` may name several states, and `to` be `the same`. */
export interface GuideRow {
  from: string;
  what: string;
  to: string;
  /** As it is written: a `notificationType`, or a dash. */
  type: string;
}

export const guideRows: readonly GuideRow[] = [
  ...lifecycleGuide.matchAll(
    /^\| (–|`\w+`(?:, `\w+`)*) \| `(\w+)` \| (`\w+`|the same) \| [^|]+ \| (–|\d+) \|$/gm,
  ),
].map(([, from = '', what = '', to = '', type = '']) => ({ from, what, to, type }));

/** The words of the steps that are told as payments, and how each is told. */
export const guidePayments: Record<string, string> = readPayments();

function readPayments(): Record<string, string> {
  const sentence =
    /of every product type: ([^.]*?) are a payment `COMPLETED`.*?; each payment of (`\w+`) is `CANCELED`/s;
  const [, completed = '', canceled = ''] = sentence.exec(lifecycleGuide) ?? [];
  const words = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
  return Object.fromEntries([
    ...words(completed).map((word) => [word, 'COMPLETED']),
    ...words(canceled).map((word) => [word, 'CANCELED']),
  ]);
}

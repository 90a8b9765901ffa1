// Figures in rows, and the medians they are made of.

export type Row = Record<string, string | number>;

export interface Target {
  what: string;
  wanted: string;
  got: string;
  met: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The median of the ratios round by round: what moved the machine in a round moved both. */
export function ratio(values: readonly number[], floors: readonly number[]): number {
  return median(values.map((value, round) => value / (floors[round] ?? Number.NaN)));
}

export function target(what: string, wanted: string, value: number, met: boolean, unit = ''): Target {
  return { what, wanted, got: `${value.toFixed(2)}${unit}`, met };
}

/** Prints rows as a Markdown table. */
export function printTable(title: string, rows: readonly Row[]): void {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: string | number | undefined) =>
    typeof value === 'number' ? value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0) : (value ?? '');
  console.log(`## ${title}\n`);
  console.log(`| ${names.join(' | ')} |`);
  console.log(`|${names.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${names.map((name) => cell(row[name])).join(' | ')} |`);
  console.log('');
}

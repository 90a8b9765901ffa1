// What a run found out, as an object for machines and as text for readers.
import type { Generation, Market } from '@till/protocol/codes';
import type { Finding, Verdict } from './finding.ts';

export interface Report {
  /** Of this object; a new one where members change their meaning. */
  format: 1;
  baseUrl: string;
  generations: readonly Generation[];
  market: Market | null;
  write: boolean;
  startedAt: string;
  tookMs: number;
  requests: number;
  /** Why the run ended before its end; null where it did not. */
  ended: string | null;
  counts: Record<Verdict, number>;
  findings: Finding[];
}

export function countsOf(findings: readonly Finding[]): Report['counts'] {
  const counts = { agrees: 0, differs: 0, open: 0, untried: 0 };
  for (const { verdict } of findings) counts[verdict] += 1;
  return counts;
}

const headings: Record<Verdict, string> = {
  differs: 'Differs from the documents',
  open: 'Left open by the documents, and what this server does; notes are those of docs/spec-notes.md',
  untried: 'Not looked at',
  agrees: 'Agrees with the documents',
};

export function reportText(report: Report): string {
  const { counts, generations, market } = report;
  const asked = `${generations.join(', ')}, ${market ?? 'no market header'}, ${report.write ? 'with writes' : 'read-only'}`;
  const found = `${counts.agrees} agree, ${counts.differs} differ, ${counts.open} left open, ${counts.untried} not looked at`;
  return [
    `Conformance of ${report.baseUrl} (${asked})`,
    `${report.startedAt}, ${report.requests} requests in ${(report.tookMs / 1000).toFixed(1)} s: ${found}`,
    ...(report.ended === null ? [] : [`The run ended early: ${report.ended}`]),
    ...(['differs', 'open', 'untried', 'agrees'] as const).flatMap((verdict) => section(report, verdict)),
    '',
  ].join('\n');
}

function section({ findings }: Report, verdict: Verdict): string[] {
  const of = findings.filter((finding) => finding.verdict === verdict);
  if (of.length === 0) return [];
  const sorted = verdict === 'open' ? [...of].sort(byNote) : of;
  const lines = verdict === 'differs' ? sorted.map(differenceText) : grouped(sorted, words[verdict]);
  return ['', `${headings[verdict]} (${of.length})`, ...lines];
}

/** What was found alike in many places is told once, with the places behind it. */
function grouped(findings: readonly Finding[], wordsOf: (finding: Finding) => string): string[] {
  const groups = Map.groupBy(findings, wordsOf);
  return [...groups].map(([line, of]) => `  ${line}: ${placesText(of)}`);
}

/** `v7 getPurchaseDetails, consumePurchase; v6 consumePurchase` */
function placesText(findings: readonly Finding[]): string {
  const places = Map.groupBy(findings, ({ generation }) => generation);
  const names = (of: readonly Finding[]) => [...new Set(of.map(({ operation }) => operation))].join(', ');
  return [...places].map(([generation, of]) => `${generation} ${names(of)}`).join('; ');
}

function byNote(a: Finding, b: Finding): number {
  return (a.note ?? Number.MAX_SAFE_INTEGER) - (b.note ?? Number.MAX_SAFE_INTEGER);
}

function differenceText({
  generation,
  operation,
  section,
  about,
  differences,
  request,
  found,
  id,
}: Finding): string {
  return [
    `  ${generation} ${operation}: ${about} (section ${section})`,
    ...differences.map((difference) => `      ${difference}`),
    `      ${request ?? id} -> ${found}`,
  ].join('\n');
}

const words = {
  open: (finding: Finding): string => {
    const { note, section, about, found, asTill, differences } = finding;
    const compared = asTill === true ? ' (as Till does)' : ` (not as Till does: ${differences[0]})`;
    const till = asTill === undefined ? '' : compared;
    const where = note === undefined ? `section ${section}` : `note ${note}`;
    return `${where}, ${about}${placeOf(finding)} -> ${found}${till}`;
  },
  untried: ({ about, found }: Finding): string => `${about}: ${found}`,
  agrees: ({ about }: Finding): string => about,
} as const;

/** Behind the # of an ID stands which part of the answer is open. */
function placeOf({ id }: Finding): string {
  const [, place] = id.split('#');
  return place === undefined ? '' : `, ${place}`;
}

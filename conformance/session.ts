// One run: sends what a check asks for, judges the answer, and keeps what was found out.
import type { Generation, Market } from '@till/protocol/codes';
import { type Answer, type Caller, NoAnswer, type Request } from './caller.ts';
import type { Difference } from './comparing.ts';
import { describe, describePlace, type Finding, memberOf, shortened } from './finding.ts';
import { errorOf, generalDifferences } from './judging.ts';
import type { Redaction } from './redaction.ts';
import type { NamedRow } from './rows.ts';

/**
 * What the documents leave open in an answer, by number of docs/spec-notes.md (0 where it has no entry of its own): `*` is
 * the whole answer, `body` all its members; else `status`, `header …`, `member …`.
 */
export type OpenPlaces = Readonly<Record<string, number>>;

/** What a check looks at. */
export interface About {
  id: string;
  generation: Generation;
  operation: string;
  section: string;
  about: string;
  open?: OpenPlaces;
}

/** The answers of V5 are documented nowhere; only its requests are (section 8). */
const v5Answers = 30;
/** The range and the number of rows are asked for by the request, so they bind V5 too. */
const rowsPlace = 'rows';

export interface SessionOptions {
  generations: readonly Generation[];
  market: Market | undefined;
  /** Calls that change purchases may be sent. */
  write: boolean;
}

export class Session {
  readonly findings: Finding[] = [];
  readonly caller: Caller;
  readonly redaction: Redaction;
  readonly options: SessionOptions;
  readonly #toldOnce = new Set<string>();

  constructor(caller: Caller, redaction: Redaction, options: SessionOptions) {
    this.caller = caller;
    this.redaction = redaction;
    this.options = options;
  }

  /** What a check about this row says it looks at; `what` is the last part of its ID. */
  about({ generation, name, row }: NamedRow, what: string, about: string, open?: OpenPlaces): About {
    const id = `${generation}.${name}.${what}`;
    const named = { id, generation, operation: name, section: row.section, about };
    const left = generation === 'v5' ? { '*': v5Answers, ...open } : open;
    return left === undefined ? named : { ...named, open: left };
  }

  /** Sends one request and judges its answer; undefined where there was none. */
  async check(
    about: About,
    request: Request,
    judge: (answer: Answer) => Difference[],
  ): Promise<Answer | undefined> {
    const answer = await this.ask(about, request);
    if (answer !== undefined) this.conclude(about, answer, judge(answer));
    return answer;
  }

  /** Sends one request of a check; where there is no answer, the check is untried. */
  async ask(about: About, request: Request): Promise<Answer | undefined> {
    try {
      return await this.caller.call(request);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.untried(about, error.message);
      return undefined;
    }
  }

  untried({ open: _, ...about }: About, why: string): void {
    this.#add({ ...about, verdict: 'untried', differences: [], found: why });
  }

  /** Sorts what differs into what the documents say and what they leave open. */
  conclude(about: About, answer: Answer, judged: readonly Difference[]): void {
    const { open = {}, ...named } = about;
    const request = answer.request;
    const all = [...judged, ...this.#general(about, answer, judged)];
    const documented = all.filter((one) => !isOpenAt(about, one, answer, judged));
    const found = describe(answer);
    if (documented.length > 0) {
      const differences = documented.map(({ at, says }) => `${at}: ${says}`);
      this.#add({ ...named, verdict: 'differs', differences, found, request });
    } else if (open['*'] === undefined) {
      this.#add({ ...named, verdict: 'agrees', differences: [], found, request });
    }
    for (const [place, note] of Object.entries(open)) {
      const differences = all.filter(
        (one) => !documented.includes(one) && (place === '*' || within(one.at, place)),
      );
      this.leftOpen({ ...named, id: place === '*' ? about.id : `${about.id}#${place}` }, note, {
        found: describePlace(answer, place),
        differences: differences.map(({ at, says }) => `${at}: ${says}`),
        request,
      });
    }
    this.#everywhereOpen(about, answer);
  }

  /** What several answers show together; `faults` says how often it was otherwise. */
  tell({ open = {}, ...about }: About, faults: number, found: string): void {
    const differences = faults === 0 ? [] : [`it is otherwise ${faults} times`];
    const note = open['*'];
    if (note !== undefined) this.leftOpen(about, note, { found, differences });
    else this.#add({ ...about, verdict: faults === 0 ? 'agrees' : 'differs', differences, found });
  }

  /** Where the documents are silent: what the server does, and how that is not what Till does. */
  leftOpen(
    { open: _, ...about }: About,
    note: number,
    given: { found: string; differences: string[]; request?: string },
  ): void {
    const asTill = given.differences.length === 0;
    this.#add({ ...about, verdict: 'open', asTill, ...(note > 0 ? { note } : {}), ...given });
  }

  /** What came from the server is redacted; titles are our own. */
  #add(finding: Finding): void {
    const { differences, found, request } = finding;
    const redacted = (text: string) => shortened(this.redaction.text(text));
    const told = { differences: differences.map(redacted), found: redacted(found) };
    const asked = request === undefined ? {} : { request: redacted(request) };
    this.findings.push({ ...finding, ...told, ...asked });
  }

  /** How an answer is wrapped: the documents show a trace of it and promise nothing. */
  tellForm({ open: _, ...about }: About, { status, phrase, headers }: Answer): void {
    if (this.#toldOnce.has('form')) return;
    this.#toldOnce.add('form');
    const line = { ...about, id: 'any.status_line', about: 'everywhere: the status line' };
    const isUsual = phrase === 'OK';
    const differences = isUsual ? [] : [`the phrase is ${phrase}`];
    this.leftOpen(line, 49, { found: `${status} ${phrase}`, differences });
    const found = [...headers.keys()].join(', ');
    // no server has to have those of another
    const names = { ...about, id: 'any.headers', about: 'everywhere: names of the headers' };
    this.#add({ ...names, verdict: 'open', differences: [], found });
  }

  /** What holds of every answer, where the check itself does not say it already. */
  #general(about: About, answer: Answer, judged: readonly Difference[]): Difference[] {
    // a front server may answer in HTML what nobody documented
    if (about.open?.['*'] !== undefined && answer.body === undefined) return [];
    const said = new Set(judged.map(({ at }) => at));
    return generalDifferences(answer).filter(({ at }) => !said.has(at));
  }

  /** Two places are open in every answer alike; each thing that a server does there is told once. */
  #everywhereOpen({ open: _, ...about }: About, answer: Answer): void {
    const tell = (note: number, what: string, found: string, asTill: boolean) => {
      const key = `${note} ${found}`;
      if (this.#toldOnce.has(key) || about.generation === 'v5') return;
      this.#toldOnce.add(key);
      const differences = asTill ? [] : [`it is ${found}`];
      this.leftOpen({ ...about, id: `any.${what}`, about: `everywhere: ${what}` }, note, {
        found,
        differences,
      });
    };
    if (errorOf(answer).code === 'NoSuchData') {
      tell(3, 'status of NoSuchData', String(answer.status), answer.status === 404);
    }
    const message = memberOf(answer.body, 'result.message');
    if (typeof message === 'string') {
      tell(7, 'text of success', message, message === 'Request has been completed successfully.');
    }
  }
}

function within(at: string, place: string): boolean {
  return at === place || (place === 'body' && at.startsWith('member '));
}

/** Whether the documents leave this place of this answer open. */
function isOpenAt(
  { generation, open = {} }: About,
  difference: Difference,
  answer: Answer,
  judged: readonly Difference[],
): boolean {
  const { at } = difference;
  if (Object.keys(open).some((place) => within(at, place))) return true;
  if (at === 'member result.message' && answer.status === 200) return true;
  if (at === 'status' && answer.status === 400 && errorOf(answer).code === 'NoSuchData') return true;
  // the form of an answer is documented even where its choice is not, except in V5
  const isForm = !judged.includes(difference) && generation !== 'v5';
  return at !== rowsPlace && !isForm && open['*'] !== undefined;
}

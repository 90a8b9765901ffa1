// One list of one generation: its rows, the time that its range is of, and the two ways to ask it.
import type { Fields } from '@till/protocol/shape';
import type { Answer, Request } from '../caller.ts';
import type { Difference } from '../comparing.ts';
import { memberOf } from '../finding.ts';
import { differencesOfFields, differencesOfRefusal, statusDifference } from '../judging.ts';
import type { NamedRow } from '../rows.ts';
import type { OpenPlaces, Session } from '../session.ts';
import { type Account, requestOf } from './account.ts';

export type Row = Record<string, unknown>;
/** Members of a query, or the query itself with its question mark. */
export type Query = Record<string, string | number> | string;

export interface ListProbe {
  what: string;
  about: string;
  query: Query;
  open?: OpenPlaces;
  headers?: Record<string, string>;
}

export class ListCall {
  readonly named: NamedRow;
  readonly session: Session;
  readonly account: Account;
  readonly #token: string;

  constructor(session: Session, named: NamedRow, account: Account, token: string) {
    this.session = session;
    this.named = named;
    this.account = account;
    this.#token = token;
  }

  /** Of which time a range is (sections 4.4, 4.5; V5's docs/spec-notes.md 13). */
  get time(): 'voidedTime' | 'purchaseTime' {
    const { name, generation } = this.named;
    return name === 'getVoidedPurchases' && generation !== 'v5' ? 'voidedTime' : 'purchaseTime';
  }

  /** Most rows of a page. */
  get most(): number {
    const field = this.named.row.query?.maxResults;
    return (field?.is === 'digits' ? field.max : undefined) ?? 999;
  }

  rows(answer: Answer | undefined): Row[] {
    const [list = ''] = Object.keys(this.named.row.reply ?? {}).filter((name) => name !== 'continuationKey');
    const found = memberOf(answer?.body, list);
    if (!Array.isArray(found)) return [];
    return found.filter((row) => typeof row === 'object' && row !== null);
  }

  /** Must be answered with the documented list; `judge` says what else its rows must be. */
  answers(
    { what, about, query, open, headers }: ListProbe,
    judge: (rows: Row[], answer: Answer) => string[] = () => [],
  ): Promise<Answer | undefined> {
    const whole = (answer: Answer): Difference[] => {
      const status = statusDifference(answer, 200);
      if (status.length > 0) return status;
      const ofRows = judge(this.rows(answer), answer).map((says) => ({ at: 'rows', says }));
      return [...differencesOfFields(answer.body, this.named.row.reply as Fields), ...ofRows];
    };
    const named = this.session.about(this.named, what, about, open);
    return this.session.check(named, this.#request(query, headers), whole);
  }

  /** Must be refused with these names; the documents have the limits, but not the code. */
  async refuses(probe: ListProbe, fields: readonly string[]): Promise<void> {
    const { what, about, query, open = { '*': 35 }, headers } = probe;
    await this.session.check(
      this.session.about(this.named, what, about, open),
      this.#request(query, headers),
      (answer) => differencesOfRefusal(answer, 'InvalidRequest', fields),
    );
  }

  #request(query: Query, headers: Record<string, string> = {}): Request {
    return requestOf(this.named, this.account, this.#token, {}, { query, headers });
  }
}

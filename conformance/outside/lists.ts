// The lists: ranges of time, numbers of rows, keys of the next page, and parameters that do not fit.
import { marketHeader } from '@till/protocol/fields';
import { memberOf } from '../finding.ts';
import type { NamedRow } from '../rows.ts';
import type { Session } from '../session.ts';
import { type Account, otherMarket } from './account.ts';
import { ListCall, type Row } from './list-call.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const mostPages = 5;

export async function checkList(
  session: Session,
  named: NamedRow,
  account: Account,
  token: string,
): Promise<void> {
  const list = new ListCall(session, named, account, token);
  await checkRanges(list);
  await checkPages(list);
  await checkRefused(list);
  await checkMarkets(list);
}

async function checkRanges(list: ListCall): Promise<void> {
  const now = list.account.now();
  const [startTime, endTime] = [now - 7 * dayMs, now - minuteMs];
  await list.answers({ what: 'reply', about: 'lists without parameters', query: {} }, (rows) => [
    ...(rows.length > 100 ? [`there are ${rows.length} rows, documented are 100`] : []),
  ]);
  // of voided purchases the size of the number is documented, and no limit
  const isOpen = list.named.name === 'getVoidedPurchases' ? { open: { '*': 35 } } : {};
  const most = { what: 'most', about: 'lists as many rows as may be asked for', ...isOpen };
  await list.answers({ ...most, query: { maxResults: list.most } });
  const range = { what: 'range', about: 'lists a range of a week', query: { startTime, endTime } };
  await list.answers(range, (rows) => outside(rows, list.time, startTime, endTime));
  const fromStart = { what: 'start_alone', about: 'lists from a start alone', query: { startTime } };
  await list.answers(fromStart, (rows) => outside(rows, list.time, startTime, Number.POSITIVE_INFINITY));
  const toEnd = { what: 'end_alone', about: 'lists up to an end alone', query: { endTime } };
  await list.answers(toEnd, (rows) => outside(rows, list.time, 0, endTime));
  // the documents say a month, and 30 days in V5
  const days = list.named.generation === 'v5' ? 30 : 31;
  const query = { startTime: now - days * dayMs + minuteMs };
  const about = `lists from ${days} days back`;
  await list.answers({ what: 'reach', about, query, open: { '*': 14 } });
  await list.answers({
    what: 'unknown_parameter',
    about: 'a parameter that nobody knows',
    query: { x: 1 },
    open: { '*': 35 },
  });
}

function outside(rows: readonly Row[], time: string, start: number, end: number): string[] {
  const found = rows.filter((row) => Number(row[time]) < start || Number(row[time]) > end);
  return found.length === 0 ? [] : [`${found.length} of ${rows.length} have a ${time} outside of the range`];
}

/** Page by page with one row each, as far as a few pages go. */
async function checkPages(list: ListCall): Promise<void> {
  const seen: Row[] = [];
  const query = { maxResults: 1 };
  const first = { what: 'page', about: 'gives no more rows than asked for', query };
  let answer = await list.answers(first, (rows) => tooMany(rows));
  seen.push(...list.rows(answer));
  const firstKey = memberOf(answer?.body, 'continuationKey');
  const next = { what: 'next_page', about: 'goes on with the key alone' };
  if (typeof firstKey !== 'string') {
    const named = list.session.about(list.named, next.what, next.about, { '*': 33 });
    if (answer !== undefined) list.session.untried(named, 'fewer than two rows to list');
    return;
  }
  let key: unknown = firstKey;
  for (let page = 1; page < mostPages && typeof key === 'string'; page++) {
    const going = { ...query, continuationKey: key };
    answer = await list.answers({ ...next, query: going, open: { '*': 33 } }, (rows) => tooMany(rows));
    seen.push(...list.rows(answer));
    key = memberOf(answer?.body, 'continuationKey');
  }
  tellOrder(list, seen);
  const now = list.account.now();
  const times = { startTime: now - 3 * dayMs, endTime: now - minuteMs };
  const foreign = { what: 'key.other_range', about: 'a key with another range', open: { '*': 33 } };
  await list.refuses({ ...foreign, query: { ...times, continuationKey: firstKey } }, ['continuationKey']);
}

function tooMany(rows: readonly Row[]): string[] {
  return rows.length > 1 ? [`there are ${rows.length} rows, asked for was 1`] : [];
}

/** Whether rows repeat is documented by what a page is; in which order they come is not. */
function tellOrder(list: ListCall, rows: readonly Row[]): void {
  const { session, named, time } = list;
  // a row without an ID is told as such, and repeats none
  const given = rows.map(({ purchaseId }) => purchaseId).filter((id) => id !== undefined);
  const ids = new Set(given);
  const repeats = session.about(named, 'pages.repeat', 'no row stands on two pages');
  session.tell(repeats, given.length - ids.size, `${rows.length} rows on pages of one`);
  const sorted = rows.every(
    (row, index) => index === 0 || Number(rows[index - 1]?.[time]) <= Number(row[time]),
  );
  const order = session.about(named, 'order', 'order of the rows');
  const found = sorted ? `ascending by ${time}` : `not ascending by ${time}`;
  session.leftOpen(order, 0, { found, differences: sorted ? [] : [found] });
}

async function checkRefused(list: ListCall): Promise<void> {
  const now = list.account.now();
  const { most } = list;
  const [old, soon] = [now - 40 * dayMs, now + 60 * minuteMs];
  const week = now - 7 * dayMs;
  const refused: [what: string, about: string, query: ListProbeQuery, fields: string[]][] = [
    ['start_too_old', 'a start of 40 days ago', { startTime: old }, ['startTime']],
    ['start_in_future', 'a start in an hour', { startTime: soon }, ['startTime']],
    ['end_in_future', 'an end in an hour', { endTime: soon }, ['endTime']],
    [
      ...(['start_after_end', 'a start after its end'] as const),
      { startTime: week + dayMs, endTime: week },
      ['startTime', 'endTime'],
    ],
    ['start_no_number', 'a start that is no number', { startTime: 'yesterday' }, ['startTime']],
    ['start_empty', 'an empty start', { startTime: '' }, ['startTime']],
    [
      ...(['start_twice', 'a start that is given twice'] as const),
      `?startTime=${week}&startTime=${week}`,
      ['startTime'],
    ],
    ['max_results_none', 'no rows at all', { maxResults: 0 }, ['maxResults']],
    ['max_results_too_many', `${most + 1} rows`, { maxResults: most + 1 }, ['maxResults']],
  ];
  for (const [what, about, query, fields] of refused) await list.refuses({ what, about, query }, fields);
  const key = 'x'.repeat(41);
  const unknown = {
    what: 'key.unknown',
    about: 'a key that nobody was given',
    query: { continuationKey: key },
  };
  await list.refuses({ ...unknown, open: { '*': 33 } }, ['continuationKey']);
}

type ListProbeQuery = Parameters<ListCall['refuses']>[0]['query'];

/** What is listed for the other market is not stated; for unconfirmed purchases it was announced. */
async function checkMarkets(list: ListCall): Promise<void> {
  const market = otherMarket(list.account.market);
  const headers = { [marketHeader]: market };
  const note = list.named.name === 'getUnconfirmedPurchases' ? 36 : 56;
  const probe = {
    what: 'other_market',
    about: `lists of ${market}`,
    query: {},
    headers,
    open: { '*': note },
  };
  await list.answers(probe, (rows) => (rows.length === 0 ? [] : [`there are ${rows.length} rows`]));
}

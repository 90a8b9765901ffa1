// A small judge of subscriptions, written from the protocol and without a line of the rules: who may use what, and when.
import type { Lived } from './subscription-lives.ts';

const minute = 60_000;
const day = 1440 * minute;
const sandboxMinutes = { P1W: 5, P1M: 5, P3M: 10, P6M: 15, P1Y: 30 };
const months = { P1W: 0, P1M: 1, P3M: 3, P6M: 6, P1Y: 12 };

/** What must be true of a life: at any instant between what happens. */
export interface Verdict {
  /** From the first of these instants until just before the second it may be used. */
  mayUse: [from: number, until: number][];
  /** The instants of the renewals and recoveries that were paid. */
  paidAt: number[];
  /** Which commands were refused, in their order. */
  refused: boolean[];
}

/** Days as the market counts them. */
function calendarOf({ market, calendar, terms }: Lived) {
  const offset = market === 'MKT_ONE' ? 540 * minute : 0;
  const midnight = (at: number) => Math.floor((at + offset) / day) * day - offset;
  const tenOf = (at: number) => midnight(at) + 600 * minute;
  const real = calendar === 'commercial';
  const later = (at: number, count: number) => {
    const date = new Date(at + offset);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + count];
    const longest = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    return Date.UTC(year, month, Math.min(date.getUTCDate(), longest), 10) - offset;
  };
  return {
    period: (at: number) => {
      if (!real) return at + sandboxMinutes[terms.period] * minute;
      return terms.period === 'P1W' ? tenOf(at + 7 * day) : later(at, months[terms.period]);
    },
    trial: (at: number) => (real ? tenOf(at + terms.trialDays * day) : at + 3 * minute),
    /** The last instant of the period that ends with this payment. */
    last: (payday: number) => (real ? midnight(payday) + day - 1000 : payday),
    grace: (last: number) => last + (real ? terms.graceDays * day : 5 * minute),
    hold: (last: number) => last + (real ? terms.holdDays * day : 10 * minute),
    retry: (at: number) => {
      if (!real) return at + minute;
      return tenOf(at) > at ? tenOf(at) : tenOf(at + day);
    },
    defer: (payday: number, count: number) => payday + count * (real ? day : minute),
  };
}

/** Lives the life through to its end, instant by instant at which something may happen. */
export function judge(life: Lived): Verdict {
  const { terms, type, startAt, until } = life;
  const days = calendarOf(life);
  const graced = type === 'subscription' && terms.graceDays > 0;
  const held = type === 'subscription' && terms.holdDays > 0;
  let payday = terms.trialDays > 0 ? days.trial(startAt) : days.period(startAt);
  let last = days.last(payday);
  let phase: 'paid' | 'grace' | 'hold' | 'over' = 'paid';
  let phaseLast = last;
  let renewing = true;
  let failed = false;
  let voided = false;
  let outcome = 'approve';
  let pending = false;
  let askAt = payday;
  let confirmBy = life.mustAcknowledge ? startAt + 3 * day : Infinity;
  const mayUse: Verdict['mayUse'] = [[startAt, Infinity]];
  const paidAt: number[] = [];
  const refused: boolean[] = [];

  const open = (at: number) => {
    const latest = mayUse.at(-1);
    if (latest?.[1] === at) latest[1] = Infinity;
    else if (latest?.[1] !== Infinity) mayUse.push([at, Infinity]);
  };
  const close = (at: number) => {
    const latest = mayUse.at(-1);
    if (latest?.[1] === Infinity) latest[1] = at;
  };
  const end = (at: number) => {
    close(at);
    phase = 'over';
    renewing = false;
    phaseLast = Infinity;
    if (!pending) askAt = Infinity;
  };
  const holdOrEnd = (at: number) => {
    if (!held) return end(at);
    close(at);
    phase = 'hold';
    failed = true;
    phaseLast = days.hold(last);
    if (!pending) askAt = days.retry(at);
  };
  const grace = (at: number) => {
    phase = 'grace';
    failed = true;
    phaseLast = days.grace(last);
    if (!pending) askAt = days.retry(at);
  };
  const paid = (at: number) => {
    pending = false;
    if (phase === 'over') {
      askAt = Infinity;
      return;
    }
    paidAt.push(at);
    // recovered, or paid so late in a long grace that the period paid for is over: the payments count from today
    payday = phase === 'hold' || days.period(payday) < at ? days.period(at) : days.period(payday);
    last = phaseLast = days.last(payday);
    phase = 'paid';
    failed = false;
    askAt = renewing ? payday : Infinity;
    open(at);
  };
  const declined = (at: number) => {
    if (phase === 'grace' || phase === 'hold') {
      askAt = days.retry(at);
      return;
    }
    askAt = Infinity;
    failed = true;
    if (type === 'auto') renewing = false;
    else if (graced) grace(at);
  };
  const ask = (at: number) => {
    if (pending || outcome === 'approve') return paid(at);
    if (outcome === 'decline') return declined(at);
    pending = true;
    askAt = at + minute;
  };
  const phaseEnds = (at: number) => {
    if (phase === 'hold') return end(at);
    if (phase === 'grace') {
      last = phaseLast;
      return holdOrEnd(at);
    }
    if (!renewing || type === 'auto') return end(at);
    if (graced && !failed) return grace(at);
    holdOrEnd(at);
  };
  const command = ({ what, at, count, answers }: Lived['commands'][number]): boolean => {
    const over = phase === 'over';
    switch (what) {
      case 'acknowledge':
        if (!voided) confirmBy = Infinity;
        return voided;
      case 'cancel':
        if (over || !renewing) return over;
        if (phase !== 'paid') end(at);
        renewing = false;
        if (!pending) askAt = Infinity;
        return false;
      case 'reactivate':
        if (over || renewing) return over;
        renewing = true;
        if (!pending) askAt = failed && type === 'subscription' ? Infinity : Math.max(payday, at);
        if (type === 'auto') failed = false;
        return false;
      case 'defer':
        if (phase !== 'paid' || !renewing || failed || pending) return true;
        payday = askAt = days.defer(payday, count);
        last = phaseLast = days.last(payday);
        return false;
      case 'void':
        if (voided) return true;
        end(at);
        voided = true;
        if (paidAt.length === 0) confirmBy = Infinity;
        return false;
      case 'pay':
        if (over) return true;
        outcome = answers;
        if (failed && renewing && !pending) askAt = at;
        return false;
    }
  };
  const timeGoesTo = (now: number) => {
    for (;;) {
      const ends = phaseLast + 1;
      const at = Math.min(confirmBy, askAt, ends);
      if (at > now) return;
      if (confirmBy === at) {
        end(at);
        voided = true;
        confirmBy = Infinity;
      } else if (askAt === at) ask(at);
      else phaseEnds(at);
    }
  };
  for (const one of life.commands) {
    timeGoesTo(one.at);
    refused.push(command(one));
    timeGoesTo(one.at);
  }
  timeGoesTo(until);
  return { mayUse, paidAt, refused };
}

/** May it be used at this instant? */
export function mayUseAt({ mayUse }: Verdict, at: number): boolean {
  return mayUse.some(([from, until]) => from <= at && at < until);
}

// A small judge of subscriptions, written from the protocol and without a line of the rules: who may use what, and when,
// and what is paid for it.
import {
  type Command,
  dayMs as day,
  type Lived,
  minuteMs as minute,
  type Offer,
} from './subscription-lives.ts';
import { type Days, daysOf } from './subscription-oracle-days.ts';

const won = 1_000_000;

/** What must be true of one token: at any instant between what happens. */
export interface Judged {
  /** From the first of these instants until just before the second it may be used. */
  mayUse: [from: number, until: number][];
  /** What was paid, and when: the first payment, renewals, recoveries and so on. */
  paid: [at: number, micros: number][];
  product: number;
}

export interface Verdict {
  /** Every token of a life, in the order in which they began. */
  tokens: Judged[];
  /** Which commands were refused, in their order. */
  refused: boolean[];
}

interface NewPrice {
  micros: number;
  toldAt: number;
  told: boolean;
  rise: boolean;
  agreed: boolean;
  dueAt: number;
}

/** A product as it is sold just now. */
interface OnSale extends Offer {
  /** How often its price has changed. */
  changes: number;
  /** The buyer has had its trial or its promotion. */
  tasted: boolean;
}

interface Token extends Judged, Offer {
  days: Days;
  type: Lived['type'];
  payday: number;
  last: number;
  phase: 'paid' | 'grace' | 'hold' | 'paused' | 'over';
  phaseLast: number;
  renewing: boolean;
  /** It ends because its new price was not agreed to, for good. */
  priceEnded: boolean;
  failed: boolean;
  voided: boolean;
  outcome: Command['answers'];
  /** What was asked for without an answer yet, and when. */
  pending: { micros: number; askedAt: number } | undefined;
  askAt: number;
  confirmBy: number;
  news: NewPrice[];
  promotionLeft: number;
  onPromotion: boolean;
  pause: number;
  next: { product: number; micros: number; changes: number; terms: Offer['terms'] } | undefined;
  credit: number;
  periodFrom: number;
  worth: number;
}

/** Lives the life through to its end, instant by instant at which something may happen. */
export function judge(life: Lived): Verdict {
  const { type, startAt, until, mustAcknowledge } = life;
  const onSale: OnSale[] = [life, ...life.others].map(({ terms, priceMicros }) => {
    return { terms, priceMicros, changes: 0, tasted: false };
  });
  const sold = (product: number): OnSale => {
    const found = onSale[product];
    if (found === undefined) throw new Error(`there is no product ${product}`);
    return found;
  };
  const tokens: Token[] = [];
  const refused: boolean[] = [];

  const begin = (
    at: number,
    given: Pick<Token, 'product' | 'terms' | 'priceMicros' | 'payday' | 'credit' | 'periodFrom' | 'worth'> & {
      paid: number;
      promotionLeft?: number;
      onPromotion?: boolean;
    },
  ): Token => {
    const days = daysOf(life, given.terms);
    const last = days.last(given.payday);
    const token: Token = {
      ...{ promotionLeft: 0, onPromotion: false, ...given, days, type, last, phase: 'paid', phaseLast: last },
      ...{
        renewing: true,
        priceEnded: false,
        failed: false,
        voided: false,
        outcome: 'approve',
        pending: undefined,
      },
      ...{
        // the day that a change keeps may be this one, with its hour over
        askAt: Math.max(given.payday, at),
        confirmBy: mustAcknowledge ? at + 3 * day : Infinity,
        news: [],
        pause: 0,
      },
      ...{ next: undefined, mayUse: [[at, Infinity]], paid: [[at, given.paid]] },
    };
    tokens.push(token);
    return token;
  };
  const open = ({ mayUse }: Token, at: number) => {
    const latest = mayUse.at(-1);
    if (latest?.[1] === at) latest[1] = Infinity;
    else if (latest?.[1] !== Infinity) mayUse.push([at, Infinity]);
  };
  const close = ({ mayUse }: Token, at: number) => {
    const latest = mayUse.at(-1);
    if (latest?.[1] === Infinity) latest[1] = at;
  };
  const end = (token: Token, at: number) => {
    close(token, at);
    Object.assign(token, { phase: 'over', renewing: false, phaseLast: Infinity, news: [], pause: 0 });
    token.next = undefined;
    if (!token.pending) token.askAt = Infinity;
  };
  const holdOrEnd = (token: Token, at: number, from = token.last) => {
    if (token.type === 'auto' || token.terms.holdDays === 0) return end(token, at);
    close(token, at);
    Object.assign(token, { phase: 'hold', failed: true, pause: 0, phaseLast: token.days.hold(from) });
    if (!token.pending) token.askAt = token.days.retry(at);
  };
  const grace = (token: Token, at: number) => {
    Object.assign(token, { phase: 'grace', failed: true, phaseLast: token.days.grace(token.last) });
    if (!token.pending) token.askAt = token.days.retry(at);
  };
  /** A cut counts from its day on, a rise where it was agreed to. */
  const counts = ({ rise, agreed, dueAt }: NewPrice, at: number) => at >= dueAt && (agreed || !rise);
  const priceOf = ({ next, promotionLeft, terms, news, priceMicros }: Token, at: number): number => {
    if (next) return next.micros;
    if (promotionLeft > 0) return terms.promotion?.priceMicros ?? 0;
    return news.filter((one) => counts(one, at)).at(-1)?.micros ?? priceMicros;
  };
  const announce = (token: Token, micros: number, at: number) => {
    token.news = token.news.filter(({ toldAt }) => toldAt <= at);
    const previous = token.news.at(-1)?.micros ?? token.priceMicros;
    if (micros === previous) return;
    const rise = micros > previous || micros > token.priceMicros;
    const toldAt = token.days.quiet(at);
    // what is said later comes later
    const dueAt = Math.max(rise ? token.days.consent(toldAt) : toldAt, token.news.at(-1)?.dueAt ?? 0);
    token.news.push({ micros, toldAt, told: false, rise, agreed: false, dueAt });
  };
  const switchTo = (token: Token, next: NonNullable<Token['next']>, micros: number, at: number) => {
    // as late in a long grace as that, the period of the new product would be over too
    const { period } = daysOf(life, next.terms);
    const late = token.phase === 'grace' && period(token.payday) < at;
    const from = token.phase === 'hold' || late ? at : token.payday;
    const begun = begin(at, {
      ...{ product: next.product, terms: next.terms, priceMicros: next.micros, paid: micros },
      ...{ payday: period(from), credit: token.credit - (next.micros - micros) },
      ...{ periodFrom: from, worth: next.micros },
    });
    const { changes, priceMicros } = sold(next.product);
    if (changes > next.changes) announce(begun, priceMicros, at);
    end(token, at);
    token.voided = true;
    token.confirmBy = Infinity;
  };
  const paid = (token: Token, at: number, { micros, askedAt }: { micros: number; askedAt: number }) => {
    token.pending = undefined;
    if (token.phase === 'over') {
      token.askAt = Infinity;
      return;
    }
    if (token.next) return switchTo(token, token.next, micros, at);
    const { days, phase, payday } = token;
    token.paid.push([at, micros]);
    // recovered, resumed early, or paid so late in a long grace that the period paid for is over: from today on
    const late = phase === 'grace' && days.period(payday) < at;
    const today = phase === 'hold' || late || (phase === 'paused' && at < payday);
    token.onPromotion = token.promotionLeft > 0;
    const full = priceOf(token, askedAt);
    if (token.onPromotion) token.promotionLeft--;
    else {
      token.priceMicros = full;
      token.news = token.news.slice(token.news.findLastIndex((one) => counts(one, askedAt)) + 1);
    }
    const used = Math.max(0, full - micros);
    token.credit -= used;
    token.worth = micros + used;
    token.periodFrom = today ? at : payday;
    token.payday = days.period(token.periodFrom);
    token.last = token.phaseLast = days.last(token.payday);
    Object.assign(token, { phase: 'paid', failed: false, pause: 0 });
    token.askAt = token.renewing ? token.payday : Infinity;
    open(token, at);
  };
  const declined = (token: Token, at: number) => {
    if (token.phase === 'grace' || token.phase === 'hold') {
      token.askAt = token.days.retry(at);
      return;
    }
    token.askAt = Infinity;
    if (token.phase === 'paused') return holdOrEnd(token, at, token.days.endOfDay(at));
    token.failed = true;
    if (type === 'auto') token.renewing = false;
    else if (token.terms.graceDays > 0) grace(token, at);
  };
  const ask = (token: Token, at: number) => {
    if (token.pending) return paid(token, at, token.pending);
    const newest = token.news.filter(({ dueAt }) => at >= dueAt).at(-1);
    if (newest?.rise && !newest.agreed && token.promotionLeft === 0 && !token.next) {
      Object.assign(token, { renewing: false, priceEnded: true, askAt: Infinity, news: [], pause: 0 });
      if (token.phase !== 'paid') end(token, at);
      return;
    }
    const price = priceOf(token, at);
    const micros = price - Math.min(price, Math.floor(token.credit / won) * won);
    // what costs nothing is not asked for
    if (token.outcome === 'approve' || micros === 0) return paid(token, at, { micros, askedAt: at });
    if (token.outcome === 'decline') return declined(token, at);
    token.pending = { micros, askedAt: at };
    token.askAt = at + minute;
  };
  const phaseEnds = (token: Token, at: number) => {
    const { phase, renewing, failed, pause, days } = token;
    if (phase === 'hold') return end(token, at);
    if (phase === 'paused') return holdOrEnd(token, at, days.endOfDay(at));
    if (phase === 'grace') {
      token.last = token.phaseLast;
      return holdOrEnd(token, at);
    }
    if (!renewing || type === 'auto') return end(token, at);
    if (pause > 0) {
      close(token, at);
      token.payday = token.askAt = days.resume(token.payday, pause);
      token.phaseLast = days.endOfDay(token.payday);
      token.phase = 'paused';
      return;
    }
    if (token.terms.graceDays > 0 && !failed) return grace(token, at);
    holdOrEnd(token, at);
  };

  const change = (token: Token, product: number, mode: Command['mode'], at: number): boolean => {
    const { phase, failed, pending, pause, promotionLeft, onPromotion, payday, worth, credit, days } = token;
    if (type === 'auto' || phase !== 'paid' || failed || pending || pause > 0) return true;
    if (token.product === product || promotionLeft > 0 || onPromotion) return true;
    const to = sold(product);
    const { priceMicros } = to;
    const terms = { ...to.terms, trialDays: 0 };
    if (mode === 'DEFERRED') {
      if (!token.renewing) return true;
      token.next = {
        product,
        micros: priceMicros,
        changes: to.changes,
        terms: { ...terms, promotion: null },
      };
      Object.assign(token, { news: [], askAt: payday });
      return false;
    }
    const [old, wanted] = [days.nominal(token.terms.period), days.nominal(terms.period)];
    const upgrade = BigInt(priceMicros) * BigInt(old) > BigInt(token.priceMicros) * BigInt(wanted);
    const proratedCharge = mode === 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE';
    if (proratedCharge && !upgrade) return true;
    const tomorrow = days.tomorrow(at);
    const all = days.between(token.periodFrom, payday);
    const rest = Math.min(all, days.between(tomorrow, payday));
    const left = part(worth, rest, all);
    const common = { product, terms, priceMicros, periodFrom: tomorrow };
    end(token, at);
    token.voided = true;
    token.confirmBy = Infinity;
    if (mode === 'IMMEDIATE_WITH_TIME_PRORATION') {
      const count = part(left + credit, wanted, priceMicros);
      const used = Math.min(left + credit, partUp(count, priceMicros, wanted));
      const promotionLeft = to.tasted ? 0 : (terms.promotion?.payments ?? 0);
      if (promotionLeft > 0) to.tasted = true;
      const given = { credit: left + credit - used, worth: used, paid: 0, promotionLeft };
      begin(at, { ...common, ...given, payday: days.paydayAfter(tomorrow, count) });
      return false;
    }
    const whole = days.period(token.periodFrom) === payday ? old : all;
    const costs = part(part(priceMicros, whole, wanted), rest, all);
    const paidNow = proratedCharge ? Math.floor(Math.max(0, costs - left) / won) * won : 0;
    begin(at, { ...common, payday, credit, worth: left + paidNow, paid: paidNow });
    return false;
  };
  const command = (token: Token, given: Command): boolean => {
    const { what, at, count, answers } = given;
    const { phase, renewing, failed, pending, payday, days, pause, terms } = token;
    const over = phase === 'over';
    const runs = phase === 'paid' && renewing && !failed && !pending;
    switch (what) {
      case 'acknowledge':
        if (!token.voided) token.confirmBy = Infinity;
        return token.voided;
      case 'cancel':
        if (over || !renewing) return over;
        if (phase !== 'paid') end(token, at);
        Object.assign(token, { renewing: false, pause: 0, next: undefined });
        if (!pending) token.askAt = Infinity;
        return false;
      case 'reactivate':
        if (over || renewing) return over;
        if (token.priceEnded) return true;
        token.renewing = true;
        if (!pending) token.askAt = failed && type === 'subscription' ? Infinity : Math.max(payday, at);
        if (type === 'auto') token.failed = false;
        return false;
      case 'defer':
        if (!runs) return true;
        token.payday = days.defer(payday, count);
        token.askAt = pause > 0 ? Infinity : token.payday;
        token.last = token.phaseLast = days.last(token.payday);
        return false;
      case 'void':
        if (token.voided) return true;
        end(token, at);
        token.voided = true;
        if (token.paid.length === 1) token.confirmBy = Infinity;
        return false;
      case 'pay':
        if (over) return true;
        token.outcome = answers;
        if (failed && renewing && !pending) token.askAt = at;
        return false;
      case 'pause':
        if (!runs || !terms.pausable || token.next || count > 3) return true;
        Object.assign(token, { pause: count, askAt: Infinity });
        return false;
      case 'resume':
        if (phase === 'paused') {
          if (!pending) token.askAt = at;
          return false;
        }
        if (over || pause === 0) return true;
        Object.assign(token, { pause: 0, askAt: Math.max(payday, at) });
        return false;
      case 'agree':
      case 'disagree': {
        const waiting = token.news.filter(({ told, rise }) => told && rise);
        if (what === 'disagree' && pending) return true;
        for (const one of waiting) one.agreed = what === 'agree';
        return waiting.length === 0;
      }
      case 'price': {
        const changed = given.product < 0 ? token.product : given.product;
        if (type === 'auto' && changed === 0) return true;
        const product = sold(changed);
        product.priceMicros = given.priceMicros;
        product.changes++;
        for (const one of tokens) {
          if (one.product === changed && one.phase !== 'over' && !one.next)
            announce(one, given.priceMicros, at);
        }
        return false;
      }
      case 'change':
        return change(token, Math.max(given.product, 0), given.mode, at);
    }
  };
  /** What comes first of what a token waits for, until nothing more does. */
  const timeGoesTo = (now: number) => {
    for (const token of tokens) {
      for (;;) {
        const untold = token.news.find(({ told }) => !told);
        const tellAt = untold?.toldAt ?? Infinity;
        const at = Math.min(token.confirmBy, tellAt, token.askAt, token.phaseLast + 1);
        if (at > now) break;
        if (token.confirmBy === at) {
          end(token, at);
          token.voided = true;
          token.confirmBy = Infinity;
        } else if (untold && tellAt === at) untold.told = true;
        else if (token.askAt === at) ask(token, at);
        else phaseEnds(token, at);
      }
    }
  };

  const { terms, priceMicros } = life;
  const trial = terms.trialDays > 0;
  const promoted = !trial && terms.promotion !== null;
  const first = trial ? 0 : promoted ? (terms.promotion?.priceMicros ?? 0) : priceMicros;
  sold(0).tasted = trial || terms.promotion !== null;
  const days = daysOf(life, terms);
  begin(startAt, {
    ...{ product: 0, terms, priceMicros, payday: trial ? days.trial(startAt) : days.period(startAt) },
    ...{ credit: 0, periodFrom: startAt, worth: first, paid: first, onPromotion: promoted },
    promotionLeft: (terms.promotion?.payments ?? 0) - (promoted ? 1 : 0),
  });
  for (const one of life.commands) {
    timeGoesTo(one.at);
    const token = one.first ? tokens[0] : tokens.at(-1);
    if (token !== undefined) refused.push(command(token, one));
    timeGoesTo(one.at);
  }
  timeGoesTo(until);
  return { tokens: tokens.map(({ mayUse, paid, product }) => ({ mayUse, paid, product })), refused };
}

/** May it be used at this instant? */
export function mayUseAt({ mayUse }: Judged, at: number): boolean {
  return mayUse.some(([from, until]) => from <= at && at < until);
}

function part(amount: number, of: number, whole: number): number {
  return whole === 0 ? 0 : Number((BigInt(amount) * BigInt(of)) / BigInt(whole));
}

function partUp(amount: number, of: number, whole: number): number {
  return Number((BigInt(amount) * BigInt(of) + BigInt(whole) - 1n) / BigInt(whole));
}

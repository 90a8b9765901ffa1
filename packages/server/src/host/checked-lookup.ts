// Which addresses a name stands for: judged before anything is connected, and asked so that dead names hold up no others.
import type { LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { TargetRules } from './target-rules.ts';

/** The address that a name stands for may not be connected to. */
export class Blocked extends Error {
  override name = 'Blocked';
}

/** A name that took longer is asked for in turn with others like it: the machine asks for few at a time. */
const quickMs = 1_000;
const mostSlowNames = 10_000;

type Lookup = typeof systemLookup;

/**
 * Looks up a name and refuses it where any of its addresses is refused; what was checked is what is connected to, so
 * a name that stands for another address a moment later gains nothing.
 */
export function checkedLookup(rules: TargetRules, lookup: Lookup): LookupFunction {
  const ask = askedOnce(inTurnWhereSlow((hostname) => addressesOf(lookup, hostname)));
  return (hostname, { all, family }, callback) => {
    ask(hostname)
      .then((found) => {
        if (found.some(({ address }) => !rules.allows(address))) throw new Blocked();
        const wanted = family === 4 || family === 6 ? found.filter((one) => one.family === family) : found;
        return wanted.length === 0 ? found : wanted;
      })
      .then(
        (addresses) => {
          if (all) return callback(null, addresses);
          const [first] = addresses;
          callback(null, first?.address ?? '', first?.family ?? 4);
        },
        (error: NodeJS.ErrnoException) => callback(error, '', 4),
      );
  };
}

type Ask = (hostname: string) => Promise<LookupAddress[]>;

function addressesOf(lookup: Lookup, hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

/** One question for a name at a time. */
function askedOnce(ask: Ask): Ask {
  const asked = new Map<string, Promise<LookupAddress[]>>();
  return (hostname) => {
    const running = asked.get(hostname);
    if (running !== undefined) return running;
    const asking = ask(hostname).finally(() => asked.delete(hostname));
    asked.set(hostname, asking);
    return asking;
  };
}

/** Names that were slow share one question at a time, so that the others find the machine free. */
function inTurnWhereSlow(ask: Ask): Ask {
  const slow = new Set<string>();
  let turn: Promise<unknown> = Promise.resolve();
  const timed: Ask = async (hostname) => {
    const began = performance.now();
    try {
      return await ask(hostname);
    } finally {
      slow.delete(hostname);
      if (slow.size >= mostSlowNames) slow.clear();
      if (performance.now() - began > quickMs) slow.add(hostname);
    }
  };
  return (hostname) => {
    if (!slow.has(hostname)) return timed(hostname);
    const asking = turn.then(() => timed(hostname));
    turn = asking.catch(() => {}); // told to whoever asked
    return asking;
  };
}

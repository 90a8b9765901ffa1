// Crashes between a charge and its answer, and between any two other commits: the same life, and no money taken twice.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { advanceClock } from '../../src/actions/control/advance-clock.ts';
import type { Question } from '../../src/domain/charge.ts';
import { chargeLeaseMs } from '../../src/domain/policy.ts';
import type { Gateway, Host } from '../../src/host/host.ts';
import { readSettings } from '../../src/settings.ts';
import type { Database } from '../../src/store/database.ts';
import { createTill, type Till } from '../../src/till.ts';
import { databases } from '../databases.ts';
import { controlKey } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { dayMs, holds } from './subscription-lives.ts';
import { type Left, letHappen, type WorldPlan, whatIsLeft, worldPlans } from './subscription-world.ts';

class Crash extends Error {}

/** After how many commits the process dies, and whether the last of them stands. */
interface CrashPoint {
  commits: number;
  stands: boolean;
}

const crashPoints = fc.array(fc.record({ commits: fc.integer({ min: 1, max: 25 }), stands: fc.boolean() }), {
  minLength: 2,
  maxLength: 8,
});

/**
 * A gateway outside, which answers as the sandbox's does, by the charge that was written down before it was asked.
 * What it has taken outlives every crash.
 */
function makeGateway(host: () => Host) {
  const taken = new Map<string, Question>();
  const askedCount = { again: 0 };
  const gateway: Gateway = {
    takesMoney: true,
    ask: async (question) => {
      const number = Number(question.key.split('-').at(-1));
      const [row] = await host().database.all(
        'select outcome, unanswered_count from charge where purchase_token = $1 and number = $2 and app_id = $3',
        [question.purchaseToken, number, question.key.slice(0, 36)],
      );
      assert.ok(row, 'a question that was not written down');
      if (row.outcome === 'decline') return 'declined';
      if (taken.has(question.key)) askedCount.again++;
      taken.set(question.key, question);
      // the answer to a timeout is lost, the money is not
      return row.outcome === 'timeout' && row.unanswered_count === 0 ? 'unanswered' : 'approved';
    },
  };
  return { gateway, taken, askedCount };
}

/** A server over one file that dies at the points it is given, and is started again on what it left. */
class MortalTill {
  till: Till | undefined;
  points: CrashPoint[] = [];
  crashes = 0;
  #machineNow = Date.UTC(2026, 0, 1);
  #armed = false;
  #commits = 0;
  readonly #url: string;
  readonly #gateway: Gateway;

  constructor(url: string, gateway: Gateway) {
    this.#url = url;
    this.#gateway = gateway;
  }

  get host() {
    if (this.till === undefined) throw new Error('not started');
    return this.till.host;
  }

  async start(): Promise<void> {
    const settings = readSettings(
      ['--port', '0', '--control-key', controlKey, '--database-url', this.#url],
      {},
    );
    this.till = await createTill(settings, {
      clock: () => this.#machineNow,
      gateway: this.#gateway,
      log: pino({ level: 'silent' }),
      wrapDatabase: (database) => this.#mortal(database),
    });
  }

  /** Advances to the end, however often the process dies on the way. */
  async advance(worldId: string, to: number): Promise<void> {
    for (;;) {
      this.#armed = true;
      try {
        await advanceClock(this.host, { worldId, to });
        return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.#armed = false;
        await this.till?.stop();
        // whoever had the charge for itself is gone, and nobody else may ask before its time is over
        this.#machineNow += chargeLeaseMs;
        await this.start();
      } finally {
        this.#armed = false;
      }
    }
  }

  #mortal(database: Database): Database {
    let dead = false;
    const transaction: Database['transaction'] = async (work) => {
      if (dead) throw new Crash();
      const [point] = this.points;
      const dies = this.#armed && point !== undefined && ++this.#commits >= point.commits;
      if (!dies) return database.transaction(work);
      dead = true;
      this.crashes++;
      this.#commits = 0;
      this.points.shift();
      if (point.stands) await database.transaction(work);
      throw new Crash();
    };
    return { ...database, transaction };
  }
}

const file = databases.find(({ name }) => name === 'sqlite file');
assert.ok(file);

describe('crashes in the middle of subscriptions', () => {
  let opened: Awaited<ReturnType<typeof file.open>>;
  const { gateway, taken, askedCount } = makeGateway(() => mortal.host);
  let mortal: MortalTill;
  let atOnce: Till;

  before(async () => {
    opened = await file.open();
    mortal = new MortalTill(opened.url, gateway);
    await mortal.start();
    const settings = readSettings(['--port', '0', '--database-url', 'sqlite::memory:'], {});
    atOnce = await createTill(settings, {
      clock: () => Date.UTC(2026, 0, 1),
      log: pino({ level: 'silent' }),
    });
  });
  after(async () => {
    await mortal.till?.stop();
    await atOnce.stop();
    await opened.drop();
  });

  const live = async (plan: WorldPlan, points: CrashPoint[]) => {
    taken.clear();
    mortal.points = points;
    const pauses = [plan.startAt + 100 * dayMs, plan.startAt + 200 * dayMs];
    const advance = (worldId: string, to: number) => mortal.advance(worldId, to);
    const { place, refused } = await letHappen(() => mortal.host, plan, pauses, advance);
    mortal.points = [];
    const left = await whatIsLeft(mortal.host, place);
    checkRows(left, plan);
    checkTaken(left, [...taken.values()]);
    return { left: withoutRefundTimes(left), refused };
  };

  test('a crash and a restart between any two steps leave the same rows, and take no money twice', async () => {
    await holds(
      'a crash and a restart',
      fc.asyncProperty(worldPlans(4), crashPoints, async (plan, points) => {
        const unharmed = await live(plan, []);
        assert.deepEqual(await live(plan, [...points]), unharmed);
        const { place, refused } = await letHappen(() => atOnce.host, plan, []);
        const left = await whatIsLeft(atOnce.host, place);
        assert.deepEqual({ left: withoutRefundTimes(left), refused }, unharmed);
      }),
      Number(process.env.TILL_TEST_RUNS ?? 8),
    );
    assert.ok(mortal.crashes >= 5, `only ${mortal.crashes} crashes`);
    assert.ok(askedCount.again > 0, 'no crash fell between a charge and its answer');
  });
});

/** Each cycle was taken under one key, everything taken was written down, and what is kept is what the ledger says. */
function checkTaken({ rows }: Left, taken: readonly Question[]): void {
  const cycles = taken
    .filter(({ kind }) => kind !== 'refund')
    .map(({ purchaseToken, cycle }) => `${purchaseToken} ${cycle}`);
  assert.equal(new Set(cycles).size, cycles.length, 'money was taken twice for one cycle');
  const known = new Map(rows.charge.map((row) => [`${row.purchase_token} ${row.number}`, row]));
  let kept = 0;
  for (const { key, kind, purchaseToken, amount } of taken) {
    const amountMicros = Number(amount) * 1_000_000;
    kept += kind === 'refund' ? -amountMicros : amountMicros;
    const row = known.get(`${purchaseToken} ${key.split('-').at(-1)}`);
    assert.equal(row?.amount_micros, amountMicros);
    assert.ok(row?.state === 'approved' || (row?.state === 'asked' && Number(row.unanswered_count) > 0));
    if (row.state === 'asked') kept -= amountMicros; // its answer comes after the end of the walk
  }
  const moved = rows.ledger.reduce((total, row) => total + Number(row.amount_micros), 0);
  assert.equal(kept, moved);
}

/** A gateway outside gives money back after the void, on the machine's clock; the sandbox's at once. */
function withoutRefundTimes(left: Left): Left {
  const charge = left.rows.charge.map((row) => (row.kind === 'refund' ? { ...row, answered_at: null } : row));
  return { ...left, rows: { ...left.rows, charge } };
}

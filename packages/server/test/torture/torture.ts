// The torture: kills a node under load at random moments, again and again, and has every restart judged.
import { setTimeout as wait } from 'node:timers/promises';
import { Chance } from './chance.ts';
import { judge } from './judge.ts';
import { Load, type Memory } from './load.ts';
import { Node } from './node.ts';
import { makeApp } from './shop.ts';

export interface Torture {
  kills: number;
  seed: number;
  /** A fresh database, and how to be rid of it. */
  database(): Promise<{ url: string; drop(): Promise<void> }>;
  /** Plants the fault that has to be found: answers before their commit. */
  answerEarly?: boolean;
  onKill?(summary: Summary): void;
}

export interface Summary {
  kills: number;
  /** Kills by what the node was doing. */
  moments: Record<Moment, number>;
  acknowledged: number;
  /** Calls that had no answer when the node died; each was found whole or not at all. */
  unanswered: number;
  faults: string[];
  seconds: number;
}

/** While it starts; after a while under load; in the moment of an answer, when the next commit is under way. */
export type Moment = 'start' | 'load' | 'answer';
const moments: readonly Moment[] = ['start', 'load', 'load', 'load', 'load', 'answer', 'answer', 'answer'];

/**
 * What the node is doing at each kill of one database. The first starts make the tables, and die at that too, but at
 * most half of all: the next kill comes with an answer, so that every database has something to lose from there on.
 */
export function planOf(kills: number, chance: Chance): Moment[] {
  const plan: Moment[] = [];
  while (plan.length < Math.floor(kills / 2) && chance.below(2) === 0) plan.push('start');
  if (plan.length < kills) plan.push('answer');
  while (plan.length < kills) plan.push(chance.of(moments));
  return plan;
}

/** A new database after so many kills, so that each restart can be judged in full. */
const killsOfDatabase = 40;
const startWithinMs = 120;
const loadWithinMs = 250;
const answersAtMost = 60;

/** Runs until all kills are done, or a restart shows a fault: what would follow may be mere followers of it. */
export async function torture(options: Torture): Promise<Summary> {
  const began = performance.now();
  const summary: Summary = {
    kills: 0,
    moments: { start: 0, load: 0, answer: 0 },
    acknowledged: 0,
    unanswered: 0,
    faults: [],
    seconds: 0,
  };
  const chance = new Chance(options.seed);
  const warm: Node[] = [new Node()];
  const onKill = () => {
    summary.seconds = (performance.now() - began) / 1000;
    options.onKill?.(summary);
  };
  try {
    while (summary.kills < options.kills && summary.faults.length === 0) {
      const { url, drop } = await options.database();
      try {
        await new Life(url, options, chance, warm, summary, onKill).run();
      } finally {
        await drop();
      }
    }
  } finally {
    for (const node of warm) await node.kill();
    onKill();
  }
  return summary;
}

/** One database from its first start to its last. */
class Life {
  readonly #url: string;
  readonly #options: Torture;
  readonly #chance: Chance;
  /** A process that has loaded its modules while the one before was tortured. */
  readonly #warm: Node[];
  readonly #summary: Summary;
  readonly #onKill: () => void;
  readonly #kind: 'sqlite' | 'postgres';
  #running: Node | undefined;

  constructor(
    url: string,
    options: Torture,
    chance: Chance,
    warm: Node[],
    summary: Summary,
    onKill: () => void,
  ) {
    this.#url = url;
    this.#options = options;
    this.#chance = chance;
    this.#warm = warm;
    this.#summary = summary;
    this.#onKill = onKill;
    this.#kind = url.startsWith('sqlite:') ? 'sqlite' : 'postgres';
  }

  async run(): Promise<void> {
    const kills = Math.min(killsOfDatabase, this.#options.kills - this.#summary.kills);
    const plan = planOf(kills, this.#chance);
    try {
      while (plan[0] === 'start') {
        plan.shift();
        await this.#killStart();
      }
      const memory = await this.#found();
      for (const moment of plan) {
        await this.#round(memory, moment);
        if (this.#summary.faults.length > 0) break;
      }
      if (this.#summary.faults.length === 0) await this.#running?.stop();
    } finally {
      await this.#running?.kill();
    }
  }

  async #found(): Promise<Memory> {
    const node = await this.#open();
    const appIdOf = async (clientId: string) => {
      const [row] = await node.read('select app_id from app where client_id = $1', [clientId]);
      return String(row?.app_id);
    };
    return { app: await makeApp(node.url, appIdOf), purchases: [], faults: [], acknowledged: 0 };
  }

  async #round(memory: Memory, planned: Moment): Promise<void> {
    // what is answered too early is lost for a moment only, so the kill has to come with an answer
    const moment = this.#options.answerEarly === true ? 'answer' : planned;
    if (moment === 'start') {
      await this.#running?.kill();
      await this.#killStart();
    } else {
      const node = this.#running ?? (await this.#open());
      await this.#killUnderLoad(node, memory, moment);
    }
    await this.#reopen(memory);
  }

  async #killUnderLoad(node: Node, memory: Memory, moment: 'load' | 'answer'): Promise<void> {
    if (this.#options.answerEarly === true) await node.answerEarly();
    const before = memory.acknowledged;
    const answers =
      moment === 'answer'
        ? 1 + this.#chance.below(this.#options.answerEarly === true ? 4 : answersAtMost)
        : Number.POSITIVE_INFINITY;
    const enough = Promise.withResolvers<void>();
    let killed: Promise<void> | undefined;
    const kill = () => {
      load.over();
      killed ??= node.kill();
      enough.resolve();
    };
    const load: Load = new Load(node.url, memory, this.#chance, (count) => {
      if (count >= answers) kill();
    });
    load.start();
    // a load that a fault has ended would never come to its last answer
    if (moment === 'answer') await Promise.race([enough.promise, load.ended()]);
    else await wait(this.#chance.next() * loadWithinMs);
    kill();
    await killed;
    await load.ended();
    this.#summary.acknowledged += memory.acknowledged - before;
    this.#summary.unanswered += memory.purchases.filter(({ pending }) => pending !== undefined).length;
    this.#killed(moment);
  }

  async #killStart(): Promise<void> {
    const node = this.#take();
    const opening = node.open(this.#address()).catch(() => {});
    await wait(this.#chance.next() * startWithinMs);
    await node.kill();
    await opening;
    this.#killed('start');
  }

  async #reopen(memory: Memory): Promise<void> {
    const node = await this.#open();
    this.#summary.faults.push(...(await judge(node, memory, this.#kind)));
  }

  async #open(): Promise<Node> {
    await this.#running?.kill();
    const node = this.#take();
    this.#running = node;
    await node.open(this.#address());
    if (this.#kind === 'postgres') await this.#othersGone(node);
    return node;
  }

  #take(): Node {
    const node = this.#warm.pop() ?? new Node();
    this.#warm.push(new Node());
    return node;
  }

  /** On PostgreSQL each node has a name, so that it can be seen when the server has noticed its death. */
  #address(): string {
    if (this.#kind === 'sqlite') return this.#url;
    const url = new URL(this.#url);
    url.searchParams.set('application_name', `torture ${this.#summary.kills}`);
    return url.href;
  }

  /** The commit that a dead node had sent may still be under way; what it does shows only after that. */
  async #othersGone(node: Node): Promise<void> {
    for (;;) {
      const [row] = await node.read(
        `select count(*) as others from pg_stat_activity
         where datname = current_database() and application_name like 'torture %' and application_name <> $1`,
        [`torture ${this.#summary.kills}`],
      );
      if (row?.others === 0) return;
      await wait(5);
    }
  }

  #killed(moment: Moment): void {
    this.#running = moment === 'start' ? this.#running : undefined;
    this.#summary.kills += 1;
    this.#summary.moments[moment] += 1;
    this.#onKill();
  }
}

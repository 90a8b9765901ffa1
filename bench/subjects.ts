// Starts the servers to measure, each in its own process, and reads what they cost.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { drive, type Load, type LoadResult } from './load.ts';
import { median, type Row } from './table.ts';

export interface Subject {
  name: string;
  port: number;
  process: ChildProcess;
  /** Milliseconds from the start of its process to its port. */
  startedMs: number;
}

/** The flag of `npm start`: a small young generation, which keeps what is resident small. */
const asNpmStart = ['--max-semi-space-size=4'];
const program = fileURLToPath(new URL('./subject.ts', import.meta.url));

export async function startSubject(name: string, kind: string, argument = ''): Promise<Subject> {
  const began = performance.now();
  const child = fork(program, [kind, argument], { execArgv: kind.startsWith('till') ? asNpmStart : [] });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { name, port: message.port, process: child, startedMs: performance.now() - began };
}

export async function stopSubjects(subjects: readonly Subject[]): Promise<void> {
  for (const { process: child } of subjects) {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }
}

interface Cost {
  cpu: NodeJS.CpuUsage;
  rss: number;
  commits: number;
  closures: number;
}

export async function costOf({ process: child }: Subject): Promise<Cost> {
  child.send('cost');
  const [cost] = (await once(child, 'message')) as [Cost];
  return cost;
}

export interface Round extends LoadResult {
  /** Microseconds of CPU that the server's process spent on one request. */
  cpuUs: number;
  /** Requests that one commit carried. */
  perCommit: number;
}

/** One round of load on one server. */
export async function round(subject: Subject, load: Omit<Load, 'port'>): Promise<Round> {
  const before = await costOf(subject);
  const result = await drive({ ...load, port: subject.port });
  const after = await costOf(subject);
  const spent = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  const perCommit = (after.closures - before.closures) / (after.commits - before.commits);
  return { ...result, cpuUs: spent / result.requests, perCommit };
}

/** Rounds on several servers in turn: what slows the machine for a while slows them all. */
export async function interleave(
  rounds: number,
  runs: readonly { subject: Subject; load: () => Omit<Load, 'port'> }[],
): Promise<Round[][]> {
  const results: Round[][] = runs.map(() => []);
  for (const { subject, load } of runs) await round(subject, { ...load(), requests: 1_000 });
  for (let index = 0; index < rounds; index++) {
    for (const [which, { subject, load }] of runs.entries()) {
      results[which]?.push(await round(subject, load()));
    }
  }
  return results;
}

export function rowOf(name: string, rounds: readonly Round[], floor?: readonly Round[]): Row {
  const of = (read: (round: Round) => number) => median(rounds.map(read));
  const floorCpu = floor?.map((one) => one.cpuUs);
  return {
    server: name,
    'CPU µs/request': of((one) => one.cpuUs),
    'to floor':
      floorCpu === undefined ? '1' : median(rounds.map((one, index) => one.cpuUs / (floorCpu[index] ?? 1))),
    'requests/s': of((one) => one.requests / one.seconds),
    'p50 ms': of((one) => one.p50),
    'p99 ms': of((one) => one.p99),
    refused: rounds.reduce((sum, one) => sum + one.refused, 0),
  };
}

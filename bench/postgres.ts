// getPurchaseDetails on PostgreSQL beside a bare read by the same driver behind Fastify.
import { startPostgres } from '../test/postgres.ts';
import { details, type Shop, takeTokens } from './calls.ts';
import { appCount, populated } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { interleave, rowOf, startSubject, stopSubjects } from './subjects.ts';
import { ratio, target } from './table.ts';

const connections = 32;

export async function measurePostgres({ purchases, rounds, requests }: Part): Promise<Measured> {
  const server = await startPostgres();
  try {
    const population = { apps: appCount, purchasesPerApp: purchases / appCount, at: Date.now() };
    const url = await populated(server.url, population);
    const subjects = [
      await startSubject('Fastify and pg, one bare read', 'fastifyPg', url),
      await startSubject('getPurchaseDetails on PostgreSQL', 'till', url),
    ] as const;
    const [floor, till] = subjects;
    const tokens = await takeTokens(till.port, appCount);
    const shop: Shop = { apps: appCount, purchasesPerApp: population.purchasesPerApp, tokens };
    const load = () => ({ connections, requests: Math.ceil(requests / 2), next: () => details(shop) });
    const [bare = [], full = []] = await interleave(rounds, [
      { subject: floor, load },
      { subject: till, load },
    ]);
    await stopSubjects(subjects);
    const cost = ratio(
      full.map((round) => round.cpuUs),
      bare.map((round) => round.cpuUs),
    );
    return {
      rows: [rowOf(floor.name, bare, bare), rowOf(till.name, full, bare)],
      targets: [target('getPurchaseDetails on PostgreSQL to a bare read', 'at most 1.4', cost, cost <= 1.4)],
    };
  } finally {
    await server.stop();
  }
}

// getPurchaseDetails and getAccessToken beside bare servers, and how the first grows with the data.
import { accessToken, details, type Shop, takeTokens } from './calls.ts';
import { appCount, sqliteWith } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { interleave, rowOf, startSubject, stopSubjects } from './subjects.ts';
import { ratio, target } from './table.ts';

const connections = 32;

export async function measureReads({ folder, purchases, rounds, requests }: Part): Promise<Measured> {
  const small = purchases / 100;
  const subjects = [
    await startSubject('node:http, constant body', 'node'),
    await startSubject('Fastify, same route and schema, constant body', 'fastify'),
    await startSubject('Till', 'till', await sqliteWith(folder, purchases)),
    await startSubject('Till, a hundredth of the purchases', 'till', await sqliteWith(folder, small)),
  ] as const;
  const [node, fastify, large, little] = subjects;
  const shop: Shop = {
    apps: appCount,
    purchasesPerApp: purchases / appCount,
    tokens: await takeTokens(large.port, appCount),
  };
  const smallShop: Shop = {
    apps: appCount,
    purchasesPerApp: small / appCount,
    tokens: await takeTokens(little.port, appCount),
  };
  const read = (of: Shop) => () => ({ connections, requests, next: () => details(of) });
  const token = () => ({ connections, requests, next: () => accessToken(appCount) });
  const rounded = await interleave(rounds, [
    { subject: node, load: read(shop) },
    { subject: fastify, load: read(shop) },
    { subject: large, load: read(shop) },
    { subject: little, load: read(smallShop) },
    { subject: fastify, load: token },
    { subject: large, load: token },
  ]);
  await stopSubjects(subjects);
  const [bare = [], floor = [], till = [], few = [], tokenFloor = [], tokens = []] = rounded;
  const cpu = (of: typeof bare) => of.map((round) => round.cpuUs);
  const toFloor = ratio(cpu(till), cpu(floor));
  const tokenToFloor = ratio(cpu(tokens), cpu(tokenFloor));
  const growth = ratio(cpu(till), cpu(few));
  return {
    rows: [
      rowOf(node.name, bare, floor),
      rowOf(fastify.name, floor, floor),
      rowOf(`getPurchaseDetails, ${purchases.toLocaleString('en')} purchases`, till, floor),
      rowOf(`getPurchaseDetails, ${small.toLocaleString('en')} purchases`, few, floor),
      rowOf('Fastify, token route, constant body', tokenFloor, tokenFloor),
      rowOf('getAccessToken', tokens, tokenFloor),
    ],
    targets: [
      target('getPurchaseDetails to the Fastify floor', 'at most 1.5', toFloor, toFloor <= 1.5),
      target('getAccessToken to the Fastify floor', 'at most 1.5', tokenToFloor, tokenToFloor <= 1.5),
      target('growth from a hundredth of the purchases', 'at most 1.15', growth, growth <= 1.15),
    ],
  };
}

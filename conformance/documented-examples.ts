// Sends the documents' examples to a Till, each to an app of its own, and judges the answers by their `compare`.
import type { Market } from '@till/protocol/codes';
import { marketHeader } from '@till/protocol/fields';
import type { Answer, Request } from './caller.ts';
import { type Difference, differencesOfKind, differencesOfValue } from './comparing.ts';
import { statusDifference } from './judging.ts';
import { type Prepared, preconditions } from './preconditions.ts';
import { fillPath, isWrite, rowNamed } from './rows.ts';
import { documented, inScene, type Scene } from './scene.ts';
import type { About, Session } from './session.ts';
import type { ControlCall } from './till-control.ts';
import { generationOf, isForInformation, type Vector, vectors } from './vectors.ts';

const printedToken = /680b3621-1234-1234-1234-8adfaef561b4|680b3512-1253-5642-1263-8adjbf651nb/;

export async function checkDocumentedExamples(session: Session, control: ControlCall): Promise<void> {
  for (const vector of vectors) {
    if (session.options.generations.includes(generationOf(vector)))
      await checkVector(session, control, vector);
  }
}

async function checkVector(session: Session, control: ControlCall, vector: Vector): Promise<void> {
  const about = aboutVector(vector);
  if (isForInformation(vector)) {
    return session.untried(about, 'for information only: nothing is known of its answer');
  }
  const { row } = rowNamed(about.generation, vector.operation);
  if (isWrite(row) && !session.options.write) return session.untried(about, 'it changes a purchase: --write');
  const market = (vector.request.headers[marketHeader] ?? 'MKT_ONE') as Market;
  const app = { clientId: clientIdOf(vector), market, generation: about.generation };
  await inScene(control, { app }, async (scene) => {
    const prepared = (await preconditions[vector.id]?.(scene, vector)) ?? {};
    const accessToken = prepared.accessToken ?? (await scene.token());
    const request = requestOfVector(scene, vector, { ...prepared, accessToken });
    await session.check(about, request, (answer) => differencesOfVector(vector, answer));
  });
}

function aboutVector(vector: Vector): About {
  const generation = generationOf(vector);
  const { section } = rowNamed(generation, vector.operation).row;
  const about = `the documented example ${vector.id}`;
  const named = { id: `example.${vector.id}`, generation, operation: vector.operation, section, about };
  return vector.open === undefined ? named : { ...named, open: vector.open };
}

/** The app of the token examples is named in their forms. */
function clientIdOf({ request }: Vector): string {
  return new URLSearchParams(request.text).get('client_id') ?? documented.clientId;
}

/** The printed request, with the app's secret and the token of the scene in the places of the printed ones. */
export function requestOfVector(scene: Scene, { request }: Vector, prepared: Prepared): Request {
  const { clientId, clientSecret, packageName } = scene.app;
  const { accessToken = '', purchaseToken = documented.purchaseToken, purchaseId = '' } = prepared;
  const { productId } = documented;
  const values = { clientId, packageName, productId, purchaseToken, purchaseId };
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name.toLowerCase(),
    value.replace(printedToken, accessToken),
  ]);
  const body = request.text?.replace(/(client_secret=)[^&]*/, `$1${clientSecret}`) ?? request.json;
  return {
    method: request.method,
    path: fillPath(request.path, values),
    query: request.query ?? {},
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body }),
  };
}

/** What an answer has that its vector does not allow. */
export function differencesOfVector(vector: Vector, answer: Answer): Difference[] {
  const { compare, response, nullable } = vector;
  switch (compare) {
    case 'exact':
    case 'snapshot':
      return [
        ...statusDifference(answer, response.status ?? 200),
        ...differencesOfValue(answer.body, response.json),
      ];
    case 'shape':
      return [
        ...statusDifference(answer, response.status ?? 200),
        ...differencesOfKind(answer.body, response.json, nullable),
      ];
    case 'route':
      return [...statusDifference(answer, 200), ...differencesOfRoute(answer)];
    case 'parser':
      return sentAsPrinted(vector, answer);
    case 'none':
      return [];
  }
}

function differencesOfRoute({ body }: Answer): Difference[] {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return isObject ? [] : [{ at: 'body', says: 'it is no JSON object' }];
}

/** A server that keeps the rules does not send what was printed by mistake, or by a server in front of it. */
function sentAsPrinted({ response }: Vector, answer: Answer): Difference[] {
  const isPrinted =
    answer.status === response.status &&
    (response.json === null
      ? answer.body === undefined
      : differencesOfKind(answer.body, response.json).length === 0);
  return isPrinted ? [{ at: '*', says: 'it is answered as printed' }] : [];
}

// Example values of the documents: one for each name, so that the same thing looks the same in every operation.
import type { Field, Fields, Operation } from '@till/protocol/shape';

const boughtAt = 1_767_225_600_000;
const threeDaysMs = 259_200_000;

/** By the member's name; a name that means two things is told apart by its type. */
const byName: Record<string, readonly unknown[]> = {
  clientId: ['com.example.demo'],
  client_id: ['com.example.demo'],
  clientSecret: ['dGlsbC1kZW1vLXNlY3JldC1mb3ItdGhlLXNhbmRib3g='],
  client_secret: ['dGlsbC1kZW1vLXNlY3JldC1mb3ItdGhlLXNhbmRib3g='],
  access_token: ['0b3f9a52-6d1c-4e57-9a80-2f64c1b7d3e8'],
  token_type: ['bearer'],
  expires_in: [3600],
  scope: ['DEFAULT'],
  packageName: ['com.example.demo'],
  productId: ['gem_100'],
  productName: ['100 gems'],
  purchaseToken: ['SANDBOXT000000000001'],
  purchaseId: ['SANDBOX3000000000001'],
  orderId: ['ONESTORE7_000000000000000000000000000001'],
  purchaseTime: [boughtAt],
  purchaseState: [0],
  consumptionState: [0],
  acknowledgeState: [0],
  voidedTime: [boughtAt + threeDaysMs],
  dueAt: [boughtAt + threeDaysMs],
  startTime: [boughtAt],
  endTime: [boughtAt + threeDaysMs],
  developerPayload: ['order-1'],
  continuationKey: ['A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0'],
  cursor: ['Z2VtXzEwMA'],
  nextCursor: ['Z2VtXzEwMA'],
  quantity: [1],
  maxResults: [100],
  limit: [100],
  code: ['Success'],
  message: ['Request has been completed successfully.'],
  worldId: ['lab'],
  seed: ['the same every time'],
  frozen: [true],
  rate: [1],
  by: ['P3D'],
  overlap: ['P1D'],
  for: ['P1M'],
  title: ['100 gems'],
  price: ['1100'],
  amount: ['1100'],
  currency: ['KRW'],
  country: ['KR'],
  buyerId: ['alice'],
  q: ['alice'],
  reason: ['the buyer changed their mind'],
  licenseKey: ['MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA'],
  purchaseData: ['{"orderId":"ONESTORE7_000000000000000000000000000001"}'],
  signature: ['bm90IGEgcmVhbCBzaWduYXR1cmU='],
  previousExpiresAt: [boughtAt + 86_400_000],
  what: ['voided'],
  text: ['Nobody acknowledged it within three days.'],
  status: ['ok', 'delivered'],
  notificationId: ['SANDBOXT000000000001-000000-payment'],
  url: ['https://game.example/payments'],
  body: ['{"msgVersion":"3.1.0D","clientId":"com.example.demo"}'],
  httpStatus: [200],
  durationMs: [12],
  fault: ['delay'],
  times: [3],
  delay: ['PT30S'],
  payment: ['https://game.example/payments'],
  subscription: ['https://game.example/subscriptions'],
};

/** Tried in turn where a name has no example of its own that fits. */
const otherwise: readonly unknown[] = ['example', 'P3D', '1100', 'KRW', 'https://game.example/', 'KR'];

/** The optional members that an example request shows; where none is chosen and none required, all. */
const chosen: Record<string, readonly string[]> = {
  createWorld: ['worldId', 'clock.frozen'],
  changeClock: ['frozen'],
  advanceClock: ['by'],
  createApp: ['clientId', 'title'],
  changeApp: ['title'],
  createPurchase: ['buyerId', 'developerPayload'],
  setMaintenance: [],
};

/** A body that the operation takes: its required members and the optional ones that show what it is for. */
export function exampleBody(name: string, row: Operation): Record<string, unknown> {
  const fields = row.body ?? {};
  const hasRequired = Object.values(fields).some((field) => field.optional !== true);
  const shown = chosen[name] ?? (hasRequired ? [] : Object.keys(fields));
  return membersOf(fields, shown);
}

/** An answer of the operation with every member it may have. */
export function exampleReply(row: Operation): Record<string, unknown> {
  return everyMember(row.reply ?? {});
}

/** An example of one value; of an object with every member. */
export function exampleOf(name: string, field: Field): unknown {
  switch (field.is) {
    case 'boolean':
      return byName[name]?.[0] ?? false;
    case 'code':
      return fitting(name, (value) => field.of.includes(value as string)) ?? field.of[0];
    case 'integer':
    case 'digits':
      return fitting(name, Number.isInteger) ?? smallest(name, field);
    case 'text':
      return fitting(name, (value) => fitsText(value, field)) ?? '';
    case 'object':
      return everyMember(field.of);
    case 'list':
      return [exampleOf(name, field.of)];
  }
}

function everyMember(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, exampleOf(name, field)]));
}

/** `shown` names optional members; `clock.frozen` shows one member of an object. */
function membersOf(fields: Fields, shown: readonly string[]): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const inside = shown.filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1));
    if (field.is === 'object' && inside.length > 0) members[name] = membersOf(field.of, inside);
    else if (field.optional !== true || shown.includes(name)) members[name] = exampleOf(name, field);
  }
  return members;
}

function fitting(name: string, fits: (value: unknown) => boolean): unknown {
  return [...(byName[name] ?? []), ...otherwise].find(fits);
}

function fitsText(value: unknown, field: Field & { is: 'text' }): boolean {
  return (
    typeof value === 'string' &&
    value.length <= (field.max ?? value.length) &&
    new RegExp(field.pattern ?? '').test(value)
  );
}

/** Instants look like instants; everything else that is counted is small. */
function smallest(name: string, field: { min?: number; about?: string }): number {
  if (/epoch ms|instant/.test(field.about ?? '') || /(At|now|to)$/.test(name)) return boughtAt;
  return field.min ?? 1;
}

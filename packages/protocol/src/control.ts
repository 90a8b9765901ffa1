// The control API and the health calls: Till's own face, in rows like those of the server API.
import { generations, marketCodes, paymentMethods } from './codes.ts';
import * as field from './fields.ts';
import type { Operations } from './shape.ts';

const base = '/control/v1';

const span = {
  is: 'text',
  max: 40,
  pattern: '^P(?=.)(\\d+Y)?(\\d+M)?(\\d+W)?(\\d+D)?(T(?=.)(\\d+H)?(\\d+M)?(\\d+S)?)?$',
  about: 'span of time, ISO 8601 (`P30D`, `PT5M`)',
} as const;
const instant = { is: 'integer', min: 0, max: 253_402_300_799_999, about: 'instant, epoch ms' } as const;
const queriedInstant = { is: 'digits', size: 15, max: 253_402_300_799_999, optional: true } as const;
const money = {
  is: 'text',
  max: 20,
  pattern: '^(0|[1-9]\\d*)(\\.\\d{1,6})?$',
  about: 'amount, a decimal string (`"1100"`, `"4.99"`)',
} as const;
const currency = { is: 'text', pattern: '^[A-Z]{3}$', about: 'ISO 4217 code' } as const;
const worldId = {
  is: 'text',
  min: 1,
  max: 64,
  pattern: '^[A-Za-z0-9_.-]+$',
  about: 'name of a world',
} as const;
const name = { is: 'text', min: 1, max: 128, pattern: '^[A-Za-z0-9_.-]+$' } as const;
const calendar = {
  is: 'code',
  of: ['sandbox', 'commercial'],
  about: 'shortened or real periods of subscriptions',
} as const;
const generation = { is: 'code', of: generations, about: 'API generation the app was made for' } as const;
const market = { is: 'code', of: marketCodes, about: 'market' } as const;
const notificationVersion = {
  is: 'code',
  of: ['3.0.0', '3.1.0'],
  about: 'message version of its notifications',
} as const;
const url = { is: 'text', max: 2048, pattern: '^https?://.+$', about: 'http or https address' } as const;
const buyerId = {
  is: 'text',
  min: 1,
  max: 128,
  about: 'who bought; a new buyer where it is not given',
} as const;
const cursor = { is: 'text', max: 512, optional: true, about: '`nextCursor` of the page before' } as const;
const limit = {
  is: 'digits',
  size: 4,
  min: 1,
  max: 1000,
  optional: true,
  about: 'rows of a page, default 100',
} as const;
/** An app is named by its `clientId`; where one lives in several worlds, `worldId` says which. */
const inWorld = {
  worldId: { ...worldId, optional: true, about: 'which world, where the app lives in several' },
} as const;
const app = { clientId: field.clientId } as const;
const purchase = { clientId: field.clientId, purchaseToken: field.purchaseToken } as const;

const clock = {
  now: instant,
  frozen: { is: 'boolean', about: 'it stands still between advances' },
  rate: { is: 'integer', min: 1, max: 1_000_000, about: 'how many times faster than the machine it runs' },
} as const;
const changedClock = {
  now: { ...clock.now, optional: true },
  frozen: { ...clock.frozen, optional: true },
  rate: { ...clock.rate, optional: true },
} as const;

const world = {
  worldId,
  clock: { is: 'object', of: clock },
  calendar,
  seed: { is: 'text', min: 1, max: 200, optional: true, about: 'makes ids and tokens repeat' },
  createdAt: { ...instant, about: 'when it was made, on the machine’s clock, epoch ms' },
} as const;

const switches = {
  is: 'object',
  optional: true,
  of: {
    tokenReuse: {
      is: 'boolean',
      optional: true,
      nullable: true,
      about: 'hand a running token out again (spec-notes 1)',
    },
    strictContentType: {
      is: 'boolean',
      optional: true,
      nullable: true,
      about: 'demand a content type everywhere (spec-notes 15)',
    },
    unconfirmedGlobal: {
      is: 'boolean',
      optional: true,
      nullable: true,
      about: 'serve unconfirmed purchases of `MKT_GLB` (spec-notes 36)',
    },
  },
  about: 'choices that the documents leave open; `null` takes the server’s setting',
} as const;

const appReply = {
  clientId: field.clientId,
  worldId,
  packageName: { is: 'text', about: 'package name; the app key of the older generations' },
  title: { is: 'text' },
  market,
  generation,
  blocked: { is: 'boolean', about: 'its calls are answered `AccessBlocked`' },
  licenseKey: { is: 'text', about: 'RSA-2048 public key, base64 of X.509 SubjectPublicKeyInfo' },
  notificationUrls: {
    is: 'object',
    of: { payment: { ...url, nullable: true }, subscription: { ...url, nullable: true } },
  },
  notificationVersion,
  switches: { is: 'object', of: switches.of },
  createdAt: instant,
} as const;

const productReply = {
  productId: field.productId,
  type: field.productType,
  title: { is: 'text' },
  price: money,
  currency,
  createdAt: instant,
} as const;

const listedPurchase = {
  purchaseToken: field.purchaseToken,
  purchaseId: field.purchaseId,
  orderId: field.orderId,
  productId: field.productId,
  type: field.productType,
  state: {
    is: 'code',
    of: ['purchased', 'acknowledged', 'consumed', 'voided'],
    about: 'where it stands now',
  },
  buyerId: { is: 'text' },
  quantity: { is: 'integer' },
  developerPayload: { ...field.developerPayload, nullable: true },
  productName: { is: 'text', nullable: true },
  purchaseTime: field.purchaseTime,
  market,
  country: { is: 'text' },
  price: money,
  currency,
  paymentMethod: { is: 'code', of: paymentMethods },
  acknowledged: { is: 'boolean' },
  consumed: { is: 'boolean' },
  entitled: { is: 'boolean', about: 'may the buyer use it now?' },
  voidedTime: { ...instant, nullable: true, about: 'when it was voided, epoch ms' },
  dueAt: { ...instant, nullable: true, about: 'when time alone changes it next, epoch ms' },
} as const;
const purchaseReply = {
  ...listedPurchase,
  purchaseData: { is: 'text', about: 'the JSON string that the device gets' },
  signature: { is: 'text', about: 'SHA512withRSA over `purchaseData` with the app’s key, base64' },
} as const;

const happening = {
  at: instant,
  what: { is: 'text', about: 'what happens then' },
  clientId: field.clientId,
  purchaseToken: { ...field.purchaseToken, optional: true },
  productId: { ...field.productId, optional: true },
} as const;

const listOf = <F extends Operations[string]['reply'] & {}>(of: F) =>
  ({
    items: { is: 'list', of: { is: 'object', of } },
    nextCursor: { is: 'text', optional: true, about: 'there while more rows exist' },
  }) as const;

const operated = { access: 'controlKey' } as const;

export const controlOperations = {
  // Worlds and clocks
  createWorld: {
    ...operated,
    method: 'POST',
    path: `${base}/worlds`,
    sandboxOnly: true,
    body: {
      worldId: { ...worldId, optional: true },
      clock: { is: 'object', optional: true, of: changedClock },
      calendar: { ...calendar, optional: true },
      seed: world.seed,
    },
    status: 201,
    reply: world,
    refusals: ['AlreadyExists'],
    about: 'Makes a world: an isolated store with a clock of its own.',
    section: 'Worlds and clocks',
  },
  listWorlds: {
    ...operated,
    method: 'GET',
    path: `${base}/worlds`,
    query: { limit, cursor },
    reply: listOf(world),
    about: 'Lists the worlds by name.',
    section: 'Worlds and clocks',
  },
  readWorld: {
    ...operated,
    method: 'GET',
    path: `${base}/worlds/{worldId}`,
    params: { worldId },
    reply: world,
    refusals: ['NoSuchData'],
    about: 'Reads a world and its clock.',
    section: 'Worlds and clocks',
  },
  deleteWorld: {
    ...operated,
    method: 'DELETE',
    path: `${base}/worlds/{worldId}`,
    sandboxOnly: true,
    params: { worldId },
    status: 204,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Deletes a world with all that lives in it; `default` can only be reset.',
    section: 'Worlds and clocks',
  },
  resetWorld: {
    ...operated,
    method: 'POST',
    path: `${base}/worlds/{worldId}/reset`,
    sandboxOnly: true,
    params: { worldId },
    reply: world,
    refusals: ['NoSuchData'],
    about: 'Empties a world. The clock of `default` becomes the real one again; another world’s stays.',
    section: 'Worlds and clocks',
  },
  changeClock: {
    ...operated,
    method: 'PUT',
    path: `${base}/worlds/{worldId}/clock`,
    sandboxOnly: true,
    params: { worldId },
    body: changedClock,
    bodyRequired: true,
    reply: world,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Sets, freezes, unfreezes or speeds up a clock; back only where nothing has happened later.',
    section: 'Worlds and clocks',
  },
  advanceClock: {
    ...operated,
    method: 'POST',
    path: `${base}/worlds/{worldId}/clock/advance`,
    sandboxOnly: true,
    params: { worldId },
    body: { by: { ...span, optional: true }, to: { ...instant, optional: true } },
    bodyRequired: true,
    reply: {
      now: instant,
      happened: { is: 'list', of: { is: 'object', of: happening }, about: 'in time order' },
      truncated: { is: 'boolean', about: 'more happened than is listed' },
    },
    refusals: ['NoSuchData'],
    about: 'Moves a clock forward and answers when everything that fell due has happened.',
    section: 'Worlds and clocks',
  },
  readAgenda: {
    ...operated,
    method: 'GET',
    path: `${base}/worlds/{worldId}/agenda`,
    params: { worldId },
    query: { limit },
    reply: { items: { is: 'list', of: { is: 'object', of: happening } } },
    refusals: ['NoSuchData'],
    about: 'What time alone will do next in a world.',
    section: 'Worlds and clocks',
  },
  // Apps
  createApp: {
    ...operated,
    method: 'POST',
    path: `${base}/apps`,
    body: {
      clientId: { ...name, optional: true },
      worldId: { ...worldId, optional: true },
      packageName: { ...name, optional: true },
      title: { is: 'text', max: 200, optional: true },
      market: { ...market, optional: true },
      generation: { ...generation, optional: true },
      ownKey: { is: 'boolean', optional: true, about: 'a key pair of its own, not the published test key' },
    },
    status: 201,
    reply: { ...appReply, clientSecret: { is: 'text', about: 'shown this once' } },
    refusals: ['NoSuchData', 'AlreadyExists'],
    about: 'Registers an app with credentials and a license key.',
    section: 'Apps',
  },
  listApps: {
    ...operated,
    method: 'GET',
    path: `${base}/apps`,
    query: { ...inWorld, limit, cursor },
    reply: listOf(appReply),
    about: 'Lists apps by client ID.',
    section: 'Apps',
  },
  readApp: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}`,
    params: app,
    query: inWorld,
    reply: appReply,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Reads an app.',
    section: 'Apps',
  },
  changeApp: {
    ...operated,
    method: 'PATCH',
    path: `${base}/apps/{clientId}`,
    params: app,
    query: inWorld,
    body: {
      title: { is: 'text', max: 200, optional: true },
      packageName: { ...name, optional: true },
      market: { ...market, optional: true },
      generation: { ...generation, optional: true },
      notificationVersion: { ...notificationVersion, optional: true },
      blocked: { is: 'boolean', optional: true },
      switches,
    },
    bodyRequired: true,
    reply: appReply,
    refusals: ['NoSuchData', 'InvalidState', 'AlreadyExists'],
    about: 'Changes what is given and leaves the rest.',
    section: 'Apps',
  },
  deleteApp: {
    ...operated,
    method: 'DELETE',
    path: `${base}/apps/{clientId}`,
    params: app,
    query: inWorld,
    status: 204,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Deletes an app with its products and purchases.',
    section: 'Apps',
  },
  createClientSecret: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/client-secrets`,
    params: app,
    query: inWorld,
    body: {
      overlap: { ...span, optional: true, about: 'how long the former one still works, default `P1D`' },
    },
    status: 201,
    reply: {
      clientSecret: { is: 'text', about: 'shown this once' },
      previousExpiresAt: { ...instant, about: 'when the former one ends, on the machine’s clock' },
    },
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Issues a new client secret; the former one works until `previousExpiresAt`.',
    section: 'Apps',
  },
  setNotificationUrls: {
    ...operated,
    method: 'PUT',
    path: `${base}/apps/{clientId}/notification-urls`,
    params: app,
    query: inWorld,
    body: {
      payment: { ...url, optional: true, nullable: true },
      subscription: { ...url, optional: true, nullable: true },
    },
    bodyRequired: true,
    reply: appReply,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Sets where notifications go; `null` turns them off, an absent member stays.',
    section: 'Apps',
  },
  createAccessToken: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/access-tokens`,
    params: app,
    query: inWorld,
    status: 201,
    reply: {
      client_id: field.clientId,
      access_token: { is: 'text' },
      token_type: { is: 'text' },
      expires_in: { is: 'integer', about: 'seconds' },
      scope: { is: 'text' },
    },
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Issues an access token without the secret.',
    section: 'Apps',
  },
  expireAccessTokens: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/access-tokens/expire`,
    params: app,
    query: inWorld,
    status: 204,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Ends all live tokens of an app at once; they answer `AccessTokenExpired` from then on.',
    section: 'Apps',
  },
  // Products
  putProduct: {
    ...operated,
    method: 'PUT',
    path: `${base}/apps/{clientId}/products/{productId}`,
    params: { clientId: field.clientId, productId: { ...field.productId, min: 1 } },
    query: inWorld,
    body: {
      type: { is: 'code', of: ['inapp'], about: 'product type' },
      title: { is: 'text', min: 1, max: 200 },
      price: money,
      currency,
    },
    bodyRequired: true,
    reply: productReply,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Makes a product or changes it; the type stays what it was.',
    section: 'Products',
  },
  listProducts: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}/products`,
    params: app,
    query: { ...inWorld, limit, cursor },
    reply: listOf(productReply),
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Lists the products of an app by their IDs.',
    section: 'Products',
  },
  readProduct: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}/products/{productId}`,
    params: { clientId: field.clientId, productId: field.productId },
    query: inWorld,
    reply: productReply,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Reads a product.',
    section: 'Products',
  },
  deleteProduct: {
    ...operated,
    method: 'DELETE',
    path: `${base}/apps/{clientId}/products/{productId}`,
    params: { clientId: field.clientId, productId: field.productId },
    query: inWorld,
    status: 204,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Deletes a product that nobody has bought.',
    section: 'Products',
  },
  // Purchases
  createPurchase: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/purchases`,
    params: app,
    query: inWorld,
    body: {
      productId: field.productId,
      buyerId: { ...buyerId, optional: true },
      quantity: { is: 'integer', min: 1, max: 99, optional: true, about: 'default 1' },
      developerPayload: { ...field.developerPayload, optional: true, nullable: true },
      productName: { is: 'text', max: 200, optional: true, about: 'title that the app asked for' },
      payment: {
        is: 'object',
        optional: true,
        of: {
          method: { is: 'code', of: paymentMethods, optional: true, about: 'default `ONEPAY`' },
          outcome: {
            is: 'code',
            of: ['approve', 'decline', 'timeout'],
            optional: true,
            about: 'how the charge goes, sandbox only, default `approve`',
          },
        },
      },
      market: { ...market, optional: true, about: 'default the app’s' },
      country: { is: 'text', pattern: '^[A-Z]{2}$', optional: true, about: 'ISO 3166 code, default `KR`' },
    },
    bodyRequired: true,
    status: 201,
    reply: purchaseReply,
    refusals: ['NotInCommercial', 'NoSuchData', 'PaymentDeclined', 'InvalidState'],
    about: 'Buys a product, as a buyer does in the store app.',
    section: 'Purchases',
  },
  listPurchases: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}/purchases`,
    params: app,
    query: {
      ...inWorld,
      type: { ...field.productType, optional: true },
      state: { ...listedPurchase.state, optional: true },
      buyerId: { ...buyerId, optional: true, about: 'of this buyer' },
      productId: { ...field.productId, min: 1, optional: true },
      q: {
        is: 'text',
        min: 1,
        max: 200,
        optional: true,
        about: 'start of a token, an ID, a buyer or a payload',
      },
      limit,
      cursor,
    },
    reply: listOf(listedPurchase),
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Lists purchases, the latest first.',
    section: 'Purchases',
  },
  readPurchase: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}/purchases/{purchaseToken}`,
    params: purchase,
    query: inWorld,
    reply: {
      ...purchaseReply,
      history: {
        is: 'list',
        of: {
          is: 'object',
          of: {
            at: instant,
            what: { is: 'text', about: '`purchased`, `acknowledged`, `consumed`, `voided`' },
            purchaseId: field.purchaseId,
            amount: { is: 'text', about: 'money that moved, negative when it went back to the buyer' },
            currency,
            cause: {
              is: 'code',
              of: ['buyer', 'developer', 'operator', 'time'],
              about: 'who or what brought it about',
            },
            text: { is: 'text', about: 'the step in plain words' },
          },
        },
        about: 'everything that happened to it, oldest first',
      },
    },
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Reads a purchase with its history.',
    section: 'Purchases',
  },
  voidPurchase: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/purchases/{purchaseToken}/void`,
    params: purchase,
    query: inWorld,
    body: { reason: { is: 'text', max: 200, optional: true } },
    reply: purchaseReply,
    refusals: ['NoSuchData', 'InvalidState'],
    about: 'Refunds a purchase and cancels it.',
    section: 'Purchases',
  },
  acknowledgePurchaseByHand: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/purchases/{purchaseToken}/acknowledge`,
    params: purchase,
    query: inWorld,
    body: { developerPayload: field.givenDeveloperPayload },
    reply: purchaseReply,
    refusals: ['NoSuchData', 'InvalidState', 'InvalidPurchaseState', 'DeveloperPayloadNotMatch'],
    about: 'Acknowledges as the developer’s server would, without its token.',
    section: 'Purchases',
  },
  consumePurchaseByHand: {
    ...operated,
    method: 'POST',
    path: `${base}/apps/{clientId}/purchases/{purchaseToken}/consume`,
    params: purchase,
    query: inWorld,
    body: { developerPayload: field.givenDeveloperPayload },
    reply: purchaseReply,
    refusals: [
      'NoSuchData',
      'InvalidState',
      'InvalidPurchaseState',
      'InvalidConsumeState',
      'DeveloperPayloadNotMatch',
    ],
    about: 'Consumes as the developer’s server would, without its token.',
    section: 'Purchases',
  },
  // Operations
  listAudit: {
    ...operated,
    method: 'GET',
    path: `${base}/audit`,
    query: {
      worldId: { ...worldId, optional: true, about: 'only what was about this world and its apps' },
      clientId: { ...field.clientId, optional: true, about: 'only what was about apps of this client ID' },
      limit,
      cursor,
    },
    reply: listOf({
      at: { ...instant, about: 'when, on the machine’s clock, epoch ms' },
      key: { is: 'text', about: 'which control key: the first 8 hex digits of its SHA-256' },
      operation: { is: 'text', about: 'which operation of the control API' },
      worldId: { ...worldId, nullable: true, about: 'on what, where it applies; so are the next three' },
      clientId: { ...field.clientId, nullable: true },
      productId: { ...field.productId, nullable: true },
      purchaseToken: { ...field.purchaseToken, nullable: true },
      requestId: { is: 'text', about: '`x-request-id` of the call' },
      before: { is: 'text', nullable: true, about: 'JSON of the thing before; `null` where there was none' },
      after: { is: 'text', nullable: true, about: 'JSON of the thing after; `null` where there is none' },
      chain: { is: 'text', about: 'names the chain the row belongs to; empty for what belongs to no app' },
      seq: { is: 'integer', min: 1, about: 'place in its chain, from 1 without gaps' },
      hash: { is: 'text', about: 'SHA-256 over the hash before it and the row, base64url' },
    }),
    about: 'Lists every change made through the control API, the latest first; of what is deleted too.',
    section: 'Operations',
  },
  readMaintenance: {
    ...operated,
    method: 'GET',
    path: `${base}/maintenance`,
    query: { worldId: { ...worldId, optional: true } },
    reply: { on: { is: 'boolean' }, worldId: { ...worldId, optional: true } },
    refusals: ['NoSuchData'],
    about: 'Tells whether maintenance is on, for all or for one world.',
    section: 'Operations',
  },
  setMaintenance: {
    ...operated,
    method: 'PUT',
    path: `${base}/maintenance`,
    body: { on: { is: 'boolean' }, worldId: { ...worldId, optional: true } },
    bodyRequired: true,
    reply: { on: { is: 'boolean' }, worldId: { ...worldId, optional: true } },
    refusals: ['NoSuchData'],
    about: 'While it is on, the server API answers `ServiceMaintenance`.',
    section: 'Operations',
  },
  readStats: {
    ...operated,
    method: 'GET',
    path: `${base}/stats`,
    query: {
      from: { ...queriedInstant, about: 'start, epoch ms; default a day before `to`' },
      to: { ...queriedInstant, about: 'end, epoch ms; default now' },
      step: { ...span, optional: true, about: 'length of a point, from `PT1M`, no months; default `PT1H`' },
      clientId: { ...field.clientId, min: 1, optional: true, about: 'of this app alone' },
      worldId: { ...worldId, optional: true, about: 'of the apps of this world' },
    },
    reply: {
      from: instant,
      to: instant,
      stepMs: { is: 'integer', about: 'length of a point, ms' },
      points: {
        is: 'list',
        of: {
          is: 'object',
          of: {
            at: { ...instant, about: 'start of the point, epoch ms' },
            purchases: { is: 'integer', about: 'purchases made' },
            voids: { is: 'integer', about: 'purchases voided' },
            revenue: {
              is: 'list',
              of: {
                is: 'object',
                of: {
                  currency,
                  amount: { is: 'text', about: 'money that came in less what went back; may be negative' },
                },
              },
              about: 'by currency',
            },
            requests: {
              is: 'integer',
              nullable: true,
              about: 'calls of the server API that this node answered; `null` where it does not remember',
            },
            refusals: { is: 'integer', nullable: true, about: 'those of them that were refused' },
          },
        },
        about: 'without gaps, oldest first, 1,000 at most',
      },
    },
    refusals: ['NoSuchData', 'InvalidState'],
    about:
      'Series for charts. Purchases count by the clock of their world, requests by the machine’s. A range with too much in it, or too many apps, is `InvalidState`.',
    section: 'Operations',
  },
  listRequests: {
    ...operated,
    method: 'GET',
    path: `${base}/apps/{clientId}/requests`,
    params: app,
    query: { ...inWorld, limit },
    reply: {
      items: {
        is: 'list',
        of: {
          is: 'object',
          of: {
            at: { ...instant, about: 'when it was answered, on the machine’s clock, epoch ms' },
            requestId: { is: 'text', about: 'the answer’s `X-Request-Id`' },
            operation: { is: 'text' },
            status: { is: 'integer' },
            code: { is: 'text', about: '`Success`, or why it was refused' },
            durationMs: { is: 'integer', about: 'ms' },
            headers: {
              is: 'list',
              of: { is: 'object', of: { name: { is: 'text' }, value: { is: 'text' } } },
              about: 'as they were sent; secrets and what is not known to be harmless are `[redacted]`',
            },
            requestBody: {
              is: 'text',
              nullable: true,
              about: 'its members, redacted; `null` where there was none',
            },
            replyBody: { is: 'text', nullable: true, about: 'what was answered, redacted' },
          },
        },
        about: 'the latest first, 1,000 at most',
      },
    },
    refusals: ['NoSuchData', 'InvalidState'],
    about:
      'The last calls of the server API that this node answered to an app. They are kept in memory only.',
    section: 'Operations',
  },
  listenToEvents: {
    ...operated,
    method: 'GET',
    path: `${base}/events`,
    query: {
      lastEventId: {
        is: 'text',
        max: 64,
        optional: true,
        about: '`id` of the last event that was received; the header `Last-Event-ID` says the same',
      },
    },
    reply: {
      id: { is: 'text', about: 'where to go on after a break' },
      at: {
        ...instant,
        about: 'on the world’s clock for purchases, on the machine’s for the rest, epoch ms',
      },
      what: {
        is: 'text',
        about:
          '`purchased`, `acknowledged`, `consumed`, `voided`; `control` for a write of this API; `missed` where events before are not known any more',
      },
      clientId: { ...field.clientId, optional: true },
      worldId: { ...worldId, optional: true },
      purchaseToken: { ...field.purchaseToken, optional: true },
      productId: { ...field.productId, optional: true },
      operation: { is: 'text', optional: true, about: 'the write' },
      requestId: { is: 'text', optional: true },
    },
    replyAs: 'events',
    refusals: ['InvalidState'],
    about:
      'A stream of what happens on this node, each event as JSON. A listener that does not keep up is cut off.',
    section: 'Operations',
  },
  // Health
  readHealth: {
    method: 'GET',
    path: '/healthz',
    access: 'open',
    reply: { status: { is: 'text', about: '`ok`' } },
    about: 'The process lives.',
    section: 'Health',
  },
  readReadiness: {
    method: 'GET',
    path: '/readyz',
    access: 'open',
    reply: { status: { is: 'text', about: '`ready`' } },
    refusals: ['ServiceMaintenance'],
    about: 'It can reach its database, its migrations are done and it is not stopping.',
    section: 'Health',
  },
  readMetrics: {
    method: 'GET',
    path: '/metrics',
    access: 'open',
    besideControl: true,
    replyAs: 'text',
    about: 'Metrics in the text form of Prometheus; they tell nothing about apps or buyers.',
    section: 'Health',
  },
} as const satisfies Operations;

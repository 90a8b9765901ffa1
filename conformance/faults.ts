// What can be wrong with a request, or with what it is about: one fault for each code, and how it is put in on a Till.
import { randomUUID } from 'node:crypto';
import type { ServerErrorCode } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import type { Draft } from './refusals.ts';
import { isWrite, type NamedRow } from './rows.ts';
import type { BoughtPurchase } from './scene.ts';
import type { OpenPlaces } from './session.ts';

export interface Fault {
  open?: OpenPlaces;
  /** Names of the bracket list. */
  fields?: readonly string[];
  /** Puts the fault in; what it returns takes it out of the scene again. */
  put(draft: Draft): Promise<unknown> | unknown;
  undo?(draft: Draft): Promise<unknown>;
}

export const encode = (text: string) => new TextEncoder().encode(text);

const setMaintenance = (on: boolean) => (draft: Draft) =>
  draft.scene.control('setMaintenance', { on, worldId: draft.scene.app.worldId });
const setBlocked = (blocked: boolean) => (draft: Draft) => draft.scene.about('changeApp', { blocked });
const setStrict = (strictContentType: boolean | null) => (draft: Draft) =>
  draft.scene.about('changeApp', { switches: { strictContentType } });

/** The faults that every call may have. */
const everywhere: Partial<Record<ServerErrorCode, Fault>> = {
  ServiceMaintenance: { put: setMaintenance(true), undo: setMaintenance(false) },
  ResourceNotFound: {
    put: (draft) => {
      draft.bend = (path) => `${path}/nowhere`;
    },
  },
  MethodNotAllowed: {
    put: (draft) => {
      draft.method = 'PATCH';
    },
  },
  AccessBlocked: { put: setBlocked(true), undo: setBlocked(false) },
  InvalidRequest: {
    open: { '*': 29 },
    fields: [marketHeader],
    put: (draft) => {
      draft.headers[marketHeader] = 'MKT_XXX';
    },
  },
};

/** The faults of a call with an access token. */
export const withToken: Partial<Record<ServerErrorCode, Fault>> = {
  ...everywhere,
  InvalidAuthorizationHeader: {
    open: { '*': 2 },
    put: (draft) => {
      delete draft.headers.authorization;
    },
  },
  InvalidAccessToken: {
    put: (draft) => {
      draft.headers.authorization = `Bearer ${randomUUID()}`;
    },
  },
  AccessTokenExpired: { put: ({ scene }) => scene.about('expireAccessTokens', {}) },
  UnauthorizedAccess: {
    open: { '*': 2 },
    put: (draft) => {
      Object.assign(draft.values, { clientId: 'no.such.app', packageName: 'no.such.app' });
    },
  },
  NoSuchData: {
    put: (draft) => {
      Object.assign(draft.values, {
        purchaseToken: 'NOSUCHPURCHASE000000',
        purchaseId: 'NOSUCHPURCHASE000000',
      });
    },
  },
  InvalidPurchaseState: {
    put: async (draft) => {
      const { purchaseToken } = await buyAgain(draft);
      await draft.scene.about('voidPurchase', { purchaseToken });
    },
  },
  InvalidConsumeState: {
    put: async (draft) => {
      const { purchaseToken } = await buyAgain(draft);
      await draft.scene.about('consumePurchaseByHand', { purchaseToken });
    },
  },
  DeveloperPayloadNotMatch: {
    put: (draft) => {
      draft.members = { developerPayload: 'order 2' };
    },
  },
};

/** The faults of the token call, about which nothing is documented (section 2.4). */
export const withForm: Partial<Record<ServerErrorCode, Fault>> = {
  ...everywhere,
  InvalidContentType: {
    open: { '*': 4 },
    put: (draft) => {
      draft.headers['content-type'] = 'text/plain';
    },
  },
  BadRequest: {
    open: { '*': 52 },
    put: (draft) => {
      draft.bytes = new Uint8Array([...encode('grant_type='), 0xff]);
    },
  },
  RequiredValueNotExist: {
    open: { '*': 4 },
    fields: ['grant_type'],
    put: (draft) => {
      delete draft.members?.grant_type;
    },
  },
  UnauthorizedAccess: {
    open: { '*': 4 },
    put: (draft) => {
      Object.assign(draft.members ?? {}, { client_secret: 'wrong' });
    },
  },
};

async function buyAgain(draft: Draft): Promise<BoughtPurchase> {
  const purchase = await draft.buy();
  Object.assign(draft.values, { purchaseToken: purchase.purchaseToken, purchaseId: purchase.purchaseId });
  return purchase;
}

/** What a body may have wrong, or what takes its place where a call has none. */
export function ofBody(named: NamedRow, code: ServerErrorCode): Fault | undefined {
  if (code === 'InvalidContentType') return isWrite(named.row) ? wrongType : noType;
  if (code === 'BadRequest') return named.row.body === undefined ? brokenPath : brokenBody;
  if (code === 'RequiredValueNotExist') return emptyBody;
  return undefined;
}

const wrongType: Fault = {
  put: (draft) => {
    draft.headers['content-type'] = 'text/plain';
    draft.bytes = encode('{}');
  },
};
/** A GET without a content type is answered, unless the app is told to be strict. */
const noType: Fault = {
  open: { '*': 15 },
  put: (draft) => {
    delete draft.headers['content-type'];
    return setStrict(true)(draft);
  },
  undo: setStrict(null),
};
const brokenBody: Fault = {
  open: { '*': 52 },
  put: (draft) => {
    draft.bytes = encode('{"developerPayload":');
  },
};
const brokenPath: Fault = {
  open: { '*': 52 },
  put: (draft) => {
    draft.bend = (path) => path.replace(/[^/]+(?=\/voided-|\/unconfirmed-|$)/, '%zz');
  },
};
const emptyBody: Fault = {
  open: { '*': 52 },
  fields: ['deferPeriod'],
  put: (draft) => {
    draft.members = {};
  },
};

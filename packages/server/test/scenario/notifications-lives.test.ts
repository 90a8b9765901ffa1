// What a developer's server receives over whole lives, against docs/lifecycle.md and against the protocol's numbers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { type Receiver, startReceiver, toldInShort } from './notified.ts';
import { begin, type Plan, type Story, sendTo } from './storybook.ts';

const month = { period: 'P1M', gracePeriod: 'P3D', accountHold: 'P30D', pausable: true };
const bare = { period: 'P1M', gracePeriod: 'P0D', accountHold: 'P0D', pausable: true };

type Live = (story: Story) => Promise<unknown>;
/** `+` is a payment, `-` its cancellation, a number the notificationType of the state. */
const lives: [title: string, terms: Record<string, unknown>, live: Live, told: string][] = [
  ['is bought and renewed', month, (story) => story.comes('2026-04-15 12:00:00'), '+4 +2 +2 +2'],
  [
    'cannot be paid, and pays in grace',
    month,
    async (story) => {
      await story.pays('decline');
      await story.comes('2026-02-16 12:00:00');
      await story.pays('approve');
    },
    '+4 6 +2',
  ],
  [
    'cannot be paid, and recovers from the hold',
    month,
    async (story) => {
      await story.pays('decline');
      await story.comes('2026-02-25 12:00:00');
      await story.pays('approve');
      await story.comes('2026-03-25 12:00:00');
    },
    '+4 6 5 +1 +2',
  ],
  [
    'cannot be paid to the end of the hold',
    month,
    async (story) => {
      await story.pays('decline');
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 6 5 3',
  ],
  [
    'cannot be paid and has neither grace nor hold',
    bare,
    async (story) => {
      await story.pays('decline');
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 13',
  ],
  [
    'is cancelled, reactivated, cancelled and expires',
    month,
    async (story) => {
      expectStatus(await story.developer('cancel'), 200);
      expectStatus(await story.hand('reactivate'), 200);
      expectStatus(await story.hand('cancel'), 200);
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 3 7 3 13',
  ],
  [
    'is ended at once on hold',
    month,
    async (story) => {
      await story.pays('decline');
      await story.comes('2026-02-25 12:00:00');
      expectStatus(await story.developer('cancel'), 200);
    },
    '+4 6 5 12',
  ],
  [
    'is given back by the operator',
    month,
    async (story) => {
      await story.comes('2026-02-16 12:00:00');
      expectStatus(await story.hand('void'), 200);
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 +2 -12',
  ],
  [
    'is paused after a change of mind, and resumes with its payment',
    month,
    async (story) => {
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      expectStatus(await story.hand('pause', { for: 'P2M' }), 200);
      expectStatus(await story.hand('resume'), 200);
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.comes('2026-03-25 12:00:00');
    },
    '+4 11 11 11 11 10 +2',
  ],
  [
    'is resumed early',
    month,
    async (story) => {
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.comes('2026-02-20 12:00:00');
      expectStatus(await story.hand('resume'), 200);
    },
    '+4 11 10 +2',
  ],
  [
    'is paused and cannot be paid at its end',
    month,
    async (story) => {
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.pays('decline');
      await story.comes('2026-03-25 12:00:00');
    },
    '+4 11 10 5',
  ],
  [
    'costs more, and the buyer agrees',
    month,
    async (story) => {
      await story.changesPrice('12900');
      await story.comes('2026-01-28 12:00:00');
      expectStatus(await story.hand('price-consent', { agreed: true }), 200);
      await story.comes('2026-03-16 12:00:00');
    },
    '+4 8 +2 +2',
  ],
  [
    'costs more, and the buyer does not agree',
    month,
    async (story) => {
      await story.changesPrice('12900');
      await story.comes('2026-01-28 12:00:00');
      expectStatus(await story.hand('price-consent', { agreed: false }), 200);
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 +2 13',
  ],
  [
    'costs more, and the buyer says nothing',
    month,
    async (story) => {
      await story.changesPrice('12900');
      await story.comes('2026-06-01 12:00:00');
    },
    '+4 +2 13',
  ],
  [
    'costs less',
    month,
    async (story) => {
      await story.changesPrice('4900');
      await story.comes('2026-02-16 12:00:00');
    },
    '+4 8 +2',
  ],
  [
    'is deferred',
    month,
    async (story) => {
      expectStatus(await story.developer('defer', { deferPeriod: 10 }), 200);
      await story.comes('2026-02-26 12:00:00');
    },
    '+4 9 +2',
  ],
  [
    'begins with a free trial',
    { period: 'P1M', freeTrial: 'P14D' },
    (story) => story.comes('2026-02-01 12:00:00'),
    '+4 +2',
  ],
  [
    'begins with a promotion',
    { period: 'P1M', promotion: { price: '4900', cycles: 2 } },
    (story) => story.comes('2026-03-16 12:00:00'),
    '+4 +2 +2',
  ],
];

for (const database of httpDatabases) {
  describe(`notifications of whole lives on ${database.name}`, () => {
    let server: TestServer;
    let receiver: Receiver;
    before(async () => {
      receiver = await startReceiver();
      server = await startServer(database);
    });
    after(async () => {
      await server.stop();
      await receiver.stop();
    });

    const bought = (given: Partial<Plan>) =>
      begin(server, { type: 'subscription', bought: '2026-01-15 12:00:00', told: receiver.url, ...given });
    const told = ({ app, purchaseToken }: Story) => toldInShort(server, app, receiver, purchaseToken);

    for (const [title, terms, live, expected] of lives) {
      test(`of a subscription that ${title}: ${expected}`, async () => {
        const story = await bought({ terms });
        await story.buys();
        await live(story);
        assert.equal(await told(story), expected);
      });
    }

    test('of a subscription that nobody acknowledges: its payment and its end after three days', async () => {
      const story = await bought({ terms: month });
      await story.buys({ acknowledge: false });
      await story.comes('2026-01-19 12:00:00');
      assert.equal(await told(story), '+4 -12');
    });

    for (const [mode, ofOld, ofNew] of [
      ['IMMEDIATE_WITH_TIME_PRORATION', '+4 12', '+4 +2'],
      ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE', '+4 12', '+4 +2'],
      ['IMMEDIATE_WITHOUT_PRORATION', '+4 12', '+4 +2'],
      ['DEFERRED', '+4 12', '+2'],
    ] as const) {
      test(`of a change of product with ${mode}: the old one ${ofOld}, the new one ${ofNew}`, async () => {
        const story = await bought({ terms: month });
        await story.sells('200000', { period: 'P1Y' }, 'yearly');
        await story.buys();
        await story.comes('2026-01-25 12:00:00');
        const answer = await story.changesTo('yearly', mode);
        assert.ok(answer.status < 300, answer.text);
        if (mode === 'DEFERRED') await story.comes('2026-02-16 12:00:00');
        const sequel = await story.sequel('yearly');
        expectStatus(await sequel.acknowledges(), 200);
        await story.comes('2026-03-16 12:00:00');
        assert.deepEqual([await told(story), await told(sequel)], [ofOld, ofNew]);
      });
    }

    test('of a monthly product: its payments and their cancellation, and no states', async () => {
      const story = await bought({ type: 'auto' });
      await story.buys();
      await story.comes('2026-02-16 12:00:00');
      expectStatus(await story.hand('cancel'), 200);
      expectStatus(await story.hand('reactivate'), 200);
      await story.comes('2026-03-16 12:00:00');
      expectStatus(await story.hand('void'), 200);
      assert.equal(await told(story), '+ + + -');
    });

    test('of a monthly product whose payment is declined: nothing more', async () => {
      const story = await bought({ type: 'auto' });
      await story.buys();
      await story.pays('decline');
      await story.comes('2026-03-16 12:00:00');
      assert.equal(await told(story), '+');
    });

    test('of a managed product: its payment, and its cancellation by hand or after three days', async () => {
      const app = await server.app({ worldId: await server.world() });
      await sendTo(server, app, receiver.url);
      const [voided, consumed, forgotten] = await Promise.all([1, 2, 3].map(() => server.buy(app)));
      const by = async (purchaseToken: string, what: string) => {
        const path = `/apps/${app.clientId}/purchases/${purchaseToken}/${what}?worldId=${app.worldId}`;
        expectStatus(await server.control('POST', path, {}), 200);
      };
      await by(voided.purchaseToken, 'void');
      await by(consumed.purchaseToken, 'consume');
      expectStatus(await server.advance(app.worldId, 'P4D'), 200);
      const all = [voided, consumed, forgotten].map(({ purchaseToken }) =>
        toldInShort(server, app, receiver, purchaseToken),
      );
      assert.deepEqual(await Promise.all(all), ['+ -', '+', '+ -']);
    });
  });
}

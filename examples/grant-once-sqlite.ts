// Granting exactly once on SQLite: the gems and the note that they were given are written in one transaction.
// Run it: npm run example -- examples/grant-once-sqlite.ts [game.db]
import { DatabaseSync } from 'node:sqlite';
import { type GrantedPurchase, type GrantRecords, grantOnce, reverseOnce } from '@till/client';

const tables = `
  create table if not exists purchase_owner (purchase_token text primary key, account_id text not null) strict;
  create table if not exists purchase_grant (
    purchase_id text primary key, state text not null check (state in ('granted', 'reversed')), account_id text
  ) strict;
  create table if not exists gems (account_id text primary key, amount integer not null) strict;
`;

/** The four statements that `grantOnce` needs, on a database in a transaction. */
function recordsIn(database: DatabaseSync): GrantRecords {
  const bind = database.prepare('insert into purchase_owner values (?, ?) on conflict do nothing');
  const owner = database.prepare('select account_id from purchase_owner where purchase_token = ?');
  const insert = database.prepare('insert into purchase_grant values (?, ?, ?) on conflict do nothing');
  const state = database.prepare('select state from purchase_grant where purchase_id = ?');
  const reverse = database.prepare(
    `update purchase_grant set state = 'reversed' where purchase_id = ? and state = 'granted' returning account_id`,
  );
  return {
    bind: async (purchaseToken, accountId) => {
      bind.run(purchaseToken, accountId);
      return String(owner.get(purchaseToken)?.account_id);
    },
    insert: async (row) => insert.run(row.purchaseId, row.state, row.accountId).changes === 1,
    stateOf: async (purchaseId) => state.get(purchaseId)?.state as 'granted' | 'reversed' | undefined,
    reverse: async (purchaseId) => reverse.get(purchaseId)?.account_id as string | undefined,
  };
}

/** A game that sells gems. */
export async function openGame(file = ':memory:') {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(tables);
  const records = recordsIn(database);
  const add = database.prepare(
    'insert into gems values (?, ?) on conflict (account_id) do update set amount = gems.amount + excluded.amount',
  );
  const amount = database.prepare('select amount from gems where account_id = ?');

  /** A connection has one transaction at a time, so each waits for the one before. */
  let last: Promise<unknown> = Promise.resolve();
  function inTransaction<T>(work: () => Promise<T>): Promise<T> {
    const run = last.then(async () => {
      database.exec('begin immediate');
      try {
        const result = await work();
        database.exec('commit');
        return result;
      } catch (error) {
        database.exec('rollback');
        throw error;
      }
    });
    last = run.catch(() => {});
    return run;
  }

  return {
    /** After the purchase was verified: gives 100 gems for it, once. */
    give: (accountId: string, purchase: GrantedPurchase, fail?: () => void) =>
      inTransaction(() => {
        const grant = () => {
          add.run(accountId, 100);
          fail?.();
        };
        return grantOnce(records, { purchase, accountId, grant });
      }),
    /** For each row of `client.voidedPurchases()`: takes them back, once. */
    takeBack: (purchaseId: string) =>
      inTransaction(() =>
        reverseOnce(records, { purchaseId, reverse: (accountId) => add.run(accountId, -100) }),
      ),
    gemsOf: async (accountId: string) => Number(amount.get(accountId)?.amount ?? 0),
    close: async () => database.close(),
  };
}

if (import.meta.main) {
  const game = await openGame(process.argv[2]);
  const purchase = { purchaseId: 'SANDBOX3000000000001', purchaseToken: 'SANDBOXT000000000001' };
  const tell = async (what: string, outcome: string) =>
    console.log(
      `${what}: ${outcome}; alice has ${await game.gemsOf('alice')} gems, bob ${await game.gemsOf('bob')}`,
    );
  await tell('alice shows her receipt', await game.give('alice', purchase));
  await tell('alice shows it again', await game.give('alice', purchase));
  await tell('bob shows the same one', await game.give('bob', purchase));
  await tell('the store refunds it', await game.takeBack(purchase.purchaseId));
  await tell('the store tells so again', await game.takeBack(purchase.purchaseId));
  await tell('alice shows it once more', await game.give('alice', purchase));
  await game.close();
}

// Granting exactly once on PostgreSQL: the gems and the note that they were given are written in one transaction.
// Run it: DATABASE_URL=postgres://user:password@127.0.0.1:5432/game npm run example -- examples/grant-once-postgres.ts
import { type GrantedPurchase, type GrantRecords, grantOnce, reverseOnce } from '@till/client';
import pg from 'pg';

const tables = `
  create table if not exists purchase_owner (purchase_token text primary key, account_id text not null);
  create table if not exists purchase_grant (
    purchase_id text primary key, state text not null check (state in ('granted', 'reversed')), account_id text
  );
  create table if not exists gems (account_id text primary key, amount integer not null);
`;

/** The four statements that `grantOnce` needs, on a connection in a transaction. An insert waits for another one of the same key. */
function recordsIn(connection: pg.ClientBase): GrantRecords {
  const query = async (text: string, values: unknown[]) => (await connection.query(text, values)).rows;
  return {
    bind: async (purchaseToken, accountId) => {
      await query('insert into purchase_owner values ($1, $2) on conflict do nothing', [
        purchaseToken,
        accountId,
      ]);
      const [row] = await query('select account_id from purchase_owner where purchase_token = $1', [
        purchaseToken,
      ]);
      return row.account_id;
    },
    insert: async ({ purchaseId, state, accountId }) => {
      const text = 'insert into purchase_grant values ($1, $2, $3) on conflict do nothing returning 1';
      return (await query(text, [purchaseId, state, accountId])).length === 1;
    },
    stateOf: async (purchaseId) => {
      const [row] = await query('select state from purchase_grant where purchase_id = $1', [purchaseId]);
      return row?.state;
    },
    reverse: async (purchaseId) => {
      const text = `update purchase_grant set state = 'reversed' where purchase_id = $1 and state = 'granted' returning account_id`;
      const [row] = await query(text, [purchaseId]);
      return row?.account_id;
    },
  };
}

/** A game that sells gems. */
export async function openGame(connectionString: string) {
  const pool = new pg.Pool({ connectionString, max: 10 });
  await pool.query(tables);

  async function inTransaction<T>(work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    const connection = await pool.connect();
    try {
      await connection.query('begin');
      const result = await work(connection);
      await connection.query('commit');
      return result;
    } catch (error) {
      await connection.query('rollback');
      throw error;
    } finally {
      connection.release();
    }
  }
  const add = (connection: pg.PoolClient, accountId: string, amount: number) =>
    connection.query(
      'insert into gems values ($1, $2) on conflict (account_id) do update set amount = gems.amount + excluded.amount',
      [accountId, amount],
    );

  return {
    /** After the purchase was verified: gives 100 gems for it, once. */
    give: (accountId: string, purchase: GrantedPurchase, fail?: () => void) =>
      inTransaction((connection) => {
        const grant = async () => {
          await add(connection, accountId, 100);
          fail?.();
        };
        return grantOnce(recordsIn(connection), { purchase, accountId, grant });
      }),
    /** For each row of `client.voidedPurchases()`: takes them back, once. */
    takeBack: (purchaseId: string) =>
      inTransaction((connection) => {
        const reverse = (accountId: string) => add(connection, accountId, -100);
        return reverseOnce(recordsIn(connection), { purchaseId, reverse });
      }),
    gemsOf: async (accountId: string) => {
      const { rows } = await pool.query('select amount from gems where account_id = $1', [accountId]);
      return Number(rows[0]?.amount ?? 0);
    },
    close: () => pool.end(),
  };
}

if (import.meta.main) {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL names no database');
  const game = await openGame(url);
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

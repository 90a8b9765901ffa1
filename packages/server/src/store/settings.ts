// What the whole installation agrees on, by name.
import type { Query } from './database.ts';

/** Sandbox or commercial: that of the first start, for good. */
export const environmentSetting = 'environment';

export async function readSetting(query: Query, name: string): Promise<string | undefined> {
  const [row] = await query.all('select value from setting where name = $1', [name]);
  return row && String(row.value);
}

export async function writeSetting(query: Query, name: string, value: string): Promise<void> {
  await query.run(
    'insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    [name, value],
  );
}

/** The value that all agree on: the first one written stays. */
export async function agreeOnSetting(query: Query, name: string, proposed: string): Promise<string> {
  await query.run('insert into setting (name, value) values ($1, $2) on conflict (name) do nothing', [
    name,
    proposed,
  ]);
  return (await readSetting(query, name)) ?? proposed;
}

// Watches a database: tells when its writes begin to fail, and keeps everybody away from a damaged file.
import { Contention, Damaged, type Database, Unavailable } from './database.ts';

export interface Watch {
  /** A write found the database unavailable; told at each such write. */
  onFailedWrite(error: Unavailable): void;
  /** Told once: from now on every call is refused with this error. */
  onDamage(error: Damaged): void;
}

/** The same database; what it throws is passed on unchanged. A clash over the same rows is no failure. */
export function watched(database: Database, watch: Watch): Database {
  let damage: Damaged | undefined;
  const noteDamage = (error: unknown): never => {
    if (error instanceof Damaged && damage === undefined) {
      damage = error;
      watch.onDamage(error);
    }
    throw error;
  };
  const noteWrite = (error: unknown): never => {
    if (error instanceof Unavailable && !(error instanceof Contention)) watch.onFailedWrite(error);
    return noteDamage(error);
  };
  const unlessDamaged = <T>(work: () => Promise<T>, note: (error: unknown) => never): Promise<T> =>
    damage === undefined ? work().catch(note) : Promise.reject(damage);
  return {
    ...database,
    all: (sql, values) => unlessDamaged(() => database.all(sql, values), noteDamage),
    run: (sql, values) => unlessDamaged(() => database.run(sql, values), noteWrite),
    transaction: (work) => unlessDamaged(() => database.transaction(work), noteWrite),
  };
}

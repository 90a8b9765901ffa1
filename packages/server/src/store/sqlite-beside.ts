// A second way into a SQLite file, beside a running Till: for short writes that its memory does not mind.
import type { Database } from './database.ts';
import { Connection } from './sqlite-connection.ts';
import { Writer } from './sqlite-writer.ts';

/**
 * Opens an existing file without taking its lock. SQLite lets one write after the other, so nobody is harmed; but the
 * running Till does not learn of what is written here, so it must be nothing that it remembers.
 */
export function openBeside(file: string): Database {
  const connection = new Connection(file);
  connection.all('pragma synchronous = full');
  const writer = new Writer(connection);
  return {
    kind: 'sqlite',
    connections: () => undefined,
    all: (sql, values) => writer.all(sql, values),
    run: (sql, values) => writer.transaction((query) => query.run(sql, values)),
    transaction: (work) => writer.transaction(work),
    close: () => writer.close().then(() => connection.close()),
  };
}

// A file that counts only once it is whole: written under another name, removed whatever ends the work.
import { rmSync } from 'node:fs';
import { createMissing } from '../store/sqlite.ts';

/** SQLite and its lock leave these beside a file. */
const companions = ['', '-wal', '-shm', '-journal', '.lock'];

/**
 * Runs `work` with the path of a new, empty file beside `target` that only its owner may read. Whatever is not
 * renamed by then is removed, also when a signal ends the process.
 */
export async function withUnfinished(target: string, work: (part: string) => Promise<void>): Promise<void> {
  const part = `${target}.${process.pid}.part`;
  const remove = () => {
    for (const end of companions) rmSync(`${part}${end}`, { force: true });
  };
  remove();
  createMissing(part);
  process.once('exit', remove);
  try {
    await work(part);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

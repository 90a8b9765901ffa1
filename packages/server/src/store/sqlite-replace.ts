// Puts a SQLite file in the place of another one, which is kept aside; both under the lock of the place.
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Unavailable } from './database.ts';
import { createdFolder, syncFolder, takeLock } from './sqlite.ts';
import { Connection } from './sqlite-connection.ts';
import { syncFile } from './sqlite-copy.ts';

/** Where a database lies for real, behind links; its folder is made where it is missing. */
export function placeOf(path: string): string {
  const wanted = resolve(path);
  createdFolder(dirname(wanted));
  return existsSync(wanted) ? realpathSync(wanted) : wanted;
}

/**
 * Runs `make`, which answers the path of a finished file in the same folder, and puts that in the place. What was
 * there is kept under `aside`, log included; answers whether there was anything. The place is never empty in
 * between. Throws `Unavailable` while a Till holds the place.
 */
export async function replaceSqlite(
  place: string,
  aside: string,
  make: () => Promise<string>,
): Promise<boolean> {
  const lock = takeLock(place);
  try {
    const made = await make();
    const kept = existsSync(place);
    if (kept) {
      keep(place, aside);
      takeAfter(place, made);
    }
    renameSync(made, place);
    syncFolder(dirname(place));
    return kept;
  } finally {
    lock.close();
  }
}

function keep(place: string, aside: string): void {
  takeInLog(place);
  // a log that stayed belongs to the former file, and would spoil the new one
  if (existsSync(`${place}-wal`)) renameSync(`${place}-wal`, `${aside}-wal`);
  rmSync(`${place}-shm`, { force: true });
  try {
    linkSync(place, aside);
  } catch {
    copyFileSync(place, aside, constants.COPYFILE_EXCL); // a file system without links
    syncFile(aside);
  }
}

/** Whoever could read and write the former file can go on with the new one, also where root has restored it. */
function takeAfter(former: string, made: string): void {
  const { uid, gid, mode } = statSync(former);
  chmodSync(made, mode);
  if (process.getuid?.() === 0) chownSync(made, uid, gid);
}

/** A file that is too damaged for it keeps its log beside it. */
function takeInLog(file: string): void {
  try {
    const connection = new Connection(file);
    try {
      connection.all('pragma wal_checkpoint(truncate)');
    } finally {
      connection.close();
    }
  } catch {
    // it is kept as it is
  }
}

/** Whether a Till holds the file just now. */
export function isHeld(path: string): boolean {
  const file = realpathSync(path);
  if (!existsSync(`${file}.lock`)) return false;
  try {
    takeLock(file).close();
    return false;
  } catch (error) {
    if (error instanceof Unavailable) return true;
    throw error;
  }
}

// A port for a program that has to be told one: free, and given to nobody else before the program has it.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that a system hands out by itself: one that was only free a moment ago is soon somebody's. */
const first = 20_000;
const count = 10_000;
// processes of tests run side by side, each begins elsewhere
let next = (process.pid * 7) % count;

export async function freePort(): Promise<number> {
  for (let tried = 0; tried < count; tried++) {
    const port = first + (next++ % count);
    if (await isFree(port)) return port;
  }
  throw new Error('this machine has no free port');
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}

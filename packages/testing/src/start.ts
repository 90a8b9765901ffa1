// startTill and connectTill: a Till in the test's own process, or one that runs elsewhere.
import type { Address, TestTill } from './till.ts';

/** The key of a sandbox on its own machine, unless it is given another. */
const knownControlKey = 'till';

/** Starts a Till in this process: in memory, on a free port of loopback, silent, with a control key of its own. */
export async function startTill(): Promise<TestTill> {
  keepCompiled();
  const [{ TestTill }, { loopbackFetch }, { createTill }, { ephemeralSettings }] = await Promise.all([
    import('./till.ts'),
    import('./loopback-fetch.ts'),
    import('@till/server'),
    import('@till/server/ephemeral'),
  ]);
  const settings = ephemeralSettings();
  const till = await createTill(settings);
  const address = { baseUrl: till.url, controlUrl: till.controlUrl, controlKey: settings.controlKey };
  return new TestTill(address, () => till.stop(), loopbackFetch());
}

/**
 * Uses a Till that runs elsewhere: its address, or what `till serve --ephemeral` printed. Throws where nothing answers there, or
 * not to this key.
 */
export async function connectTill(
  address: string | Address,
  { controlKey = knownControlKey }: { controlKey?: string } = {},
): Promise<TestTill> {
  const { RemoteTill } = await import('./till.ts');
  const given = typeof address === 'string' ? { baseUrl: address } : address;
  return RemoteTill.connect({ controlUrl: given.baseUrl, controlKey, ...given });
}

/**
 * What is compiled is kept in the machine's folder for temporary files, and the next process starts in half the time. It counts for what is
 * loaded from here on, which is why everything is loaded from here.
 */
function keepCompiled(): void {
  process.getBuiltinModule('node:module').enableCompileCache?.();
}

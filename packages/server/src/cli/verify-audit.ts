// `till audit verify`: finds rows of the audit that were removed, altered or added by hand.
import { verifyAudit as verify } from '../actions/verify-audit.ts';
import { secrets } from '../host/machine.ts';
import { openToRead } from '../store/read-only.ts';
import type { Command } from './command.ts';
import { counted, grouped } from './figures.ts';

const mostTold = 20;

export const verifyAudit: Command = {
  takes: '',
  about: 'reads every chain of the audit and finds what was removed or altered',
  help: ['Reads only; a Till may run meanwhile. The exit code is 1 where a row is not as it was written.'],
  own: { flags: {}, wordCount: 0 },
  run: async (read, say) => {
    const { settings } = read();
    if (settings.databaseUrl === 'sqlite::memory:')
      throw new Error('a database in memory ends with its Till');
    const database = await openToRead(settings.databaseUrl);
    try {
      const { chains, rows, faults } = await verify({ database, secrets });
      for (const { text } of faults.slice(0, mostTold)) say(text);
      if (faults.length > mostTold) say(`and ${grouped(faults.length - mostTold)} more`);
      const verdict = faults.length === 0 ? 'all as they were written' : 'the audit has been tampered with';
      say(`${counted(chains, 'chain')}, ${counted(rows, 'row')}: ${verdict}`);
      return faults.length === 0 ? 0 : 1;
    } finally {
      await database.close();
    }
  },
};

// `npm run conformance`: reads the options, runs, prints the report, and tells the outcome in the exit code.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { conform } from './conform.ts';
import { help, OptionError, readOptions } from './options.ts';
import { reportText } from './report.ts';

const exitCodes = { agrees: 0, differs: 1, badOptions: 2, endedEarly: 3 } as const;

// who reads no further has what is wanted; the exit code tells the rest
process.stdout.on('error', () => {});
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args, process.env);
    if (options === undefined) {
      process.stdout.write(help);
      return exitCodes.agrees;
    }
    if (options.jsonFile !== undefined) probeFile(options.jsonFile);
    const report = await conform({ ...options, signal: untilInterrupted() });
    if (options.jsonFile !== undefined)
      writeFileSync(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
    process.stdout.write(reportText(report));
    if (report.ended !== null) return exitCodes.endedEarly;
    return report.counts.differs > 0 ? exitCodes.differs : exitCodes.agrees;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.badOptions;
  }
}

/** Before a run that may take minutes, whose report would be lost. */
function probeFile(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new OptionError(`--json cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** What was found so far is told, and what was made on a Till taken away; a second signal does not wait. */
function untilInterrupted(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  return interruption.signal;
}

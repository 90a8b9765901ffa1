// `npm run conformance`: reads the options, runs, prints the report, and tells the outcome in the exit code.
import { writeFileSync } from 'node:fs';
import { conform } from './conform.ts';
import { help, OptionError, readOptions } from './options.ts';
import { reportText } from './report.ts';

const exitCodes = { agrees: 0, differs: 1, badOptions: 2, endedEarly: 3 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args, process.env);
    if (options === undefined) {
      process.stdout.write(help);
      return exitCodes.agrees;
    }
    const report = await conform(options);
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

// `till doctor`: looks at everything a start needs, changes nothing, and says what to do.
import { type CommandLine, SettingError, type Settings } from '../settings.ts';
import type { Command } from './command.ts';
import { checkDatabase } from './doctor-database.ts';
import { checkGateway } from './doctor-gateway.ts';
import { checkDisk, checkNode, checkPorts } from './doctor-machine.ts';
import { checkControlKey, checkSettings } from './doctor-settings.ts';
import { type Finding, worst } from './finding.ts';

export const doctor: Command = {
  takes: '[--json]',
  about: 'checks settings, ports, gateway, database, keys, clock and disk, and says what to do',
  help: [
    'Reads only; a Till may run meanwhile. Each line is ok, warn or FAIL; the exit code is 1 where one is FAIL.',
    '',
    '  --json                       one JSON object: {"ok", "checks": [{"name", "level", "text", "remedy"?}]}',
  ],
  own: { flags: { json: 'switch' }, wordCount: 0 },
  run: async (read, say, args) => {
    let given: CommandLine | undefined;
    const findings: Finding[] = [checkNode()];
    try {
      given = read();
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      findings.push({ name: 'settings', level: 'FAIL', text: error.message, remedy: 'set it right first' });
    }
    if (given !== undefined) findings.push(...(await findingsOf(given.settings)));
    const ok = worst(findings) !== 'FAIL';
    // settings that cannot be read are a finding like any other, told in the form that was asked for
    if (args.includes('--json')) say(JSON.stringify({ ok, checks: findings }));
    else for (const line of linesOf(findings)) say(line);
    return ok ? 0 : 1;
  },
};

async function findingsOf(settings: Settings): Promise<Finding[]> {
  return [
    checkSettings(settings),
    checkControlKey(settings),
    ...(await checkPorts(settings)),
    ...(await checkGateway(settings)),
    ...checkDisk(settings.databaseUrl),
    ...(await checkDatabase(settings)),
  ];
}

function linesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ name, level, text, remedy }) => {
    const line = `${level.padEnd(4)}  ${name.padEnd(12)}  ${text}`;
    return remedy === undefined ? [line] : [line, `${' '.repeat(20)}→ ${remedy}`];
  });
}

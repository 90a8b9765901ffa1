// What a check of `till doctor` has found.

/** `warn` can be lived with, `FAIL` stops a start or loses something. */
export type Level = 'ok' | 'warn' | 'FAIL';

export interface Finding {
  name: string;
  level: Level;
  text: string;
  /** What to do about it. */
  remedy?: string;
}

export function worst(findings: readonly Finding[]): Level {
  const levels = findings.map(({ level }) => level);
  if (levels.includes('FAIL')) return 'FAIL';
  return levels.includes('warn') ? 'warn' : 'ok';
}

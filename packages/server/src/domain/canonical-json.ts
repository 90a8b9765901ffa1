// JSON in one form only: equal values give equal texts.

/** The JSON of a value that came from JSON, with the members of every object in bytewise order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isObject(part) ? sorted(part) : part));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a member named `__proto__` is one like any other. */
function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const ordered: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value).sort()) ordered[name] = value[name];
  return ordered;
}

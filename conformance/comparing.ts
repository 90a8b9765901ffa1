// Two JSON values held against each other: by what they are, or by their kinds alone.

/** Where an answer is not what it should be: `status`, `header content-type`, `body`, `member quantity`. */
export interface Difference {
  at: string;
  says: string;
}

/** What stands at a place: `null`, `integer`, `number`, `text`, `boolean`, `list` or `object`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** A place as a difference names it. */
export const memberAt = (path: string) => (path === '' ? 'body' : `member ${path}`);
export const inside = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

/** The same JSON, wherever its members stand. */
export function differencesOfValue(actual: unknown, printed: unknown, path = ''): Difference[] {
  if (kindOf(printed) !== 'object' || kindOf(actual) !== 'object') {
    if (JSON.stringify(actual) === JSON.stringify(printed)) return [];
    return [{ at: memberAt(path), says: `it is ${shown(actual)}, not ${shown(printed)}` }];
  }
  return membersOf(actual, printed).flatMap(([name, is, should]) => {
    const at = inside(path, name);
    if (should === undefined) return [{ at: memberAt(at), says: 'it is not documented' }];
    if (is === undefined) return [{ at: memberAt(at), says: 'it is missing' }];
    return differencesOfValue(is, should, at);
  });
}

/** The same members, each of the printed kind; what the first row of a list has, every row has. */
export function differencesOfKind(
  actual: unknown,
  printed: unknown,
  nullable: readonly string[] = [],
  path = '',
): Difference[] {
  if (kindOf(actual) !== kindOf(printed)) {
    return [{ at: memberAt(path), says: `it is ${kindOf(actual)}, not ${kindOf(printed)}` }];
  }
  if (Array.isArray(actual) && Array.isArray(printed)) {
    if (actual.length === 0) return [{ at: memberAt(path), says: 'it is an empty list' }];
    return actual.flatMap((row, index) => differencesOfKind(row, printed[0], nullable, `${path}[${index}]`));
  }
  if (kindOf(actual) !== 'object') return [];
  return membersOf(actual, printed).flatMap(([name, is, should]) => {
    const at = inside(path, name);
    if (should === undefined) return [{ at: memberAt(at), says: 'it is not documented' }];
    if (is === undefined) {
      return name === 'continuationKey' ? [] : [{ at: memberAt(at), says: 'it is missing' }];
    }
    return is === null && nullable.includes(name) ? [] : differencesOfKind(is, should, nullable, at);
  });
}

function membersOf(actual: unknown, printed: unknown): [name: string, is: unknown, should: unknown][] {
  const [is, should] = [actual as Record<string, unknown>, printed as Record<string, unknown>];
  const names = new Set([...Object.keys(should), ...Object.keys(is)]);
  return [...names].map((name) => [name, is[name], should[name]]);
}

/** A value as a sentence holds it, whole: it is cut when what is secret in it has been taken out. */
export function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

// Queries and forms turned into members: percent-escapes decoded once, and what is no text never passed on as one.

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Stands for bytes that are not UTF-8: no field takes a lone surrogate, so the check names the value. */
const unreadable = '\ud800';

/**
 * The members of `a=1&b=2`. One given twice becomes a list, so that it does not fit. An escape that is none (`%zz`) stays as
 * it is, a blank may be written `+`, and a value whose escapes are not UTF-8 does not fit any field.
 */
export function formMembers(text: string): Record<string, unknown> {
  // without a prototype: `__proto__` is a name like any other
  const members: Record<string, unknown> = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1));
    const before = members[name];
    if (before === undefined) members[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else members[name] = [before, value];
  }
  return members;
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodedBytes(spaced);
  }
}

/** Escape by escape, since at least one of them is broken or no UTF-8. */
function decodedBytes(text: string): string {
  const parts = text.split(/%([0-9a-f]{2})/i);
  const bytes = parts.map((part, index) => Buffer.from(part, index % 2 === 1 ? 'hex' : 'utf8'));
  try {
    return utf8.decode(Buffer.concat(bytes));
  } catch {
    return unreadable;
  }
}

// From the body of a message to the text that its signature is over: the same without the member `signature`.

export type RawBody = string | Uint8Array;

export interface SignedText {
  /** What the body says, the signature included; where a name stands twice, the latter. */
  message: Record<string, unknown>;
  signature: string;
  /** What the store may have signed, each saying the same as the body. */
  texts: readonly string[];
}

/** The text of a body; `undefined` where its bytes are not UTF-8. */
export function textOf(rawBody: RawBody): string | undefined {
  if (typeof rawBody === 'string') return rawBody.isWellFormed() ? rawBody : undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
  } catch {
    return undefined;
  }
}

/** The object that a text of JSON holds; `undefined` where it holds none. */
export function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the member out of the text itself and leaves every other character as it came, but for blanks between members: parsing and
 * writing anew would move names that look like numbers, drop repeated ones and round large numbers. The second
 * text is for a body whose texts were escaped after they were signed (`\u00e9`, `\/`): it has them raw, as section 9.5 signs them.
 * `undefined` where there is not exactly one signature.
 */
export function signedText(rawBody: RawBody): SignedText | undefined {
  const text = textOf(rawBody);
  const message = objectOf(text);
  if (text === undefined || message === undefined || typeof message.signature !== 'string') return undefined;
  const members = membersOf(text);
  const signed = members.filter(([name = '']) => JSON.parse(name) !== 'signature');
  if (signed.length !== members.length - 1) return undefined;
  const asItCame = written(signed);
  const raw = written(signed.map((tokens) => tokens.map(unescaped)));
  return { message, signature: message.signature, texts: asItCame === raw ? [raw] : [asItCame, raw] };
}

function written(members: readonly (readonly string[])[]): string {
  return `{${members.map((tokens) => tokens.join('')).join(',')}}`;
}

function unescaped(token: string): string {
  return token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token;
}

/** The members of the outermost object, each as its tokens, the name first. The text is known to be JSON. */
function membersOf(text: string): string[][] {
  const members: string[][] = [];
  let member: string[] = [];
  let depth = 0;
  for (const token of tokensOf(text)) {
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (member.length > 0) members.push(member);
      member = [];
    } else member.push(token);
    if (token === '{' || token === '[') depth += 1;
  }
  return members;
}

/** Texts, numbers, words and marks, without the blanks between them. */
function* tokensOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const from = at;
    if (text[at] === '"') at = afterText(text, at);
    else if (isMark(text[at])) at += 1;
    else while (at < text.length && !isMark(text[at]) && !isBlank(text[at])) at += 1;
    if (at > from) yield text.slice(from, at);
    else at += 1;
  }
}

function afterText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isMark(character: string | undefined): boolean {
  return character !== undefined && '{}[],:'.includes(character);
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && ' \t\r\n'.includes(character);
}

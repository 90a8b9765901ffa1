// How PostgreSQL's column types become the values that SQLite gives for the same statement.
import type { Value } from './database.ts';

type Parser = (text: string) => Value;

const parsers: Record<number, Parser> = {
  16: (text) => (text === 't' ? 1 : 0), // boolean, of a comparison: SQLite answers 0 or 1
  20: safeInteger, // bigint, and count(*)
  21: Number, // smallint
  23: Number, // integer
  1700: safeInteger, // numeric, of sum(bigint)
  19: asIs, // name
  25: asIs, // text
  1042: asIs, // char
  1043: asIs, // varchar
};

/** Asked by the driver once per column; a type that a `Value` cannot hold is refused. */
export function columnParser(type: number): Parser {
  return parsers[type] ?? refused(type);
}

function asIs(text: string): string {
  return text;
}

function safeInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`${text} is not an integer that JavaScript holds exactly`);
  return number;
}

function refused(type: number): Parser {
  return () => {
    throw new TypeError(`PostgreSQL type ${type} holds neither text nor an integer`);
  };
}

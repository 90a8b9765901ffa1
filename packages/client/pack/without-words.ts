// Takes the sentences out of the tables as they are built in: a client reads names, kinds and limits, people read the declarations.
import type { Plugin } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';

const wordy = ['about', 'section'];
const tables = /[\\/]protocol[\\/]src[\\/](operations|fields|control|notifications|purchase-data)[\w-]*\.js$/;

/** As much of a syntax tree's node as is looked at. */
interface Node {
  type?: string;
  key?: { name?: string };
  value?: { value?: unknown };
  start: number;
  end: number;
}

export const withoutWords: Plugin = {
  name: 'without-words',
  transform(code, path) {
    if (!tables.test(path)) return undefined;
    const last = wordsIn(parseAst(code)).sort((a, b) => b.start - a.start);
    return last.reduce(
      (left, { start, end }) => left.slice(0, start) + left.slice(end).replace(/^\s*,/, ''),
      code,
    );
  },
};

/** All members of these names that are plain text. */
function wordsIn(node: unknown): Node[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, key, value } = node as Node;
  const isWord = type === 'Property' && wordy.includes(key?.name ?? '') && typeof value?.value === 'string';
  return isWord ? [node as Node] : Object.values(node).flatMap(wordsIn);
}

// The control client's methods as editors read them: an interface with a comment at each, made from the rows when packing.
import type { Field, Operation, Operations } from '@till/protocol/shape';

const mapped = /^export type ControlMethods = \{[^}]*\};$/m;

/** The declaration of the control client with its mapped type written out. */
export function withMethods(declaration: string, rows: Operations): string {
  if (!mapped.test(declaration)) throw new Error('the declaration of ControlMethods is not where it was');
  const methods = Object.entries(rows).map(([name, row]) => methodOf(name, row));
  return declaration.replace(mapped, () => `export interface ControlMethods {\n${methods.join('')}}`);
}

function methodOf(name: string, row: Operation): string {
  const given = Object.entries({ ...row.params, ...row.query, ...row.body });
  const lines = [
    row.about,
    ...given.map(([member, field]) => `@param input.${member}${limitsOf(field)}${saying(field)}`),
    ...(row.refusals === undefined ? [] : [`@throws OneStoreApiError: ${inCode(row.refusals).join(', ')}`]),
  ];
  const input = given.length === 0 ? 'Record<string, never>' : `ControlInput<'${name}'>`;
  const mark = given.every(([, { optional }]) => optional) ? '?' : '';
  return [
    '    /**\n',
    ...lines.map((line) => `     * ${line}\n`),
    '     */\n',
    `    ${name}(input${mark}: ${input}, options?: ControlCallOptions): ${answerOf(name, row)};\n`,
  ].join('');
}

function answerOf(name: string, { reply, replyAs }: Operation): string {
  const whole = `ControlReply<'${name}'>`;
  if (replyAs === 'events') return `ControlEvents<${whole}>`;
  return reply?.items?.is === 'list' ? `ControlList<${whole}['items'][number]>` : `Promise<${whole}>`;
}

function saying({ about }: Field): string {
  return about === undefined ? '' : `: ${about}`;
}

function limitsOf(field: Field): string {
  const limits = [
    ...(field.optional === true ? ['optional'] : []),
    ...(field.nullable === true ? ['or `null`'] : []),
    ...(field.is === 'text' && field.max !== undefined ? [`${field.max} characters at most`] : []),
    ...(field.is === 'code' ? inCode(field.of) : []),
  ];
  return limits.length === 0 ? '' : ` (${limits.join(', ')})`;
}

function inCode(words: readonly string[]): string[] {
  return words.map((word) => `\`${word}\``);
}

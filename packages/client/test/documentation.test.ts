// What stands at the methods, held against the rows of the tables: refusals, sizes, units, sections.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { operations } from '@till/protocol/operations';
import { commonRefusals } from '@till/protocol/refusals';
import type { Field, Fields, Operation } from '@till/protocol/shape';

const filledIn = ['clientId', 'packageName'];
const read = (name: string) => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8');

/** The comment at a method, as one line. */
function commentAt(source: string, method: string): string {
  const at = source.search(new RegExp(`^ {2}${method}\\(`, 'm'));
  assert.notEqual(at, -1, `there is no method ${method}`);
  const [, comment = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.slice(0, at)) ?? [];
  return comment.replaceAll(/\s*\n\s*\* ?/g, ' ').replaceAll(/\s+/g, ' ');
}

/** What has to be said of a field, besides its name. */
function limitsOf(field: Field): string[] {
  const limits: string[] = [];
  if (field.optional) limits.push('optional');
  if (field.nullable) limits.push('or `null`');
  if (field.is === 'text' && field.max !== undefined) limits.push(`${field.max} characters at most`);
  if (field.is === 'text' && field.maxBytes !== undefined) limits.push(`${field.maxBytes} bytes at most`);
  if (field.is === 'integer' || field.is === 'digits') {
    if (field.max !== undefined) limits.push(`${field.min} to ${field.max}`);
    else if (field.size !== undefined)
      limits.push(field.size === 1 ? '1 digit' : `${field.size} digits at most`);
  }
  if (field.is === 'code') limits.push(...field.of.map((code) => `\`${code}\``));
  return limits;
}

/** Faults of one field: its name is absent, or what stands between it and the next name lacks a limit or its unit. */
function fieldFaults(comment: string, start: string, name: string, field: Field): string[] {
  // elsewhere it is only mentioned: "ascending by `voidedTime`, then `purchaseId`"
  const at = comment.search(new RegExp(`${start}( \\(|:|;| @| of |$)`));
  if (at === -1) return [`does not name ${name}`];
  const said = comment.slice(at);
  const own = said.slice(0, said.indexOf(';') === -1 ? undefined : said.indexOf(';'));
  const [bracket = ''] = /\([^)]*\)/.exec(own) ?? [];
  const missing = limitsOf(field).filter((limit) => !bracket.includes(limit));
  if (field.about?.includes('epoch ms') && !own.includes('epoch ms')) missing.push('epoch ms');
  return missing.map((limit) => `${name} lacks "${limit}"`);
}

function replyFaults(comment: string, fields: Fields): string[] {
  const replies = comment.slice(comment.indexOf('@returns'));
  return Object.entries(fields).flatMap(([name, field]) => [
    ...fieldFaults(replies, `\`${name}\``, name, field),
    ...(field.is === 'object' ? replyFaults(replies, field.of) : []),
    ...(field.is === 'list' && field.of.is === 'object' ? replyFaults(replies, field.of.of) : []),
  ]);
}

function faultsOf(row: Operation, comment: string): string[] {
  const input = { ...row.params, ...row.query, ...(row.form ? {} : row.body) };
  const given = Object.entries(input).filter(([name]) => !filledIn.includes(name));
  const refusals = row.refusals ?? [];
  const thrown = comment.slice(comment.indexOf('@throws'));
  return [
    ...(comment.includes(`Section ${row.section}.`) ? [] : [`does not name section ${row.section}`]),
    ...refusals.filter((code) => !thrown.includes(`\`${code}\``)).map((code) => `does not name ${code}`),
    ...given.flatMap(([name, field]) => {
      const from = comment.indexOf(`@param input.${name} `);
      const to = comment.indexOf(' @', from + 1);
      return fieldFaults(from === -1 ? '' : comment.slice(from, to), `input\\.${name}`, name, field);
    }),
    ...replyFaults(comment, row.reply ?? {}),
  ];
}

for (const [generation, rows] of Object.entries(operations)) {
  test(`every method of ${generation} tells sizes, units, refusals and section as its row does`, () => {
    const source = read(`client-${generation}.ts`);
    const faults = Object.entries<Operation>(rows).flatMap(([name, row]) =>
      faultsOf(row, commentAt(source, name)).map((fault) => `${name} ${fault}`),
    );
    assert.deepEqual(faults, []);
  });
}

test('the lists tell how far back they reach', () => {
  for (const [generation, days] of [
    ['v7', 31],
    ['v6', 31],
    ['v5', 30],
  ] as const) {
    assert.match(
      commentAt(read(`client-${generation}.ts`), 'voidedPurchases'),
      new RegExp(`more than ${days} days`),
    );
  }
  assert.match(commentAt(read('client-v7.ts'), 'unconfirmedPurchases'), /more than 31 days/);
});

test('what may refuse any call stands at the client', () => {
  const source = read('client.ts');
  const missing = commonRefusals.accessToken.filter((code) => !source.includes(`\`${code}\``));
  assert.deepEqual(missing, []);
});

test('a comment that leaves something out is noticed', () => {
  const row: Operation = operations.v7.deferSubscription;
  const whole = commentAt(read('client-v7.ts'), 'deferSubscription');
  assert.deepEqual(faultsOf(row, whole), []);
  const cases: [left: string, fault: RegExp][] = [
    ['`InvalidPurchaseState`', /does not name InvalidPurchaseState/],
    ['Section 6.4.', /section 6\.4/],
    ['1 to 365', /deferPeriod lacks "1 to 365"/],
    ['150 characters at most', /productId lacks/],
    ['@param input.purchaseToken', /does not name purchaseToken/],
  ];
  for (const [left, fault] of cases) {
    assert.ok(whole.includes(left), left);
    assert.match(faultsOf(row, whole.replace(left, '')).join(), fault);
  }
  const details = commentAt(read('client-v7.ts'), 'getPurchaseDetails');
  const unitless = faultsOf(operations.v7.getPurchaseDetails, details.replace(', epoch ms', ''));
  assert.deepEqual(unitless, ['purchaseTime lacks "epoch ms"']);
});

// Holds the rules of the house: who may import whom, what SQL may say, what the documents must show.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: samples of source text
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { controlErrors, serverErrors } from '@till/protocol/errors';
import { operations } from '@till/protocol/operations';
import { generated } from '../docs/generate.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).sort();

// --- reading TypeScript: code without comments, and the texts in it -------------------------------------

interface Scanned {
  /** The source without its comments. */
  code: string;
  /** Every text, with the name of the constant it is the value of. */
  texts: { text: string; name: string | undefined }[];
}

/** Knows comments, texts, templates and regular expressions, which is enough to find SQL and imports. */
function scan(source: string): Scanned {
  const texts: Scanned['texts'] = [];
  let code = '';
  let at = 0;
  const keep = (from: number) => {
    code += source.slice(from, at);
  };
  const readUntil = (ends: (character: string) => boolean) => {
    while (at < source.length && !ends(source[at] ?? '')) at += source[at] === '\\' ? 2 : 1;
    at += 1;
  };
  const readText = () => {
    const from = at;
    const quote = source[at++];
    readUntil((character) => character === quote);
    add(source.slice(from + 1, at - 1));
    keep(from);
  };
  const readTemplate = () => {
    const [from, before] = [at, code];
    at += 1;
    while (at < source.length && source[at] !== '`') {
      if (source.startsWith('${', at)) {
        at += 2;
        readCode(true);
        at += 1;
      } else at += source[at] === '\\' ? 2 : 1;
    }
    at += 1;
    code = before;
    add(source.slice(from + 1, at - 1));
    keep(from);
  };
  const add = (text: string) => {
    texts.push({ text, name: /const (\w+)(?:: [^=]+)? =\s*$/.exec(code)?.[1] });
  };
  const readRegex = () => {
    const from = at++;
    let inClass = false;
    readUntil((character) => {
      if (character === '[') inClass = true;
      if (character === ']') inClass = false;
      return character === '/' && !inClass;
    });
    keep(from);
  };
  const readCode = (inTemplate: boolean) => {
    for (let depth = 0; at < source.length; ) {
      const character = source[at] ?? '';
      if (inTemplate && character === '}' && depth === 0) return;
      if (source.startsWith('//', at)) at = endOf(source, '\n', at);
      else if (source.startsWith('/*', at)) at = endOf(source, '*/', at) + 2;
      else if (character === "'" || character === '"') readText();
      else if (character === '`') readTemplate();
      else if (character === '/' && /(^|[(,=:[!&|?{};]|return|=>)\s*$/.test(code)) readRegex();
      else {
        if (character === '{') depth += 1;
        if (character === '}') depth -= 1;
        code += character;
        at += 1;
      }
    }
  };
  readCode(false);
  return { code, texts };
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found === -1 ? source.length : found;
}

interface Import {
  from: string;
  /** Nothing but types: it is gone when the program runs. */
  typesOnly: boolean;
}

function importsOf(source: string): Import[] {
  const { code } = scan(source);
  const found: Import[] = [];
  for (const [, type, names = '', from = ''] of code.matchAll(
    /^(?:import|export)\s+(type\s)?([^;'"]*?)\s*from\s+'([^']+)'/gm,
  )) {
    const inside = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1]?.split(',') ?? [names];
    const given = inside.map((name) => name.trim()).filter((name) => name !== '');
    found.push({ from, typesOnly: type !== undefined || given.every((name) => name.startsWith('type ')) });
  }
  for (const [, from = ''] of code.matchAll(/(?:^import\s+|\bimport\(\s*)'([^']+)'/gm)) {
    found.push({ from, typesOnly: false });
  }
  return found;
}

// --- who may import whom ----------------------------------------------------------------------------------

interface Room {
  values: readonly string[];
  types: readonly string[];
}

/** Rooms, packages of ours and libraries; `node:` stands for all that Node brings. */
const rooms: Record<string, Room> = {
  domain: {
    values: ['domain', 'protocol/errors', 'protocol/codes', 'protocol/notifications'],
    types: ['protocol/shape'],
  },
  store: {
    values: ['store', 'own-files', 'node:', 'pg'],
    types: ['domain', 'protocol/codes', 'protocol/notifications'],
  },
  host: {
    values: ['host', 'node:', 'prom-client'],
    types: ['protocol/codes', 'protocol/notifications', 'domain', 'store', 'pino'],
  },
  actions: {
    values: ['actions', 'domain', 'store', 'protocol/errors', 'protocol/notifications'],
    types: ['host', 'protocol/codes'],
  },
  http: {
    values: ['http', 'actions', 'own-files', 'protocol', 'node:', 'fastify', 'ajv', 'fast-json-stringify'],
    types: ['domain', 'host'],
  },
  scheduler: { values: ['scheduler', 'actions'], types: ['host'] },
  // the commands work on the database itself, whether a server runs or not, so they go without a client
  cli: {
    values: ['cli', 'store', 'host', 'actions', 'settings', 'node:', 'protocol/notifications'],
    types: [],
  },
  // what a setting may be is said by whoever it is for
  settings: { values: ['node:', 'protocol/codes', 'protocol/notifications', 'host'], types: [] },
  'own-files': { values: ['node:'], types: [] },
  demo: { values: ['actions'], types: ['host'] },
  ephemeral: { values: ['settings', 'node:'], types: [] },
  main: { values: ['till', 'settings', 'demo', 'ephemeral', 'own-files', 'cli', 'node:', 'pino'], types: [] },
  till: {
    values: ['actions', 'domain', 'host', 'http', 'own-files', 'scheduler', 'settings', 'store', 'pino'],
    types: ['node:', 'fastify'],
  },
  client: { values: ['client', 'protocol'], types: ['node:'] },
  testing: { values: ['testing', 'client', 'server', 'node:'], types: [] },
};

/** A view shows what the domain says of a thing, so it may ask the domain's pure functions. */
const views = /^packages\/server\/src\/http\/(\w+-)?views\.ts$/;

function importFaults(path: string, source: string): string[] {
  const room = roomOf(path);
  if (room === 'protocol') {
    return importsOf(source)
      .filter(({ from }) => !from.startsWith('./'))
      .map(({ from }) => `${path} imports ${from}: the protocol imports nothing outside of itself`);
  }
  const rule = rooms[room];
  if (rule === undefined) return [`${path} lies in no room`];
  const values = views.test(path) ? [...rule.values, 'domain'] : rule.values;
  return importsOf(source).flatMap(({ from, typesOnly }) => {
    const allowed = typesOnly ? [...values, ...rule.types] : values;
    const target = targetOf(path, from);
    const fits = allowed.some((name) => target === name || target.startsWith(`${name.replace(/:$/, '')}/`));
    return fits ? [] : [`${path} imports ${typesOnly ? 'types of ' : ''}${target}`];
  });
}

/** Of the server the folder below `src`, or the file's own name where it lies beside the rooms; of another package its name. */
function roomOf(path: string): string {
  const [, packageName = '', inside = ''] = /^packages\/(\w+)\/src\/(.*)$/.exec(path) ?? [];
  if (packageName !== 'server') return packageName;
  return inside.includes('/') ? (inside.split('/')[0] ?? '') : basename(inside, '.ts');
}

function targetOf(path: string, from: string): string {
  if (from.startsWith('node:')) return from.replace(':', '/');
  if (from.startsWith('@till/')) return from.slice('@till/'.length);
  return from.startsWith('.') ? roomOf(normalize(join(dirname(path), from))) : from;
}

test('rooms import only what the house allows them', () => {
  assert.deepEqual(
    sources.flatMap((path) => importFaults(path, read(path))),
    [],
  );
});

test('an import against the arrows is noticed', () => {
  const at = (room: string) => `packages/server/src/${room}/some-thing.ts`;
  const caught = (path: string, source: string) => importFaults(path, source).length;
  assert.equal(caught(at('domain'), "import { readFileSync } from 'node:fs';"), 1);
  assert.equal(caught(at('domain'), "import type { Host } from '../host/host.ts';"), 1);
  assert.equal(caught(at('domain'), "import { Refusal } from '@till/protocol/errors';"), 0);
  assert.equal(caught(at('domain'), "import { operations } from '@till/protocol/operations';"), 1);
  assert.equal(
    caught(at('store'), "import {\n  type Purchase,\n  settle,\n} from '../domain/purchase.ts';"),
    1,
  );
  assert.equal(caught(at('store'), "import { type Purchase } from '../domain/purchase.ts';"), 0);
  assert.equal(caught(at('host'), "import { migrate } from '../store/migrations.ts';"), 1);
  assert.equal(caught(at('actions'), "import { random } from '../host/machine.ts';"), 1);
  assert.equal(caught(at('actions'), "import 'fastify';"), 1);
  assert.equal(caught(at('http'), "import { loadApp } from '../store/apps.ts';"), 1);
  assert.equal(caught(at('http'), "import { settle } from '../domain/purchase.ts';"), 1);
  assert.equal(
    caught('packages/server/src/http/views.ts', "import { settle } from '../domain/purchase.ts';"),
    0,
  );
  assert.equal(caught(at('scheduler'), "const store = await import('../store/apps.ts');"), 1);
  assert.equal(caught(at('kitchen'), ''), 1);
  const client = 'packages/client/src/client.ts';
  assert.equal(caught(client, "import { createHash } from 'node:crypto';"), 1);
  assert.equal(caught(client, "import { v7 } from '@till/protocol/operations-v7';"), 0);
  assert.equal(caught(client, "import { startTill } from '@till/testing';"), 1);
  assert.equal(
    caught('packages/testing/src/start.ts', "const { createTill } = await import('@till/server');"),
    0,
  );
  assert.equal(
    caught('packages/protocol/src/shape.ts', "import type { A } from '../../server/src/till.ts';"),
    1,
  );
  assert.equal(caught(at('domain'), "// import { readFileSync } from 'node:fs';"), 0);
});

// --- a pure domain ----------------------------------------------------------------------------------------

const impure =
  /\b(Date\.now|new Date\(\)|Math\.random|process\.|performance\.|globalThis|console\.|setTimeout|setImmediate|fetch\(|crypto\.|async|await)/;

function impurities(source: string): string[] {
  const found = new RegExp(impure, 'g');
  return [...scan(source).code.matchAll(found)].map(([match]) => match);
}

test('the domain has no clock, no randomness, no process and waits for nothing', () => {
  for (const path of sources.filter((source) => roomOf(source) === 'domain')) {
    assert.deepEqual(impurities(read(path)), [], path);
  }
  assert.deepEqual(impurities('const now = Date.now(); // Math.random'), ['Date.now']);
  assert.deepEqual(impurities('const text = `${await load()}`;'), ['await']);
});

// --- SQL --------------------------------------------------------------------------------------------------

/** Small tables, copied whole or keyed by themselves; every other table is an app's. */
const smallTables = new Set(['setting', 'world', 'app', 'migration', 'access_token']);

const forbidden: Record<string, RegExp> = {
  'row lock': /\bfor\s+(update|share|no\s+key\s+update|key\s+share)\b|\block\s+table\b/i,
  offset: /\boffset\b/i,
  sequence:
    /\b(big|small)?serial\b|\bautoincrement\b|\bnextval\b|\bsequence\b|\bgenerated\s+(always|by\s+default)\b/i,
  'stored code': /\btrigger\b|\bcreate\s+(or\s+replace\s+)?(function|procedure)\b/i,
  'advisory lock': /advisory/i,
  'listen or notify': /^\s*(un)?(listen|notify)\b|\bpg_notify\b/i,
  'clock or chance of the database':
    /\b(now|clock_timestamp|datetime|strftime|julianday|unixepoch|random|gen_random_uuid|randomblob)\s*\(|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b/i,
  JSON: /->|#>|@>|\bjsonb?\b|\bjsonb?_\w+/i,
  'row comparison': /\([\w$.]+\s*,[\w$.\s,]+\)\s*(=|<|>|in\b)/i,
  'foreign key': /\breferences\b|\bforeign\s+key\b/i,
  'session setting': /^\s*set\s/i,
};

function sqlFaults(sql: string): string[] {
  const text = sql.replaceAll(/'(?:[^']|'')*'/g, "''");
  return [
    ...Object.keys(forbidden).filter((name) => forbidden[name]?.test(text)),
    ...writes(text)
      .filter(namesNoApp)
      .map(({ table }) => `writes ${table} without app_id`),
    ...conflictFaults(text),
  ];
}

interface Write {
  table: string;
  kind: string;
  rest: string;
}

function writes(sql: string): Write[] {
  const found = sql.matchAll(/\b(insert\s+into|delete\s+from|(?<!\bdo\s+)update)\s+(\w+)([\s\S]*)/gi);
  return [...found].map(([, kind = '', table = '', rest = '']) => ({
    table,
    kind: kind.toLowerCase(),
    rest,
  }));
}

function namesNoApp({ table, kind, rest }: Write): boolean {
  if (smallTables.has(table.toLowerCase())) return false;
  if (kind.startsWith('insert')) return !/^\s*\([^)]*\bapp_id\b/i.test(rest);
  const [, where = ''] = rest.split(/\bwhere\b/i);
  return !/\bapp_id\s*=\s*\$\d/i.test(where);
}

function conflictFaults(sql: string): string[] {
  const [, table = '', columns] = /insert\s+into\s+(\w+)[\s\S]*on\s+conflict\s*(\([^)]*\))?/i.exec(sql) ?? [];
  if (table === '' || smallTables.has(table) || columns === undefined) return [];
  return /\bapp_id\b/.test(columns) ? [] : [`a conflict on ${table} without app_id`];
}

/** Keys and types of tables: an app's table begins with app_id, and all that is unique names it. */
function tableFaults(sql: string): string[] {
  return statementsOf(sql).flatMap((statement) => {
    const [, table, body] =
      /^create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)\s*\(([\s\S]*)\)$/i.exec(statement) ?? [];
    if (table !== undefined && body !== undefined) return columnFaults(table, partsOf(body));
    const [, index, on, columns = ''] =
      /^create\s+unique\s+index\s+(\w+)\s+on\s+(\w+)\s*\(([^)]*)\)/i.exec(statement) ?? [];
    if (on === undefined || smallTables.has(on) || /\bapp_id\b/.test(columns)) return [];
    return [`unique index ${index} does not name app_id`];
  });
}

function columnFaults(table: string, parts: readonly string[]): string[] {
  const keys = parts.filter((part) => /\b(primary\s+key|unique)\b/i.test(part));
  const columns = parts.filter((part) => !/^(primary\s+key|unique|check|constraint)\b/i.test(part));
  const types = columns
    .filter((column) => !/^\w+\s+(text|bigint|integer)\b/i.test(column))
    .map((column) => `${table}: ${column} is neither text nor an integer`);
  if (smallTables.has(table)) return types;
  const first = /^app_id\s/.test(columns[0] ?? '') ? [] : [`${table} does not begin with app_id`];
  const keyless = keys.length === 0 ? [`${table} has no primary key`] : [];
  const bare = keys
    .filter((key) => !/\bapp_id\b/.test(key))
    .map((key) => `${table}: ${key} does not name app_id`);
  return [...types, ...first, ...keyless, ...bare];
}

function statementsOf(sql: string): string[] {
  const statements = sql.replaceAll(/--.*$/gm, '').split(';');
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** The parts of a table's body: what commas divide outside of brackets. */
function partsOf(body: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of body) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/**
 * All texts of a file that may reach a database, with the file's own constants in their places. A text put
 * together from pieces, as the search of purchases is, is judged piece by piece and as a whole with the
 * names of what is put in.
 */
function sqlTexts(source: string): string[] {
  const { texts } = scan(source);
  const constants = new Map(texts.map(({ name, text }) => [name, text]));
  const filled = (text: string): string =>
    text.replaceAll(/\$\{([^{}]*)\}/g, (_, name: string) => constants.get(name) ?? ' ');
  return texts.map(({ text }) => filled(filled(text))).filter((text) => /[\s=<>]/.test(text.trim()));
}

test('every text of SQL keeps to what both databases and their distributed relatives share', () => {
  const paths = globSync('packages/server/src/store/*.ts', { cwd: root });
  const checked = paths.flatMap((path) => sqlTexts(read(path)).map((text) => ({ path, text })));
  assert.ok(checked.filter(({ text }) => /^\s*(select|insert|update|delete)\s/.test(text)).length > 40);
  assert.deepEqual(
    checked.flatMap(({ path, text }) => sqlFaults(text).map((fault) => `${path}: ${fault}: ${text}`)),
    [],
  );
  for (const path of globSync('packages/server/sql/*.sql', { cwd: root })) {
    for (const statement of statementsOf(read(path))) assert.deepEqual(sqlFaults(statement), [], statement);
    assert.deepEqual(tableFaults(read(path)), [], path);
  }
});

test('SQL stands in the store and nowhere else', () => {
  const statement =
    /^\s*(select\s[\s\S]*\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table)\s/i;
  const outside = sources.filter((path) => roomOf(path) !== 'store');
  const found = outside.flatMap((path) => scan(read(path)).texts.map(({ text }) => ({ path, text })));
  assert.deepEqual(
    found.filter(({ text }) => statement.test(text)),
    [],
  );
});

test('SQL against the rules is noticed', () => {
  const samples: Record<string, string> = {
    'row lock': 'select rev from purchase where app_id = $1 for update',
    offset: 'select rev from purchase limit $1 offset $2',
    sequence: 'create table purchase (id bigserial primary key)',
    'stored code': 'create trigger later after insert on purchase begin select 1',
    'advisory lock': 'select pg_advisory_xact_lock($1)',
    'listen or notify': 'notify purchases',
    'clock or chance of the database': 'select 1 from purchase where due_at < now()',
    JSON: "select switches ->> 'tokenReuse' from app",
    'row comparison': 'select 1 from purchase where (voided_at, purchase_id) > ($1, $2)',
    'foreign key': 'create table ledger (app_id text not null references app)',
    'session setting': 'set search_path = till',
    'writes purchase without app_id': 'update purchase set rev = rev + 1 where purchase_token = $1',
    'writes ledger without app_id': 'insert into ledger (purchase_token, seq) values ($1, $2)',
    'writes product without app_id': 'delete from product where product_id = $1',
    'a conflict on product without app_id':
      'insert into product (app_id, product_id) values ($1, $2) on conflict (product_id) do nothing',
  };
  for (const [fault, sql] of Object.entries(samples)) assert.ok(sqlFaults(sql).includes(fault), fault);
  assert.deepEqual(sqlFaults("select 1 from purchase where void_reason = 'for update'"), []);
  assert.deepEqual(sqlFaults('update app set title = $1 where client_id = $2'), []);

  assert.equal(tableFaults('create unique index one on purchase (purchase_id)').length, 1);
  assert.equal(tableFaults('create unique index one on app (client_id, world_id)').length, 0);
  assert.equal(tableFaults('create table part (app_id text not null, part_id text primary key)').length, 1);
  assert.equal(
    tableFaults('create table part (part_id text, app_id text, primary key (app_id, part_id))').length,
    1,
  );
  assert.equal(tableFaults('create table part (app_id text, at timestamp, primary key (app_id))').length, 1);
  assert.equal(tableFaults('create table part (app_id text, n integer check (n in (0, 1)))').length, 1);
});

test('a text of SQL is found however it is written', () => {
  const source = [
    "const columns = 'seq, at'; // 'not this one'",
    'const pattern = /[\'"`]/;',
    'query.run(`insert into ledger (${columns}) values ($1, $2)`);',
    'query.run(`select 1 ${some.map((one) => `and ${one} offset 3`)}`);',
  ].join('\n');
  const found = sqlTexts(source);
  assert.ok(found.includes('insert into ledger (seq, at) values ($1, $2)'));
  assert.deepEqual(found.flatMap(sqlFaults), ['writes ledger without app_id', 'offset']);
  assert.ok(!found.includes('not this one'));
});

// --- files ------------------------------------------------------------------------------------------------

/** What is or would be in a clone. */
function ownFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

const files = ownFiles();
const scripts = files.filter((path) => path.endsWith('.ts'));

test('every source file is imported from somewhere', () => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path) || !existsSync(join(root, path))) return;
    reached.add(path);
    for (const { from } of importsOf(read(path))) {
      if (from.startsWith('.')) visit(normalize(join(dirname(path), from)));
      if (from.startsWith('@till/protocol/')) visit(`packages/protocol/src/${basename(from)}.ts`);
    }
  };
  visit('packages/server/bin/till.js');
  for (const path of globSync('packages/*/package.json', { cwd: root })) {
    const { exports } = JSON.parse(read(path)) as { exports: Record<string, string> };
    for (const entry of Object.values(exports)) visit(join(dirname(path), entry));
  }
  assert.deepEqual(
    sources.filter((path) => !reached.has(path)),
    [],
  );
});

/** Asks fast-check for cases and leaves it to the day which ones. */
function drawsByTheDay(source: string): boolean {
  const { code } = scan(source);
  return /\bfc\.(assert|check|sample)\(/.test(code) && !/\bseed\b|\bproperties\b/.test(source);
}

test('no test draws its cases by the day: what fails is then the change, and can be played again', () => {
  assert.deepEqual(
    scripts.filter((path) => drawsByTheDay(read(path))),
    [],
  );
  assert.ok(drawsByTheDay('fc.assert(property)') && !drawsByTheDay('fc.assert(property, { seed })'));
  const byTheClock = scripts.filter(
    (path) =>
      path.endsWith('.test.ts') && /\bseed\b.*\b(Date\.now|Math\.random)\(/.test(scan(read(path)).code),
  );
  assert.deepEqual(byTheClock, []);
});

test('files are named for what they hold, in kebab-case', () => {
  const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d))?\.(ts|tsx|js)$/;
  const nameless =
    /^(utils?|helpers?|common|types|misc|shared|manager|.*-(utils?|helpers?|manager))\.(test\.)?(ts|tsx|js)$/;
  const code = files.filter((path) => /\.(ts|tsx|js)$/.test(path)).map((path) => basename(path));
  assert.deepEqual(
    code.filter((path) => !name.test(path) || nameless.test(path)),
    [],
  );
  assert.ok(nameless.test('utils.ts') && nameless.test('world-manager.ts') && !name.test('someThing.ts'));
});

test('the first line of a file says what lives in it', () => {
  assert.deepEqual(
    scripts.filter((path) => !/^\/\/ \S.{10,}/.test(read(path))),
    [],
  );
});

test('no file is larger than a megabyte', () => {
  assert.deepEqual(
    files.filter((path) => statSync(join(root, path)).size > 1_000_000),
    [],
  );
});

test('no file names a place of somebody’s machine', () => {
  const place = /(?<![\w.:/@~-])\/(home|Users|root|work|mnt)\/[\w.]/;
  const texts = files.filter((path) => !/\.(png|jpe?g|gif|ico|woff2?)$/.test(path));
  assert.deepEqual(
    texts.filter((path) => place.test(read(path))),
    [],
  );
  assert.ok(place.test(['', 'home', 'ada', 'till'].join('/')));
});

// --- documents --------------------------------------------------------------------------------------------

for (const [name, text] of Object.entries(generated)) {
  test(`docs/${name} is what the tables say`, () => {
    assert.ok(read(`docs/${name}`) === text(), 'run npm run generate');
  });
}

test('the codes are those of the protocol and four of the control API', () => {
  assert.equal(Object.keys(serverErrors).length, 17);
  assert.deepEqual(Object.keys(controlErrors), [
    'NotInCommercial',
    'PaymentDeclined',
    'AlreadyExists',
    'InvalidState',
  ]);
});

test('the README names every operation of the table', () => {
  const readme = read('README.md');
  const names = Object.values(operations).flatMap((rows) => Object.keys(rows));
  assert.deepEqual(
    names.filter((name) => !readme.includes(`\`${name}\``)),
    [],
  );
});

test('links between the documents lead somewhere', () => {
  const documents = files.filter((path) => path.endsWith('.md'));
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, link = '']) => join(dirname(path), link))
      .filter((target) => !existsSync(join(root, target))),
  );
  assert.deepEqual(broken, []);
});

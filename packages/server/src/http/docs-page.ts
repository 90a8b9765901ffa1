// The page of documentation: one text that needs no other file and no other host, made from the same rows.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { controlErrors, type ErrorCode, errors, serverErrors } from '@till/protocol/errors';
import { idempotencyKeyHeader, takesIdempotencyKey } from '@till/protocol/idempotency';
import { refusalsOf } from '@till/protocol/refusals';
import type { Fields, Operation } from '@till/protocol/shape';
import { ownFiles } from '../own-files.ts';
import { curlOf, settingUp } from './curl.ts';
import { exampleReply } from './examples.ts';
import { groupOf, type NamedRow } from './openapi.ts';
import { accessWords, bodyWords, fieldLines } from './words.ts';

/** The page with the headers it must come with. */
export interface Page {
  headers: Record<string, string>;
  text: string;
}

/** The page of these rows. What it may load, run and be framed by is nothing but what stands in it. */
export function docsPage(rows: readonly NamedRow[], version: string): Page {
  const [style, script] = [own('docs-page.css'), own('docs-script.js')];
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    headers: {
      'content-type': 'text/html;charset=UTF-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
    },
    text: html(rows, version, style, script),
  };
}

function own(name: string): string {
  return readFileSync(new URL(`http/${name}`, ownFiles), 'utf8');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function html(rows: readonly NamedRow[], version: string, style: string, script: string): string {
  const groups = Map.groupBy(rows, groupOf);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Till ${escaped(version)}: its calls</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1><a href="#top">Till</a> <small>${escaped(version)}</small></h1>
<label class="search" hidden>Search <input type="search" placeholder="consume, worlds, NoSuchData …" autocomplete="off"></label>
<a class="machine" href="/openapi.json">openapi.json</a>
</header>
<nav aria-label="Operations">${[...groups].map(([group, of]) => groupLinks(group, of)).join('')}
<section><h2><a href="#errors">Errors</a></h2></section></nav>
<main id="top">
${introduction(rows)}
<p class="none" hidden>Nothing here has all these words.</p>
${[...groups].map(([group, of]) => groupSection(group, of)).join('\n')}
${errorSection(rows)}
</main>
<script>${script}</script>
</body>
</html>
`;
}

/** The place of an operation on the page; the same name in two generations is two places. */
export function placeOf({ name, generation }: NamedRow): string {
  return generation === undefined ? name : `${generation}-${name}`;
}

function groupLinks(group: string, rows: readonly NamedRow[]): string {
  const links = rows.map((named) => `<li><a href="#${placeOf(named)}">${named.name}</a></li>`);
  return `<section><h2>${group}</h2><ul>${links.join('')}</ul></section>`;
}

function introduction(rows: readonly NamedRow[]): string {
  const hasServerApi = rows.some(({ generation }) => generation !== undefined);
  return `<section class="intro">
<p>${hasServerApi ? 'The server API is ONE store’s; the rest is Till’s own. ' : ''}Every call below can be pasted into a shell that
knows these names. In a sandbox on your own machine the control key is <code>till</code>.</p>
${snippet(settingUp(rows))}
</section>`;
}

function groupSection(group: string, rows: readonly NamedRow[]): string {
  return `<section class="group"><h2>${group}</h2>${rows.map(operation).join('\n')}</section>`;
}

function operation(named: NamedRow): string {
  const { name, row } = named;
  const sandbox = row.sandboxOnly === true ? ' <span class="mark">sandbox only</span>' : '';
  return `<details class="operation" id="${placeOf(named)}">
<summary><span class="verb ${row.method.toLowerCase()}">${row.method}</span>
<span class="path">${breakable(row.path)}</span><span class="name">${name}${sandbox}</span>
<span class="about">${inline(row.about)}</span></summary>
<div class="inside">
${facts(row)}
${table('Path', row.params)}${table('Query', row.query)}${table(row.form === true ? 'Form' : 'Body', row.body)}
<h4>Try it</h4>
${snippet(curlOf(named))}
${table(row.replyAs === 'events' ? 'Each event' : `Answer, ${row.status ?? 200}`, row.reply)}${replyExample(row)}
<h4>Refusals, in order of precedence</h4>
<ul class="refusals">${refusalsOf(row).map(refusalLink).join('')}</ul>
</div>
</details>`;
}

function facts(row: Operation): string {
  const lines = [
    ['Access', accessWords[row.access]],
    ...(row.body === undefined ? [] : [['Body', bodyWords(row)]]),
    ...(row.reply === undefined ? [['Answer', `${row.status ?? 200}, ${row.replyAs ?? 'no body'}`]] : []),
    ...(row.replyAs === 'events' ? [['Answer', 'a stream of server-sent events']] : []),
    ...(takesIdempotencyKey(row) ? [['Header', `\`${idempotencyKeyHeader}\`, may be left out`]] : []),
    ...(row.absent === undefined ? [] : [['A purchase that cannot be found', `\`${row.absent}\``]]),
  ];
  const items = lines.map(([term = '', text = '']) => `<div><dt>${term}</dt><dd>${inline(text)}</dd></div>`);
  return `<dl>${items.join('')}</dl>`;
}

function table(title: string, fields: Fields | undefined): string {
  if (fields === undefined || Object.keys(fields).length === 0) return '';
  const rows = fieldLines(fields).map(([name, type, limits, about]) => {
    const cells = [type, limits, about].map((cell) => `<td>${inline(cell)}</td>`);
    return `<tr><th scope="row">${inline(name)}</th>${cells.join('')}</tr>`;
  });
  return `<h4>${title}</h4>
<div class="wide"><table><thead><tr><th>Name</th><th>Type</th><th>Limits</th><th>Meaning</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`;
}

function replyExample(row: Operation): string {
  if (row.reply === undefined) return '';
  return `<pre class="answer">${escaped(JSON.stringify(exampleReply(row), null, 2))}</pre>`;
}

function refusalLink(code: ErrorCode): string {
  return `<li><a href="#error-${code}">${code}</a> ${errors[code].status}</li>`;
}

function errorSection(rows: readonly NamedRow[]): string {
  const hasControl = rows.some(({ row }) => row.access === 'controlKey');
  const codes = Object.keys(hasControl ? { ...serverErrors, ...controlErrors } : serverErrors) as ErrorCode[];
  const lines = codes.map(
    (code) =>
      `<tr id="error-${code}"><th scope="row"><code>${code}</code></th><td>${errors[code].status}</td>` +
      `<td>${escaped(errors[code].message)}</td></tr>`,
  );
  return `<section class="group" id="errors"><h2>Errors</h2>
<p>The body of every error is <code>{"error":{"code":"…","message":"…"}}</code>. Compare the code, not the message. Where two
apply, the upper one is answered.</p>
<div class="wide"><table><thead><tr><th>Code</th><th>Status</th><th>Message</th></tr></thead>
<tbody>${lines.join('')}</tbody></table></div></section>`;
}

function snippet(text: string): string {
  return `<div class="snippet"><pre>${escaped(text)}</pre><button type="button" hidden>Copy</button></div>`;
}

/** The Markdown of the rows: code and emphasis. */
function inline(text: string): string {
  const marked = (plain: string) => escaped(plain).replaceAll(/\*(\w+)\*/g, '<em>$1</em>');
  const parts = text.split('`');
  return parts.map((part, at) => (at % 2 === 1 ? `<code>${escaped(part)}</code>` : marked(part))).join('');
}

/** A long path may break behind a slash. */
function breakable(path: string): string {
  return escaped(path).replaceAll('/', '/<wbr>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

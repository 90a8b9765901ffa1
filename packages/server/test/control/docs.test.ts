// The page of documentation: whole, and nothing in it reaches for another host.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { curlOf, settingUp } from '../../src/http/curl.ts';
import { docsPage, placeOf } from '../../src/http/docs-page.ts';
import { allRows } from '../../src/http/openapi.ts';
import { shell } from '../program/shell.ts';
import { type Answer, controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';

suite('GET /docs', () => {
  let server: TestServer;
  let page: Answer;
  before(async () => {
    server = await startServer({ url: 'sqlite::memory:' });
    page = await server.call('GET', '/docs');
  });
  after(() => server.stop());

  test('is a page for anybody', async () => {
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('content-type'), 'text/html;charset=UTF-8');
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.match(page.text, /^<!doctype html>\n<html lang="en">/);
    assert.deepEqual(refusal(await server.call('POST', '/docs')), [405, 'MethodNotAllowed']);
  });

  test('may run and load nothing but its own script and style, by their hashes', () => {
    const policy = new Map(
      (page.headers.get('content-security-policy') ?? '').split('; ').map((rule) => {
        const [name = '', ...values] = rule.split(' ');
        return [name, values.join(' ')];
      }),
    );
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const inside = (tag: string) => {
      const found = [...page.text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
      assert.equal(found.length, 1, tag);
      return found[0]?.[1] ?? '';
    };
    assert.equal(policy.get('default-src'), "'none'");
    assert.equal(policy.get('script-src'), hash(inside('script')));
    assert.equal(policy.get('style-src'), hash(inside('style')));
    for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
      assert.equal(policy.get(name), "'none'");
  });

  test('names no other host and holds nothing that the policy would stop', () => {
    const { text } = page;
    const addresses = [...text.matchAll(/(?:href|src|action|srcset|poster)="([^"]*)"/g)].map(
      ([, at]) => at ?? '',
    );
    assert.deepEqual(
      addresses.filter((address) => !/^(#|data:,$|\/openapi\.json$)/.test(address)),
      [],
    );
    assert.doesNotMatch(text, /@import|url\(|<(iframe|object|embed|link rel="(?!icon))|\sstyle="|\son\w+="/);
    const hosts = new Set([...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host));
    // the server's own usual address, and a name that the registries keep for examples
    assert.deepEqual([...hosts].sort(), ['127.0.0.1', 'game.example']);
  });

  test('holds every operation with its path, its fields and its refusals, and every link leads somewhere', () => {
    const text = page.text.replace(/<script>[\s\S]*<\/script>/, '');
    for (const named of allRows) {
      const from = text.indexOf(`<details class="operation" id="${placeOf(named)}">`);
      assert.notEqual(from, -1, named.name);
      const part = text.slice(from, text.indexOf('</details>', from));
      assert.ok(part.replaceAll('<wbr>', '').includes(named.row.path), named.name);
      for (const field of Object.keys({ ...named.row.params, ...named.row.query, ...named.row.body })) {
        assert.ok(part.includes(`<code>${field}</code>`), `${named.name} ${field}`);
      }
      for (const code of named.row.refusals ?? []) assert.ok(part.includes(`#error-${code}"`), code);
    }
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? '');
    assert.equal(new Set(ids).size, ids.length, 'no id stands twice');
    const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id ?? '');
    assert.deepEqual(
      links.filter((link) => !ids.includes(link)),
      [],
    );
  });

  test('shows markup of a row as text', () => {
    const row = { ...allRows[0]?.row, about: '<img src=x> & `<b>`' };
    const { text } = docsPage([{ name: 'odd', row: row as never }], '0.0.0');
    assert.ok(!text.includes('<img') && text.includes('&lt;img src=x&gt; &amp; <code>&lt;b&gt;</code>'));
  });

  test('prints calls that a shell and the server understand', async () => {
    const clientId = 'com.example.demo';
    const app = expectStatus(await server.control('POST', '/apps', { clientId }), 201);
    await server.control('PUT', `/apps/${clientId}/products/gem_100`, {
      type: 'inapp',
      title: '100 gems',
      price: '1100',
      currency: 'KRW',
    });
    // the demo's credentials and purchases are not here, so a refusal of the action is an answer too
    const understood = /^$|^\{/;
    const open = allRows.filter(({ row }) => row.replyAs === undefined);
    const script = open.map((named) => `${curlOf(named)}; echo; echo "== ${named.name}"`);
    const names = `TILL=${server.url}\nCONTROL_KEY=${controlKey}\nTOKEN=${await server.token(app)}\n`;
    const out = await shell(names + script.join('\n'));
    const parts = out.split(/\n== \w+\n/);
    assert.equal(parts.length, open.length + 1);
    for (const [index, part] of parts.slice(0, -1).entries()) {
      const name = open[index]?.name;
      assert.match(part.trim(), understood, name);
      assert.doesNotMatch(
        part,
        /"(BadRequest|InvalidRequest|RequiredValueNotExist|InvalidContentType|ResourceNotFound|MethodNotAllowed)"/,
        `${name}: ${part}`,
      );
    }
    assert.match(
      settingUp(allRows),
      /^TILL=http.*\nCONTROL_KEY=till\nTOKEN=\$\(curl -s "\$TILL\/v7\/oauth\/token"/,
    );
  });
});

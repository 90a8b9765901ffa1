// What a notification must never reach: a name that leads inside, one that changes its mind, a redirect, a proxy.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createHttpPoster, type PosterOptions } from '../../src/host/http-poster.ts';
import { createTargetRules } from '../../src/host/target-rules.ts';
import { Receiver } from '../notifications/receiver.ts';

/** Of all loopback only this address counts as one on the internet here. */
const outside = '127.0.0.2';
const rules = createTargetRules({ environment: 'commercial', http: true, allowed: [outside] });

type Lookup = NonNullable<PosterOptions['lookup']>;

/** A name server of one's own: each question gets the next answer, the last one for ever; it counts the questions. */
function names(...answers: string[][]) {
  const asked: string[] = [];
  const lookup = (hostname: string, _: unknown, callback: (error: null, found: LookupAddress[]) => void) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => callback(null, found));
  };
  return { asked, lookup: lookup as unknown as Lookup };
}

describe('a notification to where it must not go', () => {
  let receiver: Receiver;
  let inside: Receiver;

  before(async () => {
    // the same port on both addresses, which somebody else may have taken on one of them
    for (let tries = 0; ; tries++) {
      receiver = await new Receiver({ host: outside }).open();
      inside = new Receiver({ port: receiver.port });
      try {
        await inside.open();
        break;
      } catch (error) {
        await receiver.close();
        if (tries === 10) throw error;
      }
    }
  });
  after(async () => {
    await receiver.close();
    await inside.close();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    // each message on a connection of its own, so that each asks for the address
    receiver.reply = () => (response) => response.writeHead(200, { connection: 'close' }).end();
  });

  const open = (lookup?: Lookup, of = rules) => {
    const poster = createHttpPoster({
      rules: of,
      connectWithinMs: 20_000,
      answerWithinMs: 60_000,
      ...(lookup && { lookup }),
    });
    const post = async (url: string) => (await poster.post({ url, id: 'one', body: '{}' })).result;
    return { post, close: () => poster.close() };
  };
  const named = (name: string) => `http://${name}:${receiver.port}/notifications`;

  test('a name that stands for an address inside is blocked before anything is connected', async () => {
    const addresses = ['127.0.0.1', '::1', '10.0.0.1', '192.168.0.1', '172.16.0.1', '169.254.169.254'];
    for (const address of [...addresses, '::ffff:127.0.0.1', 'fe80::1', 'fd00::1', '0.0.0.0', '::']) {
      const { lookup, asked } = names([address]);
      const { post, close } = open(lookup);
      assert.equal(await post(named('games.example')), 'blocked', address);
      assert.equal(asked.length, 1);
      close();
    }
    assert.deepEqual([inside.connections, receiver.received.length], [0, 0]);
  });

  test('one address inside is enough, wherever it stands among good ones', async () => {
    for (const found of [
      [outside, '127.0.0.1'],
      ['127.0.0.1', outside],
      [outside, '::1'],
    ]) {
      const { post, close } = open(names(found).lookup);
      assert.equal(await post(named('games.example')), 'blocked', found.join());
      close();
    }
    assert.deepEqual([inside.connections, receiver.received.length], [0, 0]);
  });

  test('a name that leads outside when asked first and inside when asked next never leads inside', async () => {
    const { lookup, asked } = names([outside], ['127.0.0.1']);
    const { post, close } = open(lookup);
    assert.equal(await post(named('rebinding.example')), 'delivered');
    assert.equal(asked.length, 1, 'what was checked is what was connected to');
    assert.equal(await post(named('rebinding.example')), 'blocked');
    assert.equal(asked.length, 2);
    assert.deepEqual([inside.connections, receiver.received.length], [0, 1]);
    close();
  });

  test('localhost is resolved by the machine and blocked', async () => {
    const { post, close } = open();
    for (const name of ['localhost', 'LOCALHOST', 'localhost.']) {
      // a resolver may know nothing of the name with its dot, or be out of reach
      const expected = name === 'localhost.' ? /blocked|connection|timeout/ : /blocked/;
      assert.match(await post(named(name)), expected, name);
    }
    assert.equal(inside.connections, 0);
    close();
  });

  test('a stored address is judged at each attempt, without a question or a connection', async () => {
    const { lookup, asked } = names([outside]);
    const { post, close } = open(lookup);
    const urls = ['127.0.0.1', '2130706433', '[::1]', '[::ffff:7f00:1]', '0x7f.1'].map(named);
    for (const url of [...urls, named('user:secret@games.example'), 'ftp://games.example/', 'nonsense']) {
      assert.equal(await post(url), 'blocked', url);
    }
    const secure = open(lookup, createTargetRules({ environment: 'commercial', allowed: [outside] }));
    assert.equal(await secure.post(named('games.example')), 'blocked', 'plain http');
    assert.deepEqual([asked.length, inside.connections], [0, 0]);
    close();
    secure.close();
  });

  test('a redirect is not followed, not even to a good address', async () => {
    const { post, close } = open();
    for (const status of [300, 301, 302, 303, 307, 308]) {
      for (const location of [inside.url, receiver.url]) {
        receiver.reply = () => (response) => response.writeHead(status, { location }).end();
        assert.equal(await post(receiver.url), 'redirect', `${status} ${location}`);
      }
    }
    assert.deepEqual([receiver.received.length, inside.connections], [12, 0]);
    close();
  });

  test('a proxy of the environment is not used', async () => {
    const proxy = await new Receiver({ host: outside }).open();
    const module = (name: string) =>
      JSON.stringify(new URL(`../../src/host/${name}.ts`, import.meta.url).href);
    const program = `
      const { createHttpPoster } = await import(${module('http-poster')});
      const { createTargetRules } = await import(${module('target-rules')});
      const rules = createTargetRules({ environment: 'sandbox' });
      const poster = createHttpPoster({ rules });
      console.log((await poster.post({ url: ${JSON.stringify(receiver.url)}, id: 'one', body: '{}' })).result);
      poster.close();`;
    const there = proxy.url.replace('/notifications', '');
    const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: there, http_proxy: there };
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...env, NO_PROXY: '', no_proxy: '', HTTPS_PROXY: there, https_proxy: there },
    });
    assert.equal(stdout.trim(), 'delivered');
    assert.deepEqual([receiver.received.length, proxy.connections], [1, 0]);
    await proxy.close();
  });
});

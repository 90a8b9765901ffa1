// Which addresses notifications may go to: every refused range, in every way in which its addresses can be written.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTargetRules, isRange } from '../../src/host/target-rules.ts';

const commercial = createTargetRules({ environment: 'commercial' });
const sandbox = createTargetRules({ environment: 'sandbox' });

const notAllowed = 'leads to an address that is not allowed';
const loopback = [
  ...['127.0.0.1', '127.255.255.254', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1'],
  ...['0177.0.0.1', '017700000001', '127.0.0.1.', '①②⑦.⓪.⓪.①', '127%2e0%2e0%2e1', '0.0.0.0', '0'],
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]'],
];
const local = [
  ...[
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '0xc0a80101',
    '3232235777',
  ],
  ...[
    '100.64.0.1',
    '100.127.255.255',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[::ffff:10.0.0.1]',
    '[::ffff:c0a8:101]',
  ],
];
/** Ranges that are for books, benchmarks and protocols, and IPv6 addresses that stand for IPv4 ones. */
const special = [
  ...['192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
  ...['[100::1]', '[2001::1]', '[2001:db8::1]', '[3fff::1]', '[5f00::1]'],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[::ffff:0:7f00:1]',
    '[::ffff:0:127.0.0.1]',
  ],
];
/** Where clouds answer with credentials, written as themselves and wrapped, and what is no single machine. */
const everywhere = [
  ...['169.254.169.254', '169.254.0.1', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '100.100.100.200'],
  ...['168.63.129.16', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]'],
  ...['[64:ff9b::a83f:8110]', '[64:ff9b::6464:64c8]'],
  ...[
    '[2002:a9fe:a9fe::]',
    '[::a9fe:a9fe]',
    '[::ffff:0:a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[febf::1]',
  ],
  ...['192.0.0.192', '[::ffff:192.0.0.192]', '[fd20:ce::254]'],
  ...['[fec0::1]', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '[ff02::1]'],
];
const open = [
  ...['8.8.8.8', '1.1.1.1', '9.255.255.255', '11.0.0.1', '126.255.255.255', '128.0.0.1', '100.63.255.255'],
  ...['100.128.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.1', '192.167.255.255'],
  ...[
    '192.169.0.1',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '[2606:4700::1111]',
    '[2a00:1450::1]',
  ],
];

describe('the addresses of notifications', () => {
  test('commercial refuses every address that is not on the internet, however it is written', () => {
    for (const host of [...loopback, ...local, ...special, ...everywhere]) {
      assert.equal(commercial.refusalOf(`https://${host}/path`), notAllowed, host);
      assert.equal(commercial.refusalOf(`https://${host}:8443/`), notAllowed, host);
    }
    for (const host of open) assert.equal(commercial.refusalOf(`https://${host}/path`), undefined, host);
  });

  test('sandbox allows loopback and private ones, and refuses link-local and metadata ones', () => {
    for (const host of [...loopback, ...local, ...special, ...open]) {
      assert.equal(sandbox.refusalOf(`http://${host}:8080/`), undefined, host);
    }
    for (const host of everywhere) assert.equal(sandbox.refusalOf(`http://${host}/`), notAllowed, host);
  });

  test('commercial wants https, unless plain http is allowed by setting', () => {
    assert.equal(commercial.refusalOf('http://games.example/'), 'must be an https address');
    assert.equal(commercial.refusalOf('https://games.example/'), undefined);
    const plain = createTargetRules({ environment: 'commercial', http: true });
    assert.equal(plain.refusalOf('http://games.example/'), undefined);
    assert.equal(plain.refusalOf('http://127.0.0.1/'), notAllowed, 'http alone opens no range');
    assert.equal(sandbox.refusalOf('http://games.example/'), undefined);
  });

  test('a user, a password and other protocols are refused everywhere', () => {
    for (const rules of [commercial, sandbox]) {
      for (const who of ['user:secret@', 'user@', ':secret@']) {
        const broken = rules.refusalOf(`https://${who}games.example/`);
        assert.equal(broken, 'must not hold a user or a password');
      }
      for (const text of [
        'ftp://games.example/',
        'file:///etc/passwd',
        'javascript:alert(1)',
        'unix:/socket',
      ]) {
        assert.equal(rules.refusalOf(text), 'must be an http or https address', text);
      }
      for (const text of [
        'games.example',
        '',
        'https://',
        'https://[::1',
        'https://256.1.1.1/',
        'https://a:99999/',
      ]) {
        assert.equal(rules.refusalOf(text), 'is no address', text);
      }
    }
  });

  test('a range that a setting allows is open, and nothing beside it', () => {
    const allowed = ['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32', '169.254.7.7'];
    const rules = createTargetRules({ environment: 'commercial', allowed });
    for (const host of [
      '10.1.0.0',
      '10.1.255.255',
      '127.1',
      '[::ffff:10.1.2.3]',
      '[fd00:1::9]',
      '169.254.7.7',
    ]) {
      assert.equal(rules.refusalOf(`https://${host}/`), undefined, host);
    }
    for (const host of ['10.0.255.255', '10.2.0.0', '127.0.0.2', '[::1]', '[fd00:2::9]', '169.254.169.254']) {
      assert.equal(rules.refusalOf(`https://${host}/`), notAllowed, host);
    }
  });

  test('what a name was resolved to is judged alike; what is no address is never connected to', () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '::ffff:127.0.0.1',
      '10.0.0.1',
      'fe80::1%eth0',
      '169.254.169.254',
    ]) {
      assert.equal(commercial.allows(address), false, address);
    }
    for (const address of ['', 'localhost', '127.1', '0x7f000001', '1.2.3']) {
      assert.equal(commercial.allows(address), false, address);
      assert.equal(sandbox.allows(address), false, address);
    }
    assert.equal(commercial.allows('8.8.8.8'), true);
    assert.equal(commercial.allows('2606:4700::1111'), true);
    assert.equal(sandbox.allows('127.0.0.1'), true);
    assert.equal(sandbox.allows('::1'), true);
  });

  test('a range is an IP address, with its bits or alone', () => {
    for (const text of ['10.0.0.0/8', '10.1.2.3', '0.0.0.0/0', '10.1.2.3/32', 'fd00::/8', '::1', '::1/128']) {
      assert.equal(isRange(text), true, text);
    }
    for (const text of [
      '',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '127.1',
      'host',
      '::/129',
      '::/x',
    ]) {
      assert.equal(isRange(text), false, text);
    }
  });
});

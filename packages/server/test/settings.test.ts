// What the program reads from flags, variables and .env, and what it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback, knownControlKey, readSettings, SettingError, settingsHelp } from '../src/settings.ts';

const strongKey = 'k'.repeat(32);
const masterKey = Buffer.alloc(32, 7).toString('base64');
const commercial = {
  TILL_ENVIRONMENT: 'commercial',
  TILL_CONTROL_KEY: strongKey,
  TILL_MASTER_KEY: masterKey,
};

function refuses(args: string[], env: Record<string, string>, line: RegExp): void {
  assert.throws(
    () => readSettings(args, env),
    (error) => error instanceof SettingError && line.test(error.message) && !error.message.includes('\n'),
  );
}

test('without any setting it is a sandbox on loopback with a file of its own', () => {
  assert.deepEqual(readSettings([], {}), {
    port: 7575,
    host: '127.0.0.1',
    databaseUrl: 'sqlite:.till/till.db',
    environment: 'sandbox',
    controlKey: knownControlKey,
    controlPort: 7576,
    controlHost: '127.0.0.1',
    logLevel: 'info',
    tokenReuse: true,
    strictContentType: false,
    unconfirmedGlobal: false,
    scheduledCancelTime: 'expiry',
    snsEnvironmentKey: 'environment',
    notificationHttp: false,
    notificationRanges: [],
    gatewayUrl: '',
    gatewaySecret: '',
    masterKey: undefined,
    newMasterKey: undefined,
    formerMasterKey: undefined,
  });
});

test('a flag wins over a variable, a variable over .env, .env over the default', () => {
  const port = (args: string[], env: Record<string, string>, file: string) =>
    readSettings(args, env, file).port;
  assert.equal(port(['--port', '1'], { TILL_PORT: '2' }, 'TILL_PORT=3'), 1);
  assert.equal(port(['--port=1'], {}, 'TILL_PORT=3'), 1);
  assert.equal(port([], { TILL_PORT: '2' }, 'TILL_PORT=3'), 2);
  assert.equal(port([], {}, '# a comment\nTILL_PORT="3"\n'), 3);
});

test('every setting has its variable, and all but two keys and a secret have a flag', () => {
  const rows = [...settingsHelp().matchAll(/^ {2}--(\S+) \S+\s+(TILL_\S+)/gm)];
  const flagless = [...settingsHelp().matchAll(/^ {2}\(variable only\)\s+(TILL_\S+)/gm)];
  assert.deepEqual(
    flagless.map(([, variable]) => variable),
    ['TILL_GATEWAY_SECRET', 'TILL_NEW_MASTER_KEY', 'TILL_FORMER_MASTER_KEY'],
  );
  assert.equal(rows.length + flagless.length, Object.keys(readSettings([], {})).length);
  for (const [, flag = '', variable] of rows) {
    assert.equal(variable, `TILL_${flag.toUpperCase().replaceAll('-', '_')}`);
  }
});

test('reads switches, ports and the master key', () => {
  const settings = readSettings(
    ['--token-reuse', 'off', '--strict-content-type', 'on', '--unconfirmed-global=on', '--port', '0'],
    { TILL_MASTER_KEY: masterKey, TILL_CONTROL_PORT: '65535' },
  );
  assert.equal(settings.tokenReuse, false);
  assert.equal(settings.strictContentType, true);
  assert.equal(settings.unconfirmedGlobal, true);
  assert.equal(settings.port, 0);
  assert.equal(settings.controlPort, 65_535);
  assert.equal(settings.masterKey?.length, 32);
});

test('refuses what is not known', () => {
  refuses(['--ports', '1'], {}, /--ports/);
  refuses(['8080'], {}, /outside of the flags/);
  refuses([], { TILL_PORTS: '1', TILL_HOSTS: '2' }, /TILL_PORTS, TILL_HOSTS/);
  assert.throws(() => readSettings([], {}, 'TILL_PORTS=1'), /TILL_PORTS/);
});

test('takes no notice of other variables, nor of those of the tests', () => {
  assert.equal(readSettings([], { PATH: '/bin', TILL_TEST_DATABASE_URL: 'x', TILLER: 'y' }).port, 7575);
});

test('refuses what does not fit, and names the setting', () => {
  for (const port of ['', 'x', '-1', '65536', '1.5', '0x10', ' 1', '1e3']) {
    refuses([], { TILL_PORT: port }, /TILL_PORT must be a number from 0 to 65535/);
  }
  for (const value of ['', 'ON', 'true', '1']) refuses([], { TILL_TOKEN_REUSE: value }, /TILL_TOKEN_REUSE/);
  refuses([], { TILL_ENVIRONMENT: 'production' }, /TILL_ENVIRONMENT must be one of sandbox, commercial/);
  refuses([], { TILL_LOG_LEVEL: 'verbose' }, /TILL_LOG_LEVEL/);
  refuses([], { TILL_HOST: '' }, /TILL_HOST must not be empty/);
  refuses([], { TILL_DATABASE_URL: '' }, /TILL_DATABASE_URL must not be empty/);
  refuses([], { TILL_MASTER_KEY: Buffer.alloc(31).toString('base64') }, /TILL_MASTER_KEY must be 32 bytes/);
});

test('what a scheduled cancellation shows is the expiry unless the request is asked for', () => {
  assert.equal(readSettings(['--scheduled-cancel-time', 'request'], {}).scheduledCancelTime, 'request');
  assert.equal(
    readSettings([], { TILL_SCHEDULED_CANCEL_TIME: 'request' }, 'TILL_SCHEDULED_CANCEL_TIME=expiry')
      .scheduledCancelTime,
    'request',
  );
  for (const value of ['', 'Expiry', 'both']) {
    refuses([], { TILL_SCHEDULED_CANCEL_TIME: value }, /TILL_SCHEDULED_CANCEL_TIME must be one of expiry, /);
  }
});

test('a payment gateway is taken in commercial, as it was given, with a secret of its own', () => {
  const gateway = { TILL_GATEWAY_URL: 'https://pay.example/charges?a=1', TILL_GATEWAY_SECRET: strongKey };
  const { gatewayUrl, gatewaySecret } = readSettings([], { ...commercial, ...gateway });
  assert.deepEqual([gatewayUrl, gatewaySecret], ['https://pay.example/charges?a=1', strongKey]);
  const byFlag = ['--gateway-url', 'http://127.0.0.1:9/'];
  assert.equal(readSettings(byFlag, { ...commercial, ...gateway }).gatewayUrl, 'http://127.0.0.1:9/');
  assert.equal(readSettings([], commercial).gatewayUrl, '');
});

test('a payment gateway is refused in a sandbox, without a secret of length, and where it is no address', () => {
  const url = 'https://pay.example/';
  refuses(
    [],
    { TILL_GATEWAY_URL: url, TILL_GATEWAY_SECRET: strongKey },
    /TILL_GATEWAY_URL is for the commercial/,
  );
  for (const secret of ['', 'k'.repeat(31)]) {
    const given = { ...commercial, TILL_GATEWAY_URL: url, TILL_GATEWAY_SECRET: secret };
    refuses([], given, /TILL_GATEWAY_SECRET must have at least 32 characters/);
  }
  for (const text of ['pay.example', 'ftp://pay.example/', 'https://', 'javascript:alert(1)', ' ']) {
    const given = { ...commercial, TILL_GATEWAY_URL: text, TILL_GATEWAY_SECRET: strongKey };
    refuses([], given, /TILL_GATEWAY_URL must be an http or https address/);
  }
  refuses(['--gateway-secret', strongKey], commercial, /gateway-secret/);
});

test('beyond loopback, and in commercial, a strong control key is demanded', () => {
  refuses(['--host', '0.0.0.0'], {}, /TILL_CONTROL_KEY .*beyond loopback/);
  refuses(['--host', 'till.example'], { TILL_CONTROL_KEY: 'k'.repeat(31) }, /32 characters/);
  assert.equal(readSettings(['--host', '::'], { TILL_CONTROL_KEY: strongKey }).controlKey, strongKey);
  refuses([], { ...commercial, TILL_CONTROL_KEY: '' }, /TILL_CONTROL_KEY .*commercial/);
  refuses([], { ...commercial, TILL_CONTROL_KEY: knownControlKey }, /TILL_CONTROL_KEY/);
  refuses([], { ...commercial, TILL_MASTER_KEY: '' }, /TILL_MASTER_KEY must be set/);
  assert.equal(readSettings(['--host', '0.0.0.0'], commercial).environment, 'commercial');
});

test('on loopback a sandbox takes any key, and the known one where none is given', () => {
  assert.equal(readSettings(['--control-key', 'short'], {}).controlKey, 'short');
  assert.equal(readSettings(['--host', '::1'], { TILL_CONTROL_KEY: '' }).controlKey, knownControlKey);
});

test('knows loopback addresses', () => {
  for (const host of ['localhost', '127.0.0.1', '127.255.0.9', '::1']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.example', 'example']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('no refusal repeats a value', () => {
  const secret = 'hush-hush-7391';
  for (const name of [
    'TILL_PORT',
    'TILL_ENVIRONMENT',
    'TILL_LOG_LEVEL',
    'TILL_MASTER_KEY',
    'TILL_TOKEN_REUSE',
    'TILL_SCHEDULED_CANCEL_TIME',
    'TILL_GATEWAY_URL',
  ]) {
    assert.throws(
      () => readSettings([], { [name]: secret }),
      (error: Error) => !error.message.includes(secret),
    );
  }
  for (const given of [{ TILL_GATEWAY_URL: `ftp://${secret}/` }, { TILL_GATEWAY_SECRET: secret }]) {
    const gateway = { TILL_GATEWAY_URL: 'https://pay.example/', ...given };
    assert.throws(
      () => readSettings([], { ...commercial, ...gateway }),
      (error: Error) => !error.message.includes(secret),
    );
  }
  assert.throws(
    () => readSettings(['--control-key', 'half', secret], {}),
    (error: Error) => !error.message.includes(secret),
  );
});

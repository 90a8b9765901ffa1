// What a report may not show, and what remains of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redaction } from './redaction.ts';

describe('Redaction', () => {
  it('takes out a secret as it is and as a form has it', () => {
    const redaction = new Redaction();
    redaction.addSecret('abc/def+ghi=', 'client secret');
    const shown = redaction.text('client_secret=abc/def+ghi= and client_secret=abc%2Fdef%2Bghi%3D');
    assert.equal(shown, 'client_secret=[client secret] and client_secret=[client secret]');
  });

  it('takes it out however a form, an address or JSON spells it', () => {
    const redaction = new Redaction();
    const secret = 'a~b\'c (d)+e/f"g=';
    redaction.addSecret(`${secret}\n`, 'client secret');
    const form = String(new URLSearchParams({ s: secret }));
    const spelled = [secret, form, encodeURIComponent(secret), JSON.stringify(secret)];
    const small = form.replaceAll(/%../g, (sign) => sign.toLowerCase());
    for (const text of [...spelled, small, secret.replaceAll('+', ' ')]) {
      const shown = redaction.text(text);
      assert.match(shown, /^"?(s=)?\[client secret\]"?$/, shown);
    }
  });

  it('leaves the beginning and the end of what names a purchase', () => {
    const redaction = new Redaction();
    redaction.addPartly('SANDBOXT000120004476');
    assert.equal(redaction.text('/products/x/SANDBOXT000120004476'), '/products/x/SANDBOXT…4476');
  });

  it('learns from the members of what was sent and answered, however deep they stand', () => {
    const redaction = new Redaction();
    redaction.learn({ access_token: 'opens-the-door' });
    redaction.learn({ list: [{ purchaseId: '19062709124410111299', developerPayload: 'of a buyer' }] });
    const shown = redaction.text('opens-the-door 19062709124410111299 of a buyer');
    assert.equal(shown, '[access_token] 19062709…1299 [developerPayload]');
  });

  it('takes out every bearer and every UUID, known or not', () => {
    const token = '680b3621-1234-1234-1234-8adfaef561b4';
    const shown = new Redaction().text(
      `Authorization: Bearer ${token}, bearer <${token}>, ${token.toUpperCase()}`,
    );
    assert.equal(shown, 'Authorization: Bearer [access token], bearer [access token], [uuid]');
  });

  it('takes the longer of two texts out first', () => {
    const redaction = new Redaction();
    redaction.addSecret('secret', 'short');
    redaction.addSecret('secret-and-more', 'long');
    assert.equal(redaction.text('secret-and-more, secret'), '[long], [short]');
  });
});

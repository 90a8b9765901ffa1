// Money between its two forms: the decimal string of the control API and whole micros.

const microsPerUnit = 1_000_000;

// Ten digits before the point are as many as safe micros can have.
const amountPattern = /^(0|[1-9]\d{0,9})(?:\.(\d{1,6}))?$/;
const currencyPattern = /^[A-Z]{3}$/;

/**
 * Micros of a decimal amount: `parseMoney('4.99', 'USD')` is 4990000. Undefined when the text is no plain
 * decimal (sign, exponent, leading zeros, bare point), has more than six decimals, is too large for a safe
 * integer, or when the currency is not three capital letters (ISO 4217).
 */
export function parseMoney(amount: string, currency: string): number | undefined {
  const parts = amountPattern.exec(amount);
  if (!parts || !currencyPattern.test(currency)) return undefined;
  const [, units = '', decimals = ''] = parts;
  const micros = Number(units) * microsPerUnit + Number(decimals.padEnd(6, '0'));
  return Number.isSafeInteger(micros) ? micros : undefined;
}

/** Currencies whose smallest coin is the unit itself (ISO 4217). */
const wholeCurrencies = new Set(['KRW', 'JPY', 'VND', 'CLP', 'ISK', 'PYG', 'UGX', 'XAF', 'XOF', 'XPF']);

/** What can be paid of an amount in micros: whole won, whole cents. The rest stays below one coin. */
export function payable(micros: number, currency: string): number {
  const coin = wholeCurrencies.has(currency) ? microsPerUnit : microsPerUnit / 100;
  return micros - (micros % coin);
}

/** The shortest decimal string of an amount in micros: 1100000000 is `1100`, 4990000 is `4.99`. */
export function formatMoney(micros: number): string {
  if (!Number.isSafeInteger(micros) || micros < 0) throw new RangeError(`not an amount in micros: ${micros}`);
  const decimals = String(micros % microsPerUnit).padStart(6, '0');
  const units = Math.floor(micros / microsPerUnit);
  return `${units}.${decimals}`.replace(/\.?0+$/, '');
}

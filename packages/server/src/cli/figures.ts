// Numbers as people read them.

/** 1234567 as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes as people say them: `12.3 MiB`. */
export function sizeText(byteCount: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(Math.floor(Math.log2(Math.max(byteCount, 1)) / 10), units.length - 1);
  return `${step === 0 ? byteCount : (byteCount / 1024 ** step).toFixed(1)} ${units[step]}`;
}

/** `1 app`, `2,000 apps`. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;
}

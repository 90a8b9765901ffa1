// HTTP by hand over a socket, for requests that no client library would send.
import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Names in small letters; the last one wins. */
  headers: Record<string, string>;
  text: string;
}

/** Sends exactly these lines behind a `Host` and a `Connection: close`, then the body, and reads to the end. */
export async function exchange(
  url: string,
  requestLine: string,
  headerLines: readonly string[] = [],
  body: string | Uint8Array = '',
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines = [`${requestLine} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headerLines];
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  // a server that refuses early closes while we still write; what it said before that counts
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]));
  await closed;
  return parseAnswer(Buffer.concat(received).toString());
}

/** The body in chunks of HTTP, with the header line that announces them. */
export function chunked(...parts: readonly string[]): { line: string; body: string } {
  const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  return { line: 'Transfer-Encoding: chunked', body: `${chunks.join('')}0\r\n\r\n` };
}

function parseAnswer(answer: string): RawAnswer {
  const end = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, text: answer.slice(end + 4) };
}

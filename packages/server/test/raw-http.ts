// HTTP by hand over a socket, for requests that no client library would send.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

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

export interface Conversation {
  /** In the order in which they came; `100 Continue` is one of them. */
  answers: RawAnswer[];
  /** The server has closed the connection. */
  closed: boolean;
  ms: number;
}

/**
 * Sends bytes exactly as they are and reads until the server closes, until so many answers are there, or until the time is
 * over. A function is asked for more bytes whenever the socket takes some, for as long as the connection stands.
 */
export async function converse(
  url: string,
  bytes: string | Uint8Array | (() => Uint8Array),
  { answers = Number.POSITIVE_INFINITY, withinMs = 60_000 }: { answers?: number; withinMs?: number } = {},
): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  const startedAt = Date.now();
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  let closed = false;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (Number.isFinite(answers) && answersIn(received).length >= answers) end();
    });
    // a server that refuses early closes while we still write; what it said before that counts
    socket.on('error', () => {});
    socket.on('close', () => {
      closed = true;
      end();
    });
    if (typeof bytes === 'function') pour(socket, bytes);
    else socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
  socket.destroy();
  return { answers: answersIn(received), closed, ms: Date.now() - startedAt };
}

function pour(socket: Socket, next: () => Uint8Array): void {
  if (socket.writable && socket.write(next())) setImmediate(() => pour(socket, next));
  else socket.once('drain', () => pour(socket, next));
}

/** All whole answers, one behind the other; their lengths are announced. */
function answersIn(received: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const end = received.indexOf('\r\n\r\n', at);
    if (end === -1) return answers;
    const answer = parseAnswer(received.toString('latin1', at, end + 4));
    const length = Number(answer.headers['content-length'] ?? 0);
    if (received.length < end + 4 + length) return answers;
    answers.push({ ...answer, text: received.toString('utf8', end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
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

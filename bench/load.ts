// A load of requests from this process: raw keep-alive sockets, so that the client costs little beside the server.
import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  connections: number;
  /** Requests in all. */
  requests: number;
  /** The whole request, head and body. */
  next: () => Buffer | string;
}

export interface LoadResult {
  requests: number;
  /** Answers of another status than 2xx. */
  refused: number;
  seconds: number;
  /** Milliseconds that half, and all but one in a hundred, of the requests took at most. */
  p50: number;
  p99: number;
}

const headEnd = Buffer.from('\r\n\r\n');

/** Sends the requests, one at a time on each connection, and waits for the last answer. */
export async function drive(load: Load): Promise<LoadResult> {
  const times = new Float64Array(load.requests);
  const state = { left: load.requests, done: 0, refused: 0, times };
  const begin = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => runConnection(load, state)));
  const seconds = (performance.now() - begin) / 1000;
  const sorted = times.subarray(0, state.done).sort();
  const at = (share: number) => sorted[Math.min(state.done - 1, Math.floor(state.done * share))] ?? 0;
  return { requests: state.done, refused: state.refused, seconds, p50: at(0.5), p99: at(0.99) };
}

interface State {
  left: number;
  done: number;
  refused: number;
  times: Float64Array;
}

function runConnection(load: Load, state: State): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(load.port, '127.0.0.1');
    let began = 0;
    let answer: Buffer = Buffer.alloc(0);
    const send = () => {
      if (state.left === 0) return socket.end(resolve);
      state.left -= 1;
      began = performance.now();
      socket.write(load.next());
    };
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('connect', send);
    socket.on('data', (bytes) => {
      answer = answer.length === 0 ? bytes : Buffer.concat([answer, bytes]);
      const status = completeStatus(answer);
      if (status === undefined) return;
      answer = Buffer.alloc(0);
      state.times[state.done++] = performance.now() - began;
      if (status < 200 || status > 299) state.refused += 1;
      send();
    });
  });
}

/** The status of an answer that is there as a whole; undefined while bytes are missing. */
function completeStatus(answer: Buffer): number | undefined {
  const end = answer.indexOf(headEnd);
  if (end === -1) return undefined;
  const head = answer.toString('latin1', 0, end);
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
  return answer.length >= end + 4 + Number(length) ? Number(head.slice(9, 12)) : undefined;
}

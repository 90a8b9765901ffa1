// A receiver that knows no HTTP: it reads a request from its socket and writes back whatever bytes it is told to.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What it does with the `time`th request, from 1, over all connections. */
export type Script = (socket: Socket, time: number) => void;

export class RawReceiver {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #script: Script;
  requests = 0;
  connections = 0;

  constructor(script: Script) {
    this.#script = script;
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('error', () => {}); // whoever is cut off says so
      socket.on('close', () => this.#sockets.delete(socket));
      this.#read(socket);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async open(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #read(socket: Socket): void {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      const [, head, length] = /^([\s\S]*?content-length: (\d+)[\s\S]*?\r\n\r\n)/.exec(text) ?? [];
      if (head === undefined || text.length < head.length + Number(length)) return;
      text = '';
      this.#script(socket, ++this.requests);
    });
  }
}

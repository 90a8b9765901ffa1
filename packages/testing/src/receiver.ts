// Where worlds are sent their notifications: a server on loopback that takes whatever comes, one for a whole Till.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens from the first `url()` on. It keeps nothing, because the control API tells what was sent, and holds no process alive. */
export class Receiver {
  #server: Promise<Server> | undefined;

  async url(): Promise<string> {
    this.#server ??= listen();
    const { port } = (await this.#server).address() as AddressInfo;
    return `http://127.0.0.1:${port}/notifications`;
  }

  async stop(): Promise<void> {
    const server = await this.#server;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

async function listen(): Promise<Server> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  server.on('connection', (socket) => socket.unref()).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return server;
}

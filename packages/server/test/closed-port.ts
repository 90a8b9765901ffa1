// A port where nobody listens, and nobody else can begin to while a test knocks there.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A connection that goes out from the port holds it: one that was merely free a moment ago may be somebody's by now. */
export async function closedPort(context: { after(work: () => void): void }): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const holding = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(holding, 'connect');
  context.after(() => {
    holding.destroy();
    server.close();
  });
  return (holding.address() as AddressInfo).port;
}

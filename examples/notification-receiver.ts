// A receiver of notifications: verifies each payment, drops what came before, and answers 200. Start Till, then:
// npm run example -- examples/notification-receiver.ts LICENSE_KEY[,NEXT_LICENSE_KEY] [port]
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

const [licenseKeys = '', port = '7580'] = process.argv.slice(2);
const keys = licenseKeys.split(',').map((text) => Buffer.from(text, 'base64'));
const publicKeys = keys.map((key) => createPublicKey({ key, format: 'der', type: 'spki' }));
const handled = new Set<string>(); // in a real server a table with a unique column

async function receive(request: IncomingMessage): Promise<void> {
  const { signature, ...message } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const text = JSON.stringify(message);
  const state = message.subscriptionNotification; // has no signature: ask getSubscriptionDetail what is true
  const signed = Buffer.from(String(signature), 'base64');
  if (!state && !publicKeys.some((key) => verify('sha512', Buffer.from(text), key, signed)))
    throw new Error('the signature does not fit');
  // the header is not signed: with the text beside it nobody can use up the ID of another message
  const id = createHash('sha256').update(`${request.headers['webhook-id']} ${text}`).digest('hex');
  if (handled.has(id)) return console.log('came before');
  if (state) console.log(`subscription ${state.purchaseToken}: type ${state.notificationType}`);
  else console.log(`purchase ${message.purchaseId}: ${message.purchaseState} ${message.price}`);
  handled.add(id); // only when it is done: what was not answered 200 is sent again
}

const server = createServer((request, response) => {
  const end = (status: number) => void response.writeHead(status).end();
  receive(request).then(
    () => end(200),
    (error: Error) => end(console.log(`refused: ${error.message}`) ?? 400),
  );
});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address() as { port: number };
  console.log(`listens on http://127.0.0.1:${address.port}/`);
});

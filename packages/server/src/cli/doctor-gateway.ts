// What `till doctor` finds out about the payment gateway: is one set, and does somebody listen there?
import { connect } from 'node:net';
import type { Settings } from '../settings.ts';
import type { Finding } from './finding.ts';

const connectWithinMs = 2_000;

/** Nothing in a sandbox, whose gateway is its own. Only a connection is made: nobody is asked for money. */
export async function checkGateway({ environment, gatewayUrl }: Settings): Promise<Finding[]> {
  if (environment === 'sandbox') return [];
  const name = 'gateway';
  if (gatewayUrl === '') {
    const text = 'none: nothing that costs money can be made or sold';
    return [{ name, level: 'warn', text, remedy: 'set TILL_GATEWAY_URL and TILL_GATEWAY_SECRET' }];
  }
  const { origin, hostname, port, protocol } = new URL(gatewayUrl); // the rest of it may hold a secret
  const failure = await connectFailure(
    hostname.replace(/^\[|\]$/g, ''),
    Number(port || (protocol === 'https:' ? 443 : 80)),
  );
  if (failure === undefined) return [{ name, level: 'ok', text: `${origin} can be reached` }];
  const remedy = 'start it, or set TILL_GATEWAY_URL right: until then every payment fails';
  return [{ name, level: 'FAIL', text: `${origin} cannot be reached: ${failure}`, remedy }];
}

/** The code of what stands in the way, undefined where nothing does. */
function connectFailure(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    const end = (failure?: string) => {
      clearTimeout(timer);
      socket.destroy();
      done(failure);
    };
    const timer = setTimeout(end, connectWithinMs, `no answer within ${connectWithinMs} ms`);
    socket.once('connect', () => end());
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name));
  });
}

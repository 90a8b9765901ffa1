// A receiver of notifications: verifies each payment, drops what came before, and answers 200. Start Till, then:
// npm run example -- examples/notification-receiver.ts LICENSE_KEY[,NEXT_LICENSE_KEY] [port]
import { createServer } from 'node:http';
import { receiveNotifications } from '@till/client/node';

const [licenseKeys = '', port = '7580'] = process.argv.slice(2);
const receiver = receiveNotifications({
  licenseKey: licenseKeys.split(','),
  handled: new Set(), // in a real server a table with a unique column
  onPayment: ({ purchaseId, purchaseState, price }) =>
    console.log(`purchase ${purchaseId}: ${purchaseState} ${price}`),
  // has no signature: ask getSubscriptionDetail what is true
  onSubscription: ({ subscriptionNotification: { purchaseToken, notificationType } }) =>
    console.log(`subscription ${purchaseToken}: type ${notificationType}`),
  onError: (error) => console.log(`refused: ${error instanceof Error ? error.message : error}`),
});
const server = createServer(receiver).listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listens on port ${typeof address === 'object' && address?.port}`);
});

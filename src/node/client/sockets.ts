/** The two sockets of a client: requests out through one, everything back through the other. */
import { randomBytes } from 'node:crypto';
import type { Dealer } from 'zeromq';
import type { Address } from './address.ts';

export interface Sockets {
  readonly in: Dealer;
  readonly out: Dealer;
}

/** Both carry the same routing id, by which the broker knows that they belong together. */
export async function openSockets(address: Address): Promise<Sockets> {
  const zeromq = await import('zeromq');
  const curve = address.serverKey === null ? {} : withKeys(zeromq.curveKeyPair(), address.serverKey);
  const options = {
    routingId: randomBytes(16).toString('hex'),
    // A message that nobody takes must not keep the process alive.
    linger: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    ...curve
  };
  const sockets = { in: new zeromq.Dealer(options), out: new zeromq.Dealer(options) };
  sockets.in.connect(address.in);
  sockets.out.connect(address.out);
  return sockets;
}

function withKeys(own: { publicKey: string; secretKey: string }, serverKey: string) {
  return { curvePublicKey: own.publicKey, curveSecretKey: own.secretKey, curveServerKey: serverKey };
}

export function closeSockets(sockets: Sockets): void {
  sockets.in.close();
  sockets.out.close();
}

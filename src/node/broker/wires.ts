/** The two ways out of the broker's logic; sockets in the product, arrays in a test. */
import type { Message } from '../../wire/messages.ts';

export interface Wires {
  toWorker(worker: number, message: Message<'broker_to_worker'>, payload: readonly Uint8Array[]): void;
  toClient(client: string, message: Message<'broker_to_client'>, payload: readonly Uint8Array[]): void;
}

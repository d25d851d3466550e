/**
 * The doors for clients: one pair of ROUTERs (requests in, results out) a transport, ipc always and CURVE over
 * tcp where asked. In: frames from any client; out: parsed messages with the client's name, and word when a
 * client is gone. Results leave by their own socket, so that a large one never stands before a cancel.
 */
import { Router } from 'zeromq';
import { MdmError } from '../../wire/errors.ts';
import { readFrames, writeFrames } from '../../wire/frames.ts';
import type { Message } from '../../wire/messages.ts';
import { Outbox } from '../outbox.ts';
import type { Log } from './log.ts';

/** libzmq's ZMQ_DISCONNECT_MSG (a draft option): what a ROUTER receives in the name of a peer that is gone. */
const DISCONNECT_MSG = 111;
const GONE = 'gone';
/** The door whose clients share this machine, and its files. */
export const LOCAL_DOOR = 'ipc';
/** Last answers (of `terminate`) still leave after the sockets are closed. */
const LINGER_MS = 1_000;

const OPTIONS = { linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0, mandatory: true };

class WatchfulRouter extends Router {
  constructor(options: ConstructorParameters<typeof Router>[0]) {
    super(options);
    this.setStringOption(DISCONNECT_MSG, GONE);
  }
}

export interface DoorEvents {
  /** `client` is one connection of one client, for as long as it lasts. */
  onMessage(client: string, message: Message<'client_to_broker'>, payload: readonly Uint8Array[]): void;
  onGone(client: string): void;
}

export interface DoorAddress {
  readonly in: string;
  readonly out: string;
}

export class Door {
  readonly #name: string;
  readonly #in: Router;
  readonly #out: Router;
  readonly #outbox: Outbox;
  readonly #events: DoorEvents;
  readonly #log: Log;
  readonly #ids = new Map<string, Buffer>();

  constructor(name: string, events: DoorEvents, log: Log, secretKey: string | null) {
    const curve = secretKey === null ? {} : { curveServer: true, curveSecretKey: secretKey };
    this.#name = name;
    this.#events = events;
    this.#log = log;
    this.#in = new WatchfulRouter({ ...OPTIONS, ...curve });
    this.#out = new Router({ ...OPTIONS, ...curve });
    // The peer is gone; its run is cancelled by the word of its other socket.
    this.#outbox = new Outbox(this.#out, (_, cause) =>
      log.event('broker', 'send_to_client_failed', { cause: String(cause) })
    );
  }

  /** @throws the bind's own error, with `code` EADDRINUSE when a port is taken */
  async bind(address: DoorAddress): Promise<DoorAddress> {
    await this.#in.bind(address.in);
    await this.#out.bind(address.out);
    return { in: this.#in.lastEndpoint ?? address.in, out: this.#out.lastEndpoint ?? address.out };
  }

  /** Hands on messages until the sockets are closed. */
  async listen(): Promise<void> {
    await Promise.all([this.#listenIn(), this.#listenOut()]);
  }

  owns(client: string): boolean {
    return client.startsWith(`${this.#name}:`);
  }

  send(client: string, message: Message<'broker_to_client'>, payload: readonly Uint8Array[]): void {
    const id = this.#ids.get(client);
    if (id !== undefined) this.#outbox.push([id, ...writeFrames('broker_to_client', message, payload)]);
  }

  forget(client: string): void {
    this.#ids.delete(client);
  }

  async close(): Promise<void> {
    await this.#outbox.flushed();
    this.#in.close();
    this.#out.close();
  }

  async #listenIn(): Promise<void> {
    for await (const [id, ...frames] of this.#in) {
      if (id === undefined) continue;
      const client = this.#clientOf(id);
      if (frames.length === 1 && frames[0]?.toString() === GONE) this.#events.onGone(client);
      else this.#receive(client, id, frames);
    }
  }

  /** Only `hello` comes by the results socket: it proves that results can go. */
  async #listenOut(): Promise<void> {
    for await (const [id, ...frames] of this.#out) {
      if (id === undefined) continue;
      this.#receive(this.#clientOf(id), id, frames);
    }
  }

  #receive(client: string, id: Buffer, frames: readonly Uint8Array[]): void {
    this.#ids.set(client, id);
    try {
      const { message, payload } = readFrames('client_to_broker', frames);
      this.#events.onMessage(client, message, payload);
    } catch (cause) {
      const error = MdmError.from(cause);
      this.#log.event('broker', 'bad_message_from_client', { client, cause: error.message });
      this.send(client, { op: 'error', request: null, run: null, error: error.toDocument() }, []);
    }
  }

  #clientOf(id: Buffer): string {
    return `${this.#name}:${id.toString('hex')}`;
  }
}

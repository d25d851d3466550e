/**
 * The TypeScript client for control: status, scale, load, unload, terminate, cancel. In: requests of the
 * command line and the panel; out: messages to the broker, and its answers as documents.
 *
 * Opening: both sockets have sent `hello`; `welcome` moves on to open, `error`, an end of the other side or
 * the time limit to closed. Open: each request waits for the answer of its id. Closed: for good; every
 * request that still waits has been rejected.
 */
import { MdmError } from '../../wire/errors.ts';
import { readFrames, writeFrames } from '../../wire/frames.ts';
import { type Message, type MessageOf, PROTOCOL_VERSION } from '../../wire/messages.ts';
import { VERSION } from '../cluster/version.ts';
import type { Address } from './address.ts';
import { type Deferred, deferred } from './deferred.ts';
import { clusterLost, noAnswer, protocolMismatch } from './errors.ts';
import { within } from './limit.ts';
import { closeSockets, openSockets, type Sockets } from './sockets.ts';
import { foreignProtocol } from './welcome.ts';

export type ControlOp = 'status' | 'scale' | 'load' | 'unload' | 'terminate';
/** What a request says beside its op and its id. */
export type Fields<O extends ControlOp> = Omit<MessageOf<'client_to_broker', O>, 'op' | 'request'>;
export type Result = Readonly<Record<string, unknown>>;
export type Welcome = MessageOf<'broker_to_client', 'welcome'>;
type Incoming = Message<'broker_to_client'>;
type Outgoing = Message<'client_to_broker'>;

/** Reading what has arrived takes far less. */
const LAST_WORDS_MS = 50;

export interface OpenOptions {
  /** Of the cluster, for messages. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Its abort closes the client and rejects what waits with the signal's reason. */
  readonly signal?: AbortSignal;
}

export class ControlClient {
  readonly #sockets: Sockets;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  readonly #welcomed = deferred<Welcome>();
  readonly #waiting = new Map<string, Deferred<Result>>();
  #lastRequest = 0;
  #sent: Promise<void> = Promise.resolve();
  #closedBecause: unknown = null;
  #lastWords: NodeJS.Timeout | undefined;

  /**
   * @throws MdmError `timeout`, `cluster_lost`, `protocol_mismatch`, or what the broker answers
   */
  static async open(address: Address, options: OpenOptions): Promise<ControlClient> {
    options.signal?.throwIfAborted();
    const client = new ControlClient(await openSockets(address), options);
    try {
      await client.#greet(options.timeoutMs);
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  private constructor(sockets: Sockets, options: OpenOptions) {
    this.#sockets = sockets;
    this.#name = options.name;
    this.#signal = options.signal;
    // Handled by whoever waits; a close before anybody waits is no unhandled rejection.
    this.#welcomed.promise.catch(() => undefined);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    void this.#listen();
  }

  /**
   * @returns the document that answers the request
   * @throws MdmError what the broker answers; `timeout`; `cluster_lost`
   */
  async request<O extends ControlOp>(op: O, fields: Fields<O>, timeoutMs: number): Promise<Result> {
    this.#throwIfClosed();
    this.#lastRequest += 1;
    const request = `${op}-${this.#lastRequest}`;
    const waiter = deferred<Result>();
    this.#waiting.set(request, waiter);
    // `Fields<O>` is what the message of that op has besides these two; the compiler cannot add them up.
    const message = { op, request, ...fields } as Outgoing;
    this.#send(message).catch((error: unknown) => waiter.reject(error));
    try {
      return await within(waiter.promise, timeoutMs, () => noAnswer(`"${op}"`, timeoutMs));
    } finally {
      this.#waiting.delete(request);
    }
  }

  /** Asks for the end of a run. The protocol has no answer to it: the run's state shows what came of it. */
  async cancel(run: string): Promise<void> {
    this.#throwIfClosed();
    await this.#send({ op: 'cancel', run });
  }

  close(): void {
    this.#close(clusterLost(this.#name));
  }

  async #greet(timeoutMs: number): Promise<void> {
    const hello: Outgoing = {
      op: 'hello',
      protocol: PROTOCOL_VERSION,
      client: { name: 'mdm', version: VERSION, pid: process.pid }
    };
    await this.#sockets.out.send(writeFrames('client_to_broker', hello));
    await this.#send(hello);
    const welcome = await within(this.#welcomed.promise, timeoutMs, () =>
      noAnswer('the handshake', timeoutMs)
    );
    if (welcome.protocol !== PROTOCOL_VERSION) {
      throw protocolMismatch(PROTOCOL_VERSION, welcome.protocol, welcome.version);
    }
  }

  /** One send at a time is all that a socket allows. */
  #send(message: Outgoing): Promise<void> {
    const sent = this.#sent.then(() => this.#sockets.in.send(writeFrames('client_to_broker', message)));
    this.#sent = sent.catch(() => undefined);
    return sent;
  }

  async #listen(): Promise<void> {
    this.#sockets.out.events.on('disconnect', this.#onDisconnect);
    try {
      for await (const frames of this.#sockets.out) this.#take(frames);
    } catch (error) {
      this.#close(MdmError.from(error));
    }
  }

  #take(frames: readonly Uint8Array[]): void {
    const foreign = foreignProtocol(frames[0]);
    if (foreign !== null) {
      this.#close(protocolMismatch(PROTOCOL_VERSION, foreign.protocol, foreign.version));
      return;
    }
    this.#handle(readFrames('broker_to_client', frames).message);
  }

  #handle(message: Incoming): void {
    if (message.op === 'welcome') this.#welcomed.resolve(message);
    if (message.op === 'reply') this.#waiting.get(message.request)?.resolve(message.result);
    if (message.op === 'error') this.#refused(message);
    // The others belong to runs, and a control client has none.
  }

  /** An error that names no request says that this side or the other one is at fault: nothing will be answered. */
  #refused(message: MessageOf<'broker_to_client', 'error'>): void {
    const error = MdmError.fromDocument(message.error);
    if (message.request !== null) this.#waiting.get(message.request)?.reject(error);
    else if (message.run === null) this.#close(error);
  }

  /** The word of the end overtakes messages that came before it and are not read yet. */
  readonly #onDisconnect = (): void => {
    this.#lastWords ??= setTimeout(() => this.close(), LAST_WORDS_MS);
  };

  readonly #onAbort = (): void => this.#close(this.#signal?.reason);

  #close(reason: unknown): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason ?? clusterLost(this.#name);
    clearTimeout(this.#lastWords);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    closeSockets(this.#sockets);
    this.#welcomed.reject(this.#closedBecause);
    for (const waiter of this.#waiting.values()) waiter.reject(this.#closedBecause);
  }

  #throwIfClosed(): void {
    if (this.#closedBecause !== null) throw this.#closedBecause;
  }
}

/**
 * The worker's side of the broker's backend. In: `load`, `unload`, `work`, `cancel`, `shutdown` from the DEALER
 * socket; out: `ready`, `loaded`, `load_failed`, and what the runner answers. Nothing here waits for a model, so the
 * socket is always being drained.
 */
import type { Dealer } from 'zeromq';
import { MdmError } from '../../wire/errors.ts';
import { readFrames, writeFrames } from '../../wire/frames.ts';
import { type Message, type MessageOf, PROTOCOL_VERSION } from '../../wire/messages.ts';
import { Outbox } from '../outbox.ts';
import type { WorkerConfig } from './config.ts';
import type { Log } from './log.ts';
import { RUNTIME } from './ort.ts';
import { Runner } from './runner.ts';
import { Shelf } from './shelf.ts';

type Load = MessageOf<'broker_to_worker', 'load'>;

export class Worker {
  readonly #config: WorkerConfig;
  readonly #socket: Dealer;
  readonly #log: Log;
  readonly #lifetime: AbortController;
  readonly #outbox: Outbox;
  readonly #shelf: Shelf;
  readonly #runner: Runner;

  /** @param lifetime whoever aborts it ends the worker; the worker itself does at `shutdown` */
  constructor(config: WorkerConfig, socket: Dealer, lifetime: AbortController, log: Log) {
    this.#config = config;
    this.#socket = socket;
    this.#lifetime = lifetime;
    this.#log = log;
    this.#outbox = new Outbox(socket, (_, cause) => log('send_failed', { cause: String(cause) }));
    this.#shelf = new Shelf(config, lifetime.signal);
    this.#runner = new Runner(key => this.#shelf.get(key), this.#send, lifetime.signal);
  }

  /** Settles when the lifetime ends and the socket with it. */
  async serve(): Promise<void> {
    this.#lifetime.signal.addEventListener('abort', () => this.#socket.close(), { once: true });
    this.#socket.connect(this.#config.endpoint);
    const { worker, device } = this.#config;
    const { pid } = process;
    this.#send({ op: 'ready', protocol: PROTOCOL_VERSION, worker, pid, device, runtime: RUNTIME });
    this.#log('ready', { worker, pid, device, runtime: RUNTIME });
    for await (const frames of this.#socket) this.#receive(frames, performance.now());
  }

  #receive(frames: readonly Uint8Array[], receivedAt: number): void {
    try {
      const { message, payload } = readFrames('broker_to_worker', frames);
      this.#handle(message, payload, receivedAt);
    } catch (thrown) {
      this.#log('bad_message', { cause: MdmError.from(thrown).message });
    }
  }

  #handle(message: Message<'broker_to_worker'>, payload: readonly Uint8Array[], receivedAt: number): void {
    switch (message.op) {
      case 'load':
        void this.#load(message);
        return;
      case 'unload':
        void this.#unload(message.model);
        return;
      case 'work':
        this.#runner.add({ message, payload, receivedAt });
        return;
      case 'cancel':
        this.#runner.cancel(message.run);
        return;
      case 'shutdown':
        this.#log('shutdown');
        this.#lifetime.abort();
        return;
    }
  }

  async #load({ model, path, version }: Load): Promise<void> {
    try {
      const { signature, loadMs, warmMs, warmUpFailure } = await this.#shelf.load(model, path, version);
      this.#send({ op: 'loaded', model, signature, loadMs, warmMs });
      const failure = warmUpFailure === null ? {} : { warm_up: warmUpFailure.message };
      this.#log('loaded', { path, load_ms: Math.round(loadMs), warm_ms: Math.round(warmMs), ...failure });
    } catch (thrown) {
      const error = MdmError.from(thrown);
      this.#send({ op: 'load_failed', model, error: error.toDocument() });
      this.#log('load_failed', { path, code: error.code, cause: error.message });
    }
  }

  /** The chunk that runs now may be of this model: its memory goes after it. */
  async #unload(key: string): Promise<void> {
    try {
      const model = await this.#shelf.remove(key);
      await this.#runner.settled();
      await model?.release();
      this.#log('unloaded', { model: key });
    } catch (thrown) {
      this.#log('unload_failed', { model: key, cause: MdmError.from(thrown).message });
    }
  }

  readonly #send = (message: Message<'worker_to_broker'>, payload: readonly Uint8Array[] = []): void => {
    if (this.#lifetime.signal.aborted) return;
    this.#outbox.push(writeFrames('worker_to_broker', message, payload));
  };
}

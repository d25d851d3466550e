/**
 * Runs chunks, one at a time. In: work as it was received; out: `done` with the outputs, `failed`, or `dropped` for
 * chunks of cancelled runs.
 *
 * Idle until something is added; then it runs until the queue is empty. The event loop turns between two chunks, so
 * that what arrived meanwhile (a cancel, a priority chunk) is known before the next is taken.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { MdmError } from '../../wire/errors.ts';
import type { MessageOf } from '../../wire/messages.ts';
import type { ChunkOutput, Model } from './model.ts';
import { WorkQueue } from './queue.ts';

export interface Work {
  readonly message: MessageOf<'broker_to_worker', 'work'>;
  /** The run's Arrow schema message and the chunk's record-batch message. */
  readonly payload: readonly Uint8Array[];
  /** When it came, on the clock of `performance.now`. */
  readonly receivedAt: number;
}

interface QueuedWork extends Work {
  readonly run: string;
  readonly priority: boolean;
}

type Answer =
  | MessageOf<'worker_to_broker', 'done'>
  | MessageOf<'worker_to_broker', 'failed'>
  | MessageOf<'worker_to_broker', 'dropped'>;
export type SendAnswer = (answer: Answer, payload?: readonly Uint8Array[]) => void;

export class Runner {
  readonly #modelOf: (key: string) => Promise<Model>;
  readonly #send: SendAnswer;
  readonly #signal: AbortSignal;
  readonly #queue = new WorkQueue<QueuedWork>();
  #running: { readonly run: string; readonly cancel: AbortController } | null = null;
  #draining: Promise<void> | null = null;
  #current: Promise<void> | null = null;

  /** @param signal aborted when the worker ends: nothing more is run or answered */
  constructor(modelOf: (key: string) => Promise<Model>, send: SendAnswer, signal: AbortSignal) {
    this.#modelOf = modelOf;
    this.#send = send;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#running?.cancel.abort(), { once: true });
  }

  add(work: Work): void {
    this.#queue.add({ ...work, run: work.message.run, priority: work.message.priority });
    this.#draining ??= this.#drain();
  }

  /** Drops what waits for that run at once, and what runs of it at the end of its micro-batch. */
  cancel(run: string): void {
    for (const { message } of this.#queue.cancel(run)) this.#drop(message);
    if (this.#running?.run === run) this.#running.cancel.abort();
  }

  /** Settles when the chunk that runs now is answered. */
  async settled(): Promise<void> {
    await this.#current;
  }

  async #drain(): Promise<void> {
    // The rest of what has arrived comes first, so that the queue can put it in order.
    await turn();
    for (
      let work = this.#queue.take();
      work !== undefined && !this.#signal.aborted;
      work = this.#queue.take()
    ) {
      this.#current = this.#run(work);
      await this.#current;
      await turn();
    }
    this.#draining = null;
  }

  async #run({ message, payload, receivedAt }: QueuedWork): Promise<void> {
    const wait = performance.now() - receivedAt;
    const cancel = new AbortController();
    this.#running = { run: message.run, cancel };
    try {
      const output = await this.#runOn(await this.#modelOf(message.model), message, payload, cancel.signal);
      if (output === null) this.#drop(message);
      else this.#answer(message, output, wait);
    } catch (thrown) {
      this.#send({ op: 'failed', ...identity(message), error: MdmError.from(thrown).toDocument() });
    } finally {
      this.#running = null;
    }
  }

  #runOn(
    model: Model,
    { rows, params }: Work['message'],
    [schemaMessage, batchMessage]: Work['payload'],
    cancelled: AbortSignal
  ): Promise<ChunkOutput | null> {
    if (schemaMessage === undefined || batchMessage === undefined) {
      throw new MdmError('bad_message', 'Message "work" came without its schema or its batch.');
    }
    return model.run({ rows, params, schemaMessage, batchMessage }, cancelled);
  }

  #answer(
    message: Work['message'],
    { schemaMessage, batchMessage, timings }: ChunkOutput,
    wait: number
  ): void {
    const payload = [schemaMessage, batchMessage];
    this.#send(
      { op: 'done', ...identity(message), rows: message.rows, timings: { wait, ...timings } },
      payload
    );
  }

  #drop(message: Work['message']): void {
    this.#send({ op: 'dropped', ...identity(message) });
  }
}

function identity({ run, chunkIndex, attempt }: Work['message']): {
  run: string;
  chunkIndex: number;
  attempt: number;
} {
  return { run, chunkIndex, attempt };
}

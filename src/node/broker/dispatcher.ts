/**
 * The way of a chunk through the broker. In: chunks from clients, answers and deaths of workers; out: `work` to
 * workers, results and verdicts to clients. Decides nothing itself: queue, placement and ledger do.
 */
import { type ErrorDocument, MdmError } from '../../wire/errors.ts';
import type { MessageOf } from '../../wire/messages.ts';
import type { Crew, Held, Worker } from './crew.ts';
import type { Chunk, Ledger, Run } from './ledger.ts';
import { type ModelRegistry, smooth } from './models.ts';
import { placeChunk, type Seat, seatToKeep } from './placement.ts';
import type { ChunkQueue } from './queue.ts';
import type { Wires } from './wires.ts';

type Done = MessageOf<'worker_to_broker', 'done'>;
type Identity = Pick<Done, 'run' | 'chunkIndex'>;
type Payload = readonly Uint8Array[];

export interface DispatcherParts {
  readonly ledger: Ledger;
  readonly queue: ChunkQueue<Chunk>;
  readonly crew: Crew;
  readonly models: ModelRegistry;
  readonly wires: Wires;
  /** Workers that a chunk may take down before it is failed alone. */
  readonly maxAttempts: number;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Called when a run has ended, whichever way. */
  readonly onRunEnd: (run: Run) => void;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** A chunk has come from a client. */
  accept(run: Run, chunk: Chunk): void {
    this.#parts.queue.push(run.small ? 'small' : 'bulk', chunk);
    this.pump();
  }

  /** Hands out chunks as long as one finds a place. */
  pump(): void {
    const { queue, crew, ledger } = this.#parts;
    const seats = crew.open();
    const kept = this.#keptSeat(seats);
    const others = seats.filter(seat => seat !== kept);
    for (;;) {
      const taken = queue.take((chunk, lane) => {
        const run = ledger.get(chunk.run);
        if (run === undefined) return null;
        const suspect = chunk.deaths > 0;
        return placeChunk({ model: run.model, small: lane === 'small', suspect }, suspect ? seats : others);
      });
      if (taken === null) return;
      const run = ledger.get(taken.chunk.run);
      const worker = crew.get(taken.seat.worker);
      // An answer from a worker that was thought dead may have settled the chunk while it waited.
      if (run?.chunks.get(taken.chunk.index) !== taken.chunk || worker === undefined) continue;
      this.#place(run, taken.chunk, worker);
    }
  }

  #keptSeat(seats: readonly Worker[]): Seat | null {
    const suspect = this.#parts.queue.heads().find(chunk => chunk.deaths > 0);
    const run = suspect === undefined ? undefined : this.#parts.ledger.get(suspect.run);
    return run === undefined ? null : seatToKeep(run.model, seats);
  }

  #place(run: Run, chunk: Chunk, worker: Worker): void {
    chunk.placedAt = this.#parts.now();
    chunk.worker = worker.worker;
    worker.model = run.modelName;
    worker.give({ chunk, model: run.model, small: run.small });
    this.#parts.wires.toWorker(
      worker.worker,
      {
        op: 'work',
        run: run.id,
        chunkIndex: chunk.index,
        attempt: chunk.attempt,
        model: run.model,
        rows: chunk.rows,
        priority: run.small,
        params: run.params,
        form: 'value'
      },
      [run.schema ?? new Uint8Array(), ...chunk.payload]
    );
  }

  /** A worker has the result of a chunk. The first answer counts, whoever gives it. */
  done(worker: Worker, message: Done, payload: Payload): void {
    const { ledger, models, wires, now } = this.#parts;
    const doneAt = now();
    const held = worker.release(message.run, message.chunkIndex);
    const run = ledger.get(message.run);
    const chunk = ledger.settle(run, message.chunkIndex, 'done');
    if (run !== undefined && chunk !== undefined) {
      const { decode = 0, infer = 0, encode = 0, wait = 0 } = message.timings;
      const computing = decode + infer + encode;
      if (held !== undefined) worker.measured(run.model, computing, chunk.rows);
      const model = models.get(run.model);
      if (model !== undefined && chunk.rows > 0)
        model.msPerRow = smooth(model.msPerRow, computing / chunk.rows);
      wires.toClient(
        run.client,
        {
          op: 'chunk_done',
          run: run.id,
          chunkIndex: chunk.index,
          attempt: message.attempt,
          rowOffset: chunk.rowOffset,
          rows: chunk.rows,
          worker: worker.worker,
          device: worker.label,
          timings: {
            ...message.timings,
            queue: chunk.placedAt - chunk.receivedAt,
            toWorker: Math.max(0, doneAt - chunk.placedAt - computing - wait),
            back: now() - doneAt
          },
          at: momentsOf(run, chunk, doneAt)
        },
        payload
      );
      this.endIfComplete(run);
    }
    this.pump();
  }

  /** The model raised on a chunk: it would again, so the chunk fails, and the others go on. */
  failed(worker: Worker, message: Identity & { attempt: number; error: ErrorDocument }): void {
    worker.release(message.run, message.chunkIndex);
    const run = this.#parts.ledger.get(message.run);
    if (run !== undefined) this.#fail(run, worker, message.chunkIndex, message.attempt, message.error);
    this.pump();
  }

  /** A worker let go of a chunk of a cancelled run. */
  dropped(worker: Worker, message: Identity): void {
    worker.release(message.run, message.chunkIndex);
    this.pump();
  }

  /**
   * The process of a worker is gone, and `held` is what it had, the running chunk first: that one bears the
   * blame. All of it is queued again, but a chunk that has now ended `maxAttempts` workers.
   */
  lost(worker: Worker, held: readonly Held[], lastWords: string): void {
    held.forEach(({ chunk, small }, place) => {
      const run = this.#parts.ledger.get(chunk.run);
      if (run?.chunks.get(chunk.index) !== chunk) return;
      if (place === 0) chunk.deaths += 1;
      if (chunk.deaths >= this.#parts.maxAttempts) {
        this.#fail(run, worker, chunk.index, chunk.attempt, poison(worker, chunk, lastWords));
        return;
      }
      chunk.attempt += 1;
      chunk.worker = null;
      run.retried += 1;
      this.#parts.queue.putBack(small ? 'small' : 'bulk', chunk);
    });
    this.pump();
  }

  /** Ends a run before its time. Workers are told to let go of it; what they still send of it is ignored. */
  abort(run: Run, state: 'failed' | 'cancelled', error: ErrorDocument | null): void {
    const { queue, crew, wires } = this.#parts;
    queue.dropRun(run.id);
    for (const worker of crew.all()) {
      if (worker.held.some(({ chunk }) => chunk.run === run.id)) {
        wires.toWorker(worker.worker, { op: 'cancel', run: run.id }, []);
      }
    }
    this.#close(run, state, error);
  }

  endIfComplete(run: Run): void {
    if (this.#parts.ledger.isComplete(run)) this.#close(run, run.chunksFailed > 0 ? 'failed' : 'done', null);
  }

  #fail(run: Run, worker: Worker, index: number, attempt: number, error: ErrorDocument): void {
    const chunk = this.#parts.ledger.settle(run, index, 'failed');
    if (chunk === undefined) return;
    run.error ??= error;
    this.#parts.wires.toClient(
      run.client,
      {
        op: 'chunk_failed',
        run: run.id,
        chunkIndex: index,
        attempt,
        rowOffset: chunk.rowOffset,
        rows: chunk.rows,
        worker: worker.worker,
        device: worker.label,
        at: momentsOf(run, chunk, this.#parts.now()),
        error
      },
      []
    );
    this.endIfComplete(run);
  }

  #close(run: Run, state: 'done' | 'failed' | 'cancelled', error: ErrorDocument | null): void {
    this.#parts.ledger.close(run, state, error, this.#parts.now());
    // The one chunk of a brief run has told all there is to tell.
    if (!(run.brief && state === 'done')) this.#tellEnd(run, state);
    this.#parts.onRunEnd(run);
  }

  #tellEnd(run: Run, state: 'done' | 'failed' | 'cancelled'): void {
    this.#parts.wires.toClient(
      run.client,
      {
        op: 'run_done',
        run: run.id,
        state,
        chunksDone: run.chunksDone,
        chunksFailed: run.chunksFailed,
        rowsDone: run.rowsDone,
        retried: run.retried,
        error: run.error
      },
      []
    );
  }
}

/** On the run's own axis: 0 is when its submit came. */
function momentsOf(
  run: Run,
  chunk: Chunk,
  doneAt: number
): MessageOf<'broker_to_client', 'chunk_done'>['at'] {
  return {
    received: chunk.receivedAt - run.startedAt,
    placed: chunk.placedAt - run.startedAt,
    done: doneAt - run.startedAt
  };
}

function poison(worker: Worker, chunk: Chunk, lastWords: string): ErrorDocument {
  const last = chunk.rowOffset + chunk.rows - 1;
  return new MdmError(
    'poison_chunk',
    `Rows ${chunk.rowOffset}–${last} ended every worker that ran them (${chunk.deaths}). ` +
      `Last words of worker ${worker.worker}: ${lastWords}`,
    {
      remedy: 'The other rows are kept. Look at these rows alone, or give the workers more memory.',
      details: {
        chunk_index: chunk.index,
        row_offset: chunk.rowOffset,
        rows: chunk.rows,
        deaths: chunk.deaths,
        last_words: lastWords
      }
    }
  ).toDocument();
}

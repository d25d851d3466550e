/**
 * What became of every run and chunk. In: what clients and workers say; out: the state, and whether it may
 * change so. Pure: no sockets; times come in as arguments.
 *
 * A run is `loading` until its model is on a worker; `running` from then on; `done` when the client has said
 * how many chunks there are and each has ended; `failed` when its model cannot be loaded, its deadline passed
 * or a chunk failed; `cancelled` when its client says so, or goes. The last three are ends: the run is
 * forgotten, and only its summary is kept for a while.
 *
 * A chunk is `queued` when it came in; `placed` on a worker; then done or failed, and forgotten with its payload.
 * When its worker dies it is queued again, one attempt higher. Only the first answer to a chunk counts.
 */
import { type ErrorDocument, MdmError } from '../../wire/errors.ts';

export type RunState = 'loading' | 'running' | 'done' | 'failed' | 'cancelled';

/** A chunk on its way; dropped from the ledger, with its payload, as soon as it ends. */
export interface Chunk {
  readonly run: string;
  readonly index: number;
  readonly rowOffset: number;
  readonly rows: number;
  readonly payload: readonly Uint8Array[];
  readonly receivedAt: number;
  attempt: number;
  /** Workers that died while they ran it. */
  deaths: number;
  placedAt: number;
  worker: number | null;
}

export interface Run {
  readonly id: string;
  /** Who gets the results. */
  readonly client: string;
  /** Key of the model (one version of one file), empty while it is looked up; and what the user calls it. */
  model: string;
  readonly modelName: string;
  params: Readonly<Record<string, unknown>>;
  readonly label: string | null;
  readonly rows: number | null;
  readonly small: boolean;
  readonly startedAt: number;
  endedAt: number | null;
  state: RunState;
  /** Chunks that it may send now, and how many may be under way at all. */
  credit: number;
  granted: number;
  schema: Uint8Array | null;
  readonly chunks: Map<number, Chunk>;
  received: number;
  rowsReceived: number;
  /** How many chunks there are, once the client has said so. */
  total: number | null;
  chunksDone: number;
  chunksFailed: number;
  rowsDone: number;
  retried: number;
  error: ErrorDocument | null;
  /** Asked in one message and answered in one: only its chunk, or what went wrong, is told. */
  readonly brief: boolean;
}

export type NewRun = Pick<
  Run,
  'id' | 'client' | 'modelName' | 'params' | 'brief' | 'label' | 'rows' | 'small' | 'startedAt'
>;

/** Runs that have ended and are still shown. */
const ENDED_KEPT = 50;

export class Ledger {
  readonly #live = new Map<string, Run>();
  readonly #ended: Run[] = [];
  /** Answers to chunks that had ended already. */
  late = 0;
  /** Runs since the start. */
  opened = 0;

  open(run: NewRun): Run {
    if (this.#live.has(run.id)) {
      throw new MdmError('bad_message', `Run ${run.id} exists already.`, { details: { run: run.id } });
    }
    const opened: Run = {
      ...run,
      model: '',
      endedAt: null,
      state: 'loading',
      credit: 0,
      granted: 0,
      schema: null,
      chunks: new Map(),
      received: 0,
      rowsReceived: 0,
      total: null,
      chunksDone: 0,
      chunksFailed: 0,
      rowsDone: 0,
      retried: 0,
      error: null
    };
    this.#live.set(run.id, opened);
    this.opened += 1;
    return opened;
  }

  /** The live run of that id; undefined once it has ended: its late messages are of no interest. */
  get(id: string): Run | undefined {
    return this.#live.get(id);
  }

  live(): Iterable<Run> {
    return this.#live.values();
  }

  /** Oldest first. */
  ended(): readonly Run[] {
    return this.#ended;
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /**
   * Takes in the next chunk of a run.
   *
   * @throws MdmError `bad_message` when it comes before `begin`, out of order, after `end` or without credit
   */
  receive(
    run: Run,
    sent: { chunkIndex: number; rowOffset: number; rows: number },
    payload: readonly Uint8Array[],
    now: number
  ): Chunk {
    const fault = this.#faultOf(run, sent, payload);
    if (fault !== null) {
      throw new MdmError('bad_message', `Chunk ${sent.chunkIndex} of run ${run.id} ${fault}.`, {
        details: { run: run.id, chunk_index: sent.chunkIndex }
      });
    }
    const chunk: Chunk = {
      run: run.id,
      index: sent.chunkIndex,
      rowOffset: sent.rowOffset,
      rows: sent.rows,
      payload,
      receivedAt: now,
      attempt: 1,
      deaths: 0,
      placedAt: now,
      worker: null
    };
    run.chunks.set(chunk.index, chunk);
    run.received += 1;
    run.rowsReceived += chunk.rows;
    run.credit -= 1;
    return chunk;
  }

  #faultOf(
    run: Run,
    sent: { chunkIndex: number; rowOffset: number },
    payload: readonly Uint8Array[]
  ): string | null {
    if (run.state !== 'running') return 'came before the run was submitted';
    if (run.schema === null) return 'came before "begin"';
    if (run.total !== null) return 'came after "end"';
    if (run.credit <= 0) return 'came without credit';
    if (sent.chunkIndex !== run.received) return `came where ${run.received} was expected`;
    if (sent.rowOffset !== run.rowsReceived)
      return `starts at row ${sent.rowOffset}, not ${run.rowsReceived}`;
    if (payload.length !== 1) return `has ${payload.length} payload frames, not 1`;
    return null;
  }

  /** Settles a chunk that is on its way; undefined when an earlier answer or a cancel was first. */
  settle(run: Run | undefined, index: number, outcome: 'done' | 'failed'): Chunk | undefined {
    const chunk = run?.chunks.get(index);
    if (run === undefined || chunk === undefined) {
      this.late += 1;
      return undefined;
    }
    run.chunks.delete(index);
    run.credit += 1;
    if (outcome === 'done') {
      run.chunksDone += 1;
      run.rowsDone += chunk.rows;
    } else {
      run.chunksFailed += 1;
    }
    return chunk;
  }

  /** True once nothing more can come of the run. */
  isComplete(run: Run): boolean {
    return run.total !== null && run.chunksDone + run.chunksFailed === run.total;
  }

  /** Ends a run; its payloads are freed and its summary moves to the ended ones. */
  close(run: Run, state: 'done' | 'failed' | 'cancelled', error: ErrorDocument | null, now: number): void {
    run.state = state;
    run.endedAt = now;
    run.error ??= error;
    run.chunks.clear();
    run.schema = null;
    this.#live.delete(run.id);
    this.#ended.push(run);
    if (this.#ended.length > ENDED_KEPT) this.#ended.shift();
  }
}

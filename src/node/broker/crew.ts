/**
 * The workers as the broker sees them: who is there, what each holds, how fast each is. In: what the fleet and
 * the dispatcher report; out: seats for placement. Pure: no processes, no sockets.
 *
 * A worker is `starting` until it says that it is ready; `ready` from then on; `leaving` when the cluster shrinks
 * and it may only finish what it holds; `failed` when it could not be started, tries included.
 */
import type { Chunk } from './ledger.ts';
import { smooth } from './models.ts';
import type { Seat } from './placement.ts';

export type WorkerState = 'starting' | 'ready' | 'leaving' | 'failed';

export class Worker implements Seat {
  readonly worker: number;
  readonly device: string;
  /** Cores it is pinned to, as `taskset` writes them; null where it floats. */
  readonly cores: string | null;
  state: WorkerState = 'starting';
  pid: number | null = null;
  /** Name of the model that it ran last. */
  model: string | null = null;
  readonly models = new Set<string>();
  readonly msPerRow = new Map<string, number>();
  chunks = 0;
  rows = 0;
  restarts = 0;
  smallSinceBulk = 0;
  /** In the order in which the worker runs them. */
  readonly held: Held[] = [];

  constructor(worker: number, device: string, cores: string | null) {
    this.worker = worker;
    this.device = device;
    this.cores = cores;
  }

  /** Where it runs, for people. */
  get label(): string {
    return this.cores === null ? this.device : `${this.device} ${this.cores}`;
  }

  get open(): boolean {
    return this.state === 'ready';
  }

  get inFlight(): number {
    return this.held.length;
  }

  get quarantined(): boolean {
    return this.held.some(held => held.chunk.deaths > 0);
  }

  give(held: Held): void {
    if (held.small) {
      // The worker takes a small chunk before the bulk one that waits, not before the one that runs.
      const behind = this.held.findIndex((other, place) => place > 0 && !other.small);
      this.held.splice(behind === -1 ? this.held.length : behind, 0, held);
      if (this.held.some(other => !other.small)) this.smallSinceBulk += 1;
    } else {
      this.held.push(held);
    }
  }

  /** Takes back a chunk that it has finished with; undefined when it never had it. */
  release(run: string, index: number): Held | undefined {
    const place = this.held.findIndex(({ chunk }) => chunk.run === run && chunk.index === index);
    if (place === -1) return undefined;
    const [held] = this.held.splice(place, 1);
    if (held !== undefined && !held.small) this.smallSinceBulk = 0;
    return held;
  }

  measured(model: string, ms: number, rows: number): void {
    this.chunks += 1;
    this.rows += rows;
    if (rows > 0) this.msPerRow.set(model, smooth(this.msPerRow.get(model), ms / rows));
  }

  /** Empties what it knew and held: its process is gone. Returns what it held, the running chunk first. */
  reset(): Held[] {
    this.pid = null;
    this.models.clear();
    this.smallSinceBulk = 0;
    return this.held.splice(0);
  }
}

export interface Held {
  readonly chunk: Chunk;
  readonly model: string;
  readonly small: boolean;
}

export class Crew {
  readonly #workers = new Map<number, Worker>();

  get(worker: number): Worker | undefined {
    return this.#workers.get(worker);
  }

  /** In order of their numbers. */
  all(): Worker[] {
    return [...this.#workers.values()].sort((a, b) => a.worker - b.worker);
  }

  open(): Worker[] {
    return this.all().filter(worker => worker.open);
  }

  add(worker: Worker): void {
    this.#workers.set(worker.worker, worker);
  }

  remove(worker: number): void {
    this.#workers.delete(worker);
  }

  /** The lowest number that no worker has. */
  freeNumber(): number {
    let number = 0;
    while (this.#workers.has(number)) number += 1;
    return number;
  }

  /** Workers that count: there, or on their way. */
  get size(): number {
    return this.all().filter(worker => worker.state === 'ready' || worker.state === 'starting').length;
  }
}

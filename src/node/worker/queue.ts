/**
 * Chunks that wait in a worker for their turn. In: work as it was received; out: the chunk to run next. Priority
 * chunks go before all others; within each kind the first received is the first taken. Pure: no sockets.
 */
export interface Queued {
  readonly run: string;
  readonly priority: boolean;
}

export class WorkQueue<T extends Queued> {
  #priority: T[] = [];
  #others: T[] = [];

  get size(): number {
    return this.#priority.length + this.#others.length;
  }

  add(item: T): void {
    (item.priority ? this.#priority : this.#others).push(item);
  }

  take(): T | undefined {
    return this.#priority.shift() ?? this.#others.shift();
  }

  /** Takes out what waits for that run and returns it. */
  cancel(run: string): T[] {
    const cancelled = [...this.#priority, ...this.#others].filter(item => item.run === run);
    this.#priority = this.#priority.filter(item => item.run !== run);
    this.#others = this.#others.filter(item => item.run !== run);
    return cancelled;
  }
}

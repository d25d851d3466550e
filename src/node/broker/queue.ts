/**
 * Chunks that wait for a worker. In: chunks as clients send them; out: the one that goes next.
 *
 * Two lanes, small requests and bulk; within a lane the runs take turns, within a run the order of rows holds.
 * Small goes first, so that a request of a few rows never waits for a table; but after `SMALL_PER_BULK` small
 * chunks in a row one bulk chunk that waits goes before the next small one, so that bulk moves under any flood.
 * Pure: no sockets, no clock.
 */

/** One bulk chunk goes for at most this many small ones: bulk keeps a tenth of the places under a flood. */
export const SMALL_PER_BULK = 8;

export interface Queued {
  readonly run: string;
  readonly index: number;
}

type LaneName = 'small' | 'bulk';

export class ChunkQueue<C extends Queued> {
  readonly #lanes: Record<LaneName, Lane<C>> = { small: new Lane(), bulk: new Lane() };
  #smallInARow = 0;

  /** Chunks that wait, by lane. */
  get depth(): Record<LaneName, number> {
    return { small: this.#lanes.small.size, bulk: this.#lanes.bulk.size };
  }

  push(lane: LaneName, chunk: C): void {
    this.#lanes[lane].push(chunk);
  }

  /** A chunk whose worker died goes before all that its run still has waiting. */
  putBack(lane: LaneName, chunk: C): void {
    this.#lanes[lane].putBack(chunk);
  }

  /** The first chunk of every run that waits. */
  heads(): C[] {
    return [...this.#lanes.small.heads(), ...this.#lanes.bulk.heads()];
  }

  /** Takes every chunk of a run out. */
  dropRun(run: string): C[] {
    return [...this.#lanes.small.dropRun(run), ...this.#lanes.bulk.dropRun(run)];
  }

  /**
   * The first chunk, in the order above, that `seat` finds a place for, with that place; the chunk leaves the
   * queue. A run whose head finds no place does not hold up the other runs.
   */
  take<S>(seat: (chunk: C, lane: LaneName) => S | null): { chunk: C; lane: LaneName; seat: S } | null {
    for (const lane of this.#order()) {
      const found = this.#lanes[lane].take(chunk => seat(chunk, lane));
      if (found === null) continue;
      this.#smallInARow = lane === 'small' ? this.#smallInARow + 1 : 0;
      return { ...found, lane };
    }
    return null;
  }

  #order(): readonly LaneName[] {
    return this.#smallInARow >= SMALL_PER_BULK ? ['bulk', 'small'] : ['small', 'bulk'];
  }
}

/** One lane: a list of chunks a run; the run that was served last goes to the end. */
class Lane<C extends Queued> {
  /** A Map keeps the order of insertion: the first run is the next to be served. */
  readonly #runs = new Map<string, C[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: C): void {
    this.#size += 1;
    const waiting = this.#runs.get(chunk.run);
    if (waiting === undefined) this.#runs.set(chunk.run, [chunk]);
    else waiting.push(chunk);
  }

  putBack(chunk: C): void {
    this.#size += 1;
    const waiting = this.#runs.get(chunk.run);
    if (waiting === undefined) this.#runs.set(chunk.run, [chunk]);
    else waiting.splice(firstAfter(waiting, chunk.index), 0, chunk);
  }

  heads(): C[] {
    return [...this.#runs.values()].flatMap(waiting => waiting.slice(0, 1));
  }

  dropRun(run: string): C[] {
    const dropped = this.#runs.get(run) ?? [];
    this.#runs.delete(run);
    this.#size -= dropped.length;
    return dropped;
  }

  take<S>(seat: (chunk: C) => S | null): { chunk: C; seat: S } | null {
    for (const [run, waiting] of this.#runs) {
      const head = waiting[0];
      if (head === undefined) continue;
      const found = seat(head);
      if (found === null) continue;
      waiting.shift();
      this.#size -= 1;
      this.#runs.delete(run);
      if (waiting.length > 0) this.#runs.set(run, waiting);
      return { chunk: head, seat: found };
    }
    return null;
  }
}

function firstAfter(waiting: readonly Queued[], index: number): number {
  const place = waiting.findIndex(chunk => chunk.index > index);
  return place === -1 ? waiting.length : place;
}

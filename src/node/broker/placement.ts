/**
 * Which worker gets a chunk. In: a chunk and the seats as they stand; out: a seat, or null to wait. Pure.
 *
 * Every worker holds one chunk that runs and one that waits, so that the transfer of the next hides behind the
 * computing of this one; whoever is faster comes back for more sooner. A small chunk may come as a third, and
 * the worker takes it before the one that waits.
 */
import { SMALL_PER_BULK } from './queue.ts';

/** One running, one waiting. */
export const CREDIT_PER_WORKER = 2;
/** A small chunk need not wait for a place behind two bulk chunks. */
const CREDIT_FOR_SMALL = CREDIT_PER_WORKER + 1;

/** What placement knows of a worker. */
export interface Seat {
  readonly worker: number;
  /** Up and taking chunks: not starting, not leaving. */
  readonly open: boolean;
  readonly models: ReadonlySet<string>;
  readonly inFlight: number;
  /** Holds a chunk that has taken a worker down before: nothing else may share its fate. */
  readonly quarantined: boolean;
  /** Small chunks given since the last bulk chunk of this worker ended, while it holds one. */
  readonly smallSinceBulk: number;
  /** Lately measured, of the chunk's model; null before it has run there. */
  readonly msPerRow: ReadonlyMap<string, number>;
}

export interface Placeable {
  readonly model: string;
  readonly small: boolean;
  /** Has taken a worker down before: runs alone, so that a second death leaves no doubt whose it was. */
  readonly suspect: boolean;
}

export function placeChunk(chunk: Placeable, seats: Iterable<Seat>): Seat | null {
  let best: Seat | null = null;
  for (const seat of seats) {
    if (fits(chunk, seat) && (best === null || isBetter(seat, best, chunk.model))) best = seat;
  }
  return best;
}

/**
 * The seat that is kept empty for a suspect chunk which finds none: the one nearest to it. Without it every place
 * that falls free would go to another run, and a suspect chunk would wait as long as there is other work.
 */
export function seatToKeep(model: string, seats: Iterable<Seat>): Seat | null {
  let nearest: Seat | null = null;
  for (const seat of seats) {
    if (!seat.open || seat.quarantined || !seat.models.has(model)) continue;
    if (nearest === null || seat.inFlight < nearest.inFlight) nearest = seat;
  }
  return nearest;
}

function fits(chunk: Placeable, seat: Seat): boolean {
  if (!seat.open || seat.quarantined || !seat.models.has(chunk.model)) return false;
  if (chunk.suspect) return seat.inFlight === 0;
  if (!chunk.small) return seat.inFlight < CREDIT_PER_WORKER;
  return seat.inFlight < CREDIT_FOR_SMALL && seat.smallSinceBulk < SMALL_PER_BULK;
}

/** The emptier one, then the faster one, then the lower number. */
function isBetter(seat: Seat, than: Seat, model: string): boolean {
  if (seat.inFlight !== than.inFlight) return seat.inFlight < than.inFlight;
  const speed = (seat.msPerRow.get(model) ?? 0) - (than.msPerRow.get(model) ?? 0);
  return speed === 0 ? seat.worker < than.worker : speed < 0;
}

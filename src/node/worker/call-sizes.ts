/**
 * How many rows of a chunk the model gets in one call. In: what calls took; out: the size that was fastest a row.
 *
 * A dense network is fastest while a call fits the core's cache, a forest of trees when a tree that was fetched
 * serves many rows; which of them a model is, only measuring tells. Each size is tried on real chunks, the best
 * one is used, and now and then another one is tried again: the machine may have been busy. Pure.
 */

/** Measured: a small network is best at 1,000–2,000 rows, a forest above 16,000. */
const SIZES = [1024, 4096, 16_384];
const FIRST_TRIALS = 2;
/** One chunk in so many tries another size again. */
const TRY_AGAIN = 32;
/** Weight of the newest measurement. */
const SMOOTHING = 0.3;

interface Trial {
  readonly size: number;
  times: number;
  msPerRow: number;
}

export class CallSizes {
  readonly #most: number;
  readonly #trials: readonly Trial[];
  #chunks = 0;

  /** @param most rows that a call may have at all */
  constructor(most: number) {
    this.#most = most;
    this.#trials = SIZES.map(size => ({ size, times: 0, msPerRow: 0 }));
  }

  /** Rows a call for a chunk of so many rows. */
  next(rows: number): number {
    const usable = this.#usable(rows);
    const [first] = usable;
    if (first === undefined || usable.length === 1) return Math.min(this.#most, SIZES[0] ?? this.#most);
    this.#chunks += 1;
    const untried = usable.find(trial => trial.times < FIRST_TRIALS);
    if (untried !== undefined) return untried.size;
    if (this.#chunks % TRY_AGAIN === 0) {
      return usable[(this.#chunks / TRY_AGAIN) % usable.length]?.size ?? first.size;
    }
    return usable.reduce((best, trial) => (trial.msPerRow < best.msPerRow ? trial : best)).size;
  }

  /** A chunk of so many rows took `ms` in calls of that size. */
  measured(size: number, rows: number, ms: number): void {
    const trial = this.#usable(rows).find(candidate => candidate.size === size);
    if (trial === undefined) return;
    const now = ms / rows;
    trial.msPerRow = trial.times === 0 ? now : trial.msPerRow + SMOOTHING * (now - trial.msPerRow);
    trial.times += 1;
  }

  /** Sizes that cut such a chunk each in another way. */
  #usable(rows: number): readonly Trial[] {
    return this.#trials.filter(({ size }, place) => size <= this.#most && rows > (SIZES[place - 1] ?? 0));
  }
}

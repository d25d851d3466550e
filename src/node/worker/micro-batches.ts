/** How a chunk is cut into calls of a model. Pure. */

export interface MicroBatch {
  /** First row of the chunk. */
  readonly start: number;
  /** Rows of the chunk that the call takes. */
  readonly rows: number;
  /** Rows that the model sees: more than `rows` where it fixes its batch and the chunk has not as many left. */
  readonly size: number;
}

/**
 * Where the batch is free, calls are as even as they can be: a call of a few rows at the end would cost nearly as
 * much as a full one, and make the runtime's memory arena keep another size of everything.
 *
 * @param batch rows that the model wants in every call; null where it takes any
 */
export function* microBatches(rows: number, batch: number | null, most: number): Generator<MicroBatch> {
  const calls = Math.ceil(rows / (batch ?? most));
  const even = Math.ceil(rows / calls);
  const step = batch ?? even;
  for (let start = 0; start < rows; start += step) {
    const taken = Math.min(step, rows - start);
    yield { start, rows: taken, size: batch ?? taken };
  }
}

/**
 * The first calls of a model, on made-up rows, so that `loaded` means fast: the runtime takes its memory, and the
 * JavaScript on the way of a chunk is compiled. They go the same way as real chunks. A model that fails on made-up
 * values is not a model that failed to load.
 */
import { type Column, decodeSchema, ELEMENT_BYTES, encodeSchema, rowWidth } from '../../wire/arrow.ts';
import { type ColumnData, encodeBatch } from '../../wire/arrow-batch.ts';
import { MdmError } from '../../wire/errors.ts';
import { encode, parse, type Signature, type TensorSpec } from '../../wire/messages.ts';
import type { ChunkInput, Model } from './model.ts';

/** Length of an axis that the model leaves free. */
const FREE_AXIS = 8;
/** What one call may take; a model that is slower a row is warmed with fewer rows. */
const CALL_BUDGET_MS = 20;
/** No call begins later than this. */
const TOTAL_BUDGET_MS = 60;
/** V8 has compiled the way of a chunk well after some tens of calls. */
const MOST_CALLS = 40;
/** About what a chunk holds. */
const MOST_BYTES = 1_000_000;
const GROWTH = 8;

export interface WarmUp {
  /** The outputs, as the last call gave them; none where no call came through. */
  readonly outputs: readonly Column[];
  /** What the model said to made-up rows; null where it took them. */
  readonly failure: MdmError | null;
}

export async function warmUp(model: Model, maxBatchSize: number, signal: AbortSignal): Promise<WarmUp> {
  const { signature } = model;
  const columns = signature.inputs.filter(spec => spec.shape.length > 0).map(madeUpColumn);
  const most = Math.max(1, Math.min(maxBatchSize, Math.floor(MOST_BYTES / bytesOfRow(columns))));
  const began = performance.now();
  let rows = signature.batch ?? 1;
  let outputs: Column[] = [];
  try {
    for (let calls = 0; calls < MOST_CALLS && performance.now() - began < TOTAL_BUDGET_MS; calls++) {
      passHeaders(rows);
      const output = await model.run(madeUpChunk(signature, columns, rows), signal);
      if (output === null) break;
      outputs = decodeSchema(output.schemaMessage);
      if (signature.batch === null) rows = moreRows(rows, most, output.timings.infer);
    }
    return { outputs, failure: null };
  } catch (failure) {
    return { outputs, failure: MdmError.from(failure) };
  }
}

/** The JSON before a chunk and after it: checking the first of them takes 2 ms, and a warm one 0.05. */
function passHeaders(rows: number): void {
  const identity = { run: 'warm-up', chunkIndex: 0, attempt: 0 };
  const work = {
    op: 'work',
    ...identity,
    model: '',
    rows,
    priority: false,
    params: {},
    form: 'value'
  } as const;
  parse('broker_to_worker', encode('broker_to_worker', work));
  const timings = { wait: 0, decode: 0, infer: 0, encode: 0 };
  encode('worker_to_broker', { op: 'done', ...identity, rows, timings });
}

/** As many more as the budget of one call allows, from what the last one took. */
function moreRows(rows: number, most: number, ms: number): number {
  const next = Math.min(most, rows * GROWTH);
  return (ms * next) / rows < CALL_BUDGET_MS ? next : rows;
}

function madeUpColumn(spec: TensorSpec): Column {
  const rowShape = spec.shape.slice(1).map(axis => (typeof axis === 'number' ? axis : FREE_AXIS));
  return { name: spec.name, dtype: spec.dtype, rowShape, columns: null };
}

/** Zeros: small enough for any table that they are an index of. */
function madeUpChunk(signature: Signature, columns: readonly Column[], rows: number): ChunkInput {
  const data = columns.map((column): ColumnData => {
    const values = rows * rowWidth(column.rowShape);
    return column.dtype === 'string'
      ? new Array<string>(values).fill('')
      : new Uint8Array(values * ELEMENT_BYTES[column.dtype]);
  });
  return {
    rows,
    params: madeUpParams(signature),
    schemaMessage: encodeSchema(columns),
    batchMessage: encodeBatch(columns, rows, data)
  };
}

function madeUpParams(signature: Signature): Record<string, unknown> {
  const value = { string: '', bool: true } as const;
  const scalars = signature.inputs.filter(spec => spec.shape.length === 0);
  return Object.fromEntries(
    scalars.map(({ name, dtype }) => [name, dtype === 'string' || dtype === 'bool' ? value[dtype] : 1])
  );
}

function bytesOfRow(columns: readonly Column[]): number {
  const bytes = columns.map(
    ({ dtype, rowShape }) => rowWidth(rowShape) * (dtype === 'string' ? 1 : ELEMENT_BYTES[dtype])
  );
  return Math.max(
    1,
    bytes.reduce((sum, of) => sum + of, 0)
  );
}

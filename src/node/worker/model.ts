/**
 * A model that is loaded, and how one chunk passes through it. In: the schema message and record-batch message of a
 * chunk; out: those of its outputs, and where the time went. The model is called on micro-batches; between two of
 * them the event loop turns, so that a cancel which has arrived is seen.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { decodeSchema } from '../../wire/arrow.ts';
import { type ColumnData, decodeBatch } from '../../wire/arrow-batch.ts';
import { MdmError } from '../../wire/errors.ts';
import type { Signature } from '../../wire/messages.ts';
import { CallSizes } from './call-sizes.ts';
import { FeedPlan, type Feeds } from './feeds.ts';
import { microBatches } from './micro-batches.ts';
import type { InferenceSession, Tensor } from './ort.ts';
import { checkSameShapes, OutputBatch, OutputForm, rowShapesOf } from './outputs.ts';
import { explainRunFailure } from './run-errors.ts';

export interface ChunkInput {
  readonly rows: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly schemaMessage: Uint8Array;
  readonly batchMessage: Uint8Array;
}

export interface ChunkOutput {
  readonly schemaMessage: Uint8Array;
  readonly batchMessage: Uint8Array;
  /** Milliseconds, as timings.ts says. */
  readonly timings: { readonly decode: number; readonly infer: number; readonly encode: number };
}

/** Plans and forms of the last runs; a worker serves few at a time. */
const KEPT = 8;

export class Model {
  readonly signature: Signature;
  readonly #session: InferenceSession;
  readonly #callSizes: CallSizes;
  readonly #plans: { readonly schemaMessage: Uint8Array; readonly plan: FeedPlan }[] = [];
  readonly #forms = new Map<string, OutputForm>();

  constructor(session: InferenceSession, signature: Signature, maxBatchSize: number) {
    this.#session = session;
    this.signature = signature;
    this.#callSizes = new CallSizes(maxBatchSize);
  }

  /**
   * @returns null when `signal` was aborted before the last call
   * @throws MdmError `bad_message`, `binding`, `nulls`, `model_failed`
   */
  async run(input: ChunkInput, signal: AbortSignal): Promise<ChunkOutput | null> {
    const opened = performance.now();
    const plan = this.#plan(input.schemaMessage);
    const { rows, data } = decodeBatch(plan.columns, input.batchMessage);
    if (rows !== input.rows)
      throw new MdmError('bad_message', `A chunk of ${input.rows} rows holds ${rows}.`);
    const values = plan.prepare(data);
    const scalars = plan.scalars(input.params);
    const started = performance.now();
    const callSize = this.#callSizes.next(rows);
    const batch = await this.#infer({ plan, values, scalars, rows, callSize }, signal);
    if (batch === null) return null;
    const inferred = performance.now();
    this.#callSizes.measured(callSize, rows, inferred - started);
    const batchMessage = batch.finish();
    const timings = {
      decode: started - opened,
      infer: inferred - started,
      encode: performance.now() - inferred
    };
    return { schemaMessage: batch.form.schemaMessage, batchMessage, timings };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  async #infer(chunk: OpenChunk, signal: AbortSignal): Promise<OutputBatch | null> {
    let batch: OutputBatch | null = null;
    for (const { start, rows, size } of microBatches(chunk.rows, this.signature.batch, chunk.callSize)) {
      if (start > 0) await turn();
      if (signal.aborted) return null;
      const feeds = { ...chunk.scalars, ...chunk.plan.feeds(chunk.values, start, rows, size) };
      const tensors = await this.#call(feeds);
      const rowShapes = rowShapesOf(this.signature.outputs, tensors, size);
      if (batch === null) batch = new OutputBatch(this.#form(rowShapes), chunk.rows);
      else checkSameShapes(batch.form, rowShapes);
      batch.write(tensors, start, rows);
    }
    return batch ?? new OutputBatch(this.#form(this.signature.outputs.map(emptyRowShape)), 0);
  }

  async #call(feeds: Feeds): Promise<Tensor[]> {
    try {
      const outputs = await this.#session.run(feeds);
      return this.#session.outputNames.map(name => outputs[name]).filter(tensor => tensor !== undefined);
    } catch (thrown) {
      throw explainRunFailure(thrown);
    }
  }

  #plan(schemaMessage: Uint8Array): FeedPlan {
    const known = this.#plans.find(kept => Buffer.compare(kept.schemaMessage, schemaMessage) === 0);
    if (known !== undefined) return known.plan;
    const plan = new FeedPlan(this.signature, decodeSchema(schemaMessage));
    // A copy, which does not hold on to memory of the socket.
    this.#plans.unshift({ schemaMessage: Uint8Array.from(schemaMessage), plan });
    this.#plans.splice(KEPT);
    return plan;
  }

  #form(rowShapes: readonly (readonly number[])[]): OutputForm {
    const key = JSON.stringify(rowShapes);
    const known = this.#forms.get(key);
    if (known !== undefined) return known;
    if (this.#forms.size >= KEPT) this.#forms.clear();
    const made = new OutputForm(this.signature.outputs, rowShapes);
    this.#forms.set(key, made);
    return made;
  }
}

interface OpenChunk {
  readonly plan: FeedPlan;
  readonly values: readonly ColumnData[];
  readonly scalars: Feeds;
  readonly rows: number;
  readonly callSize: number;
}

/** Without rows there is no call that would show the length of a free axis. */
function emptyRowShape(spec: Signature['outputs'][number]): number[] {
  return spec.shape.slice(1).map(axis => (typeof axis === 'number' ? axis : 0));
}

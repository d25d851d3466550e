/**
 * From the tensors of a chunk's calls to its one Arrow record-batch message. In: the outputs of each call, in the
 * order of the rows; out: schema message and batch message. Numbers are copied once, from the tensor to where they
 * stand in the message.
 */
import { type Column, ELEMENT_BYTES, encodeSchema, rowWidth } from '../../wire/arrow.ts';
import { at, encodeBatch, type Layout, layOut, startMessage } from '../../wire/arrow-batch.ts';
import { MdmError } from '../../wire/errors.ts';
import type { TensorSpec } from '../../wire/messages.ts';
import type { Tensor } from './ort.ts';

/** Chunks of a run have one length but for the last, and a model seldom serves many runs at once. */
const LAYOUTS_KEPT = 16;

/** The columns of a model's outputs for one set of row shapes, with all about them that is worth keeping. */
export class OutputForm {
  readonly columns: readonly Column[];
  readonly schemaMessage: Uint8Array;
  readonly #layouts = new Map<number, Layout>();

  constructor(specs: readonly TensorSpec[], rowShapes: readonly (readonly number[])[]) {
    this.columns = specs.map((spec, index) => ({
      name: spec.name,
      dtype: spec.dtype,
      rowShape: rowShapes[index] ?? [],
      columns: spec.columns
    }));
    this.schemaMessage = encodeSchema(this.columns);
  }

  get hasText(): boolean {
    return this.columns.some(column => column.dtype === 'string');
  }

  layout(rows: number): Layout {
    const known = this.#layouts.get(rows);
    if (known !== undefined) return known;
    if (this.#layouts.size >= LAYOUTS_KEPT) this.#layouts.clear();
    const made = layOut(this.columns, rows);
    this.#layouts.set(rows, made);
    return made;
  }
}

/** The outputs of one chunk while its calls are made. */
export class OutputBatch {
  readonly form: OutputForm;
  readonly #rows: number;
  readonly #message: Uint8Array | null;
  /** Where the numbers of each column go; strings are collected. */
  readonly #targets: readonly (Uint8Array | string[])[];

  constructor(form: OutputForm, rows: number) {
    this.form = form;
    this.#rows = rows;
    if (form.hasText) {
      this.#message = null;
      this.#targets = form.columns.map(column => startColumn(column, rows));
      return;
    }
    const layout = form.layout(rows);
    const message = startMessage(layout);
    this.#message = message;
    this.#targets = layout.spans.map(([span]) => at(message, span));
  }

  /**
   * @param tensors one an output, in the model's order
   * @param start row of the chunk that the first row of the tensors is
   * @param rows to take; what a padded call gave beyond them is left out
   */
  write(tensors: readonly Tensor[], start: number, rows: number): void {
    this.form.columns.forEach((column, index) => {
      const target = this.#targets[index];
      const data = tensors[index]?.data;
      const width = rowWidth(column.rowShape);
      if (Array.isArray(target) && Array.isArray(data)) {
        for (const value of data.slice(0, rows * width)) target.push(value);
      } else if (target instanceof Uint8Array && ArrayBuffer.isView(data) && column.dtype !== 'string') {
        const rowBytes = width * ELEMENT_BYTES[column.dtype];
        target.set(new Uint8Array(data.buffer, data.byteOffset, rows * rowBytes), start * rowBytes);
      } else {
        throw new MdmError('internal', `Output "${column.name}" is not of the type that the model declares.`);
      }
    });
  }

  /** The record-batch message. */
  finish(): Uint8Array {
    return this.#message ?? encodeBatch(this.form.columns, this.#rows, this.#targets);
  }
}

function startColumn(column: Column, rows: number): Uint8Array | string[] {
  return column.dtype === 'string'
    ? []
    : new Uint8Array(rows * rowWidth(column.rowShape) * ELEMENT_BYTES[column.dtype]);
}

/**
 * The shape of a row of each output.
 *
 * @param size rows that the model saw
 * @throws MdmError `model_failed` when an output has not one row for each of them
 */
export function rowShapesOf(
  specs: readonly TensorSpec[],
  tensors: readonly Tensor[],
  size: number
): (readonly number[])[] {
  return specs.map((spec, index) => {
    const dims = tensors[index]?.dims ?? [];
    if (dims[0] === size) return dims.slice(1);
    throw new MdmError(
      'model_failed',
      `Output "${spec.name}" has shape [${dims.join(', ')}] for ${size} rows: not one row for each.`,
      {
        remedy:
          'Models run over the rows of a frame; export one whose outputs keep the first axis of its inputs.',
        details: { output: spec.name, shape: [...dims], rows: size }
      }
    );
  });
}

/** @throws MdmError `model_failed` when a later call of a chunk gave rows of another shape than the first */
export function checkSameShapes(form: OutputForm, rowShapes: readonly (readonly number[])[]): void {
  form.columns.forEach((column, index) => {
    const shape = rowShapes[index] ?? [];
    if (shape.join() === column.rowShape.join()) return;
    throw new MdmError(
      'model_failed',
      `Output "${column.name}" gave rows of shape [${column.rowShape.join(', ')}] and then of [${shape.join(', ')}].`,
      {
        remedy:
          'The shape of a row may not depend on the other rows: pad it to a fixed length inside the model.',
        details: { output: column.name, first: [...column.rowShape], later: [...shape] }
      }
    );
  });
}

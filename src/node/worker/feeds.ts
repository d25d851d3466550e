/**
 * From Arrow columns to the tensors of one call. In: the views of a chunk's record batch; out: tensors that stand
 * on those same bytes, for any stretch of its rows. Only a misaligned column, and the padded end of a chunk of a
 * model with a fixed batch, are copied.
 */
import { type Column, ELEMENT_BYTES, type FixedDtype, rowWidth } from '../../wire/arrow.ts';
import type { ColumnData } from '../../wire/arrow-batch.ts';
import { MdmError } from '../../wire/errors.ts';
import type { Signature, TensorSpec } from '../../wire/messages.ts';
import { Tensor } from './ort.ts';
import { scalarTensor } from './scalars.ts';

export type Feeds = Record<string, Tensor>;

type TypedArray = Exclude<Tensor.DataType, string[]>;

interface TypedArrayConstructor {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

const VIEWS: Readonly<Record<FixedDtype, TypedArrayConstructor>> = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array
};

/** An input of the model and the column that feeds it. */
interface Feed {
  readonly name: string;
  readonly dtype: TensorSpec['dtype'];
  readonly column: number;
  readonly rowShape: readonly number[];
  /** Elements of a row. */
  readonly width: number;
}

/** How the columns of one schema feed a model: settled once for all chunks of a run. */
export class FeedPlan {
  readonly columns: readonly Column[];
  readonly #feeds: readonly Feed[];
  readonly #scalars: readonly TensorSpec[];

  /** @throws MdmError `binding` when an input has no column, or one of another type or shape */
  constructor(signature: Signature, columns: readonly Column[]) {
    this.columns = columns;
    this.#scalars = signature.inputs.filter(spec => spec.shape.length === 0);
    this.#feeds = signature.inputs.filter(spec => spec.shape.length > 0).map(spec => bind(spec, columns));
  }

  /** Inputs without a batch, from the params of the run: the same for every call of a chunk. */
  scalars(params: Readonly<Record<string, unknown>>): Feeds {
    return Object.fromEntries(this.#scalars.map(spec => [spec.name, scalarTensor(spec, params[spec.name])]));
  }

  /** Aligned, and proven to hold nothing that the runtime would misread. */
  prepare(data: readonly ColumnData[]): ColumnData[] {
    const prepared = [...data];
    for (const { column, dtype, name } of this.#feeds) {
      const values = prepared[column];
      if (values instanceof Uint8Array && dtype !== 'string') prepared[column] = align(values, dtype);
      else if (values !== undefined && !(values instanceof Uint8Array)) checkText(name, values);
    }
    return prepared;
  }

  /**
   * @param start first row of the call
   * @param rows of the chunk that the call takes
   * @param size rows that the model is to see: where there are more than `rows`, the last is repeated
   */
  feeds(data: readonly ColumnData[], start: number, rows: number, size: number): Feeds {
    const feeds: Feeds = {};
    for (const feed of this.#feeds) {
      const values = data[feed.column];
      const dims = [size, ...feed.rowShape];
      feeds[feed.name] =
        values instanceof Uint8Array
          ? numberTensor(feed, pad(stretch(feed, values, start, rows), rows, size), dims)
          : new Tensor('string', padText(values ?? [], feed.width, start, rows, size), dims);
    }
    return feeds;
  }
}

function bind(spec: TensorSpec, columns: readonly Column[]): Feed {
  const column = columns.findIndex(candidate => candidate.name === spec.name);
  const found = columns[column];
  if (found === undefined || !fits(spec, found)) {
    const wanted = `${spec.dtype} rows of shape ${show(spec.shape.slice(1))}`;
    const got = found === undefined ? 'none' : `${found.dtype} rows of shape ${show(found.rowShape)}`;
    throw new MdmError('binding', `Input "${spec.name}" takes ${wanted}; its column holds ${got}.`, {
      remedy: 'Client and cluster may be of different versions: install the same one on both sides.',
      details: { input: spec.name }
    });
  }
  return {
    name: spec.name,
    dtype: spec.dtype,
    column,
    rowShape: found.rowShape,
    width: rowWidth(found.rowShape)
  };
}

function fits(spec: TensorSpec, column: Column): boolean {
  const axes = spec.shape.slice(1);
  return (
    column.dtype === spec.dtype &&
    column.rowShape.length === axes.length &&
    axes.every((axis, index) => typeof axis !== 'number' || axis === column.rowShape[index])
  );
}

function show(axes: readonly (number | string | null)[]): string {
  return `[${axes.map(axis => axis ?? '?').join(', ')}]`;
}

function align(bytes: Uint8Array, dtype: FixedDtype): Uint8Array {
  return bytes.byteOffset % ELEMENT_BYTES[dtype] === 0 ? bytes : bytes.slice();
}

/** The native side of the runtime takes strings as C does. */
function checkText(input: string, values: readonly string[]): void {
  const index = values.findIndex(value => value.includes('\0'));
  if (index === -1) return;
  throw new MdmError('cast_overflow', `Input "${input}": value ${index} of a chunk holds a NUL character.`, {
    remedy: 'Remove it: the runtime would cut the string there.',
    details: { input, value: index }
  });
}

function stretch({ dtype, width }: Feed, bytes: Uint8Array, start: number, rows: number): Uint8Array {
  const rowBytes = width * (dtype === 'string' ? 0 : ELEMENT_BYTES[dtype]);
  return bytes.subarray(start * rowBytes, (start + rows) * rowBytes);
}

function pad(bytes: Uint8Array, rows: number, size: number): Uint8Array {
  if (rows === size) return bytes;
  const rowBytes = bytes.length / rows;
  const padded = new Uint8Array(size * rowBytes);
  padded.set(bytes);
  for (let row = rows; row < size; row++)
    padded.copyWithin(row * rowBytes, (rows - 1) * rowBytes, rows * rowBytes);
  return padded;
}

function padText(
  values: readonly string[],
  width: number,
  start: number,
  rows: number,
  size: number
): string[] {
  const taken = values.slice(start * width, (start + rows) * width);
  const last = taken.slice((rows - 1) * width);
  for (let row = rows; row < size; row++) taken.push(...last);
  return taken;
}

function numberTensor(feed: Feed, bytes: Uint8Array, dims: readonly number[]): Tensor {
  if (feed.dtype === 'string') throw new MdmError('internal', `Input "${feed.name}" got bytes for strings.`);
  const length = bytes.length / ELEMENT_BYTES[feed.dtype];
  return new Tensor(feed.dtype, new VIEWS[feed.dtype](bytes.buffer, bytes.byteOffset, length), dims);
}

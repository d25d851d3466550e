/**
 * What a model takes and gives. In: the runtime's metadata of its inputs and outputs; out: the `Signature` that
 * travels to the client and that its columns are bound by. Pure.
 */
import type { Column } from '../../wire/arrow.ts';
import { DTYPES, type Dtype, type Signature, type TensorSpec } from '../../wire/messages.ts';
import { notATensor, unsupported } from './load-errors.ts';
import type { InferenceSession } from './ort.ts';

type Metadata = readonly InferenceSession.ValueMetadata[];
type Axis = TensorSpec['shape'][number];

/**
 * The first axis of every input is the batch; an input of rank 0 has none and is fed from the run's params.
 *
 * @param columns names of the columns of outputs that came out of a ZipMap
 * @throws MdmError `model_unsupported` for values that are no tensors, and for inputs that disagree on the batch
 */
export function readSignature(
  path: string,
  session: { readonly inputMetadata: Metadata; readonly outputMetadata: Metadata },
  columns: ReadonlyMap<string, readonly string[]>
): Signature {
  const inputs = session.inputMetadata.map(value => readSpec(path, 'input', value, null));
  const batch = commonBatch(path, inputs);
  const outputs = session.outputMetadata.map(value =>
    readSpec(path, 'output', value, columns.get(value.name) ?? null)
  );
  return {
    inputs: inputs.map(spec => withBatch(spec, batch)),
    // Some exports say [1] for labels of any number of rows: where the batch is free, it is so in the outputs.
    outputs: outputs.map(spec => withBatch(spec, batch)),
    batch
  };
}

/**
 * Outputs whose rank the file leaves open are reported like scalars.
 *
 * @param columns of the outputs, as a call has shown them; none where no call came through
 */
export function withShownShapes(signature: Signature, columns: readonly Column[]): Signature {
  const outputs = signature.outputs.map((spec, index) => {
    const shown = columns[index];
    if (spec.shape.length > 0 || shown === undefined) return spec;
    return { ...spec, shape: [signature.batch, ...shown.rowShape] };
  });
  return { ...signature, outputs };
}

function readSpec(
  path: string,
  role: 'input' | 'output',
  value: Metadata[number],
  columns: readonly string[] | null
): TensorSpec {
  if (!value.isTensor) throw notATensor(path, role, value.name);
  if (!isDtype(value.type)) {
    throw unsupported(path, `has ${role} "${value.name}" of type ${value.type}, which no frame has`, {
      remedy: 'Cast it inside the model, to uint8 or another type of whole bytes.',
      details: { [role]: value.name, type: value.type }
    });
  }
  return {
    name: value.name,
    dtype: value.type,
    shape: value.shape.map(readAxis),
    columns: columns === null ? null : [...columns]
  };
}

function isDtype(type: string): type is Dtype {
  return (DTYPES as readonly string[]).includes(type);
}

/** The runtime gives an unnamed free axis as an empty name. */
function readAxis(axis: number | string): Axis {
  return axis === '' ? null : axis;
}

function commonBatch(path: string, inputs: readonly TensorSpec[]): number | null {
  const batched = inputs.filter(spec => spec.shape.length > 0);
  if (batched.length === 0) {
    throw unsupported(path, 'has no input with a batch axis', {
      remedy: 'Export it with inputs whose first axis is the row.',
      details: {}
    });
  }
  const fixed = batched.filter(spec => typeof spec.shape[0] === 'number');
  const lengths = new Set(fixed.map(spec => Number(spec.shape[0])));
  if (lengths.size > 1) {
    const shown = fixed.map(spec => `"${spec.name}" [${spec.shape.map(axis => axis ?? '?').join(', ')}]`);
    throw unsupported(path, `fixes the first axis of its inputs to different lengths: ${shown.join(', ')}`, {
      remedy: 'Export it with a first axis that is the row in every input, or make the others constants.',
      details: { inputs: fixed.map(spec => spec.name) }
    });
  }
  const [length] = lengths;
  if (length === 0) {
    throw unsupported(path, 'fixes its batch to no rows at all', {
      remedy: 'Export it with a free first axis.',
      details: {}
    });
  }
  return length ?? null;
}

function withBatch(spec: TensorSpec, batch: number | null): TensorSpec {
  return spec.shape.length === 0 ? spec : { ...spec, shape: [batch, ...spec.shape.slice(1)] };
}

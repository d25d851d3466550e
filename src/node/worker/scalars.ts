/** Inputs without a batch axis. In: the params of a run, as JSON gave them; out: tensors of rank 0. */
import { MdmError } from '../../wire/errors.ts';
import type { TensorSpec } from '../../wire/messages.ts';
import { Tensor } from './ort.ts';

/** @throws MdmError `binding` when the value is not there or is not of the type that the input takes */
export function scalarTensor({ name, dtype }: TensorSpec, value: unknown): Tensor {
  const tensor = makeTensor(dtype, value);
  if (tensor !== null) return tensor;
  const got = value === undefined ? 'params do not have it' : `params have ${JSON.stringify(value)}`;
  throw new MdmError('binding', `Input "${name}" takes one ${dtype} for all rows; ${got}.`, {
    remedy: `Give it with the call: params={"${name}": …}.`,
    details: { input: name }
  });
}

function makeTensor(dtype: TensorSpec['dtype'], value: unknown): Tensor | null {
  switch (dtype) {
    case 'string':
      return typeof value === 'string' ? new Tensor('string', [value], []) : null;
    case 'bool':
      return typeof value === 'boolean' ? new Tensor('bool', Uint8Array.of(Number(value)), []) : null;
    case 'float32':
    case 'float64':
      return typeof value === 'number' ? new Tensor(dtype, [value], []) : null;
    case 'float16':
      // The runtime takes its bits only, and JSON has none of them.
      return null;
    default:
      return Number.isSafeInteger(value) ? integerTensor(dtype, Number(value)) : null;
  }
}

/** Null where the value does not fit: the runtime would wrap it around. */
function integerTensor(dtype: TensorSpec['dtype'], value: number): Tensor | null {
  const tensor = new Tensor(dtype, [value], []);
  return Number(tensor.data[0]) === value ? tensor : null;
}

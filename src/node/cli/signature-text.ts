/** A model's signature on one line: `x float32[n, 12] → variable float32[n, 1]`. */
import type { Signature, TensorSpec } from '../../wire/messages.ts';

/** Models with dozens of inputs are told by the first few. */
const MOST_TENSORS = 3;

export function signatureText(signature: Signature): string {
  const batch = signature.batch === null ? '' : ` · batches of ${signature.batch}`;
  return `${side(signature.inputs)} → ${side(signature.outputs)}${batch}`;
}

function side(tensors: readonly TensorSpec[]): string {
  const shown = tensors.slice(0, MOST_TENSORS).map(tensorText);
  const more = tensors.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function tensorText({ name, dtype, shape }: TensorSpec): string {
  const axes = shape.map((axis, index) =>
    typeof axis === 'number' ? axis : index === 0 ? 'n' : (axis ?? '?')
  );
  return `${name} ${dtype}[${axes.join(', ')}]`;
}

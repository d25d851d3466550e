/** Why a model failed while it ran, in the user's words. In: what the runtime threw; out: an MdmError. */
import { MdmError } from '../../wire/errors.ts';
import { cleanMessage } from './ort-message.ts';

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /out of (?:data )?bounds|out of range/i,
    'Check the values of the rows of this chunk: one is outside what the model knows.'
  ],
  [/[Ff]ailed to allocate memory|bad_alloc|out of memory/i, 'Use smaller batches or fewer workers.'],
  [
    /invalid dimensions|Invalid rank|shape|broadcast/i,
    'Check that the rows have the shape that the model was exported for.'
  ]
];

export function explainRunFailure(thrown: unknown): MdmError {
  if (thrown instanceof MdmError) return thrown;
  const message = cleanMessage(thrown instanceof Error ? thrown.message : String(thrown));
  const remedy = REMEDIES.find(([pattern]) => pattern.test(message))?.[1];
  return new MdmError('model_failed', `The model failed: ${message}`, {
    remedy: remedy ?? 'Run these rows with onnxruntime in the notebook to see more.',
    cause: thrown
  });
}

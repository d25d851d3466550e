/** The document that answers a request, read by what its command needs of it. */
import type { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';

/** @throws MdmError `bad_message` naming the field */
export function readResult<T>(schema: z.ZodType<T>, result: unknown): T {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new MdmError('bad_message', `The answer of the cluster: ${field}: ${issue?.message}.`, {
    remedy: 'Use the mdm of the version that the cluster was started with.',
    details: { field }
  });
}

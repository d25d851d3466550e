/** What the broker tells a worker when it starts it: the JSON of the one argument. */
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';

const schema = z.object({
  /** Where the broker's backend listens. */
  endpoint: z.string().min(1),
  worker: z.int().nonnegative(),
  /** What the broker calls this process on the wire; another one for each process that it starts. */
  routingId: z.string().min(1).max(255),
  device: z.string().regex(/^(cpu|cuda:\d+)$/),
  /** Most rows a call of a model. */
  maxBatchSize: z.int().positive()
});

export type WorkerConfig = z.infer<typeof schema>;

/** @throws MdmError `bad_option` naming the field */
export function parseConfig(argument: string | undefined): WorkerConfig {
  const parsed = schema.safeParse(readJson(argument ?? ''));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'configuration';
  throw new MdmError('bad_option', `A worker cannot start: ${field}: ${issue?.message}.`, {
    remedy: 'Workers are started by the broker: use “mdm start”.',
    details: { option: field }
  });
}

/** Undefined where it is no JSON, which the schema refuses. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

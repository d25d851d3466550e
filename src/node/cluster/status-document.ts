/**
 * What a cluster says of itself: the result of `status`, the banner's source and `mdm status --json`. Made
 * by the broker, read by command line, panel and tests. Keys stay as they are on the wire.
 */
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { DOORS } from '../../wire/messages.ts';

const count = z.int().nonnegative();

const worker = z.object({
  id: count,
  pid: count,
  device: z.string(),
  /** CPU cores that it keeps to, e.g. `0` or `0-3`; empty where it is not bound. */
  cores: z.string(),
  /** `starting`, `idle`, `busy`, `loading`, `ending` … */
  state: z.string(),
  /** Name of the model that it runs, null where it runs none. */
  model: z.string().nullable(),
  /** Done since it started. */
  chunks: count,
  rows: count
});

const model = z.object({
  name: z.string(),
  path: z.string(),
  signature: DOORS.broker_to_client.submitted.shape.signature,
  /** Ids of the workers that have it loaded. */
  workers: z.array(count)
});

const run = z.object({
  id: z.string(),
  label: z.string().nullable(),
  model: z.string(),
  /** `loading`, `running`, `done`, `failed`, `cancelled`. */
  state: z.string(),
  rows_done: count,
  /** Null where the frame's length is not known yet. */
  rows: count.nullable(),
  rows_per_s: z.number().nonnegative().nullable()
});

export const statusDocument = z.looseObject({
  name: z.string(),
  version: z.string(),
  instance: z.string(),
  endpoints: z.object({
    in: z.string(),
    out: z.string(),
    tcp_in: z.string().optional(),
    tcp_out: z.string().optional()
  }),
  broker: z.object({ pid: count, uptime_s: z.number().nonnegative() }),
  /** The arguments of the start, by their original names. */
  options: z.record(z.string(), z.unknown()),
  workers: z.array(worker),
  models: z.array(model),
  runs: z.array(run),
  /** Chunks that wait for a worker. */
  queue: z.object({ small: count, bulk: count }),
  /** Sums since the start, e.g. `chunks`, `rows`, `runs`. */
  totals: z.record(z.string(), z.number())
});

export type StatusDocument = z.infer<typeof statusDocument>;
export type WorkerStatus = z.infer<typeof worker>;
export type ModelStatus = z.infer<typeof model>;
export type RunStatus = z.infer<typeof run>;

/** States of a run that has ended. */
export const ENDED_STATES: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled']);

/** @throws MdmError `bad_message` naming the field */
export function parseStatus(value: unknown): StatusDocument {
  const parsed = statusDocument.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new MdmError('bad_message', `The status of the cluster: ${field}: ${issue?.message}.`, {
    remedy: 'Use the mdm of the version that the cluster was started with.',
    details: { field }
  });
}

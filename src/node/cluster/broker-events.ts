/** What a starting broker says. In: a line of its stdout; out: one typed event, null for a line that is none. */
import { z } from 'zod';
import { errorDocument } from '../../wire/messages.ts';

const workerReady = z.object({
  event: z.literal('worker_ready'),
  id: z.int(),
  pid: z.int(),
  device: z.string(),
  cores: z.string()
});

const brokerEvent = z.discriminatedUnion('event', [
  workerReady,
  /** The status document stands beside `event`. */
  z.looseObject({ event: z.literal('ready') }),
  z.object({ event: z.literal('error'), error: errorDocument })
]);

export type BrokerEvent = z.infer<typeof brokerEvent>;
export type WorkerReady = z.infer<typeof workerReady>;

/** A library may write to stdout too; such a line is not ours to read. */
export function parseBrokerEvent(line: string): BrokerEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    return brokerEvent.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

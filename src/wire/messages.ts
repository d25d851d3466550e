/**
 * Every message of the protocol. In: header bytes from any socket; out: one typed, camelCase message.
 *
 * The schemas here are the source: TypeScript's types are inferred from them, `schema/wire/*.schema.json`
 * is generated from them, and `messages.py` is their twin, held equal by the golden frames.
 * A message is a multipart ZeroMQ message `[header JSON] [payload …]`; what a payload holds stands at each
 * schema. Times are milliseconds, sizes are rows, unless a name says otherwise.
 */
import { z } from 'zod';
import { type Camelised, camelise, decamelise } from './case.ts';
import { ERROR_CODES, MdmError } from './errors.ts';
import { STAGES } from './timings.ts';

z.config({ jitless: true });

/** Raised by one whenever an older peer would misread a message. */
export const PROTOCOL_VERSION = 1;

const count = z.int().nonnegative();
const ms = z.number().nonnegative();
const runId = z.string().min(1).max(128);
const text = z.string();
/** JSON that passes through untouched: keys inside are the user's. */
const verbatim = z.record(z.string(), z.unknown());

export const errorDocument = z.object({
  code: z.enum(Object.keys(ERROR_CODES) as [keyof typeof ERROR_CODES, ...(keyof typeof ERROR_CODES)[]]),
  message: text,
  remedy: text,
  details: verbatim
});

export const DTYPES = [
  'float16',
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string'
] as const;

/** One input or output of a model; the first axis is the batch, null where its length is free. */
const tensorSpec = z.object({
  name: text,
  dtype: z.enum(DTYPES),
  /** A number is fixed, a name is a free axis of that name, null is a free axis without one. */
  shape: z.array(z.union([count, text, z.null()])),
  /** Names of the columns that a `[n, k]` output stands for (a ZipMap's classes); null otherwise. */
  columns: z.array(text).nullable()
});

const signature = z.object({
  inputs: z.array(tensorSpec),
  outputs: z.array(tensorSpec),
  /** Rows a call where the model fixes its batch; null where it is free. */
  batch: count.nullable()
});

const stages = z.object(
  Object.fromEntries(STAGES.map(stage => [stage, ms])) as Record<(typeof STAGES)[number], typeof ms>
);

/** Where on the run's own axis (0 = submit reached the broker, broker's clock) a chunk was what. */
const at = z.object({ received: ms, placed: ms, done: ms });

const chunkIdentity = { run: runId, chunk_index: count, attempt: count };
/** `value`: the Arrow record-batch message is the next frame. */
const form = z.enum(['value']);

// --- client → broker ---------------------------------------------------------------------------------

const hello = z.object({
  op: z.literal('hello'),
  protocol: z.int(),
  client: z.object({ name: text, version: text, pid: count })
});

/** Of a file: `MTIME_NS:SIZE`. */
const version = z.string().regex(/^\d+:\d+$/);

const opening = {
  run: runId,
  /** Path of the model, absolute where the client could see the file. */
  model: text,
  /** Which version of the file the client saw, `MTIME_NS:SIZE`; null where it could not see it. */
  version: version.nullable(),
  params: verbatim,
  /** The run fails when it is older than this. */
  deadline_ms: ms.nullable(),
  /** What the user calls the result. */
  label: text.nullable()
};
/** Opens a run. Answered by `submitted` (with the model's signature), or by `run_done` where that fails. */
const submit = z.object({
  op: z.literal('submit'),
  ...opening,
  /** Rows of the frame where they are known before it is read. */
  rows: count.nullable()
});

/**
 * A whole run in one message, for few rows and a client that knows the signature of that version from an earlier
 * run: submit, begin, one chunk and end. Answered by `chunk_done` alone where all goes well; else as a run.
 * Payload: one Arrow schema message and one Arrow record-batch message.
 */
const ask = z.object({ op: z.literal('ask'), ...opening, rows: count.positive(), form });

/** The columns of the run are settled. Payload: one Arrow schema message. */
const begin = z.object({ op: z.literal('begin'), run: runId });

/** Payload (by value): one Arrow record-batch message of the schema that `begin` carried. */
const chunk = z.object({
  op: z.literal('chunk'),
  run: runId,
  chunk_index: count,
  row_offset: count,
  rows: count,
  form
});

/** No more chunks come. */
const end = z.object({ op: z.literal('end'), run: runId, chunks: count, rows: count });
const cancel = z.object({ op: z.literal('cancel'), run: runId });

const request = z.string().min(1).max(128);
const status = z.object({ op: z.literal('status'), request });
const scale = z.object({ op: z.literal('scale'), request, num_worker: count });
const load = z.object({ op: z.literal('load'), request, model: text });
const unload = z.object({ op: z.literal('unload'), request, model: text });
/** `drain`: runs end first; `now`: runs are cancelled. */
const terminate = z.object({
  op: z.literal('terminate'),
  request,
  mode: z.enum(['drain', 'now']),
  timeout_ms: ms
});

// --- broker → client ---------------------------------------------------------------------------------

const welcome = z.object({
  op: z.literal('welcome'),
  protocol: z.int(),
  version: text,
  name: text,
  /** Random; another one under the same name is another cluster. */
  instance: text,
  num_worker: count,
  priority_batch_size: count,
  /** Most rows a chunk where the user set one. */
  max_batch_size: count.nullable()
});

const submitted = z.object({
  op: z.literal('submitted'),
  run: runId,
  model: text,
  signature,
  /** Chunks that the client may have under way; each `chunk_done` and `chunk_failed` gives one back. */
  credit: count,
  num_worker: count,
  /** What a row of this model took lately, null where it has not run yet. */
  ms_per_row: z.number().nonnegative().nullable()
});

/** More chunks may be sent than before (workers were added). */
const credit = z.object({ op: z.literal('credit'), run: runId, chunks: count });

/** Payload: an Arrow schema message and an Arrow record-batch message, one column an output. */
const chunkDone = z.object({
  op: z.literal('chunk_done'),
  ...chunkIdentity,
  row_offset: count,
  rows: count,
  worker: count,
  /** Where the worker runs, for people: `cpu 0`, `cuda:1`. */
  device: text,
  timings: stages.partial(),
  at
});

const chunkFailed = z.object({
  op: z.literal('chunk_failed'),
  ...chunkIdentity,
  row_offset: count,
  rows: count,
  worker: count,
  device: text,
  at,
  error: errorDocument
});

const runDone = z.object({
  op: z.literal('run_done'),
  run: runId,
  state: z.enum(['done', 'failed', 'cancelled']),
  chunks_done: count,
  chunks_failed: count,
  rows_done: count,
  /** Chunks that ran again because their worker died. */
  retried: count,
  error: errorDocument.nullable()
});

/** The answer to a control request; `result` is the document of that request. */
const reply = z.object({ op: z.literal('reply'), request, result: verbatim });
/** A request or a run was refused, or a message could not be read (both null). */
const error = z.object({
  op: z.literal('error'),
  request: request.nullable(),
  run: runId.nullable(),
  error: errorDocument
});

// --- broker → worker ---------------------------------------------------------------------------------

/** `model` is the broker's key of one version of one file; `path` is where it lies, if it is that version still. */
const workerLoad = z.object({ op: z.literal('load'), model: text, path: text, version });
const workerUnload = z.object({ op: z.literal('unload'), model: text });

/** Payload: the run's Arrow schema message and the chunk's record-batch message. */
const work = z.object({
  op: z.literal('work'),
  ...chunkIdentity,
  model: text,
  rows: count,
  /** Goes before what waits in the worker. */
  priority: z.boolean(),
  params: verbatim,
  form
});

const workerCancel = z.object({ op: z.literal('cancel'), run: runId });
const shutdown = z.object({ op: z.literal('shutdown') });

// --- worker → broker ---------------------------------------------------------------------------------

const ready = z.object({
  op: z.literal('ready'),
  protocol: z.int(),
  worker: count,
  pid: count,
  device: text,
  runtime: text
});

const loaded = z.object({
  op: z.literal('loaded'),
  model: text,
  signature,
  load_ms: ms,
  warm_ms: ms
});
const loadFailed = z.object({ op: z.literal('load_failed'), model: text, error: errorDocument });

/** Payload: an Arrow schema message and an Arrow record-batch message, one column an output. */
const done = z.object({
  op: z.literal('done'),
  ...chunkIdentity,
  rows: count,
  timings: stages.partial()
});
const failed = z.object({ op: z.literal('failed'), ...chunkIdentity, error: errorDocument });
/** A chunk of a cancelled run that was not run, or not to its end. */
const dropped = z.object({ op: z.literal('dropped'), ...chunkIdentity });

/** Which messages may come through which door. */
export const DOORS = {
  client_to_broker: { hello, submit, ask, begin, chunk, end, cancel, status, scale, load, unload, terminate },
  broker_to_client: {
    welcome,
    submitted,
    credit,
    chunk_done: chunkDone,
    chunk_failed: chunkFailed,
    run_done: runDone,
    reply,
    error
  },
  broker_to_worker: { load: workerLoad, unload: workerUnload, work, cancel: workerCancel, shutdown },
  worker_to_broker: { ready, loaded, load_failed: loadFailed, done, failed, dropped }
} as const;

export type Door = keyof typeof DOORS;
type Schemas<D extends Door> = (typeof DOORS)[D];
type Wire<D extends Door> = D extends Door
  ? {
      [K in keyof Schemas<D>]: Schemas<D>[K] extends z.ZodType ? z.infer<Schemas<D>[K]> : never;
    }[keyof Schemas<D>]
  : never;
/** A message of that door, as TypeScript sees it. */
export type Message<D extends Door> = Camelised<Wire<D>>;
export type Op<D extends Door> = Message<D> extends { op: infer O } ? O : never;
/** The message with that op. */
export type MessageOf<D extends Door, O extends Op<D>> = Extract<Message<D>, { op: O }>;

export type Signature = Camelised<z.infer<typeof signature>>;
export type TensorSpec = Camelised<z.infer<typeof tensorSpec>>;
export type Dtype = (typeof DTYPES)[number];

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/**
 * The one door from bytes to a message.
 *
 * @throws MdmError `bad_message` naming the field, when the header is not a message of that door.
 */
export function parse<D extends Door>(door: D, header: Uint8Array): Message<D> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(header));
  } catch (cause) {
    throw new MdmError('bad_message', 'The header of a message is not JSON.', { cause });
  }
  const schemas: Record<string, z.ZodType> = DOORS[door];
  const op = typeof value === 'object' && value !== null && 'op' in value ? String(value.op) : '';
  const schema = Object.hasOwn(schemas, op) ? schemas[op] : undefined;
  if (schema === undefined) {
    throw new MdmError('bad_message', `A message with op "${op}" is not allowed here.`, {
      details: { op, door }
    });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw new MdmError('bad_message', `Message "${op}": ${field || 'header'}: ${issue?.message}`, {
      details: { op, field }
    });
  }
  // The schema above proved the shape; camelise only renames its keys.
  return camelise(parsed.data) as Message<D>;
}

/** The bytes of a message's header. The type proves the shape; peers check it again at their door. */
export function encode<D extends Door>(_door: D, message: Message<D>): Uint8Array {
  return encoder.encode(JSON.stringify(decamelise(message)));
}

/**
 * What a broker is started with. In: options and facts, decided by `mdm start`; out: one JSON argument on
 * the broker's command line, parsed again there.
 */
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { deviceMapText } from './devices.ts';

z.config({ jitless: true });

const port = z.int().min(1).max(65_535);
const rows = z.int().positive();

const brokerConfig = z.object({
  name: z.string(),
  /** Random, of this one life of the cluster. */
  instance: z.string(),
  version: z.string(),
  /** The cluster's private folder: the broker removes it at its end. */
  socketDir: z.string(),
  /** Written when the broker is ready, removed at its end. */
  connectionFile: z.string(),
  endpoints: z.object({ in: z.string(), out: z.string(), backend: z.string() }),
  /** `portFixed`: the ports were asked for, and another one will not do. */
  tcp: z.object({ host: z.string(), port, portOut: port, portFixed: z.boolean() }).nullable(),
  numWorker: z.int().positive(),
  /** Worker i runs on `devices[i % devices.length]`; `deviceOf` says so. */
  devices: z.array(z.string()).min(1),
  /** Most rows a chunk, where the user set one. */
  maxBatchSize: rows.nullable(),
  /** Most rows a call of a model. */
  modelBatch: rows,
  /** Requests of at most so many rows go first. */
  priorityBatchSize: z.int().nonnegative(),
  gpuMemoryFraction: z.number().min(0).max(1),
  /** Absolute. */
  runScriptDir: z.string(),
  /** Path of the log file, absolute; null for none. */
  logger: z.string().nullable(),
  verbose: z.boolean(),
  /** The cluster drains and ends when the broker's stdin closes. */
  endWithStdin: z.boolean(),
  workerEntry: z.string(),
  /** Workers that one chunk may take down before it fails alone. */
  maxAttempts: z.int().positive()
});

export type BrokerConfig = z.infer<typeof brokerConfig>;

/** @throws MdmError `bad_option` naming the field */
export function parseBrokerConfig(text: string): BrokerConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MdmError('bad_option', 'The configuration of the broker is not JSON.', {
      cause,
      remedy: BY_HAND
    });
  }
  const parsed = brokerConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new MdmError('bad_option', `The configuration of the broker: ${field}: ${issue?.message}.`, {
    details: { option: field },
    remedy: BY_HAND
  });
}

const BY_HAND = 'A broker is started by "mdm start", not by hand.';

/** The arguments of the start under their original names: the `options` of the status document. */
export function argumentsOf(config: BrokerConfig): Record<string, unknown> {
  return {
    name: config.name,
    num_worker: config.numWorker,
    device_map: deviceMapText(config.devices),
    max_batch_size: config.modelBatch,
    priority_batch_size: config.priorityBatchSize,
    gpu_memory_fraction: config.gpuMemoryFraction,
    run_script_dir: config.runScriptDir,
    zeromq_sock_tmp_dir: config.socketDir,
    logger: config.logger,
    ...(config.tcp && { host: config.tcp.host, port: config.tcp.port, port_out: config.tcp.portOut }),
    verbose: config.verbose
  };
}

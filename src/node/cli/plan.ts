/**
 * What a start will do, decided from its options. In: parsed options; out: the settings of a cluster, before
 * anything was opened, made or asked.
 */
import { resolve } from 'node:path';
import type { BrokerConfig } from '../cluster/config.ts';
import { checkMemoryFraction } from '../cluster/devices.ts';
import { checkName } from '../cluster/names.ts';
import type { PortWish } from '../cluster/ports.ts';
import type { START, StartValues } from './options.ts';
import type { Parsed } from './parse.ts';

type Settings = Pick<
  BrokerConfig,
  | 'numWorker'
  | 'devices'
  | 'maxBatchSize'
  | 'modelBatch'
  | 'priorityBatchSize'
  | 'gpuMemoryFraction'
  | 'runScriptDir'
  | 'verbose'
  | 'endWithStdin'
>;

export interface StartPlan {
  readonly name: string;
  readonly settings: Settings;
  /** Where the folder of sockets is made; null for Jupyter's runtime folder. */
  readonly socketParent: string | null;
  /** Null for no log; undefined for a file in the cluster's folder. */
  readonly logger: string | null | undefined;
  /** Null where no TCP door is wanted. */
  readonly ports: PortWish | null;
  readonly foreground: boolean;
  readonly stdin: 'ignore' | 'inherit' | 'pipe';
}

/** Options that open the TCP door by being there. */
const TCP_OPTIONS = ['host', 'port', 'portOut'] as const;

/**
 * @param original started by the original command, whose doors always were TCP ports
 * @throws MdmError `bad_option`
 */
export function planStart(
  { values, given }: Parsed<typeof START>,
  { cwd, original }: { cwd: string; original: boolean }
): StartPlan {
  checkMemoryFraction(values.deviceMap, given.has('gpuMemoryFraction'));
  const asPath = (path: string) => resolve(cwd, path);
  const wantsTcp = original || values.tcp || TCP_OPTIONS.some(option => given.has(option));
  return {
    name: checkName(values.name),
    settings: {
      numWorker: values.numWorker,
      devices: values.deviceMap,
      maxBatchSize: given.has('maxBatchSize') ? values.maxBatchSize : null,
      modelBatch: values.maxBatchSize,
      priorityBatchSize: values.priorityBatchSize,
      gpuMemoryFraction: values.gpuMemoryFraction,
      runScriptDir: asPath(values.runScriptDir),
      verbose: values.verbose,
      endWithStdin: values.endWithStdin || values.foreground
    },
    socketParent: values.zeromqSockTmpDir === null ? null : asPath(values.zeromqSockTmpDir),
    logger: typeof values.logger === 'string' ? asPath(values.logger) : values.logger,
    ports: wantsTcp ? portWish(values, original) : null,
    foreground: values.foreground,
    stdin: stdinOf(values)
  };
}

function portWish(values: StartValues, original: boolean): PortWish {
  return { host: values.host, port: values.port, portOut: values.portOut, insist: original };
}

/** In the foreground the cluster ends with us, however we end: by a pipe that only we hold. */
function stdinOf(values: StartValues): StartPlan['stdin'] {
  if (values.endWithStdin) return 'inherit';
  return values.foreground ? 'pipe' : 'ignore';
}

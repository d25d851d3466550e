/** From the name of a cluster to a client that has shaken hands with it. */
import { MdmError } from '../../wire/errors.ts';
import { type ConnectionFile, readConnectionFile } from '../cluster/connection.ts';
import { checkName } from '../cluster/names.ts';
import { type Environment, runtimeDir } from '../cluster/runtime-dir.ts';
import { type Address, ipcAddress, isListening } from './address.ts';
import { ControlClient } from './control-client.ts';
import { noCluster } from './errors.ts';

/** A broker that is up answers in a few ms; on a machine that swaps it takes a while. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;
/** A start waits less for the one that may have its name. */
const OCCUPANT_TIMEOUT_MS = 2_000;

export interface ConnectOptions {
  /** Says where connection files lie. */
  readonly env?: Environment;
  readonly timeoutMs?: number;
  /** The lifetime of the client. */
  readonly signal?: AbortSignal;
}

/**
 * @throws MdmError `no_cluster` naming those that run; `timeout`; `protocol_mismatch`
 */
export async function connect(name: string, options: ConnectOptions = {}): Promise<ControlClient> {
  const folder = runtimeDir(options.env);
  const file = readConnectionFile(folder, checkName(name));
  if (file === null) throw await noCluster(folder, `named "${name}"`);
  return connectTo(file, ipcAddress(file), { ...options, folder });
}

/** Connects to the cluster of a connection file at one of its doors. */
export async function connectTo(
  file: ConnectionFile,
  address: Address,
  options: ConnectOptions & { readonly folder: string }
): Promise<ControlClient> {
  const timeoutMs = options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  if (!(await isListening(address.in, timeoutMs))) {
    throw await noCluster(options.folder, `named "${file.name}"`);
  }
  const { signal } = options;
  return ControlClient.open(address, { name: file.name, timeoutMs, ...(signal && { signal }) });
}

/** What a start asks of the name that it wants. */
export type Occupant = 'nobody' | 'answers' | 'silent';

/** Who sits behind a connection file: a cluster that answers, one that does not, or nobody any more. */
export async function occupantOf(file: ConnectionFile, timeoutMs = OCCUPANT_TIMEOUT_MS): Promise<Occupant> {
  const address = ipcAddress(file);
  if (!(await isListening(address.in))) return 'nobody';
  try {
    const client = await ControlClient.open(address, { name: file.name, timeoutMs });
    client.close();
    return 'answers';
  } catch (error) {
    const { code } = MdmError.from(error);
    if (code === 'cluster_lost') return 'nobody';
    // Another protocol is an answer too.
    return code === 'timeout' ? 'silent' : 'answers';
  }
}

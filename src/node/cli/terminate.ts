/**
 * `mdm terminate`: ends a cluster. In: a name, or a host and a port as the original command had them; out: the
 * cluster's acknowledgement, after its process and its connection file are gone.
 */
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { type Address, ipcAddress, isLoopback, portOf, tcpAddress } from '../client/address.ts';
import { connectTo, HANDSHAKE_TIMEOUT_MS } from '../client/connect.ts';
import { noCluster } from '../client/errors.ts';
import {
  type ConnectionFile,
  listConnectionFiles,
  readConnectionFile,
  removeConnectionFile
} from '../cluster/connection.ts';
import { holdsWithin, isAlive } from '../cluster/ending.ts';
import { checkName, connectionPath } from '../cluster/names.ts';
import { runtimeDir } from '../cluster/runtime-dir.ts';
import { type Context, EXIT } from './context.ts';
import type { TERMINATE } from './options.ts';
import type { Parsed, Values } from './parse.ts';
import { readResult } from './result.ts';
import { counted } from './style.ts';

const terminated = z.looseObject({ state: z.string(), runs_cancelled: z.int() });

/** Beyond the drain: cancelling what is left, ending workers, removing files. */
const GRACE_MS = 5_000;
const GONE_TIMEOUT_MS = 10_000;

type TerminateValues = Values<typeof TERMINATE>;

interface Target {
  readonly file: ConnectionFile;
  readonly address: Address;
  /** On this machine, so that its end can be watched. */
  readonly local: boolean;
}

export async function terminate(context: Context, { values }: Parsed<typeof TERMINATE>): Promise<number> {
  const folder = runtimeDir(context.env);
  const target = await findTarget(folder, values);
  const { file, address } = target;
  const timeoutMs = Math.min(values.timeout, HANDSHAKE_TIMEOUT_MS);
  const client = await connectTo(file, address, { folder, timeoutMs, signal: context.signal });
  try {
    const mode = values.now ? 'now' : 'drain';
    if (!values.json)
      context.print(`sent terminate (${mode}) to cluster "${file.name}" at ${address.in}, pid ${file.pid}`);
    const fields = { mode, timeoutMs: values.timeout } as const;
    const result = readResult(
      terminated,
      await client.request('terminate', fields, values.timeout + GRACE_MS)
    );
    if (target.local) await untilGone(folder, file, context.signal);
    context.print(values.json ? JSON.stringify(result) : farewell(file, result.runs_cancelled));
    return EXIT.ok;
  } finally {
    client.close();
  }
}

function farewell(file: ConnectionFile, cancelled: number): string {
  const runs = cancelled === 0 ? '' : `; ${counted(cancelled, 'run')} cancelled`;
  return `cluster "${file.name}" terminated${runs}`;
}

/** @throws MdmError `no_cluster` */
async function findTarget(folder: string, values: TerminateValues): Promise<Target> {
  if (values.port !== null) return byPort(folder, values.port, values.ip ?? 'localhost');
  if (values.ip !== null && !isLoopback(values.ip)) {
    throw new MdmError('bad_option', `--ip ${values.ip} needs the port of the cluster.`, {
      remedy: 'Add --port.',
      details: { option: 'port' }
    });
  }
  const file = readConnectionFile(folder, checkName(values.name));
  if (file === null) throw await noCluster(folder, `named "${values.name}"`);
  return { file, address: ipcAddress(file), local: true };
}

/** A TCP door opens only to who has the cluster's key, which stands in its connection file. */
async function byPort(folder: string, port: number, host: string): Promise<Target> {
  const file = listConnectionFiles(folder).find(({ tcp }) => portOf(tcp?.in) === port);
  if (file === undefined) throw await noCluster(folder, `at ${host}, port ${port},`);
  if (isLoopback(host)) return { file, address: ipcAddress(file), local: true };
  const address = tcpAddress(file, host);
  if (address === null) throw await noCluster(folder, `at ${host}, port ${port},`);
  return { file, address, local: false };
}

async function untilGone(folder: string, file: ConnectionFile, signal: AbortSignal): Promise<void> {
  const { name, instance, pid } = file;
  const gone = await holdsWithin(() => !isAlive(pid), GONE_TIMEOUT_MS, signal);
  if (gone) {
    removeConnectionFile(connectionPath(folder, name), instance);
    return;
  }
  throw new MdmError('timeout', `The cluster said that it ends, but process ${pid} is still there.`, {
    remedy: `End it with "kill ${pid}".`,
    details: { pid, timeout_ms: GONE_TIMEOUT_MS }
  });
}

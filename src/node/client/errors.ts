/** What a client says when it finds no cluster, or one that it cannot talk to. */
import { MdmError } from '../../wire/errors.ts';
import { type ConnectionFile, listConnectionFiles } from '../cluster/connection.ts';
import { DEFAULT_NAME } from '../cluster/names.ts';
import { isListening } from './address.ts';

/** Names the clusters of the folder that are there. */
export async function noCluster(folder: string, what: string): Promise<MdmError> {
  const running = await runningClusters(folder);
  return noClusterAmong(
    what,
    running.map(file => file.name)
  );
}

/** @param what e.g. `named "delays"` */
export function noClusterAmong(what: string, running: readonly string[]): MdmError {
  const others = running.map(name => `"${name}"`).join(', ');
  const there = running.length === 0 ? 'No cluster runs.' : `Running: ${others}.`;
  const use = running.length === 0 ? '' : `Use --name ${running[0]}, or start`;
  return new MdmError('no_cluster', `No cluster ${what} answers. ${there}`, {
    remedy: `${use || 'Start'} one with "mdm start".`,
    details: { running }
  });
}

/** Clusters whose door somebody listens at. */
export async function runningClusters(folder: string): Promise<ConnectionFile[]> {
  const files = listConnectionFiles(folder);
  const listening = await Promise.all(files.map(file => isListening(file.endpoints.in)));
  return files.filter((_, index) => listening[index]);
}

export function startCommand(name: string): string {
  return name === DEFAULT_NAME ? 'mdm start' : `mdm start --name ${name}`;
}

export function protocolMismatch(ours: number, theirs: number, version: string): MdmError {
  return new MdmError(
    'protocol_mismatch',
    `This mdm speaks version ${ours} of the protocol, the cluster (${version || 'of another release'}) version ${theirs}.`,
    {
      remedy: 'Use the same release of jupyterlab-mdm on both sides; end the cluster and start it again.',
      details: { client: ours, cluster: theirs, cluster_version: version }
    }
  );
}

export function noAnswer(what: string, ms: number): MdmError {
  return new MdmError('timeout', `The cluster did not answer ${what} within ${ms} ms.`, {
    remedy: 'Try again with a longer --timeout; the log of the cluster may say what it is busy with.',
    details: { what, timeout_ms: ms }
  });
}

export function clusterLost(name: string): MdmError {
  return new MdmError('cluster_lost', `The cluster "${name}" went away before it answered.`, {
    remedy: `See its log; start it again with "${startCommand(name)}".`,
    details: { name }
  });
}

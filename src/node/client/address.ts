/** Which doors a client knocks at. In: a connection file; out: two endpoints and the key of the cluster. */
import { connect } from 'node:net';
import type { ConnectionFile } from '../cluster/connection.ts';
import { tcpEndpoint } from '../cluster/ports.ts';
import { deferred } from './deferred.ts';

export interface Address {
  readonly in: string;
  readonly out: string;
  /** Z85; null for ipc, which the folder's access rights guard. */
  readonly serverKey: string | null;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);
const ANY_HOST = new Set(['*', '0.0.0.0', '[::]']);
const TCP = /^tcp:\/\/(.+):(\d+)$/;

/** A peer on this machine answers a connect at once, or it is not there. */
const PROBE_TIMEOUT_MS = 1_000;

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host.toLowerCase());
}

export function ipcAddress(file: ConnectionFile): Address {
  return { in: file.endpoints.in, out: file.endpoints.out, serverKey: null };
}

/** The TCP doors of a cluster, as they are seen from another machine; null where it has none. */
export function tcpAddress({ tcp }: ConnectionFile, host: string): Address | null {
  return tcp && { in: onHost(tcp.in, host), out: onHost(tcp.out, host), serverKey: tcp.public_key };
}

function onHost(endpoint: string, host: string): string {
  const port = portOf(endpoint);
  return port === null ? endpoint : tcpEndpoint(host, port);
}

/** The port of a TCP endpoint, null for another kind. */
export function portOf(endpoint: string | undefined): number | null {
  const port = TCP.exec(endpoint ?? '')?.[2];
  return port === undefined ? null : Number(port);
}

/**
 * Whether anything listens there. libzmq would go on trying to connect in silence; a plain connect tells
 * at once that a cluster is gone.
 */
export function isListening(endpoint: string, timeoutMs = PROBE_TIMEOUT_MS): Promise<boolean> {
  const target = targetOf(endpoint);
  if (target === null) return Promise.resolve(true);
  const { promise, resolve } = deferred<boolean>();
  const socket = connect({ ...target, timeout: timeoutMs });
  const settle = (answer: boolean) => {
    socket.destroy();
    resolve(answer);
  };
  socket.once('connect', () => settle(true));
  socket.once('error', () => settle(false));
  socket.once('timeout', () => settle(false));
  return promise;
}

function targetOf(endpoint: string): { path: string } | { host: string; port: number } | null {
  if (endpoint.startsWith('ipc://')) {
    // Node has named pipes there, not the sockets that libzmq uses: only the handshake can tell.
    return process.platform === 'win32' ? null : { path: endpoint.slice('ipc://'.length) };
  }
  const host = TCP.exec(endpoint)?.[1];
  const port = portOf(endpoint);
  if (host === undefined || port === null) return null;
  return { host: ANY_HOST.has(host) ? '127.0.0.1' : host.replaceAll(/[[\]]/g, ''), port };
}

/** TCP ports of a cluster: which are free, and which it is started with. The broker's own bind decides in the end. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import { MdmError } from '../../wire/errors.ts';
import { errorCode } from './error-code.ts';

/** The original's ports: requests in, results out. */
export const PORT_IN = 5555;
export const PORT_OUT = 5556;
const USUAL = { port: PORT_IN, portOut: PORT_OUT };

export interface PortWish {
  readonly host: string;
  /** Null where the user named none. */
  readonly port: number | null;
  readonly portOut: number | null;
  /** The defaults are as good as asked for: another port will not do. */
  readonly insist: boolean;
}

export interface Ports {
  readonly host: string;
  readonly port: number;
  readonly portOut: number;
  readonly portFixed: boolean;
}

/**
 * Ports that were named are kept, the others are the original's, or free ones where those are taken.
 *
 * @throws MdmError `port_taken` for a port that was named, `bad_option` for a host that is not this machine's
 */
export async function choosePorts(asked: PortWish, usual = USUAL): Promise<Ports> {
  const wish = { ...asked, host: await addressOf(asked.host) };
  const port = await choose(wish, 'port', wish.port, usual.port, []);
  const portOut = await choose(wish, 'port_out', wish.portOut, usual.portOut, [port]);
  const portFixed = wish.insist || wish.port !== null || wish.portOut !== null;
  return { host: wish.host, port, portOut, portFixed };
}

/** A name of this machine as the IPv4 address that libzmq binds to. */
async function addressOf(host: string): Promise<string> {
  if (host === '*') return '0.0.0.0';
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    throw badHost(host, error);
  }
}

async function choose(
  wish: PortWish,
  option: string,
  named: number | null,
  usual: number,
  used: readonly number[]
): Promise<number> {
  const wanted = named ?? usual;
  const free = !used.includes(wanted) && (await portIsFree(wish.host, wanted));
  if (free) return wanted;
  if (named !== null || wish.insist) throw portTaken(wish.host, wanted, option);
  return freePort(wish.host);
}

/** Also the broker's error, where a port is taken between this check and its bind. */
export function portTaken(host: string, port: number, option: string): MdmError {
  const flag = `--${option.replaceAll('_', '-')}`;
  return new MdmError('port_taken', `Port ${port} on ${host} is in use.`, {
    remedy: `Name another one with ${flag}, or end what uses it; "mdm start --tcp" without ports takes free ones.`,
    details: { host, port, option }
  });
}

async function portIsFree(host: string, port: number): Promise<boolean> {
  try {
    await bindOnce(host, port);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EADDRINUSE') return false;
    if (code === 'EACCES') throw notAllowed(port, error);
    throw badHost(host, error);
  }
}

async function freePort(host: string): Promise<number> {
  return bindOnce(host, 0);
}

/** Binds and lets go again; gives the port. */
async function bindOnce(host: string, port: number): Promise<number> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : port;
}

function notAllowed(port: number, cause: unknown): MdmError {
  return new MdmError('bad_option', `This user may not open port ${port}.`, {
    remedy: 'Use a port of 1024 or more.',
    details: { option: 'port', value: port },
    cause
  });
}

function badHost(host: string, cause: unknown): MdmError {
  return new MdmError('bad_option', `No port can be opened on "${host}" (${errorCode(cause)}).`, {
    remedy: 'Use an IPv4 address of this machine with --host, e.g. 127.0.0.1.',
    details: { option: 'host', value: host },
    cause
  });
}

/** The endpoint of a host and a port, as ZeroMQ writes it. */
export function tcpEndpoint(host: string, port: number): string {
  return `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

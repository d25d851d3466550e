/**
 * The connection file: how a cluster is found. The broker writes it when it is ready and removes it at its
 * end; every client reads it. Twin: the reader in kernel-bridge/jupyterlab_mdm/connection.py.
 *
 * A file says where a cluster was, not that it runs: only a handshake shows that.
 */
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { errorCode } from './error-code.ts';
import { connectionPath, nameInFile } from './names.ts';
import type { StatusDocument } from './status-document.ts';

z.config({ jitless: true });

const doors = z.object({ in: z.string(), out: z.string() });

const connectionFile = z.object({
  /** Of the protocol, so that a client of another one can say so before it connects. */
  protocol: z.int(),
  name: z.string(),
  /** Random: another one under the same name is another cluster. */
  instance: z.string(),
  version: z.string(),
  /** Of the broker. To be shown and to be waited for, never to be killed on the file's word. */
  pid: z.int(),
  socket_dir: z.string(),
  endpoints: doors,
  /** Null where there is no TCP door; the key (Z85) is what opens it. */
  tcp: doors.extend({ public_key: z.string() }).nullable()
});

export type ConnectionFile = z.infer<typeof connectionFile>;

/** What a broker knows of itself: its doors as its status document has them, and its key. */
export interface ConnectionFacts extends Omit<ConnectionFile, 'endpoints' | 'tcp'> {
  readonly endpoints: StatusDocument['endpoints'];
  readonly curve_public_key: string | null;
}

/** The file of that name, null where there is none or where it is not whole. */
export function readConnectionFile(folder: string, name: string): ConnectionFile | null {
  return readConnectionPath(connectionPath(folder, name));
}

export function readConnectionPath(path: string): ConnectionFile | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new MdmError('no_cluster', `The connection file ${path} cannot be read (${errorCode(error)}).`, {
      remedy: 'Make it readable to this user, or remove it.',
      details: { path },
      cause: error
    });
  }
  return parseConnectionFile(text);
}

function parseConnectionFile(text: string): ConnectionFile | null {
  try {
    return connectionFile.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Every cluster that left a file in the folder, running or not, by name. */
export function listConnectionFiles(folder: string): ConnectionFile[] {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return files
    .filter(file => nameInFile(file) !== null)
    .map(file => readConnectionPath(join(folder, file)))
    .filter(file => file !== null)
    .sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Writes the file whole and 0600, and never over another cluster's: of two that start under one name at
 * the same moment, the second is told.
 *
 * @throws MdmError `cluster_exists`
 */
export function writeConnectionFile(path: string, facts: ConnectionFacts): void {
  const file = fileOf(facts);
  const draft = join(dirname(path), `.${basename(path)}.${file.instance}`);
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') throw takenWhileStarting(path, file.name, error);
    // A file system without hard links: a rename is as whole, only the two starters are not told apart.
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function fileOf({ endpoints, curve_public_key: key, ...facts }: ConnectionFacts): ConnectionFile {
  const { in: requests, out: results, tcp_in: tcpIn, tcp_out: tcpOut } = endpoints;
  const hasTcp = tcpIn !== undefined && tcpOut !== undefined && key !== null;
  return {
    ...facts,
    endpoints: { in: requests, out: results },
    tcp: hasTcp ? { in: tcpIn, out: tcpOut, public_key: key } : null
  };
}

function takenWhileStarting(path: string, name: string, cause: unknown): MdmError {
  return new MdmError('cluster_exists', `A cluster named "${name}" came up while this one was starting.`, {
    remedy: `Use that one, or start this one with --name and another name.`,
    details: { name, connection_file: path },
    cause
  });
}

/** Removes the file if it is still that instance's; says whether it was. */
export function removeConnectionFile(path: string, instance: string): boolean {
  if (readConnectionPath(path)?.instance !== instance) return false;
  rmSync(path, { force: true });
  return true;
}

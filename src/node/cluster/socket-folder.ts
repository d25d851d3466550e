/**
 * The private folder of one cluster: its sockets, and its log unless another place was asked for. Made by
 * `mdm start` with access for this user only; removed by the broker at its end.
 */
import { lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { MdmError } from '../../wire/errors.ts';
import { errorCode } from './error-code.ts';
import { socketFolderPrefix } from './names.ts';

/** The doors of the broker; `backend` is the longest name. */
export interface Doors {
  readonly in: string;
  readonly out: string;
  readonly backend: string;
}

/** `sockaddr_un.sun_path`, less the byte that ends it. */
const LONGEST_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107;
/** Where the folder for temporary files was moved to a place whose path is long itself. */
const SHORT_PARENTS = process.platform === 'win32' ? [] : ['/tmp'];
const MKDTEMP_SUFFIX = 'XXXXXX';

/**
 * The first of `parents` that can hold sockets, null where none can.
 *
 * @param longest bytes that the path of a socket may have
 */
export function parentThatFits(
  parents: readonly string[],
  name: string,
  longest: number = LONGEST_SOCKET_PATH
): string | null {
  return parents.find(parent => socketPathLength(parent, name) <= longest) ?? null;
}

function socketPathLength(parent: string, name: string): number {
  return Buffer.byteLength(join(parent, `${socketFolderPrefix(name)}${MKDTEMP_SUFFIX}`, 'backend'));
}

/**
 * Makes the folder, 0700, below `asked`, or else below `runtime`, or where that is too long a path below
 * the folder for temporary files.
 *
 * @throws MdmError `bad_option` where no parent will do
 */
export function makeSocketFolder(name: string, runtime: string, asked: string | null): string {
  const parents = asked === null ? [runtime, tmpdir(), ...SHORT_PARENTS] : [asked];
  const parent = parentThatFits(parents, name);
  if (parent === null) throw tooLong(parents, name, asked !== null);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(parent, socketFolderPrefix(name)));
  } catch (error) {
    throw new MdmError(
      'bad_option',
      `No folder for sockets can be made in ${parent} (${errorCode(error)}).`,
      {
        remedy: 'Name a folder that this user may write to with --zeromq-sock-tmp-dir.',
        details: { option: 'zeromq_sock_tmp_dir', value: parent },
        cause: error
      }
    );
  }
}

function tooLong(parents: readonly string[], name: string, asked: boolean): MdmError {
  const where = parents.join(' and ');
  return new MdmError(
    'bad_option',
    `The path of a socket may have ${LONGEST_SOCKET_PATH} bytes; below ${where} it would have more.`,
    {
      remedy: `Name a folder with a shorter path with --zeromq-sock-tmp-dir${asked ? '' : ', e.g. /tmp'}, or use a shorter --name.`,
      details: { option: 'zeromq_sock_tmp_dir', value: parents.at(-1), name }
    }
  );
}

export function doorsIn(folder: string): Doors {
  const door = (name: string) => `ipc://${join(folder, name)}`;
  return { in: door('in'), out: door('out'), backend: door('backend') };
}

/** Removes the folder with all in it; one that is not a cluster's socket folder is left alone. */
export function removeSocketFolder(folder: string, name: string): void {
  if (!basename(folder).startsWith(socketFolderPrefix(name))) return;
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  rmSync(folder, { recursive: true, force: true });
}

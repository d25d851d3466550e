/** The name of a cluster, and the file and folder names made of it. */
import { join } from 'node:path';
import { MdmError } from '../../wire/errors.ts';

export const DEFAULT_NAME = 'default';

const LONGEST_NAME = 64;
const ALLOWED = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const CONNECTION_FILE = /^mdm-(.+)\.json$/;

/** @throws MdmError `bad_option` */
export function checkName(name: string): string {
  if (ALLOWED.test(name) && name.length <= LONGEST_NAME) return name;
  throw new MdmError('bad_option', `"${name}" cannot be the name of a cluster.`, {
    remedy: `Use letters, digits, "-", "_" and ".", at most ${LONGEST_NAME}, with a letter or a digit first.`,
    details: { option: 'name', value: name }
  });
}

export function connectionPath(folder: string, name: string): string {
  return join(folder, `mdm-${name}.json`);
}

/** The name in a connection file's name, null for a file of another kind. */
export function nameInFile(file: string): string | null {
  const name = CONNECTION_FILE.exec(file)?.[1];
  return name !== undefined && ALLOWED.test(name) ? name : null;
}

/** What `mkdtemp` completes to the name of a socket folder. */
export function socketFolderPrefix(name: string): string {
  return `mdm-${name}-`;
}

/**
 * Parameters whose key ends in `_path` name files of the script folder: they are checked before anything runs.
 * In: params as the client sent them; out: the same with those paths absolute.
 */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { MdmError } from '../../wire/errors.ts';

type Params = Readonly<Record<string, unknown>>;

export const namesPaths = (params: Params): boolean => Object.keys(params).some(isPath);

const isPath = (key: string) => key.endsWith('_path');

/** @throws MdmError `path_not_found` naming key, value and folder */
export async function resolvePaths(params: Params, folder: string): Promise<Params> {
  const resolved: Record<string, unknown> = { ...params };
  for (const [key, value] of Object.entries(params)) {
    if (isPath(key)) resolved[key] = await resolvePath(key, value, folder);
  }
  return resolved;
}

async function resolvePath(key: string, value: unknown, folder: string): Promise<string> {
  const details = { key, value, folder };
  if (typeof value !== 'string' || value === '') {
    throw new MdmError(
      'path_not_found',
      `The parameter ${key} names a path, but it is ${JSON.stringify(value)}.`,
      {
        remedy: 'Give it the path of a file, as text.',
        details
      }
    );
  }
  const path = isAbsolute(value) ? value : resolve(folder, value);
  const real = await realpath(path).catch((cause: unknown) => {
    throw new MdmError('path_not_found', `The parameter ${key} names ${value}, which is not in ${folder}.`, {
      remedy:
        'A relative path is taken from the cluster’s run_script_dir; give an absolute path, or start the cluster with --run-script-dir.',
      details,
      cause
    });
  });
  if (!isAbsolute(value) && relative(await realpath(folder), real).startsWith('..')) {
    throw new MdmError('path_not_found', `The parameter ${key} names ${value}, which leaves ${folder}.`, {
      remedy: 'Give an absolute path to a file elsewhere.',
      details
    });
  }
  return real;
}

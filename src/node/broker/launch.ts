/** The command line of a worker. Pure: which helpers the machine has comes in as an argument. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface WorkerLaunch {
  readonly node: string;
  readonly entry: string;
  /** JSON for the worker's one argument. */
  readonly config: string;
  readonly cores: string | null;
}

/** Programs of util-linux, where they are. */
export interface LaunchTools {
  readonly taskset: string | null;
  readonly setpriv: string | null;
}

/**
 * `setpriv --pdeathsig` has the kernel end the worker when the broker is gone, even in the middle of a call of
 * the model; `taskset` pins it. Both replace themselves by Node, so the child's pid is the worker's.
 */
export function workerCommand(launch: WorkerLaunch, tools: LaunchTools): [string, ...string[]] {
  const node: [string, ...string[]] = [launch.node, launch.entry, launch.config];
  const pinned: [string, ...string[]] =
    launch.cores !== null && tools.taskset !== null ? [tools.taskset, '-c', launch.cores, ...node] : node;
  return tools.setpriv === null ? pinned : [tools.setpriv, '--pdeathsig', 'KILL', '--', ...pinned];
}

export function findTools(path: string = process.env.PATH ?? ''): LaunchTools {
  if (process.platform !== 'linux') return { taskset: null, setpriv: null };
  return { taskset: findProgram('taskset', path), setpriv: findProgram('setpriv', path) };
}

function findProgram(name: string, path: string): string | null {
  return (
    path
      .split(delimiter)
      .map(folder => join(folder, name))
      .find(isExecutable) ?? null
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

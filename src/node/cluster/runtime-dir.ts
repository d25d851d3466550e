/** Jupyter's runtime folder, by the rules of jupyter_core, so that Python and Node find the same clusters. */
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where connection files lie. The folder need not exist. */
export function runtimeDir(
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir()
): string {
  if (env.JUPYTER_RUNTIME_DIR) return env.JUPYTER_RUNTIME_DIR;
  const { join } = platform === 'win32' ? win32 : posix;
  return join(dataDir(env, platform, home), 'runtime');
}

function dataDir(env: Environment, platform: NodeJS.Platform, home: string): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === 'win32') {
    if (env.APPDATA) return win32.join(env.APPDATA, 'jupyter');
    return win32.join(env.JUPYTER_CONFIG_DIR || win32.join(home, '.jupyter'), 'data');
  }
  if (platform === 'darwin') return posix.join(home, 'Library', 'Jupyter');
  return posix.join(env.XDG_DATA_HOME || posix.join(home, '.local', 'share'), 'jupyter');
}

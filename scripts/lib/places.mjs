/** Where things lie in the checkout, and the environment in which all of them run: nothing lands outside. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const inRoot = (...parts) => join(root, ...parts);

const windows = process.platform === 'win32';
export const venv = inRoot('.venv');
export const venvBin = name => join(venv, windows ? 'Scripts' : 'bin', windows ? `${name}.exe` : name);

/** Set-up and caches stay below the checkout; whoever set one of these keeps theirs. */
export function sandbox(extra = {}) {
  const cache = name => inRoot('.cache', name);
  return {
    ...process.env,
    PIP_CACHE_DIR: cache('pip'),
    npm_config_cache: cache('npm'),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    JUPYTER_RUNTIME_DIR: cache('run'),
    JUPYTER_DATA_DIR: cache('jupyter/data'),
    JUPYTER_CONFIG_DIR: cache('jupyter/config'),
    IPYTHONDIR: cache('ipython'),
    XDG_CACHE_HOME: cache('xdg'),
    MPLCONFIGDIR: cache('matplotlib'),
    TMPDIR: cache('tmp'),
    VIRTUAL_ENV: venv,
    PATH: `${join(venvBin('python'), '..')}:${process.env.PATH}`,
    ...extra
  };
}

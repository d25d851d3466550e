import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runtimeDir } from '../../../src/node/cluster/runtime-dir.ts';

describe('the runtime folder', () => {
  const cases: [string, Record<string, string>, NodeJS.Platform, string, string][] = [
    [
      'is the one that JUPYTER_RUNTIME_DIR names',
      { JUPYTER_RUNTIME_DIR: '/run/j', JUPYTER_DATA_DIR: '/d' },
      'linux',
      '/home/a',
      '/run/j'
    ],
    [
      'lies in JUPYTER_DATA_DIR',
      { JUPYTER_DATA_DIR: '/d', XDG_DATA_HOME: '/x' },
      'linux',
      '/home/a',
      '/d/runtime'
    ],
    ['lies in XDG_DATA_HOME', { XDG_DATA_HOME: '/x' }, 'linux', '/home/a', '/x/jupyter/runtime'],
    ['lies in the home folder', {}, 'linux', '/home/a', '/home/a/.local/share/jupyter/runtime'],
    [
      'takes an empty variable for none',
      { JUPYTER_RUNTIME_DIR: '', XDG_DATA_HOME: '' },
      'linux',
      '/home/a',
      '/home/a/.local/share/jupyter/runtime'
    ],
    [
      'lies in the Library on macOS',
      { XDG_DATA_HOME: '/x' },
      'darwin',
      '/Users/a',
      '/Users/a/Library/Jupyter/runtime'
    ],
    ['lies in APPDATA on Windows', { APPDATA: 'C:\\A' }, 'win32', 'C:\\Users\\a', 'C:\\A\\jupyter\\runtime'],
    [
      'lies beside the configuration on a Windows without APPDATA',
      {},
      'win32',
      'C:\\Users\\a',
      'C:\\Users\\a\\.jupyter\\data\\runtime'
    ]
  ];
  for (const [title, env, platform, home, expected] of cases) {
    test(title, () => assert.equal(runtimeDir(env, platform, home), expected));
  }
});

/** Where the test models lie: `MDM_TEST_MODELS`, or a folder under `.cache` that is made when it is not there. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = new URL('./', import.meta.url);
const ROOT = new URL('../../', HERE);

export const PYTHON = inRoot(process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python');

const folder = process.env.MDM_TEST_MODELS ?? makeOnce();

/** The path of the model of that name. */
export function modelPath(name: string): string {
  return `${folder}/${name}.onnx`;
}

export function inRoot(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

/** Test files run at the same time: each makes a folder of its own, and the first to finish gives it the name. */
function makeOnce(): string {
  const made = inRoot(`.cache/test-models/${digestOfScripts()}`);
  if (existsSync(made)) return made;
  const draft = `${made}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  execFileSync(PYTHON, [fileURLToPath(new URL('make.py', HERE)), draft], {
    stdio: ['ignore', 'ignore', 'inherit']
  });
  try {
    renameSync(draft, made);
  } catch (cause) {
    rmSync(draft, { recursive: true });
    if (!existsSync(made)) throw cause;
  }
  return made;
}

/** Another script makes other models, in another folder. */
function digestOfScripts(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(HERE)
    .filter(file => file.endsWith('.py'))
    .sort()) {
    hash.update(readFileSync(new URL(name, HERE)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** As the broker tells one version of a file from the next; of a file that is not there, one that nothing has. */
export function versionOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '0:0' : `${found.mtimeNs}:${found.size}`;
}

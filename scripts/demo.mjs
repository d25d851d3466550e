/**
 * The product on real data: installs what it needs, runs examples/flights.ipynb as "Run all" does, prints what
 * came of it, and fails where anything is off.
 *
 *     node scripts/demo.mjs
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { leftovers } from './lib/leftovers.mjs';
import { inRoot, sandbox, venvBin } from './lib/places.mjs';
import { attempt, Failed } from './lib/run.mjs';
import { setUp } from './setup.mjs';

const ROWS = 336_776;
/** Of the largest prediction: two builds of onnxruntime add floats up in different orders. */
const TOLERANCE = 1e-4;
const WORKERS = 2;

const notebook = inRoot('examples/flights.ipynb');
const executed = inRoot('examples/out/flights.executed.ipynb');
const numbersFile = inRoot('examples/out/flights.json');

async function demo() {
  await setUp(['demo']);
  rmSync(numbersFile, { force: true });
  const runtimeDir = privateFolder();
  try {
    console.log(`Running ${relative('', notebook)} …`);
    const ended = await execute(runtimeDir);
    // A notebook that failed may not have come to its numbers, and what it left behind is still of interest.
    const numbers = ended.length === 0 ? JSON.parse(readFileSync(numbersFile, 'utf8')) : undefined;
    if (numbers) console.log(report(numbers));
    const left = await leftovers(runtimeDir, numbers?.pids ?? []);
    console.log(`executed notebook      ${relative('', executed)}`);
    return [...ended, ...(numbers ? faults(numbers) : []), ...left.map(what => `left behind: ${what}`)];
  } finally {
    rmSync(runtimeDir, { recursive: true, force: true });
  }
}

/** A runtime folder of this run alone, so that whatever is in it at the end was left there by it. */
function privateFolder() {
  const parent = sandbox().JUPYTER_RUNTIME_DIR;
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(parent, 'demo-'));
}

/** @returns what is wrong with how it ended; empty where every cell ran */
async function execute(runtimeDir) {
  const args = [inRoot('examples/run_notebook.py'), notebook, executed];
  const ran = await attempt(venvBin('python'), args, { env: { JUPYTER_RUNTIME_DIR: runtimeDir } });
  return ran.code === 0 ? [] : [`the notebook ended with ${ran.signal ?? ran.code}`];
}

/** @param numbers what the notebook wrote of its run */
function report(numbers) {
  const line = (name, value) => `${name.padEnd(22)} ${value}`;
  const shares = Object.entries(numbers.shares).map(
    ([worker, share]) => `worker ${worker}: ${percent(share)}`
  );
  const stages = Object.entries(numbers.stages_ms).map(
    ([stage, ms]) => `  ${stage.padEnd(20)} ${ms.toFixed(1).padStart(9)}`
  );
  return [
    'first predictions',
    ...head(numbers.head),
    line(
      'rows',
      `${numbers.rows.toLocaleString('en')}, ${numbers.rows_per_second.toLocaleString('en')} a second`
    ),
    line('first rows after', `${numbers.first_rows_ms} ms`),
    line(
      'largest difference',
      `${numbers.largest_difference.toExponential(1)} from onnxruntime in one process`
    ),
    line('shares', shares.join(', ')),
    'stages, ms in all',
    ...stages
  ].join('\n');
}

function head(columns) {
  const names = Object.keys(columns);
  const rows = columns[names[0]].map((_, index) =>
    names.map(name => String(columns[name][index]).padStart(12))
  );
  return [names.map(name => name.padStart(12)), ...rows].map(cells => `  ${cells.join('')}`);
}

const percent = share => `${(100 * share).toFixed(1)} %`;

/** What is wrong with the numbers; empty where nothing is. */
function faults(numbers) {
  const idle = Array.from({ length: WORKERS }, (_, worker) => worker).filter(
    worker => !(numbers.shares[worker] > 0)
  );
  const most = TOLERANCE * numbers.largest_prediction;
  return [
    ...(numbers.rows === ROWS ? [] : [`${numbers.rows} rows came back, not ${ROWS}`]),
    ...(numbers.largest_difference <= most
      ? []
      : [`a prediction differs by ${numbers.largest_difference}, more than ${most}`]),
    ...idle.map(worker => `worker ${worker} did nothing`)
  ];
}

try {
  const wrong = await demo();
  for (const fault of wrong) console.error(`✗ ${fault}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  console.error(`✗ ${error.message}`);
  process.exitCode = 1;
}

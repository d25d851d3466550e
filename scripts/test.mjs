/**
 * Every check of the checkout, in the order in which they fail fastest; ends with a line that counts.
 * A check that is no test (format, types …) counts as one.
 *
 *     npm test [-- NAME …]      only the checks of those names, e.g. `npm test -- node python`
 */
import { inRoot, venvBin } from './lib/places.mjs';
import { attempt } from './lib/run.mjs';
import { setUp, venvNode } from './setup.mjs';

const TEST_LIMIT_MS = 120_000;
const models = inRoot('.cache/test-models');
const python = venvBin('python');

await setUp(['demo', 'test']);

const node = (...args) => [venvNode(), args];
const bin = (file, ...args) => node(inRoot('node_modules', file), ...args);

const checks = [
  { name: 'format and lint (TypeScript)', run: bin('@biomejs/biome/bin/biome', 'check', '.') },
  { name: 'types (both halves)', run: bin('typescript/bin/tsc', '-p', '.') },
  { name: 'types (wire, without Node)', run: bin('typescript/bin/tsc', '-p', 'src/wire') },
  { name: 'lint (Python)', run: [python, ['-m', 'ruff', 'check', '.']] },
  { name: 'format (Python)', run: [python, ['-m', 'ruff', 'format', '--check', '.']] },
  { name: 'types (Python)', run: [python, ['-m', 'mypy']] },
  { name: 'test models', run: [python, ['test/models/make.py', models]] },
  {
    name: 'node tests',
    run: node('--test', `--test-timeout=${TEST_LIMIT_MS}`, 'test/**/*.test.ts'),
    count: output => ({ passed: last(output, /^ℹ pass (\d+)$/gm), failed: last(output, /^ℹ fail (\d+)$/gm) })
  },
  {
    name: 'python tests',
    run: [python, ['-m', 'pytest', '-q', '--no-header', '--durations=5']],
    count: output => ({
      passed: last(output, /(\d+) passed/g),
      failed: last(output, /(\d+) failed/g) + last(output, /(\d+) errors?\b/g)
    })
  }
];

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
for (const check of checks) {
  if (wanted.length > 0 && !wanted.some(word => check.name.includes(word))) continue;
  const counted = await runCheck(check);
  total.passed += counted.passed;
  total.failed += counted.failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Shows what a check printed only where it failed: what passed needs a line. */
async function runCheck({ name, run: [command, args], count }) {
  const started = performance.now();
  const { code, output } = await attempt(command, args, { env: { MDM_TEST_MODELS: models }, keep: true });
  const counted = count?.(output) ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  // A runner that broke down before it could count has failed all the same.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (counted.failed > 0) console.log(output);
  const tally = count === undefined ? '' : `: ${counted.passed} passed, ${counted.failed} failed`;
  console.log(`${counted.failed > 0 ? '✖' : '✔'} ${name}${tally} (${seconds} s)`);
  return counted;
}

function last(output, pattern) {
  return Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
}

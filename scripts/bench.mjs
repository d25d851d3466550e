/**
 * Measures ours and the others one could use instead, side by side; some ten minutes.
 *
 *     npm run bench [-- --quick --rounds N --workloads NAME … --peers NAME … --markdown]
 */
import { venvBin } from './lib/places.mjs';
import { attempt } from './lib/run.mjs';
import { setUp } from './setup.mjs';

await setUp(['demo', 'bench']);
const { code } = await attempt(venvBin('python'), ['-m', 'bench', ...process.argv.slice(2)]);
// Null where a signal ended it.
process.exitCode = code ?? 1;

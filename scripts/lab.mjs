/**
 * JupyterLab with this checkout in it, opened on the example.
 *
 *     node scripts/lab.mjs [arguments of jupyter lab]
 */
import { spawn } from 'node:child_process';
import { inRoot, root, sandbox, venvBin } from './lib/places.mjs';
import { setUp } from './setup.mjs';

await setUp(['demo', 'lab']);
const lab = spawn(venvBin('jupyter'), ['lab', inRoot('examples/flights.ipynb'), ...process.argv.slice(2)], {
  cwd: root,
  env: sandbox(),
  stdio: 'inherit'
});
// The Ctrl-C of a terminal reaches JupyterLab by itself, which asks back; a second one would be its answer.
process.on('SIGINT', () => process.stdin.isTTY || lab.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => lab.kill(signal));
lab.on('error', error => {
  console.error(`JupyterLab could not be started: ${error.message}`);
  process.exitCode = 1;
});
lab.on('exit', code => {
  process.exitCode = code ?? 1;
});

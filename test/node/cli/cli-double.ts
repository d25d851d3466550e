/** The command line, with the double in the broker's place. */
import { fileURLToPath } from 'node:url';
import { runProcess } from '../../../src/node/cli/process.ts';

const double = fileURLToPath(new URL('./broker-double.ts', import.meta.url));

await runProcess({ broker: double, worker: double });

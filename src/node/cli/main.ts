/** The command line `mdm`. */
import { entries } from '../cluster/entries.ts';
import { runProcess } from './process.ts';

await runProcess(entries());

/** The commands: what each is called, takes and does. Their code is loaded when they are run. */
import type { Context } from './context.ts';
import * as options from './options.ts';
import { type Options, type Parsed, type Positionals, parseWords } from './parse.ts';

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly positionals: Positionals;
  readonly options: Options;
  /** Not shown in the list of commands. */
  readonly hidden: boolean;
  /**
   * @returns the exit code
   * @throws MdmError
   */
  run(context: Context, words: readonly string[]): Promise<number>;
}

function command<O extends Options>(
  name: string,
  positionals: Positionals,
  summary: string,
  table: O,
  execute: (context: Context, parsed: Parsed<O>) => Promise<number>,
  hidden = false
): Command {
  return {
    name,
    summary,
    positionals,
    options: table,
    hidden,
    run: (context, words) => execute(context, parseWords(table, positionals, words))
  };
}

/** Python reads the options of `predict`. */
const predict: Command = {
  name: 'predict',
  summary: 'Predict the rows of a file: predict MODEL IN.parquet -o OUT.parquet',
  positionals: [],
  options: {},
  hidden: false,
  run: async (context, words) => (await import('./predict.ts')).predict(context, words)
};

export const COMMANDS: readonly Command[] = [
  command('start', [], 'Start a cluster of workers', options.START, async (context, parsed) =>
    (await import('./start.ts')).start(context, parsed, false)
  ),
  command(
    'status',
    [],
    'Workers, models, runs and queue of a cluster',
    options.STATUS,
    async (context, parsed) => (await import('./status.ts')).status(context, parsed)
  ),
  command('scale', ['N'], 'Change the number of workers', options.SCALE, async (context, parsed) =>
    (await import('./scale.ts')).scale(context, parsed)
  ),
  command('load', ['MODEL'], 'Load a model on every worker', options.LOAD, async (context, parsed) =>
    (await import('./models.ts')).load(context, parsed)
  ),
  command('unload', ['MODEL'], 'Take a model off the workers', options.UNLOAD, async (context, parsed) =>
    (await import('./models.ts')).unload(context, parsed)
  ),
  predict,
  command('runs', [], 'The runs of a cluster', options.STATUS, async (context, parsed) =>
    (await import('./status.ts')).runs(context, parsed)
  ),
  command('cancel', ['RUN'], 'Cancel a run, by its id or label', options.CANCEL, async (context, parsed) =>
    (await import('./cancel.ts')).cancel(context, parsed)
  ),
  command('terminate', [], 'End a cluster', options.TERMINATE, async (context, parsed) =>
    (await import('./terminate.ts')).terminate(context, parsed)
  ),
  command(
    'version',
    [],
    'Versions of this program, its protocol and Node',
    options.BARE,
    async (context, parsed) => (await import('./version.ts')).version(context, parsed)
  ),
  command(
    'server-start',
    [],
    'Start a cluster as the original MDM-server-start did',
    options.SERVER_START,
    async (context, parsed) => (await import('./start.ts')).start(context, parsed, true),
    true
  ),
  command(
    'server-terminate',
    [],
    'End a cluster as the original MDM-server-terminate did',
    options.SERVER_TERMINATE,
    async (context, parsed) => (await import('./terminate.ts')).terminate(context, parsed),
    true
  )
];

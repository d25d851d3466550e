/** Every option of every command, with its default: what `parse.ts` reads by and the help shows. */
import { availableParallelism } from 'node:os';
import { DEFAULT_NAME } from '../cluster/names.ts';
import { PORT_IN, PORT_OUT } from '../cluster/ports.ts';
import { atLeast, deviceMap, flag, fraction, integer, type Kind, port, text, textOrNone } from './kinds.ts';
import type { Option, Values } from './parse.ts';

type Names = Option<unknown>['names'];

function option<T>(
  names: Names,
  kind: Kind<T>,
  fallback: T,
  help: string,
  shown = String(fallback)
): Option<T> {
  return { names, kind, fallback, shown, help };
}

function optional<T>(names: Names, kind: Kind<T>, help: string, shown: string): Option<T | null> {
  return { names, kind, fallback: null, shown, help };
}

function switchedOff(names: Names, help: string): Option<boolean> {
  return option(names, flag, false, help, 'off');
}

/** Rows a call of a model, where the user says nothing: the original's chunk. */
const MAX_BATCH_SIZE = 1024;
const PRIORITY_BATCH_SIZE = 16;
const GPU_MEMORY_FRACTION = 0.2;
/** More processes than any machine has cores are a slip of the keyboard. */
export const MOST_WORKERS = 1024;

const help = switchedOff(['help', 'h'], 'Show this help');
const json = switchedOff(['json'], 'Print one JSON document instead of text');
const name = option(['name'], text('NAME'), DEFAULT_NAME, 'Which cluster');
const common = { name, json, help };

/** What differs between `mdm start` and the original command. */
interface StartDefaults {
  readonly numWorker: number;
  readonly numWorkerShown: string;
  /** Undefined: a file in the cluster's own folder. */
  readonly logger: string | undefined;
  readonly loggerShown: string;
  readonly foreground: boolean;
}

function startOptions(defaults: StartDefaults) {
  const workers = integer('N', 1, MOST_WORKERS);
  return {
    name: option(['name'], text('NAME'), DEFAULT_NAME, 'Name of the cluster'),
    numWorker: option(
      ['num_worker', 'n'],
      workers,
      defaults.numWorker,
      'Worker processes',
      defaults.numWorkerShown
    ),
    deviceMap: option(
      ['device_map'],
      deviceMap,
      ['cpu'],
      'Taken in turn: -1 is the CPU; GPUs are 0, 0,1',
      '-1'
    ),
    maxBatchSize: option(
      ['max_batch_size'],
      atLeast('ROWS', 1),
      MAX_BATCH_SIZE,
      'Most rows a chunk and a model call, where given'
    ),
    priorityBatchSize: option(
      ['priority_batch_size'],
      atLeast('ROWS', 0),
      PRIORITY_BATCH_SIZE,
      'Requests of so many rows or fewer go first'
    ),
    gpuMemoryFraction: option(
      ['gpu_memory_fraction'],
      fraction,
      GPU_MEMORY_FRACTION,
      'Share of a GPU that a worker may take'
    ),
    runScriptDir: option(['run_script_dir'], text('DIR'), './', 'Folder of model scripts and relative paths'),
    logger: option<string | null | undefined>(
      ['logger'],
      textOrNone('FILE'),
      defaults.logger,
      'Log file',
      defaults.loggerShown
    ),
    zeromqSockTmpDir: option(
      ['zeromq_sock_tmp_dir'],
      textOrNone('DIR'),
      null,
      'Where its private folder is made',
      "Jupyter's runtime dir"
    ),
    tcp: switchedOff(['tcp'], 'Open a TCP door too, with CURVE encryption'),
    host: option(['host'], text('HOST'), '127.0.0.1', 'Address of the TCP door (opens it)'),
    port: optional(
      ['port', 'port_in', 'port_data'],
      port,
      'TCP port of requests (opens it)',
      String(PORT_IN)
    ),
    portOut: optional(['port_out', 'port_result'], port, 'TCP port of results (opens it)', String(PORT_OUT)),
    verbose: switchedOff(['verbose'], 'Say more; in the foreground, show the log'),
    foreground: option(
      ['foreground'],
      flag,
      defaults.foreground,
      'Stay until the cluster ends; Ctrl-C ends it',
      defaults.foreground ? 'on' : 'off'
    ),
    endWithStdin: switchedOff(['end_with_stdin'], 'End the cluster when standard input closes'),
    json,
    help
  };
}

export const START = startOptions({
  numWorker: availableParallelism(),
  numWorkerShown: 'one a core',
  logger: undefined,
  loggerShown: 'in its private folder',
  foreground: false
});

/** As the original command had them: it stayed in the foreground and its doors were TCP ports. */
export const SERVER_START = startOptions({
  numWorker: 1,
  numWorkerShown: '1',
  logger: './logger.txt',
  loggerShown: './logger.txt',
  foreground: true
});

export type StartValues = Values<typeof START>;

function timeout(fallback: number, what: string) {
  return option(['timeout'], atLeast('MS', 1), fallback, what);
}

const waiting = 'Wait for the answer at most so long (ms)';
export const STATUS = { ...common, timeout: timeout(5_000, waiting) };
export const SCALE = { ...common, timeout: timeout(30_000, waiting) };
export const LOAD = { ...common, timeout: timeout(120_000, waiting) };
export const UNLOAD = { ...common, timeout: timeout(10_000, waiting) };
export const CANCEL = {
  ...common,
  timeout: timeout(10_000, 'Wait for its end at most so long (ms)')
};
export const TERMINATE = {
  name,
  ip: optional(['ip'], text('HOST'), 'Host of the cluster, beside a port', 'localhost'),
  port: optional(
    ['port', 'port_in', 'port_data'],
    port,
    'The cluster with this TCP port, instead of a name',
    'none'
  ),
  timeout: timeout(5_000, 'Let runs end for so long (ms), then cancel them'),
  now: switchedOff(['now'], 'Cancel the runs instead of letting them end'),
  json,
  help
};
/** As the original command had them. */
export const SERVER_TERMINATE = {
  ...TERMINATE,
  ip: option(['ip'], text('HOST'), 'localhost', 'Host of the cluster'),
  port: option(['port', 'port_in', 'port_data'], port, PORT_IN, 'TCP port of requests')
};
export const BARE = { json, help };

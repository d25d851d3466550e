/**
 * Starts the process of a broker and waits until the cluster is ready. In: the broker's configuration; out:
 * the running child and the status document that it gave. If it does not come up, nothing of it is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MdmError } from '../../wire/errors.ts';
import { parseBrokerEvent, type WorkerReady } from './broker-events.ts';
import type { BrokerConfig } from './config.ts';
import { removeConnectionFile } from './connection.ts';
import { endBroker, endsWithin, exitCodeOf } from './ending.ts';
import { lastLines } from './last-lines.ts';
import { removeSocketFolder } from './socket-folder.ts';
import { parseStatus, type StatusDocument } from './status-document.ts';

/** Loading the runtime on a busy machine takes seconds; more means that something hangs. */
export const READY_TIMEOUT_MS = 30_000;
/** A broker that closed its stdout, or said why it cannot start, is about to end. */
const EXIT_GRACE_MS = 2_000;

export interface LaunchOptions {
  readonly brokerEntry: string;
  /** `inherit`: our own stdin, whose end is the cluster's; `pipe`: the cluster ends when this process does. */
  readonly stdin: 'ignore' | 'inherit' | 'pipe';
  /** `inherit`, or a file in the cluster's folder. */
  readonly stderr: 'inherit' | 'file';
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly onWorkerReady?: (worker: WorkerReady) => void;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly status: StatusDocument;
}

/**
 * @throws MdmError what the broker says, `timeout`, `worker_cannot_start`; the signal's reason
 */
export async function launch(config: BrokerConfig, options: LaunchOptions): Promise<Launched> {
  const child = spawnBroker(config, options);
  try {
    const status = await untilReady(child, config, options);
    return { child, status };
  } catch (error) {
    await endBroker(child);
    removeTraces(config);
    throw error;
  }
}

/** What a broker removes itself, unless it was killed. */
export function removeTraces(config: BrokerConfig): void {
  removeConnectionFile(config.connectionFile, config.instance);
  removeSocketFolder(config.socketDir, config.name);
}

/** Lets the child live on when this process ends. */
export function letGo(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stdin?.destroy();
  child.unref();
}

/**
 * A session of its own: a Ctrl-C in the terminal reaches this process alone, which hands it on once; and a
 * closed terminal does not end a cluster in the background.
 */
function spawnBroker(config: BrokerConfig, options: LaunchOptions): ChildProcess {
  const stderr = options.stderr === 'file' ? openSync(stderrPath(config), 'a', 0o600) : 'inherit';
  try {
    return spawn(process.execPath, [options.brokerEntry, JSON.stringify(config)], {
      detached: true,
      windowsHide: true,
      stdio: [options.stdin, 'pipe', stderr]
    });
  } finally {
    if (typeof stderr === 'number') closeSync(stderr);
  }
}

async function untilReady(
  child: ChildProcess,
  config: BrokerConfig,
  options: LaunchOptions
): Promise<StatusDocument> {
  const timeoutMs = options.timeoutMs ?? READY_TIMEOUT_MS;
  const limit = AbortSignal.timeout(timeoutMs);
  const failed = new AbortController();
  child.on('error', error => failed.abort(notSpawned(options.brokerEntry, error)));
  const signal = AbortSignal.any([options.signal, limit, failed.signal]);
  const status = await readUntilReady(child, signal, options.onWorkerReady);
  if (status !== null) return status;
  options.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  throw limit.aborted ? tooSlow(config, timeoutMs) : await endedEarly(child, config);
}

/** Null where the signal, or the end of the child's output, came first. */
async function readUntilReady(
  child: ChildProcess,
  signal: AbortSignal,
  onWorkerReady: LaunchOptions['onWorkerReady']
): Promise<StatusDocument | null> {
  if (child.stdout === null || signal.aborted) return null;
  for await (const line of createInterface({ input: child.stdout, signal })) {
    const event = parseBrokerEvent(line);
    if (event?.event === 'worker_ready') onWorkerReady?.(event);
    if (event?.event === 'ready') return statusIn(event);
    if (event?.event === 'error') {
      await endsWithin(child, EXIT_GRACE_MS);
      throw MdmError.fromDocument(event.error);
    }
  }
  return null;
}

function statusIn({ event: _, ...document }: { event: 'ready' } & Record<string, unknown>): StatusDocument {
  return parseStatus(document);
}

function stderrPath(config: BrokerConfig): string {
  return join(config.socketDir, 'stderr.txt');
}

/** The last of what the broker left behind, before its folder goes. */
function lastWords(config: BrokerConfig): string {
  const stderr = lastLines(stderrPath(config));
  return stderr || (config.logger === null ? '' : lastLines(config.logger));
}

function tooSlow(config: BrokerConfig, timeoutMs: number): MdmError {
  const words = lastWords(config);
  return new MdmError('timeout', `The cluster was not ready within ${timeoutMs / 1_000} s.${quoted(words)}`, {
    remedy: 'Try fewer workers with --num-worker.',
    details: { timeout_ms: timeoutMs, log: words }
  });
}

async function endedEarly(child: ChildProcess, config: BrokerConfig): Promise<MdmError> {
  await endsWithin(child, EXIT_GRACE_MS);
  const words = lastWords(config);
  const exitCode = exitCodeOf(child);
  return new MdmError(
    'worker_cannot_start',
    `The broker ended before the cluster was ready (exit code ${exitCode ?? 'unknown'}).${quoted(words)}`,
    {
      remedy: 'What it wrote says why; "mdm start --foreground --verbose" shows all of it.',
      details: { exit_code: exitCode, log: words }
    }
  );
}

function quoted(words: string): string {
  return words === '' ? '' : `\n${words.replaceAll(/^/gm, '  │ ')}`;
}

function notSpawned(entry: string, cause: Error): MdmError {
  return new MdmError('internal', `The broker ${entry} could not be started: ${cause.message}.`, {
    remedy: 'Install jupyterlab-mdm again.',
    details: { entry },
    cause
  });
}

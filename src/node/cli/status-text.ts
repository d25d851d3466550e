/** What `mdm status` and `mdm runs` show. In: the status document; out: text. */
import type { ModelStatus, RunStatus, StatusDocument, WorkerStatus } from '../cluster/status-document.ts';
import { signatureText } from './signature-text.ts';
import { alignColumns, counted, duration, grouped, indent, type Side, type Style } from './style.ts';

const BAR_CELLS = 10;
/** Runs that have ended are told by the last few; `mdm runs` shows all. */
const MOST_RUNS = 8;

export function statusText(status: StatusDocument, style: Style): string {
  const hidden = Math.max(0, status.runs.length - MOST_RUNS);
  const parts = [
    heading(status, style),
    block('workers', workerLines(status.workers, style), style),
    block('models', modelLines(status.models), style),
    block('runs', runLines(status.runs.slice(hidden), style), style),
    [`${style.bold('queue')}  ${queueText(status)}`]
  ];
  return parts.map(lines => lines.join('\n')).join('\n\n');
}

export function runsText(runs: readonly RunStatus[], style: Style): string {
  return runs.length === 0 ? 'No runs yet.' : runLines(runs, style).join('\n');
}

function heading(status: StatusDocument, style: Style): string[] {
  const { broker, endpoints, name, version, workers } = status;
  const door = endpoints.tcp_in ?? endpoints.in;
  const facts = [
    `pid ${broker.pid}`,
    `up ${duration(broker.uptime_s)}`,
    counted(workers.length, 'worker'),
    door
  ];
  return [`${style.bold(name)} · ${facts.join(' · ')} ${style.dim(`· mdm ${version}`)}`];
}

function block(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [`${style.bold(title)}  none`] : [style.bold(title), ...indent(lines)];
}

function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  sides: readonly Side[],
  style: Style
): string[] {
  if (rows.length === 0) return [];
  const [head = '', ...lines] = alignColumns([heads, ...rows], sides);
  return [style.dim(head), ...lines];
}

function workerLines(workers: readonly WorkerStatus[], style: Style): string[] {
  const rows = workers.map(worker => [
    String(worker.id),
    worker.device,
    worker.cores || 'any',
    worker.state,
    worker.model ?? '–',
    grouped(worker.chunks),
    grouped(worker.rows),
    String(worker.pid)
  ]);
  const heads = ['id', 'device', 'cores', 'state', 'model', 'chunks', 'rows', 'pid'];
  return table(heads, rows, ['right', 'left', 'left', 'left', 'left', 'right', 'right', 'right'], style);
}

function modelLines(models: readonly ModelStatus[]): string[] {
  const rows = models.map(model => [
    model.name,
    signatureText(model.signature),
    model.workers.length === 0 ? 'on no worker' : `on ${model.workers.join(', ')}`
  ]);
  return alignColumns(rows, ['left', 'left', 'left']);
}

function runLines(runs: readonly RunStatus[], style: Style): string[] {
  const rows = runs.map(run => [
    run.label ?? '–',
    run.model,
    run.state,
    progress(run),
    run.rows_per_s === null ? '–' : grouped(run.rows_per_s),
    run.id
  ]);
  const heads = ['label', 'model', 'state', 'rows', 'rows/s', 'run'];
  return table(heads, rows, ['left', 'left', 'left', 'left', 'right', 'left'], style);
}

function progress(run: RunStatus): string {
  if (run.rows === null) return grouped(run.rows_done);
  const share = run.rows === 0 ? 1 : Math.min(1, run.rows_done / run.rows);
  const filled = Math.floor(share * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `${bar} ${grouped(run.rows_done)} of ${grouped(run.rows)}`;
}

function queueText({ queue }: StatusDocument): string {
  if (queue.small + queue.bulk === 0) return 'empty';
  return `${counted(queue.small, 'small chunk')} · ${counted(queue.bulk, 'bulk chunk')}`;
}

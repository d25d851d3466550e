/** What a start shows. In: the status document of the cluster that came up; out: text. */
import type { StatusDocument } from '../cluster/status-document.ts';
import { alignColumns, duration, indent, type Style } from './style.ts';

export interface BannerFacts {
  readonly status: StatusDocument;
  /** Since the command was entered. */
  readonly seconds: number;
  readonly foreground: boolean;
  /** Where the ports were not the ones that one would expect. */
  readonly notes: readonly string[];
}

export function banner(facts: BannerFacts, style: Style): string {
  const { status } = facts;
  const sections = [
    heading(status, style),
    section('arguments', argumentLines(status), style),
    section('sockets', socketLines(status), style),
    section('workers', workerLines(status), style),
    facts.notes.map(note => `  ${note}`),
    ready(facts, style)
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n');
}

function heading(status: StatusDocument, style: Style): string[] {
  return [`${style.bold(`mdm ${status.version}`)} · cluster ${status.name} · pid ${status.broker.pid}`];
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return [`  ${style.bold(title)}`, ...indent(lines, 4)];
}

function argumentLines(status: StatusDocument): string[] {
  const rows = Object.entries(status.options).map(([name, value]) => [name, argumentText(value)]);
  return alignColumns(rows, ['left', 'left']);
}

function argumentText(value: unknown): string {
  if (value === null) return 'None';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function socketLines(status: StatusDocument): string[] {
  const { endpoints } = status;
  const rows = [
    ['requests in', endpoints.in],
    ['results out', endpoints.out],
    ...(endpoints.tcp_in === undefined ? [] : [['requests in', `${endpoints.tcp_in}  (CURVE)`]]),
    ...(endpoints.tcp_out === undefined ? [] : [['results out', `${endpoints.tcp_out}  (CURVE)`]])
  ];
  return alignColumns(rows, ['left', 'left']);
}

function workerLines(status: StatusDocument): string[] {
  const rows = status.workers.map(({ id, device, cores, pid }) => [
    `worker ${id}`,
    device,
    cores === '' ? 'any core' : `cores ${cores}`,
    `pid ${pid}`
  ]);
  return alignColumns(rows, ['left', 'left', 'left', 'left']);
}

function ready(facts: BannerFacts, style: Style): string[] {
  const { status, seconds, foreground } = facts;
  const name = status.name === 'default' ? '' : ` --name ${status.name}`;
  const next = foreground
    ? 'Ctrl-C lets the runs end and stops it'
    : `mdm status${name} · mdm terminate${name}`;
  return [
    `${style.green('●')} ready and listening ${style.dim(`· ${duration(seconds)}`)}`,
    style.dim(`  ${next}`)
  ];
}

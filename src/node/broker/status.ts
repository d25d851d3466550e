/** The status document, made from the broker's state. In: crew, models, ledger, queue; out: a document of facts. */
import type { BrokerConfig } from '../cluster/config.ts';
import { argumentsOf } from '../cluster/config.ts';
import type { StatusDocument } from '../cluster/status-document.ts';
import type { Crew, Worker } from './crew.ts';
import type { Chunk, Ledger, Run } from './ledger.ts';
import type { Model, ModelRegistry } from './models.ts';
import type { ChunkQueue } from './queue.ts';

export interface StatusSources {
  readonly config: BrokerConfig;
  readonly endpoints: StatusDocument['endpoints'];
  readonly crew: Crew;
  readonly models: ModelRegistry;
  readonly ledger: Ledger;
  readonly queue: ChunkQueue<Chunk>;
  readonly startedAt: number;
  readonly now: number;
}

export function statusOf(sources: StatusSources): StatusDocument {
  const { config, crew, models, ledger, queue, startedAt, now } = sources;
  const workers = crew.all();
  const runs = [...ledger.ended(), ...ledger.live()];
  return {
    name: config.name,
    version: config.version,
    instance: config.instance,
    endpoints: sources.endpoints,
    broker: { pid: process.pid, uptime_s: (now - startedAt) / 1000 },
    options: argumentsOf(config),
    workers: workers.map(worker => workerStatus(worker, models)),
    models: [...models.all()].flatMap(model => modelStatus(model, models)),
    runs: runs.map(run => runStatus(run, now)),
    queue: queue.depth,
    totals: {
      chunks: sum(workers, worker => worker.chunks),
      rows: sum(workers, worker => worker.rows),
      runs: ledger.opened,
      restarts: sum(workers, worker => worker.restarts),
      late_results: ledger.late
    }
  };
}

function workerStatus(worker: Worker, models: ModelRegistry): StatusDocument['workers'][number] {
  return {
    id: worker.worker,
    pid: worker.pid ?? 0,
    device: worker.device,
    cores: worker.cores ?? '',
    state: stateOf(worker, models),
    model: worker.model,
    chunks: worker.chunks,
    rows: worker.rows
  };
}

function stateOf(worker: Worker, models: ModelRegistry): string {
  if (worker.state !== 'ready') return worker.state;
  if (worker.inFlight > 0) return 'busy';
  const loading = [...models.all()].some(model => model.on.get(worker.worker) === 'loading');
  return loading ? 'loading' : 'idle';
}

function modelStatus(model: Model, models: ModelRegistry): StatusDocument['models'] {
  if (model.signature === null) return [];
  // The wire's own form of a signature has no keys of two words, so both forms are one.
  return [
    { name: model.name, path: model.path, signature: model.signature, workers: models.workersOf(model) }
  ];
}

function runStatus(run: Run, now: number): StatusDocument['runs'][number] {
  const seconds = ((run.endedAt ?? now) - run.startedAt) / 1000;
  return {
    id: run.id,
    label: run.label,
    model: run.modelName,
    state: run.state,
    rows_done: run.rowsDone,
    rows: run.rows ?? (run.total === null ? null : run.rowsReceived),
    rows_per_s: run.rowsDone > 0 && seconds > 0 ? run.rowsDone / seconds : null
  };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/**
 * `mdm start`: from options to a cluster that is ready. In: parsed options; out: a running broker, and the
 * banner. In the background it is let go then; in the foreground this process stays until it ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerConfig } from '../cluster/config.ts';
import { type Launched, launch, letGo } from '../cluster/launch.ts';
import { connectionPath } from '../cluster/names.ts';
import { choosePorts, PORT_IN, PORT_OUT, type Ports } from '../cluster/ports.ts';
import { runtimeDir } from '../cluster/runtime-dir.ts';
import { doorsIn, makeSocketFolder } from '../cluster/socket-folder.ts';
import { VERSION } from '../cluster/version.ts';
import { attend } from './attend.ts';
import { banner } from './banner.ts';
import { checkFolders, checkPlanDevices, vacateName } from './checks.ts';
import { type Context, EXIT } from './context.ts';
import type { START, StartValues } from './options.ts';
import type { Parsed } from './parse.ts';
import { planStart, type StartPlan } from './plan.ts';
import { duration, styleFor } from './style.ts';

/** Workers that one chunk may take down before it fails alone. */
const MAX_ATTEMPTS = 2;

/** @param original started as `MDM-server-start` */
export async function start(
  context: Context,
  parsed: Parsed<typeof START>,
  original: boolean
): Promise<number> {
  const plan = planStart(parsed, { cwd: context.cwd, original });
  const runtime = runtimeDir(context.env);
  checkPlanDevices(plan, context.env);
  checkFolders(plan);
  await vacateName(runtime, plan.name);
  const ports = plan.ports && (await choosePorts(plan.ports));
  context.signal.throwIfAborted();
  const config = configure(plan, runtime, ports, context);
  const launched = await launch(config, {
    brokerEntry: context.entries.broker,
    stdin: plan.stdin,
    stderr: plan.foreground ? 'inherit' : 'file',
    signal: context.signal,
    ...(plan.settings.verbose &&
      !parsed.values.json && { onWorkerReady: worker => tellWorker(context, worker) })
  });
  announce(context, parsed.values, launched, portNotes(ports));
  if (plan.foreground) return attend(context, launched.child, config, parsed.values.json);
  letGo(launched.child);
  return EXIT.ok;
}

function configure(plan: StartPlan, runtime: string, tcp: Ports | null, context: Context): BrokerConfig {
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const socketDir = makeSocketFolder(plan.name, runtime, plan.socketParent);
  return {
    name: plan.name,
    instance: randomBytes(16).toString('hex'),
    version: VERSION,
    socketDir,
    connectionFile: connectionPath(runtime, plan.name),
    endpoints: doorsIn(socketDir),
    tcp,
    ...plan.settings,
    logger: plan.logger === undefined ? join(socketDir, 'cluster.log') : plan.logger,
    workerEntry: context.entries.worker,
    maxAttempts: MAX_ATTEMPTS
  };
}

function announce(context: Context, values: StartValues, launched: Launched, notes: readonly string[]): void {
  const { status } = launched;
  if (values.json) {
    context.print(JSON.stringify({ event: 'ready', ...status }));
    return;
  }
  const facts = { status, seconds: sinceEntered(), foreground: values.foreground, notes };
  context.print(banner(facts, styleFor(context.colour)));
}

function portNotes(ports: Ports | null): string[] {
  if (ports === null || ports.portFixed || (ports.port === PORT_IN && ports.portOut === PORT_OUT)) return [];
  return [
    `${PORT_IN} or ${PORT_OUT} was in use, so the TCP door has ports ${ports.port} and ${ports.portOut}.`
  ];
}

function tellWorker(
  context: Context,
  worker: { id: number; device: string; cores: string; pid: number }
): void {
  const cores = worker.cores === '' ? 'any core' : `cores ${worker.cores}`;
  context.note(
    `worker ${worker.id} is ready on ${worker.device}, ${cores}, pid ${worker.pid} · ${duration(sinceEntered())}`
  );
}

/** Seconds since this process began. */
function sinceEntered(): number {
  return performance.now() / 1_000;
}

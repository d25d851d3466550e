/**
 * Stands for the broker's process: opens the doors, writes the connection file, answers requests, ends as
 * asked. The cluster's name says how it misbehaves.
 */
import { Router } from 'zeromq';
import { type Deferred, deferred } from '../../../src/node/client/deferred.ts';
import { argumentsOf, type BrokerConfig, parseBrokerConfig } from '../../../src/node/cluster/config.ts';
import { removeConnectionFile, writeConnectionFile } from '../../../src/node/cluster/connection.ts';
import { deviceOf } from '../../../src/node/cluster/devices.ts';
import { removeSocketFolder } from '../../../src/node/cluster/socket-folder.ts';
import type { StatusDocument } from '../../../src/node/cluster/status-document.ts';
import { readFrames, writeFrames } from '../../../src/wire/frames.ts';
import { type Message, PROTOCOL_VERSION } from '../../../src/wire/messages.ts';

type Incoming = Message<'client_to_broker'>;
type Outgoing = Message<'broker_to_client'>;

const config = parseBrokerConfig(process.argv[2] ?? '');
const options = { linger: 1_000, mandatory: true };
const inDoor = new Router(options);
const outDoor = new Router(options);
let workers = config.numWorker;
let cancelled = false;
const greetings = new Map<string, Deferred<void>>();

const tell = (event: string, facts: object) =>
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

async function main(): Promise<void> {
  if (config.name === 'dies') throw new Error('the sky fell');
  if (config.name === 'refuses') {
    const error = {
      code: 'worker_cannot_start',
      message: 'No worker came up.',
      remedy: 'Look.',
      details: {}
    };
    tell('error', { error });
    process.exit(1);
  }
  if (config.name === 'hangs') {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1_000);
    return;
  }
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  if (config.endWithStdin) process.stdin.on('end', () => void end()).resume();
  await inDoor.bind(config.endpoints.in);
  await outDoor.bind(config.endpoints.out);
  void greet();
  void serve();
  publish();
  for (const worker of status().workers) tell('worker_ready', worker);
  process.stdout.write('a library says hello\n');
  tell('ready', status());
}

function publish(): void {
  const { name, instance, version, socketDir, connectionFile } = config;
  writeConnectionFile(connectionFile, {
    protocol: PROTOCOL_VERSION,
    name,
    instance,
    version,
    pid: process.pid,
    socket_dir: socketDir,
    endpoints: endpointsOf(config),
    curve_public_key: config.tcp && 'k'.repeat(40)
  });
}

function endpointsOf({ endpoints, tcp }: BrokerConfig): StatusDocument['endpoints'] {
  const ipc = { in: endpoints.in, out: endpoints.out };
  if (tcp === null) return ipc;
  return { ...ipc, tcp_in: `tcp://${tcp.host}:${tcp.port}`, tcp_out: `tcp://${tcp.host}:${tcp.portOut}` };
}

function status(): StatusDocument {
  return {
    name: config.name,
    version: config.version,
    instance: config.instance,
    endpoints: endpointsOf(config),
    broker: { pid: process.pid, uptime_s: 1 },
    options: argumentsOf(config),
    workers: Array.from({ length: workers }, (_, id) => ({
      id,
      pid: 100 + id,
      device: deviceOf(config.devices, id),
      cores: String(id),
      state: 'idle',
      model: null,
      chunks: 0,
      rows: 0
    })),
    models: [
      {
        name: 'flights.onnx',
        path: '/models/flights.onnx',
        signature: {
          inputs: [{ name: 'x', dtype: 'float32', shape: [null, 12], columns: null }],
          outputs: [{ name: 'y', dtype: 'float32', shape: [null, 1], columns: null }],
          batch: null
        },
        workers: [0]
      }
    ],
    runs: [
      {
        id: 'run-1',
        label: 'delays',
        model: 'flights.onnx',
        state: cancelled ? 'cancelled' : 'running',
        rows_done: 40,
        rows: 100,
        rows_per_s: 10
      }
    ],
    queue: { small: 0, bulk: 2 },
    totals: { chunks: 0, rows: 0 }
  };
}

/** An answer can only go to a client whose results socket has been heard of. */
function greetingOf(id: Buffer): Deferred<void> {
  const key = id.toString('hex');
  const greeting = greetings.get(key) ?? deferred<void>();
  greetings.set(key, greeting);
  return greeting;
}

async function greet(): Promise<void> {
  for await (const [id] of outDoor) if (id !== undefined) greetingOf(id).resolve();
}

async function serve(): Promise<void> {
  for await (const [id, ...frames] of inDoor) {
    if (id === undefined) continue;
    const { message } = readFrames('client_to_broker', frames);
    await greetingOf(id).promise;
    const answer = answerTo(message);
    if (answer !== null) await outDoor.send([id, ...writeFrames('broker_to_client', answer)]);
    if (message.op === 'terminate') await end();
  }
}

function answerTo(message: Incoming): Outgoing | null {
  switch (message.op) {
    case 'hello':
      return {
        op: 'welcome',
        protocol: PROTOCOL_VERSION,
        version: config.version,
        name: config.name,
        instance: config.instance,
        numWorker: workers,
        priorityBatchSize: 16,
        maxBatchSize: null
      };
    case 'status':
      return { op: 'reply', request: message.request, result: status() };
    case 'scale':
      workers = message.numWorker;
      return { op: 'reply', request: message.request, result: { num_worker: workers } };
    case 'load':
      return {
        op: 'reply',
        request: message.request,
        result: { ...status().models[0], name: message.model, load_ms: 12 }
      };
    case 'unload':
      return { op: 'reply', request: message.request, result: { name: message.model, workers: [0] } };
    case 'terminate':
      return {
        op: 'reply',
        request: message.request,
        result: { state: 'terminated', runs_cancelled: message.mode === 'now' ? 1 : 0 }
      };
    case 'cancel':
      cancelled = message.run === 'run-1';
      return null;
    default:
      return null;
  }
}

async function end(): Promise<void> {
  removeConnectionFile(config.connectionFile, config.instance);
  inDoor.close();
  outDoor.close();
  removeSocketFolder(config.socketDir, config.name);
  process.exit(0);
}

await main();

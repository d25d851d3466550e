/** A worker process as the broker has it: its pipe, its socket, and everything that it says. For tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Router } from 'zeromq';
import type { Column } from '../../../src/wire/arrow.ts';
import { decodeSchema, encodeSchema } from '../../../src/wire/arrow.ts';
import { type Batch, type ColumnData, decodeBatch, encodeBatch } from '../../../src/wire/arrow-batch.ts';
import { readFrames, writeFrames } from '../../../src/wire/frames.ts';
import type { Message, MessageOf, Op } from '../../../src/wire/messages.ts';
import { inRoot, modelPath, versionOf } from '../../models/models.ts';

const ROUTING_ID = 'worker-0-1';
const ANSWER_LIMIT_MS = 10_000;

type Out = Message<'worker_to_broker'>;

export interface Said {
  readonly message: Out;
  readonly payload: readonly Uint8Array[];
}

export interface Outputs extends Batch {
  readonly columns: readonly Column[];
  readonly timings: MessageOf<'worker_to_broker', 'done'>['timings'];
}

interface WorkOptions {
  readonly run?: string;
  readonly chunkIndex?: number;
  readonly priority?: boolean;
  readonly params?: Record<string, unknown>;
}

export class WorkerProcess {
  readonly process: ChildProcess;
  readonly #socket: Router;
  readonly #folder: string;
  readonly words: Promise<string>;
  readonly exited: Promise<unknown[]>;

  private constructor(child: ChildProcess, socket: Router, folder: string) {
    this.process = child;
    this.#socket = socket;
    this.#folder = folder;
    this.words = child.stderr === null ? Promise.resolve('') : text(child.stderr);
    this.exited = once(child, 'exit');
  }

  static async start(config: { device?: string; maxBatchSize?: number } = {}): Promise<WorkerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'mdm-worker-'));
    const endpoint = `ipc://${folder}/backend`;
    const socket = new Router({ linger: 0, mandatory: true, receiveTimeout: ANSWER_LIMIT_MS });
    await socket.bind(endpoint);
    const argument = {
      endpoint,
      worker: 0,
      routingId: ROUTING_ID,
      device: 'cpu',
      maxBatchSize: 2048,
      ...config
    };
    const entry = inRoot('src/node/worker/main.ts');
    const child = spawn(process.execPath, [entry, JSON.stringify(argument)], {
      stdio: ['pipe', 'ignore', 'pipe']
    });
    return new WorkerProcess(child, socket, folder);
  }

  async send(message: Message<'broker_to_worker'>, payload: readonly Uint8Array[] = []): Promise<void> {
    await this.#socket.send([ROUTING_ID, ...writeFrames('broker_to_worker', message, payload)]);
  }

  async next(): Promise<Said> {
    const [, ...frames] = await this.#socket.receive();
    return readFrames('worker_to_broker', frames);
  }

  /** The next message, which has to be of that kind. */
  async expect<O extends Op<'worker_to_broker'>>(op: O): Promise<MessageOf<'worker_to_broker', O>> {
    const { message } = await this.next();
    if (isOp(message, op)) return message;
    throw new Error(`Expected "${op}", got ${JSON.stringify(message)}`);
  }

  async load(model: string, path = modelPath(model)): Promise<MessageOf<'worker_to_broker', 'loaded'>> {
    await this.send({ op: 'load', model, path, version: versionOf(path) });
    return await this.expect('loaded');
  }

  async work(
    model: string,
    columns: readonly Column[],
    rows: number,
    data: readonly ColumnData[],
    { run = 'run', chunkIndex = 0, priority = false, params = {} }: WorkOptions = {}
  ): Promise<void> {
    const payload = [encodeSchema(columns), encodeBatch(columns, rows, data)];
    const identity = { run, chunkIndex, attempt: 0 };
    await this.send({ op: 'work', ...identity, model, rows, priority, params, form: 'value' }, payload);
  }

  /** The next message, which has to be `done`, with its payload opened. */
  async outputs(): Promise<Outputs> {
    const { message, payload } = await this.next();
    const [schemaMessage, batchMessage] = payload;
    if (message.op !== 'done' || schemaMessage === undefined || batchMessage === undefined) {
      throw new Error(`Expected "done", got ${JSON.stringify(message)}`);
    }
    const columns = decodeSchema(schemaMessage);
    return { columns, ...decodeBatch(columns, batchMessage), timings: message.timings };
  }

  /** Ends the process as the broker does; settles when it is gone. */
  async stop(): Promise<void> {
    this.process.stdin?.end();
    await this.exited;
    this.#socket.close();
    rmSync(this.#folder, { recursive: true });
  }
}

function isOp<O extends Op<'worker_to_broker'>>(
  message: Out,
  op: O
): message is MessageOf<'worker_to_broker', O> {
  return message.op === op;
}

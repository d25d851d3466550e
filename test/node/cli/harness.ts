/** Running `mdm` in a test: in this process, or as one of its own where its end, signals or stdin matter. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../../src/node/cli/run.ts';
import { listConnectionFiles } from '../../../src/node/cluster/connection.ts';
import { holdsWithin, isAlive } from '../../../src/node/cluster/ending.ts';
import { temporaryFolder } from '../cluster/temporary.ts';

const place = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const DOUBLE = place('./broker-double.ts');
const CLI = place('./cli-double.ts');
const END_MS = 5_000;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export type Cli = ChildProcessByStdio<null, Readable, Readable>;

/** A pipe that outlives the process that it is given to: Node would close its own when that process ends. */
export class HeldPipe {
  readonly #holder = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  readonly end = this.#holder.stdout;

  constructor() {
    after(() => this.close());
  }

  close(): void {
    this.#holder.stdin.end();
  }
}

/** A runtime folder of one test, and `mdm` with it. What still runs at the end of the test is ended. */
export class Shell {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor() {
    // Before the folder's own hook: hooks run in the order in which they were set.
    after(() => this.#endClusters());
    this.folder = temporaryFolder();
    this.#env = { ...process.env, JUPYTER_RUNTIME_DIR: this.folder, CUDA_VISIBLE_DEVICES: '' };
  }

  async mdm(...words: string[]): Promise<Ended> {
    return this.mdmWith({}, ...words);
  }

  async mdmWith(env: Record<string, string>, ...words: string[]): Promise<Ended> {
    const said = { out: '', err: '' };
    const code = await run(
      {
        env: { ...this.#env, ...env },
        cwd: this.folder,
        colour: false,
        signal: new AbortController().signal,
        entries: { broker: DOUBLE, worker: DOUBLE },
        print: text => {
          said.out += `${text}\n`;
        },
        note: text => {
          said.err += `${text}\n`;
        }
      },
      words
    );
    return { code, ...said };
  }

  spawn(...words: string[]): Cli {
    return this.spawnWith('ignore', ...words);
  }

  spawnWith(stdin: Readable | 'ignore', ...words: string[]): Cli {
    return spawn(process.execPath, [CLI, ...words], {
      env: this.#env,
      cwd: this.folder,
      stdio: [stdin, 'pipe', 'pipe']
    });
  }

  #endClusters(): void {
    for (const { pid } of listConnectionFiles(this.folder)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }

  /** The process of the one cluster that there is. */
  brokerPid(): number {
    return listConnectionFiles(this.folder)[0]?.pid ?? 0;
  }
}

/** Reads what a process says until a line has the words; gives the line. */
export async function lineWith(cli: Cli, words: string): Promise<string> {
  for await (const line of createInterface({ input: cli.stdout })) if (line.includes(words)) return line;
  throw new Error(`"${words}" was never said`);
}

export async function codeOf(cli: Cli): Promise<number | null> {
  if (cli.exitCode === null && cli.signalCode === null) {
    await once(cli, 'exit', { signal: AbortSignal.timeout(END_MS) });
  }
  return cli.exitCode;
}

export function endsSoon(pid: number): Promise<boolean> {
  return holdsWithin(() => !isAlive(pid), END_MS);
}

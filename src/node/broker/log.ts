/**
 * One line an event: time, role, event, facts. In: events of the broker and lines of its workers; out: the log
 * file (0600), and stderr too where asked.
 */
import { createWriteStream, type WriteStream } from 'node:fs';

type Fact = string | number | boolean | null | undefined;

export class Log {
  readonly #file: WriteStream | null;
  readonly #echo: boolean;

  constructor(path: string | null, echo: boolean) {
    this.#file = path === null ? null : createWriteStream(path, { flags: 'a', mode: 0o600 });
    this.#echo = echo;
    this.#file?.on('error', cause =>
      process.stderr.write(`mdm: the log cannot be written: ${cause.message}\n`)
    );
  }

  event(role: string, event: string, facts: Readonly<Record<string, Fact>> = {}): void {
    const told = Object.entries(facts)
      .filter(([, fact]) => fact !== undefined && fact !== null)
      .map(([name, fact]) => ` ${name}=${quote(fact)}`)
      .join('');
    this.#write(`${new Date().toISOString()} ${role} ${event}${told}\n`);
  }

  /** Settles when all is on disk. */
  close(): Promise<void> {
    return new Promise(resolve => {
      if (this.#file === null) resolve();
      else this.#file.end(resolve);
    });
  }

  #write(line: string): void {
    this.#file?.write(line);
    if (this.#echo) process.stderr.write(line);
  }
}

function quote(fact: Fact): string {
  const text = String(fact);
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}

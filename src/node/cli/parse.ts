/** From the words of a command line to typed values. In: the options that a command has, and its words. */
import { MdmError } from '../../wire/errors.ts';
import type { Kind } from './kinds.ts';
import { nearest, readOption, writeOption } from './spelling.ts';

export interface Option<T> {
  /** In snake_case; the first is the one that the help shows. */
  readonly names: readonly [string, ...string[]];
  readonly kind: Kind<T>;
  /** What it is when it is not given. */
  readonly fallback: T;
  /** The fallback in the help's words. */
  readonly shown: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = { readonly [K in keyof O]: O[K]['fallback'] };

export interface Parsed<O extends Options> {
  readonly values: Values<O>;
  /** Options that stand in the command line. */
  readonly given: ReadonlySet<keyof O>;
  readonly positionals: readonly string[];
}

/** Arguments of a command that are no options, e.g. `['RUN']`. */
export type Positionals = readonly string[];

/**
 * Options may have one dash or two, underscores or dashes, `=` or a space before the value; a flag may stand
 * alone or with True and False.
 *
 * @throws MdmError `bad_option`
 */
export function parseWords<O extends Options>(
  options: O,
  expected: Positionals,
  words: readonly string[]
): Parsed<O> {
  const reader = new Reader(options, expected.length > 0);
  reader.readAll(words);
  checkPositionals(expected, reader.positionals);
  const values = Object.fromEntries(
    Object.entries(options).map(([key, option]) => [
      key,
      reader.found.has(key) ? reader.found.get(key) : option.fallback
    ])
  );
  // Every key of the table is there, read by its own kind or its fallback.
  return {
    values: values as Values<O>,
    given: new Set(reader.found.keys()),
    positionals: reader.positionals
  };
}

class Reader {
  readonly found = new Map<string, unknown>();
  readonly positionals: string[] = [];
  readonly #options: Options;
  readonly #takesPositionals: boolean;
  readonly #written = new Map<string, string>();

  constructor(options: Options, takesPositionals: boolean) {
    this.#options = options;
    this.#takesPositionals = takesPositionals;
  }

  readAll(words: readonly string[]): void {
    let rest = words;
    while (rest.length > 0) rest = this.#readNext(rest);
  }

  /** @returns the words after the ones that were read */
  #readNext(words: readonly string[]): readonly string[] {
    const [word = '', next, ...later] = words;
    const after = words.slice(1);
    if (word === '--') {
      this.positionals.push(...after);
      return [];
    }
    const written = readOption(word);
    if (written === null) {
      this.positionals.push(word);
      return after;
    }
    const [key, option] = this.#find(written.name);
    if (written.value !== null) {
      this.#set(key, option, written.value);
      return after;
    }
    if (next !== undefined && this.#isValueOf(option, next)) {
      this.#set(key, option, next);
      return later;
    }
    if (option.kind.placeholder !== null) throw noValue(option);
    this.#set(key, option, 'true');
    return after;
  }

  #isValueOf(option: Option<unknown>, next: string): boolean {
    if (option.kind.placeholder !== null) return readOption(next) === null;
    const value = option.kind.read(next);
    // `--json 1` may be a flag and an argument; `--json True` may not.
    return value !== undefined && !(this.#takesPositionals && /^\d$/.test(next));
  }

  #find(name: string): [string, Option<unknown>] {
    for (const [key, option] of Object.entries(this.#options)) {
      if (option.names.includes(name)) return [key, option];
    }
    throw unknownOption(name, this.#options);
  }

  #set(key: string, option: Option<unknown>, text: string): void {
    const value = option.kind.read(text);
    if (value === undefined) throw badValue(option, text);
    const before = this.#written.get(key);
    if (before !== undefined && before !== text) throw givenTwice(option, before, text);
    this.#written.set(key, text);
    this.found.set(key, value);
  }
}

function checkPositionals(expected: Positionals, found: readonly string[]): void {
  const missing = expected[found.length];
  if (missing !== undefined) {
    throw new MdmError('bad_option', `${missing} is missing.`, {
      remedy: `Name it after the command; see --help.`,
      details: { argument: missing }
    });
  }
  const extra = found[expected.length];
  if (extra === undefined) return;
  throw new MdmError('bad_option', `"${extra}" is one argument too many.`, {
    remedy: 'See --help for what this command takes.',
    details: { argument: extra }
  });
}

function unknownOption(name: string, options: Options): MdmError {
  const names = Object.values(options).flatMap(option => option.names);
  const near = nearest(name, names);
  return new MdmError('bad_option', `There is no option ${writeOption(name)} here.`, {
    remedy: near === null ? 'See --help for those that there are.' : `Did you mean ${writeOption(near)}?`,
    details: { option: name, nearest: near }
  });
}

function noValue(option: Option<unknown>): MdmError {
  const [name] = option.names;
  return new MdmError('bad_option', `${writeOption(name)} has no value; it expects ${option.kind.expects}.`, {
    remedy: `Write ${writeOption(name)} ${option.kind.placeholder}.`,
    details: { option: name }
  });
}

function badValue(option: Option<unknown>, text: string): MdmError {
  const [name] = option.names;
  return new MdmError('bad_option', `${writeOption(name)} expects ${option.kind.expects}, not "${text}".`, {
    remedy: `The default is ${option.shown}.`,
    details: { option: name, value: text }
  });
}

function givenTwice(option: Option<unknown>, first: string, second: string): MdmError {
  const [name] = option.names;
  return new MdmError('bad_option', `${writeOption(name)} is given twice: "${first}" and "${second}".`, {
    remedy:
      option.names.length > 1 ? `${option.names.map(writeOption).join(', ')} are one option.` : 'Keep one.',
    details: { option: name, values: [first, second] }
  });
}

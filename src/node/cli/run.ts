/**
 * One call of `mdm`. In: its words and what it sees of the world; out: text, and an exit code that tells the
 * truth. Every error ends here: as message and remedy on stderr, or as one JSON line on stdout.
 */
import { MdmError } from '../../wire/errors.ts';
import { COMMANDS, type Command } from './commands.ts';
import { type Context, EXIT } from './context.ts';
import { helpFor, overview } from './help.ts';
import { nearest, readOption } from './spelling.ts';
import { type Style, styleFor } from './style.ts';

export async function run(context: Context, words: readonly string[]): Promise<number> {
  try {
    return await dispatch(context, words);
  } catch (thrown) {
    if (context.signal.aborted) return EXIT.interrupted;
    const error = MdmError.from(thrown);
    report(context, error, asks(words, 'json'));
    return error.code === 'bad_option' ? EXIT.usage : EXIT.failure;
  }
}

async function dispatch(context: Context, words: readonly string[]): Promise<number> {
  const style = styleFor(context.colour);
  const [first, ...rest] = words;
  if (first === undefined || first === 'help') return showHelp(context, rest[0], style);
  if (readOption(first) !== null) return dispatchOption(context, first, rest, style);
  const command = find(first);
  // Python shows the help of its own commands.
  const helpHere = command.name !== 'predict' && (asks(rest, 'help') || asks(rest, 'h'));
  return helpHere ? showHelp(context, command.name, style) : command.run(context, rest);
}

/** `mdm --help`, `mdm --version`. */
function dispatchOption(
  context: Context,
  word: string,
  rest: readonly string[],
  style: Style
): Promise<number> | number {
  const name = readOption(word)?.name ?? '';
  if (name === 'help' || name === 'h') return showHelp(context, rest[0], style);
  if (name === 'version') return find('version').run(context, rest);
  throw new MdmError('bad_option', `${word} stands before the command.`, {
    remedy: 'Write the command first, e.g. "mdm start --num-worker 2".',
    details: { option: name }
  });
}

function showHelp(context: Context, name: string | undefined, style: Style): number {
  context.print(name === undefined ? overview(COMMANDS, style) : helpFor(find(name), style));
  return EXIT.ok;
}

/** @throws MdmError `bad_option` naming the nearest command */
function find(name: string): Command {
  const found = COMMANDS.find(command => command.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    COMMANDS.map(command => command.name)
  );
  throw new MdmError('bad_option', `There is no command "${name}".`, {
    remedy: near === null ? 'See "mdm help" for those that there are.' : `Did you mean "mdm ${near}"?`,
    details: { command: name, nearest: near }
  });
}

/** Whether a flag is among the words, however it is spelt; asked before they are known to be right. */
function asks(words: readonly string[], flag: string): boolean {
  return words.some(word => {
    const written = readOption(word);
    return written?.name === flag && !/^(false|0|no|off)$/i.test(written.value ?? '');
  });
}

function report(context: Context, error: MdmError, json: boolean): void {
  if (json) {
    context.print(JSON.stringify({ event: 'error', error: error.toDocument() }));
    return;
  }
  const style = styleFor(context.colour);
  context.note(`${style.red('mdm:')} ${error.message}`);
  if (error.remedy !== '') context.note(`  → ${error.remedy}`);
  // A fault of our own is told with the place where it arose.
  if (error.code === 'internal' && error.cause instanceof Error)
    context.note(style.dim(error.cause.stack ?? ''));
}

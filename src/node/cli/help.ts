/** The help. In: the table of commands and their options; out: one screen of text. */
import type { Command } from './commands.ts';
import type { Option } from './parse.ts';
import { writeOption } from './spelling.ts';
import { alignColumns, indent, type Style } from './style.ts';

export function overview(commands: readonly Command[], style: Style): string {
  const rows = commands
    .filter(command => !command.hidden)
    .map(command => [usageOf(command), command.summary]);
  return [
    `${style.bold('mdm')} runs a model over a dataframe on a cluster of workers on this machine.`,
    '',
    ...indent(alignColumns([...rows, ['help [COMMAND]', 'What a command takes']], ['left', 'left'])),
    '',
    'Options may have one dash or two: --num-worker 2, -num_worker=2 and -n 2 are the same.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.',
    'The original MDM-server-start and MDM-server-terminate are here too, with their own spellings.'
  ].join('\n');
}

export function helpFor(command: Command, style: Style): string {
  const options = Object.values(command.options);
  const usage = style.bold(`mdm ${usageOf(command)}`);
  if (options.length === 0) return `${usage} – ${command.summary}`;
  const rows = options.map(option => [namesOf(option), option.help, option.shown]);
  const table = alignColumns([['', '', 'default'], ...rows], ['left', 'left', 'left']);
  const head = `${usage} [OPTIONS] – ${command.summary}`;
  return [head, '', ...indent(table), ...synonymLines(options)].join('\n');
}

/** Other whole names of an option, which its row has no room for. */
function synonymLines(options: readonly Option<unknown>[]): string[] {
  const lines = options.flatMap(({ names: [main, ...others] }) => {
    const long = others.filter(name => name.length > 1).map(writeOption);
    return long.length === 0 ? [] : [`${writeOption(main)} may also be written ${long.join(' or ')}.`];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

function usageOf(command: Command): string {
  return [command.name, ...command.positionals].join(' ');
}

function namesOf(option: Option<unknown>): string {
  const [main, ...others] = option.names;
  const short = others.filter(name => name.length === 1).map(writeOption);
  const value = option.kind.placeholder === null ? '' : ` ${option.kind.placeholder}`;
  return `${[...short, writeOption(main)].join(', ')}${value}`;
}

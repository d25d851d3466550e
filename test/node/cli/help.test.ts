import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMANDS } from '../../../src/node/cli/commands.ts';
import { helpFor, overview } from '../../../src/node/cli/help.ts';
import { writeOption } from '../../../src/node/cli/spelling.ts';
import { styleFor } from '../../../src/node/cli/style.ts';

const PLAIN = styleFor(false);
const SCREEN = { lines: 40, columns: 100 };

describe('the help', () => {
  for (const command of COMMANDS) {
    test(`of ${command.name} has every option and its default, on one screen`, () => {
      const text = helpFor(command, PLAIN);
      for (const { names, shown } of Object.values(command.options)) {
        const line = text.split('\n').find(each => each.split(/[ ,]+/).includes(writeOption(names[0])));
        assert.ok(line?.endsWith(shown), `${names[0]}: ${line}`);
      }
      fitsAScreen(text);
    });
  }

  test('names every command but the aliases', () => {
    const text = overview(COMMANDS, PLAIN);
    for (const { name, hidden } of COMMANDS) {
      if (!hidden) assert.ok(text.includes(`\n  ${name}`), name);
    }
    fitsAScreen(text);
  });
});

function fitsAScreen(text: string): void {
  const lines = text.split('\n');
  assert.ok(lines.length <= SCREEN.lines);
  for (const line of lines) assert.ok(line.length <= SCREEN.columns, line);
}

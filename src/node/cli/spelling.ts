/** Spellings: the ways in which people write an option's name, and the nearest name to one that is wrong. */

/** Typographic dashes stand for ASCII ones: web pages and editors turn `--` into `–` or `—`. */
const OPTION = /^[-‐-―−]{1,2}(?<name>[A-Za-z][A-Za-z0-9_-]*)(?:=(?<value>.*))?$/su;

export interface Written {
  /** In snake_case. */
  readonly name: string;
  /** After `=`; null where there is none. */
  readonly value: string | null;
}

/** The option that an argument writes, null for one that is no option (a number below zero is none). */
export function readOption(argument: string): Written | null {
  const groups = OPTION.exec(argument)?.groups;
  if (groups?.name === undefined) return null;
  return { name: groups.name.replaceAll('-', '_'), value: groups.value ?? null };
}

/** The name as this product writes it: `n` → `-n`, `num_worker` → `--num-worker`. */
export function writeOption(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name.replaceAll('_', '-')}`;
}

/** The only candidate that begins so, or else the one that is fewest edits away; null where none is near. */
export function nearest(wrong: string, candidates: readonly string[]): string | null {
  const [only, second] = candidates.filter(name => name.startsWith(wrong.toLowerCase()));
  if (only !== undefined && second === undefined) return only;
  const ranked = candidates
    .map(name => ({ name, edits: editsBetween(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.name ?? null;
}

/** Insertions, deletions, replacements and swaps of letters that make one of the other. */
function editsBetween(a: string, b: string): number {
  const table = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => table[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    table.push(line);
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line.push(
        Math.min(
          at(row - 1, column - 1) + (same ? 0 : 1),
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY
        )
      );
    }
  }
  return at(a.length, b.length);
}

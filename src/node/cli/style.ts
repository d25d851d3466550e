/** How text looks in a terminal: weights where it has them, numbers and columns that line up. */

const CODES = { bold: [1, 22], dim: [2, 22], green: [32, 39], red: [31, 39] } as const;
type Look = keyof typeof CODES;
export type Style = Readonly<Record<Look, (text: string) => string>>;

export function styleFor(colour: boolean): Style {
  const paint = (look: Look) => (text: string) => {
    const [on, off] = CODES[look];
    return colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  return { bold: paint('bold'), dim: paint('dim'), green: paint('green'), red: paint('red') };
}

/** https://no-color.org, and terminals that say that they are dumb. */
export function wantsColour(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTty && !env.NO_COLOR && env.TERM !== 'dumb';
}

export type Side = 'left' | 'right';

/** Rows of cells as lines whose columns line up, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[], sides: readonly Side[]): string[] {
  const widths = sides.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows.map(row =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return sides[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd()
  );
}

export function indent(lines: readonly string[], by = 2): string[] {
  return lines.map(line => (line === '' ? '' : ' '.repeat(by) + line));
}

/** 336776 → 336,776. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

/** 0.62 s, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1 worker, 2 workers. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

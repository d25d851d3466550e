/** The end of a text file, for an error message. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from './error-code.ts';

const MOST_BYTES = 4_096;
const MOST_LINES = 12;

/** Empty where there is no such file. */
export function lastLines(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, MOST_BYTES));
    const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, read).toString().trimEnd().split('\n').slice(-MOST_LINES).join('\n');
  } finally {
    closeSync(file);
  }
}

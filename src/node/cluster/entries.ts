/** Where the files lie that broker and worker processes start from: beside the bundle, or in the sources. */
import { fileURLToPath } from 'node:url';
import { BUNDLED } from './version.ts';

export interface Entries {
  readonly broker: string;
  readonly worker: string;
}

export function entries(): Entries {
  return { broker: entry('broker'), worker: entry('worker') };
}

function entry(role: 'broker' | 'worker'): string {
  const relative = BUNDLED ? `./${role}.mjs` : `../${role}/main.ts`;
  return fileURLToPath(new URL(relative, import.meta.url));
}

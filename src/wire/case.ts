/** Where snake_case of the wire becomes camelCase of TypeScript, and back; types and values alike. */

type CamelKey<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : S;

/** Fields whose content is the user's own JSON: their inner keys are left alone. */
const VERBATIM = ['params', 'details', 'result'] as const;
type Verbatim = (typeof VERBATIM)[number];

/** `T` with every key in camelCase, at every depth but below a verbatim field. */
export type Camelised<T> = T extends readonly (infer E)[]
  ? Camelised<E>[]
  : T extends object
    ? { [K in keyof T as K extends string ? CamelKey<K> : K]: K extends Verbatim ? T[K] : Camelised<T[K]> }
    : T;

const toCamel = memoise(key => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
const toSnake = memoise(key => key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`));

export function camelise(value: unknown): unknown {
  return rename(value, toCamel);
}

export function decamelise(value: unknown): unknown {
  return rename(value, toSnake);
}

function rename(value: unknown, name: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => rename(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const renamed: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    renamed[name(key)] = isVerbatim(key) ? item : rename(item, name);
  }
  return renamed;
}

function isVerbatim(key: string): boolean {
  return (VERBATIM as readonly string[]).includes(key);
}

/** Keys are the few field names of the protocol, so the table stays small. */
function memoise(compute: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>();
  return key => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = compute(key);
    known.set(key, made);
    return made;
  };
}

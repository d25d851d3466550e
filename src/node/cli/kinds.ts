/** What the value of an option may be. In: its text; out: the value, or what was expected instead. */
import { parseDeviceMap } from '../cluster/devices.ts';

export interface Kind<T> {
  /** Undefined for a text that is no such value. */
  readonly read: (text: string) => T | undefined;
  /** Completes "… expects". */
  readonly expects: string;
  /** Stands for the value in the help; null where the option stands alone. */
  readonly placeholder: string | null;
}

export function integer(placeholder: string, min: number, max: number): Kind<number> {
  const expects =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  const read = (text: string) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return { read, expects, placeholder };
}

export function atLeast(placeholder: string, min: number): Kind<number> {
  return integer(placeholder, min, Number.MAX_SAFE_INTEGER);
}

export const port = integer('PORT', 1, 65_535);

export const fraction: Kind<number> = {
  read: text => {
    const value = /^\d*\.?\d+(e-?\d+)?$|^\d+\.$/i.test(text) ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? value : undefined;
  },
  expects: 'a number from 0 to 1',
  placeholder: 'X'
};

export function text(placeholder: string): Kind<string> {
  return { read: value => (value === '' ? undefined : value), expects: 'a text', placeholder };
}

/** The original's way to write that there is none. */
export function textOrNone(placeholder: string): Kind<string | null> {
  const read = (value: string) => (/^(none|null)$/i.test(value) ? null : value || undefined);
  return { read, expects: `a text, or None`, placeholder };
}

const FLAG_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false
};

export const flag: Kind<boolean> = {
  read: value => FLAG_WORDS[value.toLowerCase()],
  expects: 'True or False',
  placeholder: null
};

/** A list of devices; its own error says what is wrong with it. */
export const deviceMap: Kind<string[]> = {
  read: parseDeviceMap,
  expects: 'devices',
  placeholder: 'DEVICES'
};

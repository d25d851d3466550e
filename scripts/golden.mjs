/** Writes `schema/wire` anew from the sources: the JSON Schemas and the golden frames. Run it after a change. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { goldenFrames } from '../test/wire/golden.ts';
import { wireSchemas } from '../test/wire/schemas.ts';
import { inRoot } from './lib/places.mjs';

rmSync(inRoot('schema/wire'), { recursive: true, force: true });
mkdirSync(inRoot('schema/wire/golden'), { recursive: true });
for (const { file, text } of wireSchemas()) writeFileSync(file, text);
for (const { file, bytes } of goldenFrames()) writeFileSync(file, bytes);

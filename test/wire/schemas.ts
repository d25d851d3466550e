/** The JSON Schemas of the protocol, as they stand in `schema/wire`: one file a door and op. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DOORS } from '../../src/wire/messages.ts';

const FOLDER = fileURLToPath(new URL('../../schema/wire', import.meta.url));

export function wireSchemas(): { file: string; text: string }[] {
  return Object.entries(DOORS).flatMap(([door, ops]) =>
    Object.entries(ops).map(([op, schema]) => ({
      file: `${FOLDER}/${door}.${op}.schema.json`,
      text: `${JSON.stringify({ title: `${door}: ${op}`, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`
    }))
  );
}

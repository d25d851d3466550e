/** Folders that a test makes and that are gone after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mdm-t-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The version of this product: a constant of the bundle, package.json's where the sources run as they are. */
import { readFileSync } from 'node:fs';

/** Put in by the bundler; not there when a `.ts` file runs directly. */
declare const MDM_VERSION: string | undefined;

export const BUNDLED = typeof MDM_VERSION === 'string';
export const VERSION: string = typeof MDM_VERSION === 'string' ? MDM_VERSION : versionOfCheckout();

function versionOfCheckout(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  );
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return String(version);
}

/** Bundles the Node side beside the Python package that starts it; its two native packages stay outside. */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { inRoot } from './lib/places.mjs';

const out = inRoot('kernel-bridge/jupyterlab_mdm/_node');
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: {
    cli: inRoot('src/node/cli/main.ts'),
    broker: inRoot('src/node/broker/main.ts'),
    worker: inRoot('src/node/worker/main.ts')
  },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  external: ['zeromq', 'onnxruntime-node'],
  define: {
    MDM_VERSION: JSON.stringify(
      (await import(inRoot('package.json'), { with: { type: 'json' } })).default.version
    )
  },
  // CommonJS dependencies inside an ES module still call require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
  },
  logLevel: 'warning'
});

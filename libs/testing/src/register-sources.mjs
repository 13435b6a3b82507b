/**
 * For tests that start a process of their own: `node --import` this, and TypeScript sources run as they are, without a
 * build, with `./x.js` found as `./x.ts`. Together with `sourceFlags` it is what jest's transform does in-process.
 */
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// What was made of a source is kept by its content: a test starts the same process again and again.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/hindcast-sources', import.meta.url)));
// Written at the end otherwise, which a process that is killed does not reach.
setImmediate(flushCompileCache);

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(fileURLToPath(source))) return next(source.href, context);
    }
    return next(specifier, context);
  },
});
